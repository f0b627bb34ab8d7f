-- Dates, times, durations and points of the reference as the library's, and
-- back.

local namidb = require("namidb")
local temporal = require("spec.property.temporal")

local store_temporal = {}

local SECOND = 1000000000
local floor = math.floor

-- Hour, minute, second, nanosecond.
local function clock(ns)
    local seconds = floor(ns / SECOND)
    return floor(seconds / 3600), floor(seconds / 60) % 60, seconds % 60,
        ns % SECOND
end

local function fields(v)
    local made = { offset = v.offset }
    made.year, made.month, made.day = temporal.civil(v.day)
    made.hour, made.minute, made.second, made.nanosecond = clock(v.ns)
    return made
end

local to = {}

function to.date(v)
    local year, month, day = temporal.civil(v.day)
    return namidb.date(year, month, day)
end

function to.localtime(v) return namidb.local_time(clock(v.ns)) end

function to.time(v)
    local hour, minute, second, ns = clock(v.ns)
    return namidb.time(hour, minute, second, ns, v.offset)
end

function to.localdatetime(v) return namidb.local_datetime(fields(v)) end
function to.datetime(v) return namidb.datetime(fields(v)) end

function to.duration(v)
    return namidb.duration({ months = v.months, days = v.days,
                             seconds = v.seconds, nanoseconds = v.ns })
end

function to.point(v) return namidb.point({ x = v.x, y = v.y }) end

--- As the library takes it; nil: it is of another type.
function store_temporal.lua_value(v)
    return to[v.t] and to[v.t](v)
end

local from = {}

from["namidb.date"] = function(v) return { t = "date", day = v.days } end

from["namidb.local_time"] = function(v)
    return { t = "localtime", ns = v.nanoseconds }
end

from["namidb.time"] = function(v)
    return { t = "time", ns = v.nanoseconds, offset = v.offset }
end

local function local_parts(v, offset)
    local seconds = v.seconds + (offset or 0)
    return floor(seconds / 86400), seconds % 86400 * SECOND + v.nanoseconds
end

from["namidb.local_datetime"] = function(v)
    local day, ns = local_parts(v)
    return { t = "localdatetime", day = day, ns = ns }
end

from["namidb.datetime"] = function(v)
    local day, ns = local_parts(v, v.offset)
    return { t = "datetime", day = day, ns = ns, offset = v.offset }
end

from["namidb.duration"] = function(v)
    return { t = "duration", months = v.months, days = v.days,
             seconds = v.seconds, ns = v.nanoseconds }
end

from["namidb.point"] = function(v) return { t = "point", x = v.x, y = v.y } end

--- As the reference knows it; nil: it is of another type. name: of its
-- metatable.
function store_temporal.reference(v, name)
    return from[name] and from[name](v)
end

return store_temporal
