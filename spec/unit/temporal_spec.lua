-- Components of dates and durations, where 64 bits end.

local help = dofile("spec/help.lua")
local namidb = require("namidb")

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
