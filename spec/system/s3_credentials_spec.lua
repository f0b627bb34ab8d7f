-- Credentials from where AWS gives them: a token service and EC2's metadata, by
-- servers that play them, used on a server that plays S3.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local process = require("process")
local s3_servers = require("s3_servers")

local STEPS = "timeout 60 lua5.4 spec/support/s3_steps.lua writer "
local NO_KEYS = "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= "

describe("s3 credentials", function()
    local servers, reasons = {}, {}

    setup(function()
        for _, name in ipairs({ "moto", "minio", "metadata" }) do
            servers[name], reasons[name] = s3_servers.start(name)
        end
    end)
    teardown(function()
        for _, server in pairs(servers) do server:stop() end
    end)

    local function run(name, variables, command, params)
        return servers[name]:run({ variables = NO_KEYS .. variables,
                                   params = params }, command)
    end

    it("of a web identity come from the token service", function()
        if not servers.moto then return pending(reasons.moto) end
        local folder = servers.moto.folder
        assert(os.execute("echo a.web.token >" .. folder .. "/token"))
        local variables = ("AWS_WEB_IDENTITY_TOKEN_FILE=%s/token " ..
            "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/graph " ..
            "AWS_ENDPOINT_URL_STS=http://127.0.0.1:%d"):format(
            folder, servers.moto.port)
        assert.equal("done\n0", run("moto", variables, STEPS .. "web"))
    end)

    -- MinIO checks the signature, so the keys must be the right ones.
    it("of an instance come from its metadata", function()
        if not servers.minio then return pending(reasons.minio) end
        if not servers.metadata then return pending(reasons.metadata) end
        local variables = "AWS_EC2_METADATA_SERVICE_ENDPOINT=" ..
            "http://127.0.0.1:" .. servers.metadata.port
        assert.equal("done\n0", run("minio", variables, STEPS .. "ec2"))
    end)

    -- ECS has an address of its own: in a network of its own we have it, too.
    it("of a container come from ECS", function()
        if not servers.minio then return pending(reasons.minio) end
        local network = "unshare -rn sh -c 'ip link set lo up && " ..
            "ip addr add 169.254.170.2/32 dev lo && %s' 2>&1"
        local function inside(command)
            return process.run(network:format(command))
        end
        if inside("echo ready") ~= "ready\n" then
            return pending("this machine allows no network of one's own")
        end
        assert.equal("done\n", inside("lua5.4 spec/support/s3_ecs.lua"))
    end)

    -- A role of MinIO's, for which the profile "base" asks.
    local function run_role(base, steps, params)
        local path = servers.minio.folder .. "/config"
        local file = assert(io.open(path, "w"))
        file:write("[profile base]\n", base,
                   "[profile graph]\nrole_arn = arn:xxx:xxx:xxx:xxxx\n",
                   "source_profile = base\n")
        file:close()
        local variables = ("AWS_CONFIG_FILE=%s AWS_PROFILE=graph " ..
            "AWS_ENDPOINT_URL_STS=http://127.0.0.1:%d"):format(
            path, servers.minio.port)
        return run("minio", variables, STEPS .. steps, params)
    end

    it("of a profile with a role come from the token service", function()
        if not servers.minio then return pending(reasons.minio) end
        assert.equal("done\n0", run_role("aws_access_key_id = namidb-test\n" ..
            "aws_secret_access_key = namidb-test-secret\n", "role"))
    end)

    it("of a role may be asked for with keys that a program prints", function()
        if not servers.minio then return pending(reasons.minio) end
        local path = servers.minio.folder .. "/keys.json"
        local file = assert(io.open(path, "w"))
        file:write('{"Version": 1, "AccessKeyId": "namidb-test", ',
                   '"SecretAccessKey": "namidb-test-secret"}')
        file:close()
        local base = "credential_process = cat '" .. path .. "'\n"
        assert.matches("unsupported: profile 'base': credential_process",
                       run_role(base, "refused"))
        assert.equal("done\n0", run_role(base, "program",
            "&credential_process=allow"))
    end)

    it("that nobody has are an error that says where it looked", function()
        if not servers.minio then return pending(reasons.minio) end
        assert.matches("^auth: no credentials: looked at AWS_ACCESS_KEY_ID",
                       run("minio", "AWS_EC2_METADATA_DISABLED=true",
                           STEPS .. "none"))
    end)
end)
