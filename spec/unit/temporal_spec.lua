-- Components of dates and durations, where 64 bits end.

local help = dofile("spec/help.lua")
local namidb = require("namidb")

describe("what lies between two moments", function()
    -- As java.time counts, LocalDateTime.until: by months, by days, the rest.
    it("has no month more than fits, forwards and backwards", function()
        local db = help.open()
        for _, case in ipairs({
            { "2024-12-30T01:01", "1900-02-28T22:30", "P-124Y-9M-29DT-2H-31M" },
            { "2024-03-30T01:00", "2024-02-29T22:00", "P-29DT-3H" },
            { "2024-03-30T22:00", "2024-02-29T01:00", "P-1MT-21H" },
            { "2024-01-30T22:00", "2024-02-29T23:00", "P30DT1H" },
            { "2024-01-28T22:00", "2024-02-28T21:00", "P30DT23H" },
            { "2024-01-28T22:00", "2024-02-28T22:00", "P1M" },
        }) do
            local rows = assert(db:query("RETURN toString(duration.between(" ..
                "localdatetime($a), localdatetime($b))) AS v",
                { a = case[1], b = case[2] }))
            assert.equal(case[3], rows[1].v)
        end
        db:close()
    end)
end)

describe("the time of a statement", function()
    it("is now, wherever it is asked for", function()
        local db = help.open()
        for _, expression in ipairs({
            "timestamp()", "datetime().epochMillis",
            "datetime.statement().epochMillis",
            "datetime.realtime().epochMillis",
            "datetime({datetime: localdatetime()}).epochMillis",
            "datetime({date: date(), time: time()}).epochMillis",
            "[x IN [1] | timestamp()][0]",
            "COLLECT { RETURN timestamp() AS t }[0]",
        }) do
            local rows = assert(db:query("RETURN " .. expression .. " AS v"))
            assert.is_true(math.abs(rows[1].v / 1000 - os.time()) < 3600,
                           expression)
        end
        db:close()
    end)
end)

describe("a component", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    local function text(expression)
        local rows, err = db:query("RETURN " .. expression .. " AS v")
        if not rows then return err.code end
        return namidb.json.encode(rows[1].v)
    end

    it("is a number if 64 bits hold it", function()
        assert.equal("9223372036000000001", text(
            "duration({seconds: 9223372036, nanoseconds: 1}).nanoseconds"))
        assert.equal("-9223372036000000000", text(
            "duration({seconds: -9223372036}).nanoseconds"))
        assert.equal("31556889801244800", text(
            "datetime({year: 999999999}).epochSeconds"))
    end)

    it("is an error if they do not, not another number", function()
        for _, expression in ipairs({
            "duration({seconds: 9223372037}).nanoseconds",
            "duration({seconds: -9223372037}).nanoseconds",
            "duration({seconds: 10000000000000}).microseconds",
            "duration({hours: 9000000000000}).milliseconds",
            "datetime({year: 999999999}).epochMillis",
            "datetime({year: -999999999}).epochMillis",
            "duration.inSeconds(date('1500-01-01'), " ..
                "date('2024-01-01')).nanoseconds",
        }) do
            assert.equal("invalid", text(expression), expression)
        end
    end)
end)

describe("the time of a zone", function()
    local db = help.open()

    local function text(expression)
        local rows, err = db:query("RETURN toString(" .. expression .. ") AS v")
        return rows and rows[1].v or err.message
    end

    it("that comes twice is the first, or the one of its offset", function()
        for _, made in ipairs({
            "datetime('2024-10-27T01:30[Europe/London]')",
            "datetime({year: 2024, month: 10, day: 27, hour: 1, minute: 30, " ..
                "timezone: 'Europe/London'})",
            "datetime({datetime: localdatetime('2024-10-27T01:30'), " ..
                "timezone: 'Europe/London'})",
            "datetime('2024-10-26T01:30[Europe/London]') + duration('P1D')",
        }) do
            assert.equal("2024-10-27T01:30+01:00[Europe/London]", text(made))
        end
        assert.equal("2024-10-27T01:30Z[Europe/London]",
                     text("datetime('2024-10-27T01:30Z[Europe/London]')"))
        assert.equal("2024-10-27T01:30+01:00[Europe/London]",
            tostring(namidb.datetime({ year = 2024, month = 10, day = 27,
                hour = 1, minute = 30, zone = "Europe/London" })))
    end)

    it("has the zone's offset and no other", function()
        for at, zone in pairs({ ["2024-01-01T00:00+01:00"] = "Europe/London",
                                ["2024-03-31T02:30+01:00"] = "Europe/Berlin" })
        do
            assert.matches(zone .. " has another offset then",
                           text(("datetime('%s[%s]')"):format(at, zone)))
        end
    end)

    it("needs a day", function()
        assert.matches("is no value of type Time",
                       text("time('10:00[Europe/Berlin]')"))
    end)

    it("is subtracted, and not added, where it cannot be", function()
        assert.matches("Date and Date cannot be subtracted",
                       text("date('2024-01-02') - date('2024-01-01')"))
    end)

    teardown(function() db:close() end)
end)

describe("a point", function()
    local db = help.open()

    it("is null where a coordinate is", function()
        local row = assert(db:query("RETURN point({x: 1, y: null}) AS a, " ..
            "point({x: 1, y: 2, z: null}) AS b, " ..
            "point({longitude: null, latitude: 1}) AS c"))[1]
        assert.same({ nil, nil, nil }, { row.a, row.b, row.c })
        assert.is_nil((db:query("RETURN point({x: 1}) AS a")))
    end)

    teardown(function() db:close() end)
end)
