-- A bucket of the user's, by NAMIDB_TEST_URI: MinIO plays it. The tests leave
-- it as they found it.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local process = require("process")
local s3_servers = require("s3_servers")

local OBJECTS = "cd %s/data/bucket && find . -name xl.meta | sort"

describe("s3 tests on a bucket of yours", function()
    local server, why

    setup(function()
        server, why = s3_servers.start("minio")
        if not server then return end
        -- Something that was there before, as the tests' own tests are.
        assert.equal("done\n0", server:run({}, "timeout 60 lua5.4 " ..
            "spec/support/s3_steps.lua writer mine"))
    end)
    teardown(function() if server then server:stop() end end)

    -- One that removes what it made, one that leaves it to be swept.
    for _, name in ipairs({ "test_flush", "s3_crash" }) do
        it("remove what they made, and nothing else: " .. name, function()
            if not server then return pending(why) end
            local before = process.run(OBJECTS:format(server.folder))
            assert.matches("mine/default/log/", before)
            local output = server:run({ variables = "NAMIDB_TEST_ONLY=" ..
                name }, "busted -o TAP --lua=lua5.4 spec/system/s3_spec.lua")
            assert.matches("ok 1 %- s3 on a bucket of yours passes", output)
            assert.matches("| ok |", output, 1, true)
            assert.matches("\n0$", output)
            assert.equal(before, (process.run(OBJECTS:format(server.folder))))
        end)
    end
end)
