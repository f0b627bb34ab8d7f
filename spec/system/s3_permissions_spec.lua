-- What a writer and a reader must be allowed, and what they say when one of it
-- is missing: on MinIO, which enforces policies.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local s3_servers = require("s3_servers")

local BUILD = os.getenv("BUILD") or "build"
local GET, PUT, DELETE = "s3:GetObject", "s3:PutObject", "s3:DeleteObject"
local STEPS = "timeout 60 lua5.4 spec/support/s3_steps.lua "

describe("s3 permissions", function()
    local server, why

    setup(function() server, why = s3_servers.start("minio") end)
    teardown(function() if server then server:stop() end end)

    -- Runs with these permissions; what was printed.
    local function run(actions, may_list, command)
        return server:run_as(actions, may_list, command)
    end

    local function it_on_minio(title, test)
        it(title, function()
            if not server then return pending(why) end
            test()
        end)
    end

    it_on_minio("are four for a writer and two for a reader", function()
        assert.equal("done\n0",
                     run({ GET, PUT, DELETE }, true, STEPS .. "writer four"))
        assert.equal("done\n0", run({ GET }, true, STEPS .. "reader four"))
    end)

    for _, test in ipairs({ "test_db_random", "test_writers" }) do
        it_on_minio("of a writer suffice for " .. test, function()
            local output = run({ GET, PUT, DELETE }, true,
                               ("timeout 300 %s/test/%s"):format(BUILD, test))
            assert.matches("\n0$", output)
        end)
    end

    it_on_minio("that are missing are named", function()
        assert.matches("^auth: .*s3:PutObject",
                       run({ GET, DELETE }, true, STEPS .. "writer put"))
        assert.matches("^auth: .*s3:GetObject",
                       run({ PUT, DELETE }, true, STEPS .. "writer get"))
        assert.matches("^auth: .*s3:ListBucket", run(
            { GET, PUT, DELETE }, false, STEPS .. "writer list"))
        assert.matches("^auth: .*s3:GetObject",
                       run({}, true, STEPS .. "reader four"))
        assert.matches("^auth: .*s3:ListBucket",
                       run({ GET }, false, STEPS .. "reader four"))
    end)

    it_on_minio("to delete are not needed to commit", function()
        assert.equal("done\n0",
                     run({ GET, PUT }, true, STEPS .. "writer delete"))
    end)

    -- Without s3:ListBucket S3 says 403 for an absent object: no absence.
    it_on_minio("that are missing never look like an empty store", function()
        local output = run({ PUT, DELETE }, true, STEPS .. "writer four")
        assert.matches("^auth: ", output)
        assert.equal("done\n0", run({ GET }, true, STEPS .. "reader four"))
    end)
end)
