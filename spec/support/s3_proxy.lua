--- A proxy between the database and a real S3 server, in a process of its own:
-- it counts what comes, and misbehaves by a plan.
--
-- A plan is a list of rules; the first that applies decides. A rule applies to
-- requests of its `method` and whose path has `path` in it (nil: to all), to
-- the `at`-th of these (1) and `count` from there on (1), or to each with a
-- `chance`. `what` it does:
--
--   drop          hangs up; nothing is applied
--   apply_drop    applies it and hangs up
--   late          applies it when `after` others were answered, or at
--                 release(); hangs up at once, or when the client does
--                 (`waits`)
--   hang          applies it and never answers
--   answer        `status`, `code` or `body`, `headers`; nothing is applied
--   apply_answer  the same after applying it, without its `header` if named
--   strip         takes `header` out of the request
--   rewrite       gives the answer another `value` of `header`, or none
--   short         cuts the answer's body
--   drip          a byte of the answer every `seconds`
--
-- With `resets` it hangs up by a reset.
--
-- @module s3_proxy
local socket = require("socket")

local namidb = require("namidb")
local process = require("process")

local s3_proxy = {}

local Proxy = {}
local Proxy_mt = { __index = Proxy, __name = "s3_proxy" }

local function ask(self, name, a, b)
    local command = namidb.json.encode({ name = name, a = a, b = b })
    assert(self.control:send(command .. "\n"))
    return namidb.json.decode(assert(self.control:receive("*l"))).result
end

--- From now on; `seed` for chances. Replaces the plan before it.
function Proxy:plan(rules, seed) ask(self, "plan", namidb.list(rules), seed) end

--- For each rule, how many requests it could have applied to (`seen`), and to
-- how many it did (`hits`).
function Proxy:plan_state() return ask(self, "plan_state") end

--- Answers wait until nothing new came for so many seconds, and then go all at
-- once: so rounds can be counted, whatever the machine does. 0: they do not.
function Proxy:set_gate(seconds) ask(self, "set", "gate", seconds) end

--- Applies what is late.
function Proxy:release() ask(self, "release") end

--- All requests since the last forget(), in the order in which they came: a
-- list of tables with `kind` (get, put, list, delete, post), `method`, `path`,
-- `query`, `is_create`, `status` (0: none), `applied` (the status that the
-- server gave), `sent` and `received` bytes of bodies, `round` (of a gate),
-- `fault`, `connection`, `started`, `finished`.
function Proxy:requests() return ask(self, "records") end

function Proxy:forget() ask(self, "forget") end

--- What fn sends, as "get=2 list=1 rounds=2", kinds in that order; and all of
-- its requests. Waits until the proxy has seen nothing for a while.
function Proxy:cost_of(fn)
    ask(self, "quiet", 0.2)
    self:forget()
    fn()
    ask(self, "quiet", 0.2)
    return s3_proxy.sum(self:requests())
end

function Proxy:stop()
    self.control:close()
    process.signal(self.pid, "KILL")
    process.remove(self.folder)
end

--- The sum of requests as a text, and themselves.
function s3_proxy.sum(requests)
    local counts, rounds, seen = {}, 0, {}
    for _, request in ipairs(requests) do
        counts[request.kind] = (counts[request.kind] or 0) + 1
        if request.round and not seen[request.round] then
            seen[request.round] = true
            rounds = rounds + 1
        end
    end
    local parts = {}
    for _, kind in ipairs({ "get", "put", "list", "delete", "post", "head" }) do
        if counts[kind] then
            parts[#parts + 1] = ("%s=%d"):format(kind, counts[kind])
        end
    end
    if rounds > 0 then parts[#parts + 1] = "rounds=" .. rounds end
    return table.concat(parts, " "), requests
end

--- Attach to a proxy that another process started.
-- @tparam number control its second port
function s3_proxy.attach(control)
    local peer = assert(socket.connect("127.0.0.1", control))
    peer:setoption("tcp-nodelay", true)
    return setmetatable({ control = peer }, Proxy_mt)
end

--- Start one before a server.
-- @tparam number upstream the server's port
-- @treturn Proxy with `port`, where clients connect, and `control_port`
function s3_proxy.start(upstream)
    local folder = process.folder()
    local log = folder .. "/log"
    local pid = process.start(
        "lua5.4 spec/support/s3_proxy_main.lua " .. upstream, log)
    local port, control
    local ok, why = pcall(process.await, "proxy", function()
        port, control = process.read(log):match("^(%d+) (%d+)\n")
        return port
    end)
    if not ok then error(why .. ": " .. process.read(log), 2) end
    local self = s3_proxy.attach(control)
    self.port, self.control_port = tonumber(port), tonumber(control)
    self.pid, self.folder = pid, folder
    return self
end

return s3_proxy
