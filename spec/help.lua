-- What specs share: stores of their own, and misuse that must point at them.

local namidb = require("namidb")

local help = {}

local unpack = table.unpack or unpack
local count = 0

--- A URI that nobody else has, in memory.
function help.memory_uri()
    count = count + 1
    return ("memory://spec-%d-%s"):format(count, tostring({}):match("%w+$"))
end

--- Likewise, of a store that is read as a bucket is: by few large requests.
function help.far_uri() return help.memory_uri() .. "?far=true" end

--- A folder of its own; help.remove_folders removes them all.
local folders = {}
function help.folder()
    local name = os.tmpname()
    os.remove(name)
    assert(os.execute("mkdir " .. name))
    folders[#folders + 1] = name
    return name
end

function help.remove_folders()
    for _, name in ipairs(folders) do os.execute("rm -rf " .. name) end
    folders = {}
end

--- A file of that text, removed with the folders.
function help.file(name, text)
    local path = help.folder() .. "/" .. name
    local file = assert(io.open(path, "wb"))
    assert(file:write(text))
    file:close()
    return path
end

--- "memory" and "file": what makes a URI of each kind.
help.stores = {
    memory = help.memory_uri,
    file = function() return "file://" .. help.folder() .. "?ns=spec" end,
}

--- A database in memory, opened for writing.
function help.open(options)
    return assert(namidb.open(help.memory_uri(), options))
end

--- What a statement gives, which must succeed.
function help.run(db, text, params)
    return assert(db:query(text, params))
end

--- The plan of a statement, its lines without indents.
function help.plan(db, text)
    return (tostring(help.run(db, "EXPLAIN " .. text)):gsub("\n +", "\n"))
end

local OPERATIONS = { "get", "put", "list", "delete", "rounds" }

-- Requests since `before`, as "get=1 rounds=1"; none is "".
local function requests_of(db, before)
    local requests, parts = db:stats().requests, {}
    for _, name in ipairs(OPERATIONS) do
        local sent = requests[name] - (before and before[name] or 0)
        if sent ~= 0 then
            parts[#parts + 1] = ("%s=%d"):format(name, sent)
        end
    end
    return table.concat(parts, " "), requests
end

--- All that a handle sent, as "get=1 rounds=1".
function help.cost_of_all(db)
    return (requests_of(db))
end

--- What fn makes a handle send, likewise; the bytes read come second.
function help.cost(db, fn)
    local before = db:stats().requests
    fn()
    local cost, after = requests_of(db, before)
    return cost, after.bytes_read - before.bytes_read
end

--- What iterators give, as a list of tables of values.
function help.collect(...)
    local rows, iterator = {}, { n = select("#", ...), ... }
    for a, b in unpack(iterator, 1, iterator.n) do
        rows[#rows + 1] = { a, b }
    end
    return rows
end

--- Calls a function of one line that misuses the API. Its error must be a text
-- that has `message` and points at that line.
function help.check_misuse(fn, message)
    local ok, err = pcall(fn)
    local info = debug.getinfo(fn, "S")
    assert(not ok, "nothing was raised for: " .. message)
    assert(type(err) == "string", "a text is wanted, not " .. tostring(err))
    local place = ("%s:%d: "):format(info.short_src, info.linedefined)
    assert(err:sub(1, #place) == place,
           ("%s: the position is not %s"):format(err, place))
    assert(err:find(message, 1, true),
           ("%s: '%s' is not in it"):format(err, message))
end

return help
