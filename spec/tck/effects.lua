-- What a statement did to a graph, as the kit counts it: sets of nodes,
-- relationships, labels and properties (entity, key, value) before and after.

local text = require("spec.tck.text")

local effects = {}

effects.KINDS = { "nodes", "relationships", "labels", "properties" }

local function add_props(props, into, prefix)
    for name, value in pairs(props) do
        into[prefix .. name .. "=" .. text.actual(value)] = true
    end
end

--- What there is in a graph.
function effects.observe(db)
    local seen = { nodes = {}, relationships = {}, labels = {},
                   properties = {} }
    for node in db:nodes() do
        seen.nodes[node.id] = true
        for _, label in ipairs(node.labels) do seen.labels[label] = true end
        add_props(node.props, seen.properties, "n" .. node.id .. ".")
    end
    for edge in db:edges() do
        seen.relationships[edge.id] = true
        add_props(edge.props, seen.properties, "r" .. edge.id .. ".")
    end
    return seen
end

local function missing(from, other)
    local count = 0
    for key in pairs(from) do
        if not other[key] then count = count + 1 end
    end
    return count
end

--- What was added and removed between two observations: { ["+nodes"] = 1,
-- ["-nodes"] = 0, ... }, all eight of them.
function effects.between(before, after)
    local changes = {}
    for _, kind in ipairs(effects.KINDS) do
        changes["+" .. kind] = missing(after[kind], before[kind])
        changes["-" .. kind] = missing(before[kind], after[kind])
    end
    return changes
end

return effects
