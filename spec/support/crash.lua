--- kill -9 at random moments, in a loop of real processes over one namespace:
-- what was acknowledged is there, nothing is half there.
--
-- @module crash
local namidb = require("namidb")
local process = require("process")

local crash = {}

-- Runs a writer up to a number of lines and kills it. Returns the highest
-- number tried, and adds what was acknowledged.
local function run_round(uri, folder, first, acknowledged, lines)
    local log = folder .. "/log"
    process.write(log, "")
    local pid = process.start(("%s spec/support/crash_writer.lua '%s' %d")
        :format(process.lua, uri, first), log)
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

local function check(uri, acknowledged, last)
    local db = assert(namidb.open(uri, { read_only = true }))
    local there = {}
    for a in db:nodes("A") do
        there[a.key] = true
        assert(db:degree(a, "PAIR") == 1)
        for _, b in db:out(a) do assert(a.key == b.key) end
    end
    for b in db:nodes("B") do assert(there[b.key]) end
    for number in pairs(acknowledged) do
        assert(there[number], "lost " .. number)
    end
    for number in pairs(there) do assert(number <= last) end
    db:close()
end

--- Kills so many writers; raises when anything is lost.
-- @tparam string uri of a namespace that is not there yet
-- @tparam number rounds
-- @tparam number seed
function crash.run(uri, rounds, seed)
    local folder = process.folder()
    local acknowledged, last = {}, 0
    for round = 1, rounds do
        seed = (seed * 1103515245 + 12345) % 2147483648
        last = run_round(uri, folder, last, acknowledged,
                         math.floor(seed / 65536) % 41)
        if round % 10 == 0 or round == rounds then
            check(uri, acknowledged, last)
        end
    end
    process.remove(folder)
    assert(next(acknowledged) ~= nil, "nothing was acknowledged")
    local db = assert(namidb.open(uri))
    assert(db:stats().packs > 0, "nothing was flushed")
    assert(db:stats().epoch > rounds / 2, db:stats().epoch)
    db:close()
end

return crash
