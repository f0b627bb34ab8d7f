-- db:write: one atomic batch, from a function.

local blame = require("namidb.blame")
local core = require("namidb.core")

-- on_begin(tx, db), when set, is told of each transaction.
local write = { on_begin = nil }

local unpack = table.unpack or unpack
local begin = core.db.__index.begin
local commit = core.tx.__index.commit
local abort = core.tx.__index.abort

local OPTIONS = { wait = "boolean", timeout = "number", retries = "number" }

local function check_options(options)
    if options == nil then return {} end
    if type(options) ~= "table" then
        error("write: options are a table, not a " .. type(options), 0)
    end
    for name, value in pairs(options) do
        if OPTIONS[name] == nil then
            error(("write: unknown option '%s'"):format(tostring(name)), 0)
        elseif type(value) ~= OPTIONS[name] then
            error(("write: option %s: a %s is wanted, not a %s"):format(name,
                OPTIONS[name], type(value)), 0)
        elseif value ~= value or type(value) == "number" and value < 0 then
            error(("write: option %s: 0 or more is wanted"):format(name), 0)
        end
    end
    return options
end

-- All that fn returns, behind a place for `true` or a ticket.
local function pack(...)
    return { n = select("#", ...) + 1, true, ... }
end

local function call(fn, tx)
    return pack(fn(tx))
end

-- One try: what fn gave and true, or nil and an error. Misuse is raised as text
-- and what fn raised in a table `raised`, so that nothing takes it for ours.
local function try(db, fn, options)
    local tx, err = begin(db, options.timeout)
    if not tx then
        if err.code == "invalid" then error(err.message, 0) end
        return nil, err
    end
    if write.on_begin then write.on_begin(tx, db) end
    local ok, results = pcall(call, fn, tx)
    if not ok then
        abort(tx)
        error({ raised = results }, 0)
    end
    local done, failure = commit(tx, options.timeout, options.wait == false)
    if not done then
        if failure.code == "invalid" then error(failure.message, 0) end
        return nil, failure
    end
    results[1] = done
    return results
end

local function run(db, fn, options)
    if type(fn) ~= "function" then
        error("write: a function is wanted, not a " .. type(fn), 0)
    end
    options = check_options(options)
    local left = options.retries or 0
    while true do
        local results, err = try(db, fn, options)
        if results or not err.retryable or left < 1 then
            return results, err
        end
        left = left - 1
    end
end

--- Runs fn(tx) and commits what it wrote: all of it or nothing.
--
-- Returns true and what fn returned once the batch is durable; with
-- { wait = false } a ticket and what fn returned, at once. nil and an error
-- when it was not committed, or when that is not known (code "unknown"). An
-- error raised in fn discards the batch and is raised again. `retries`: how
-- often fn runs again after a failure that is retryable.
function write.write(db, fn, options)
    local ok, results, err = pcall(run, db, fn, options)
    if ok then
        if results then return unpack(results, 1, results.n) end
        return nil, err
    end
    if type(results) == "string" then error(blame.text(results), 2) end
    error(results.raised, 0)
end

return write
