-- A program for s3_rivals.lua: one of two writers of a namespace, each of
-- which takes it from the other again and again.
--
-- A commit makes a node that says whose and the how manyth it is, and adds one
-- to a counter that both share. What becomes of each is written to a file:
-- "tried N", then "done", "failed" or "unknown" and N; "lost N" requests or
-- calls.
--
-- usage: s3_rival.lua NAME COMMITS SEED FILE

local socket = require("socket")

local namidb = require("namidb")

local NAME, COMMITS = arg[1], tonumber(arg[2])
math.randomseed(tonumber(arg[3]))
local log = assert(io.open(arg[4], "w"))
log:setvbuf("line")

local URI = os.getenv("NAMIDB_TEST_URI")
local RUN_MAX = 40     -- commits of one turn
local IN_FLIGHT_MAX = 8
local TIMEOUT_S = 2    -- of all calls: some are never answered
local PATIENCE_S = 0.2 -- with a rival that does nothing
local MAY_FAIL = { fenced = true, unknown = true, io = true, timeout = true,
                   busy = true, conflict = true }
local OF_THE_NETWORK = { unknown = true, io = true, timeout = true }

local function note(...) log:write(table.concat({ ... }, " "), "\n") end

local function check(err)
    if type(err) ~= "table" or not MAY_FAIL[err.code] then
        note("wrong", tostring(err))
        error(tostring(err))
    end
    if OF_THE_NETWORK[err.code] then note("lost", 1) end
    return err.code
end

local function open(options)
    while true do
        if not options.read_only then note("open") end
        options.timeout = TIMEOUT_S
        local db, err = namidb.open(URI, options)
        if db then return db end
        check(err)
    end
end

local function close(db)
    local requests = db:stats().requests
    note("lost", requests.retried + requests.ambiguous)
    db:close()
end

local function count_of(db)
    local node = assert(db:node("Counter", "all"))
    return node.count
end

-- Lets the other one make some commits, and looks on.
local function look_on(commits)
    local db = open({ read_only = true })
    local _, first = pcall(count_of, db)
    local last = type(first) == "number" and first or 0
    local enough, progress_at = last + commits, socket.gettime()
    while last < enough and socket.gettime() - progress_at < PATIENCE_S do
        local _, err = db:refresh()
        if err then check(err) end
        local ok, count = pcall(count_of, db)
        if not ok and type(count) == "table" then check(count) end
        if ok and count ~= last then
            if count < last then note("wrong", count, "after", last) end
            last, progress_at = count, socket.gettime()
        end
    end
    close(db)
end

local made = 0

local function begin_commit(db)
    made = made + 1
    note("tried", made)
    return db:write(function(tx)
        local counter, err = tx:node("Counter", "all")
        if err then error(err) end
        local count = (counter and counter.count or 0) + 1
        local _, why = tx:put_node("Counter", "all", { count = count })
        if why then error(why) end
        _, why = tx:create_node("Commit", { who = NAME, number = made,
                                            count = count })
        if why then error(why) end
    end, { wait = false })
end

-- The code of what went wrong, or nil.
local function settle(entry)
    local ok, err
    repeat
        ok, err = entry.ticket:wait()
    until ok or err.code ~= "timeout" -- still under way
    if ok then
        note("done", entry.number)
        return nil
    end
    local code = check(err)
    note(code == "unknown" and "unknown" or "failed", entry.number, code)
    return code
end

-- Commits until the turn is over or somebody else took it.
local function take_turn(db)
    local in_flight_max = math.random(IN_FLIGHT_MAX)
    local waiting, is_fenced = {}, false
    for _ = 1, math.random(RUN_MAX) do
        if made == COMMITS or is_fenced then break end
        local ok, ticket, err = pcall(begin_commit, db)
        if ok and ticket then
            waiting[#waiting + 1] = { number = made, ticket = ticket }
        else
            local code = check(not ok and ticket or err)
            note("failed", made, code)
            is_fenced = is_fenced or code == "fenced"
        end
        while #waiting >= in_flight_max do
            is_fenced = settle(table.remove(waiting, 1)) == "fenced" or
                is_fenced
        end
    end
    for _, entry in ipairs(waiting) do settle(entry) end
end

while made < COMMITS do
    local db = open({ flush_slots = math.random(20, 300) })
    take_turn(db)
    if made < COMMITS and math.random() < 0.5 then
        look_on(math.random(RUN_MAX)) -- and let the other one fence this handle
        take_turn(db)
    end
    close(db)
    look_on(math.random(RUN_MAX))
end
note("finished")
