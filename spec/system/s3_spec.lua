-- The store's and the engine's tests on real S3 servers: gofakes3 and MinIO, or
-- those that NAMIDB_TEST_BACKENDS names ("moto localstack"). At the end a table
-- of servers and checks is printed.
--
-- NAMIDB_TEST_URI gives them any bucket instead, with the credentials that are
-- there: they work below a random prefix of it, and remove what they made.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local process = require("process")
local s3_servers = require("s3_servers")

local BUILD = os.getenv("BUILD") or "build"
local OWN_BUCKET = os.getenv("NAMIDB_TEST_URI")
local SERVERS = os.getenv("NAMIDB_TEST_BACKENDS") or "gofakes3 minio"
local ONLY = os.getenv("NAMIDB_TEST_ONLY") -- of the programs below, or all

local function program(name) return ("%s/test/%s"):format(BUILD, name) end

-- What the table says of a check, and the command. All but the last use
-- namespaces of random names.
local CHECKS = {
    { "objects, ranges, listings", program("test_store") },
    { "racing creates, any key, wrong keys", program("test_s3_real") },
    { "random histories beside a model", program("test_db_random") },
    { "a fault at every request", program("test_faults") },
    { "takeovers, lost answers, late PUTs", program("test_writers") },
    { "flushes", program("test_flush") },
    { "objects gone, wrong, or others'", program("test_damage") },
    { "forks", program("test_fork") },
    { "killed processes", "lua5.4 spec/support/s3_crash.lua crash" },
    { "the probe trusts it",
      "lua5.4 spec/support/s3_steps.lua writer trusted" },
}

if not os.getenv("NAMIDB_TEST_BACKENDS") and not s3_servers.has("gofakes3") then
    io.stderr:write("# SKIPPED: MinIO and gofakes3, because they need Go to ",
                    "be installed; moto stands in for them\n")
    SERVERS = "moto"
end

local results = {} -- server -> check -> what the table says

local function note(server, check, result)
    results[server] = results[server] or {}
    results[server][check] = result
end

local function print_table(servers)
    local lines = { "| |", "|---|" }
    for _, server in ipairs(servers) do
        lines[1] = lines[1] .. " " .. server .. " |"
        lines[2] = lines[2] .. "---|"
    end
    for _, check in ipairs(CHECKS) do
        local line = "| " .. check[1] .. " |"
        for _, server in ipairs(servers) do
            local result = results[server] and results[server][check[1]]
            line = line .. " " .. (result or "-") .. " |"
        end
        lines[#lines + 1] = line
    end
    io.stderr:write("# ", table.concat(lines, "\n# "), "\n")
end

-- `run` runs a command and returns what it prints, its status last; nil and why
-- when there is no server.
local function check_all(server, run)
    for _, check in ipairs(CHECKS) do
        if not ONLY or check[2]:find(ONLY, 1, true) then
            it("passes: " .. check[1], function()
                local output, why = run("timeout 1200 " .. check[2])
                if not output then return pending(why) end
                note(server, check[1], "**fails**")
                assert.matches("\n0$", output)
                if check[2]:find("^lua") then
                    assert.matches("done\n0$", output)
                end
                note(server, check[1], "ok")
            end)
        end
    end
end

if OWN_BUCKET then
    describe("s3 on a bucket of yours", function()
        local base, query = OWN_BUCKET:match("^([^?]*)%??(.*)$")
        local name = ("run-%08x%08x"):format(os.time(),
                                             math.random(0, 0x7fffffff))

        local function run(command, variables)
            local text, ok = process.run(("env NAMIDB_TEST_SIGNS=1 " ..
                "NAMIDB_TEST_URI='%s/%s?%s' %s %s"):format(base, name, query,
                variables or "", command))
            return text:gsub("%s+$", "") .. (ok and "\n0" or "\n1")
        end

        check_all("yours", run)

        teardown(function()
            print_table({ "yours" })
            local output = run(program("test_s3_sweep"),
                ("NAMIDB_TEST_SWEEP='%s?ns=%s&%s'"):format(base, name, query))
            if not output:find("\n0$") then
                io.stderr:write("# objects are left below ", name, ": ",
                                output, "\n")
            end
        end)
    end)
    return
end

local servers = {}
for name in SERVERS:gmatch("%S+") do
    servers[#servers + 1] = name
    describe("s3 on " .. name, function()
        local server, why

        setup(function() server, why = s3_servers.start(name) end)
        teardown(function() if server then server:stop() end end)

        check_all(name, function(command)
            if not server then return nil, why end
            return server:run({}, command)
        end)
    end)
end

describe("the servers of s3", function()
    it("are in a table", function() print_table(servers) end)
end)
