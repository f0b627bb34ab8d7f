-- A bulk load with a name, killed again and again: the same call goes on where
-- it was, and in the end everything is there once.

package.path = "./spec/support/?.lua;" .. package.path

local namidb = require("namidb")
local process = require("process")

local NODES = 1500

-- Kills a load until it is done; `is_csv`: of files, not of iterators.
local function kill_again_and_again(is_csv)
    local folder = process.folder()
    local uri = "file://" .. folder .. "?ns=load"
    local log = folder .. "/log"
    local kills, is_done = 0, false
    while not is_done do
        process.write(log, "")
        local pid = process.start(
            ("%s spec/support/load_job.lua '%s' %d %s"):format(process.lua,
                uri, NODES, is_csv and folder or ""), log)
        local lines = 1 + kills * 7 % 16
        process.await("lines", function()
            local _, count = process.read(log):gsub("\n", "")
            return count >= lines or not process.is_alive(pid)
        end)
        process.signal(pid, "KILL")
        process.await("end", function()
            return not process.is_alive(pid)
        end)
        kills = kills + 1
        is_done = process.read(log):find("done", 1, true) ~= nil
        assert(kills < 200, process.read(log))
    end
    assert.is_true(kills > 5)
    local db = assert(namidb.open(uri, { read_only = true }))
    local nodes, edges = 0, 0
    for node in db:nodes("N") do
        nodes = nodes + 1
        assert.equal(1, db:degree(node, "NEXT"))
        assert.equal(1, db:degree(node, "NEXT", "in"))
    end
    for _ in db:edges("NEXT") do edges = edges + 1 end
    assert.equal(NODES, nodes)
    assert.equal(NODES, edges)
    assert.equal(NODES + 1, db:stats().nodes) -- and the bookmark
    db:close()
    process.remove(folder)
end

describe("a load with a name", function()
    it("goes on exactly where it was killed", function()
        kill_again_and_again(false)
    end)

    it("of files as well, whose edges are written many at a time", function()
        kill_again_and_again(true)
    end)
end)
