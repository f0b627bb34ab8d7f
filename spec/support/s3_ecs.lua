-- Keys from where a container of ECS gets them: an address that is fixed,
-- 169.254.170.2, so this runs in a network of its own that has it (see
-- s3_credentials_spec.lua), with MinIO and a server of credentials inside.
--
-- usage: s3_ecs           all of it; prints "done", or what went wrong
--        s3_ecs serve     the server of credentials
--
-- What the server answers is ECS's: a document of keys below one path.

package.path = "spec/support/?.lua;" .. package.path
local socket = require("socket")

local HOST, PATH = "169.254.170.2", "/v2/credentials/graph"
local DOCUMENT = '{"RoleArn":"arn:aws:iam::123456789012:role/graph",' ..
    '"AccessKeyId":"namidb-test","SecretAccessKey":"namidb-test-secret",' ..
    '"Token":"","Expiration":"2099-01-01T00:00:00Z"}'

local function answer(client)
    local line = client:receive("*l") or ""
    repeat local header = client:receive("*l") until not header or header == ""
    local is_it = line:match("^GET (%S+) ") == PATH
    local body = is_it and DOCUMENT or ""
    client:send(("HTTP/1.1 %s\r\nContent-Type: application/json\r\n" ..
        "Content-Length: %d\r\nConnection: close\r\n\r\n%s"):format(
        is_it and "200 OK" or "404 Not Found", #body, body))
    client:close()
end

local function serve()
    local server = assert(socket.bind(HOST, 80))
    while true do
        local client = server:accept()
        client:settimeout(5)
        answer(client)
    end
end

-- Polls until the server of credentials takes connections.
local function await()
    for _ = 1, 100 do
        local client = socket.connect(HOST, 80)
        if client then return client:close() end
        socket.sleep(0.05)
    end
    error("the server of credentials does not start")
end

local function run()
    local s3_servers = require("s3_servers")
    local minio = assert(s3_servers.start("minio"))
    local pipe = assert(io.popen("lua5.4 spec/support/s3_ecs.lua serve " ..
        ">/dev/null 2>&1 & echo $!"))
    local pid = pipe:read("*l")
    pipe:close()
    local ok, output = pcall(function()
        await()
        return minio:run({ variables = "AWS_ACCESS_KEY_ID= " ..
            "AWS_SECRET_ACCESS_KEY= " ..
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=" .. PATH },
            "timeout 60 lua5.4 spec/support/s3_steps.lua writer ecs")
    end)
    os.execute("kill " .. pid)
    minio:stop()
    assert(ok, output)
    print((output:gsub("\n0$", "")))
end

if arg[1] == "serve" then serve() else run() end
