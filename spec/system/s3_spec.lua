-- The C tests that a bucket may be given to, on real servers: gofakes3 and
-- MinIO, or those that NAMIDB_TEST_BACKENDS names ("moto localstack").
-- NAMIDB_TEST_URI gives them any bucket instead, with the credentials that are
-- there: they work below a random prefix of it, and remove what they made.

-- What is tested is C: once is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local s3_servers = require("s3_servers")

local BUILD = os.getenv("BUILD") or "build"
local OWN_BUCKET = os.getenv("NAMIDB_TEST_URI")
local SERVERS = os.getenv("NAMIDB_TEST_BACKENDS") or "gofakes3 minio"
local TESTS = {
    "test_store", "test_s3_real", "test_db_random", "test_faults",
    "test_writers", "test_fork",
}
local STEPS = "timeout 60 lua5.4 spec/support/s3_steps.lua writer "

if not os.getenv("NAMIDB_TEST_BACKENDS") and not s3_servers.has("gofakes3") then
    io.stderr:write("# SKIPPED: MinIO and gofakes3, because they need Go to ",
                    "be installed; moto stands in for them\n")
    SERVERS = "moto"
end

-- What a test program prints when it fails; nil when it does not.
local function failure_of(environment, test)
    local command = "env %s timeout 1200 %s/test/%s 2>&1; echo $?"
    local pipe = assert(io.popen(command:format(environment, BUILD, test)))
    local output = pipe:read("*a")
    pipe:close()
    if output:find("\n0\n$") then return nil end
    return output
end

if OWN_BUCKET then
    describe("s3 on a bucket of yours", function()
        for _, test in ipairs(TESTS) do
            it("passes " .. test, function()
                assert.is_nil(failure_of("NAMIDB_TEST_SIGNS=1", test))
            end)
        end
    end)
    return
end

for name in SERVERS:gmatch("%S+") do
    describe("s3 on " .. name, function()
        local server, why

        setup(function() server, why = s3_servers.start(name) end)
        teardown(function() if server then server:stop() end end)

        for _, test in ipairs(TESTS) do
            it("passes " .. test, function()
                if not server then return pending(why) end
                assert.is_nil(failure_of(server:environment(), test))
            end)
        end

        it("is trusted with a namespace", function()
            if not server then return pending(why) end
            assert.equal("done\n0", server:run({}, STEPS .. "trusted"))
        end)
    end)
end

describe("s3 on versitygw", function()
    -- Its conditional put looks first and writes then.
    it("is refused, because two racing creates succeed", function()
        local server, why = s3_servers.start("versitygw")
        if not server then return pending(why) end
        local output = server:run({}, STEPS .. "refused")
        server:stop()
        assert.matches("^unsupported: .*two racing creates", output)
    end)
end)
