-- A bulk load with a name, for load_crash_spec.
--
-- usage: load_job.lua URI NODES

local namidb = require("namidb")

local uri, count = arg[1], tonumber(arg[2])
local db = assert(namidb.open(uri, { flush_slots = 16 }))

local function numbers(make)
    local at = 0
    return function()
        at = at + 1
        return at <= count and make(at) or nil
    end
end

assert(db:load({
    name = "job", batch = 20,
    nodes = { { label = "N", key = "i",
                rows = numbers(function(i) return { i = i } end) } },
    edges = { { type = "NEXT", from = { "N", "a" }, to = { "N", "b" },
                rows = numbers(function(i)
                    return { a = i, b = i % count + 1 }
                end) } },
    progress = function(now)
        print(now.rows)
        io.stdout:flush()
    end,
}))
db:close()
print("done")
