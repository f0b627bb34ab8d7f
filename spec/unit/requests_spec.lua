-- What each operation costs, exactly: the table of the README.

local namidb = require("namidb")

local help = require("spec.help")
local large = require("spec.support.large")

local function fresh()
    local uri = help.far_uri()
    return assert(namidb.open(uri)), uri
end

local function commit(db, first, last)
    assert(db:write(function(tx)
        for i = first, last do tx:put_node("N", i, { i = i }) end
    end))
end

describe("requests", function()
    it("of a commit: 1 PUT, 1 round, however much is in it", function()
        local db = fresh()
        assert.equal("put=1 rounds=1", help.cost(db, function()
            commit(db, 1, 1)
        end))
        assert.equal("put=1 rounds=1", help.cost(db, function()
            commit(db, 1, 5000)
        end))
        db:close()
    end)

    it("of edges alone: no segment of the nodes that they lead to", function()
        local db, hub = fresh(), nil
        assert(db:write(function(tx)
            hub = tx:put_node("Hub", 1)
            for i = 1, 3 do
                tx:put_edge("TO", hub, tx:put_node("Leaf", i), { n = i })
            end
        end))
        assert(db:flush())
        local function look(options)
            local before = db:cache_stats().segments
            local sum, nodes = 0, 0
            for _, way in ipairs({ "out", "both" }) do
                for edge, node in db[way](db, hub, "TO", options) do
                    sum, nodes = sum + edge.n, nodes + (node and 1 or 0)
                end
            end
            local after = db:cache_stats().segments
            return { sum, nodes, after.hits + after.misses - before.hits -
                     before.misses }
        end
        look()
        local all, edges = look(), look({ edges_only = true })
        assert.same({ 12, 6, 12, 0 }, { all[1], all[2], edges[1], edges[2] })
        assert.is_true(edges[3] < all[3])
        assert.same(all, look({ edges_only = false }))
        assert.has_error(function() db:out(hub, "TO", { nodes = false }) end)
        db:close()
    end)

    it("of a flush: 2 PUT, 2 rounds; of nothing: none", function()
        local db = fresh()
        commit(db, 1, 1000)
        assert.equal("put=2 rounds=2", help.cost(db, function()
            assert(db:flush())
        end))
        assert.equal("", help.cost(db, function() assert(db:flush()) end))
        db:close()
    end)

    for _, slots in ipairs({ 0, 1, 5, 40 }) do
        it(("of opening above %d slots: 4 and one for each, in 2 rounds, " ..
            "3 to write"):format(slots), function()
            local db, uri = fresh()
            commit(db, 1, 10)
            assert(db:flush())
            for i = 1, slots do commit(db, i, i) end
            db:close()
            local reader = assert(namidb.open(uri, { read_only = true }))
            assert.equal(("get=%d list=2 rounds=2"):format(slots + 2),
                         help.cost_of_all(reader))
            reader:close()
            local writer = assert(namidb.open(uri))
            assert.equal(("get=%d put=1 list=2 rounds=3"):format(slots + 2),
                         help.cost_of_all(writer))
            writer:close()
        end)
    end

    it("of opening above 2,600 slots: the same, and 2 rounds more", function()
        local uri = help.memory_uri()
        local db = assert(namidb.open(uri, { flush_slots = 0 }))
        for i = 1, 2600 do commit(db, i, i) end
        db:close()
        local reader = assert(namidb.open(uri, { read_only = true }))
        assert.equal("get=2602 list=2 rounds=4", help.cost_of_all(reader))
        assert.equal(2600, reader:counts().nodes)
        reader:close()
    end)

    it("of creating a namespace: 2 LIST, 1 GET, 1 PUT, 3 rounds", function()
        local db = fresh()
        assert.equal("get=1 put=1 list=2 rounds=3", help.cost_of_all(db))
        db:close()
    end)

    it("of a refresh: 2 GET in 1 round", function()
        local db, uri = fresh()
        commit(db, 1, 10)
        local reader = assert(namidb.open(uri, { read_only = true }))
        assert.equal("get=2 rounds=1", help.cost(reader, function()
            assert.is_false(reader:refresh())
        end))
        db:close()
        reader:close()
    end)

    it("of an idle handle: none; of closing: none", function()
        local db = fresh()
        commit(db, 1, 10)
        assert.equal("", help.cost(db, function()
            db:snapshot():close()
            assert.is_table(db:node("N", 1))
        end))
        db:close()
    end)

    describe("of reading a small pack", function()
        it("are none for the one that wrote it", function()
            local db = fresh()
            commit(db, 1, 1000)
            assert(db:flush())
            assert.equal("", (help.cost(db, function()
                assert.equal(7, db:node("N", 7).i)
                local seen = 0
                for _ in db:nodes("N") do seen = seen + 1 end
                assert.equal(1000, seen)
            end)))
            db:close()
        end)

        it("are 1 GET for everything, then none", function()
            local db, uri = fresh()
            local hub
            assert(db:write(function(tx)
                hub = tx:put_node("N", 0)
                for i = 1, 100 do
                    tx:put_edge("E", hub, tx:put_node("N", i, { i = i }))
                end
            end))
            assert(db:flush())
            db:close()
            local reader = assert(namidb.open(uri, { read_only = true }))
            local function read()
                assert.equal(7, reader:node("N", 7).i)
                local sum = 0
                for _, node in reader:out(hub) do sum = sum + node.i end
                assert.equal(5050, sum)
                assert.equal(100, reader:degree(hub))
            end
            assert.equal("get=1 rounds=1", help.cost(reader, read))
            assert.equal("", help.cost(reader, read))
            reader:close()
        end)
    end)

    it("of a load: 1 PUT for each batch, and once what tells where the keys " ..
        "are", function()
        local db, uri = fresh()
        large.write_ring(db)
        large.write_ring(db, "other-")
        db:close()
        local lines = { "from,to" }
        for i = 1, 1000 do
            lines[#lines + 1] = ("key-%d,key-%d"):format(i * 59, i * 53)
        end
        lines[#lines + 1] = ""
        local function load(options)
            options.edges = { { type = "L", from = { "N", "from" },
                to = { "N", "to" },
                file = help.file("l.csv", table.concat(lines, "\n")) } }
            options.progress = false
            assert(db:load(options))
        end
        db = assert(namidb.open(uri))
        -- 2 filters; the keys, and the few of the other pack that its filter
        -- lets pass; the rows. What lies near is one request.
        assert.equal("get=5 put=1 rounds=4", (help.cost(db, function()
            load({})
        end)))
        local cost = help.cost(db, function() load({ batch = 100 }) end)
        local puts = tonumber(cost:match("^put=(%d+) rounds=%d+$"))
        assert.is_true(puts <= 10, cost) -- those that wait share one
        db:close()
        help.remove_folders()
    end)

    describe("of reading a large pack", function()
        local uri, reader

        setup(function()
            local db
            db, uri = fresh()
            large.write_ring(db)
            db:close()
        end)
        before_each(function()
            reader = assert(namidb.open(uri, { read_only = true }))
        end)
        after_each(function() reader:close() end)

        it("by key: 2 GET in 2 rounds, at most 128 KiB", function()
            local cost, bytes = help.cost(reader, function()
                assert.equal(4321, reader:node("N", "key-4321").i)
            end)
            assert.equal("get=2 rounds=2", cost)
            assert.is_true(bytes <= 128 * 1024, bytes)
            assert.equal("", (help.cost(reader, function()
                assert.equal(4321, reader:node("N", "key-4321").i)
            end)))
        end)

        it("by id: 1 GET in 1 round", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            assert.equal("get=1 rounds=1", (help.cost(reader, function()
                assert.equal(9, reader:node(id).i)
            end)))
        end)

        it("the degree of a node: 1 GET in 1 round", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            assert.equal("get=1 rounds=1", (help.cost(reader, function()
                assert.equal(3, reader:degree(id, "E"))
            end)))
        end)

        it("one hop by a query, and the edges: 1 GET in 1 round", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            assert.equal("get=1 rounds=1", (help.cost(reader, function()
                local rows = assert(reader:query("MATCH (a)-[e:E]->(b) " ..
                    "WHERE id(a) = $id RETURN e.step AS step", { id = id }))
                assert.equal(3, #rows)
            end)))
        end)

        it("two hops with a property of each node: 3 rounds", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            local cost = help.cost(reader, function()
                local rows = assert(reader:query("MATCH (a)-[:E]->(b)-[:E]->" ..
                    "(c) WHERE id(a) = $id RETURN a.i AS a, b.i AS b, " ..
                    "c.i AS c", { id = id }))
                assert.equal(9, #rows)
                for _, row in ipairs(rows) do
                    assert.equal(9, row.a)
                    assert.is_number(row.b)
                    assert.is_number(row.c)
                end
            end)
            assert.equal("rounds=3", cost:match("rounds=%d+"))
        end)

        it("hops from ids that are no nodes: no rows", function()
            for _, id in ipairs({ 0, -1, 1, 8191, 2 ^ 52, 2 ^ 62 }) do
                assert.equal(0, #assert(reader:query("MATCH (a)-[e]-(b) " ..
                    "WHERE id(a) = toInteger($id) RETURN b", { id = id })))
            end
        end)

        it("one hop with properties: 2 rounds", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            local cost = help.cost(reader, function()
                local seen = 0
                for edge, friend in reader:out(id, "E") do
                    assert.is_number(edge.step)
                    assert.is_number(friend.i)
                    seen = seen + 1
                end
                assert.equal(3, seen)
            end)
            assert.equal("rounds=2", cost:match("rounds=%d+"))
        end)
    end)
end)
