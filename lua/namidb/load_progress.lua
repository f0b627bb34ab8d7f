-- How a load shows where it is: a line on a terminal, a function of the
-- caller's, or nothing but the summary at the end.

local core = require("namidb.core")

local progress = {}

local Progress = {}
Progress.__index = Progress

local INTERVAL_S = 0.5

-- Seconds since some start, as exact as there is.
local function clock()
    local ok, socket = pcall(require, "socket")
    return ok and socket.gettime() or os.time()
end

local function is_terminal()
    local result = os.execute("test -t 2")
    return result == true or result == 0 -- 5.4, LuaJIT
end

local stats_of = core.db.__index.stats

local function requests_of(db)
    local stats, err = stats_of(db)
    if not stats then error(err, 0) end
    local requests = stats.requests
    return requests.get + requests.put + requests.delete + requests.list
end

--- `wanted`: a function to be called with the summary so far, false for
-- silence, true for the line, nil for the line if there is a terminal.
function progress.new(db, wanted)
    local self = { db = db, started = clock(), shown = 0 }
    if type(wanted) == "function" then
        self.call = wanted
    elseif wanted == true or (wanted == nil and is_terminal()) then
        self.is_line = true
    end
    self.requests_before = requests_of(db)
    return setmetatable(self, Progress)
end

local function summary(self, state)
    local seconds = math.max(clock() - self.started, 1e-9)
    return {
        rows = state.rows,
        seconds = seconds,
        rows_per_second = state.rows / seconds,
        bytes = state.bytes + (state.source and state.source.bytes or 0),
        requests = requests_of(self.db) - self.requests_before,
        position = state.position,
    }
end

local function line_of(now)
    return ("%.0f rows, %.0f rows/s, %.1f MB read, %.0f requests"):format(
        now.rows, now.rows_per_second, now.bytes / 1e6, now.requests)
end

-- What the caller's function raises is the caller's and stays as it is.
local function notify(self, now)
    if not self.call then return end
    local ok, raised = pcall(self.call, now)
    if not ok then error({ raised = raised }, 0) end
end

function Progress:update(state)
    notify(self, summary(self, state))
    if not self.is_line or clock() - self.shown < INTERVAL_S then return end
    self.shown = clock()
    io.stderr:write("\r", line_of(summary(self, state)), "   ")
    io.stderr:flush()
end

--- Leaves the line for what others print.
function Progress:stop()
    if self.is_line then io.stderr:write("\n") end
end

function Progress:finish(state)
    local now = summary(self, state)
    notify(self, now)
    if self.is_line then io.stderr:write("\r", line_of(now), "   ") end
    self:stop()
    return now
end

return progress
