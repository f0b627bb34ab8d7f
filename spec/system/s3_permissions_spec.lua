-- What a writer and a reader must be allowed - the README's policies, word for
-- word - and what they say when one of it is missing: on MinIO, which enforces
-- policies.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local json = require("namidb").json
local process = require("process")
local s3_servers = require("s3_servers")

local BUILD = os.getenv("BUILD") or "build"
local STEPS = "timeout 60 lua5.4 spec/support/s3_steps.lua "
-- Those of the engine's tests that need a bucket and no second one.
local SUITE = {
    "test_store", "test_db_random", "test_faults", "test_writers", "test_fork",
}

local function policies_of_readme()
    local policies = {}
    for text in process.read("README.md"):gmatch("```json\n(.-)```") do
        text = text:gsub("my%-bucket/data", "bucket/tests")
        policies[#policies + 1] = text:gsub("my%-bucket", "bucket")
    end
    return policies[1], policies[2]
end

local WRITER, READER = policies_of_readme()

-- The policy without one of its actions.
local function without(policy, action)
    local decoded, kept = assert(json.decode(policy)), {}
    for _, statement in ipairs(decoded.Statement) do
        local actions = {}
        for _, each in ipairs(statement.Action) do
            if each ~= action then actions[#actions + 1] = each end
        end
        statement.Action = actions
        if #actions > 0 then kept[#kept + 1] = statement end
    end
    decoded.Statement = kept
    return json.encode(decoded)
end

local function actions_of(policy)
    local actions = {}
    for action in policy:gmatch('"(s3:%a+)"') do
        actions[#actions + 1] = action
    end
    return actions
end

describe("s3 permissions", function()
    local server, why

    setup(function() server, why = s3_servers.start("minio") end)
    teardown(function() if server then server:stop() end end)

    local function it_on_minio(title, test)
        it(title, function()
            if not server then return pending(why) end
            test()
        end)
    end

    it_on_minio("are four for a writer and two for a reader", function()
        assert.equal(4, #actions_of(WRITER))
        assert.equal(2, #actions_of(READER))
        assert.equal("done\n0", server:run_as(WRITER, STEPS .. "writer all"))
        assert.equal("done\n0", server:run_as(READER, STEPS .. "reader all 4"))
    end)

    for _, test in ipairs(SUITE) do
        it_on_minio("of a writer suffice for " .. test, function()
            assert.matches("\n0$", server:run_as(WRITER,
                ("timeout 300 %s/test/%s"):format(BUILD, test)))
        end)
    end

    -- First a namespace that is not there yet, then one that has a pack and a
    -- commit that is in none.
    for _, action in ipairs({ "s3:GetObject", "s3:PutObject",
                              "s3:ListBucket" }) do
        it_on_minio("of a writer without " .. action .. " are named", function()
            local name = action:match("%a+$")
            local less = without(WRITER, action)
            assert.matches("^auth: .*" .. action .. ".*\n0$",
                           server:run_as(less, STEPS .. "writer " .. name))
            assert.equal("done\n0",
                         server:run_as(WRITER, STEPS .. "writer " .. name))
            assert.matches("^3 committed\nauth: .*" .. action .. ".*\n0$",
                           server:run_as(less, STEPS .. "writer " .. name ..
                                         " 4"))
            assert.equal("done\n0", server:run_as(READER, STEPS .. "reader " ..
                                                  name .. " 4"))
        end)
    end

    it_on_minio("to delete are not needed to commit", function()
        local less = without(WRITER, "s3:DeleteObject")
        assert.equal("done\n0", server:run_as(less, STEPS .. "writer kept"))
        assert.equal("done\n0", server:run_as(less, STEPS .. "writer kept 4"))
        assert.equal("done\n0", server:run_as(READER, STEPS .. "reader kept 7"))
    end)

    for _, action in ipairs({ "s3:GetObject", "s3:ListBucket" }) do
        it_on_minio("of a reader without " .. action .. " are named", function()
            assert.equal("done\n0",
                         server:run_as(WRITER, STEPS .. "writer read" ..
                                       action:match("%a+$")))
            assert.matches("^auth: .*" .. action .. ".*\n0$",
                server:run_as(without(READER, action), STEPS .. "reader read" ..
                              action:match("%a+$") .. " 4"))
        end)
    end

    -- Without s3:ListBucket S3 says 403 for an absent object: no absence.
    it_on_minio("that are missing never look like an empty store", function()
        local name = "reader empty"
        local less = without(READER, "s3:ListBucket")
        assert.matches("^auth: ", server:run_as(less, STEPS .. name))
        assert.matches("^not_found: ", server:run_as(READER, STEPS .. name))
    end)
end)
