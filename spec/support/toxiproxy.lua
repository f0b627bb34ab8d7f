--- Toxiproxy before a server: latency that does not depend on how quick a proxy
-- in Lua is.
--
-- @module toxiproxy
local process = require("process")
local s3_servers = require("s3_servers")

local toxiproxy = {}

local Toxiproxy = {}
local Toxiproxy_mt = { __index = Toxiproxy, __name = "toxiproxy" }

local function post(server, path, json)
    local answer, ok = process.run(("curl -sf --noproxy '*' -d '%s' " ..
        "http://127.0.0.1:%d%s"):format(json, server.port, path))
    assert(ok, answer)
end

--- Start one, whose answers come late.
-- @tparam number upstream port of the server on loopback
-- @tparam number latency_ms of each answer
-- @treturn ?Toxiproxy with `port`, where clients connect; nil and why when it
-- cannot be had here
function toxiproxy.start(upstream, latency_ms)
    local server, why = s3_servers.start("toxiproxy")
    if not server then return nil, why end
    local self = setmetatable({ server = server }, Toxiproxy_mt)
    self.port = server.other
    post(server, "/proxies", ('{"name":"s3","listen":"127.0.0.1:%d",' ..
        '"upstream":"127.0.0.1:%d"}'):format(self.port, upstream))
    post(server, "/proxies/s3/toxics", ('{"type":"latency",' ..
        '"stream":"downstream","attributes":{"latency":%d}}'):format(
        latency_ms))
    return self
end

function Toxiproxy:stop() self.server:stop() end

return toxiproxy
