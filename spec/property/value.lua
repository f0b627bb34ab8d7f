-- Values as the reference knows them, and openCypher's rules for them.
--
-- A value is { t = kind, ... }: null; bool, int, float, str with v; list with
-- items at 1, 2, ...; map with v = { key = value }; node and edge with id; path
-- with nodes and edges, lists of ids. Truth is true, false or nil (unknown).

local temporal = require("spec.property.temporal")

local value = {}

value.NULL = { t = "null" }
local NULL = value.NULL

function value.int(v) return { t = "int", v = v } end
function value.float(v) return { t = "float", v = v } end
function value.str(v) return { t = "str", v = v } end
function value.bool(v)
    if v == nil then return NULL end
    return { t = "bool", v = v }
end
function value.list(items)
    items.t = "list"
    return items
end
function value.map(v) return { t = "map", v = v } end

local function is_number(a) return a.t == "int" or a.t == "float" end
value.is_number = is_number

--- Raises what the statement is to fail with.
function value.fail(why)
    error({ failed = why }, 0)
end

--- Gives up on a case about which the rules say nothing.
function value.skip(why)
    error({ skipped = why }, 0)
end

--- The truth of a value.
function value.truth(a)
    if a == NULL then return nil end
    if a.t ~= "bool" then value.fail("a condition of type " .. a.t) end
    return a.v
end

------------------------------------------------------------------ = and <

local equal

local function equal_lists(a, b)
    if #a ~= #b then return false end
    local result = true
    for i = 1, #a do
        local same = equal(a[i], b[i])
        if same == false then return false end
        if same == nil then result = nil end
    end
    return result
end

local function equal_maps(a, b)
    local result = true
    for key in pairs(b.v) do
        if not a.v[key] then return false end
    end
    for key, item in pairs(a.v) do
        if not b.v[key] then return false end
        local same = equal(item, b.v[key])
        if same == false then return false end
        if same == nil then result = nil end
    end
    return result
end

local function same_path(a, b)
    if #a.nodes ~= #b.nodes then return false end
    for i = 1, #a.nodes do
        if a.nodes[i] ~= b.nodes[i] or a.edges[i] ~= b.edges[i] then
            return false
        end
    end
    return true
end

--- a = b: true, false or nil.
function equal(a, b)
    if a == NULL or b == NULL then return nil end
    if is_number(a) and is_number(b) then return a.v == b.v end
    if a.t ~= b.t then return false end
    if a.t == "list" then return equal_lists(a, b) end
    if a.t == "map" then return equal_maps(a, b) end
    if a.t == "node" or a.t == "edge" then return a.id == b.id end
    if a.t == "path" then return same_path(a, b) end
    if temporal.is(a) then return temporal.order(a, b) == 0 end
    return a.v == b.v
end
value.equal = equal

local function sign(a, b)
    if a < b then return -1 end
    return a > b and 1 or 0
end

-- Bytes, which is the order of code points in UTF-8.
local function compare_strings(a, b)
    for i = 1, math.min(#a, #b) do
        local c = sign(a:byte(i), b:byte(i))
        if c ~= 0 then return c end
    end
    return sign(#a, #b)
end

--- -1, 0, 1 for <, =, >; nil when they cannot be compared; "nan".
function value.compare(a, b)
    if a == NULL or b == NULL then return nil end
    if is_number(a) and is_number(b) then
        if a.v ~= a.v or b.v ~= b.v then return "nan" end
        return sign(a.v, b.v)
    end
    if a.t ~= b.t then return nil end
    if a.t == "str" then return compare_strings(a.v, b.v) end
    if a.t == "bool" then return sign(a.v and 1 or 0, b.v and 1 or 0) end
    if temporal.is(a) and temporal.is_comparable(a.t) then
        return temporal.order(a, b)
    end
    if a.t ~= "list" then return nil end
    for i = 1, math.min(#a, #b) do
        local c = value.compare(a[i], b[i])
        if c ~= 0 then return c end
    end
    return sign(#a, #b)
end

------------------------------------------------------------------- ORDER BY

local RANK = { map = 1, node = 2, edge = 3, list = 4, path = 5, point = 6,
               datetime = 7, localdatetime = 8, date = 9, time = 10,
               localtime = 11, duration = 12, str = 13, bool = 14, int = 15,
               float = 15, null = 17 }

local function rank(a)
    if a.t == "float" and a.v ~= a.v then return 16 end
    return RANK[a.t]
end

--- How two values of any kinds are sorted: -1, 0, 1.
function value.order(a, b)
    local c = sign(rank(a), rank(b))
    if c ~= 0 then return c end
    if a.t == "list" then
        for i = 1, math.min(#a, #b) do
            c = value.order(a[i], b[i])
            if c ~= 0 then return c end
        end
        return sign(#a, #b)
    end
    if a == NULL or rank(a) == 16 then return 0 end
    if temporal.is(a) then return temporal.order(a, b) end
    if not is_number(a) and a.t ~= "str" and a.t ~= "bool" then
        value.skip("an order that is not said")
    end
    return value.compare(a, b)
end

------------------------------------------------------------------------ text

local function number_text(v)
    if v ~= v then return "NaN" end
    if v == 0 then return "0" end
    return ("%.9g"):format(v)
end
value.number_text = number_text

--- A text that is the same for equal values; 1 and 1.0 are. graph: says what
-- nodes and edges are beside their ids, nil: only the ids.
function value.text(a, graph)
    if is_number(a) then return number_text(a.v) end
    if a.t == "null" then return "null" end
    if a.t == "str" then return ("%q"):format(a.v) end
    if a.t == "bool" then return tostring(a.v) end
    if temporal.is(a) then return temporal.exact(a) end
    if a.t == "node" then return graph and graph:node_text(a.id) or
        "n" .. a.id end
    if a.t == "edge" then return graph and graph:edge_text(a.id) or
        "e" .. a.id end
    local parts = {}
    if a.t == "list" then
        for i, item in ipairs(a) do parts[i] = value.text(item, graph) end
        return "[" .. table.concat(parts, ", ") .. "]"
    end
    if a.t == "map" then
        for key, item in pairs(a.v) do
            parts[#parts + 1] = key .. ": " .. value.text(item, graph)
        end
        table.sort(parts)
        return "{" .. table.concat(parts, ", ") .. "}"
    end
    for i, id in ipairs(a.nodes) do
        parts[#parts + 1] = value.text({ t = "node", id = id }, graph)
        if a.edges[i] then
            parts[#parts + 1] = value.text({ t = "edge", id = a.edges[i] },
                                           graph)
        end
    end
    return "<" .. table.concat(parts, " ") .. ">"
end

return value
