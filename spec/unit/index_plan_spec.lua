-- What plans make of indexes, as EXPLAIN shows it; that the rows are those of
-- the same query without an index, wherever the data is; and what is read.

local namidb = require("namidb")

local help = require("spec.help")
local large = require("spec.support.large")

local run = help.run

-- A plan as its lines.
local function plan_of(db, text)
    local lines = {}
    for line in help.plan(db, text):gmatch("[^\n]+") do
        lines[#lines + 1] = line
    end
    return lines
end

local function is(db, text, wanted)
    assert.same(wanted, plan_of(db, text))
end

-- 1,000 people in two packs and what has not been flushed, of whom one is
-- without an age; each knows the next one.
local function people()
    local db = help.open()
    for _, statement in ipairs({
        "CREATE INDEX age FOR (p:Person) ON (p.age)",
        "CREATE INDEX home FOR (p:Person) ON (p.city, p.street)",
        "CREATE INDEX since FOR ()-[r:KNOWS]-() ON (r.since)",
    }) do
        run(db, statement)
    end
    run(db, "UNWIND range(1, 1000) AS i CREATE (:Person {i: i, " ..
        "age: i % 100, city: i % 10, street: i % 7})")
    run(db, "MATCH (p:Person), (q:Person) WHERE q.i = p.i + 1 " ..
        "CREATE (p)-[:KNOWS {since: p.i}]->(q)")
    run(db, "CREATE (:Person {i: 1001})")
    return db
end

describe("a plan with an index", function()
    local db
    setup(function() db = people() end)
    teardown(function() db:close() end)

    local SCAN = { "NodeScan (p:Person)", "Argument", "Argument" }
    local function with_scan(...)
        local lines = { ... }
        for _, line in ipairs(SCAN) do lines[#lines + 1] = line end
        return lines
    end

    it("searches ranges with one end, and gives way to a scan", function()
        is(db, "MATCH (p:Person) WHERE p.age > 95 RETURN p", with_scan(
            "Filter (p.age > 95)",
            "NodeByIndex (p:Person) age: age > 95 up to 256 rows, else"))
        is(db, "MATCH (p:Person) WHERE 3 >= p.age RETURN p", with_scan(
            "Filter (3 >= p.age)",
            "NodeByIndex (p:Person) age: age <= 3 up to 256 rows, else"))
    end)

    it("searches what is not null", function()
        is(db, "MATCH (p:Person) WHERE p.age IS NOT NULL RETURN p", with_scan(
            "Filter p.age IS NOT NULL",
            "NodeByIndex (p:Person) age: all up to 256 rows, else"))
    end)

    it("searches a range behind what is equal", function()
        is(db, "MATCH (p:Person {city: 3}) WHERE p.street < 2 RETURN p",
            with_scan("Filter (p.street < 2)", "Filter (p.city = 3)",
                "NodeByIndex (p:Person) home: city = 3, street < 2 " ..
                "up to 256 rows, else"))
    end)

    -- Who has no street is not in the index.
    it("leaves an index alone that lacks rows", function()
        is(db, "MATCH (p:Person) WHERE p.city = 3 RETURN p",
            { "Filter (p.city = 3)", "NodeScan (p:Person)", "Argument" })
        is(db, "MATCH (p:Person) WHERE p.city = 3 AND p.street IS NOT NULL " ..
            "RETURN p", with_scan("Filter p.street IS NOT NULL",
                "Filter (p.city = 3)",
                "NodeByIndex (p:Person) home: city = 3 up to 256 rows, else"))
    end)

    it("reads in order, and no more than a LIMIT wants", function()
        is(db, "MATCH (p:Person) WHERE p.age IS NOT NULL " ..
            "RETURN p ORDER BY p.age LIMIT 10", { "Limit 10",
                "NodeByIndex (p:Person) age: all in order first 10",
                "Argument" })
        is(db, "MATCH (p:Person) WHERE p.age > 90 RETURN p.i AS i " ..
            "ORDER BY p.age DESC SKIP 2 LIMIT 5", { "Project i = p.i",
                "Limit 5", "Skip 2", "Filter (p.age > 90)",
                "NodeByIndex (p:Person) age: age > 90 " ..
                "in descending order first 7", "Argument" })
    end)

    it("sorts nothing that comes in order, also without a LIMIT", function()
        is(db, "MATCH (p:Person) WHERE p.age >= 90 RETURN p ORDER BY p.age",
            { "Filter (p.age >= 90)",
              "NodeByIndex (p:Person) age: age >= 90 in order", "Argument" })
        is(db, "MATCH (p:Person) WHERE p.city = 3 AND p.street IS NOT NULL " ..
            "RETURN p ORDER BY p.street DESC", { "Filter (p.city = 3)",
                "NodeByIndex (p:Person) home: city = 3 in descending order",
                "Argument" })
        is(db, "MATCH (p:Person) WHERE p.city > 3 AND p.street IS NOT NULL " ..
            "RETURN p ORDER BY p.city, p.street", { "Filter (p.city > 3)",
                "NodeByIndex (p:Person) home: city > 3 in order", "Argument" })
    end)

    it("hands the order on through hops and columns", function()
        is(db, "MATCH (p:Person)-[:KNOWS]->(q) WHERE p.age IS NOT NULL " ..
            "WITH p, q RETURN q.i AS i, p.age AS age ORDER BY age LIMIT 3",
            { "Project i = q.i", "Limit 3", "Project age = p.age",
              "Expand (p)-[:KNOWS]->(q)",
              "NodeByIndex (p:Person) age: all in order first 3",
              "Argument" })
    end)

    it("adds who lacks the property where the order has them", function()
        is(db, "MATCH (p:Person) RETURN p ORDER BY p.age LIMIT 3",
            { "Limit 3", "Union", "Filter p.age IS NULL",
              "NodeScan (p:Person)", "Argument",
              "NodeByIndex (p:Person) age: all in order first 3",
              "Argument" })
    end)

    it("sorts where no index has that order", function()
        for _, text in ipairs({
            "MATCH (p:Person) RETURN p ORDER BY p.age DESC LIMIT 3",
            "MATCH (p:Person) RETURN p ORDER BY p.age",
            "MATCH (p:Person) WHERE p.age IS NOT NULL RETURN p ORDER BY p.age",
            "MATCH (p:Person) WHERE p.city > 1 AND p.street > 1 " ..
                "RETURN p ORDER BY p.street LIMIT 3",
            "MATCH (p:Person) WHERE p.city > 1 AND p.street > 1 " ..
                "RETURN p ORDER BY p.city, p.street DESC LIMIT 3",
            "MATCH (p:Person) WHERE p.age > 1 " ..
                "RETURN p ORDER BY p.age + 1 LIMIT 3",
            "MATCH (p:Person), (q:Person) WHERE p.age > 1 " ..
                "RETURN p ORDER BY q.age LIMIT 3",
            "UNWIND [1, 2] AS x MATCH (p:Person) WHERE p.age > x " ..
                "RETURN p ORDER BY p.age LIMIT 3",
        }) do
            assert.truthy(help.plan(db, text):find("Sort"),
                          text)
        end
    end)

    it("sorts where what it must skip may be more than all rows", function()
        is(db, "MATCH (p:Person) WHERE p.age IS NOT NULL AND p.i = 7 " ..
            "RETURN p ORDER BY p.street, p.age LIMIT 3", {
                "Sort #2, #3 first 3", "Project #2 = p.street, #3 = p.age",
                "Filter (p.i = 7)", "Filter p.age IS NOT NULL",
                "NodeByIndex (p:Person) age: all up to 256 rows, else",
                "NodeScan (p:Person)", "Argument", "Argument" })
    end)

    it("sorts where the index would be read through for rows that other " ..
        "conditions keep", function()
        is(db, "MATCH (p:Person) WHERE p.age > 1 AND p.i = 7 RETURN p " ..
            "ORDER BY p.age", { "Sort #2", "Project #2 = p.age",
                "Filter (p.i = 7)", "Filter (p.age > 1)",
                "NodeByIndex (p:Person) age: age > 1 up to 256 rows, else",
                "NodeScan (p:Person)", "Argument", "Argument" })
    end)

    it("finds no more than a LIMIT wants, where nothing else is asked",
    function()
        is(db, "MATCH (p:Person) WHERE p.age > 1 RETURN p SKIP 2 LIMIT 5",
            { "Limit 5", "Skip 2", "Filter (p.age > 1)",
              "NodeByIndex (p:Person) age: age > 1 first 7", "Argument" })
        for _, rest in ipairs({ "AND p.i = 7 RETURN p", "RETURN DISTINCT p" })
        do
            local lines = plan_of(db, "MATCH (p:Person) WHERE p.age > 1 " ..
                rest .. " LIMIT 5")
            assert.truthy(table.concat(lines, "\n"):find("NodeScan"), rest)
        end
        local rows = run(db, "PROFILE MATCH (p:Person) WHERE p.age > 1 " ..
            "RETURN p LIMIT 5")
        assert.equal(5, #rows)
        assert.equal(5, rows.profile[#rows.profile - 1].rows)
    end)

    it("takes all rows in before it writes what it reads", function()
        local lines = plan_of(db, "MATCH (p:Person) WITH p ORDER BY p.age " ..
            "LIMIT 2 SET p.age = 1000")
        assert.equal("Set Eager Limit 2", table.concat(lines, " ", 1, 3))
    end)

    it("finds edges, with both their ends", function()
        is(db, "MATCH ()-[r:KNOWS]->(q) WHERE r.since = 3 RETURN q.i AS i",
            { "Project i = q.i", "Filter (r.since = 3)",
              "EdgeByIndex (#1)-[r:KNOWS]->(q) since: since = 3 " ..
              "up to 256 rows, else", "EdgeScan (#1)-[r:KNOWS]->(q)",
              "Argument", "Argument" })
        is(db, "MATCH (a)-[r:KNOWS]-() WHERE r.since IN [3, 5] " ..
            "RETURN a.i AS i ORDER BY r.since DESC", { "Project i = a.i",
              "Filter (r.since IN [3, 5])",
              "EdgeByIndex (a)-[r:KNOWS]-(#3) since: since IN [3, 5] " ..
              "in descending order", "Argument" })
    end)

    it("starts at an edge where that is cheaper than an end", function()
        local lines = plan_of(db, "MATCH (a:Person)-[r:KNOWS]->(b:Person) " ..
            "WHERE r.since = 3 AND a.i > 0 RETURN b")
        assert.truthy(table.concat(lines, "\n"):find(
            "EdgeByIndex (a)-[r:KNOWS]->(b) since: since = 3", 1, true))
        lines = plan_of(db, "MATCH (a:Person)-[r:KNOWS]->(b:Person) " ..
            "WHERE r.since > 3 AND id(a) = 8193 RETURN b")
        assert.truthy(table.concat(lines, "\n"):find("NodeById"))
    end)

    it("finds an edge by its id", function()
        is(db, "MATCH ()-[r]->() WHERE id(r) = $id RETURN r",
            { "EdgeById (#1)-[r]->(#3) id = $id", "Argument" })
        is(db, "MATCH (a)-[r:KNOWS|HATES]-() WHERE id(r) IN $ids RETURN a",
            { "Filter (type(r) IN [\"KNOWS\", \"HATES\"])",
              "EdgeById (a)-[r:KNOWS|HATES]-(#3) id IN $ids", "Argument" })
    end)
end)

------------------------------------------------------------------------ rows

-- Values of all kinds, some of them equal, long ones that begin alike.
local VALUES = "[1, 1.0, 2, 2.5, -1, 0, -0.0, 9007199254740993, " ..
    "9007199254740992.0, 0.0/0.0, 'a', 'ab', 'abc', 'b', '', true, false, " ..
    "date('2024-02-29'), date('2024-03-01'), duration('P1D'), [1, 2], [1], " ..
    "point({x: 1, y: 2}), null, 'ab', 2, $t + 'c', $t + 'a', $t + 'b', $t, " ..
    "$t + 'a', time('10:00Z'), time('11:00+02:00')]"

local LONG = ("x"):rep(1500)

local CONDITIONS = {
    "x.v > 1", "x.v >= 1", "x.v < 2", "x.v <= 2.0", "1 < x.v", "x.v > 'ab'",
    "x.v <= 'ab'", "x.v > null", "x.v < 0.0/0.0", "x.v > 0.0/0.0",
    "x.v >= true", "x.v < true", "x.v > [1]", "x.v <= [1, 2]",
    "x.v > date('2024-02-29')", "x.v < time('12:00+01:00')",
    "x.v > duration('PT1S')", "x.v >= point({x: 0, y: 0})",
    "x.v IS NOT NULL", "x.v IS NOT NULL AND x.w = 1", "x.v > $t + 'a'",
    "x.v <= $t + 'a'", "x.v STARTS WITH 'x'", "x.w = 1 AND x.v > 1",
    "x.w = 1", "x.w = 1 AND x.v IS NOT NULL", "x.w > 0 AND x.v > 'a'",
    "x.v IN [1, 'ab', $t + 'b', null]", "x.v = $t", "x.v <> 2",
}

local TAILS = { "ORDER BY v, i", "ORDER BY v DESC, i DESC",
                "ORDER BY v, i LIMIT 4", "ORDER BY v DESC, i DESC LIMIT 4",
                "ORDER BY v, i SKIP 2 LIMIT 3", "ORDER BY i",
                "ORDER BY i LIMIT 3" }

local INDEXES = {
    "CREATE INDEX FOR %s ON (x.v)", "CREATE INDEX FOR %s ON (x.v, x.i)",
    "CREATE INDEX FOR %s ON (x.w, x.v)", "CREATE INDEX FOR %s ON (x.i)",
}

local function found(db, pattern, condition, tail)
    local rows = run(db, ("MATCH %s %s RETURN toString(x.i) AS s, x.i AS i, " ..
        "x.v AS v %s"):format(pattern, condition and "WHERE " .. condition or
            "", tail), { t = LONG })
    local list = {}
    for i, row in ipairs(rows) do list[i] = row.s end
    return table.concat(list, " ")
end

describe("an indexed query gives the rows of a scan, in their order:",
function()
    -- Each pattern beside one whose label or type has no index.
    local PAIRS = { { "(x:P)", "(x:Plain)" }, { "()-[x:E]->()",
                    "()-[x:Plain]->()" }, { "()<-[x:E]-(n:N)",
                    "()<-[x:Plain]-(n:N)" } }

    local function check(db)
        for _, pair in ipairs(PAIRS) do
            for _, tail in ipairs(TAILS) do
                for i = 0, #CONDITIONS do
                    local condition = CONDITIONS[i]
                    assert.equal(found(db, pair[2], condition, tail),
                                 found(db, pair[1], condition, tail),
                                 ("%s %s %s"):format(pair[1], condition, tail))
                end
            end
        end
    end

    local function declare(db)
        for _, text in ipairs(INDEXES) do
            run(db, text:format("(x:P)"))
            run(db, text:format("()-[x:E]-()"))
        end
    end

    local function fill(db, first, last)
        run(db, "MERGE (a:N {i: 0}) MERGE (b:N {i: 1}) WITH a, b " ..
            "UNWIND range($first, $last) AS i WITH a, b, i, " .. VALUES ..
            "[i] AS v CREATE (:P {i: i, v: v, w: i % 2}), " ..
            "(:Plain {i: i, v: v, w: i % 2}), " ..
            "(a)-[:E {i: i, v: v, w: i % 2}]->(b), " ..
            "(a)-[:Plain {i: i, v: v, w: i % 2}]->(b)",
            { t = LONG, first = first, last = last })
    end

    -- Values change places, nodes and edges come and go.
    local function change(db)
        for _, pattern in ipairs({ "(x:P)", "(x:Plain)", "()-[x:E]->()",
                                   "()-[x:Plain]->()" }) do
            local match = "MATCH " .. pattern .. " WHERE x.i "
            run(db, match .. "IN [0, 3, 11, 28] SET x.v = 2")
            run(db, match .. "= 12 REMOVE x.v")
            run(db, match .. "= 4 SET x.v = $t + 'aa'", { t = LONG })
            run(db, match .. "IN [13, 27] DELETE x")
        end
        fill(db, 10, 14)
        run(db, "MATCH (x:P) WHERE x.i = 11 REMOVE x:P")
        run(db, "MATCH (x:Plain) WHERE x.i = 11 REMOVE x:Plain")
    end

    -- Graphs are small here: what an index gives must look cheap.
    local sorted = require("namidb.plan.sorted")
    local price = sorted.price
    setup(function() sorted.price = 0 end)
    teardown(function() sorted.price = price end)

    it("in memory, in packs, and in both", function()
        local db = help.open()
        declare(db)
        fill(db, 0, 32)
        check(db)
        assert(db:flush())
        check(db)
        change(db)
        check(db)
        assert(db:flush())
        check(db)
        db:close()
    end)

    it("that were there before the index", function()
        local db = help.open()
        fill(db, 0, 32)
        assert(db:flush())
        change(db)
        declare(db)
        assert(db:wait_indexes(30))
        check(db)
        db:close()
    end)

    it("within a transaction, with what it changed", function()
        local db = help.open()
        declare(db)
        fill(db, 0, 20)
        assert(db:flush())
        assert(db:write(function(tx)
            fill(tx, 21, 32)
            change(tx)
            check(tx)
        end))
        db:close()
    end)
end)

------------------------------------------------------------------------ cost

describe("an index", function()
    local function text_of(i) return large.text(i, 40) end

    -- A pack so large that it is not fetched at once, and an index in it of
    -- which texts that differ lie far apart.
    local uri = help.memory_uri()
    local NODES = 40000
    local writer
    setup(function()
        writer = assert(namidb.open(uri))
        run(writer, "CREATE INDEX t FOR (n:N) ON (n.t)")
        run(writer, "CREATE INDEX v FOR (n:N) ON (n.v)")
        run(writer, "CREATE INDEX w FOR ()-[r:E]-() ON (r.w)")
        assert(writer:write(function(tx)
            local before
            for i = 1, NODES do
                local id = tx:create_node({ "N" }, { t = text_of(i), i = i,
                                                     v = i })
                if before and i <= 3000 then
                    tx:put_edge("E", before, id, { w = i })
                end
                before = id
            end
        end))
        assert(writer:flush())
        assert.is_true(writer:stats().pack_bytes > 8 * 1024 * 1024)
    end)
    teardown(function() writer:close() end)

    local function cold(text, params)
        local reader = assert(namidb.open(uri, { read_only = true }))
        run(reader, "EXPLAIN " .. text)
        local rows
        local cost = help.cost(reader, function()
            rows = run(reader, text, params)
        end)
        assert.equal("", help.cost(reader, function()
            run(reader, text, params)
        end))
        reader:close()
        return rows, cost
    end

    local TEXTS = {}
    for i = 1, 8 do TEXTS[i] = text_of(i * 4321) end

    it("is asked for all items of a list in one round", function()
        local rows, cost = cold("MATCH (n:N) WHERE n.t IN $list " ..
            "RETURN id(n) AS id", { list = TEXTS })
        assert.equal(8, #rows)
        assert.equal("rounds=2", cost:match("rounds=%d+")) -- entries, rows
    end)

    it("is asked for all rows of a chunk in one round", function()
        local rows, cost = cold("UNWIND $list AS t MATCH (n:N {t: t}) " ..
            "RETURN id(n) AS id", { list = TEXTS })
        assert.equal(8, #rows)
        assert.equal("rounds=2", cost:match("rounds=%d+")) -- entries, rows
    end)

    it("gives ten rows for LIMIT 10", function()
        for _, order in ipairs({ "", " DESC" }) do
            local rows = run(writer, "PROFILE MATCH (n:N) WHERE n.v IS NOT " ..
                "NULL RETURN n.i AS i ORDER BY n.v" .. order .. " LIMIT 10")
            assert.equal(10, #rows)
            assert.equal(order == "" and 1 or NODES, rows[1].i)
            local last = rows.profile[#rows.profile - 1]
            assert.equal("NodeByIndex", last.operator)
            assert.equal(10, last.rows)
        end
    end)

    it("finds an edge by its id in two rounds, and by a value", function()
        local id = run(writer, "MATCH ()-[r:E {w: 77}]->() RETURN id(r) " ..
            "AS id")[1].id
        local rows, cost = cold("MATCH ()-[r]->() WHERE id(r) = $id " ..
            "RETURN r.w AS w", { id = id })
        assert.equal(77, rows[1].w)
        assert.equal("get=2 rounds=2", cost)
        rows, cost = cold("MATCH ()-[r:E]->() WHERE r.w = 78 RETURN r.w AS w")
        assert.equal(78, rows[1].w)
        assert.equal("get=2 rounds=2", cost)
    end)

    it("finds no edge by what is no edge's id", function()
        for _, id in ipairs({ 0, -1, 1, 8191, "x", 2 ^ 52, { 1 } }) do
            assert.equal(0, #run(writer, "MATCH ()-[r]->() WHERE id(r) = " ..
                "$id RETURN r", { id = id }))
        end
    end)

    it("gives way to a scan before it gives a row", function()
        local db = help.open()
        run(db, "CREATE INDEX FOR (n:N) ON (n.v)")
        run(db, "UNWIND range(1, 3000) AS i CREATE (:N {i: i, v: i})")
        assert(db:flush())
        -- The first entries of the range do not count any more, and the pack
        -- above must be asked: the search is thought to be small.
        run(db, "MATCH (n:N) WHERE n.i <= 250 SET n.v = -1")
        assert(db:flush())
        local text = "MATCH (n:N) WHERE n.v > 0 RETURN count(*) AS c, " ..
            "count(DISTINCT n) AS d"
        local row = run(db, text)[1]
        assert.equal(2750, row.c)
        assert.equal(2750, row.d)
        local rows = run(db, "PROFILE MATCH (n:N) WHERE n.v < $v RETURN n.i",
                   { v = 0 })
        assert.equal(250, #rows)
        assert.equal(0, rows.profile[#rows.profile - 2].rows) -- the scan
        rows = run(db, "PROFILE MATCH (n:N) WHERE n.v > $v RETURN n.i",
                   { v = 1000 })
        assert.equal(2000, #rows)
        assert.equal(3000, rows.profile[#rows.profile - 2].rows)
        db:close()
    end)
end)
