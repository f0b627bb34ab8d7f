-- CALL { } IN TRANSACTIONS: rows of the database as it was when the statement
-- began, a batch of them at a time to what the call does with them, each batch
-- a transaction of its own (cypher/split.lua makes the parts).
--
-- Rows go from part to part as values of the core's (c/lua/batch.c), so that
-- nothing is read of nodes that are only handed on, and no value changes.

local core = require("namidb.core")
local result = require("namidb.result")
local write = require("namidb.write")

local batches = {}

local ROWS, TIMEOUT = 1000, 30

-- What is no batch's fault ends the statement, whatever it says of errors.
local ENDS = { no_memory = true, io = true, auth = true, conflict = true,
               fenced = true, unknown = true, busy = true, timeout = true,
               canceled = true, corrupt = true }

--- Plans the parts of a checked statement. make(tree) plans one.
function batches.plan(ast, make)
    local made = { stages = {}, mode = ast.mode, writes = true }
    local err
    for i, stage in ipairs(ast.stages) do
        local planned = { at = stage.at, on_error = stage.on_error }
        for _, part in ipairs({ "size", "rows", "each" }) do
            if stage[part] then
                planned[part], err = make(stage[part])
                if err then return nil, err end
            end
        end
        made.stages[i] = planned
    end
    if ast.rest then
        made.rest, err = make(ast.rest)
        if err then return nil, err end
    end
    made.columns = made.rest and made.rest.columns or {}
    local first = made.stages[1].each
    made.names, made.cold, made.counts = first.names, first.cold, first.counts
    return made
end

--- The plans of the parts, as text.
function batches.explain(made)
    local text = require("namidb.plan.explain").text
    local parts = {}
    local function add(title, part)
        if not part then return end
        local plan = text(part):gsub("[^\n]+", "  %0")
        parts[#parts + 1] = title .. "\n" .. plan
    end
    for _, stage in ipairs(made.stages) do
        add("Rows", stage.rows)
        add("EachBatch", stage.each)
    end
    add("Behind", made.rest)
    return table.concat(parts, "\n")
end

-- What is wrong with a part's run is told by the place in the statement.
local function located(part, err)
    if err and err.place then
        err.at, err.place = part.places and part.places[err.place], nil
    end
    return err
end

-- Opens a part. settings: { db, params, options, open(handle, part, params,
-- options) }; rows: of the batch, or of all.
local function open(settings, handle, part, rows)
    local params, options = {}, {}
    for name, value in pairs(settings.params or {}) do params[name] = value end
    for name, value in pairs(settings.options) do options[name] = value end
    params["~rows"], options.max_rows = rows, nil
    local running, err = settings.open(handle, part, params, options)
    return running, located(part, err)
end

-- How many rows a batch has.
local function size_of(settings, stage)
    if not stage.size then return ROWS end
    local running, err = open(settings, settings.db, stage.size)
    local rows
    if running then rows, err = running:collect() end
    if not rows then return nil, located(stage.size, err) end
    local given = rows[1][stage.size.columns[1]]
    local size = type(given) ~= "string" and tonumber(given)
    if not size or size < 1 or size % 1 ~= 0 then
        return nil, setmetatable({ code = "invalid", class = "SyntaxError",
            detail = "InvalidArgumentType", phase = "runtime", at = stage.at,
            retryable = false, message =
                "a batch has a whole number of rows, 1 or more" }, core.error)
    end
    return size
end

-- Runs a part for a batch in a transaction of its own: its rows, or nil and an
-- error.
local function commit(settings, part, batch)
    local given
    local function run(tx)
        local running, err = open(settings, tx, part, batch)
        if running then
            given, err = running:take(math.huge, settings.timeout)
            running:close()
        end
        if not given then error(located(part, err), 0) end
    end
    local ok, done, err = pcall(write.write, settings.db, run,
                                { timeout = settings.timeout })
    if ok and done then return given end
    if not ok and getmetatable(done) ~= core.error then error(done, 0) end
    return nil, not ok and done or err
end

local function status_of(number, err)
    return { started = number ~= nil, committed = number ~= nil and not err,
             transactionId = number and tostring(number) or core.null,
             errorMessage = err and err.message or core.null }
end

-- One batch: its status and rows, if it is to go on, and whether it was the
-- last one to be tried; or nil and an error.
local function run_batch(settings, stage, batch, number)
    local given, err = commit(settings, stage.each, batch)
    if given then
        settings.committed = settings.committed + 1
        return { status_of(number), given }
    end
    if ENDS[err.code] or (stage.on_error or "fail") == "fail" then
        return nil, err
    end
    return { status_of(number, err), batch }, stage.on_error == "break"
end

-- All batches of a stage: the rows of each with its status, if they are wanted;
-- or nil and an error. latest(): the statement's plan, which may be a newer one
-- for each batch.
local function run_stage(settings, i, rows, latest)
    local made = latest()
    local stage = made.stages[i]
    local is_wanted = made.rest ~= nil or made.stages[i + 1] ~= nil
    local all, is_stopped = {}, false
    local size, err = size_of(settings, stage)
    if not size then return nil, err end
    local running
    running, err = open(settings, settings.db, stage.rows, rows)
    if not running then return nil, err end
    while is_wanted or not is_stopped do
        local batch, told
        batch, err = running:take(size, settings.timeout)
        if not batch then
            running:close()
            return nil, located(stage.rows, err)
        end
        if #batch == 0 then break end
        if is_stopped then
            told = { status_of(nil), batch }
        else
            settings.count = settings.count + 1
            told, is_stopped = run_batch(settings, latest().stages[i], batch,
                                         settings.count)
            if not told then
                running:close()
                return nil, is_stopped
            end
        end
        if is_wanted then all[#all + 1] = told end
    end
    running:close()
    return all
end

-- All stages and what stands behind them.
local function run(settings, latest)
    local made = latest()
    local rows, err
    for i = 1, #made.stages do
        rows, err = run_stage(settings, i, rows, latest)
        if not rows then return nil, err end
    end
    if not made.rest then return result.new({ columns = {} }) end
    local params = { ["~rows"] = rows }
    for name, value in pairs(settings.params or {}) do params[name] = value end
    rows, err = settings.finish(latest().rest, params)
    return rows, located(made.rest, err)
end

--- Runs a statement. settings: { db, params, options, open(handle, part,
-- params, options) -> running | nil, err, finish(part, params) -> rows | nil,
-- err }; latest(): its plan as of now, or raises.
-- Returns what stands behind the last call gives, or nil and an error, whose
-- `batches` says how many of the statement are there for good.
function batches.run(settings, latest)
    settings.options = settings.options or {}
    settings.timeout = settings.options.timeout or TIMEOUT
    settings.count, settings.committed = 0, 0
    local rows, err = run(settings, latest)
    if err then err.batches = settings.committed end
    return rows, err
end

return batches
