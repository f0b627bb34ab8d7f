-- What nodes, edges and paths can do beside being read: be compared, be shown,
-- be walked.

local row = {}

-- Node ids and edge ids are two spaces.
local function equals(a, b)
    return getmetatable(a) == getmetatable(b) and a.id == b.id
end

-- "(:Person {name = "Alice", ...})": properties in order of their names.
local function props_text(props)
    local names, parts = {}, {}
    for name in pairs(props) do names[#names + 1] = name end
    table.sort(names)
    for i, name in ipairs(names) do
        local value = props[name]
        if type(value) == "string" then value = ("%q"):format(value) end
        parts[i] = name .. " = " .. tostring(value)
    end
    return #parts == 0 and "" or " {" .. table.concat(parts, ", ") .. "}"
end

local function node_text(node)
    local labels = ""
    for _, label in ipairs(node.labels) do labels = labels .. ":" .. label end
    local key = node.key ~= nil and " " .. tostring(node.key) or ""
    return ("(%.0f%s%s%s)"):format(node.id, labels, key,
                                   props_text(node.props))
end

local function edge_text(edge)
    return ("[%.0f:%s %.0f -> %.0f%s]"):format(edge.id, edge.type, edge.from,
                                               edge.to, props_text(edge.props))
end

-- Walks over the own fields, the properties, and what a program has set. Plain
-- LuaJIT does not ask for it.
local function walk(row_table, own)
    local fields = {}
    for name, field in pairs(row_table.props) do fields[name] = field end
    for _, name in ipairs(own) do fields[name] = row_table[name] end
    for name, field in next, row_table do
        if type(name) ~= "number" then fields[name] = field end
    end
    return next, fields, nil
end

local function node_pairs(node)
    return walk(node, { "id", "key", "labels", "props" })
end

local function edge_pairs(edge)
    return walk(edge, { "id", "type", "from", "to", "props" })
end

------------------------------------------------------------------------ paths

local path = {}

--- How many edges it has.
function path:length()
    return #self.edges
end

--- Its ends.
function path:first()
    return self.nodes[1]
end

function path:last()
    return self.nodes[#self.nodes]
end

--- for edge, node in path:steps(): each edge and the node that it leads to.
function path:steps()
    local at = 0
    return function()
        at = at + 1
        if self.edges[at] then return self.edges[at], self.nodes[at + 1] end
    end
end

local function path_equals(a, b)
    if getmetatable(a) ~= getmetatable(b) or #a.edges ~= #b.edges or
        a.nodes[1] ~= b.nodes[1] then
        return false
    end
    for i, edge in ipairs(a.edges) do
        if edge ~= b.edges[i] then return false end
    end
    return true
end

-- "(1:A)-[2:R {w = 1}]->(3:B)", arrows as the edges go.
local function path_text(self)
    local parts = { tostring(self.nodes[1]) }
    for i, edge in ipairs(self.edges) do
        local inner = ("[%.0f:%s%s]"):format(edge.id, edge.type,
                                             props_text(edge.props))
        local is_forward = edge.from == self.nodes[i].id
        parts[#parts + 1] = is_forward and "-" .. inner .. "->" or
            "<-" .. inner .. "-"
        parts[#parts + 1] = tostring(self.nodes[i + 1])
    end
    return table.concat(parts)
end

--- Adds the metamethods to the metatables of nodes, edges and paths.
function row.install(node, edge, path_kind)
    node.__eq, node.__tostring = equals, node_text
    edge.__eq, edge.__tostring = equals, edge_text
    node.__pairs, edge.__pairs = node_pairs, edge_pairs
    path_kind.__eq, path_kind.__tostring = path_equals, path_text
    path_kind.__index = path
end

return row
