-- Bad input, to MinIO: a clear error within the deadline, nothing written, and
-- no secret in anything that is said.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local socket = require("socket")
local process = require("process")
local s3_servers = require("s3_servers")

local OPEN = "timeout 60 lua5.4 spec/support/s3_open.lua '%s' %d"
local NO_KEYS = "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= "
local TIMEOUT_S = 3
local NOT_A_NAME = "^raised: s3 bucket .*a name has 3 to 63 of a%-z"

describe("s3 with bad input", function()
    local server, why, hole

    setup(function()
        server, why = s3_servers.start("minio")
        hole = assert(socket.bind("127.0.0.1", 0)) -- takes calls, never answers
    end)
    teardown(function()
        hole:close()
        if server then server:stop() end
    end)

    -- $here: MinIO; $hole: one that never answers.
    local function open(uri, variables)
        local _, hole_port = hole:getsockname()
        local at = "region=us-east-1&endpoint=http://127.0.0.1:"
        uri = uri:gsub("%$here", at .. server.port)
        uri = uri:gsub("%$hole", at .. hole_port)
        local started = socket.gettime()
        local text = server:run({ variables = variables },
                                OPEN:format(uri, TIMEOUT_S))
        return text, socket.gettime() - started
    end

    local function objects()
        return process.run(("find %s/data/bucket -name xl.meta"):format(
            server.folder))
    end

    local function it_says(title, expected, uri, variables)
        it("says so: " .. title, function()
            if not server then return pending(why) end
            local text, seconds = open(uri, variables)
            assert.matches(expected, text)
            assert.matches("\n0$", text)
            assert.is_true(seconds < TIMEOUT_S + 5, seconds)
            assert.equal("", objects())
        end)
    end

    it_says("no such bucket", "^not_found: .*'no%-such%-bucket' does not exist",
            "s3://no-such-bucket/tests?$here")
    it_says("no credentials", "^auth: no credentials: looked at " ..
            "AWS_ACCESS_KEY_ID .*AWS_WEB_IDENTITY_TOKEN_FILE .*~/.aws/" ..
            "credentials .*AWS_CONTAINER_CREDENTIALS_RELATIVE_URI .*EC2",
            "s3://bucket/tests?$here",
            NO_KEYS .. "AWS_EC2_METADATA_DISABLED=true")
    it_says("half a pair", "^auth: .*AWS_SECRET_ACCESS_KEY is not",
            "s3://bucket/tests?$here", "AWS_SECRET_ACCESS_KEY=")
    it_says("a wrong secret", "^auth: .*signature does not match",
            "s3://bucket/tests?$here",
            "AWS_SECRET_ACCESS_KEY=namidb-test-secret-but-wrong")
    it_says("a key that nobody has", "^auth: .*access key is not known",
            "s3://bucket/tests?$here", "AWS_ACCESS_KEY_ID=nobody")
    it_says("a session that is none", "^auth: .*session token",
            "s3://bucket/tests?$here", "AWS_SESSION_TOKEN=made-up")
    it_says("no such profile", "^auth: profile 'nobody' is in neither",
            "s3://bucket/tests?profile=nobody&$here")
    it_says("nobody listens", "^io: .*[Cc]onnect",
            "s3://bucket/tests?region=us-east-1&endpoint=http://127.0.0.1:1")
    it_says("nobody answers", "^timeout: .*timed out",
            "s3://bucket/tests?$hole")
    it_says("no such host", "^%l+: .*no%-such%-host.invalid.*[Rr]esolv",
            "s3://bucket/tests?region=us-east-1&endpoint=" ..
            "https://no-such-host.invalid")
    it_says("http to another machine", "^raised: .*needs allow_http=true",
            "s3://bucket/tests?region=us-east-1&endpoint=http://example.com")
    it_says("user and password", "^raised: uri: no user or password may",
            "s3://key:namidb-test-secret@bucket/tests?$here")
    it_says("password in the endpoint", "^raised: .*no user or password may",
            "s3://bucket/tests?endpoint=http://a:namidb-test-secret@127.0.0.1")
    for _, name in ipairs({ "secret_access_key", "aws_secret_access_key",
                            "session_token", "password" }) do
        it_says(name, "^raised: uri: unknown parameter '" .. name .. "'",
                ("s3://bucket/tests?%s=namidb-test-secret&$here"):format(name))
    end
    for _, name in ipairs({ "Bucket", "my_bucket", "192.168.1.1", "ab", "a..b",
                            "-bucket", "bucket-", ("x"):rep(64) }) do
        it_says("no bucket's name: " .. name, NOT_A_NAME,
                ("s3://%s/tests?$here"):format(name))
    end
    it_says("no name at all", "^raised: uri: s3:// without a name",
            "s3:///tests?$here")

    it("is refused no region: it is told, and follows", function()
        if not server then return pending(why) end
        local text = open(("s3://bucket/tests?region=eu-north-1&endpoint=" ..
            "http://127.0.0.1:%d"):format(server.port))
        assert.matches("^namidb writer of ", text)
        assert.matches('"region":"us%-east%-1"', text)
    end)

    it("shows no secret, and a spec would see it", function()
        if not server then return pending(why) end
        local ok, message = pcall(server.run, server, {}, "env")
        assert.is_false(ok)
        assert.matches("a secret is shown", message)
    end)
end)
