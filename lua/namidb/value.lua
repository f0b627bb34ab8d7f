-- The values that Lua has no type for.
--
-- Each is an array under the metatable of its kind; names read the places of
-- the array (`date.days` is `date[1]`). The numbers of the kinds are those of
-- enum namidb_kind, and so is the order of the fields: C reads and makes them.

local core = require("namidb.core")

local value = { kinds = {}, constructors = {} }

local floor = math.floor

local function check(condition, level, message, ...)
    if not condition then error(message:format(...), level + 1) end
end

-- A whole number between bounds; `level` is the caller's to blame.
local function check_integer(number, low, high, what, level)
    check(type(number) == "number" and floor(number) == number and
        number >= low and number <= high, level + 1,
        "%s: a whole number from %.0f to %.0f is wanted, not %s", what, low,
        high, tostring(number))
end

-- Whole numbers that came as floats are integers to C.
local to_integer = math.tointeger or function(number) return number end

local function define(number, name, fields, to_text)
    local kind = { __kind = number, __name = "namidb." .. name }
    local places = {}
    for place, field in ipairs(fields) do places[field] = place end
    kind.__index = function(self, field)
        local place = places[field]
        return place and rawget(self, place)
    end
    kind.__eq = function(a, b)
        if getmetatable(a) ~= getmetatable(b) then return false end
        for place = 1, #fields do
            if rawget(a, place) ~= rawget(b, place) then return false end
        end
        return true
    end
    kind.__tostring = to_text
    value.kinds[number] = kind
    return kind
end

--------------------------------------------------------------------- calendar

-- Days since 1970-01-01 of a civil date, and back; the proleptic Gregorian
-- calendar by eras of 400 years from a first of March (Hinnant's algorithms).
local function days_from_civil(year, month, day)
    if month <= 2 then year = year - 1 end
    local era = floor(year / 400)
    local year_of_era = year - era * 400
    local month_from_march = (month + 9) % 12
    local day_of_year = floor((153 * month_from_march + 2) / 5) + day - 1
    local day_of_era = year_of_era * 365 + floor(year_of_era / 4) -
        floor(year_of_era / 100) + day_of_year
    return era * 146097 + day_of_era - 719468
end

local function civil_from_days(days)
    days = days + 719468
    local era = floor(days / 146097)
    local day_of_era = days - era * 146097
    local year_of_era = floor((day_of_era - floor(day_of_era / 1460) +
        floor(day_of_era / 36524) - floor(day_of_era / 146096)) / 365)
    local day_of_year = day_of_era - (365 * year_of_era +
        floor(year_of_era / 4) - floor(year_of_era / 100))
    local month_from_march = floor((5 * day_of_year + 2) / 153)
    local day = day_of_year - floor((153 * month_from_march + 2) / 5) + 1
    local month = month_from_march < 10 and month_from_march + 3 or
        month_from_march - 9
    local year = year_of_era + era * 400
    if month <= 2 then year = year + 1 end
    return year, month, day
end

local function is_leap(year)
    return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function check_date(year, month, day, level)
    check_integer(year, -999999999, 999999999, "year", level + 1)
    check_integer(month, 1, 12, "month", level + 1)
    local days = month == 2 and is_leap(year) and 29 or MONTH_DAYS[month]
    check_integer(day, 1, days, "day", level + 1)
end

local function check_time(hour, minute, second, nanosecond, level)
    check_integer(hour, 0, 23, "hour", level + 1)
    check_integer(minute, 0, 59, "minute", level + 1)
    check_integer(second, 0, 59, "second", level + 1)
    check_integer(nanosecond, 0, 999999999, "nanosecond", level + 1)
end

local function date_text(days)
    local year, month, day = civil_from_days(days)
    local sign = year < 0 and "-" or year > 9999 and "+" or ""
    return ("%s%04d-%02d-%02d"):format(sign, math.abs(year), month, day)
end

-- Seconds of a day and nanoseconds, without what is zero at the end.
local function time_text(seconds, nanoseconds)
    local text = ("%02d:%02d"):format(floor(seconds / 3600),
                                      floor(seconds / 60) % 60)
    if seconds % 60 ~= 0 or nanoseconds ~= 0 then
        text = text .. (":%02d"):format(seconds % 60)
    end
    if nanoseconds ~= 0 then
        text = text .. (".%09d"):format(nanoseconds):gsub("0+$", "")
    end
    return text
end

local function offset_text(offset)
    if offset == 0 then return "Z" end
    local sign = offset < 0 and "-" or "+"
    offset = math.abs(offset)
    local text = ("%s%02d:%02d"):format(sign, floor(offset / 3600),
                                        floor(offset / 60) % 60)
    if offset % 60 ~= 0 then text = text .. (":%02d"):format(offset % 60) end
    return text
end

-------------------------------------------------------------------- the kinds

local Float = define(3, "float", { "value" }, function(self)
    return tostring(self[1])
end)
local Bytes = define(5, "bytes", { "value" }, function(self)
    return (self[1]:gsub(".", function(char)
        return ("%02x"):format(char:byte())
    end))
end)
local Date = define(6, "date", { "days" }, function(self)
    return date_text(self[1])
end)
local LocalTime = define(7, "local_time", { "nanoseconds" }, function(self)
    return time_text(floor(self[1] / 1e9), self[1] % 1000000000)
end)
local Time = define(8, "time", { "nanoseconds", "offset" }, function(self)
    return time_text(floor(self[1] / 1e9), self[1] % 1000000000) ..
        offset_text(self[2])
end)

local function local_datetime_text(seconds, nanoseconds)
    return date_text(floor(seconds / 86400)) .. "T" ..
        time_text(seconds % 86400, nanoseconds)
end

local LocalDatetime = define(9, "local_datetime",
    { "seconds", "nanoseconds" }, function(self)
        return local_datetime_text(self[1], self[2])
    end)
local Datetime = define(10, "datetime",
    { "seconds", "nanoseconds", "offset", "zone" }, function(self)
        local zone = self[4] and "[" .. self[4] .. "]" or ""
        return local_datetime_text(self[1] + self[3], self[2]) ..
            offset_text(self[3]) .. zone
    end)

-- Whole units of an amount, and what is left; both have its sign.
local function whole(amount, unit)
    if type(amount) == "cdata" then -- int64_t, which divides as integers do
        local count = amount / unit
        return tonumber(count), tonumber(amount - count * unit)
    end
    local rest = math.fmod(amount, unit)
    return to_integer(floor((amount - rest) / unit + 0.5)), rest
end

local function unit_text(amount, unit)
    return amount == 0 and "" or ("%d%s"):format(amount, unit)
end

-- Seconds and nanoseconds of one sign, as they are written.
local function seconds_text(seconds, nanoseconds)
    if seconds == 0 and nanoseconds == 0 then return "" end
    local sign = (seconds < 0 or nanoseconds < 0) and "-" or ""
    local fraction = nanoseconds == 0 and "" or
        (".%09d"):format(math.abs(nanoseconds)):gsub("0+$", "")
    return ("%s%d%sS"):format(sign, math.abs(seconds), fraction)
end

local Duration = define(11, "duration",
    { "months", "days", "seconds", "nanoseconds" }, function(self)
        local seconds, nanoseconds = self[3], self[4]
        if seconds < 0 and nanoseconds > 0 then
            seconds, nanoseconds = seconds + 1, nanoseconds - 1000000000
        end
        local years, months = whole(self[1], 12)
        local hours, minutes
        hours, seconds = whole(seconds, 3600)
        minutes, seconds = whole(seconds, 60)
        local time = unit_text(hours, "H") .. unit_text(minutes, "M") ..
            seconds_text(seconds, nanoseconds)
        local text = unit_text(years, "Y") .. unit_text(months, "M") ..
            unit_text(self[2], "D")
        if time ~= "" then text = text .. "T" .. time end
        return "P" .. (text == "" and "T0S" or text)
    end)
local Point = define(12, "point", { "srid", "x", "y", "z" }, function(self)
    local z = self[4] and ", z = " .. self[4] or ""
    return ("point{x = %s, y = %s%s, srid = %d}"):format(self[2], self[3], z,
                                                         self[1])
end)

-- Arrays: their fields are their items.
local function define_array(number, name)
    local kind = { __kind = number, __name = "namidb." .. name }
    kind.__eq = function(a, b)
        if getmetatable(a) ~= getmetatable(b) or #a ~= #b then return false end
        for i = 1, #a do
            if a[i] ~= b[i] then return false end
        end
        return true
    end
    kind.__tostring = function(self)
        local parts = {}
        for i = 1, #self do
            parts[i] = self[i] == core.null and "null" or tostring(self[i])
        end
        return "[" .. table.concat(parts, ", ") .. "]"
    end
    value.kinds[number] = kind
    return kind
end

local List = define_array(13, "list")
local Vector = define_array(14, "vector")

------------------------------------------------------------------ constructors

local make = value.constructors

--- A number that is a float even when it is whole.
function make.float(number)
    check(type(number) == "number", 2, "float: a number is wanted")
    return setmetatable({ number * 1.0 }, Float)
end

--- Bytes of any kind; plain strings must be UTF-8.
function make.bytes(text)
    check(type(text) == "string", 2, "bytes: a string is wanted")
    return setmetatable({ text }, Bytes)
end

--- date(year, month, day)
function make.date(year, month, day)
    check_date(year, month, day, 2)
    return setmetatable({ to_integer(days_from_civil(year, month, day)) }, Date)
end

local function day_nanoseconds(hour, minute, second, nanosecond)
    return to_integer(((hour * 60 + minute) * 60 + second) * 1000000000 +
        nanosecond)
end

--- local_time(hour, minute, second, nanosecond)
function make.local_time(hour, minute, second, nanosecond)
    second, nanosecond = second or 0, nanosecond or 0
    check_time(hour, minute, second, nanosecond, 2)
    return setmetatable({ day_nanoseconds(hour, minute, second, nanosecond) },
                        LocalTime)
end

--- time(hour, minute, second, nanosecond, offset), offset in seconds
function make.time(hour, minute, second, nanosecond, offset)
    second, nanosecond, offset = second or 0, nanosecond or 0, offset or 0
    check_time(hour, minute, second, nanosecond, 2)
    check_integer(offset, -64800, 64800, "offset", 2)
    return setmetatable({
        day_nanoseconds(hour, minute, second, nanosecond), to_integer(offset),
    }, Time)
end

local function check_fields(fields, level)
    check(type(fields) == "table", level + 1, "a table of fields is wanted")
    local f = {
        year = fields.year, month = fields.month or 1, day = fields.day or 1,
        hour = fields.hour or 0, minute = fields.minute or 0,
        second = fields.second or 0, nanosecond = fields.nanosecond or 0,
    }
    -- Seconds of later years are beyond 2^53, where LuaJIT counts no more.
    check_integer(f.year, -280000000, 280000000, "year", level + 1)
    check_date(f.year, f.month, f.day, level + 1)
    check_time(f.hour, f.minute, f.second, f.nanosecond, level + 1)
    local days = days_from_civil(f.year, f.month, f.day)
    f.seconds = days * 86400 + (f.hour * 60 + f.minute) * 60 + f.second
    return f
end

--- local_datetime{ year, month, day, hour, minute, second, nanosecond }
function make.local_datetime(fields)
    local f = check_fields(fields, 2)
    return setmetatable({ to_integer(f.seconds), to_integer(f.nanosecond) },
                        LocalDatetime)
end

-- The offset of a zone, which may be given as well: it tells which of two hours
-- is meant where clocks are put back.
local function zone_offset(zone, seconds, given, level)
    check(type(zone) == "string", level + 1, "zone: a name is wanted")
    local offset, message = core.zone_offset(zone, seconds, given or -1e9)
    check(offset, level + 1, "zone: %s", message)
    check(given == nil or given == offset, level + 1,
          "offset: %s is at %s then, not at %s", zone, offset_text(offset),
          offset_text(given or 0))
    return offset
end

--- datetime{ ..., offset = seconds, zone = name }; the fields are local time.
-- A zone alone gives the offset.
function make.datetime(fields)
    local f = check_fields(fields, 2)
    local offset = fields.offset or 0
    check_integer(offset, -64800, 64800, "offset", 2)
    if fields.zone ~= nil then
        offset = zone_offset(fields.zone, f.seconds, fields.offset, 2)
    end
    return setmetatable({
        to_integer(f.seconds - offset), to_integer(f.nanosecond),
        to_integer(offset), fields.zone,
    }, Datetime)
end

--- duration{ months, days, seconds, nanoseconds }
function make.duration(fields)
    check(type(fields) == "table", 2, "a table of fields is wanted")
    local parts = {}
    for i, name in ipairs({ "months", "days", "seconds", "nanoseconds" }) do
        local part = fields[name] or 0
        check_integer(part, i == 4 and 0 or -9007199254740992,
                      i == 4 and 999999999 or 9007199254740992, name, 2)
        parts[i] = to_integer(part)
    end
    return setmetatable(parts, Duration)
end

--- point{ x, y, z, srid }, or { longitude, latitude, height }
function make.point(fields)
    check(type(fields) == "table", 2, "a table of fields is wanted")
    local is_geographic = fields.longitude ~= nil or fields.latitude ~= nil
    local x = fields.x or fields.longitude
    local y = fields.y or fields.latitude
    local z = fields.z or fields.height
    check(type(x) == "number" and type(y) == "number", 2,
          "point: x and y, or longitude and latitude, are wanted")
    check(z == nil or type(z) == "number", 2, "point: z is not a number")
    local srid = fields.srid or
        (is_geographic and (z and 4979 or 4326) or (z and 9157 or 7203))
    check_integer(srid, 0, 65535, "srid", 2)
    return setmetatable({ to_integer(srid), x * 1.0, y * 1.0, z and z * 1.0 },
                        Point)
end

local function copy(items, kind)
    local array = {}
    for i = 1, #items do array[i] = items[i] end
    return setmetatable(array, kind)
end

--- A list; plain tables that are sequences are lists, too.
function make.list(items)
    check(type(items) == "table", 2, "list: a table is wanted")
    return copy(items, List)
end

--- A vector of 32-bit floats.
function make.vector(items)
    check(type(items) == "table", 2, "vector: a table is wanted")
    for i = 1, #items do
        check(type(items[i]) == "number", 2, "vector: item %d is not a number",
              i)
    end
    return copy(items, Vector)
end

return value
