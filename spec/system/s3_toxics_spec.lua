-- Toxiproxy between the database and MinIO: what networks do to connections,
-- wherever in a request it strikes. Two writers that take the namespace from
-- one another go through each, and nothing that was acknowledged is lost.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local s3_rivals = require("s3_rivals")
local s3_servers = require("s3_servers")
local toxiproxy = require("toxiproxy")

local COMMITS = 80
local RUNS_MAX = 3 -- until harm that meets some connections has met one
local SEED = tonumber(os.getenv("NAMIDB_TEST_SEED") or os.time())

-- The attributes are Toxiproxy's: milliseconds, KB/s, bytes. `cuts`: requests
-- must be lost; a busy machine may lose some to their deadline in any weather.
local WEATHERS = {
    {
        name = "far away, and not evenly",
        { type = "latency", attributes = { latency = 20, jitter = 15 } },
    },
    {
        name = "connections are reset while they wait for an answer",
        cuts = true,
        { type = "reset_peer", attributes = { timeout = 60 }, toxicity = 0.7 },
    },
    {
        name = "connections are reset while they ask",
        cuts = true,
        { type = "reset_peer", attributes = { timeout = 60 }, toxicity = 0.7,
          stream = "upstream" },
    },
    {
        name = "answers end within a byte of anywhere",
        cuts = true,
        { type = "limit_data", attributes = { bytes = 2999 }, toxicity = 0.7 },
    },
    {
        name = "requests end within a byte of anywhere",
        cuts = true,
        { type = "limit_data", attributes = { bytes = 1501 }, toxicity = 0.9,
          stream = "upstream" },
    },
    {
        name = "narrow, and in small pieces",
        { type = "bandwidth", attributes = { rate = 200 } },
        { type = "slicer", attributes = { average_size = 40, delay = 100,
                                          size_variation = 20 } },
    },
}

describe("s3 through Toxiproxy", function()
    local server, proxy, why

    setup(function()
        server, why = s3_servers.start("minio")
        if not server then return end
        proxy, why = toxiproxy.start(server.port)
    end)
    teardown(function()
        if proxy then proxy:stop() end
        if server then server:stop() end
    end)

    local count = 0
    local function run_once(meanwhile)
        count = count + 1
        local result = s3_rivals.run(server, {
            port = proxy.port, commits = COMMITS, seed = SEED + count,
            name = "rivals" .. count, meanwhile = meanwhile,
        })
        assert.equal(COMMITS, result.commits, result.text)
        assert.is_true(result.there > 0, result.text)
        io.stderr:write("# ", (result.text:gsub("\n0?\n?", "; ")), "\n")
        return result
    end

    local function run_rivals(cuts, meanwhile)
        for _ = 1, cuts and RUNS_MAX or 1 do
            local result = run_once(meanwhile)
            if not cuts or result.lost > 0 then return end
        end
        error("no request was lost: the harm meets nobody")
    end

    for _, weather in ipairs(WEATHERS) do
        it("loses nothing: " .. weather.name, function()
            if not proxy then return pending(why) end
            proxy:set(weather)
            run_rivals(weather.cuts or false)
        end)
    end

    -- Harm that comes and goes.
    local function it_survives(name, line_of)
        it("loses nothing: again and again " .. name, function()
            if not proxy then return pending(why) end
            proxy:set({})
            run_rivals(true, ("%s; sleep 0.1; %s; sleep 0.3"):format(
                line_of(), proxy:heal_line()))
        end)
    end

    it_survives("nobody can connect", function() return proxy:sever_line() end)
    it_survives("all connections fall silent", function()
        return proxy:harm_line({ type = "timeout",
                                 attributes = { timeout = 0 } })
    end)
end)
