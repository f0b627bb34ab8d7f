-- Values are tables, so anybody can make one that is none: it is refused where
-- it comes in, as a parameter and as a property, and never stored.

local help = dofile("spec/help.lua")
local namidb = require("namidb")

local function like(value, ...)
    return setmetatable({ ... }, getmetatable(value))
end

local date = namidb.date(2024, 1, 1)
local local_time = namidb.local_time(1, 2)
local time = namidb.time(1, 2)
local local_datetime = namidb.local_datetime({ year = 2024 })
local datetime = namidb.datetime({ year = 2024 })
local duration = namidb.duration({ days = 1 })
local point = namidb.point({ x = 1, y = 2 })
local DAY = 86400000000000
local SRIDS = "srid 7203, 4326"

local FORGED = {
    { "a date without days", like(date), "not an integer" },
    { "half a day", like(date, 0.5), "not an integer" },
    { "a date of text", like(date, "x"), "not an integer" },
    { "a date of the year 2 milliards", like(date, 700000000000),
      "date out of range" },
    { "a time before midnight", like(local_time, -1), "time out of range" },
    { "a time of 24:00", like(local_time, DAY), "time out of range" },
    { "a time without offset", like(time, 0), "not an integer" },
    { "an offset of 100 hours", like(time, 0, 360000), "offset out of range" },
    { "too many nanoseconds", like(local_datetime, 0, 1000000000),
      "nanoseconds out of range" },
    { "negative nanoseconds", like(local_datetime, 0, -1),
      "nanoseconds out of range" },
    { "a datetime beyond all years", like(datetime, 9e15 * 4, 0, 0),
      "not an integer" },
    { "a datetime's offset", like(datetime, 0, 0, -64801),
      "offset out of range" },
    { "a zone that is none", like(datetime, 0, 0, 0, "Mars/Olympus"),
      "Mars/Olympus is no zone" },
    { "a zone that is a number", like(datetime, 0, 0, 0, 5), "zone" },
    { "a zone beyond bounds", like(datetime, 0, 0, 0, ("x"):rep(1e5)),
      "not the name of a zone" },
    { "a zone that is no text", like(datetime, 0, 0, 0, "\255"),
      "not the name of a zone" },
    { "a duration's nanoseconds", like(duration, 0, 0, 0, -1),
      "nanoseconds out of range" },
    { "months beyond 64 bits", like(duration, 1e300, 0, 0, 0),
      "not an integer" },
    { "a point without y", like(point, 7203, 1.5), "not a number" },
    { "a point of no system", like(point, 1, 1.5, 2.5), SRIDS },
    { "a point of system -1", like(point, -1, 1.5, 2.5), SRIDS },
    { "a point of system NaN", like(point, 0 / 0, 1.5, 2.5), "integer" },
    { "a point with a height too many", like(point, 7203, 1.5, 2.5, 3.5),
      SRIDS },
    { "a point at NaN", like(point, 7203, 0 / 0, 2.5), "not finite" },
    { "a point at infinity", like(point, 7203, 1.5, 1 / 0), "not finite" },
    { "a latitude of 91", like(point, 4326, 1.5, 91.5), "latitude" },
    { "a vector of text", like(namidb.vector({ 1 }), "x"), "not a number" },
    { "bytes of a number", like(namidb.bytes(""), 1), "bytes" },
    { "an unknown kind", setmetatable({ 1 }, { __kind = 99 }), "unknown kind" },
}

describe("a value that is none", function()
    local db

    setup(function() db = help.open() end)
    teardown(function() db:close() end)

    local function refuses(name, why, fn)
        local ok, message = pcall(fn)
        assert.is_false(ok, name)
        assert.matches(why, message, 1, true, name)
        assert.matches("forged_spec", message, 1, true, name)
    end

    it("is no parameter", function()
        for _, case in ipairs(FORGED) do
            refuses(case[1], case[3], function()
                local _ = db:query("RETURN $v AS v", { v = case[2] })
            end)
            refuses(case[1], case[3], function()
                local _ = db:query("RETURN $v AS v", { v = { { case[2] } } })
            end)
        end
    end)

    it("is no property", function()
        for _, case in ipairs(FORGED) do
            refuses(case[1], case[3], function()
                assert(db:write(function(tx)
                    tx:create_node({ "N" }, { v = case[2] })
                end))
            end)
            refuses(case[1], case[3], function()
                assert(db:query("CREATE (:N {v: $v})", { v = case[2] }))
            end)
        end
        assert.equal(0, db:query("MATCH (n) RETURN count(*) AS n")[1].n)
    end)

    it("is no node and no edge", function()
        local row = assert(db:query("CREATE (a)-[r:R]->() RETURN a, r"))[1]
        for _, id in ipairs({ "1", 0, -1, 0.5, 0 / 0, 2 ^ 60, {} }) do
            refuses(tostring(id), "without its ids", function()
                local _ = db:query("RETURN $v AS v", { v = setmetatable(
                    { id = id }, getmetatable(row.a)) })
            end)
            refuses(tostring(id), "without its ids", function()
                local _ = db:query("RETURN $v AS v", { v = setmetatable(
                    { id = row.r.id, from = row.r.from, to = id },
                    getmetatable(row.r)) })
            end)
        end
        assert(db:query("MATCH (n) DETACH DELETE n"))
    end)
end)

describe("a datetime's zone", function()
    local function at(month, day, hour, offset, zone)
        return tostring(namidb.datetime({ year = 2024, month = month, day = day,
            hour = hour, offset = offset, zone = zone }))
    end

    it("gives the offset", function()
        assert.equal("2024-07-01T12:00+02:00[Europe/Berlin]",
                     at(7, 1, 12, nil, "Europe/Berlin"))
        assert.equal("2024-01-01T12:00+01:00[Europe/Berlin]",
                     at(1, 1, 12, 3600, "Europe/Berlin"))
    end)

    it("has two offsets where clocks are put back", function()
        assert.equal("2024-10-27T02:00+01:00[Europe/Berlin]",
                     at(10, 27, 2, 3600, "Europe/Berlin"))
        assert.equal("2024-10-27T02:00+02:00[Europe/Berlin]",
                     at(10, 27, 2, nil, "Europe/Berlin"))
    end)

    it("and its offset must agree", function()
        assert.error_matches(function() at(7, 1, 12, 3600, "Europe/Berlin") end,
            "offset: Europe/Berlin is at %+02:00 then, not at %+01:00")
        assert.error_matches(function() at(7, 1, 12, nil, "Mars/Olympus") end,
            "zone: Mars/Olympus is no zone")
    end)
end)
