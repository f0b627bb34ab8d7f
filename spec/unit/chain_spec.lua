-- Counts of paths of three edges: sums over the middle edge, less the ways in
-- which edges of a path would be one. Random paths over random graphs with
-- loops, parallel edges and edges back, counted and collected.

local namidb = require("namidb")

local counted_rows = require("spec.support.counted_rows")
local help = require("spec.help")
local random = require("spec.support.random").new(os.time())

local function pick(list) return random:pick(list) end

local GRAPH = { random = random, labels = { "A", "A", { "A", "B" }, {} },
                types = { "R", "R", "S" }, loops = 3, nodes = 5, edges = 16 }

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

local seen = { open = 0, closed = 0, loops = 0 }

describe("counts of paths of three edges", function()
    local function check(db)
        for _ = 1, 100 do
            local plan = counted_rows.check(db, pattern() .. pick(CONDITIONS),
                                            pick(KEYS), { "e", "f", "g" })
            for kind, text in pairs(TERMS) do
                if plan:find("walks", 1, true) and plan:find(text) then
                    seen[kind] = seen[kind] + 1
                end
            end
        end
    end

    for _, where in ipairs(counted_rows.PLACES) do
        it("are those of their rows, which are in " .. where, function()
            counted_rows.run("chain", where, GRAPH, check)
        end)
    end

    it("were often made of walks", function()
        assert.is_true(seen.open > 50 and seen.closed > 10 and seen.loops > 20)
    end)

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
