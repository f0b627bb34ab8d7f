-- Dates, times, durations and points as the reference knows them, and the rules
-- for them, from the definition of the calendar.
--
-- { t = "date", day = days since 1970-01-01 }, { t = "localtime", ns = of the
-- day }, { t = "time", ns =, offset = seconds }, { t = "localdatetime", day =,
-- ns = }, { t = "datetime", day =, ns = local, offset = }, { t = "duration",
-- months =, days =, seconds =, ns = 0 .. 999,999,999 }, { t = "point", x =, y =
-- }.

local copy = require("spec.support.copy")

local temporal = {}

local floor = math.floor
local SECOND, DAY = 1000000000, 86400 * 1000000000

temporal.types = { "date", "localtime", "time", "localdatetime", "datetime",
                   "duration", "point" }
local IS = {}
for _, type in ipairs(temporal.types) do IS[type] = true end

function temporal.is(v) return IS[v.t] end

local function truncate(v)
    return v < 0 and -floor(-v) or floor(v)
end

-------------------------------------------------------------------- calendar

local LENGTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function is_leap(year)
    return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

local function length(year, month)
    return month == 2 and is_leap(year) and 29 or LENGTHS[month]
end

-- Leap years before a year, of all since year 0.
local function leaps(year)
    year = year - 1
    return floor(year / 4) - floor(year / 100) + floor(year / 400)
end

local function first_of(year)
    return (year - 1970) * 365 + leaps(year) - leaps(1970)
end

--- The day of a date.
function temporal.day(year, month, day)
    local total = first_of(year)
    for m = 1, month - 1 do total = total + length(year, m) end
    return total + day - 1
end

--- Year, month, day of the month, day of the year.
function temporal.civil(day)
    local year = 1970 + floor(day / 365.2425)
    while first_of(year) > day do year = year - 1 end
    while first_of(year + 1) <= day do year = year + 1 end
    local rest, month = day - first_of(year), 1
    local of_year = rest + 1
    while rest >= length(year, month) do
        rest, month = rest - length(year, month), month + 1
    end
    return year, month, rest + 1, of_year
end

-- 1970-01-01 was a Thursday; 1 is Monday.
local function weekday(day)
    return (day + 3) % 7 + 1
end

-- A week belongs to the year that has its Thursday.
local function week(day)
    local thursday = day - weekday(day) + 4
    local year = temporal.civil(thursday)
    return floor((thursday - first_of(year)) / 7) + 1, year
end

local function add_months(day, months)
    local year, month, of_month = temporal.civil(day)
    local total = year * 12 + month - 1 + months
    year, month = floor(total / 12), total % 12 + 1
    return temporal.day(year, month, math.min(of_month, length(year, month)))
end

----------------------------------------------------------------- comparison

-- The parts by which two values of one type are sorted.
local keys = {}

function keys.date(v) return v.day end
function keys.localtime(v) return v.ns end
function keys.time(v) return v.ns - v.offset * SECOND, v.offset end
function keys.localdatetime(v) return v.day, v.ns end

function keys.datetime(v)
    local seconds = v.day * 86400 + floor(v.ns / SECOND) - v.offset
    return seconds, v.ns % SECOND, v.offset
end

-- A month is a twelfth of 365.2425 days.
function keys.duration(v)
    return v.months * 2629746 + v.days * 86400 + v.seconds, v.ns, v.months,
        v.days, v.seconds
end

function keys.point(v) return v.x, v.y end

--- -1, 0, 1 of two values of one type.
function temporal.order(a, b)
    local x, y = { keys[a.t](a) }, { keys[b.t](b) }
    for i = 1, #x do
        if x[i] ~= y[i] then return x[i] < y[i] and -1 or 1 end
    end
    return 0
end

--- Whether < says anything of a type.
function temporal.is_comparable(type)
    return type ~= "duration" and type ~= "point"
end

----------------------------------------------------------------------- texts

local function date_text(day)
    return ("%04d-%02d-%02d"):format(temporal.civil(day))
end

local function fraction(ns)
    if ns == 0 then return "" end
    return ((".%09d"):format(ns):gsub("0+$", ""))
end

local function time_text(ns)
    local seconds = floor(ns / SECOND)
    local text = ("%02d:%02d"):format(floor(seconds / 3600),
                                      floor(seconds / 60) % 60)
    if seconds % 60 == 0 and ns % SECOND == 0 then return text end
    return text .. (":%02d"):format(seconds % 60) .. fraction(ns % SECOND)
end

local function offset_text(offset)
    if offset == 0 then return "Z" end
    local minutes = math.abs(offset) / 60
    return ("%s%02d:%02d"):format(offset < 0 and "-" or "+",
                                  floor(minutes / 60), minutes % 60)
end

local function amount(v, unit)
    return v == 0 and "" or ("%d%s"):format(v, unit)
end

local function duration_text(v)
    local seconds, ns, sign = v.seconds, v.ns, 1
    if seconds < 0 then -- both below zero: nanoseconds alone are beyond 2^53
        sign, seconds = -1, -seconds
        if ns > 0 then seconds, ns = seconds - 1, SECOND - ns end
    end
    local rest, last = seconds % 60, ""
    if rest ~= 0 or ns ~= 0 then
        last = ("%s%d%sS"):format(sign < 0 and "-" or "", rest, fraction(ns))
    end
    local time = amount(sign * floor(seconds / 3600), "H") ..
        amount(sign * (floor(seconds / 60) % 60), "M") .. last
    local date = amount(truncate(v.months / 12), "Y") ..
        amount(math.fmod(v.months, 12), "M") .. amount(v.days, "D")
    if time ~= "" then return "P" .. date .. "T" .. time end
    return "P" .. (date == "" and "T0S" or date)
end

--- As toString() has it.
function temporal.text(v)
    if v.t == "date" then return date_text(v.day) end
    if v.t == "localtime" then return time_text(v.ns) end
    if v.t == "time" then return time_text(v.ns) .. offset_text(v.offset) end
    if v.t == "duration" then return duration_text(v) end
    local text = date_text(v.day) .. "T" .. time_text(v.ns)
    return v.t == "datetime" and text .. offset_text(v.offset) or text
end

--- A text that is the same for the same values only.
function temporal.exact(v)
    local parts = { keys[v.t](v) }
    for i, part in ipairs(parts) do
        parts[i] = ("%.17g"):format(part + 0) -- no -0
    end
    return v.t .. " " .. table.concat(parts, " ")
end

------------------------------------------------------------------ arithmetic

function temporal.duration(months, days, seconds, ns)
    return { t = "duration", months = months, days = days,
             seconds = seconds + floor(ns / SECOND), ns = ns % SECOND }
end

local function add_durations(a, b, sign)
    return temporal.duration(a.months + sign * b.months,
        a.days + sign * b.days, a.seconds + sign * b.seconds,
        a.ns + sign * b.ns)
end

--- A value and a duration, sign: 1 or -1. Months first, then days, then the
-- rest, of which a date takes whole days and a time what is within a day.
function temporal.add(v, duration, sign)
    if v.t == "duration" then return add_durations(v, duration, sign) end
    local made = copy(v)
    local ns = sign * (duration.seconds % 86400 * SECOND + duration.ns)
    if not v.day then
        made.ns = (v.ns + ns) % DAY
        return made
    end
    made.day = add_months(v.day, sign * duration.months) +
        sign * duration.days
    if v.t == "date" then
        made.day = made.day + sign * truncate(duration.seconds / 86400)
        return made
    end
    made.day = made.day + sign * floor(duration.seconds / 86400) +
        floor((v.ns + ns) / DAY)
    made.ns = (v.ns + ns) % DAY
    return made
end

function temporal.multiply(v, count)
    return temporal.duration(v.months * count, v.days * count,
                             v.seconds * count, v.ns * count)
end

local function whole_days(from, to)
    local days = to.day - from.day
    if days > 0 and to.ns < from.ns then return days - 1 end
    return days < 0 and to.ns > from.ns and days + 1 or days
end

local function whole_months(from, to)
    local last = from.day + whole_days(from, to)
    local y1, m1, d1 = temporal.civil(from.day)
    local y2, m2, d2 = temporal.civil(last)
    return truncate(((y2 * 12 + m2) * 32 + d2 - (y1 * 12 + m1) * 32 - d1) / 32)
end

-- A date begins at midnight; a moment is seen on the clock of the first one.
local function on_clock(v, offset)
    local ns = (v.ns or 0) + ((offset or 0) - (v.offset or 0)) * SECOND
    return { day = (v.day or 0) + floor(ns / DAY), ns = ns % DAY }
end

local between = {}

function between.between(from, to)
    local months = whole_months(from, to)
    local at = { day = add_months(from.day, months), ns = from.ns }
    local days = whole_days(at, to)
    local ns = (to.day - at.day - days) * DAY + to.ns - at.ns
    return temporal.duration(months, days, 0, ns)
end

function between.inMonths(from, to)
    return temporal.duration(whole_months(from, to), 0, 0, 0)
end

function between.inDays(from, to)
    return temporal.duration(0, whole_days(from, to), 0, 0)
end

function between.inSeconds(from, to)
    return temporal.duration(0, 0, (to.day - from.day) * 86400, to.ns - from.ns)
end

--- duration.between and its kin, of two values of one type. name: behind the
-- dot.
function temporal.between(name, a, b)
    local from, to = on_clock(a, a.offset), on_clock(b, a.offset)
    if a.day then return between[name](from, to) end
    -- Times have no days: the second may be before the first.
    if name == "inMonths" or name == "inDays" then
        return temporal.duration(0, 0, 0, 0)
    end
    return between.inSeconds(from, to)
end

------------------------------------------------------------------ components

local components = { date = {}, time = {}, zone = {}, duration = {} }

function components.date.year(v) return (temporal.civil(v.day)) end
function components.date.month(v) return (select(2, temporal.civil(v.day))) end
function components.date.day(v) return (select(3, temporal.civil(v.day))) end
function components.date.ordinalDay(v)
    return (select(4, temporal.civil(v.day)))
end
function components.date.quarter(v)
    return floor((components.date.month(v) + 2) / 3)
end
function components.date.week(v) return (week(v.day)) end
function components.date.weekYear(v) return (select(2, week(v.day))) end
function components.date.dayOfWeek(v) return weekday(v.day) end
function components.date.dayOfQuarter(v)
    local year = components.date.year(v)
    return v.day - temporal.day(year, components.date.quarter(v) * 3 - 2, 1) + 1
end

function components.time.hour(v) return floor(v.ns / SECOND / 3600) end
function components.time.minute(v) return floor(v.ns / SECOND / 60) % 60 end
function components.time.second(v) return floor(v.ns / SECOND) % 60 end
function components.time.millisecond(v)
    return floor(v.ns % SECOND / 1000000)
end
function components.time.microsecond(v) return floor(v.ns % SECOND / 1000) end
function components.time.nanosecond(v) return v.ns % SECOND end

function components.zone.offsetMinutes(v) return truncate(v.offset / 60) end
function components.zone.offsetSeconds(v) return v.offset end
function components.zone.epochSeconds(v) return (keys.datetime(v)) end
function components.zone.epochMillis(v)
    local seconds, ns = keys.datetime(v)
    return seconds * 1000 + floor(ns / 1000000)
end

local function duration_part(name, fn) components.duration[name] = fn end
duration_part("years", function(v) return truncate(v.months / 12) end)
duration_part("months", function(v) return v.months end)
duration_part("quarters", function(v) return truncate(v.months / 3) end)
duration_part("monthsOfYear", function(v) return math.fmod(v.months, 12) end)
duration_part("weeks", function(v) return truncate(v.days / 7) end)
duration_part("days", function(v) return v.days end)
duration_part("daysOfWeek", function(v) return math.fmod(v.days, 7) end)
duration_part("hours", function(v) return truncate(v.seconds / 3600) end)
duration_part("minutes", function(v) return truncate(v.seconds / 60) end)
duration_part("seconds", function(v) return v.seconds end)
duration_part("milliseconds", function(v)
    return v.seconds * 1000 + floor(v.ns / 1000000)
end)
duration_part("minutesOfHour", function(v)
    return math.fmod(truncate(v.seconds / 60), 60)
end)
duration_part("secondsOfMinute", function(v)
    return math.fmod(v.seconds, 60)
end)
duration_part("nanosecondsOfSecond", function(v) return v.ns end)

local function sorted(map)
    local names = {}
    for name in pairs(map) do names[#names + 1] = name end
    table.sort(names)
    return names
end

local PARTS = { date = { "date" }, localtime = { "time" },
                time = { "time", "zone" }, localdatetime = { "date", "time" },
                datetime = { "date", "time", "zone" },
                duration = { "duration" }, point = {} }

--- { type = names of components that are integers }.
temporal.components = {}
for type, parts in pairs(PARTS) do
    local names = {}
    for _, part in ipairs(parts) do
        for _, name in ipairs(sorted(components[part])) do
            if type ~= "time" or not name:find("^epoch") then
                names[#names + 1] = name
            end
        end
    end
    temporal.components[type] = names
end

--- value.name; nil: there is no such.
function temporal.component(v, name)
    for _, part in ipairs(PARTS[v.t]) do
        local fn = components[part][name]
        if fn and (v.t ~= "time" or not name:find("^epoch")) then
            return fn(v)
        end
    end
    return nil
end

------------------------------------------------------------------ truncation

local beginnings = {}

function beginnings.millennium(year) return floor(year / 1000) * 1000, 1 end
function beginnings.century(year) return floor(year / 100) * 100, 1 end
function beginnings.decade(year) return floor(year / 10) * 10, 1 end
function beginnings.year(year) return year, 1 end
function beginnings.month(year, month) return year, month end
function beginnings.quarter(year, month)
    return year, floor((month - 1) / 3) * 3 + 1
end

local UNITS = { hour = 3600, minute = 60, second = 1 }

temporal.units = { "millennium", "century", "decade", "year", "quarter",
                   "month", "week", "weekYear", "day" }
temporal.units_of_time = { "hour", "minute", "second", "day", "month" }

local function begin(unit, day)
    if unit == "day" then return day end
    if unit == "week" then return day - weekday(day) + 1 end
    if unit == "weekYear" then
        local _, year = week(day)
        local fourth = temporal.day(year, 1, 4) -- is in its first week
        return fourth - weekday(fourth) + 1
    end
    local year, month = beginnings[unit](temporal.civil(day))
    return temporal.day(year, month, 1)
end

--- type.truncate(unit, v), of the value's own type.
function temporal.truncate(unit, v)
    local made = copy(v)
    if UNITS[unit] then
        made.ns = v.ns - v.ns % (UNITS[unit] * SECOND)
        return made
    end
    if v.day then made.day = begin(unit, v.day) end
    if v.ns then made.ns = 0 end
    return made
end

----------------------------------------------------------------- conversion

-- Of texts as temporal.text makes them.

local function read_date(text)
    local year, month, day = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
    return year and temporal.day(tonumber(year), tonumber(month), tonumber(day))
end

local function read_time(text)
    local hour, minute, rest = text:match("^(%d%d):(%d%d)(.*)$")
    if not hour then return nil end
    local second, part = rest:match("^:(%d%d)%.?(%d*)$")
    if rest ~= "" and not second then return nil end
    local digits = (part or "") .. ("0"):rep(9 - #(part or ""))
    return ((hour * 60 + minute) * 60 + (second or 0)) * SECOND +
        tonumber(digits)
end

-- What is before an offset, and the offset.
local function read_offset(text)
    if text:sub(-1) == "Z" then return text:sub(1, -2), 0 end
    local before, sign, hour, minute = text:match("^(.*)([+-])(%d%d):(%d%d)$")
    if not before then return text end
    local offset = (hour * 60 + minute) * 60
    return before, sign == "-" and -offset or offset
end

local function read_duration(text)
    local date, time = text:match("^P([^T]*)T?(.*)$")
    if not date then return nil end
    local function part(of, unit)
        return tonumber(of:match("(%-?%d+)" .. unit) or 0)
    end
    local sign, whole, digits = time:match("(%-?)(%d+)%.?(%d*)S")
    digits = (digits or "") .. ("0"):rep(9 - #(digits or ""))
    local last = tonumber(whole or 0) * SECOND + tonumber(digits)
    return temporal.duration(part(date, "Y") * 12 + part(date, "M"),
        part(date, "D"), part(time, "H") * 3600 + part(time, "M") * 60,
        sign == "-" and -last or last)
end

local function parse(type, text)
    if type == "duration" then return read_duration(text) end
    local v = { t = type }
    if type == "time" or type == "datetime" then
        text, v.offset = read_offset(text)
        if not v.offset then return nil end
    end
    local date, time = text:match("^(.*)T(.*)$")
    if type == "date" then
        date = text
    elseif type == "localtime" or type == "time" then
        time = text
    end
    v.day = date and read_date(date)
    v.ns = time and read_time(time)
    return (v.day or not date) and (v.ns or not time) and v or nil
end

--- type(v): of a text or of a value that has the parts; nil: it has not.
function temporal.convert(type, v)
    if v.t == "str" then return parse(type, v.v) end
    if v.t == type then return v end
    local has_date = type ~= "localtime" and type ~= "time"
    local has_time = type ~= "date"
    local has_zone = type == "time" or type == "datetime"
    if has_date and not v.day or has_time and not v.ns or
        has_zone and not v.offset then
        return nil
    end
    return { t = type, day = has_date and v.day or nil,
             ns = has_time and v.ns or nil,
             offset = has_zone and v.offset or nil }
end

return temporal
