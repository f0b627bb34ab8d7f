-- Plans, as EXPLAIN shows them: what they start from, which way they walk, what
-- they keep.

local namidb = require("namidb")

local help = require("spec.help")

-- 200 people who know 3 others each and live in one of 4 cities.
local db = assert(namidb.open("memory://plan"))
assert(db:write(function(tx)
    local people, cities = {}, {}
    for i = 1, 4 do
        cities[i] = tx:put_node("City", "city " .. i, { name = "city " .. i })
    end
    for i = 1, 200 do
        people[i] = tx:put_node("Person", i, { name = "p" .. i, age = i % 50 })
        tx:put_edge("LIVES_IN", people[i], cities[i % 4 + 1], {})
    end
    for i = 1, 200 do
        for step = 1, 3 do
            tx:put_edge("KNOWS", people[i], people[(i + step) % 200 + 1], {})
        end
    end
    tx:add_label(people[1], "Admin")
end))

local function plan(text)
    return help.plan(db, text)
end

local function has(text, ...)
    local lines = plan(text)
    local at = 1
    for i = 1, select("#", ...) do
        local wanted = select(i, ...)
        local from, to = lines:find(wanted, at, true)
        assert(from, ("%s\nhas no %s there"):format(lines, wanted))
        at = to
    end
end

local function has_not(text, unwanted)
    local lines = plan(text)
    assert(not lines:find(unwanted, 1, true), lines)
end

describe("a plan starts", function()
    it("where the fewest nodes are, whatever stands first", function()
        has("MATCH (p:Person)-[:LIVES_IN]->(c:City) RETURN p, c",
            "Expand (c)<-[:LIVES_IN]-(p)", "NodeScan (c:City)")
        has("MATCH (p:Person)-[:KNOWS]->(a:Admin) RETURN p",
            "Expand (a)<-[:KNOWS]-(p)", "NodeScan (a:Admin)")
    end)

    it("at the end that a condition makes small", function()
        has("MATCH (a:Person)-[:KNOWS]->(b:Person) WHERE b.age = 3 RETURN a",
            "Expand (b)<-[:KNOWS]-(a)", "Filter (b.age = 3)",
            "NodeScan (b:Person)")
        has("MATCH (a:Person {age: 3})-[:KNOWS]->(b:Person) RETURN b",
            "Expand (a)-[:KNOWS]->(b)", "Filter (a.age = 3)",
            "NodeScan (a:Person)")
    end)

    it("at a key or an id, wherever it stands", function()
        has("MATCH (a:Person)-[:KNOWS]->(b)-[:LIVES_IN]->(c:City) " ..
            "WHERE key(c) = $k RETURN a", "Expand (b)<-[:KNOWS]-(a)",
            "Expand (c)<-[:LIVES_IN]-(b)", "NodeByKey (c:City) key = $k")
        has("MATCH (a)-[:KNOWS]->(b) WHERE id(b) = $id RETURN a",
            "Expand (b)<-[:KNOWS]-(a)", "NodeById (b) id = $id")
    end)

    it("at the label of which there are fewer, and tests the other", function()
        has("MATCH (n:Person:Admin) RETURN n", "Filter n:Person:Admin",
            "NodeScan (n:Admin)")
        has_not("MATCH (n:Admin) RETURN n", "Filter")
    end)

    it("at the edges, where there are fewer of them than of nodes", function()
        db:query("MATCH (a:Person {name: 'p1'}), (b:Person {name: 'p2'}) " ..
            "CREATE (a)-[:MARRIED]->(b)-[:MARRIED]->(a)")
        has("MATCH (a)-[r:MARRIED]->(b)-[:KNOWS]->(c) RETURN a, b, c",
            "Expand (b)-[:KNOWS]->(c)", "EdgeScan (a)-[r:MARRIED]->(b)")
        has("MATCH (a:Person)-[:MARRIED]-(b) RETURN a.name AS a, b.name AS b",
            "Filter a:Person", "EdgeScan")
        assert.equal(4, #db:query("MATCH (a:Person)-[:MARRIED]-(b) RETURN a"))
        assert.equal(2, #db:query("MATCH (a)-[r:MARRIED]->(b)-[s:MARRIED]->" ..
            "(c) RETURN r, s"))
        assert.equal(0, #db:query("MATCH (a)-[:MARRIED]->(a) RETURN a"))
    end)

    it("at the condition that fewer rows meet, as values were flushed",
       function()
        local other = assert(namidb.open("memory://plan-values"))
        local function starts_at(text, wanted)
            local lines = tostring(assert(other:query("EXPLAIN " .. text)))
            assert(lines:find("NodeScan (" .. wanted .. ":P)", 1, true), lines)
        end
        other:query("UNWIND range(1, 900) AS i CREATE (:P {number: i, " ..
            "parity: i % 2, rare: CASE WHEN i < 4 THEN i END})")
        other:query("MATCH (a:P) MATCH (b:P {number: a.number + 1}) " ..
            "CREATE (a)-[:R {weight: a.number, same: 1}]->(b)")
        local text = "MATCH (a:P {parity: 1})-[:R]->(b:P {number: $n}) " ..
            "RETURN a.number AS n"
        starts_at(text, "a")
        assert.equal(7, other:query(text, { n = 8 })[1].n)
        assert(other:flush())
        -- The plan that is kept is of a graph of which less was known, until
        -- it is looked at again.
        for _ = 1, 8 do assert(other:query("EXPLAIN " .. text)) end
        starts_at(text, "b")
        assert.equal(7, other:query(text, { n = 8 })[1].n)
        starts_at("MATCH (a:P {number: $n})-[:R]->(b:P {parity: 1}) " ..
            "RETURN a", "a")
        starts_at("MATCH (a:P)-[:R]->(b:P) WHERE a.parity IS NOT NULL AND " ..
            "b.rare IS NOT NULL RETURN a", "b")
        starts_at("MATCH (a:P)-[:R]->(b:P) WHERE a.parity IN [0, 1] AND " ..
            "b.number IN [1, 2, 3, 4, 5] RETURN a", "b")
        other:close()
    end)

    it("and walks first where the fewest rows come from", function()
        has("MATCH (c)<-[:LIVES_IN]-(p:Person)-[:KNOWS]->(q) " ..
            "WHERE key(p) = 1 RETURN c, q", "Expand (p)-[:KNOWS]->(q)",
            "Expand (p)-[:LIVES_IN]->(c)", "NodeByKey")
    end)
end)

describe("a plan", function()
    it("is made anew when the graph became another", function()
        local other = assert(namidb.open("memory://plan-anew"))
        other:query("UNWIND range(1, 3) AS i CREATE (:B)")
        other:query("UNWIND range(1, 12) AS i CREATE (:A)")
        other:query("MATCH (a:A), (b:B) CREATE (a)-[:R]->(b)")
        local text = "MATCH (a:A)-[:R]->(b:B) RETURN count(*) AS n"
        local function start()
            return other:query("EXPLAIN " .. text).plan:match("NodeScan %((%a)")
        end
        assert.equal("b", start())
        assert.equal(36, other:query(text)[1].n)
        other:query("UNWIND range(1, 5000) AS i CREATE (:B)")
        for _ = 1, 4 do assert.equal("b", start():match("[ab]") and "b") end
        assert.equal("a", start())
        assert.equal(36, other:query(text)[1].n)
        other:close()
    end)

    it("keeps ORDER BY behind DISTINCT", function()
        has("MATCH (p:Person) RETURN DISTINCT p.age AS age ORDER BY age DESC",
            "Sort age DESC", "Distinct age")
        local ages = assert(db:query("MATCH (p:Person) RETURN DISTINCT " ..
            "p.age AS age ORDER BY age DESC LIMIT 3"))
        assert.same({ { age = 49 }, { age = 48 }, { age = 47 } },
                    { ages[1], ages[2], ages[3] })
    end)

    it("keeps every condition beside a seek", function()
        local text = "MATCH (p:Person) WHERE key(p) = 7 AND p.age = 8 RETURN p"
        has(text, "Filter (p.age = 8)", "NodeByKey (p:Person) key = 7")
        assert.equal(0, #assert(db:query(text)))
        assert.equal(0, #assert(db:query(
            "MATCH (p:City) WHERE key(p) = 7 RETURN p")))
        has("MATCH (p:Person:Admin) WHERE key(p) = 7 RETURN p",
            "Filter p:Person:Admin", "NodeByKey")
    end)

    it("is the same text each time", function()
        local text = "MATCH (a:Person)-[:KNOWS|LIVES_IN]->(b)<--(c:Person) " ..
            "WHERE a.age > c.age RETURN a.name, count(c) ORDER BY a.name"
        local first = plan(text)
        for _ = 1, 20 do assert.equal(first, plan(text)) end
    end)
end)

describe("namidb.plan.encode", function()
    local context = require("namidb.plan.context")
    local encode = require("namidb.plan.encode")

    local function bytes(column)
        return (encode.plan(context.new(0), { column },
                            { kind = "ARGUMENT", live = {} }))
    end

    it("is not disturbed by a plan that a finalizer has made meanwhile",
       function()
        local finalizing = setmetatable({ slot = 0 }, { __index = function()
            bytes({ name = "another", slot = 0 })
            return "x"
        end })
        assert.equal(bytes({ name = "x", slot = 0 }), bytes(finalizing))
    end)
end)
