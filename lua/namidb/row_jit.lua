-- LuaJIT: nodes and edges are read where C put them, and walks are stepped, by
-- Lua that the compiler sees through. A loop over the edges of a node that
-- reads a property of each makes no table and calls no C but for the walk.
--
-- c/lua/row.c says what a row is and c/lua/cursor.c what a walk is; the structs
-- are those of namidb.h. What becomes a table is left to C.

local ffi = require("ffi")
local core = require("namidb.core")

local row_jit = {}

-- By name, so that the module may be loaded twice.
if not pcall(ffi.typeof, "struct namidb_jit_block") then
    ffi.cdef([[
        struct namidb_jit_value {
            uint32_t kind, size;
            union {
                bool boolean; int64_t integer; double number; const char *bytes;
            };
        };
        struct namidb_jit_property {
            uint32_t name; struct namidb_jit_value value;
        };
        struct namidb_jit_node {
            uint64_t id; struct namidb_jit_value key; const uint32_t *labels;
            uint32_t label_count, prop_count;
            const struct namidb_jit_property *props;
        };
        struct namidb_jit_edge {
            uint64_t id, from, to; uint32_t type, prop_count;
            const struct namidb_jit_property *props;
        };
        struct namidb_jit_block {
            uint32_t count; bool is_int64;
            const struct namidb_jit_node *nodes;
            const struct namidb_jit_edge *edges;
        };
    ]])
end

local block_pointer = ffi.typeof("const struct namidb_jit_block *")

local BOOL, INT, FLOAT, STRING = 1, 2, 3, 4 -- kinds
local EXACT = 2 ^ 53 -- a number below has an integer's digits
local TYPE = 1 -- names[number * 3 + kind]

local cast, text_of = ffi.cast, ffi.string
local memory_of_block = core.rows.memory

-- The memory of a row's block, the row's number in it, and the names; nil for
-- what a program has made of a row.
local function place_of(row)
    local block, number = rawget(row, 1), rawget(row, 2)
    if type(block) ~= "table" or type(number) ~= "number" then return nil end
    local memory = rawget(block, 1)
    if type(memory) ~= "userdata" or
        getmetatable(memory) ~= memory_of_block then
        return nil
    end
    local at, names = cast(block_pointer, memory), rawget(block, 2)
    if type(names) ~= "table" or not (number >= 0 and number < at.count) then
        return nil
    end
    return at, number, names
end

-- Whether Lua reads values of the kind.
local function is_plain(kind)
    return kind == INT or kind == STRING or kind == FLOAT or kind == BOOL
end

--- The value, if it is null or of such a kind.
function row_jit.plain(value, is_int64)
    local kind = value.kind
    if kind == INT then
        local number = tonumber(value.integer)
        if not is_int64 and number < EXACT and number > -EXACT then
            return number
        end
        if not is_int64 and (value.integer == 2 ^ 53 or
                             value.integer == -2 ^ 53) then
            return number
        end
        return value.integer
    elseif kind == STRING then
        return text_of(value.bytes, value.size)
    elseif kind == FLOAT then
        return value.number
    elseif kind == BOOL then
        return value.boolean
    end
    return nil
end

local plain = row_jit.plain

-- Which of the properties has that number; nil: none of the first eight. No
-- loop: the compiler would make a trace of its own of it, which the loops of
-- programs then could not see through.
local function find(props, count, number)
    if count > 0 and props[0].name == number then return 0 end
    if count > 1 and props[1].name == number then return 1 end
    if count > 2 and props[2].name == number then return 2 end
    if count > 3 and props[3].name == number then return 3 end
    if count > 4 and props[4].name == number then return 4 end
    if count > 5 and props[5].name == number then return 5 end
    if count > 6 and props[6].name == number then return 6 end
    if count > 7 and props[7].name == number then return 7 end
    return nil
end

-- A property by its number (nil: a name that nothing has), and true; false when
-- it is left to C.
local function property(row, number, is_int64)
    if not number then return nil, true end
    local i = find(row.props, row.prop_count, number)
    if i and is_plain(row.props[i].value.kind) then
        return plain(row.props[i].value, is_int64), true
    end
    return nil, false
end

local function node_index(slow)
    return function(row, name)
        local block, at, names = place_of(row)
        if not block or block.nodes == nil or type(name) ~= "string" then
            return slow(row, name)
        end
        local node = block.nodes[at]
        if name == "id" then return tonumber(node.id) end
        if name == "key" then
            return plain(node.key, false)
        end
        if name == "props" or name == "labels" then return slow(row, name) end
        local value, is_known = property(node, names[name], block.is_int64)
        if is_known then return value end
        return slow(row, name)
    end
end

local function edge_index(slow)
    return function(row, name)
        local block, at, names = place_of(row)
        if not block or block.edges == nil or type(name) ~= "string" then
            return slow(row, name)
        end
        local edge = block.edges[at]
        if name == "id" then return tonumber(edge.id) end
        if name == "from" then return tonumber(edge.from) end
        if name == "to" then return tonumber(edge.to) end
        if name == "type" then return names[edge.type * 3 + TYPE] end
        if name == "props" then return slow(row, name) end
        local value, is_known = property(edge, names[name], block.is_int64)
        if is_known then return value end
        return slow(row, name)
    end
end

----------------------------------------------------------------------- walks

local next_block = core.rows.cursor.__index.block
local close_cursor = core.rows.cursor.__index.close

local walk = core.rows.walk.__index

--- Ends a walk before its end.
function walk.close(self)
    local cursor = self[4]
    self[1], self[2], self[3], self[4] = nil, 0, 0, nil
    if cursor then close_cursor(cursor) end
end

-- Sees to it that there is a row; false at the end.
local function refill(self)
    if not self[4] then return false end
    local block, count = next_block(self[4])
    if not block then
        self[4] = nil
        return false
    end
    self[1], self[2], self[3] = block, 0, count
    return true
end

local function install_step(node_kind, edge_kind)
    --- What `for` calls: a node, or an edge and the node that it leads to.
    function walk.next(self)
        if self[2] >= self[3] and not refill(self) then return nil end
        local block, at = self[1], self[2]
        self[2] = at + 1
        local memory = cast(block_pointer, block[1])
        if memory.edges == nil then
            return setmetatable({ block, at }, node_kind)
        end
        if memory.nodes == nil or memory.nodes[at].id == 0 then
            return setmetatable({ block, at }, edge_kind)
        end
        return setmetatable({ block, at }, edge_kind),
               setmetatable({ block, at }, node_kind)
    end
end

--- Lets Lua read nodes and edges, whose metatables these are, and step walks.
function row_jit.install(node_kind, edge_kind)
    for name, bytes in pairs(core.rows.sizes) do
        assert(ffi.sizeof("struct namidb_jit_" .. name) == bytes, name)
    end
    node_kind.__index = node_index(node_kind.__index)
    edge_kind.__index = edge_index(edge_kind.__index)
    install_step(node_kind, edge_kind)
end

return row_jit
