-- The functions that the reference knows, of values that are not null.

local temporal = require("spec.property.temporal")
local value = require("spec.property.value")

local functions = {}

local NULL = value.NULL
local int, float, str, bool, list = value.int, value.float, value.str,
    value.bool, value.list

local function truncate(v)
    return v < 0 and math.ceil(v) or math.floor(v)
end

-- Strings of the generator are ASCII.
function functions.size(_, a)
    if a.t == "str" then return int(#a.v) end
    return int(#a)
end

function functions.abs(_, a) return { t = a.t, v = math.abs(a.v) } end

function functions.sign(_, a)
    return int(a.v > 0 and 1 or a.v < 0 and -1 or 0)
end

function functions.tointeger(_, a)
    if a.t == "str" then
        local v = a.v:match("^%-?%d+$") or a.v:match("^%-?%d+%.%d+$")
        return v and int(truncate(tonumber(v))) or NULL
    end
    if a.v ~= a.v or math.abs(a.v) > 1e15 then value.skip("large") end
    return int(truncate(a.v))
end

function functions.tofloat(_, a)
    if a.t ~= "str" then return float(a.v) end
    local v = a.v:match("^%-?%d[%d.e]*$")
    return v and float(tonumber(v)) or NULL
end

function functions.toboolean(_, a)
    local v = a.v:lower()
    return (v == "true" or v == "false") and bool(v == "true") or NULL
end

function functions.tostring(_, a)
    if a.t == "str" then return a end
    if a.t == "bool" then return str(tostring(a.v)) end
    if temporal.is(a) then return str(temporal.text(a)) end
    return str(("%d"):format(a.v))
end

function functions.toupper(_, a) return str(a.v:upper()) end
function functions.tolower(_, a) return str(a.v:lower()) end

-- The characters of `set`, else spaces, off the ends that are named.
local function trim(a, set, is_left, is_right)
    local first, last = 1, #a.v
    local function goes(at)
        local c = a.v:sub(at, at)
        if set then return set.v:find(c, 1, true) end
        return c:find("%s")
    end
    while is_left and first <= last and goes(first) do first = first + 1 end
    while is_right and first <= last and goes(last) do last = last - 1 end
    return str(a.v:sub(first, last))
end
function functions.trim(_, a, set) return trim(a, set, true, true) end
functions.btrim = functions.trim
function functions.ltrim(_, a, set) return trim(a, set, true, false) end
function functions.rtrim(_, a, set) return trim(a, set, false, true) end
function functions.left(_, a, n) return str(a.v:sub(1, n.v)) end

function functions.right(_, a, n)
    return str(n.v == 0 and "" or a.v:sub(-math.min(n.v, #a.v)))
end

function functions.substring(_, a, from, count)
    return str(a.v:sub(from.v + 1, count and from.v + count.v or nil))
end

function functions.replace(_, a, what, with)
    if what.v == "" then value.skip("replace nothing") end
    local parts, at = {}, 1
    while true do
        local first, last = a.v:find(what.v, at, true)
        if not first then break end
        parts[#parts + 1] = a.v:sub(at, first - 1)
        at = last + 1
    end
    parts[#parts + 1] = a.v:sub(at)
    return str(table.concat(parts, with.v))
end

function functions.split(_, a, by)
    local parts, at = {}, 1
    while true do
        local first, last = a.v:find(by.v, at, true)
        parts[#parts + 1] = str(a.v:sub(at, first and first - 1 or nil))
        if not first then return list(parts) end
        at = last + 1
    end
end

function functions.reverse(_, a)
    if a.t == "str" then return str(a.v:reverse()) end
    local items = {}
    for i = #a, 1, -1 do items[#items + 1] = a[i] end
    return list(items)
end

function functions.head(_, a) return a[1] or NULL end
function functions.last(_, a) return a[#a] or NULL end

function functions.tail(_, a)
    local items = {}
    for i = 2, #a do items[i - 1] = a[i] end
    return list(items)
end

function functions.range(_, first, last, step)
    local items = {}
    for v = first.v, last.v, step and step.v or 1 do items[#items + 1] = int(v)
    end
    return list(items)
end

local function entity(context, a)
    local all = a.t == "node" and context.graph.nodes or context.graph.edges
    return all[a.id] or value.fail("deleted")
end
functions.entity = entity

function functions.labels(context, a)
    local items = {}
    for name in pairs(entity(context, a).labels) do
        items[#items + 1] = str(name)
    end
    return list(items)
end

function functions.keys(context, a)
    local items = {}
    local props = a.t == "map" and a.v or entity(context, a).props
    for name in pairs(props) do items[#items + 1] = str(name) end
    return list(items)
end

function functions.properties(context, a)
    if a.t == "map" then return a end
    local props = {}
    for name, v in pairs(entity(context, a).props) do props[name] = v end
    return value.map(props)
end

function functions.type(context, a)
    return str(entity(context, a).type)
end

function functions.startnode(context, a)
    return { t = "node", id = entity(context, a).from }
end

function functions.endnode(context, a)
    return { t = "node", id = entity(context, a).to }
end

function functions.length(_, a) return int(#a.edges) end

function functions.nodes(_, a)
    local items = {}
    for i, id in ipairs(a.nodes) do items[i] = { t = "node", id = id } end
    return list(items)
end

function functions.relationships(_, a)
    local items = {}
    for i, id in ipairs(a.edges) do items[i] = { t = "edge", id = id } end
    return list(items)
end

function functions.isempty(_, a)
    return bool((a.t == "str" and #a.v or #a) == 0)
end

-- date(v) and its kin: the parts of a value that the type has, or of its text.
for _, type in ipairs(temporal.types) do
    functions[type] = function(_, a)
        return temporal.convert(type, a) or value.skip("not of that type")
    end
    functions[type .. ".truncate"] = function(_, unit, a)
        return temporal.truncate(unit.v, a)
    end
end

for _, name in ipairs({ "between", "inMonths", "inDays", "inSeconds" }) do
    functions["duration." .. name:lower()] = function(_, a, b)
        return temporal.between(name, a, b)
    end
end

--- Calls a function; null for null.
function functions.call(context, name, arguments)
    for _, argument in ipairs(arguments) do
        if argument == NULL then return NULL end
    end
    return functions[name](context, arguments[1], arguments[2], arguments[3])
end

return functions
