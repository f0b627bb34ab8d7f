-- EXISTS { } from its other end: MATCH (d) WHERE EXISTS { (d)--(x) WHERE ... }
-- asks each d whether there is an x. Where few x are meant it is less to find
-- them, and each d that they lead to once: what the sub-query looks for is then
-- a start for d like any other, and its price is compared with theirs.
--
-- Only at the beginning of a statement, and if d is all that the sub-query
-- knows of what is around it.

local order = require("namidb.plan.order")
local pattern = require("namidb.plan.pattern")
local steady = require("namidb.plan.steady")

local rare = {}

--- What a query is as patterns and a condition, if it is one MATCH: { patterns
-- =, where =, plan = that of it }; nil: it is more than that.
function rare.match_of(node, plan)
    local part = node.parts[1]
    local clause = #node.parts == 1 and #part.clauses == 1 and part.clauses[1]
    if not clause or clause.kind ~= "match" or clause.optional then
        return nil
    end
    return { patterns = clause.patterns, where = clause.where, plan = plan }
end

local function reads_only(reads, slot)
    return reads[slot] and next(reads, next(reads)) == nil
end

-- What the sub-query of a condition looks for, if it is about one slot only.
local function graph_of(context, condition, slot)
    local match = condition.expr.match
    if not match or condition.is_done or
        not reads_only(condition.reads, slot) or
        not steady.plan(match.plan) then
        return nil
    end
    local graph = pattern.graph(context, match.patterns, match.where)
    return graph.nodes[slot] and graph
end

-- The best start of a node by what a condition's sub-query looks for, `graph`;
-- `best` if none is better.
local function better(state, node, best, condition, graph, starts_of)
    local inner, starts = starts_of(state.context, graph)
    for _, start in ipairs(starts) do
        if start.node.slot ~= node.slot or start.edge then
            local read, rows, _, known = order.simulate(inner, start, starts,
                                                        best.rows)
            if read and order.is_whole(inner, known) then
                best = { rows = read, kept = rows, node = node,
                         rare = { graph = graph, condition = condition } }
            end
        end
    end
    return best
end

--- A start of a node where a sub-query leads to it, if that reads less than
-- `best` does. starts_of(context, graph): a state for that graph, and where it
-- may be begun.
function rare.start_of(state, node, best, starts_of)
    if state.op.kind ~= "ARGUMENT" or next(state.known) then return best end
    for _, condition in ipairs(state.graph.conditions) do
        local graph = condition.expr.match and
            graph_of(state.context, condition, node.slot)
        if graph then
            best = better(state, node, best, condition, graph, starts_of)
        end
    end
    return best
end

--- The operators of such a start. plan(op, graph) gives those that find a
-- graph.
function rare.begin(state, start, plan)
    start.rare.condition.is_done = true
    return { kind = "DISTINCT", slots = { start.node.slot },
             child = plan(state.op, start.rare.graph) }
end

return rare
