-- Counts of paths of three edges: sums over the middle edge, less the ways in
-- which edges of a path would be one. Random paths over random graphs with
-- loops, parallel edges and edges back, counted and collected.

local namidb = require("namidb")

local help = require("spec.help")

local random = require("spec.support.random").new(os.time())

local function pick(list) return random:pick(list) end

-- So few nodes that many edges have others beside and against them.
local function fill(db, count, edges)
    assert(db:write(function(tx)
        local ids = {}
        for i = 1, count do
            ids[i] = tx:create_node(pick({ "A", "A", { "A", "B" }, {} }),
                                    { n = i, y = random(3) })
        end
        for _ = 1, edges do
            tx:put_edge(pick({ "R", "R", "S" }), pick(ids), pick(ids), {})
        end
        for _, id in ipairs(ids) do
            if random(3) == 1 then tx:put_edge(pick({ "R", "S" }), id, id) end
        end
    end))
end

local LABELS = { "", "", "", "", ":A", ":A:B", ":C" }
local TYPES = { "", ":R", ":R", ":R", ":R|S", ":S|R|S", ":X|R" }

local function edge(name, is_turned)
    local inner = "[" .. name .. pick(TYPES) .. "]"
    if (random(2) == 1) ~= is_turned then return "-" .. inner .. "->" end
    return "<-" .. inner .. "-"
end

-- A path of three edges, in one MATCH or as edges of several.
local function pattern()
    local nodes = {}
    for i, name in ipairs({ "a", "b", "c", "d" }) do
        nodes[i] = "(" .. name .. pick(LABELS) .. ")"
    end
    if random(3) > 1 then
        return "MATCH " .. nodes[1] .. edge("e", false) .. nodes[2] ..
            edge("f", false) .. nodes[3] .. edge("g", false) .. nodes[4]
    end
    local text = "MATCH " .. nodes[1] .. edge("e", false) .. nodes[2]
    for i = 2, 3 do
        local name = nodes[i]:match("%a+")
        text = text .. pick({ ", ", " MATCH " }) .. "(" .. name .. ")" ..
            edge(("efg"):sub(i, i), false) .. nodes[i + 1]
    end
    return text
end

local CONDITIONS = { "", "", "", " WHERE b.y < 3", " WHERE c.y < 3",
                     " WHERE a.y < 3" }
local KEYS = { "1", "1", "1", "b.y", "c.n % 2", "b", "a.y" }

-- What numbers are made of: walks to the next node but one, walks that come
-- back, and loops.
local TERMS = { open = "walks", loops = "loops",
                closed = "walks%(%((%w+)%)[^()]*%b()[^()]*%(%1%)%)" }

local function rows_of(db, text)
    local lines = {}
    for i, row in ipairs(assert(db:query(text))) do
        lines[i] = ("%s: %d"):format(row.k, row.c)
    end
    table.sort(lines)
    return table.concat(lines, "\n")
end

local function check(db, seen)
    for _ = 1, 100 do
        local match, key = pattern() .. pick(CONDITIONS), pick(KEYS)
        local id = key == "b" and "id(k)" or "k"
        local counted = match .. " WITH " .. key .. " AS k, count(*) AS c " ..
            "RETURN " .. id .. " AS k, c"
        local collected = match .. " WITH " .. key .. " AS k, " ..
            "collect([e, f, g]) AS l RETURN " .. id .. " AS k, size(l) AS c"
        assert.equal(rows_of(db, collected), rows_of(db, counted), counted)
        local plan = help.plan(db, counted)
        for kind, text in pairs(TERMS) do
            if plan:find("walks", 1, true) and plan:find(text) then
                seen[kind] = seen[kind] + 1
            end
        end
    end
end

describe("counts of paths of three edges", function()
    for _, where in ipairs({ "memory", "packs", "both" }) do
        it("are those of their rows, which are in " .. where, function()
            local first = random.state
            local seen = { open = 0, closed = 0, loops = 0 }
            for round = 1, 4 do
                local db = assert(namidb.open(("memory://chain-%s-%d")
                    :format(where, round)))
                fill(db, 5, 16)
                if where ~= "memory" then assert(db:flush()) end
                if where == "both" then
                    db:query("MATCH (n {n: 3})-[e]->() DELETE e")
                    db:query("MATCH (n {n: 4}) DETACH DELETE n")
                    db:query("MATCH (n {n: 5}) SET n:B REMOVE n:A")
                    fill(db, 3, 6)
                end
                local ok, err = pcall(check, db, seen)
                db:close()
                assert(ok, ("seed %d: %s"):format(first, tostring(err)))
            end
            assert.is_true(seen.open > 25 and seen.closed > 4 and
                           seen.loops > 12)
        end)
    end

    it("are what the plan says", function()
        local db = assert(namidb.open("memory://chain-plans"))
        local function line(text, wanted)
            local plan = help.plan(db, text)
            assert(plan:find(wanted, 1, true), plan)
        end
        line("MATCH (a)-[:R]->(b)-[:R]->(c)-[:R]->(d) RETURN count(*) AS c",
             "= (((((degree((b)<-[:R]-()) * walks((b)-[:R]->()-[:R]->()))" ..
             " - (loops((b)-[:R]->(b)) * degree((b)-[:R]->())))" ..
             " - (loops((b)-[:R]->(b)) * degree((b)<-[:R]-())))" ..
             " - walks((b)-[:R]->()-[:R]->(b))) + (2 * loops((b)-[:R]->(b))))")
        line("MATCH (a:B)-[:R]->(b)-[:S]->(c:A)-[:R]->(d) " ..
             "RETURN count(*) AS c",
             "((degree((b)<-[:R]-(:B)) * walks((b)-[:S]->(:A)-[:R]->()))" ..
             " - walks((b)-[:S]->(:B:A)-[:R]->(b)))")
        line("MATCH (a)-[:R]->(b)-[:S]->(c)<-[:T]-(d:B) " ..
             "RETURN b.n AS n, count(*) AS c",
             "= (degree((b)<-[:R]-()) * walks((b)-[:S]->()<-[:T]-(:B)))")
        db:close()
    end)
end)
