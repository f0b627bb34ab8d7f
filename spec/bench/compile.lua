-- What a statement costs that was never seen before: two of about 200
-- characters, read, checked, planned and decoded by the core; and what one
-- costs whose plan is there, by the same text and by another with other
-- literals. The best of some rounds, in us.
-- lua spec/bench/compile.lua [statements]

local namidb = require("namidb")
local core = require("namidb.core")
local cypher = require("namidb.cypher")
local lexer = require("namidb.cypher.lexer")
local plan = require("namidb.plan")
local statements = require("namidb.statements")
local statistics = require("namidb.plan.statistics")

local STATEMENTS = tonumber(arg[1] or 500)
local ROUNDS = 9

local TEXTS = {
    "MATCH (p:Person)-[:KNOWS]->(f)<-[:HAS_CREATOR]-(m:Post) WHERE key(p) " ..
        "= $p AND m.date > %d RETURN f.name AS name, m.date AS date, m.text " ..
        "AS text, m.length AS length ORDER BY date DESC, name LIMIT 20",
    "MATCH (a:Person {name: 'x%d'})-[r:KNOWS]->(b:Person) WHERE a.age >= 18 " ..
        "AND r.since > 2000 WITH a, count(b) AS friends, collect(b.name) AS " ..
        "names WHERE friends > 3 RETURN a.name, friends ORDER BY friends",
}

local db = assert(namidb.open("memory://compile"))
db:query("CREATE (:Person)-[:KNOWS]->(:Person)<-[:HAS_CREATOR]-(:Post)")
local counts, segments = db:counts(), statistics.segments(db)

local kept = statements.new()
local function get(text)
    assert(kept:get(text, function() return {} end))
end

local steps = {
    lex = lexer.read,
    parse = function(text) assert(cypher.parse(text)) end,
    check = function(text) assert(cypher.compile(text)) end,
    compile = function(text)
        local tree = assert(cypher.compile(text))
        local made = assert(plan.make(tree, { statistics = counts,
                                             segments = segments }))
        assert(core.plan(made.bytes, made.constants, made.constants.n))
    end,
    same = get,
    cached = get,
}

local function measure(name)
    local step, best = steps[name], nil
    for round = 1, ROUNDS do
        local texts = {}
        for i = 1, STATEMENTS do
            texts[i] = TEXTS[i % #TEXTS + 1]:format(
                name == "same" and 1 or round * STATEMENTS + i)
        end
        collectgarbage()
        local begin = os.clock()
        for i = 1, STATEMENTS do step(texts[i]) end
        local us = (os.clock() - begin) / STATEMENTS * 1e6
        if not best or us < best then best = us end
    end
    return best
end

for _, name in ipairs({ "lex", "parse", "check", "compile", "same",
                         "cached" }) do
    print(("%s_us %.2f"):format(name, measure(name)))
end
