-- The reference's graph: plain tables, and its contents as text.
--
-- nodes = { id = { labels = { name = true }, props = { name = value } } },
-- edges = { id = { type =, from =, to =, props = } }.

local copy = require("spec.support.copy")
local value = require("spec.property.value")

local graph = {}
graph.__index = graph

function graph.new()
    return setmetatable({ nodes = {}, edges = {}, last = 0 }, graph)
end

function graph:clone()
    local made = graph.new()
    made.last = self.last
    for id, node in pairs(self.nodes) do
        made.nodes[id] = { labels = copy(node.labels),
                           props = copy(node.props) }
    end
    for id, edge in pairs(self.edges) do
        made.edges[id] = { type = edge.type, from = edge.from, to = edge.to,
                           props = copy(edge.props) }
    end
    return made
end

--- From now on what nodes and edges are after each change is kept, those that
-- are there included: { nodes = a list of { id =, labels =, props = }, edges =
-- the same with type = }.
function graph:watch()
    self.seen = { nodes = {}, edges = {} }
    for _, kind in ipairs({ "nodes", "edges" }) do
        for id in pairs(self[kind]) do self:note(kind, id) end
    end
    return self.seen
end

--- Says that a node or an edge was made or changed.
function graph:note(kind, id)
    local one, all = self[kind][id], self.seen and self.seen[kind]
    if not all then return end
    all[#all + 1] = { id = id, labels = one.labels and copy(one.labels),
                      type = one.type, props = copy(one.props) }
end

function graph:add_node(labels, props)
    self.last = self.last + 1
    self.nodes[self.last] = { labels = labels, props = props }
    self:note("nodes", self.last)
    return self.last
end

function graph:add_edge(type, from, to, props)
    self.last = self.last + 1
    self.edges[self.last] = { type = type, from = from, to = to,
                              props = props }
    self:note("edges", self.last)
    return self.last
end

local function sorted_keys(map)
    local keys = {}
    for key in pairs(map) do keys[#keys + 1] = key end
    table.sort(keys)
    return keys
end
graph.sorted_keys = sorted_keys

local function props_text(props)
    local parts = {}
    for _, key in ipairs(sorted_keys(props)) do
        parts[#parts + 1] = key .. "=" .. value.text(props[key])
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

function graph:node_text(id)
    local node = self.nodes[id]
    if not node then return "(deleted)" end
    return "(" .. table.concat(sorted_keys(node.labels), ":") ..
        props_text(node.props) .. ")"
end

function graph:edge_text(id)
    local edge = self.edges[id]
    if not edge then return "[deleted]" end
    return "[" .. self:node_text(edge.from) .. edge.type ..
        props_text(edge.props) .. self:node_text(edge.to) .. "]"
end

--- All of it as one text that does not depend on ids.
function graph:text()
    local lines = {}
    for id in pairs(self.nodes) do lines[#lines + 1] = self:node_text(id) end
    for id in pairs(self.edges) do lines[#lines + 1] = self:edge_text(id) end
    table.sort(lines)
    return table.concat(lines, "\n")
end

return graph
