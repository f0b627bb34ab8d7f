-- Labels of nodes that were walked to. Where all nodes of a table have a label,
-- or none has it, no node is looked at; the answers are the same.

local help = require("spec.help")

local function texts(db, text, params)
    local found = {}
    for row in db:rows(text, params) do
        found[#found + 1] = tostring(row.n) .. (row.x == nil and "" or
            tostring(row.x):sub(1, 1))
    end
    table.sort(found)
    return table.concat(found, " ")
end

local WALK = "MATCH (:Hub)-[:TO]->(m:%s) RETURN m.n AS n"

describe("a label of nodes that were walked to", function()
    local db, hub

    before_each(function()
        db = help.open()
        assert(db:write(function(tx)
            hub = tx:put_node("Hub", "hub")
            for i = 1, 200 do -- so that no walk begins there
                tx:create_node(i % 2 == 0 and "A" or "B", { n = -i })
            end
            for i = 1, 6 do
                tx:put_edge("TO", hub, tx:create_node(i <= 3 and "A" or "B",
                                                      { n = i }))
            end
        end))
        assert(db:flush())
    end)
    after_each(function() db:close() end)

    local function node(n)
        return db:query("MATCH (m) WHERE m.n = $n RETURN m", { n = n })[1].m
    end

    local function check(a, b, more)
        assert.equal(a, texts(db, WALK:format("A")))
        assert.equal(b, texts(db, WALK:format("B")))
        assert.equal(more, texts(db, WALK:format("More")))
        assert.equal("", texts(db, WALK:format("Nobody")))
    end

    it("is asked of all that were walked to", function()
        local plan = db:query("EXPLAIN " .. WALK:format("A")).plan
        assert.truthy(plan:find("Filter m:A.-Expand"))
    end)

    it("is its table's, or one more, in packs and in memory", function()
        check("1 2 3", "4 5 6", "")
        local two, five = node(2), node(5)
        assert(db:write(function(tx)
            tx:add_label(two, "More")
            tx:add_label(five, "A")
        end))
        check("1 2 3 5", "4 5 6", "2")
        assert(db:flush())
        check("1 2 3 5", "4 5 6", "2")
        assert.equal("2", texts(db, WALK:format("A:More")))
        assert.equal("5", texts(db, WALK:format("A:B")))
        assert.equal("", texts(db, WALK:format("B:More")))
    end)

    it("may be gone, also the first one", function()
        local one = node(1)
        assert(db:write(function(tx) tx:remove_label(one, "A") end))
        check("2 3", "4 5 6", "")
        assert(db:flush())
        check("2 3", "4 5 6", "")
    end)

    it("is known of a statement's own writes", function()
        local rows = db:query("MATCH (:Hub)-[:TO]->(m) WHERE m.n < 3 " ..
            "SET m:More REMOVE m:A WITH m RETURN m.n AS n, m:More AS x, " ..
            "m:A AS y ORDER BY n")
        assert.same({ { n = 1, x = true, y = false },
                      { n = 2, x = true, y = false } }, { rows[1], rows[2] })
        local _, err = db:query("MATCH (:Hub)-[:TO]->(m {n: 3}) " ..
            "DETACH DELETE m WITH m RETURN m:A AS x")
        assert.truthy(tostring(err):find("was deleted", 1, true))
    end)

    it("has no answer for a parameter that is gone", function()
        local one, two = node(1), node(2)
        assert(db:write(function(tx)
            tx:delete_node(one, { detach = true })
        end))
        assert(db:flush())
        for _, text in ipairs({
            "UNWIND $nodes AS m WITH m ORDER BY id(m) RETURN m:A AS x",
            "UNWIND $nodes AS m WITH DISTINCT m WHERE m:A RETURN id(m) AS x",
            "WITH $node AS m RETURN m:A AS x",
        }) do
            local _, err = db:query(text, { nodes = { one, two }, node = one })
            assert.equal("not_found", err.code)
        end
    end)

    it("has no answer for what a procedure has of elsewhere", function()
        local one = node(1)
        db:register("gone", { yields = { { name = "m", type = "NODE" } },
                              call = function() return { { one } } end })
        assert(db:write(function(tx)
            tx:delete_node(one, { detach = true })
        end))
        assert(db:flush())
        local _, err = db:query("CALL gone() YIELD m WITH m ORDER BY id(m) " ..
            "RETURN m:A AS x")
        assert.equal("not_found", err.code)
    end)
end)
