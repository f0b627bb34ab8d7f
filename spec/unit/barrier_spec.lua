-- Each clause sees all that those before it changed, and nothing of what those
-- behind it change, however many chunks of rows there are.

local help = dofile("spec/help.lua")

local ROWS = 2100 -- more than a chunk

describe("a clause behind one that writes", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    local function run(text, params) return assert(db:query(text, params)) end

    -- Nodes of which each has one edge to the one as far from the other end.
    local function crossing()
        run("UNWIND range(1, " .. ROWS .. ") AS i CREATE (:P {i: i})")
        run("MATCH (a:P) MATCH (b:P {i: " .. ROWS + 1 .. " - a.i}) " ..
            "CREATE (a)-[:R]->(b)")
    end

    local function one(text, params) return run(text, params)[1] end

    it("returns properties as they are at the end", function()
        crossing()
        local rows = run("MATCH (a:P)-[:R]->(b) SET b.w = 1 RETURN a.w AS w")
        assert.equal(ROWS, #rows)
        for _, row in ipairs(rows) do assert.equal(1, row.w) end
    end)

    it("returns nodes as they are at the end", function()
        crossing()
        local rows = run("MATCH (a:P)-[:R]->(b) SET b.w = 1 RETURN a")
        for _, row in ipairs(rows) do assert.equal(1, row.a.w) end
    end)

    it("finds by MERGE what was created for any row", function()
        run("UNWIND range(1, $n) AS i CREATE (:N {i: i}) " ..
            "MERGE (m:N {i: $n}) ON CREATE SET m.is_new = true", { n = ROWS })
        assert.equal(ROWS, one("MATCH (n:N) RETURN count(*) AS n").n)
        assert.equal(0, one("MATCH (n:N {is_new: true}) " ..
            "RETURN count(*) AS n").n)
    end)

    it("counts in SET what was created for any row", function()
        run("UNWIND range(1, $n) AS i CREATE (m:N) " ..
            "SET m.n = COUNT { MATCH (:N) }", { n = ROWS })
        assert.equal(ROWS, one("MATCH (m:N) RETURN min(m.n) AS n").n)
    end)

    it("sets last what was set first for another row", function()
        crossing()
        run("MATCH (a:P)-[:R]->(b) SET a.w = 1 SET b.w = 2")
        assert.equal(2, one("MATCH (p:P) RETURN min(p.w) AS w").w)
    end)

    it("takes away last the labels that values gave first", function()
        crossing()
        run("MATCH (a:P)-[:R]->(b) SET a:$($w) REMOVE b:$($w)", { w = "W" })
        assert.equal(0, one("MATCH (p:W) RETURN count(*) AS n").n)
        run("MATCH (a:P)-[:R]->(b) SET a:W REMOVE b:$($w)", { w = "W" })
        assert.equal(0, one("MATCH (p:W) RETURN count(*) AS n").n)
    end)

    it("finds by MERGE the labels that values gave to any row", function()
        run("UNWIND range(1, $n) AS i CREATE (:$(['N', 'L' + i % 2]) " ..
            "{i: i}) WITH i WHERE i % 500 = 0 " ..
            "MERGE (m:$('L' + i % 3) {i: $n})", { n = ROWS })
        assert.equal(ROWS + 2, one("MATCH (n) RETURN count(*) AS n").n)
    end)

    it("reads in CREATE what was set for any row", function()
        crossing()
        run("MATCH (a:P)-[:R]->(b) SET b.w = 1 CREATE (:C {w: a.w})")
        assert.equal(ROWS, one("MATCH (c:C {w: 1}) RETURN count(*) AS n").n)
    end)

    it("sees what FOREACH and CALL did for any row", function()
        crossing()
        local row = one("MATCH (a:P)-[:R]->(b) " ..
            "FOREACH (x IN [b] | SET x.w = 1) WITH a, a.w AS w " ..
            "CALL { WITH a SET a.v = 1 } WITH w, a MATCH (a)-[:R]->(b) " ..
            "RETURN count(w) AS w, count(b.v) AS v")
        assert.same({ w = ROWS, v = ROWS }, row)
    end)

    it("asks in CREATE what there was before it, for every row", function()
        run("UNWIND range(1, $n) AS i CREATE (:N {c: COUNT { (:N) }})" ..
            "-[:R {c: COUNT { ()-->() }}]->(:M {c: EXISTS { (:M) }})",
            { n = ROWS })
        assert.same({ n = 0, r = 0, m = false }, one("MATCH " ..
            "(n:N)-[r]->(m) RETURN max(n.c) AS n, max(r.c) AS r, " ..
            "max(m.c) AS m"))
    end)

    it("asks in SET what there was before it, for every row", function()
        run("UNWIND range(1, $n) AS i CREATE (:N {i: i})", { n = ROWS })
        run("MATCH (n:N) SET n.x = 1, n.a = COUNT { (:N {x: 1}) }, " ..
            "n += {b: COUNT { (:N {x: 1}) }} REMOVE n.i " ..
            "SET n.c = size([(n:N {x: 1})-->() | 1])")
        assert.same({ a = 0, b = 0, c = 0 }, one("MATCH (n:N) RETURN " ..
            "max(n.a) AS a, max(n.b) AS b, max(n.c) AS c"))
    end)

    it("asks in MERGE what there was before it, for every row", function()
        run("UNWIND range(1, $n) AS i MERGE (m:N {c: COUNT { (:N) }, " ..
            "i: i % 2 + size([(n:N)-->() | n])})", { n = ROWS })
        assert.same({ n = 2, c = 0 },
                    one("MATCH (n:N) RETURN count(*) AS n, max(n.c) AS c"))
    end)

    it("asks in ON CREATE and ON MATCH when a row's turn comes", function()
        run("UNWIND [1, 2, 1, 3] AS i MERGE (m:N {i: i}) " ..
            "ON CREATE SET m.c = COUNT { (:N) } " ..
            "ON MATCH SET m.d = COUNT { (:N) }")
        local row = one("MATCH (n:N) WITH n ORDER BY n.i RETURN " ..
            "collect(n.c) AS c, collect(n.d) AS d")
        assert.same({ 1, 2, 3 }, { row.c[1], row.c[2], row.c[3] })
        assert.same({ 2 }, { row.d[1] })
    end)

    it("asks in FOREACH when an item's turn comes", function()
        run("FOREACH (i IN range(1, 3) | CREATE (:N {c: COUNT { (:N) }}))")
        assert.equal(2, one("MATCH (n:N) RETURN max(n.c) AS c").c)
    end)

    it("cannot ask about what it creates itself", function()
        for text, column in pairs({
            ["CREATE (a:A), (:B {c: COUNT { (a)--() }})"] = 23,
            ["CREATE (:B {c: COUNT { (a)--() }})-[:R]->(a)"] = 16,
            ["MERGE (a:A)-[:R]->(:B {c: a.x + size([(a)-->(b) | 1])})"] = 27,
        }) do
            local rows, err = db:query(text)
            assert.is_nil(rows)
            assert.same({ "syntax", "UndefinedVariable", column },
                        { err.code, err.detail, err.column })
        end
    end)

    it("waits for nothing that it does not ask for", function()
        local function has_barrier(text)
            return run("EXPLAIN " .. text, { rows = {} }).plan:find("Eager",
                1, true) ~= nil
        end
        assert.is_false(has_barrier("UNWIND $rows AS r " ..
            "CREATE (a:A {x: r.x}) CREATE (b:B {y: r.y}) " ..
            "CREATE (a)-[:R {z: r.z}]->(b) RETURN a, b"))
        assert.is_false(has_barrier("UNWIND $rows AS r " ..
            "MERGE (a:A {x: r.x}) MERGE (b:B {y: r.y}) MERGE (a)-[:R]->(b) " ..
            "SET a += r.props"))
        assert.is_true(has_barrier("MATCH (a) CREATE (:B)"))
        assert.is_true(has_barrier("UNWIND $rows AS r CREATE (a:A) " ..
            "MERGE (b:A)"))
    end)
end)

describe("FOREACH", function()
    it("makes its list when a row's turn comes", function()
        local db = help.open()
        assert(db:query("CREATE (:A)"))
        assert(db:query("UNWIND range(1, 5) AS i MATCH (a:A) " ..
            "FOREACH (x IN CASE WHEN a.is_done IS NULL THEN [i] END | " ..
            "SET a.is_done = true CREATE (:B {i: x}))"))
        local rows = assert(db:query("MATCH (b:B) RETURN b.i AS i"))
        assert.equal(1, #rows)
        db:close()
    end)
end)
