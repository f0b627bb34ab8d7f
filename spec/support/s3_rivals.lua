--- Two processes that write one namespace and take it from one another, through
-- a port of the caller's, and a judge of what came of it.
--
-- @module s3_rivals
local process = require("process")

local s3_rivals = {}

local RESULT = "^0\n(%d+) commits, (%d+) there, %d+ unknown, (%d+) fenced, " ..
    "opened (%d+) times, (%d+) requests lost\n0$"

-- The shell line of a writer.
local function writer(name, options, folder, seed)
    return ("timeout 1500 lua5.4 spec/support/s3_rival.lua %s %d %d %s/%s"):
        format(name, math.floor(options.commits / 2), seed, folder, name)
end

--- Let both make their commits, and judge.
-- @tparam Server server of s3_servers; what the judge reads is asked of it
-- @tparam table options `port`: where the writers find it; `commits` of both
-- together; `seed` of their choices; `name` of the folder in the bucket;
-- `meanwhile`: a shell line, run again and again until both have ended
-- @treturn table `text` of all that was printed, and when nothing is wrong:
-- `commits` tried, `there`, `fenced`, `opens`, requests `lost`
function s3_rivals.run(server, options)
    local folder = process.folder()
    local script = folder .. "/run"
    process.write(script, ("%s & one=$!\n%s & two=$!\n%s\nwait\n"):format(
        writer("one", options, folder, options.seed + 1),
        writer("two", options, folder, options.seed + 2),
        options.meanwhile and ("while kill -0 $one || kill -0 $two; do %s; " ..
            "done >/dev/null 2>&1"):format(options.meanwhile) or ""))
    local text = server:run({ port = options.port, name = options.name },
                            "sh " .. script) .. "\n" ..
        server:run({ name = options.name }, "timeout 100 lua5.4 " ..
            "spec/support/s3_rivals_judge.lua " .. folder)
    process.remove(folder)
    local result = { text = ("seed %d\n%s"):format(options.seed, text) }
    local commits, there, fenced, opens, lost = text:match(RESULT)
    result.commits, result.there = tonumber(commits), tonumber(there)
    result.fenced, result.opens = tonumber(fenced), tonumber(opens)
    result.lost = tonumber(lost)
    return result
end

return s3_rivals
