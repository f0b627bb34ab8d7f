-- Where a pattern starts, and from which end an edge is looked for whose ends
-- are both known.

local help = require("spec.help")

describe("a pattern", function()
    local db

    -- Many live in few towns; each knows a few.
    setup(function()
        db = help.open()
        help.run(db, "UNWIND range(1, 3) AS i CREATE (:Town {i: i})")
        assert(db:write(function(tx)
            local people, towns = {}, {}
            for i = 1, 3 do towns[i] = tx:put_node("Town", i) end
            for i = 1, 300 do
                people[i] = tx:put_node("Person", i, { i = i })
                tx:put_edge("LIVES_IN", people[i], towns[i % 3 + 1])
            end
            for i = 1, 300 do
                for step = 1, 3 do
                    tx:put_edge("KNOWS", people[i],
                                people[(i * 7 + step * 11) % 300 + 1])
                end
            end
        end))
    end)
    teardown(function() db:close() end)

    it("is closed from the end with fewer edges", function()
        local text = "MATCH (a:Person)-[:LIVES_IN]->(t:Town)<-[:LIVES_IN]-" ..
            "(b:Person)<-[:KNOWS]-(a) WHERE key(a) = 1 RETURN count(*) AS n"
        assert.truthy(help.plan(db, text):find(
            "Expand (b)-[#4:LIVES_IN]->(t) into", 1, true))
        local rows = 0
        for step = 1, 3 do
            if (7 + step * 11) % 3 == 0 then rows = rows + 1 end
        end
        assert.equal(rows, help.run(db, text)[1].n)
    end)

    it("is closed so by walks of any length", function()
        local text = "MATCH (t:Town)<-[:LIVES_IN*1..2]-(p:Person) " ..
            "WHERE key(t) = 2 AND key(p) = 4 RETURN count(*) AS n"
        assert.truthy(help.plan(db, text):find(
            "VarLengthExpand (p)-[:LIVES_IN*1..2]->(t) into", 1, true))
        assert.equal(1, help.run(db, text)[1].n)
    end)

    it("looks for an element id as for an id", function()
        local id = help.run(db, "MATCH (p:Person) WHERE key(p) = 7 " ..
            "RETURN id(p) AS id")[1].id
        local text = "MATCH (p:Person) WHERE elementId(p) = '%s' " ..
            "RETURN key(p) AS k"
        assert.truthy(help.plan(db, text:format(id)):find("NodeById (p)", 1,
                                                          true))
        assert.same({ { k = 7 } }, { help.run(db, text:format(id))[1] })
        for _, none in ipairs({ "0%d", "%d.0", " %d", "x%d" }) do
            assert.equal(0, #help.run(db, text:format(none:format(id))))
        end
        local edge = help.run(db, "MATCH (:Person)-[e:KNOWS]->() " ..
            "RETURN elementId(e) AS id LIMIT 1")[1].id
        text = "MATCH ()-[e:KNOWS]->() WHERE elementId(e) = $id RETURN e"
        assert.equal(tonumber(edge),
                     help.run(db, text, { id = edge })[1].e.id)
        assert.truthy(help.plan(db, text, { id = edge }):find("EdgeById", 1,
                                                              true))
    end)

    it("looks for each node that has a key by its key", function()
        local text = "MATCH (a:Person)-[:KNOWS]->(x)<-[:KNOWS]-(b:Person) " ..
            "WHERE key(a) = 1 AND key(b) = 301 - 1 RETURN count(x) AS n"
        local plan = help.plan(db, text)
        assert.truthy(plan:find("NodeByKey (a:Person)", 1, true))
        assert.truthy(plan:find("NodeByKey (b:Person)", 1, true))
        local mine, n = {}, 0
        for step = 1, 3 do mine[(7 + step * 11) % 300 + 1] = true end
        for step = 1, 3 do
            if mine[(300 * 7 + step * 11) % 300 + 1] then n = n + 1 end
        end
        assert.equal(n, help.run(db, text)[1].n)
    end)

    -- A flush counts how many names there are.
    it("looks so for what an index finds, if its values hardly repeat",
       function()
        local fresh = help.open()
        help.run(fresh, "CREATE INDEX FOR (p:P) ON (p.name)")
        help.run(fresh, "CREATE INDEX FOR (p:P) ON (p.age)")
        help.run(fresh, "CREATE (t:T) WITH t UNWIND range(1, 400) AS i " ..
            "CREATE (:P {name: 'n' + i, age: i % 40})-[:IN]->(t)")
        assert(fresh:wait_indexes(30))
        assert(fresh:flush())
        local plan = help.plan(fresh, "MATCH (a:P)-[:IN]->(t)<-[:IN]-(b:P) " ..
            "WHERE a.name = 'n1' AND b.name = 'n2' RETURN t")
        assert.truthy(plan:find("NodeByIndex (a:P)", 1, true))
        assert.truthy(plan:find("NodeByIndex (b:P)", 1, true))
        plan = help.plan(fresh, "MATCH (a:P)-[:IN]->(t)<-[:IN]-(b:P) " ..
            "WHERE a.name = 'n1' AND b.age = 2 RETURN t")
        assert.falsy(plan:find("NodeByIndex (b:P)", 1, true))
        assert.equal(10, help.run(fresh, "MATCH (a:P)-[:IN]->(t)<-[:IN]-" ..
            "(b:P) WHERE a.name = 'n1' AND b.age = 2 " ..
            "RETURN count(*) AS n")[1].n)
        fresh:close()
    end)

    it("gives nothing where one of them is not there", function()
        assert.equal(0, help.run(db, "MATCH (a:Person)-[:KNOWS]->(b:Person) " ..
            "WHERE key(a) = 1 AND key(b) = 9999 RETURN count(*) AS n")[1].n)
    end)

    -- Both are looked for by what the row says.
    it("does so for each row", function()
        local rows = help.run(db, "UNWIND [1, 2, 999] AS i " ..
            "MATCH (a:Person)-[:LIVES_IN]->(t:Town) " ..
            "WHERE key(a) = i AND key(t) = i % 3 + 1 RETURN i, key(t) AS t")
        assert.equal(2, #rows)
        assert.equal(2, rows[1].t)
        assert.equal(3, rows[2].t)
    end)
end)
