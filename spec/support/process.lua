-- Processes and files for specs: start, wait for a state with a deadline, stop.

local socket = require("socket")

local process = {}

--- What a command prints; its success comes second.
function process.run(command)
    local pipe = assert(io.popen(command .. " 2>&1; echo status=$?"))
    local text = pipe:read("*a")
    pipe:close()
    local status = tonumber(text:match("status=(%d+)%s*$"))
    return text:gsub("status=%d+%s*$", ""), status == 0
end

--- Starts a command in the background; its output goes to `log`.
function process.start(command, log)
    local pipe = assert(io.popen(("exec %s >%s 2>&1 & echo $!"):format(command,
                                                                      log)))
    local pid = tonumber(pipe:read("*l"))
    pipe:close()
    return assert(pid)
end

--- Whether a process is there and no zombie.
function process.is_alive(pid)
    local file = io.open("/proc/" .. pid .. "/stat")
    if not file then return false end
    local state = file:read("*a"):match("%) (%u)")
    file:close()
    return state ~= "Z" and state ~= nil
end

function process.signal(pid, name)
    os.execute(("kill -%s %d 2>/dev/null"):format(name, pid))
end

--- Polls until fn returns something true; raises after `seconds`.
function process.await(what, fn, seconds)
    local deadline = socket.gettime() + (seconds or 20)
    while true do
        local result = fn()
        if result then return result end
        if socket.gettime() > deadline then
            error("no " .. what .. " in time", 2)
        end
        socket.sleep(0.002)
    end
end

--- A fresh folder, to be removed by process.remove.
function process.folder()
    local path = os.tmpname()
    os.remove(path)
    assert(process.run("mkdir " .. path))
    return path
end

function process.remove(path)
    assert(path:find("^/tmp/"))
    os.execute("rm -rf " .. path)
end

function process.read(path)
    local file = io.open(path, "rb")
    if not file then return "" end
    local text = file:read("*a")
    file:close()
    return text
end

function process.write(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    assert(file:close())
end

local given = {} -- ports

--- A port of loopback that is free now, for a server that starts later. Nobody
-- takes it meanwhile: it is below those that the kernel gives to connections,
-- and specs that run side by side (spec/run) choose among different ones.
function process.port()
    local slot = tonumber(os.getenv("NAMIDB_TEST_SLOT") or 0) % 8
    local random = assert(io.open("/dev/urandom", "rb"))
    for _ = 1, 100 do
        local high, low = random:read(2):byte(1, 2)
        local port = 12000 + (high * 256 + low) % 2500 * 8 + slot
        local server = not given[port] and socket.bind("127.0.0.1", port)
        if server then
            server:close()
            random:close()
            given[port] = true
            return port
        end
    end
    error("no port of 100 is free", 2)
end

--- The interpreter that runs this.
process.lua = (rawget(_G, "jit") and "luajit") or "lua5.4"

return process
