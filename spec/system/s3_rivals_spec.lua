-- Two processes write one namespace on MinIO and take it from one another, over
-- a network that loses requests, answers, or both. Nothing that was
-- acknowledged is lost, nothing is there twice, and what failed is not there.
--
-- NAMIDB_TEST_COMMITS says how many (1,500; the long run is 20,000), and
-- NAMIDB_TEST_SEED repeats the choices of a run.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local process = require("process")
local s3_proxy = require("s3_proxy")
local s3_servers = require("s3_servers")

local COMMITS = tonumber(os.getenv("NAMIDB_TEST_COMMITS") or 1500)
local SEED = tonumber(os.getenv("NAMIDB_TEST_SEED") or os.time())

-- One request in 25 or so meets one of these.
local WEATHER = {
    { what = "drop", chance = 0.005 },
    { what = "drop", chance = 0.005, resets = true },
    { what = "apply_drop", chance = 0.005 },
    { what = "apply_drop", chance = 0.005, resets = true },
    { what = "late", chance = 0.005, after = 3, method = "PUT" },
    { what = "apply_answer", chance = 0.005, status = 500,
      code = "InternalError", method = "PUT" },
    { what = "answer", chance = 0.005, status = 503, code = "SlowDown" },
    { what = "short", chance = 0.005, method = "GET" },
    { what = "hang", chance = 0.002, method = "PUT" },
}

-- The shell line of a writer.
local function writer(name, folder, seed)
    return ("timeout 1500 lua5.4 spec/support/s3_rival.lua %s %d %d %s/%s"):
        format(name, math.floor(COMMITS / 2), seed, folder, name)
end

describe("two writers of one namespace", function()
    it("that take it from one another lose nothing", function()
        local server, why = s3_servers.start("minio")
        if not server then return pending(why) end
        local proxy = s3_proxy.start(server.port)
        local folder = process.folder()
        proxy:plan(WEATHER, SEED)
        local text = server:run({ port = proxy.port },
            ("sh -c '%s & %s; wait'"):format(writer("one", folder, SEED + 1),
                                             writer("two", folder, SEED + 2)))
        local faults = 0
        for _, rule in ipairs(proxy:plan_state()) do
            faults = faults + rule.hits
        end
        proxy:stop()
        text = text .. "\n" .. server:run({}, "timeout 100 lua5.4 " ..
            "spec/support/s3_rivals_judge.lua " .. folder)
        server:stop()
        text = ("seed %d, %d faults\n%s"):format(SEED, faults, text)
        local commits, fenced, opens = text:match("^seed %d+, %d+ faults\n" ..
            "0\n(%d+) commits, %d+ there, %d+ unknown, (%d+) fenced, " ..
            "opened (%d+) times\n0$")
        assert.equal(math.floor(COMMITS / 2) * 2, tonumber(commits), text)
        assert.is_true(tonumber(opens) > COMMITS / 100, text)
        assert.is_true(tonumber(fenced) > 0, text)
        assert.is_true(faults > COMMITS / 100, text)
        io.stderr:write("# ", (text:gsub("\n0\n?", "; ")), "\n")
        process.remove(folder)
    end)
end)
