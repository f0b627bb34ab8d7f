-- A bulk load with a name, for load_crash_spec.
--
-- usage: load_job.lua URI NODES [FOLDER]
--
-- Rows come from iterators, or from CSV in a folder, whose edges are records of
-- many each.

local namidb = require("namidb")

local uri, count, folder = arg[1], tonumber(arg[2]), arg[3]
local db = assert(namidb.open(uri, { flush_slots = 16 }))

local function numbers(make)
    local at = 0
    return function()
        at = at + 1
        return at <= count and make(at) or nil
    end
end

-- The source of rows of some columns, with a path for CSV.
local function source(columns, make)
    if not folder then return { rows = numbers(make) } end
    local path = folder .. "/" .. table.concat(columns) .. ".csv"
    local file = assert(io.open(path, "w"))
    file:write(table.concat(columns, ":int,"), ":int\n")
    for row in numbers(make) do
        local cells = {}
        for i, column in ipairs(columns) do cells[i] = row[column] end
        file:write(table.concat(cells, ","), "\n")
    end
    file:close()
    return { file = path }
end

local nodes = source({ "i" }, function(i) return { i = i } end)
nodes.label, nodes.key = "N", "i"
local edges = source({ "a", "b" }, function(i)
    return { a = i, b = i % count + 1 }
end)
edges.type, edges.from, edges.to = "NEXT", { "N", "a" }, { "N", "b" }

assert(db:load({
    name = "job", batch = 20,
    nodes = { nodes },
    edges = { edges },
    progress = function(now)
        print(now.rows)
        io.stdout:flush()
    end,
}))
db:close()
print("done")
