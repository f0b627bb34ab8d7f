-- How many rows: from what the database counts, or guesses where it does not.
--
-- statistics = { nodes = n, edges = n, labels = { Name = n },
--                types = { Name = n } }

local cost = {}

-- Of a graph that nothing is known of.
local NODES, LABEL, HOP = 1e6, 1e5, 10

--- Nodes with a label; nil: all nodes.
function cost.nodes(context, label)
    local statistics = context.options.statistics
    if not statistics then return label and LABEL or NODES end
    if not label then return statistics.nodes end
    return statistics.labels[label] or 0
end

--- Edges of some types (none: all) at one node.
function cost.hop(context, types, direction)
    local statistics = context.options.statistics
    local both = direction == "both" and 2 or 1
    if not statistics then
        return HOP * both * (#types == 0 and 4 or #types)
    end
    local edges = #types == 0 and statistics.edges or 0
    for _, name in ipairs(types) do
        edges = edges + (statistics.types[name] or 0)
    end
    return edges * both / math.max(statistics.nodes, 1)
end

return cost
