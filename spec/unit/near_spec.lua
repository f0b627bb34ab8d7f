-- What a first run reads of a store nearby, where bytes cost and requests do
-- not: segments that it looks at, and not the packs that they are in.

local namidb = require("namidb")

local help = require("spec.help")
local large = require("spec.support.large")

local NODES, HUB = 4000, 7

-- One pack of 1.5 MB, most of it texts; a hub with ten edges to the first ten.
-- Gives the pack's bytes and the nodes' ids.
local function write(uri)
    local db = assert(namidb.open(uri))
    local ids = {}
    assert(db:write(function(tx)
        for i = 1, NODES do
            ids[i] = tx:put_node("N", i, { i = i, text = large.text(i, 80) })
        end
        for i = 1, 10 do tx:put_edge("E", ids[HUB], ids[i]) end
    end))
    assert(db:flush())
    local bytes = db:stats().pack_bytes
    assert.is_true(bytes > 2 ^ 20 and bytes < 2 ^ 21, bytes)
    db:close()
    return bytes, ids
end

local HOP = "MATCH (h:N)-[:E]->(n) WHERE key(h) = 7 RETURN sum(n.i) AS sum"

describe("a first run", function()
    teardown(help.remove_folders)

    -- Of a hop from a key it needs the keys, the edges, and the first rows.
    local function cost_of_hop(uri)
        local db = assert(namidb.open(uri, { read_only = true }))
        local function run()
            assert.equal(55, help.run(db, HOP)[1].sum)
        end
        local cost, bytes = help.cost(db, run)
        assert.equal("", (help.cost(db, run)))
        db:close()
        return cost, bytes
    end

    for kind, uri_of in pairs(help.stores) do
        it("reads of a " .. kind .. " store what it looks at", function()
            local uri = uri_of()
            write(uri)
            local cost, bytes = cost_of_hop(uri)
            assert.equal("get=3 rounds=3", cost)
            assert.is_true(bytes < 100 * 1024, bytes)
        end)

        it("reads of a " .. kind .. " store that is far the whole pack, once",
           function()
            local uri = uri_of()
            local pack_bytes = (write(uri))
            local far = uri .. (uri:find("?", 1, true) and "&" or "?") ..
                "far=true"
            local cost, bytes = cost_of_hop(far)
            assert.equal("get=1 rounds=1", cost)
            assert.equal(pack_bytes, bytes)
        end)
    end

    it("reads no more of a second node than what is not there yet", function()
        local uri = help.memory_uri()
        local _, ids = write(uri)
        local db = assert(namidb.open(uri, { read_only = true }))
        local function cost_of(i)
            return (help.cost(db, function()
                assert.equal(i, db:node(ids[i]).i)
            end))
        end
        assert.equal("get=1 rounds=1", cost_of(1))
        assert.equal("", cost_of(2))
        assert.equal("get=1 rounds=1", cost_of(NODES))
        db:close()
    end)

    it("is told by the store whether it is far", function()
        local function is_far(uri)
            local db = assert(namidb.open(uri))
            local is_it = db:stats().store.is_far
            db:close()
            return is_it
        end
        assert.is_false(is_far(help.memory_uri()))
        assert.is_false(is_far(help.memory_uri() .. "?far=false"))
        assert.is_true(is_far(help.far_uri()))
        help.check_misuse(function() namidb.open("memory://x?far=yes") end,
                          "uri: far=yes is no value of it")
        help.check_misuse(function() namidb.open("s3://b", { far = true }) end,
                          "option far has no meaning for s3://")
    end)
end)
