-- OPTIONAL MATCH and CALL { } for all rows of a chunk at once: the same rows in
-- the same order as when the inner plan runs once for each.

local namidb = require("namidb")
local help = require("spec.help")
local large = require("spec.support.large")
local row_by_row = require("spec.support.row_by_row")

local random = require("spec.support.random").new(os.time())

-- More rows than a chunk holds; few edges at most nodes, many at one.
local function fill(db, first, last)
    assert(db:write(function(tx)
        local ids = {}
        for i = first, last do
            ids[#ids + 1] = tx:create_node(
                ({ "A", "B", { "A", "B" } })[random(3)],
                { n = i, x = random(4), y = random(900) })
        end
        for _ = 1, #ids do
            tx:put_edge(({ "R", "S" })[random(2)],
                        ids[random(5) == 1 and 1 or random(#ids)],
                        ids[random(#ids)], { w = random(3) })
        end
        tx:delete_node(ids[random(#ids - 1) + 1], { detach = true })
    end))
end

-- { statement, how its inner plan runs }
local STATEMENTS = {
    { "MATCH (a) OPTIONAL MATCH (a)-[r:R]->(b:B) RETURN a.n, r.w, b.n",
      "optional" },
    { "MATCH (a:A) OPTIONAL MATCH (a)-[r]-(b) WHERE r.w = a.x " ..
      "RETURN a.n, r.w, b.n", "optional" },
    { "MATCH (a:A) WITH a ORDER BY a.y, a.n OPTIONAL MATCH " ..
      "(a)-[:R]->(b)-[s:S]->(c) RETURN a.n, b.n, s.w, c.n", "optional" },
    { "MATCH (a:A) OPTIONAL MATCH (a)-->(b) OPTIONAL MATCH (b)-->(c) " ..
      "WHERE c.x > a.x RETURN a.n, b.n, c.n", "optional" },
    { "MATCH (a:A) OPTIONAL MATCH p = (a)-[:S]->(b) RETURN a.n, length(p)",
      "optional" },
    { "MATCH (a:A) OPTIONAL MATCH (a)-[r:R]->(a) RETURN a.n, r.w",
      "optional" },
    { "MATCH (a:A) OPTIONAL MATCH (a)-->(b) WHERE EXISTS { (b)-->(:A) } " ..
      "RETURN a.n, b.n", "optional" },
    { "MATCH (a:A) OPTIONAL MATCH (b:B {n: a.y}) RETURN a.n, b.n",
      "optional" },
    { "MATCH (a:A) OPTIONAL MATCH (b:B) WHERE b.n IN [a.y, a.n, a.y + 1] " ..
      "RETURN a.n, b.n", "optional" },
    { "UNWIND range(1, 3000) AS i OPTIONAL MATCH (b:B {y: i % 901})-->(c) " ..
      "RETURN i, b.n, c.n", "optional" },
    { "UNWIND range(1, 3000) AS i OPTIONAL MATCH (b) WHERE " ..
      "id(b) = i * 8192 RETURN i, b.n", "optional" },
    { "OPTIONAL MATCH (a:None) OPTIONAL MATCH (a)-->(b) RETURN a.n, b.n",
      "optional" },
    { "MATCH (a:A) OPTIONAL MATCH (a)-->(b {n: -1}) RETURN a.n, b.n",
      "optional" },
    { "MATCH (a:A) OPTIONAL MATCH (a)-->(b) WITH a, count(b) AS c " ..
      "RETURN a.n, c", "optional" },
    { "MATCH (a:A) CALL { WITH a MATCH (a)-->(b) RETURN b } RETURN a.n, b.n",
      "each" },
    { "MATCH (a:A) CALL { WITH a MATCH (a)-->(b) RETURN DISTINCT b.x AS x } " ..
      "RETURN a.n, x", "each" },
    { "MATCH (a:A) CALL { WITH a OPTIONAL MATCH (a)-->(b) RETURN b } " ..
      "OPTIONAL MATCH (b)-->(c) RETURN a.n, b.n, c.n", "optional" },
    { "MATCH (a:A) OPTIONAL MATCH (a)-[:R*1..2]->(b) RETURN a.n, b.n",
      "optional row by row" },
    { "MATCH (a:A) CALL { WITH a MATCH (a)-->(b) RETURN b.n AS n " ..
      "ORDER BY n LIMIT 1 } RETURN a.n, n", "each row by row" },
    { "MATCH (a:A) CALL { WITH a MATCH (a)-->(b) RETURN count(b) AS c } " ..
      "RETURN a.n, c", "each row by row" },
    { "MATCH (a:A) CALL { WITH a MATCH (a)-[:R]->(b) RETURN b UNION ALL " ..
      "WITH a MATCH (a)-[:S]->(b) RETURN b } RETURN a.n, b.n",
      "each row by row" },
}

local function lines_of(db, text)
    local rows = assert(db:query(text))
    local lines = {}
    for i, row in ipairs(rows) do
        local cells = {}
        for j, name in ipairs(rows.columns) do
            cells[j] = tostring(row[name])
        end
        lines[i] = table.concat(cells, " ")
    end
    return table.concat(lines, "\n")
end

for _, indexed in ipairs({ false, true }) do
    describe("rows of an inner plan" .. (indexed and " with an index" or ""),
        function()
        local first_seed = random.state
        local db

        setup(function()
            db = help.open()
            if indexed then
                assert(db:query("CREATE INDEX FOR (b:B) ON (b.n)"))
                assert(db:query("CREATE INDEX FOR (b:B) ON (b.y)"))
            end
            fill(db, 1, 2600)
            assert(db:flush())
            fill(db, 2601, 3300)
        end)
        teardown(function() db:close() end)

        for _, case in ipairs(STATEMENTS) do
            it("are as row by row: " .. case[1], function()
                -- Of another text, since plans are kept by theirs.
                local wanted = row_by_row(function()
                    return lines_of(db, case[1] .. " ")
                end)
                local given = lines_of(db, case[1])
                assert(wanted == given, "seed " .. first_seed)
                local plan = tostring(assert(db:query("EXPLAIN " .. case[1])))
                assert.equal("Apply " .. case[2],
                             plan:match("Apply[^\n]*"))
            end)
        end
    end)
end

describe("OPTIONAL MATCH", function()
    it("sees what was written, and is seen by what is written", function()
        local db = help.open()
        assert(db:query("UNWIND range(1, 3000) AS i CREATE (:A {n: i})"))
        assert(db:query("MATCH (a:A) WHERE a.n % 3 = 0 " ..
            "CREATE (a)-[:R]->(:B {n: a.n})"))
        local row = assert(db:query("MATCH (a:A) OPTIONAL MATCH (a)-->(b:B) " ..
            "SET b.seen = a.n WITH a, b CREATE (a)-[:R]->(:B {n: -a.n}) " ..
            "WITH a OPTIONAL MATCH (a)-->(b:B) RETURN count(b) AS c, " ..
            "count(b.seen) AS seen"))[1]
        assert.same({ 4000, 1000 }, { row.c, row.seen })
        db:close()
    end)

    it("asks a cold graph for all rows in a few rounds", function()
        local uri = help.memory_uri()
        local db = assert(namidb.open(uri))
        assert(db:write(function(tx)
            local ids = {}
            for i = 1, 25000 do
                ids[i] = tx:create_node("N", { n = i, t = large.text(i, 100) })
            end
            for i = 1, 25000, 2 do
                tx:put_edge("R", ids[i], ids[(i * 7919) % 25000 + 1])
            end
        end))
        assert(db:flush())
        assert.is_true(db:stats().pack_bytes > 8 * 1024 * 1024)
        local first = assert(db:query("MATCH (n:N {n: 1}) RETURN id(n) AS i"))
            [1].i
        db:close()
        local function rounds()
            local reader = assert(namidb.open(uri, { read_only = true }))
            local before = reader:stats().requests.rounds
            local row = assert(reader:query("UNWIND range(0, 199) AS i " ..
                "MATCH (n) WHERE id(n) = $first + i * 8192 * 100 OPTIONAL " ..
                "MATCH (n)-[:R]->(m) RETURN count(m.n) AS c, count(*) AS d",
                { first = first }))[1]
            assert.same({ 200, 200 }, { row.c, row.d })
            local sent = reader:stats().requests.rounds - before
            reader:close()
            return sent
        end
        local sent, one_by_one = rounds(), row_by_row(rounds)
        assert(sent <= 6, sent)
        assert(one_by_one > 2 * sent, one_by_one)
    end)

    it("keeps to the bound of memory", function()
        local db = help.open()
        assert(db:query("UNWIND range(1, 3000) AS i CREATE (h:A {n: i}) " ..
            "WITH h WHERE h.n <= 40 UNWIND range(1, 200) AS j " ..
            "CREATE (h)-[:R]->(:B {n: j})"))
        local text = "MATCH (a:A) OPTIONAL MATCH (a)-->(b) RETURN count(b) AS c"
        local _, err = db:query(text, nil, { max_memory = 30000 })
        assert.equal("limit", err.code)
        assert.equal(8000, assert(db:query(text))[1].c)
        db:close()
    end)
end)
