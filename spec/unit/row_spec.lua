-- Nodes and edges as Lua values: fields that are made when they are asked for,
-- of rows that were read together.

local namidb = require("namidb")
local help = require("spec.help")

local COUNT = 150 -- more than a block, and than a first chunk

-- What LuaJIT reads a row by, its memory and the names; nothing elsewhere.
local function memory_of(row)
    if type(row[1]) == "table" then return row[1][1], row[1][2] end
end

local function collect()
    collectgarbage()
    collectgarbage()
end

-- A node with an edge to each of COUNT others; what is `flushed` is read from
-- packs.
local function open_star(is_flushed)
    local db = help.open()
    local hub
    assert(db:write(function(tx)
        hub = tx:put_node("Hub", "hub", { list = { 1, 2, { 3 } } })
        for i = 1, COUNT do
            local props = { n = i, name = "leaf " .. i }
            if i % 3 == 0 then props.third = { i, "x" } end
            if i % 50 == 0 then props.big = ("b"):rep(70000) .. i end
            local leaf = tx:put_node("Leaf", i, props)
            if i % 2 == 0 then assert(tx:add_label(leaf, "Even")) end
            tx:put_edge("TO", hub, leaf, { at = namidb.date(2020, 1, 1),
                                           n = i })
        end
    end))
    if is_flushed then assert(db:flush()) end
    return db, hub
end

for _, is_flushed in ipairs({ false, true }) do
    describe(is_flushed and "rows of packs" or "rows of memory", function()
        it("have all fields of all rows, in any order, whenever", function()
            local db, hub = open_star(is_flushed)
            local rows = help.collect(db:out(hub, "TO"))
            db:close()
            db = nil -- luacheck: ignore
            collect()
            assert.equal(COUNT, #rows)
            table.sort(rows, function(a, b) return a[2].n > b[2].n end)
            for at, pair in ipairs(rows) do
                local edge, leaf = pair[1], pair[2]
                local i = COUNT + 1 - at
                assert.equal(i, leaf.key)
                assert.equal("leaf " .. i, leaf.name)
                assert.same(i % 2 == 0 and { "Leaf", "Even" } or { "Leaf" },
                            leaf.labels)
                assert.equal(i % 3 == 0 and i or nil,
                             leaf.third and leaf.third[1])
                assert.equal(i % 50 == 0 and ("b"):rep(70000) .. i or nil,
                             leaf.big)
                assert.equal(leaf.id, edge.to)
                assert.equal(hub, edge.from)
                assert.equal("TO", edge.type)
                assert.equal(i, edge.n)
                assert.equal("2020-01-01", tostring(edge.at))
                assert.is_nil(edge.absent)
                assert.is_nil(leaf[3])
            end
        end)
    end)
end

describe("a row", function()
    local db, hub

    setup(function() db, hub = open_star() end)
    teardown(function() db:close() end)

    it("makes tables once", function()
        local node = db:node(hub)
        assert.equal(node.list, node.list)
        assert.equal(node.list, node.props.list)
        assert.equal(node.labels, node.labels)
        assert.equal(node.props, node.props)
        node = db:node(hub)
        assert.equal(node.props.list, node.list)
        assert.is_false(rawequal(node.list, db:node(hub).list))
    end)

    it("keeps what a program sets in it, for itself", function()
        local rows = help.collect(db:nodes("Leaf"))
        local first, second = rows[1][1], rows[2][1]
        first.seen, first.n, first.labels[1] = true, "mine", "Mine"
        assert.equal("mine", first.n)
        assert.is_true(first.seen)
        assert.is_nil(second.seen)
        assert.equal(2, second.n)
        assert.equal("Leaf", second.labels[1])
        assert.equal(1, db:node("Leaf", 1).n)
    end)

    it("reads every name that is not its own as a property", function()
        local node_id, edge_id
        local names = { "id", "key", "labels", "type", "from", "to", "props" }
        local props = {}
        for _, name in ipairs(names) do props[name] = "p " .. name end
        assert(db:write(function(tx)
            node_id = tx:put_node("Names", "k", props)
            edge_id = tx:put_edge("NAMES", node_id, node_id, props)
        end))
        local node, edge = db:node(node_id), db:edge(edge_id)
        assert.same(props, node.props)
        assert.same(props, edge.props)
        assert.equal(node_id, node.id)
        assert.equal("k", node.key)
        assert.same({ "Names" }, node.labels)
        assert.same({ "p type", "p from", "p to" },
                    { node.type, node.from, node.to })
        assert.same({ edge_id, "NAMES", node_id, node_id },
                    { edge.id, edge.type, edge.from, edge.to })
        assert.same({ "p key", "p labels" }, { edge.key, edge.labels })
        local told = namidb.json.decode(namidb.json.encode({ node, edge }))
        assert.same({ id = node_id, key = "k", labels = { "Names" },
                      props = props }, told[1])
        assert.same({ id = edge_id, type = "NAMES", from = node_id,
                      to = node_id, props = props }, told[2])
    end)

    it("is what it was when the graph is something else", function()
        local node = db:node("Leaf", 7)
        local rows = db:query("MATCH (l:Leaf) WHERE l.n = 7 RETURN l")
        assert(db:write(function(tx) assert(tx:set(node, { n = 8 })) end))
        assert.equal(7, node.n)
        assert.equal(7, rows[1].l.props.n)
        assert.equal(8, db:node(node).n)
        assert(db:write(function(tx) assert(tx:set(node, { n = 7 })) end))
    end)

    it("says nothing, and breaks nothing, when it was tampered with", function()
        local node = db:node("Leaf", 1)
        local edge
        for found in db:edges("TO") do edge = found end
        local mt = getmetatable(node)
        for _, raw in ipairs({
            {}, { 1, 2 }, { io.stdout, 0 }, { node[1], -1 }, { node[1], 1 },
            { node[1], 2 ^ 40 }, { edge[1], 0 }, { db, 0 },
            { {}, 0 }, { { io.stdout, {} }, 0 }, { { (memory_of(node)) }, 0 },
            { { db, {} }, 0 }, { { node[1], {} }, 0 },
        }) do
            local forged = setmetatable(raw, mt)
            assert.is_nil(forged.id)
            assert.is_nil(forged.name)
        end
    end)

    it("breaks nothing when its names were tampered with", function()
        local other = help.open()
        assert(other:write(function(tx)
            tx:put_edge("R", tx:put_node("A", "a", { x = 1, y = { 1 } }),
                        tx:put_node("B", "b"), { z = 1 })
        end))
        local a = other:node("A", "a")
        local names = select(2, memory_of(a)) or {}
        for name in pairs(names) do names[name] = {} end
        for _, name in ipairs({ "x", "y", "props", "labels", "id", "key" }) do
            local _ = a[name]
        end
        for edge in other:out(a) do
            local _ = { edge.z, edge.type, edge.props }
        end
        for name in pairs(names) do names[name] = nil end
        local _ = { a.x, a.props, a.labels }
        for _, number in ipairs({ 0 / 0, 0.5, "0", "x", {} }) do
            _ = setmetatable({ a[1], number }, getmetatable(a)).x
        end
        other:close()
    end)

    it("has as many properties as it has", function()
        local other = help.open()
        local props = { key = "k", from = 1, to = 2.5, type = false,
                        big = 2 ^ 52, empty = "" }
        for i = 1, 30 do props["p" .. i] = i end
        assert(other:write(function(tx) tx:put_node("Wide", "w", props) end))
        for _ = 1, 100 do -- so that LuaJIT compiles it
            local node = other:node("Wide", "w")
            for name, value in pairs(props) do
                assert.equal(name == "key" and "w" or value, node[name])
            end
            assert.is_nil(node.p31)
            assert.is_nil(node[3])
        end
        other:close()
    end)

    it("gives its fields to pairs, where pairs asks for them", function()
        local asks = false
        local probe = setmetatable({}, { __pairs = function()
            asks = true
            return next, {}, nil
        end })
        for _ in pairs(probe) do end -- luacheck: ignore
        if not asks then return end
        local node = db:node("Leaf", 3)
        node.mine = 1
        local fields = {}
        for name, field in pairs(node) do fields[name] = field end
        assert.same({ id = node.id, key = 3, labels = { "Leaf" },
                      props = node.props, n = 3, name = "leaf 3",
                      third = node.third, mine = 1 }, fields)
    end)
end)
