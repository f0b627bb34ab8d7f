--- The values of number literals: 64-bit integers in decimal, hexadecimal
-- (0x1F) and octal (0o17), and floats. Each returns nil where it does not fit.

local int64 = require("namidb.int64")
local number = require("namidb.number")

local literal = {}

-- The longest digits below 2^63, and those of 2^63 itself, per base.
local LIMITS = {
    [16] = { digits = 16, first = 7, minimum = "8000000000000000" },
    [8] = { digits = 21, first = 7, minimum = "1000000000000000000000" },
}

-- Digits of a base as an integer; what it is negated is built, since there is
-- one more below zero.
local function from_digits(digits, base, negative)
    local limit = LIMITS[base]
    digits = digits:gsub("^0+", "")
    if #digits > limit.digits or (#digits == limit.digits and
        tonumber(digits:sub(1, 1), 16) > limit.first) then
        if not (negative and digits == limit.minimum) then return nil end
    end
    local result = 0
    if int64.is_needed then result = require("ffi").new("int64_t", 0) end
    for digit in digits:gmatch(".") do
        result = result * base - tonumber(digit, 16)
    end
    if not negative then result = -result end
    if int64.is_needed and result <= 2 ^ 53 and result >= -2 ^ 53 then
        return tonumber(result)
    end
    return result
end

--- The integer that a literal is, negated or not.
function literal.integer(text, negative)
    if not text:find("[1-9a-fA-F]") then return 0 end -- -0 is 0
    local base = text:sub(1, 2):lower()
    if base == "0x" then return from_digits(text:sub(3), 16, negative) end
    if base == "0o" then return from_digits(text:sub(3), 8, negative) end
    return number.integer(negative and "-" .. text or text)
end

--- The float that a literal is, negated or not.
function literal.float(text, negative)
    local value = tonumber(text)
    if not value then -- to LuaJIT, with an exponent of too many digits
        local is_zero = text:find("[eE]%-") or
            not text:match("^[^eE]*"):find("[1-9]")
        value = is_zero and 0.0 or math.huge
    end
    if value == math.huge then return nil end
    return negative and -value or value
end

return literal
