-- A program for s3_rivals.lua: compares what two writers say of their commits
-- with what the namespace holds. Prints what is wrong, a line each; at the end
-- "N commits, ...".
--
-- usage: s3_rivals_judge.lua FOLDER, which has a file of each writer's

local namidb = require("namidb")

local NAMES = { "one", "two" }
local FOLDER = arg[1]

-- What one of them says: number -> done, failed, unknown; tried: it died.
local function read_log(name)
    local log = { commits = {}, opens = 0, fenced = 0, lost = 0, unknown = 0,
                  wrong = {} }
    for line in io.lines(FOLDER .. "/" .. name) do
        local word, number, code = line:match("^(%l+) ?(%d*) ?(%l*)")
        if word == "open" then
            log.opens = log.opens + 1
        elseif word == "wrong" then
            log.wrong[#log.wrong + 1] = line
        elseif word == "lost" then
            log.lost = log.lost + tonumber(number)
        elseif word == "finished" then
            log.is_finished = true
        else
            log.commits[tonumber(number)] = word
        end
        if word == "unknown" then log.unknown = log.unknown + 1 end
        if code == "fenced" then log.fenced = log.fenced + 1 end
    end
    if not log.is_finished then log.wrong[1] = "did not finish" end
    return log
end

-- What the namespace holds: name -> number -> count; how many; the counter.
local function read_graph()
    local db = assert(namidb.open(os.getenv("NAMIDB_TEST_URI"),
                                  { read_only = true }))
    local graph, total, twice = { one = {}, two = {} }, 0, {}
    for node in db:nodes("Commit") do
        if graph[node.who][node.number] then
            twice[#twice + 1] = ("%s %d is there twice"):format(node.who,
                                                                node.number)
        end
        graph[node.who][node.number] = node.count
        total = total + 1
    end
    local counter = db:node("Counter", "all").count
    db:close()
    return graph, total, counter, twice
end

-- Adds what is wrong with one writer's commits.
local function judge(name, log, found, faults)
    local before = 0
    for number, fate in ipairs(log.commits) do
        local count = found[number]
        if (fate == "done" and not count) or (fate == "failed" and count) then
            faults[#faults + 1] = ("%s %d is %s, and %s"):format(name, number,
                fate, count and "there" or "not there")
        end
        if count and count <= before then
            faults[#faults + 1] = ("%s %d counts %d after %d"):format(name,
                number, count, before)
        end
        before = count or before
    end
    for _, text in ipairs(log.wrong) do
        faults[#faults + 1] = name .. " " .. text
    end
end

local graph, total, counter, faults = read_graph()
local commits, unknown, opens, fenced, lost = 0, 0, 0, 0, 0
for _, name in ipairs(NAMES) do
    local log = read_log(name)
    judge(name, log, graph[name], faults)
    commits, unknown = commits + #log.commits, unknown + log.unknown
    opens, fenced = opens + log.opens, fenced + log.fenced
    lost = lost + log.lost
end
-- Each commit that counts added one, on top of all before it.
if counter ~= total then
    faults[#faults + 1] = ("%d commits count %d"):format(total, counter)
end
for _, text in ipairs(faults) do print(text) end
print(("%d commits, %d there, %d unknown, %d fenced, opened %d times, " ..
    "%d requests lost"):format(commits, total, unknown, fenced, opens, lost))
