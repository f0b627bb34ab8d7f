-- Integers from text, without losing digits.

local int64 = require("namidb.int64")

local number = {}

local is_integer = math.type and function(value)
    return math.type(value) == "integer"
end

-- LuaJIT beyond 2^53: digits into an int64_t, nil when it does not fit.
local function parse_int64(text)
    local ffi = require("ffi")
    local negative, digits = text:match("^(%-?)0*(%d*)$")
    if #digits > 19 or (#digits == 19 and digits > (negative == "-" and
        "9223372036854775808" or "9223372036854775807")) then
        return nil
    end
    local result = ffi.new("int64_t", 0)
    for digit in digits:gmatch("%d") do
        result = result * 10 - tonumber(digit) -- below 0 there is one more
    end
    return negative == "-" and result or -result
end

--- The integer that `text` is, or nil: 64 bits, in decimal.
function number.integer(text)
    if not text:find("^[+-]?%d+$") then return nil end
    if text:sub(1, 1) == "+" then text = text:sub(2) end
    local result = tonumber(text)
    if is_integer then return is_integer(result) and result or nil end
    if result > -9007199254740992 and result < 9007199254740992 then
        return result
    end
    return int64.is_needed and parse_int64(text) or nil
end

--- The decimal digits of an integer, a number or cdata.
function number.text(value)
    if type(value) == "number" then
        if is_integer then
            return is_integer(value) and ("%d"):format(value) or
                ("%.17g"):format(value)
        end
        if value == math.floor(value) and math.abs(value) < 1e15 then
            return ("%.0f"):format(value)
        end
        return ("%.17g"):format(value)
    end
    return (tostring(value):gsub("U?LL$", ""))
end

return number
