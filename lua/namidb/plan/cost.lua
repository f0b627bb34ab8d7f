-- How many rows: from what the database counts, or guesses where it does not.
-- Wrong numbers make slow plans and never wrong ones.
--
-- statistics = what handle:counts() gives: nodes, labels, types, by type and
-- first label the edges that go out and come in, how unevenly they do, and what
-- is known of properties (plan/selectivity.lua).

local selectivity = require("namidb.plan.selectivity")

local cost = {}

-- Of a graph that nothing is known of.
local NODES, LABEL, HOP = 1e6, 1e5, 10
-- How far a walk without a bound is thought to go.
local WALK = 4

--- Of all nodes, about the share of a label whose name the run will tell.
cost.NAMED = 0.1

--- Nodes with a label; nil: all nodes.
function cost.nodes(context, label)
    local statistics = context.options.statistics
    if not statistics then return label and LABEL or NODES end
    if not label then return statistics.nodes end
    return statistics.labels[label] or 0
end

-- Edges of a type at nodes of a label (nil: all), and how many nodes those are
-- spread over. `ends`: statistics.out or statistics.into.
local function edges_at(statistics, ends, type, label)
    local by_label = ends[type]
    if not by_label then return 0, 1 end
    local known = label and by_label[label]
    if known then return known, statistics.labels[label] or 1 end
    local edges, nodes = 0, 0
    for name, count in pairs(by_label) do
        edges = edges + count
        nodes = nodes + (statistics.labels[name] or statistics.nodes)
    end
    -- A label that no such node was created with: its share of them.
    if label and edges > 0 then
        local share = math.min(1, (statistics.labels[label] or 0) /
            math.max(nodes, 1))
        edges, nodes = edges * share, nodes * share
    end
    return edges, nodes
end

-- Of the edges of a type, the share that end at a label.
local function share_of(statistics, ends, type, label)
    if not label then return 1 end
    local total = 0
    for _, count in pairs(ends[type] or {}) do total = total + count end
    local known = (ends[type] or {})[label]
    if known then return known / math.max(total, 1) end
    return (statistics.labels[label] or 0) / math.max(statistics.nodes, 1)
end

local OTHER = { out = "into", into = "out" }

-- How many edges of a type a node has, one way. `by`: by what edge a walk came
-- to it (see order.came_by), for by edges of the same type one comes rather to
-- nodes that have many.
local function each_at(statistics, side, name, from, by)
    local edges, nodes = edges_at(statistics, statistics[side], name, from)
    local each = edges / math.max(nodes, 1)
    local spread = type(by) == "table" and by.side == side and
        by.types[name] and statistics.degrees[side][name]
    return spread and math.max(each, spread.at_an_edge) or each
end

local function one_way(statistics, types, side, from, to, by)
    local fetched, kept = 0, 0
    for _, type in ipairs(types) do
        local each = each_at(statistics, side, type, from, by)
        fetched = fetched + each
        kept = kept + each * share_of(statistics, statistics[OTHER[side]],
                                      type, to)
    end
    return fetched, kept
end

--- Edges of some types (none: all) at one node with the label `from` (nil: not
-- known), and how many of them end at a node with the label `to`. by: how a
-- walk came to the node (order.came_by); nil: not by an edge, or no matter.
function cost.hop(context, types, direction, from, to, by)
    local statistics = context.options.statistics
    if not statistics then
        local rows = HOP * (direction == "both" and 2 or 1) *
            (#types == 0 and 4 or #types)
        return rows, to and rows * 0.5 or rows
    end
    if #types == 0 then
        types = {}
        for name in pairs(statistics.types) do types[#types + 1] = name end
        table.sort(types)
    end
    if direction == "out" then
        return one_way(statistics, types, "out", from, to, by)
    elseif direction == "in" then
        return one_way(statistics, types, "into", from, to, by)
    end
    local out, out_kept = one_way(statistics, types, "out", from, to, by)
    local into, into_kept = one_way(statistics, types, "into", from, to, by)
    return out + into, out_kept + into_kept
end

--- Edges of a type (nil: all) as a pattern finds them, and how many of them
-- have ends with the labels `from` and `to` (nil: any).
function cost.edges(context, type, direction, from, to)
    local statistics = context.options.statistics
    local both = direction == "both" and 2 or 1
    if not statistics then return 1e7, 1e7 end
    local count = 0
    if type then
        count = statistics.types[type] or 0
    else
        for _, edges in pairs(statistics.types) do count = count + edges end
    end
    local out, into = statistics.out, statistics.into
    if direction == "in" then out, into = into, out end
    local kept = count
    if type then
        kept = kept * share_of(statistics, out, type, from) *
            share_of(statistics, into, type, to)
    else
        for _, label in ipairs({ from or false, to or false }) do
            if label then
                kept = kept * (statistics.labels[label] or 0) /
                    math.max(statistics.nodes, 1)
            end
        end
    end
    return count * both, kept * both
end

--- How many steps a walk of an edge pattern with a length is thought to go.
function cost.steps(length)
    return math.min(length.max or WALK, WALK)
end

--- How many walks of an edge pattern with a length start at one node, where
-- each edge has `hop` followers.
function cost.walk(length, hop)
    local rows, power = 0, 1
    for i = 0, cost.steps(length) do
        if i >= (length.min or 1) then rows = rows + power end
        power = power * hop
    end
    return rows
end

-- What each kind of operator makes of the rows below it.
local FACTORS = { UNWIND = 10, CALL = 10, DISTINCT = 0.5, VAR_EXPAND = 50 }

local function first_label(context, slot)
    local labels = context.labels_of[slot]
    return labels and labels[1]
end

-- How many rows an expansion makes of one.
local function hops(context, op)
    local names = {}
    for i, name in ipairs(op.types) do names[i] = context.names[name + 1].text
    end
    local to = first_label(context, op.to)
    local _, kept = cost.hop(context, names, op.direction,
                             first_label(context, op.slot), to)
    if not op.flags.INTO then return kept end
    return kept / math.max(1, cost.nodes(context, to))
end

-- About how many values an expression takes over some rows.
local function distinct(context, expr, rows)
    local known = selectivity.known_of(context, expr)
    return math.min(known and known.distinct or rows, rows)
end

-- The rows of a hash join: each finds those of its value on the other side.
local function joined(context, op)
    local left = cost.rows(context, op.child)
    local right = cost.rows(context, op.inner)
    local values = 1
    for _, expr in ipairs(op.on) do
        local most = math.max(left, right)
        values = math.max(values, distinct(context, expr[1], most),
                          distinct(context, expr[2], most))
    end
    return left * right / values
end

--- About how many rows an operator gives.
function cost.rows(context, op)
    if op.kind == "ARGUMENT" then return op.rows or 1 end
    if op.kind == "JOIN" and not op.is_outer then
        return joined(context, op)
    end
    local rows = cost.rows(context, op.child)
    local function text(name) return name and context.names[name + 1].text end
    -- What a search is for, filters above it ask again.
    if op.kind == "SCAN_NAMED" then
        return rows * cost.nodes(context, nil) * cost.NAMED
    elseif op.kind == "SCAN" or op.kind == "SEEK_INDEX" then
        return rows * (op.is_one and 1 or cost.nodes(context, text(op.label)))
    elseif op.kind == "SCAN_EDGES" or op.kind == "SEEK_EDGES" then
        return rows * (op.is_one and 1 or
            cost.edges(context, text(op.type), op.direction))
    elseif op.kind == "EXPAND" then
        return rows * hops(context, op)
    elseif op.kind == "UNWIND" and op.expr.kind == "LIST" then
        return rows * #op.expr
    elseif op.kind == "FILTER" then
        return rows * selectivity.of(context, op.expr)
    elseif op.kind == "AGGREGATE" then
        return #op.keys == 0 and 1 or rows * 0.1
    elseif op.kind == "LIMIT" or op.kind == "SORT" then
        local bound = op.kind == "LIMIT" and op.expr or op.limit
        local most = bound and bound.kind == "CONST" and tonumber(bound.value)
        return math.min(rows, most or rows)
    elseif op.kind == "UNION" then
        return rows + cost.rows(context, op.inner)
    end
    return rows * (op.rows or FACTORS[op.kind] or 1)
end

return cost
