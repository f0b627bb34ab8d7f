-- A graph where everybody follows one: an average says little of it.

local namidb = require("namidb")

local help = require("spec.help")

local USERS, EACH = 3000, 4

local TRIANGLE = "MATCH (a:User)-[:FOLLOWS]->(b:User)<-[:FOLLOWS]-(c:User)" ..
    "<-[:FOLLOWS]-(a) WHERE key(a) = 7 RETURN count(*) AS n"

describe("degrees", function()
    local db, uri

    setup(function()
        uri = help.memory_uri()
        db = assert(namidb.open(uri))
        assert(db:write(function(tx)
            local users = {}
            for i = 1, USERS do users[i] = tx:put_node("User", i) end
            for i = 1, USERS do
                tx:put_edge("FOLLOWS", users[i], users[1])
                for step = 1, EACH do
                    tx:put_edge("FOLLOWS", users[i],
                                users[(i * 7 + step * 131) % USERS + 1])
                end
            end
        end))
    end)
    teardown(function() db:close() end)

    local function plan_of(reader)
        return help.plan(reader, TRIANGLE)
    end

    it("are counted by a flush, and told to readers", function()
        assert.same({ out = {}, into = {} }, db:counts().degrees)
        local before = plan_of(db)
        local n = help.run(db, TRIANGLE)[1].n
        assert(db:flush())
        local reader = assert(namidb.open(uri, { read_only = true }))
        for _, handle in ipairs({ db, reader }) do
            local out = handle:counts().degrees.out.FOLLOWS
            local into = handle:counts().degrees.into.FOLLOWS
            assert.equal(EACH + 1, out.at_an_edge)
            assert.equal(0, out.most)
            assert.equal(USERS + EACH, into.most)
            assert.is_true(into.at_an_edge > USERS / 6)
            assert.is_true(math.abs(into.nodes / USERS - 1) < 0.3)
            assert.is_true(math.abs(out.nodes / USERS - 1) < 0.3)
        end
        -- From one who is followed nobody goes to all that follow him.
        assert.truthy(before:find("Expand (b)<-[#4:FOLLOWS]-(c)", 1, true))
        local after = plan_of(reader)
        assert.falsy(after:find("<-[", 1, true))
        assert.truthy(after:find("Expand (c)-[#4:FOLLOWS]->(b) into", 1, true))
        assert.equal(n, help.run(reader, TRIANGLE)[1].n)
        reader:close()
    end)

    it("lead to an edge from its end with few", function()
        assert.truthy(help.plan(db, "MATCH (x:User)<-[:FOLLOWS]-(b:User) " ..
            "WHERE key(x) = 1 AND key(b) = 8 RETURN count(*) AS n"):find(
            "Expand (b)-[:FOLLOWS]->(x) into", 1, true))
    end)

    it("have a plan made anew when they are known first", function()
        local fresh = help.open()
        help.run(fresh, "UNWIND range(1, 2000) AS i CREATE (:User {i: i})")
        help.run(fresh, "MATCH (a:User {i: 1}), (b:User) WHERE b.i > 1 " ..
            "CREATE (b)-[:FOLLOWS]->(a), (a)-[:FOLLOWS]->(b)")
        local text = "MATCH (x:User)-[:FOLLOWS]->(y), (x)-[:FOLLOWS]->(z) " ..
            "WHERE id(x) = 1 RETURN count(*) AS n"
        local made = fresh:cache_stats().statements.misses
        for _ = 1, 8 do help.run(fresh, text) end
        assert.equal(made + 1, fresh:cache_stats().statements.misses)
        assert(fresh:flush())
        for _ = 1, 8 do help.run(fresh, text) end
        assert.equal(made + 2, fresh:cache_stats().statements.misses)
        fresh:close()
    end)
end)
