-- What queries do with indexes: the rows are those of a scan, whatever the
-- values, the layers and the bounds; plans say so, and requests are counted.

local namidb = require("namidb")

local help = require("spec.help")

local run, plan_of = help.run, help.plan

-- The values that a query finds, in order of their numbers.
local function found(db, text, params)
    local rows = run(db, text .. " RETURN n.i AS i ORDER BY i", params)
    local list = {}
    for i, row in ipairs(rows) do list[i] = row.i end
    return table.concat(list, " ")
end

-- Values of all kinds, and some of them twice.
local VALUES = "[1, 1.0, 2, 2.5, -1, 0, -0.0, 9007199254740993, " ..
    "9007199254740992.0, 0.0/0.0, 'a', 'ab', 'abc', 'b', '', true, false, " ..
    "date('2024-02-29'), date('2024-03-01'), duration('P1D'), [1, 2], [1], " ..
    "point({x: 1, y: 2}), null, 'ab', 2]"

local CONDITIONS = {
    "n.v = 1", "1.0 = n.v", "n.v = 2", "n.v = 0", "n.v = 'ab'", "n.v = null",
    "n.v = 9007199254740993", "n.v = 9007199254740992", "n.v = 0.0/0.0",
    "n.v = true", "n.v = date('2024-02-29')", "n.v = [1.0, 2]",
    "n.v = point({x: 1, y: 2})", "n.v = duration('P1D')", "n.v = {a: 1}",
    "n.v IN [1, 'a', 2, null, 1.0]", "n.v IN []", "n.v IN ['zzz', true]",
    "n.v STARTS WITH 'a'", "n.v STARTS WITH ''", "n.v STARTS WITH 'ab'",
    "n.v >= 1 AND n.v < 3", "n.v > 1 AND n.v <= 2.5", "n.v > 2 AND n.v < 1",
    "0 <= n.v AND 2 >= n.v", "n.v > 'a' AND n.v < 'b'",
    "n.v >= 'ab' AND n.v <= 'ab'", "n.v > 'ab' AND n.v < 'b'",
    "n.v > date('2024-01-01') AND n.v <= date('2024-02-29')",
    "n.v > 1 AND n.v < 'z'", "n.v > null AND n.v < 3",
    "n.v >= false AND n.v <= true", "n.v = 1 AND n.i > 0",
    "(n.v = 1 OR n.v = 2) AND n.v = 2", "n.v = 2 AND n.v >= 2",
}

describe("a query over an index", function()
    local function check_all(db)
        for _, condition in ipairs(CONDITIONS) do
            assert.equal(
                found(db, "MATCH (n:Plain) WHERE " .. condition),
                found(db, "MATCH (n:P) WHERE " .. condition), condition)
        end
    end

    local function fill(db)
        run(db, "UNWIND range(0, 25) AS i WITH i, " .. VALUES .. "[i] AS v " ..
            "CREATE (:P {i: i, v: v}), (:Plain {i: i, v: v})")
    end

    it("finds what a scan finds, in memory, in packs and in both", function()
        local db = help.open()
        run(db, "CREATE INDEX FOR (n:P) ON (n.v)")
        fill(db)
        assert.matches("NodeByIndex %(n:P%) index_P_v: v = ",
                       plan_of(db, "MATCH (n:P) WHERE n.v = 1 RETURN n"))
        check_all(db)
        assert(db:flush())
        check_all(db)
        -- Values change places, nodes come and go.
        for _, label in ipairs({ "P", "Plain" }) do
            run(db, "MATCH (n:" .. label .. ") WHERE n.i IN [0, 3, 11] " ..
                "SET n.v = 2")
            run(db, "MATCH (n:" .. label .. ") WHERE n.i = 12 REMOVE n.v")
            run(db, "MATCH (n:" .. label .. ") WHERE n.i = 13 DELETE n")
            run(db, "CREATE (:" .. label .. " {i: 30, v: 'abd'})")
        end
        check_all(db)
        assert(db:flush())
        check_all(db)
        db:close()
    end)

    it("finds what was there before the index", function()
        local db = help.open()
        fill(db)
        assert(db:flush())
        run(db, "CREATE INDEX FOR (n:P) ON (n.v)")
        assert(db:wait_indexes(30))
        assert.matches("NodeByIndex",
                       plan_of(db, "MATCH (n:P) WHERE n.v = 1 RETURN n"))
        check_all(db)
        db:close()
    end)

    it("uses the beginning of composite values", function()
        local db = help.open()
        run(db, "CREATE INDEX c FOR (n:P) ON (n.a, n.b)")
        for _, label in ipairs({ "P", "Plain" }) do
            run(db, "UNWIND range(0, 99) AS i CREATE (n:" .. label ..
                " {i: i, a: i % 7, b: i % 10})")
            run(db, "CREATE (:" .. label .. " {i: 100, a: 1})")
        end
        for _, condition in ipairs({
            "n.a = 1 AND n.b = 1", "n.a = 1 AND n.b > 4",
            "n.a = 3 AND n.b IN [1, 5, 1]", "n.a = 3 AND n.b <= 2",
            "n.a = 1 AND n.b >= 2 AND n.b < 5",
        }) do
            local text = "MATCH (n:P) WHERE " .. condition
            assert.matches("c: a = .*b", plan_of(db, text .. " RETURN n"))
            assert.equal(found(db, "MATCH (n:Plain) WHERE " .. condition),
                         found(db, text), condition)
        end
        db:close()
    end)

    it("finds a node for each row, by what the row has", function()
        local db = help.open()
        run(db, "CREATE CONSTRAINT u FOR (n:P) REQUIRE n.v IS UNIQUE")
        run(db, "UNWIND range(1, 3000) AS i CREATE (:P {i: i, v: i * 2})")
        local text = "UNWIND range(1, 2500) AS x MATCH (n:P {v: x * 2}) " ..
            "RETURN sum(n.i) AS s, count(*) AS c"
        assert.matches("NodeByIndex %(n:P%) u", plan_of(db, text))
        local row = run(db, text)[1]
        assert.equal(2500, row.c)
        assert.equal(2500 * 2501 / 2, row.s)
        run(db, "UNWIND [1, 2, 2, 7001] AS x MERGE (n:P {v: x}) " ..
            "SET n.seen = true")
        assert.equal(3, run(db, "MATCH (n:P) WHERE n.seen RETURN count(*) " ..
            "AS c")[1].c)
        db:close()
    end)

    it("finds long texts that begin alike", function()
        local db = help.open()
        run(db, "CREATE INDEX FOR (n:P) ON (n.v)")
        local text = ("x"):rep(3000)
        run(db, "UNWIND range(1, 5) AS i CREATE (:P {i: i, v: $t + i})",
            { t = text })
        for _ = 1, 2 do
            assert.equal("3", found(db, "MATCH (n:P) WHERE n.v = $t",
                                    { t = text .. "3" }))
            assert.equal("3 4", found(db,
                "MATCH (n:P) WHERE n.v > $a AND n.v < $b",
                { a = text .. "2", b = text .. "5" }))
            assert.equal("1 2 3 4 5", found(db,
                "MATCH (n:P) WHERE n.v STARTS WITH $t", { t = text }))
            assert(db:flush())
        end
        db:close()
    end)

    it("runs on when the index is dropped, and plans anew", function()
        local db = help.open()
        run(db, "CREATE INDEX a FOR (n:P) ON (n.v)")
        run(db, "UNWIND range(1, 50) AS i CREATE (:P {i: i, v: i % 5})")
        assert(db:flush())
        local text = "MATCH (n:P) WHERE n.v = 3"
        local before = found(db, text)
        run(db, "DROP INDEX a")
        assert.equal(before, found(db, text))
        assert.equal(before, found(db, text))
        assert.is_nil(plan_of(db, text .. " RETURN n"):find("Index", 1, true))
        db:close()
    end)

    it("makes a plan anew when an index comes, and when it is built", function()
        local db = help.open()
        run(db, "UNWIND range(1, 50) AS i CREATE (:P {i: i, v: i % 5})")
        assert(db:flush())
        local text = "EXPLAIN MATCH (n:P) WHERE n.v = 3 RETURN n"
        assert.is_nil(tostring(run(db, text)):find("Index", 1, true))
        run(db, "CREATE INDEX a FOR (n:P) ON (n.v)")
        assert(db:wait_indexes(30))
        assert.matches("NodeByIndex", tostring(run(db, text)))
        db:close()
    end)

    it("is used within a transaction that declares it", function()
        local db = help.open()
        run(db, "CREATE (:P {i: 1, v: 1})")
        assert(db:flush())
        assert(db:write(function(tx)
            assert(tx:query("CREATE INDEX FOR (n:P) ON (n.v)"))
            assert(tx:query("CREATE (:P {i: 2, v: 1})"))
            assert.equal("1 2", found(tx, "MATCH (n:P) WHERE n.v = 1"))
        end))
        db:close()
    end)

    it("costs a cold reader of a small graph one request", function()
        local uri = help.far_uri()
        local db = assert(namidb.open(uri))
        run(db, "CREATE INDEX FOR (n:P) ON (n.v)")
        run(db, "UNWIND range(1, 20000) AS i CREATE (:P {i: i, v: i})")
        assert(db:flush())
        local reader = assert(namidb.open(uri, { read_only = true }))
        run(reader, "EXPLAIN MATCH (n:P) WHERE n.v = 77 RETURN id(n) AS i")
        local function read()
            local text = "MATCH (n:P) WHERE n.v = 77 RETURN n.i AS i"
            assert.equal(77, run(reader, text)[1].i)
        end
        assert.equal("get=1 rounds=1", help.cost(reader, read))
        assert.equal("", help.cost(reader, read))
        reader:close()
        db:close()
    end)
end)
