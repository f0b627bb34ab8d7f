-- The C tests that a bucket may be given to, on real servers. MinIO and
-- gofakes3 by default; NAMIDB_TEST_BACKENDS="moto localstack" names others.

-- What is tested is C: once is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local s3_servers = require("s3_servers")

local BUILD = os.getenv("BUILD") or "build"
local SERVERS = os.getenv("NAMIDB_TEST_BACKENDS") or "gofakes3 minio"
local TESTS = {
    "test_s3_real", "test_db_random", "test_faults", "test_writers",
}

-- What a test program prints when it fails; nil when it does not.
local function failure_of(server, test)
    local pipe = assert(io.popen(("env %s timeout 300 %s/test/%s 2>&1; echo $?")
        :format(server:environment(), BUILD, test)))
    local output = pipe:read("*a")
    pipe:close()
    if output:find("\n0\n$") then return nil end
    return output
end

for name in SERVERS:gmatch("%S+") do
    describe("s3 on " .. name, function()
        local server, why

        setup(function() server, why = s3_servers.start(name) end)
        teardown(function() if server then server:stop() end end)

        for _, test in ipairs(TESTS) do
            it("passes " .. test, function()
                if not server then return pending(why) end
                assert.is_nil(failure_of(server, test))
            end)
        end
    end)
end
