-- Dates, times, durations and points from maps: what belongs, and what does
-- not.

local namidb = require("namidb")

local db = assert(namidb.open("memory://constructor"))

-- Said once with constants, and once of a row.
local function each(text, test)
    test(db:query("RETURN " .. text .. " AS v"))
    test(db:query("UNWIND [{one: 1}] AS row RETURN " ..
        text:gsub(": 1([,}])", ": row.one%1") .. " AS v"))
end

local function gives(wanted, text)
    each(text, function(rows, err)
        assert.equal(wanted, tostring(assert(rows, err)[1].v))
    end)
end

local function fails(wanted, text)
    each(text, function(rows, err)
        assert(not rows, text)
        assert.equal("invalid", err.code)
        assert(tostring(err):find(wanted, 1, true), tostring(err))
    end)
end

describe("a map", function()
    it("with a field that does not belong makes nothing", function()
        for name, kind in pairs({ date = "Date", time = "Time",
                                  localtime = "LocalTime",
                                  datetime = "DateTime",
                                  localdatetime = "LocalDateTime" }) do
            fails(kind .. " has no field foo",
                  name .. "({year: 1, foo: 1})", kind)
        end
        fails("a duration has no field foo", "duration({foo: 1})")
        fails("a duration has no field day", "duration({day: 1})")
        fails("a point has no field w", "point({x: 1, y: 1, w: 1})")
        fails("Date has no field hour", "date({year: 1, hour: 1})")
        fails("LocalTime has no field day", "localtime({hour: 1, day: 1})")
        fails("has no field timezone",
              "localdatetime({year: 1, timezone: 'UTC'})")
        fails("Date has no field minute",
              "date.truncate('year', date('2020-02-03'), {minute: 1})")
    end)

    it("with those that belong makes a value", function()
        gives("0001-01-01", "date({year: 1})")
        gives("2020-02-01", "date({date: date('2020-02-03'), day: 1})")
        gives("01:01", "localtime({hour: 1, minute: 1})")
        gives("P1Y1M1D", "duration({years: 1, months: 1, days: 1})")
        gives("2020-01-01",
              "date.truncate('year', date('2020-02-03'), {day: 1})")
    end)
end)

describe("a moment since 1970", function()
    it("is a datetime, in the zone that is given", function()
        gives("1970-01-01T00:00:01Z", "datetime({epochSeconds: 1})")
        gives("1969-12-31T23:59:59.999Z", "datetime({epochMillis: -1})")
        gives("2025-11-24T17:00:00.000000005+01:00[Europe/Stockholm]",
              "datetime({epochSeconds: 1764000000, nanosecond: 5, " ..
              "timezone: 'Europe/Stockholm'})")
        gives("1970-01-01T05:00:00.001000001+05:00",
              "datetime({epochMillis: 1, nanosecond: 1, timezone: '+05:00'})")
    end)

    it("takes no other field, and is within the years", function()
        fails("by epochSeconds has no field year",
              "datetime({epochSeconds: 1, year: 1})")
        fails("by epochMillis has no field epochSeconds",
              "datetime({epochSeconds: 1, epochMillis: 1})")
        fails("nanosecond: 1000000 is out of range",
              "datetime({epochMillis: 1, nanosecond: 1000000})")
        fails("epochSeconds is an integer", "datetime({epochSeconds: 1.5})")
        fails("a year is within",
              "datetime({epochSeconds: 9223372036854775807})")
        fails("Date has no field epochSeconds", "date({epochSeconds: 1})")
        fails("DateTime has no field epochSeconds",
              "datetime.truncate('day', datetime(), {epochSeconds: 1})")
    end)
end)

describe("a date", function()
    it("is not truncated to what it has not", function()
        for _, unit in ipairs({ "hour", "minute", "second", "millisecond",
                                "microsecond" }) do
            fails("a date is not truncated to the " .. unit,
                  ("date.truncate('%s', date('2020-02-03'))"):format(unit))
        end
        gives("2020-02-03", "date.truncate('day', date('2020-02-03'))")
        gives("2020-02-03T00:00",
              "localdatetime.truncate('hour', localdatetime('2020-02-03'))")
    end)
end)
