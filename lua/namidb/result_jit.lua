-- LuaJIT: queries are run, and their rows made, by Lua that is compiled with
-- the loop around it. A query whose parameters and rows are plain values goes
-- into the core by address; c/lua/query_jit.c says what it may do there. All
-- others go the way of other interpreters, and so do chunks behind the first.

local core = require("namidb.core")
local ffi = require("ffi")
local row_jit = require("namidb.row_jit")

local result_jit = {}

local BOOL, INT, FLOAT, STRING = 1, 2, 3, 4 -- kinds
local EXACT = 2 ^ 53 -- up to it, a number that is whole is an integer

-- States of a query.
local DONE, ROWS, REST, NOT = 0, 1, 2, 4 -- others: nothing was done

-- With more parameters a query goes the other way.
local PARAMS_MAX = 8

if not pcall(ffi.typeof, "struct namidb_jit_pulled") then
    ffi.cdef([[
        struct namidb_jit_pulled {
            int rc; uint32_t count; const struct namidb_jit_value *rows;
        };
        struct namidb_jit_lifted {
            size_t count; struct namidb_jit_value values[?];
        };
    ]])
end

local values_pointer = ffi.typeof("const struct namidb_jit_value *")
local pulled_pointer = ffi.typeof("const struct namidb_jit_pulled *")
local lifted_pointer = ffi.typeof("const struct namidb_jit_lifted *")
local pointer = ffi.typeof("void *")
local collect = ffi.cast("int (*)(void *, const void *, const struct " ..
                         "namidb_jit_value *, double)", core.queries.collect)
local finish = ffi.cast("int (*)(void *)", core.queries.finish)
local cast = ffi.cast
local floor = math.floor
local new_table = require("table.new")
local plain = row_jit.plain

-- Calls a function that makes rows. Compiled code cannot call what it does not
-- know: it goes on in a copy of itself for each function that it has met, each
-- with copies for what comes next, until the compiler gives up. So it ends
-- before this call and goes on behind it, and the function is compiled alone.
local call = core.queries.call

-- Functions that are made for a statement, by their source: statements of one
-- shape, in whatever database, have the same, for they are compiled but once.
local made_of = setmetatable({}, { __mode = "v" })

local function function_of(source, ...)
    local made = made_of[source]
    if not made then
        made = assert(loadstring(source))(...)
        made_of[source] = made
    end
    return made
end

------------------------------------------------------------------ parameters

-- Writes a plain value; false for others.
local function put(to, value)
    local kind = type(value)
    if kind == "string" then
        to.kind, to.size, to.bytes = STRING, #value, value
    elseif kind == "number" then
        if value == floor(value) and value <= EXACT and value >= -EXACT and
            not (value == 0 and 1 / value < 0) then
            to.kind, to.integer = INT, value
        else
            to.kind, to.number = FLOAT, value
        end
    elseif kind == "boolean" then
        to.kind, to.boolean = BOOL, value
    else
        return false
    end
    return true
end

-- Copies the value of a literal; false when there is none.
local function put_lifted(to, lifted, number)
    if not lifted then return false end
    local from = cast(lifted_pointer, lifted)
    if number > from.count then return false end
    ffi.copy(to, from.values + (number - 1), ffi.sizeof(to))
    return true
end

-- A function that writes parameters, of a table and of literals, to values; it
-- gives false when it cannot.
local function binder(params)
    local lines = {}
    for i, name in ipairs(params) do
        local number = name:match("^~(%d+)$")
        lines[i] = number and
            ("if not put_lifted(values[%d], lifted, %s) then return false end")
            :format(i - 1, number) or
            ("if not (params and put(values[%d], rawget(params, %q))) then " ..
             "return false end"):format(i - 1, name)
    end
    return function_of(([[
        local put, put_lifted = ...
        return function(values, params, lifted)
            %s
            return true
        end
    ]]):format(table.concat(lines, " ")), put, put_lifted)
end

------------------------------------------------------------------------ rows

-- Lua has no function of very many columns.
local COLUMNS_MAX = 64

-- Making a function takes as long as making so many rows without it, or as long
-- as is lost in so many uses of a plan that go through the core.
local ROWS_FEW, USES_FEW = 64, 4

-- A function that appends `count` rows to `rows`, which has `total`: the
-- constructor of a row knows the names of its columns.
local function maker_of_few(columns)
    local fields = {}
    for i, name in ipairs(columns) do
        fields[i] = ("[%q] = plain(values[at + %d], false)"):format(name, i - 1)
    end
    return function_of(([[
        local plain = ...
        return function(values, count, rows, total)
            for i = 1, count do
                local at = (i - 1) * %d
                rows[total + i] = { %s }
            end
        end
    ]]):format(#columns, table.concat(fields, ", ")), plain)
end

local function maker_of_many(columns)
    return function(values, count, rows, total)
        local at = 0
        for i = 1, count do
            local row = new_table(0, #columns)
            for _, name in ipairs(columns) do
                row[name] = plain(values[at], false)
                at = at + 1
            end
            rows[total + i] = row
        end
    end
end

local function maker(columns)
    return #columns > COLUMNS_MAX and maker_of_many(columns) or
        maker_of_few(columns)
end

-- What is made of a plan that is used again and again.
local function prepare(made)
    made.make_rows = made.make_rows or maker(made.columns)
    made.bind = made.params and #made.params <= PARAMS_MAX and
        binder(made.params) or false
    made.address = cast(pointer, made.core)
end

------------------------------------------------------------------- collecting

-- Of a handle: where it is, and where what it pulled is; false where Lua must
-- not know.
local readers = setmetatable({}, { __mode = "k" })

local function reader_of(handle, address)
    local reader, pulled = address(handle)
    local known = reader and { at = cast(pointer, reader),
                               pulled = cast(pulled_pointer, pulled) } or false
    readers[handle] = known
    return known
end

-- Of the call under way: a finalizer may come in between and have its own.
local values = ffi.new("struct namidb_jit_value[?]", PARAMS_MAX)
local are_values_lent = false

-- Begins a query: a state, and the reader.
local function begin(handle, address, made, params, lifted)
    local reader = readers[handle]
    if reader == nil then reader = reader_of(handle, address) end
    if not reader or not made.bind or are_values_lent then return NOT end
    are_values_lent = true
    local state = NOT
    if made.bind(values, params, lifted) then
        state = collect(reader.at, made.address, values, made.stamp)
    end
    are_values_lent = false
    return state, reader
end

--- How queries of a kind of handle are collected, by its methods: two
-- functions. `made` has the plan, the names of its columns and parameters, and
-- keeps what is made of those.
--
-- collect(handle, made, params, settings, lifted, stamp) -> rows; false: the
-- graph has other indexes than the plan was made for; or nil and an error.
--
-- quick(handle, made, params, lifted) -> true, rows, err: the same where
-- nothing but plain values comes in, and nothing is set; nothing where that is
-- not so.
function result_jit.collector(methods)
    local collect_all, more = methods.collect, methods.more
    local address = methods.address

    -- Makes the rows that the core has left to Lua, `count` of them at `at`,
    -- and all that follow.
    local function make_rest(handle, made, rows, total, at, count)
        local make_rows = made.make_rows or
            (count <= ROWS_FEW and maker_of_many or maker)(made.columns)
        while type(at) == "number" do
            make_rows(cast(values_pointer, at), count, rows, total)
            total = total + count
            at, count = more(handle, made.core, rows, total)
        end
        return at, count
    end

    local function rest(handle, made, rows, total)
        return true, make_rest(handle, made, rows, total,
                               more(handle, made.core, rows, total))
    end

    local function quick(handle, made, params, lifted)
        if made.bind == nil then
            if made.uses < USES_FEW then return end
            prepare(made)
        end
        local state, reader = begin(handle, address, made, params, lifted)
        if state == ROWS then
            local pulled = reader.pulled
            local count = pulled.count
            local rows = new_table(count, 1)
            call(made.make_rows, pulled.rows, count, rows, 0)
            if finish(reader.at) == DONE then return true, rows end
            return rest(handle, made, rows, count)
        elseif state == DONE then
            return true, {}
        elseif state == REST then
            return rest(handle, made, {}, 0)
        end
    end

    return function(handle, made, params, settings, lifted, stamp)
        local at, count = collect_all(handle, made.core, params, settings,
                                      lifted, stamp)
        if type(at) ~= "number" then return at, count end
        return make_rest(handle, made, new_table(count, 1), 0, at, count)
    end, quick
end

return result_jit
