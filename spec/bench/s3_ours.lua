-- Our side of spec/bench/s3.lua: one measure at NAMIDB_TEST_URI.
--
-- usage: s3_ours.lua NAME-OF-THE-NAMESPACE commits|tickets|open N [ROLE]
-- Prints what took how many seconds, "commits 1.2".

local socket = require("socket")

local namidb = require("namidb")

local name, measure, count, role = arg[1], arg[2], tonumber(arg[3]), arg[4]
local uri = os.getenv("NAMIDB_TEST_URI"):gsub("?", "/" .. name .. "?", 1)
local IN_FLIGHT_MAX = 256

local function report(what, since)
    print(("%s %.6f"):format(what, socket.gettime() - since))
end

local function commit(db, i, options)
    return assert(db:write(function(tx)
        assert(tx:put_node("N", i, { n = i }))
    end, options))
end

if measure == "commits" then
    local db = assert(namidb.open(uri))
    local since = socket.gettime()
    for i = 1, count do commit(db, i) end
    report("commits", since)
    db:close()
elseif measure == "tickets" then
    local db = assert(namidb.open(uri))
    local since, tickets = socket.gettime(), {}
    for i = 1, count do
        tickets[i] = commit(db, i, { wait = false })
        local oldest = tickets[i - IN_FLIGHT_MAX]
        if oldest then assert(oldest:wait()) end
    end
    for i = math.max(1, count - IN_FLIGHT_MAX), count do
        assert(tickets[i]:wait())
    end
    report("tickets", since)
    db:close()
elseif measure == "open" then
    local since = socket.gettime()
    local db = assert(namidb.open(uri, { read_only = role == "reader" }))
    report("open", since)
    assert(db:node("N", count).n == count)
    db:close()
end
