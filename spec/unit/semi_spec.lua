-- Sub-queries in expressions: once for all rows of a chunk, with the same
-- results as once for each row; what they read, and what they leave out.

local namidb = require("namidb")
local help = require("spec.help")
local semi = require("namidb.plan.semi")

local random = require("spec.support.random").new(os.time())

-- More rows than a chunk holds; few edges at most nodes, many at one.
local function fill(db, first, last)
    assert(db:write(function(tx)
        local ids = {}
        for i = first, last do
            ids[#ids + 1] = tx:create_node(
                ({ "A", "B", { "A", "B" } })[random(3)],
                { n = i, x = random(4), y = random(450),
                  v = ({ i % 50, namidb.float(i % 50), 0 / 0, "a" .. i % 9,
                         namidb.null, { i % 3, "b" } })[random(6)] })
        end
        for _ = 1, #ids do
            tx:put_edge(({ "R", "S" })[random(2)], ids[random(#ids)],
                        ids[random(4) == 1 and 1 or random(#ids)],
                        { w = random(3) })
        end
        tx:delete_node(ids[random(#ids)], { detach = true })
    end))
end

local PREDICATES = {
    "EXISTS { (a)-[:R]->(b:B) }", "EXISTS { (a)-[r:R]->(b) WHERE r.w = a.x }",
    "EXISTS { (a)<-[:R]-(b)-[:S]->(c) WHERE c.x = a.x }",
    "EXISTS { (a)-[:R*1..3]->(b:A {x: 2}) }", "(a)-[:R]-(:B {x: 1})",
    "EXISTS { MATCH (a)-->(b) RETURN DISTINCT b.x AS x }",
    "EXISTS { MATCH (a)-->(b) RETURN b ORDER BY b.n LIMIT 2 }",
    "EXISTS { MATCH (a)-->(b) RETURN b ORDER BY b.n SKIP 1 LIMIT 2 }",
    "EXISTS { MATCH (a)-[:R]->(b) RETURN b UNION MATCH (a)-[:S]->(b:A) " ..
        "RETURN b }",
    "EXISTS { MATCH (a) WITH a UNWIND range(1, a.x - 2) AS i MATCH " ..
        "(a)-->(b {x: i}) RETURN b }",
    "EXISTS { MATCH (a)-->(b) OPTIONAL MATCH (b)-[:S]->(c) WITH b, c " ..
        "WHERE c IS NULL RETURN b }",
    "EXISTS { (b:B {n: a.y}) }", "EXISTS { (b:A|B {y: a.n}) }",
    "EXISTS { (b:B) WHERE b.v = a.v AND b.n <> a.n }",
    "EXISTS { (b:A) WHERE b.v = a.v AND a.y = b.n AND b.x > 1 }",
    "EXISTS { (b:B)-->(c) WHERE b.y = a.y + 1 AND c.x = 2 }",
    "EXISTS { (b:B) WHERE [b.x, b.y] = [a.x, a.y] AND b.n < a.n }",
    "COUNT { (b:B) WHERE b.v = a.v } > 5", "COUNT { (b) WHERE b = a } = 1",
    "EXISTS { MATCH (b:B) WHERE b.y = a.y WITH DISTINCT b.x AS x " ..
        "WHERE x > 1 RETURN x }",
    "size(COLLECT { MATCH (b:B) WHERE b.y = a.y RETURN b.n }) > 1",
    "EXISTS { (a)-->(b) WHERE EXISTS { (b)-->(c:A) WHERE c.x > a.x } }",
    "EXISTS { (a)-->(b) WHERE COUNT { (b)-->() } > a.x }",
    "EXISTS { (a)--() }", "EXISTS { (a)-[:R|S]->(a) }",
    "COUNT { (a)-->(:B) } > 0", "COUNT { (a)-->(:B) } <> 0",
    "COUNT { (a)-->(:B) } >= 1", "COUNT { (a)-->(:B) } = 0",
    "COUNT { (a)-->(:B) } <= 0", "COUNT { (a)-->(:B) } < 1",
    "0 < COUNT { (a)-->(:B) }", "0 = COUNT { (a)-->(:B) }",
    "COUNT { (a)-->(:B) } > 1", "COUNT { (a)--() } > 0",
    "COUNT { MATCH (a)-->(b) RETURN DISTINCT b.x AS x } = 2",
    "COUNT { MATCH (a)-->(b) RETURN b.x AS x UNION MATCH (a)<--(b) " ..
        "RETURN b.x AS x } = 2",
    "COUNT { MATCH (a)-->(b) RETURN count(*) AS c } = 1",
    "COUNT { MATCH (a)-->(b) WITH b.x AS x, count(*) AS c RETURN x } > 1",
    "size([(a)-[:R]->(b) WHERE b.x > 1 | b.n]) > 1",
    "a.x IN COLLECT { MATCH (a)-->(b:B) RETURN b.x }",
    "CASE a.x WHEN 1 THEN EXISTS { (a)-->(:A) } WHEN 2 THEN " ..
        "EXISTS { (a)<--(:B) } ELSE COUNT { (a)-->() } > 1 END",
}

-- Plans that run once for each row, as some must.
local function row_by_row(fn)
    local of = semi.subplan
    semi.subplan = function(...)
        local expr = of(...)
        expr.row, expr.many = nil, nil
        return expr
    end
    local ok, err = pcall(fn)
    semi.subplan = of
    assert(ok, err)
end

local function numbers(db, condition)
    local rows = assert(db:query("PROFILE MATCH (a) WHERE " .. condition ..
        " RETURN a.n AS n ORDER BY n"))
    local found = {}
    for i, row in ipairs(rows) do found[i] = ("%d"):format(row.n) end
    return table.concat(found, " ")
end

describe("a sub-query in an expression", function()
    local first_seed = random.state
    local db

    setup(function()
        db = help.open()
        fill(db, 1, 2100)
        assert(db:flush())
        fill(db, 2101, 2400)
    end)
    teardown(function() db:close() end)

    for _, predicate in ipairs(PREDICATES) do
        it("finds the same for all rows at once: " .. predicate, function()
            for _, condition in ipairs({ predicate,
                                         "NOT (" .. predicate .. ")",
                                         "a:A AND " .. predicate }) do
                local wanted
                row_by_row(function() wanted = numbers(db, condition) end)
                local ok, err = pcall(assert.equal, wanted,
                                      numbers(db, condition))
                assert(ok, ("seed %d: %s"):format(first_seed, tostring(err)))
            end
        end)
    end

    it("is null of nothing as before", function()
        local rows = assert(db:query("UNWIND [1, 2] AS i OPTIONAL MATCH " ..
            "(a:None) RETURN EXISTS { (a)-->(:B) } AS e, " ..
            "COUNT { (a)-->(:B) } AS c, COUNT { (a)--() } > 0 AS d"))
        assert.equal(2, #rows)
        assert.same({ false, 0, false }, { rows[2].e, rows[2].c, rows[2].d })
    end)
end)

describe("the plan of a sub-query", function()
    local db

    setup(function()
        db = help.open()
        assert(db:query("CREATE (:A {n: 1})-[:R]->(:B {n: 1, x: 1})"))
    end)
    teardown(function() db:close() end)

    local CASES = {
        { "COUNT { (a)-->(:B) } > 0", "exists { ... }" },
        { "COUNT { (a)-->(:B) } = 0", "NOT exists { ... }" },
        { "1 <= COUNT { (a)-->(:B) }", "exists { ... }" },
        { "COUNT { (a)-->(:B) } >= 0", "(count { ... } >= 0)" },
        { "COUNT { (a)-->(:B) } > 1", "(count { ... } > 1)" },
        { "EXISTS { (a)-[:R]-() }", "(coalesce((degree((a)-[:R]->()) + " ..
            "degree((a)<-[:R]-())), 0) > 0)" },
        { "COUNT { (a)--() } = 0", "NOT (coalesce((degree((a)-[]->()) + " ..
            "degree((a)<-[]-())), 0) > 0)" },
        { "COUNT { (a)--() } > 1", "(count { ... } > 1)" },
        { "EXISTS { MATCH (a)-->(b) RETURN b.n ORDER BY b.n LIMIT 1 }",
          "(coalesce(degree((a)-[]->()), 0) > 0)" },
        { "EXISTS { MATCH (a)-->(b) RETURN b SKIP 1 }",
          "exists { ... } row by row" },
        { "EXISTS { MATCH (a)-->(b) RETURN count(b) AS c }",
          "exists { ... } row by row" },
    }
    for _, case in ipairs(CASES) do
        it("of " .. case[1] .. " is " .. case[2], function()
            local text = assert(db:query("EXPLAIN MATCH (a:A) WHERE " ..
                case[1] .. " RETURN a")).plan
            assert.equal("Filter " .. case[2], text:match("^[^\n]*"))
        end)
    end

    it("stands behind what a row itself says", function()
        local text = assert(db:query("EXPLAIN MATCH (a:A) WHERE EXISTS " ..
            "{ (a)-->(:B) } AND a.n = 1 RETURN a")).plan
        assert.matches("^Filter exists.*\n  Filter %(a.n = 1%)\n", text)
    end)
end)

describe("a sub-query that looks for equal values", function()
    local db

    before_each(function()
        db = help.open()
        assert(db:query("UNWIND range(1, 1000) AS i CREATE (:A {n: i})"))
        assert(db:query("UNWIND range(1, 500) AS i CREATE (:B {n: i * 2})"))
    end)
    after_each(function() db:close() end)

    local TEXT = "MATCH (a:A) WHERE EXISTS { (b:B) WHERE b.n = a.n + $d } " ..
        "RETURN count(*) AS c"

    local function count(handle, d)
        return assert(handle:query(TEXT, { d = d or 0 }))[1].c
    end

    it("is a join from the 65th row on", function()
        local rows = assert(db:query("PROFILE " .. TEXT, { d = 0 }))
        assert.matches("or of many Join on b.n = (a.n + $d)", rows.plan, 1,
                       true)
        local scanned = 0
        for _, step in ipairs(rows.profile) do
            if step.detail == "(b:B)" then scanned = scanned + step.rows end
        end
        assert.equal(500, rows[1].c)
        -- 64 rows with the half of which everything was scanned, then once.
        assert(scanned <= 65 * 500)
    end)

    it("sees in each run what there is then", function()
        assert.equal(500, count(db))
        assert.equal(500, count(db, 1))
        assert.equal(0, count(db, 5000))
        assert(db:query("CREATE (:B {n: 7}), (:B {n: 9}), (:B {n: 9})"))
        assert.equal(502, count(db))
        assert(db:query("MATCH (b:B {n: 9}) DELETE b"))
        assert.equal(501, count(db))
        assert(db:write(function(tx)
            assert.equal(501, count(tx))
            tx:create_node("B", { n = 11 })
            assert.equal(502, count(tx))
            assert(tx:query("MATCH (b:B) WHERE b.n < 8 DETACH DELETE b"))
            assert.equal(498, count(tx))
        end))
        assert.equal(498, count(db))
    end)

    it("sees what an earlier clause of its statement wrote", function()
        local rows = assert(db:query("MATCH (a:A) CREATE (:B {n: a.n}) " ..
            "WITH a MATCH (a) WHERE COUNT { (b:B) WHERE b.n = a.n } = 2 " ..
            "RETURN count(*) AS c"))
        assert.equal(500, rows[1].c)
    end)

    it("ends for a row of which many are the same", function()
        assert(db:query("UNWIND range(1, 20000) AS i CREATE (:C {n: 1})"))
        local rows = assert(db:query("PROFILE MATCH (a:A) WHERE EXISTS " ..
            "{ (c:C) WHERE c.n = a.n - a.n + 1 } RETURN count(*) AS c"))
        assert.equal(1000, rows[1].c)
        for _, step in ipairs(rows.profile) do
            if step.operator == "or of many Join" then
                assert(step.rows <= 2048 * 1000)
            end
        end
    end)

    it("keeps to the bound of memory, again and again", function()
        for _ = 1, 3 do
            local _, err = db:query(TEXT, { d = 0 }, { max_memory = 60000 })
            assert.equal("limit", err.code)
            assert.equal(500, count(db))
        end
    end)
end)

-- What a profiled statement's operators of a name did.
local function steps(rows, name)
    local found = {}
    for _, step in ipairs(rows.profile) do
        if step.operator == name then found[#found + 1] = step end
    end
    return found
end

describe("the work of a sub-query", function()
    local COUNT = 3000

    -- Pairs of nodes; every node knows the first, too, which knows them all.
    local function pairs_of_nodes(options)
        local uri = help.memory_uri()
        local db = assert(namidb.open(uri))
        assert(db:write(function(tx)
            local hub = tx:create_node("Hub", { n = 0 })
            for i = 1, COUNT do
                local a = tx:create_node("A", { n = i })
                tx:put_edge("R", a, tx:create_node("B", { n = i }))
                tx:put_edge("R", a, hub)
                tx:put_edge("R", hub, a)
            end
        end))
        assert(db:flush())
        db:close()
        return assert(namidb.open(uri, options))
    end

    it("is a few rounds for many rows of a cold graph", function()
        for condition, rounds in pairs({
            ["EXISTS { (a)-[:R]->(:B) }"] = 8,
            ["COUNT { (a)-[:R]->(b) WHERE b.n > 5 } = 1"] = 8,
            ["size([(a)-[:R]->(b:B) | b.n]) = 1"] = 8,
        }) do
            local db = pairs_of_nodes({ read_only = true })
            local before = db:stats().requests.rounds
            assert(db:query("MATCH (a:A) WHERE " .. condition ..
                " RETURN count(*) AS c"))
            local sent = db:stats().requests.rounds - before
            assert(sent <= rounds, condition .. ": " .. sent .. " rounds")
            db:close()
        end
    end)

    it("ends where something is found, at a node of many edges", function()
        local db = pairs_of_nodes()
        local rows = assert(db:query("PROFILE MATCH (h:Hub) WHERE EXISTS " ..
            "{ (h)-[:R]->(a)-[:R]->(b) } RETURN count(*) AS c"))
        assert.equal(1, rows[1].c)
        assert(steps(rows, "Expand")[1].rows < 100)
        -- Each of 3,000 leads to the hub and on to 3,000.
        rows = assert(db:query("PROFILE MATCH (a:A) WHERE EXISTS " ..
            "{ (a)-[:R]->(h)-[:R]->(c) } RETURN count(*) AS c"))
        assert.equal(COUNT, rows[1].c)
        assert(steps(rows, "Expand")[1].rows < 4096 * COUNT)
        rows = assert(db:query("PROFILE MATCH (a:A) WHERE EXISTS " ..
            "{ (b:B) WHERE b.n > a.n - 5 } RETURN count(*) AS c"))
        assert.equal(COUNT, rows[1].c)
        assert(steps(rows, "NodeScan")[1].rows < COUNT * COUNT * 0.9)
        db:close()
    end)

    it("keeps to the bound of memory, and the graph stays usable", function()
        local db = pairs_of_nodes()
        local text = "MATCH (a:A) WHERE COUNT { (a)-->(h)-->(b) WHERE " ..
            "b.n > a.n } > 2 RETURN collect(a.n) AS l"
        local wanted = #assert(db:query(text))[1].l
        local _, err = db:query(text, nil, { max_memory = 100000 })
        assert.equal("limit", err.code)
        assert.equal(wanted, #assert(db:query(text))[1].l)
        db:close()
    end)
end)
