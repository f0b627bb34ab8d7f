-- Many nodes or edges in one call: what the arrays may hold and what an error
-- says. What blocks make of them is for c/test/test_tx_rows.c.

local help = dofile("spec/help.lua")
local namidb = require("namidb")

describe("tx:put_nodes and tx:put_edges", function()
    local db, tx

    before_each(function()
        db = help.open()
        tx = assert(db:begin())
    end)
    after_each(function()
        tx:abort()
        db:close()
    end)

    local function count(handle, label)
        return #help.collect(handle:nodes(label))
    end

    it("write values of every kind, and nil is absent", function()
        local values = { true, 7, 2.5, "text", namidb.bytes("\0x"),
                         namidb.date(2020, 2, 29), { 1, 2 },
                         namidb.vector({ 1, 2 }), namidb.null, nil, -1 }
        local keys = {}
        for i = 1, 11 do keys[i] = "k" .. i end
        local ids = assert(tx:put_nodes("N", keys, { v = values }))
        for i, key in ipairs(keys) do
            local node = tx:node("N", key)
            local single = tx:create_node("M", { v = values[i] })
            assert.equal(ids[i], node.id)
            assert.equal(tostring(tx:node(single).v), tostring(node.v))
        end
        assert.is_nil(tx:node("N", "k9").v)
        assert.is_nil(tx:node("N", "k10").v)
    end)

    it("upsert by key, also within one call", function()
        local first = assert(tx:put_nodes("N", { 1, 2 }, { a = { 10, 20 } }))
        local again = assert(tx:put_nodes("N", { 2, 3, 2 },
                                          { b = { 1, 2, 3 } },
                                          { merge = true }))
        assert.equal(first[2], again[1])
        assert.equal(again[1], again[3])
        assert.same({ a = 20, b = 3 }, tx:node("N", 2).props)
        assert(tx:put_nodes("N", { 2 }, { c = { 9 } }))
        assert.same({ c = 9 }, tx:node("N", 2).props)
    end)

    it("join nodes by ids and by nodes", function()
        local ids = assert(tx:put_nodes("N", { "a", "b", "c" }))
        local edges = assert(tx:put_edges("T", { ids[1], tx:node("N", "b") },
                                          { ids[2], ids[3] }, { w = { 5 } }))
        assert.equal(2, #edges)
        assert.equal(5, tx:edge(edges[1]).w)
        assert.is_nil(tx:edge(edges[2]).w)
        assert.equal(ids[2], tx:edge(edges[2]).from)
        assert.equal(ids[3], tx:edge(edges[2]).to)
    end)

    it("take no rows at all", function()
        assert.same({}, tx:put_nodes("N", {}))
        assert.same({}, tx:put_edges("T", {}, {}, { a = {} }))
    end)

    it("are one PUT, with whatever else is in the batch", function()
        local keys, from, to = {}, {}, {}
        for i = 1, 3000 do keys[i] = i end
        local before = db:stats().requests.put
        tx:abort()
        assert(db:write(function(batch)
            local ids = assert(batch:put_nodes("N", keys))
            for i = 1, 3000 do from[i], to[i] = ids[i], ids[3001 - i] end
            assert(batch:put_edges("T", from, to))
        end))
        assert.equal(before + 1, db:stats().requests.put)
        assert.equal(3000, count(db, "N"))
        assert.equal(3000, #help.collect(db:edges("T")))
    end)

    it("write nothing when one end is absent, and say which row", function()
        local ids = assert(tx:put_nodes("N", { 1, 2 }))
        local gone = ids[2] + 8192 * 1000
        local made, err = tx:put_edges("T", { ids[1], ids[2], ids[1] },
                                       { ids[2], gone, ids[2] })
        assert.is_nil(made)
        assert.equal("not_found", err.code)
        assert.equal(2, err.row)
        assert.truthy(err.message:find("^row 2: there is no node"))
        assert.equal(0, tx:degree(ids[1], "T", "out"))
        assert.equal(2, count(tx, "N"))
    end)

    it("write nothing when a constraint forbids one", function()
        tx:abort()
        assert(db:query("CREATE CONSTRAINT u FOR (n:N) REQUIRE n.u IS UNIQUE"))
        tx = assert(db:begin())
        local ids, err = tx:put_nodes("N", { 1, 2, 3 }, { u = { 7, 8, 7 } })
        assert.is_nil(ids)
        assert.equal("constraint", err.code)
        assert.equal(3, err.row)
        assert.equal(0, count(tx, "N"))
    end)

    it("raise at the caller's line for what cannot be rows", function()
        local id = tx:put_node("N", "a")
        local ids = { id }
        for message, misuse in pairs({
            ["keys: an array is wanted, not a string"] =
                function() tx:put_nodes("N", "a") end,
            ["row 2: a key is"] =
                function() tx:put_nodes("N", { "a", 1.5 }) end,
            ["from has 1 rows, to has 2"] =
                function() tx:put_edges("T", { id }, { id, id }) end,
            ["to[2]: an id or a node is wanted, not string"] =
                function() tx:put_edges("T", { id, id }, { id, "b" }) end,
            ["from[1]: an id or a node is wanted, not such a number"] =
                function() tx:put_edges("T", { 0.5 }, { id }) end,
            ["w: an array is wanted, not a number"] =
                function() tx:put_edges("T", ids, ids, { w = 1 }) end,
            ["w: more values than the 1 rows"] =
                function() tx:put_edges("T", ids, ids, { w = { 1, 2 } }) end,
            ["w[1]: "] =
                function() tx:put_edges("T", ids, ids, { w = { print } }) end,
            ["property names are strings, not a number"] =
                function() tx:put_edges("T", ids, ids, { { 1 } }) end,
            ["unknown option 'marge'"] =
                function() tx:put_nodes("N", {}, nil, { marge = true }) end,
            ["a name is wanted, not a nil"] =
                function() tx:put_nodes(nil, {}) end,
        }) do
            help.check_misuse(misuse, message)
        end
        assert.equal(1, count(tx, "N"))
    end)
end)
