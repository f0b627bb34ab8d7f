-- What nodes and edges can do beside being read: be compared and be shown.

local row = {}

-- Node ids and edge ids are two spaces.
local function equals(a, b)
    return getmetatable(a) == getmetatable(b) and
        rawget(a, "id") == rawget(b, "id")
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

-- Adds the metamethods to the metatables of nodes and edges.
function row.install(node, edge)
    node.__eq, node.__tostring = equals, node_text
    edge.__eq, edge.__tostring = equals, edge_text
end

return row
