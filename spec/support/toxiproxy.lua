--- Toxiproxy before a server: a network that is slow, narrow or breaks, at the
-- level of connections and bytes. What depends on requests is s3_proxy's.
--
-- @module toxiproxy
local namidb = require("namidb")
local process = require("process")
local s3_servers = require("s3_servers")

local toxiproxy = {}

local Toxiproxy = {}
local Toxiproxy_mt = { __index = Toxiproxy, __name = "toxiproxy" }

-- The shell line that asks a Toxiproxy for something.
local function ask_line(self, path, body)
    return ("curl -sf --noproxy '*' -d '%s' http://127.0.0.1:%d%s"):format(
        namidb.json.encode(body), self.server.port, path)
end

local function must(line)
    local answer, ok = process.run(line)
    assert(ok, answer)
end

--- Start one, which does no harm.
-- @tparam number upstream port of the server on loopback
-- @treturn ?Toxiproxy with `port`, where clients connect; nil and why when it
-- cannot be had here
function toxiproxy.start(upstream)
    local server, why = s3_servers.start("toxiproxy")
    if not server then return nil, why end
    local self = setmetatable({ server = server }, Toxiproxy_mt)
    self.port = server.other
    must(ask_line(self, "/proxies", {
        name = "s3",
        listen = "127.0.0.1:" .. self.port,
        upstream = "127.0.0.1:" .. upstream,
    }))
    return self
end

--- The shell line that does no harm any more.
function Toxiproxy:heal_line() return ask_line(self, "/reset", {}) end

--- The shell line that adds harm to what there is.
-- @tparam table toxic as Toxiproxy's manual has it: `type`, `attributes`,
-- `stream` ("downstream", the answers, unless it says "upstream"), `toxicity`
-- (which part of the connections it meets; 1)
function Toxiproxy:harm_line(toxic)
    return ask_line(self, "/proxies/s3/toxics", {
        type = toxic.type,
        stream = toxic.stream or "downstream",
        toxicity = toxic.toxicity or 1,
        attributes = toxic.attributes,
    })
end

--- The shell line that cuts all connections and refuses new ones.
function Toxiproxy:sever_line()
    return ask_line(self, "/proxies/s3", { enabled = false })
end

--- Toxics from now on, in place of those before.
function Toxiproxy:set(toxics)
    must(self:heal_line())
    for _, toxic in ipairs(toxics) do must(self:harm_line(toxic)) end
end

function Toxiproxy:stop() self.server:stop() end

return toxiproxy
