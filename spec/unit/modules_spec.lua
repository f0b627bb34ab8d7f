-- Which modules are read, and when.

-- Of what is only wanted now and then.
local LATER = { "builder", "client", "load", "read_jsonl", "batches",
                "cypher.hint", "cypher.parse_batches", "cypher.check_batches",
                "plan.explain" }

-- As a process has them that just began; then all is as it was.
local function afresh(run)
    local kept = {}
    for name, module in pairs(package.loaded) do
        if name:find("^namidb") then
            kept[name], package.loaded[name] = module, nil
        end
    end
    local ok, err = pcall(run)
    for name in pairs(package.loaded) do
        if name:find("^namidb") then package.loaded[name] = nil end
    end
    for name, module in pairs(kept) do package.loaded[name] = module end
    assert(ok, err)
end

local function is_read(name) return package.loaded["namidb." .. name] ~= nil end

describe("modules", function()
    it("that few want are not read before", function()
        afresh(function()
            local namidb = require("namidb")
            local db = assert(namidb.open("memory://modules"))
            assert(db:query("CREATE (:N {x: 1})-[:E]->(:N)"))
            assert.equal(1, #assert(db:query("MATCH (n:N {x: $x})-[:E]->() " ..
                "RETURN n.x", { x = 1 })))
            for _, name in ipairs(LATER) do
                assert.is_false(is_read(name), name)
            end
            db:close()
        end)
    end)

    it("are read by the first call, and do all the others", function()
        afresh(function()
            local namidb = require("namidb")
            local core = require("namidb.core")
            local db = assert(namidb.open("memory://modules"))
            local load = namidb.load
            for i = 1, 2 do
                local rows = { { id = i } }
                local summary = assert(load(db, { progress = false, nodes = {
                    { label = "L" .. i, key = "id",
                      rows = function() return table.remove(rows) end } } }))
                assert.equal(1, summary.rows)
            end
            assert.equal(require("namidb.load").load, namidb.load)
            assert.equal(namidb.load, core.db.__index.load)
            local snapshot = db:snapshot()
            assert.equal(1, #assert(snapshot:match("L1"):all()))
            snapshot:close()
            for _, kind in ipairs({ core.db, core.snapshot, core.tx }) do
                assert.equal(require("namidb.builder").match,
                             kind.__index.match)
            end
            db:close()
        end)
    end)

    it("say who misused them at the first call, too", function()
        afresh(function()
            local namidb = require("namidb")
            local db = assert(namidb.open("memory://modules"))
            local ok, err = pcall(function()
                namidb.load(db, { batch = 0 })
            end)
            assert.is_false(ok)
            assert.truthy(err:find("modules_spec.lua:%d+: load: batch"), err)
            db:close()
        end)
    end)
end)
