--- Coroutines over sockets: what a test's own servers are written with.
--
-- One thread, one select. A coroutine waits by the functions below, each of
-- which returns nil and why when the peer is gone.
--
-- @module loop
local socket = require("socket")

local loop = {}

local waiting = { read = {}, write = {} } -- socket -> coroutine
local sleepers = {}                       -- coroutine -> when it goes on

local function resume(thread)
    local ok, why = coroutine.resume(thread)
    if not ok then
        io.stderr:write(debug.traceback(thread, tostring(why)), "\n")
    end
end

--- Runs fn in a coroutine of its own, from now on.
function loop.spawn(fn, ...)
    local arguments = { ... }
    local thread = coroutine.create(function()
        return fn(table.unpack(arguments))
    end)
    resume(thread)
end

function loop.sleep(seconds)
    sleepers[coroutine.running()] = socket.gettime() + seconds
    coroutine.yield()
end

local function wait(kind, peer)
    waiting[kind][peer] = coroutine.running()
    coroutine.yield()
end

--- A connection, or nil and why.
function loop.accept(server)
    wait("read", server)
    local peer, why = server:accept()
    if peer then
        peer:settimeout(0)
        peer:setoption("tcp-nodelay", true)
    end
    return peer, why
end

function loop.connect(port)
    local peer = assert(socket.tcp())
    assert(peer:connect("127.0.0.1", port))
    peer:settimeout(0)
    peer:setoption("tcp-nodelay", true)
    return peer
end

local function receive(peer, pattern)
    local parts = {}
    while true do
        local text, why, part = peer:receive(pattern)
        if text then
            parts[#parts + 1] = text
            return table.concat(parts)
        end
        if why ~= "timeout" then return nil, why end
        parts[#parts + 1] = part
        if type(pattern) == "number" then pattern = pattern - #part end
        wait("read", peer)
    end
end

--- A line without its end.
function loop.line(peer) return receive(peer, "*l") end

--- So many bytes.
function loop.bytes(peer, count)
    return count == 0 and "" or receive(peer, count)
end

--- True once all of it is sent.
function loop.send(peer, text)
    local from = 1
    while from <= #text do
        local last, why, part = peer:send(text, from)
        if not last and why ~= "timeout" then return nil, why end
        from = (last or part) + 1
        if not last then wait("write", peer) end
    end
    return true
end

--- Waits until the peer hangs up; what it sends is thrown away.
function loop.until_gone(peer)
    repeat
        wait("read", peer)
        local _, why = peer:receive(1)
    until why == "closed"
end

local function sockets_of(threads)
    local sockets = {}
    for peer in pairs(threads) do sockets[#sockets + 1] = peer end
    return sockets
end

local function wake(kind, ready)
    for _, peer in ipairs(ready) do
        local thread = waiting[kind][peer]
        if thread then
            waiting[kind][peer] = nil
            resume(thread)
        end
    end
end

local function next_moment()
    local soonest
    for _, moment in pairs(sleepers) do
        if not soonest or moment < soonest then soonest = moment end
    end
    return soonest
end

--- Runs until the process is stopped.
function loop.run()
    while true do
        local soonest = next_moment()
        local pause = soonest and math.max(0, soonest - socket.gettime())
        local to_read, to_write = socket.select(sockets_of(waiting.read),
            sockets_of(waiting.write), pause)
        wake("read", to_read)
        wake("write", to_write)
        local now, due = socket.gettime(), {}
        for thread, moment in pairs(sleepers) do
            if moment <= now then due[#due + 1] = thread end
        end
        for _, thread in ipairs(due) do
            sleepers[thread] = nil
            resume(thread)
        end
    end
end

return loop
