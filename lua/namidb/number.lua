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
    -- 2^53 may be what a larger one was rounded to.
    if math.abs(result) < 9007199254740992 or
        text:find("^%-?0*9007199254740992$") then
        return result
    end
    return int64.is_needed and parse_int64(text) or nil
end

-- The fewest digits that read back as the same float.
local function float_text(value)
    for digits = 15, 16 do
        local text = ("%." .. digits .. "g"):format(value)
        if tonumber(text) == value then return text end
    end
    return ("%.17g"):format(value)
end

--- The decimal digits of an integer, a number or cdata.
function number.text(value)
    if type(value) == "number" then
        if is_integer then
            return is_integer(value) and ("%d"):format(value) or
                float_text(value)
        end
        if value == math.floor(value) and math.abs(value) <= 2 ^ 53 then
            return ("%.0f"):format(value)
        end
        return float_text(value)
    end
    return (tostring(value):gsub("U?LL$", ""))
end

return number
