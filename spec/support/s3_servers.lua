--- Servers that speak S3, for tests: installed once, started on loopback.
--
-- Binaries are kept in $NAMIDB_SERVERS, or ~/.cache/namidb-servers, and are
-- pinned. A server runs in a folder of its own on a port of its own, and is
-- stopped by its process id.
--
-- @module s3_servers
local socket = require("socket")

local process = require("process")

local s3_servers = {}

local ACCESS_KEY, SECRET_KEY = "namidb-test", "namidb-test-secret"

local GO = "GOBIN=%s GOFLAGS=-p=2 go install %s"

-- How each is installed and started. `checks_signatures`: a wrong key is
-- refused. Substituted in `start`: $cache, $port, $other, $folder.
local KINDS = {
    gofakes3 = {
        binary = "gofakes3",
        needs = "go",
        install = "github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0",
        start = "exec $cache/gofakes3 -backend memory -initialbucket bucket" ..
            " -host 127.0.0.1:$port",
        ready = "/",
    },
    minio = {
        binary = "minio",
        needs = "go",
        install = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c",
        -- A folder is a bucket.
        start = "mkdir -p $folder/data/bucket $folder/certs; " ..
            "MINIO_ROOT_USER=" .. ACCESS_KEY ..
            " MINIO_ROOT_PASSWORD=" .. SECRET_KEY ..
            " MINIO_SITE_REGION=us-east-1" .. -- else it takes any
            " exec $cache/minio server --address 127.0.0.1:$port" ..
            " --console-address 127.0.0.1:$other" ..
            " --certs-dir $folder/certs $folder/data",
        ready = "/minio/health/ready",
        checks_signatures = true,
    },
    moto = {
        binary = "moto/bin/moto_server",
        needs = "python3",
        pip = "'moto[server,s3]==5.2.5'",
        start = "exec $cache/moto/bin/moto_server -H 127.0.0.1 -p $port",
        ready = "/",
        makes_bucket = true,
    },
    -- Its conditional put is not atomic: it must be refused.
    versitygw = {
        binary = "versitygw",
        needs = "go",
        install = "github.com/versity/versitygw/cmd/versitygw@v1.7.0",
        start = "mkdir -p $folder/data/bucket; " ..
            "ROOT_ACCESS_KEY=" .. ACCESS_KEY ..
            " ROOT_SECRET_KEY=" .. SECRET_KEY ..
            " exec $cache/versitygw --port 127.0.0.1:$port posix $folder/data",
        ready = "/",
        refuses_strangers = true,
        checks_signatures = true,
    },
    -- Not a store: a bad network before one. See toxiproxy.lua.
    toxiproxy = {
        binary = "toxiproxy",
        needs = "go",
        install = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0",
        installed_as = "server",
        start = "exec $cache/toxiproxy -host 127.0.0.1 -port $port",
        ready = "/version",
    },
    -- The metadata service of EC2, with the keys of `metadata` below.
    metadata = {
        binary = "ec2-metadata-mock",
        needs = "go",
        install = "github.com/aws/amazon-ec2-metadata-mock/cmd/" ..
            "ec2-metadata-mock@v1.13.0",
        start = "exec $cache/ec2-metadata-mock --hostname 127.0.0.1" ..
            " --port $port --imdsv2 -c $folder/metadata.json",
        ready = "/",
        refuses_strangers = true,
        files = { ["metadata.json"] = [[
{ "metadata": { "values": { "iam-security-credentials": {
    "Code": "Success", "Type": "AWS-HMAC",
    "LastUpdated": "2026-01-01T00:00:00Z",
    "AccessKeyId": "namidb-test", "SecretAccessKey": "namidb-test-secret",
    "Token": "",
    "Expiration": "2099-01-01T00:00:00Z" } } } }
]] },
    },
    localstack = {
        binary = "localstack/bin/python",
        needs = "python3",
        pip = "'localstack-core[base-runtime]==4.9.2' 'cbor2==5.8.0'" ..
            " 'pyopenssl==24.3.0' service_identity",
        start = "cd $folder && SERVICES=s3 DISABLE_EVENTS=1 " ..
            "SKIP_SSL_CERT_DOWNLOAD=1 GATEWAY_LISTEN=127.0.0.1:$port " ..
            "exec $cache/localstack/bin/python -m localstack.runtime.main",
        ready = "/_localstack/health",
        makes_bucket = true,
    },
}

local function succeeds(command)
    local status = os.execute(command .. " >/dev/null 2>&1")
    return status == true or status == 0
end

local function cache()
    local home = os.getenv("HOME") or "/tmp"
    return os.getenv("NAMIDB_SERVERS") or (home .. "/.cache/namidb-servers")
end

local function capture(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read("*a")
    pipe:close()
    return (text:gsub("%s+$", ""))
end

-- `any`: a refusal is an answer as well.
local function is_ready(url, any)
    return succeeds(("curl -sk%s --noproxy '*' -m 2 -o /dev/null %s"):format(
        any and "" or "f", url))
end

-- A CA, and what it says of 127.0.0.1; `days` < 0: it has expired.
local CERTIFY = [[
cd $folder && mkdir -p certs &&
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=namidb test CA' \
    -keyout ca.key -out ca.pem &&
openssl req -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1' \
    -keyout certs/private.key -out server.csr &&
echo 'subjectAltName=IP:127.0.0.1' >extensions &&
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -extfile extensions -days $days -out certs/public.crt
]]

-- The shell line that installs a server.
local function install_line(name, kind)
    if kind.pip then
        local folder = cache() .. "/" .. name
        return ("python3 -m venv %s && %s/bin/pip install -q %s"):format(
            folder, folder, kind.pip)
    end
    local line = GO:format(cache(), kind.install)
    if kind.installed_as then
        line = ("%s && mv %s/%s %s/%s"):format(line, cache(),
            kind.installed_as, cache(), kind.binary)
    end
    return line
end

--- Install a server that is not there yet. Programs that run side by side
-- install one after another.
-- @tparam string name
-- @treturn ?boolean nil and why when that fails
function s3_servers.install(name)
    local kind = assert(KINDS[name], name)
    local binary = cache() .. "/" .. kind.binary
    if succeeds("test -x " .. binary) then return true end
    if not succeeds("command -v " .. kind.needs) then
        return nil, name .. ": " .. kind.needs .. " is not installed"
    end
    io.stderr:write("# installing ", name, ", once\n")
    local script = os.tmpname()
    process.write(script, ("test -x %s || { %s; }\n"):format(binary,
        install_line(name, kind)))
    local ok = succeeds(("mkdir -p %s && flock %s/lock sh %s"):format(cache(),
        cache(), script))
    os.remove(script)
    if ok then return true end
    return nil, name .. ": cannot be installed here"
end

--- Whether a server is installed, or can be.
-- @tparam string name
-- @treturn boolean
function s3_servers.has(name)
    local kind = assert(KINDS[name], name)
    return succeeds("test -x " .. cache() .. "/" .. kind.binary) or
        succeeds("command -v " .. kind.needs)
end

local Server = {}
local Server_mt = { __index = Server, __name = "s3_servers" }

--- Variables and URI for a program that is to use the server.
-- @tparam[opt] table options `name`: of the folder in the bucket, "tests";
-- `params`: more of the URI's, "&a=b"; `host`: in place of 127.0.0.1; `port`:
-- of a proxy; `variables`: more of them, "A=b"
-- @treturn string to be put before a command
function Server:environment(options)
    options = options or {}
    local variables = {
        "AWS_ACCESS_KEY_ID=" .. ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY=" .. SECRET_KEY,
        "AWS_SESSION_TOKEN= AWS_PROFILE= AWS_ENDPOINT_URL=",
        "AWS_CONFIG_FILE=/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE=/nonexistent",
        "NAMIDB_TEST_SIGNS=" .. (self.kind.checks_signatures and 1 or 0),
        ("NAMIDB_TEST_URI='s3://bucket/%s?region=us-east-1&probe=off" ..
            "&endpoint=%s://%s:%d%s'"):format(options.name or "tests",
            self.scheme,
            options.host or "127.0.0.1", options.port or self.port,
            options.params or ""),
        options.variables,
    }
    return table.concat(variables, " ")
end

--- A curl command that gets an object of the bucket, signed, for `run`.
function Server:curl(key, options)
    return ("sh -c 'curl -s --noproxy \"*\" --user " ..
        "\"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" --aws-sigv4 " ..
        "aws:amz:us-east-1:s3 %s %s://127.0.0.1:%d/bucket/%s'"):format(options,
        self.scheme, self.port, key)
end

-- All that was used so far and nobody may see.
local secrets = { SECRET_KEY }

-- Runs a command; what it prints, and its status on the last line. No error,
-- log line or tostring of any test may show a secret.
local function run(environment, command)
    local output = capture(("env %s %s 2>&1; echo $?"):format(environment,
                                                              command))
    for _, secret in ipairs(secrets) do
        if output:find(secret, 1, true) then
            error("a secret is shown:\n" .. output, 2)
        end
    end
    return output
end

--- Run a command with all permissions.
-- @tparam table options as in `environment`
-- @tparam string command
-- @treturn string what it prints, and its status on the last line
function Server:run(options, command)
    return run(self:environment(options), command)
end

--- Run a command with a temporary identity that may do only what a policy
-- says: MinIO's token service makes it, and MinIO enforces it.
-- @tparam string policy as JSON
-- @tparam string command
-- @treturn string what it prints, and its status on the last line
function Server:run_as(policy, command)
    -- MinIO says that it is ready before its token service is (503).
    local answer = capture(("curl -s --retry 10 --retry-delay 1 " ..
        "--noproxy '*' --user %s:%s --aws-sigv4 aws:amz:us-east-1:sts " ..
        "-d Action=AssumeRole -d Version=2011-06-15 -d DurationSeconds=3600 " ..
        "--data-urlencode 'Policy=%s' http://127.0.0.1:%d/"):format(
        ACCESS_KEY, SECRET_KEY, policy, self.port))
    local function text(name)
        return assert(answer:match("<" .. name .. ">(.-)</"), answer)
    end
    local secret, token = text("SecretAccessKey"), text("SessionToken")
    secrets[#secrets + 1] = secret
    secrets[#secrets + 1] = token
    return run(("%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s " ..
        "AWS_SESSION_TOKEN=%s"):format(self:environment(), text("AccessKeyId"),
                                       secret, token), command)
end

--- Stop the server and remove its folder.
function Server:stop()
    succeeds("kill " .. self.pid)
    for _ = 1, 50 do
        if not succeeds("kill -0 " .. self.pid) then break end
        socket.sleep(0.1)
    end
    succeeds("kill -9 " .. self.pid)
    succeeds("rm -rf " .. self.folder)
end

local function await(server)
    local base = server.scheme .. "://127.0.0.1:" .. server.port
    for _ = 1, 600 do
        if is_ready(base .. server.kind.ready,
                    server.kind.refuses_strangers) then
            return true
        end
        if not succeeds("kill -0 " .. server.pid) then break end
        socket.sleep(0.1)
    end
    local log = capture("tail -n 5 " .. server.folder .. "/log")
    server:stop()
    return nil, "server does not start: " .. log
end

--- Start a server with an empty bucket named "bucket".
-- @tparam string name `gofakes3`, `minio`, `moto`, `localstack` ...
-- @tparam[opt] string tls "valid" or "expired": over https, with a certificate
-- for 127.0.0.1 by the CA `folder`/ca.pem; MinIO only
-- @treturn ?Server nil and why when it cannot be had here
function s3_servers.start(name, tls)
    local kind = assert(KINDS[name], name)
    local ok, why = s3_servers.install(name)
    if not ok then return nil, why end
    local server = setmetatable({
        kind = kind,
        port = process.port(),
        other = process.port(), -- for a console, or what it passes on
    }, Server_mt)
    server.scheme = tls and "https" or "http"
    server.folder = capture("mktemp -d")
    if tls then
        local days = tls == "expired" and -1 or 2
        local values = { folder = server.folder, days = days }
        assert(succeeds("(" .. CERTIFY:gsub("%$(%w+)", values) .. ")"))
    end
    local values = {
        cache = cache(),
        folder = server.folder,
        port = server.port,
        other = server.other,
    }
    local script = kind.start:gsub("%$(%w+)", values)
    local path = server.folder .. "/start"
    process.write(path, script .. "\n")
    for file, text in pairs(kind.files or {}) do
        process.write(server.folder .. "/" .. file, text)
    end
    -- Servers in Go take a tenth less work when they seldom collect garbage.
    server.pid = capture(("GOGC=400 sh %s >%s/log 2>&1 </dev/null & " ..
        "echo $!"):format(path, server.folder))
    ok, why = await(server)
    if not ok then return nil, name .. ": " .. why end
    if kind.makes_bucket then
        assert(succeeds(("curl -sf --noproxy '*' -X PUT " ..
            "http://127.0.0.1:%d/bucket"):format(server.port)))
    end
    return server
end

return s3_servers
