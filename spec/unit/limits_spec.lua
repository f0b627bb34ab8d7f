-- Every documented bound gives an error of code "limit", changes nothing, and
-- leaves the transaction usable.

local help = dofile("spec/help.lua")
local namidb = require("namidb")

local MIB = 1024 * 1024

describe("limits", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    local function many(count, make)
        local items = {}
        for i = 1, count do items[i] = make(i) end
        return items
    end

    local CASES = {
        { "names of 255 bytes", function(tx, over)
            return tx:put_node(("n"):rep(255 + over), 1)
        end },
        { "property names of 255 bytes", function(tx, over)
            return tx:put_node("N", 1, { [("n"):rep(255 + over)] = 1 })
        end },
        { "type names of 255 bytes", function(tx, over)
            local id = tx:put_node("N", 1)
            return tx:put_edge(("t"):rep(255 + over), id, id)
        end },
        { "keys of 1,024 bytes", function(tx, over)
            return tx:put_node("N", ("k"):rep(1024 + over))
        end },
        { "values of 16 MiB", function(tx, over)
            return tx:put_node("N", 1, { p = ("v"):rep(16 * MIB + over) })
        end },
        { "4,096 properties", function(tx, over)
            local props = {}
            for i = 1, 4096 + over do props["p" .. i] = i end
            return tx:put_node("N", 1, props)
        end },
        { "64 labels", function(tx, over)
            return tx:create_node(many(64 + over, function(i)
                return "L" .. i
            end))
        end },
        { "vectors of 65,536 dimensions", function(tx, over)
            return tx:put_node("N", 1, { v = namidb.vector(
                many(65536 + over, function() return 1 end)) })
        end },
    }

    for _, case in ipairs(CASES) do
        it("allow " .. case[1] .. " and no more", function()
            assert(db:write(function(tx)
                local id, err = case[2](tx, 0)
                assert.is_number(id, err)
                id, err = case[2](tx, 1)
                assert.is_nil(id)
                assert.equal("limit", err.code)
                assert.is_true(#err.message > 10)
                assert(tx:put_node("After", 1))
            end))
            assert.is_table(db:node("After", 1))
        end)
    end

    it("allow batches of 64 MiB and no more", function()
        local text = ("v"):rep(15 * MIB)
        assert(db:write(function(tx)
            for i = 1, 4 do assert(tx:put_node("N", i, { v = text })) end
            local id, err = tx:put_node("N", 5, { v = text })
            assert.is_nil(id)
            assert.equal("limit", err.code)
            assert.matches("commit more often", err.message)
            assert(tx:put_node("N", 6))
        end))
        assert.is_nil(db:node("N", 5))
        assert.is_table(db:node("N", 6))
        assert.equal(#text, #db:node("N", 4).v)
    end)

    it("allow keys only within the first 8,191 labels", function()
        assert(db:write(function(tx)
            for i = 1, 8192 do assert(tx:create_node("L" .. i)) end
            assert(tx:put_node("L8191", "key"))
            local id, err = tx:put_node("L8192", "key")
            assert.is_nil(id)
            assert.equal("limit", err.code)
        end))
        assert.equal(8193, db:stats().nodes)
    end)

    it("allow 8,191 types", function()
        assert(db:write(function(tx)
            local id = tx:put_node("N", 1)
            for i = 1, 8191 do assert(tx:put_edge("T" .. i, id, id)) end
            local edge, err = tx:put_edge("T8192", id, id)
            assert.is_nil(edge)
            assert.equal("limit", err.code)
        end))
    end)
end)
