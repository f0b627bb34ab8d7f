-- Expressions of constants are found when a plan is made, as the executor
-- would.

local help = require("spec.help")

local db = help.open()
assert(db:query("UNWIND range(1, 20) AS i CREATE (:A {x: i, " ..
    "d: date({year: 2020, month: 1, day: i})})"))

local function plan(text)
    return help.plan(db, text)
end

local function has(text, wanted)
    local lines = plan(text)
    assert(lines:find(wanted, 1, true), lines)
end

local function value(text)
    return assert(db:query("RETURN " .. text .. " AS v"))[1].v
end

describe("constants", function()
    it("are what arithmetic makes of them", function()
        has("MATCH (n:A) WHERE n.x = 1 + 2 * 3 RETURN n", "(n.x = 7)")
        has("MATCH (n:A) WHERE n.x = -(7 / 2) % 2 RETURN n", "(n.x = -1)")
        assert.equal(7, db:query(
            "MATCH (n:A) WHERE n.x = 1 + 2 * 3 RETURN n.x AS x")[1].x)
        assert.equal(-3, value("-7 / 2"))
        assert.equal(-1, value("-7 % 2"))
    end)

    it("are dates, times, durations and points", function()
        has("MATCH (n:A) WHERE n.d = date('2020-01-02') + " ..
            "duration({days: 1 + 1}) RETURN n", "(n.d = 2020-01-04)")
        assert.equal(4, db:query("MATCH (n:A) WHERE n.d = " ..
            "date('2020-01-02') + duration({days: 1 + 1}) " ..
            "RETURN n.x AS x")[1].x)
        for _, text in ipairs({ "date.truncate('month', date('2020-02-03'))",
            "localtime('12:13')", "time({hour: 1, timezone: '+01:00'})",
            "localdatetime('2020-02-03T04:05')", "point({x: 1, y: 2})",
            "datetime('2020-02-03T04:05[Europe/Berlin]')",
            "duration.between(date('2020-01-01'), date('2020-03-04'))" }) do
            local lines = plan("RETURN " .. text .. " AS v")
            assert(not lines:find(text:match("^[%a.]+") .. "({", 1, true) and
                not lines:find("('", 1, true), lines)
            -- Of a row the same call is made as ever.
            local call = text:gsub("'([^']*)'", "(s + '%1')")
                :gsub("([xh]o?u?r?): 1", "%1: size(s) + 1")
            assert.equal(tostring(value(text)), tostring(assert(db:query(
                "WITH '' AS s RETURN " .. call .. " AS v"))[1].v))
        end
    end)

    it("are not what may differ, or is a float", function()
        has("MATCH (n:A) WHERE n.d > date() RETURN n", "date()")
        has("MATCH (n:A) WHERE n.x > rand() RETURN n", "rand()")
        has("RETURN date.truncate('day')", "date.truncate")
        has("RETURN 1 + 2.0", "1 + 2.0")
        has("RETURN 9223372036854775807 - 1", " - 1)")
        has("RETURN 4503599627370496 * 4", " * 4)")
        assert.equal("0.5", tostring(value("1 / 2.0")))
        assert.equal(4503599627370496 * 2 - 1,
                     value("4503599627370496 * 2 - 1"))
    end)

    it("raise when they are asked for, and not before", function()
        assert(plan("RETURN 1 / 0"))
        assert.equal(0, #assert(db:query(
            "MATCH (n:B) RETURN 1 / 0, date('x')")))
        assert.equal(1, value("CASE WHEN true THEN 1 ELSE 1 / 0 END"))
        for _, text in ipairs({ "1 / 0", "date('x')", "date({month: 1})",
            "9223372036854775807 + 1", "date('2020-01-01') + 1", "5 AND true",
            "'a' OR false" }) do
            local rows, err = db:query("WITH 1 AS one RETURN " .. text)
            assert(not rows, text)
            assert(err.code == "invalid" or err.code == "syntax", tostring(err))
        end
    end)

    it("that are true are no condition", function()
        has("MATCH (n:A) WHERE n.x > 3 AND true RETURN n",
            "Filter (n.x > 3)\nNodeScan")
        has("MATCH (n:A) WHERE n.x = 5 OR false RETURN n", "Filter (n.x = 5)")
        assert(not plan("MATCH (n:A) WHERE true RETURN n"):find("Filter"))
        assert.equal(17, #db:query(
            "MATCH (n:A) WHERE n.x > 3 AND true RETURN n"))
        assert.equal(0, #db:query(
            "MATCH (n:A) WHERE n.x > 3 AND false RETURN n"))
        assert.equal(20, #db:query("MATCH (n:A) WITH n WHERE true RETURN n"))
    end)

    it("are found for snapshots and in transactions, too", function()
        local text = "RETURN date('2020-01-01') + duration('P1D') AS v"
        local snapshot = db:snapshot()
        assert.equal("2020-01-02", tostring(snapshot:query(text)[1].v))
        snapshot:close()
        assert(db:write(function(tx)
            assert.equal("2020-01-02", tostring(tx:query(text)[1].v))
        end))
    end)
end)
