-- A program for s3_faults_spec: a life on S3, at NAMIDB_TEST_URI behind a
-- proxy, with a misfortune at its k-th request; for every k, until there is no
-- k-th.
--
-- What was acknowledged must be there, what was refused must not, and what is
-- unknown may be either. Each misfortune says with which errors a call may
-- fail: for most there are none. Prints "done POSITIONS", or what is wrong.
--
-- usage: s3_lives.lua CONTROL-PORT MISFORTUNE

package.path = "spec/support/?.lua;" .. package.path

local socket = require("socket")

local namidb = require("namidb")
local proxy = require("s3_proxy").attach(tonumber(arg[1]))

local function answer(status, code, more)
    local rule = { what = "answer", status = status, code = code }
    for name, value in pairs(more or {}) do rule[name] = value end
    return rule
end

local PUT = { method = "PUT" }
local UNANSWERED = { timeout = true, unknown = true, busy = true }
local SHORT_S = 0.4 -- of calls that nobody answers

-- rule; fails: codes that are allowed; timeout: of all calls; life: which one.
local MISFORTUNES = {
    drop = { rule = { what = "drop" } },
    reset = { rule = { what = "drop", resets = true } },
    ["apply then drop"] = { rule = { what = "apply_drop" } },
    ["apply then drop thrice"] =
        { rule = { what = "apply_drop", method = "PUT", count = 3 } },
    ["apply then reset"] = { rule = { what = "apply_drop", resets = true } },
    ["late by one"] = { rule = { what = "late", method = "PUT" } },
    ["late by three"] = { rule = { what = "late", method = "PUT", after = 3 } },
    ["apply then 500"] = { rule = { what = "apply_answer", status = 500,
                                    code = "InternalError" } },
    ["500"] = { rule = answer(500, "InternalError") },
    ["503"] = { rule = answer(503, "SlowDown") },
    ["409"] = { rule = answer(409, "ConditionalRequestConflict", PUT) },
    ["clock off"] = { rule = answer(403, "RequestTimeTooSkewed") },
    ["token expired"] = { rule = answer(400, "ExpiredToken") },
    ["short answer"] = { rule = { what = "short" } },
    -- The header is signed: the server refuses, and nothing is overwritten.
    ["condition stripped"] = {
        rule = { what = "strip", header = "if-none-match", method = "PUT" },
        fails = { auth = true },
    },
    ["no length"] = {
        rule = { what = "rewrite", header = "content-length", method = "GET" },
        fails = UNANSWERED, timeout = SHORT_S,
    },
    ["never answered"] =
        { rule = { what = "hang" }, fails = UNANSWERED, timeout = SHORT_S },
    ["late by far"] = {
        rule = { what = "late", method = "PUT", after = 1000, waits = true },
        fails = UNANSWERED, timeout = SHORT_S,
    },
    ["slow drip"] = { rule = { what = "drip", seconds = 0.05 },
                      fails = UNANSWERED, timeout = SHORT_S },
    ["closing: never answered"] =
        { rule = { what = "hang" }, fails = UNANSWERED, timeout = SHORT_S,
          life = "closing" },
    ["closing: drop"] = { rule = { what = "drop" }, life = "closing" },
    ["reading: drop"] = { rule = { what = "drop" }, life = "reading" },
    ["reading: 503"] = { rule = answer(503, "SlowDown"), life = "reading" },
    ["reading: short answer"] = { rule = { what = "short" }, life = "reading" },
    ["reading: another range"] = {
        rule = { what = "rewrite", method = "GET", header = "content-range",
                 value = "bytes 1-2/3" },
        fails = { io = true }, life = "reading",
    },
    ["reading: no range"] = {
        rule = { what = "rewrite", method = "GET", header = "content-range" },
        fails = { io = true }, life = "reading",
    },
    ["reading: never answered"] = { rule = { what = "hang" }, life = "reading",
                                    fails = UNANSWERED, timeout = SHORT_S },
    ["reading: slow drip"] = {
        rule = { what = "drip", seconds = 0.05 },
        fails = UNANSWERED, timeout = SHORT_S, life = "reading",
    },
}

local NAME = arg[2]
local MISFORTUNE = assert(MISFORTUNES[NAME], NAME)
local TIMEOUT_S = MISFORTUNE.timeout or 30
-- A call gets its deadline; closing and a machine that is busy some more.
local PATIENCE_S = TIMEOUT_S + 5

local function uri_of(name)
    return (os.getenv("NAMIDB_TEST_URI"):gsub("?", "/" .. name .. "?", 1)) ..
        "&hedge=off"
end

-- What fn returns, or nil and what it raises; fails when it takes longer than
-- it may, or says what it may not say.
local function attempt(what, fn)
    local started = socket.gettime()
    local ok, value, err = pcall(fn)
    if not ok then value, err = nil, value end
    local seconds = socket.gettime() - started
    assert(seconds < PATIENCE_S, ("%s took %.1f s"):format(what, seconds))
    if value == nil and err then
        assert(MISFORTUNE.fails and MISFORTUNE.fails[err.code],
               ("%s: %s"):format(what, tostring(err)))
    end
    return value, err
end

-- Opens, however often it takes: there is one misfortune.
local function open(name, options)
    options.timeout = options.timeout or TIMEOUT_S
    for _ = 1, 5 do
        local db = attempt("open", function()
            return namidb.open(uri_of(name), options)
        end)
        if db then return db end
    end
    error("it cannot be opened")
end

--------------------------------------------------------------- a life of writes

-- What each key must be (`is`), and what it may be as well (`or_is`).
local function commit(db, model, key, value)
    local ok, err = attempt("commit", function()
        return db:write(function(tx)
            assert(tx:put_node("N", key, { value = value }))
        end)
    end)
    if ok then
        model[key] = { is = value }
    elseif err.code == "unknown" then
        model[key] = { is = model[key] and model[key].is, or_is = value }
    end
end

local function check(db, model)
    for key, expected in pairs(model) do
        local node = attempt("node", function() return db:node("N", key) end)
        local value = node and node.value
        assert(value == expected.is or value == expected.or_is, ("%s is %s"):
            format(key, tostring(value)))
    end
end

local COMMITS, FENCES = 5, 2

local function write_and_take_over(name)
    local model = {}
    local db = open(name, {})
    commit(db, model, "a", 1)
    commit(db, model, "b", 2)
    attempt("flush", function() return db:flush() end)
    commit(db, model, "a", 3)
    local reader = open(name, { read_only = true })
    if not MISFORTUNE.fails then check(reader, model) end
    commit(db, model, "c", 4)
    attempt("refresh", function() return reader:refresh() end)
    if not MISFORTUNE.fails then check(reader, model) end
    reader:close()
    db:close()
    db = open(name, {})
    commit(db, model, "d", 5)
    if not MISFORTUNE.fails then check(db, model) end
    db:close()
    return model
end

-- Slots that the server has: for each commit one.
local function slot_count()
    local count = 0
    for _, request in ipairs(proxy:requests()) do
        if request.applied == 200 and request.method == "PUT" and
            request.path:find("/log/", 1, true) then
            count = count + 1
        end
    end
    return count
end

local function life_of_writing(k)
    local name = NAME:gsub("%W", "-") .. "-" .. k
    proxy:forget()
    local model = write_and_take_over(name)
    local hits = proxy:plan_state()[1].hits
    proxy:plan({})
    proxy:release()
    if not MISFORTUNE.fails then
        assert(slot_count() == COMMITS + FENCES, slot_count() .. " slots")
    end
    local db = open(name, {}) -- nothing is in its way now
    check(db, model)
    commit(db, model, "e", 6)
    check(db, model)
    db:close()
    return hits
end

------------------------------------------------------- a handle that is closed

-- Closes while a flush and commits are under way.
local function life_of_closing(k)
    local name = NAME:gsub("%W", "-") .. "-" .. k
    local db = open(name, {})
    local tickets = {}
    for i = 1, 4 do
        tickets[i] = attempt("write", function()
            return db:write(function(tx)
                assert(tx:put_node("N", i, { value = i }))
            end, { wait = false })
        end)
        if i == 2 then db:flush(0.001) end -- begins it
    end
    attempt("close", function() db:close() return true end)
    local hits = proxy:plan_state()[1].hits
    proxy:plan({})
    db = open(name, { read_only = true })
    for i, ticket in pairs(tickets) do
        local ok, err = ticket:wait(0)
        local is_there = db:node("N", i) ~= nil
        assert(ok == is_there or (err and err.code == "unknown"),
               ("%d: %s"):format(i, tostring(err)))
    end
    db:close()
    return hits
end

---------------------------------------------------------------- a life of reads

-- A pack that is too large to be fetched whole.
local KEYS = 12
local PLACE = NAME:gsub("%W", "-")

local function value_of(i)
    local parts, seed = {}, i * 2654435 % 2147483648
    for j = 1, 220000 do
        seed = (seed * 1103515245 + 12345) % 2147483648
        parts[j] = string.char(math.floor(seed / 65536) % 256)
    end
    return namidb.bytes(table.concat(parts))
end

local function make_large()
    local db = open(PLACE, { timeout = 30 }) -- no misfortune yet
    assert(db:write(function(tx)
        for i = 1, KEYS do
            local props = {}
            for j = 1, 4 do props["p" .. j] = value_of(4 * i + j) end
            local id = assert(tx:put_node("N", i, props))
            assert(tx:put_edge("E", id, id, { i = i }))
        end
    end))
    assert(db:flush())
    assert(db:stats().pack_bytes > 8 * 1048576, db:stats().pack_bytes)
    db:close()
end

local function read_all(db)
    for _, i in ipairs({ 1, KEYS }) do
        for _ = 1, 2 do -- again, if that was the misfortune
            local node = attempt("node", function() return db:node("N", i) end)
            if node then
                assert(node.p3 == value_of(4 * i + 3))
                local degree = attempt("degree", function()
                    return db:degree(node, "E")
                end)
                assert(degree == nil or degree == 1)
                break
            end
        end
    end
end

local function life_of_reading()
    local db = open(PLACE, { read_only = true })
    read_all(db)
    db:close()
    local hits = proxy:plan_state()[1].hits
    proxy:plan({})
    return hits
end

------------------------------------------------------------------------ every k

local LIVES = { writing = life_of_writing, reading = life_of_reading,
                closing = life_of_closing }
local live = LIVES[MISFORTUNE.life or "writing"]
local k = 0
if live == life_of_reading then make_large() end
repeat
    k = k + 1
    MISFORTUNE.rule.at = k
    proxy:plan({ MISFORTUNE.rule })
    local ok, hits = pcall(live, k)
    if not ok then
        print(("at request %d: %s"):format(k, tostring(hits)))
        os.exit(1)
    end
until hits == 0
print("done " .. k - 1)
