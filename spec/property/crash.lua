-- Lives that end by kill -9: a process commits random changes, one after the
-- other, with a flush after every few of them and indexes, until it is killed,
-- or until the next one takes its place while it still writes.
--
-- The changes depend on a seed and a number alone, and each commits its number
-- with it. So whoever comes next knows which graph there must be: none before
-- what was acknowledged, none behind what was tried, and none between two.
--
-- usage: lua spec/property/crash.lua [seconds] [first seed]

package.path = "./spec/support/?.lua;" .. package.path

local namidb = require("namidb")
local changes = require("spec.property.history_changes")
local check = require("spec.property.check")
local generate = require("spec.property.generate")
local graph = require("spec.property.graph")
local process = require("process")
local random = require("spec.support.random")
local render = require("spec.property.render")
local search = require("spec.property.generate_search")
local store = require("spec.property.store")
local value = require("spec.property.value")

local crash = {}

----------------------------------------------------------------- the changes

local COUNT = "MERGE (c:Step) SET c.n = $n"

-- Change `number` of a graph: the statement, or nil where none is meant, and
-- the graph behind it.
local function change(seed, number, before)
    local query = changes.query(random.new(seed % 20011 * 4001 + number),
                                before)
    local wanted = check.expect(before, query)
    local made
    if wanted and not wanted.error then
        made = wanted.made
    else
        query, made = nil, before:clone()
    end
    made.step = before.step or made:add_node({ Step = true }, {})
    made.nodes[made.step].props = { n = value.int(number) }
    return query, made
end

local function say(...)
    print(table.concat({ ... }, " "))
    io.stdout:flush()
end

-- After how many changes the database stands, and the graph that must be there.
local function find_place(db, seed)
    local row = assert(db:query("MATCH (c:Step) RETURN c.n AS n"))[1]
    local made, number = graph.new(), row and row.n or 0
    for i = 1, number do made = select(2, change(seed, i, made)) end
    return number, made
end

local function ask(db, seed, number, made)
    local source = random.new(seed % 20011 + number)
    for _ = 1, 5 do
        local query = generate.search(source)
        local wanted = check.expect(made, query)
        local wrong = wanted and
            check.compare(query, made, wanted, check.run(db, query))
        if wrong then say("wrong", render.query(query), wrong) end
    end
end

local FLUSH_SLOTS = { 1, 2, 3, 8 }

--- Commits changes until it is killed.
function crash.write(uri, seed, round)
    local source = random.new(seed % 20011 * 4001 + round)
    local db = assert(namidb.open(uri, {
        flush_slots = source:pick(FLUSH_SLOTS), cache_bytes = 2 ^ 20 }))
    local number, made = find_place(db, seed)
    if store.text(db) ~= made:text() then
        say("half", number, store.text(db), "wanted", made:text())
        return
    end
    say("at", number)
    ask(db, seed, number, made)
    for _, text in ipairs(search.declarations(source)) do
        assert(db:query(text))
    end
    while true do
        local query
        number = number + 1
        query, made = change(seed, number, made)
        say("try", number)
        local is_done, err = db:write(function(tx)
            if query then assert(tx:query(render.query(query))) end
            assert(tx:query(COUNT, { n = number }))
        end)
        if not is_done then
            say("end", err.code)
            return
        end
        say("ack", number)
        if number % 50 == 0 then ask(db, seed, number, made) end
    end
end

------------------------------------------------------------------- the killer

local function start(uri, log, seed, round)
    process.write(log, "")
    return process.start(("%s spec/property/crash.lua write '%s' %d %d")
        :format(process.lua, uri, seed, round), log)
end

-- The highest numbers that a log says were acknowledged and tried.
local function read_log(text, acknowledged)
    local tried = 0
    for word, number in text:gmatch("(%a+) (%d+)\n") do
        if word == "ack" then
            acknowledged = math.max(acknowledged, tonumber(number))
        end
        tried = math.max(tried, tonumber(number))
    end
    return acknowledged, math.max(tried, acknowledged)
end

-- What is wrong with what a process said, given what was so before it.
local function judge(text, acknowledged, tried)
    for _, word in ipairs({ "half", "wrong", "lua" }) do
        if text:find(word, 1, true) then return text:sub(1, 3000) end
    end
    local code = text:match("end (%a+)")
    if code and code ~= "fenced" then return "it ended: " .. code end
    local number = tonumber(text:match("at (%d+)\n"))
    if number and number < acknowledged then
        return ("at %d, but %d were acknowledged"):format(number, acknowledged)
    elseif number and number > tried then
        return ("at %d, but only %d were tried"):format(number, tried)
    end
end

local function await(pid, log, lines)
    process.await("lines", function()
        local _, count = process.read(log):gsub("\n", "")
        return count >= lines or not process.is_alive(pid)
    end, 60)
end

local function stop(pid)
    process.signal(pid, "KILL")
    process.await("end", function() return not process.is_alive(pid) end)
end

--- So many processes in one folder. A report of what went wrong, or nil.
function crash.run(seed, rounds)
    local source, folder = random.new(seed), process.folder()
    local uri, pids = "file://" .. folder .. "/db", {}
    local acknowledged, tried, before, report = 0, 0, nil, nil
    for round = 1, rounds do
        local log = folder .. "/log-" .. round
        pids[round] = start(uri, log, seed, round)
        await(pids[round], log, source:int(1, 120))
        if before then -- it lost its place, or was killed before
            stop(pids[round - 1])
            acknowledged, tried = read_log(process.read(before), acknowledged)
        end
        local is_left = round < rounds and source:one_in(3)
        if not is_left then stop(pids[round]) end
        local text = process.read(log)
        report = judge(text, acknowledged, tried)
        if report then break end
        before = is_left and log or nil
        if not is_left then
            acknowledged, tried = read_log(text, acknowledged)
        end
    end
    for _, pid in ipairs(pids) do process.signal(pid, "KILL") end
    process.remove(folder)
    return report and ("seed %d: %s"):format(seed, report)
end

if arg and arg[0] and arg[0]:find("crash.lua$") then
    if arg[1] == "write" then
        return crash.write(arg[2], tonumber(arg[3]), tonumber(arg[4]))
    end
    local until_time = os.time() + tonumber(arg[1] or 60)
    local seed, failed, passed = tonumber(arg[2] or os.time() % 1000000), 0, 0
    print("first seed " .. seed)
    while os.time() < until_time and failed < 5 do
        local report = crash.run(seed, 12)
        if report then print(report) end
        failed, passed = failed + (report and 1 or 0),
            passed + (report and 0 or 1)
        seed = seed + 1
    end
    print(("%d passed, %d failed"):format(passed, failed))
    os.exit(failed == 0 and passed > 0)
end

return crash
