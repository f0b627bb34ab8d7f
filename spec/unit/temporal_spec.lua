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
