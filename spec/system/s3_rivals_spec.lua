-- Two processes write one namespace on MinIO and take it from one another, over
-- a network that loses requests, answers, or both: a day of a commit every four
-- seconds. Nothing that was acknowledged is lost, nothing is there twice, and
-- what failed is not there.
--
-- NAMIDB_TEST_COMMITS says how many (20,000), and NAMIDB_TEST_SEED repeats the
-- choices of a run.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local s3_proxy = require("s3_proxy")
local s3_rivals = require("s3_rivals")
local s3_servers = require("s3_servers")

local COMMITS = tonumber(os.getenv("NAMIDB_TEST_COMMITS") or 20000)
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

describe("two writers of one namespace", function()
    it("that take it from one another lose nothing", function()
        local server, why = s3_servers.start("minio")
        if not server then return pending(why) end
        local proxy = s3_proxy.start(server.port)
        proxy:plan(WEATHER, SEED)
        local result = s3_rivals.run(server, {
            port = proxy.port, commits = COMMITS, seed = SEED,
        })
        local faults = 0
        for _, rule in ipairs(proxy:plan_state()) do
            faults = faults + rule.hits
        end
        proxy:stop()
        server:stop()
        local text = faults .. " faults, " .. result.text
        assert.equal(math.floor(COMMITS / 2) * 2, result.commits, text)
        assert.is_true(result.opens > COMMITS / 100, text)
        assert.is_true(result.fenced > 0, text)
        assert.is_true(faults > COMMITS / 100, text)
        io.stderr:write("# ", (text:gsub("\n0?\n?", "; ")), "\n")
    end)
end)
