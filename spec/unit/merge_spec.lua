-- MERGE looks for what all rows of a chunk match at once, and gives the same as
-- when it goes row by row.

local namidb = require("namidb")
local help = require("spec.help")
local large = require("spec.support.large")
local row_by_row = require("spec.support.row_by_row")

local random = require("spec.support.random").new(os.time())

-- Values that are equal though they are of several kinds, and others.
local function key()
    local i = random(12)
    return ({ i, namidb.float(i), i + 0.5, "t" .. i, { i, "a" }, i % 2 == 0,
              namidb.float(0 / 0), { i, 0 / 0 } })[random(8)]
end

local function fill(db)
    assert(db:write(function(tx)
        local ids = {}
        for i = 1, 30 do
            ids[i] = tx:create_node(({ "N", "M", { "N", "M" } })[random(3)],
                                    { k = key(), j = random(3), id = i,
                                      c = random(3) })
        end
        for _ = 1, 40 do
            tx:put_edge("R", ids[random(30)], ids[random(30)],
                        { w = random(3) })
        end
    end))
end

-- r: a row of $rows; a, b: known nodes.
local STATEMENTS = {
    "UNWIND $rows AS r MERGE (n:N {k: r.k})",
    "UNWIND $rows AS r MERGE (n:N {k: r.k}) SET n += r, n.seen = r.v",
    "UNWIND $rows AS r MERGE (n:N {k: r.k, j: r.j}) ON CREATE SET n.c = 0, " ..
        "n.v = r.v ON MATCH SET n.c = n.c + r.v",
    "UNWIND $rows AS r MERGE (n:N:M {k: r.k}) ON MATCH SET n.c = n.c + 1",
    "UNWIND $rows AS r MERGE (n:N) ON MATCH SET n.c = n.c + 1",
    "UNWIND $rows AS r MERGE (n:New) ON CREATE SET n.v = r.v",
    "UNWIND $rows AS r MERGE (n:N {k: r.k, id: 7})",
    "UNWIND $rows AS r MERGE (n {k: r.k})",
    "UNWIND $rows AS r MERGE (n:N {j: r.j}) ON MATCH SET n.j = n.j + 1",
    "UNWIND $rows AS r MERGE (n:N {j: r.j}) ON CREATE SET n.j = 2",
    "UNWIND $rows AS r MERGE (n:N {j: r.v % 4}) ON MATCH SET n.j = n.j + 1",
    "UNWIND $rows AS r MERGE (n:N {j: r.j}) ON MATCH SET n += {j: r.v}",
    "UNWIND $rows AS r MERGE (n:N {j: r.j}) ON MATCH SET n:M REMOVE n:M",
    "UNWIND $rows AS r MERGE (n:O {j: r.j}) ON CREATE SET n:N",
    "UNWIND $rows AS r MATCH (a:N) MERGE (n:N {j: a.j + r.j}) " ..
        "ON CREATE SET n.c = 1 ON MATCH SET n.c = n.c + 1",
    "MATCH (a:N), (b:M) MERGE (n:N {j: a.c + b.j}) ON MATCH SET n.c = 5",
    "MATCH (a:N) WITH a UNWIND $rows AS r WITH a, r LIMIT 90 " ..
        "MERGE (n:N {k: a.id, j: r.v}) ON CREATE SET a.id = 1000",
    "MATCH (a:N), (b:M) MERGE (a)-[e:R]->(b) ON CREATE SET e.v = a.id",
    "MATCH (a:N), (b:M) MERGE (a)<-[e:R {w: b.j}]-(b) ON MATCH SET e.v = 1",
    "MATCH (a:N), (b:M) MERGE (a)-[e:R]-(b) ON CREATE SET e.v = b.id",
    "UNWIND $rows AS r MATCH (a:N {j: r.j}), (b:M {j: r.v % 3}) " ..
        "MERGE (a)-[e:S {w: r.v}]->(b)",
    "UNWIND $rows AS r MATCH (a:N {j: r.j}) MERGE (a)-[e:S]->(b:M {j: r.v})",
    "UNWIND $rows AS r MERGE (a:N {j: r.j})-[e:S]->(b:M {j: r.v % 3})",
    "UNWIND $rows AS r MATCH (a:N {j: r.j}) MERGE (a)-[e:R]->(a)",
    "UNWIND $rows AS r MERGE (n:N {k: r.k}) MERGE (m:M {k: r.j}) " ..
        "MERGE (n)-[e:R]->(m) ON MATCH SET e.w = 9",
    "UNWIND $rows AS r MERGE p = (n:N {k: r.k}) WITH r, length(p) AS l " ..
        "MERGE (n:N {j: l + r.j})",
    "UNWIND $rows AS r MERGE (n:N {k: r.k}) RETURN r.v, labels(n), n.j",
    "UNWIND $rows AS r MERGE (n:N {k: r.k, j: 1}) " ..
        "RETURN r.v, count(DISTINCT n)",
}

local function text_of(value)
    if type(value) ~= "table" or not value[1] then return tostring(value) end
    local parts = {}
    for i, item in ipairs(value) do parts[i] = text_of(item) end
    return "[" .. table.concat(parts, ", ") .. "]"
end

local function lines_of(rows, wanted)
    local lines = {}
    for i, row in ipairs(rows) do
        local cells = {}
        for j, name in ipairs(wanted or rows.columns) do
            cells[j] = text_of(row[name])
        end
        lines[i] = table.concat(cells, " | ")
    end
    table.sort(lines)
    return table.concat(lines, "\n")
end

-- Nodes and edges without their ids.
local function graph_of(db)
    return lines_of(assert(db:query("MATCH (n) RETURN labels(n) AS l, " ..
        "n.k, n.j, n.id, n.c, n.v, n.seen"))) .. "\n" ..
        lines_of(assert(db:query("MATCH (a)-[e]->(b) RETURN type(e) AS t, " ..
        "e.w, e.v, a.id, a.j, a.c, b.id, b.j, b.c")))
end

-- What a statement gives and leaves, over a graph that a seed makes.
local function run(text, params, start, indexes)
    local db = help.open()
    local before = random.state
    random.state = start
    for _, statement in ipairs(indexes) do assert(db:query(statement)) end
    fill(db)
    assert(db:flush())
    fill(db)
    random.state = before
    local rows, err = db:query(text, params)
    local result = (rows and lines_of(rows) or tostring(err)) .. "\n" ..
        graph_of(db)
    db:close()
    return result
end

local function rows(count)
    local list = {}
    for i = 1, count do
        list[i] = { k = key(), j = random(4), v = random(5) }
    end
    return { rows = list }
end

describe("MERGE of many rows", function()
    local first_seed = random.state
    local INDEXES = { {}, { "CREATE INDEX FOR (n:N) ON (n.k)",
                            "CREATE INDEX FOR (n:N) ON (n.j)",
                            "CREATE INDEX FOR (n:M) ON (n.k)",
                            "CREATE INDEX FOR ()-[e:R]-() ON (e.w)" } }

    for _, text in ipairs(STATEMENTS) do
        it("is as row by row: " .. text, function()
            for i, indexes in ipairs(INDEXES) do
                for _, count in ipairs({ 1, 40, 40 }) do
                    local params, start = rows(count), random(1e6)
                    local wanted = row_by_row(run, text, params, start,
                                              indexes)
                    local given = run(text, params, start, indexes)
                    assert(wanted == given, ("seed %d, indexes %d\n%s\n\n%s")
                        :format(first_seed, i, wanted, given))
                end
            end
        end)
    end

    it("is so over several chunks, of keys that repeat", function()
        local list = {}
        for i = 1, 5000 do list[i] = (i * 7) % 3001 end
        for _, index in ipairs({ false, true }) do
            local db = help.open()
            if index then
                assert(db:query("CREATE INDEX FOR (n:N) ON (n.k)"))
            end
            assert(db:query("UNWIND range(0, 3000, 3) AS k " ..
                "CREATE (:N {k: k, c: 0})"))
            assert(db:query("UNWIND $list AS k MERGE (n:N {k: k}) ON CREATE " ..
                "SET n.c = 1 ON MATCH SET n.c = n.c + 1", { list = list }))
            local row = assert(db:query("MATCH (n:N) RETURN count(*) AS n, " ..
                "sum(n.c) AS c, count(DISTINCT n.k) AS d"))[1]
            assert.same({ 3001, 5000, 3001 }, { row.n, row.c, row.d })
            db:close()
        end
    end)

    it("raises for a property that is null, and leaves nothing", function()
        local db = help.open()
        local _, err = db:query("UNWIND [1, null, 2] AS k MERGE (n:N {k: k})")
        assert.equal("MergeReadOwnWrites", err.detail)
        assert.equal(0, #assert(db:query("MATCH (n) RETURN n")))
        db:close()
    end)

    it("keeps to the bound of memory", function()
        local db = help.open()
        local text = "UNWIND range(1, 20000) AS i MERGE (n:N {k: i % 9000})"
        local _, err = db:query(text, nil, { max_memory = 200000 })
        assert.equal("limit", err.code)
        assert.equal(0, #assert(db:query("MATCH (n) RETURN n")))
        assert(db:query(text))
        assert.equal(9000, assert(db:query("MATCH (n) RETURN count(*) AS c"))
            [1].c)
        db:close()
    end)
end)

describe("the plan of MERGE", function()
    local db

    setup(function() db = help.open() end)
    teardown(function() db:close() end)

    local CASES = {
        { "MERGE (n:N {k: r.k}) ON CREATE SET n.v = r.v", " at once" },
        { "MERGE (n:N {k: r.k}) ON MATCH SET n.v = n.v + r.k", " at once" },
        { "MATCH (a:A) MERGE (n:N {k: a.k})", " at once" },
        { "MATCH (a:A) MERGE (n:N {k: a.k}) ON MATCH SET n.x = 1",
          " at once" },
        { "MATCH (a:A), (b:B) MERGE (a)-[:T {w: r.w}]->(b)", " at once" },
        { "MATCH (a:A), (b:B) MERGE (a)-[:T]-(b)", " looked up at once" },
        -- What is set may be what another row asks for.
        { "MATCH (a:A) MERGE (n:N {k: a.k}) ON MATCH SET n.k = 1", "" },
        { "MATCH (a:A) MERGE (n:N {k: a.x}) ON MATCH SET n.x = 1", "" },
        { "MERGE (n:N {k: r.x}) ON MATCH SET n.k = 1", "" },
        { "MATCH (a:A) MERGE (n:N {k: a['x']}) ON MATCH SET n.x = 1", "" },
        { "MERGE (n:N {k: r.k}) ON CREATE SET n += r", "" },
        { "MERGE (n:N {k: r.k}) ON CREATE SET n:M", "" },
        { "MATCH (a:A) MERGE (n:N {k: r.k}) ON CREATE SET a.x = 1", "" },
        { "MERGE (n:N {k: COUNT { (:N) }})", " at once" },
        { "MATCH (a:A) MERGE (n:N {k: keys(a)})", "" },
        { "MERGE (n:N {k: rand()})", "" },
    }
    for _, case in ipairs(CASES) do
        it("of " .. case[1] .. " is Merge" .. case[2], function()
            local text = assert(db:query("EXPLAIN UNWIND $rows AS r " ..
                case[1])).plan
            assert.equal("Merge" .. case[2], text:match("Merge[^\n]*"))
        end)
    end

    it("scans a label once for many rows, and for one row filters", function()
        local text = assert(db:query("EXPLAIN UNWIND $rows AS r " ..
            "MERGE (n:N {k: r.k})")).plan
        assert.matches("Join on n.k = r.k", text, 1, true)
        text = assert(db:query("EXPLAIN MERGE (n:N {k: $k})")).plan
        assert.matches("Filter (n.k = $k)", text, 1, true)
    end)
end)

describe("MERGE in a cold graph", function()
    local NODES = 25000
    local uri = help.memory_uri()

    -- A pack so large that it is not fetched at once.
    setup(function()
        local db = assert(namidb.open(uri))
        assert(db:query("CREATE INDEX FOR (n:N) ON (n.k)"))
        assert(db:write(function(tx)
            for i = 1, NODES do
                tx:create_node({ "N" }, { k = i * 10, t = large.text(i, 100) })
            end
        end))
        assert(db:flush())
        assert.is_true(db:stats().pack_bytes > 8 * 1024 * 1024)
        db:close()
    end)

    local function rounds(text, params)
        local sent
        local db = assert(namidb.open(uri))
        pcall(db.write, db, function(tx)
            local before = db:stats().requests.rounds
            assert(tx:query(text, params))
            sent = db:stats().requests.rounds - before
            error("enough", 0)
        end)
        db:close()
        return sent
    end

    for name, text in pairs({
        ["by a key"] = "UNWIND $rows AS k MERGE (n:N {k: k}) " ..
            "ON CREATE SET n.x = 1 ON MATCH SET n.x = 2",
        ["that sets what it knows nothing of"] = "UNWIND $rows AS k " ..
            "MERGE (n:N {k: k}) ON MATCH SET n += {x: 2}",
    }) do
        it("asks for all rows in a few rounds, " .. name, function()
            local list = {}
            for i = 1, 200 do list[i] = i * 505 end
            local params = { rows = list }
            local sent = rounds(text, params)
            local one_by_one = row_by_row(rounds, text, params)
            assert(sent <= 5, sent)
            assert(one_by_one > 50, one_by_one)
        end)
    end
end)
