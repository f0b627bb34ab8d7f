-- db:write: one atomic batch, from a function.

local write = {}

local unpack = table.unpack or unpack

local function pack(...)
    return { ... }, select("#", ...)
end

local OPTIONS = { wait = "boolean", timeout = "number" }

local function check_options(options)
    if options == nil then return {} end
    if type(options) ~= "table" then
        error("write: options are a table, not a " .. type(options), 3)
    end
    for name, value in pairs(options) do
        if OPTIONS[name] == nil then
            error(("write: unknown option '%s'"):format(tostring(name)), 3)
        elseif type(value) ~= OPTIONS[name] then
            error(("write: option %s: a %s is wanted"):format(name,
                OPTIONS[name]), 3)
        end
    end
    return options
end

--- Runs fn(tx) and commits what it wrote: all of it or nothing.
--
-- Returns true and what fn returned once the batch is durable; with
-- { wait = false } a ticket and what fn returned, at once. nil and an error
-- when it was not committed, or when that is not known (code "unknown"). An
-- error raised in fn discards the batch and is raised again.
function write.write(db, fn, options)
    if type(fn) ~= "function" then
        error("write: a function is wanted, not a " .. type(fn), 2)
    end
    options = check_options(options)
    local tx, err = db:begin(options.timeout)
    if not tx then
        if err.code == "invalid" then error(err.message, 2) end
        return nil, err
    end
    local results, count = pack(pcall(fn, tx))
    if not results[1] then
        tx:abort()
        error(results[2], 0)
    end
    local done, failure = tx:commit(options.timeout, options.wait == false)
    if not done then
        if failure.code == "invalid" then error(failure.message, 2) end
        return nil, failure
    end
    results[1] = done
    return unpack(results, 1, count)
end

return write
