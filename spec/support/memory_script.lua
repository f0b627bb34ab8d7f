-- Run by lua_memory: every step with a failure at its k-th allocation, for
-- every k until there is none. Prints "ok NAME K" for each.

local fail_lua, fail_core, recover = fail_lua, fail_core, recover -- luacheck: ignore

local namidb = require("namidb")

local PROPS = {
    text = "text", int = 1, float = 0.5, bytes = namidb.bytes("\0\1"),
    date = namidb.date(2024, 2, 29), point = namidb.point({ x = 1, y = 2 }),
    duration = namidb.duration({ days = 1 }),
    at = namidb.datetime({ year = 2024, zone = "UTC" }),
    list = { 1, { 2, "three", namidb.date(2000, 1, 1) }, {} },
    vector = namidb.vector({ 1, 2 }),
}

local count = 0
local function fresh_uri()
    count = count + 1
    return "memory://memory-" .. count
end

local function fresh()
    local db = assert(namidb.open(fresh_uri()))
    assert(db:write(function(tx)
        local a = assert(tx:put_node("N", "a", PROPS))
        local b = assert(tx:put_node("N", "b"))
        for _ = 1, 3 do assert(tx:put_edge("E", a, b, PROPS)) end
    end))
    assert(db:flush())
    return db
end

-- Whether what is visible is whole: batches of c and an edge, or nothing. (A
-- batch that was committed before its results found no memory comes again.)
local function check(db)
    local node = assert(db:node("N", "a"))
    assert(node.date == PROPS.date and node.list[2][2] == "three")
    local c = db:node("N", "c")
    if c then
        assert(c.point == PROPS.point)
        assert(db:degree(c, "E") >= 1)
    end
    assert(db:degree(node, "E") == 3)
end

local STEPS = {
    { "open", function() assert(namidb.open(fresh_uri())):close() end },
    { "node", function(db) assert(db:node("N", "a").text == "text") end },
    { "edge", function(db)
        for edge in db:edges("E") do assert(db:edge(edge.id).int == 1) end
    end },
    { "hop", function(db)
        local seen = 0
        for edge, node in db:out(assert(db:node("N", "a"))) do
            assert(edge.float == 0.5 and node.key == "b")
            seen = seen + 1
        end
        assert(seen == 3)
    end },
    { "snapshot", function(db)
        local snapshot = assert(db:snapshot())
        for node in snapshot:nodes("N") do assert(node.id) end
        snapshot:close()
        assert(db:stats().nodes and db:cache_stats().store)
    end },
    { "write", function(db)
        assert(db:write(function(tx)
            local c = assert(tx:put_node("N", "c", PROPS))
            assert(tx:put_edge("E", c, c, PROPS))
            assert(tx:node("N", "c"))
        end))
    end },
    { "ticket", function(db)
        local ticket = assert(db:write(function(tx)
            local c = assert(tx:put_node("N", "c", PROPS))
            assert(tx:put_edge("E", c, c, PROPS))
        end, { wait = false }))
        assert(ticket:wait())
    end },
    { "query", function(db)
        local rows = assert(db:query("MATCH p = (a:N)-[e:E*1..2]->(b) " ..
            "WHERE a.text =~ $t AND exists((a)-->()) RETURN a, p, " ..
            "[x IN e | x.int] AS l, a.date + duration('P1D') AS d " ..
            "ORDER BY length(p) DESC LIMIT 9", { t = "t.*t" }))
        assert(#rows == 3 and rows[1].l[1] == 1 and #rows[1].p.nodes == 2)
        rows = assert(db:query("MATCH (n:N) RETURN count(*) AS c, " ..
            "collect(DISTINCT n.int) AS i"))
        assert(rows[1].c >= 2)
    end },
    { "update", function(db)
        assert(db:query("MATCH (a:N) WHERE a.int = 1 MERGE (c:M {k: 'c'}) " ..
            "ON CREATE SET c.d = a.date FOREACH (i IN [1, 2] | " ..
            "CREATE (a)-[:T {i: i}]->(c)) WITH c MATCH ()-[t:T]->(c) " ..
            "DELETE t"))
    end },
    { "load", function(db)
        local at = 0
        assert(db:load({ batch = 1, progress = false, nodes = { {
            label = "L", key = "k",
            rows = function()
                at = at + 1
                return at < 4 and { k = at, v = "x" } or nil
            end } } }))
    end },
}

local function run(name, fail, step, must_reopen)
    local k, has_failed = 0, true
    local db = fresh()
    while has_failed do
        k = k + 1
        fail(k)
        local ok, err = pcall(step, db)
        has_failed = recover()
        assert(ok or has_failed, err)
        collectgarbage() -- what was cut off
        collectgarbage()
        if must_reopen then
            db:close()
            db = fresh()
        else
            check(db)
        end
    end
    db:close()
    io.write(("ok %s %d\n"):format(name, k))
end

for _, step in ipairs(STEPS) do run("lua " .. step[1], fail_lua, step[2]) end
for _, step in ipairs(STEPS) do
    run("core " .. step[1], fail_core, step[2], true)
end
