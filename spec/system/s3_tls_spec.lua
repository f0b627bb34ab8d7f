-- HTTPS: whom the store believes to be the bucket, on MinIO with certificates
-- made here.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local s3_servers = require("s3_servers")

local BUILD = os.getenv("BUILD") or "build"
local STEPS = "timeout 60 lua5.4 spec/support/s3_steps.lua writer "

describe("s3 over https", function()
    local server, why

    setup(function() server, why = s3_servers.start("minio", "valid") end)
    teardown(function() if server then server:stop() end end)

    local function it_on_minio(title, test)
        it(title, function()
            if not server then return pending(why) end
            test()
        end)
    end

    local function with_ca(at)
        return "&ca_bundle=" .. at.folder .. "/ca.pem"
    end

    it_on_minio("works with a CA that the URI names", function()
        assert.equal("done\n0", server:run({ params = with_ca(server) },
                                           STEPS .. "uri"))
    end)

    it_on_minio("works with a CA that AWS_CA_BUNDLE names", function()
        local options = {
            variables = "AWS_CA_BUNDLE=" .. server.folder .. "/ca.pem",
        }
        assert.equal("done\n0", server:run(options, STEPS .. "variable"))
        -- Large bodies are not hashed here, but have a checksum.
        assert.matches("\n0$",
                       server:run(options, BUILD .. "/test/test_s3_real"))
    end)

    it_on_minio("refuses a server that no CA vouches for", function()
        assert.matches("^auth: .*certificate",
                       server:run({}, STEPS .. "stranger"))
    end)

    it_on_minio("refuses a certificate of another host", function()
        local options = { params = with_ca(server), host = "localhost" }
        assert.matches("^auth: .*localhost",
                       server:run(options, STEPS .. "other"))
    end)

    it_on_minio("refuses a certificate that has expired", function()
        local expired = assert(s3_servers.start("minio", "expired"))
        local output = expired:run({ params = with_ca(expired) },
                                   STEPS .. "expired")
        expired:stop()
        assert.matches("^auth: .*expired", output)
    end)
end)
