-- kill -9 at random moments, in a loop of real processes over one folder: what
-- was acknowledged is there, nothing is half there.

package.path = "./spec/support/?.lua;" .. package.path

local namidb = require("namidb")
local process = require("process")

local ROUNDS = 150

describe("a writer that is killed", function()
    local folder, uri

    setup(function()
        folder = process.folder()
        uri = "file://" .. folder .. "?ns=crash"
    end)
    teardown(function() process.remove(folder) end)

    -- Runs a writer up to a random number of lines, kills it. Returns the
    -- highest number tried, and adds what was acknowledged.
    local function run_round(first, acknowledged, seed)
        local log = folder .. "/log"
        process.write(log, "")
        local pid = process.start(("%s spec/support/crash_writer.lua '%s' %d")
            :format(process.lua, uri, first), log)
        local lines = seed % 41
        process.await("lines", function()
            local _, count = process.read(log):gsub("\n", "")
            return count >= lines or not process.is_alive(pid)
        end)
        process.signal(pid, "KILL")
        process.await("end", function() return not process.is_alive(pid) end)
        local last = first
        for word, number in process.read(log):gmatch("(%a+) (%d+)\n") do
            last = math.max(last, tonumber(number))
            if word == "ack" then acknowledged[tonumber(number)] = true end
        end
        assert(not process.read(log):find("error"), process.read(log))
        return last
    end

    local function check(acknowledged, last)
        local db = assert(namidb.open(uri, { read_only = true }))
        local there = {}
        for a in db:nodes("A") do
            there[a.key] = true
            assert.equal(1, db:degree(a, "PAIR"))
            for _, b in db:out(a) do assert.equal(a.key, b.key) end
        end
        for b in db:nodes("B") do assert.is_true(there[b.key]) end
        for number in pairs(acknowledged) do
            assert.is_true(there[number], "lost " .. number)
        end
        for number in pairs(there) do assert.is_true(number <= last) end
        db:close()
        return there
    end

    it("loses nothing that it acknowledged", function()
        local seed = os.time()
        print("# seed " .. seed)
        local acknowledged, last = {}, 0
        for round = 1, ROUNDS do
            seed = (seed * 1103515245 + 12345) % 2147483648
            last = run_round(last, acknowledged, math.floor(seed / 65536))
            if round % 10 == 0 or round == ROUNDS then
                check(acknowledged, last)
            end
        end
        assert.is_true(next(acknowledged) ~= nil)
        local db = assert(namidb.open(uri))
        assert.is_true(db:stats().packs > 0) -- flushes were among it
        assert.is_true(db:stats().epoch > ROUNDS / 2)
        db:close()
    end)
end)
