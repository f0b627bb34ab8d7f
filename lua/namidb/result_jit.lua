-- LuaJIT: rows of plain values are made by Lua, from where C has them, which
-- takes half as long as making them by C. c/lua/query.c says which are.

local ffi = require("ffi")
local row_jit = require("namidb.row_jit")

local result_jit = {}

local values_pointer = ffi.typeof("const struct namidb_jit_value *")
local cast = ffi.cast
local new_table = require("table.new")

-- A function that appends `count` rows to `rows`, which has `total`: the
-- constructor of a row knows the names of its columns.
local function maker(columns)
    local fields = {}
    for i, name in ipairs(columns) do
        fields[i] = ("[%q] = plain(values[at + %d], false)"):format(name, i - 1)
    end
    return assert(loadstring(([[
        local plain = ...
        return function(values, count, rows, total)
            for i = 1, count do
                local at = (i - 1) * %d
                rows[total + i] = { %s }
            end
        end
    ]]):format(#columns, table.concat(fields, ", "))))(row_jit.plain)
end

--- What makes the rows that the core's collect has left to Lua, `count` of them
-- at `at`, and all that follow: rows, or nil and an error. `made` has the plan
-- and the names of its columns, and keeps what is made of those.
function result_jit.rest_maker(more)
    return function(handle, made, at, count)
        local make = made.make_rows
        if not make then
            make = maker(made.columns)
            made.make_rows = make
        end
        local rows, total = new_table(count, 1), 0
        while type(at) == "number" do
            make(cast(values_pointer, at), count, rows, total)
            total = total + count
            at, count = more(handle, made.core, rows, total)
        end
        return at, count
    end
end

return result_jit
