--- kill -9 at random moments, in a loop of real processes over one namespace:
-- what was acknowledged is there, nothing is half there, and indexes know all
-- of it.
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
    local said = process.read(log)
    assert(not said:find("error") and not said:find("lua"), said)
    return last
end

-- Each by an index, if it is online, and by a scan.
local COUNTS = {
    { "MATCH (a:A {number: $i}) RETURN count(*) AS c",
      "MATCH (a:A) WHERE a.number + 0 = $i RETURN count(*) AS c" },
    { "MATCH (b:B) WHERE b.rest = $i % 7 AND b.number > 0 " ..
          "RETURN count(*) AS c",
      "MATCH (b:B) WHERE b.rest + 0 = $i % 7 RETURN count(*) AS c" },
    { "MATCH ()-[r:PAIR {weight: $i % 5}]->() RETURN count(*) AS c",
      "MATCH ()-[r:PAIR]->() WHERE r.weight + 0 = $i % 5 " ..
          "RETURN count(*) AS c" },
}

local function check_indexes(db, last)
    local row = assert(db:query("MATCH (a:A) RETURN count(a.number) AS c, " ..
        "count(DISTINCT a.number) AS d"))[1]
    assert(row.c == row.d, "a number is there twice")
    for i = 1, last, math.max(1, math.floor(last / 20)) do
        for _, pair in ipairs(COUNTS) do
            local by_index = assert(db:query(pair[1], { i = i }))[1].c
            local by_scan = assert(db:query(pair[2], { i = i }))[1].c
            assert(by_index == by_scan, ("%s: %d of %d"):format(pair[1],
                by_index, by_scan))
        end
    end
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
    check_indexes(db, last)
    db:close()
end

-- What nobody kills is finished.
local function check_end(uri, rounds, last)
    local db = assert(namidb.open(uri))
    assert(db:stats().packs > 0, "nothing was flushed")
    assert(db:stats().epoch > rounds / 2, db:stats().epoch)
    assert(db:wait_indexes(60))
    local indexes = db:indexes()
    assert(#indexes == 3, #indexes)
    for _, index in ipairs(indexes) do
        assert(index.state == "online", index.name)
    end
    check_indexes(db, last)
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
    check_end(uri, rounds, last)
end

return crash
