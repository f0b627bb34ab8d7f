-- Random dates, times, durations and points, and expressions of their types.

local temporal = require("spec.property.temporal")
local value = require("spec.property.value")

local random_temporal = {}

--- { type = the property that holds it }.
random_temporal.properties = {
    date = "d", localtime = "lt", time = "t", localdatetime = "ld",
    datetime = "dt", duration = "du", point = "p",
}
--- { property = type }.
random_temporal.types = {}
for type, name in pairs(random_temporal.properties) do
    random_temporal.types[name] = type
end

local day = temporal.day
-- Few, so that they are equal at times; at the ends of months and years.
local DAYS = { day(2024, 1, 31), day(2024, 2, 29), day(2023, 12, 31),
               day(2024, 1, 1), day(1969, 12, 31), day(2021, 1, 3),
               day(1900, 3, 1), day(2024, 12, 30) }
local SECOND = 1000000000
local TIMES = { 0, 43200 * SECOND, 86399 * SECOND + 999999999,
                43200 * SECOND + 1,
                3661 * SECOND + 500000000, 82800 * SECOND }
local OFFSETS = { 0, 0, 3600, -5400, 64800, -64800 }
local DURATIONS = { { 1, 0, 0, 0 }, { 0, 30, 0, 0 }, { 0, 1, 0, 0 },
                    { 0, 0, 86400, 0 }, { 0, 0, -1, 500000000 },
                    { -1, 0, 0, 0 }, { 0, 0, 0, 0 }, { 14, 3, 14706, 7 },
                    { 0, 0, -3600, 0 }, { 12, -1, 0, 0 }, { 0, 0, 90061, 0 },
                    { -25, 8, -90061, 1 } }

local stored = {}

function stored.date(random)
    return { t = "date", day = random:pick(DAYS) }
end

function stored.localtime(random)
    return { t = "localtime", ns = random:pick(TIMES) }
end

function stored.time(random)
    return { t = "time", ns = random:pick(TIMES),
             offset = random:pick(OFFSETS) }
end

function stored.localdatetime(random)
    return { t = "localdatetime", day = random:pick(DAYS),
             ns = random:pick(TIMES) }
end

function stored.datetime(random)
    return { t = "datetime", day = random:pick(DAYS),
             ns = random:pick(TIMES), offset = random:pick(OFFSETS) }
end

function stored.duration(random)
    local parts = random:pick(DURATIONS)
    return temporal.duration(parts[1], parts[2], parts[3], parts[4])
end

function stored.point(random)
    return { t = "point", x = random:int(-2, 2) / 2, y = random:int(-2, 2) / 2 }
end

--- A value of a type, or of that of a property.
function random_temporal.stored(random, name)
    return stored[random_temporal.types[name] or name](random)
end

------------------------------------------------------------------ expressions

local function call(name, ...)
    return { k = "call", name = name, args = { ... } }
end

local function lit(v)
    return { k = "lit", v = v }
end

local function sum(type)
    return function(self, d)
        local node = { k = "arith", op = self.random:pick({ "+", "-" }),
                       a = self:expression(type, d),
                       b = self:expression("duration", d) }
        if node.op == "+" and self.random:one_in(3) then
            node.a, node.b = node.b, node.a
        end
        return node
    end
end

local function coalesce(type)
    return function(self, d)
        return call("coalesce", self:expression(type, d),
                    self:expression(type, d))
    end
end

local function cut(type, units)
    return function(self, d)
        return call(type .. ".truncate",
                    lit(value.str(self.random:pick(units))),
                    self:expression(type, d))
    end
end

local function as(name, ...)
    local types = { ... }
    return function(self, d)
        return call(name, self:expression(self.random:pick(types), d))
    end
end

-- Of its own text.
local function read(type)
    return function(self, d)
        return call(type, call("toString", self:expression(type, d)))
    end
end

--- { type = functions that make one }, as generate_expression.lua's.
random_temporal.makers = {
    date = { sum("date"), sum("date"), coalesce("date"), read("date"),
             cut("date", temporal.units),
             as("date", "localdatetime", "datetime") },
    localtime = { sum("localtime"), coalesce("localtime"), read("localtime"),
                  cut("localtime", { "hour", "minute", "second", "day" }),
                  as("localtime", "localdatetime", "time", "datetime") },
    time = { sum("time"), coalesce("time"), read("time"),
             cut("time", { "hour", "minute", "second", "day" }),
             as("time", "datetime") },
    localdatetime = { sum("localdatetime"), coalesce("localdatetime"),
                      read("localdatetime"),
                      cut("localdatetime", temporal.units),
                      cut("localdatetime", temporal.units_of_time),
                      as("localdatetime", "datetime") },
    datetime = { sum("datetime"), coalesce("datetime"), read("datetime"),
                 cut("datetime", temporal.units),
                 cut("datetime", temporal.units_of_time) },
    duration = {
        sum("duration"), coalesce("duration"), read("duration"),
        function(self, d)
            return { k = "arith", op = "*", a = self:expression("duration", d),
                     b = lit(value.int(self.random:int(-3, 3))) }
        end,
        function(self, d)
            local type = self.random:pick({ "date", "localdatetime", "datetime",
                                            "localtime", "time" })
            return call("duration." .. self.random:pick({ "between",
                "inMonths", "inDays", "inSeconds" }),
                self:expression(type, d), self:expression(type, d))
        end,
    },
    point = { coalesce("point") },
}

--- An integer of one.
function random_temporal.component(self, d)
    local type = self.random:pick(temporal.types)
    local names = temporal.components[type]
    if #names == 0 then return nil end
    return { k = "prop", name = self.random:pick(names),
             a = self:expression(type, d) }
end

--- A text of one.
function random_temporal.text(self, d)
    local type = self.random:pick(temporal.types)
    if type == "point" then return nil end
    return call("toString", self:expression(type, d))
end

return random_temporal
