-- Rows that are only counted are not made: what they would number is asked of
-- the graph's counts, or of the degrees of the nodes that they start from.

local chain = require("namidb.plan.chain")
local expression = require("namidb.plan.expression")
local free = require("namidb.plan.free")
local star = require("namidb.plan.star")

local counted = {}

local LABEL, TYPE = 0, 1 -- enum namidb_name_kind

-- Whether an aggregate counts rows: those where one of `slots` is set, which
-- they all are.
local function counts_rows(aggregate, slots)
    if aggregate.code == "COUNT_ROWS" then return true end
    return aggregate.code == "COUNT" and not aggregate.distinct and
        slots[aggregate.input]
end

local function all_count(aggregates, slots)
    for _, aggregate in ipairs(aggregates) do
        if not counts_rows(aggregate, slots) then return false end
    end
    return #aggregates > 0
end

local function is_argument(op) return op.kind == "ARGUMENT" end

-- Types without repetitions: each counts once.
local function distinct(names)
    local result, seen = {}, {}
    for _, name in ipairs(names) do
        if not seen[name] then result[#result + 1] = name end
        seen[name] = true
    end
    return result
end

-- All nodes, those of a label, or the edges of some types: { expr, slots }.
local function whole(op)
    if op.kind == "SCAN" and is_argument(op.child) then
        return { kind = "COUNTED", code = LABEL, names = { op.label } },
            { [op.slot] = true }
    end
    if op.kind == "SCAN_EDGES" and op.direction ~= "both" and
        is_argument(op.child) then
        return { kind = "COUNTED", code = TYPE, names = { op.type } },
            { [op.slot] = true, [op.edge] = true, [op.to] = true }
    end
    local scan = op.child
    if op.kind == "EXPAND" and op.direction ~= "both" and
        not op.flags.INTO and scan.kind == "SCAN" and
        not scan.label and is_argument(scan.child) then
        return { kind = "COUNTED", code = TYPE, names = distinct(op.types) },
            { [op.slot] = true, [op.edge] = true, [op.to] = true }
    end
end

-------------------------------------------------------------------- degrees

-- How an edge was found below `op`: { slot, to, direction, types }.
local function walk_of(op, edge)
    while op do
        if op.kind == "EXPAND" and op.edge == edge then
            return op
        elseif op.kind == "SCAN_EDGES" and op.edge == edge then
            return { slot = op.slot, to = op.to, direction = op.direction,
                     types = { op.type } }
        end
        op = op.child
    end
end

local function is_part(types, all)
    if #all == 0 then return true end
    local set = {}
    for _, name in ipairs(all) do set[name] = true end
    for _, name in ipairs(types) do
        if not set[name] then return false end
    end
    return #types > 0
end

-- Whether an edge that was walked before is among those that `op` counts: an
-- expression of 0 or 1. nil: it cannot be said.
local function overlap(context, op, edge)
    local walk = walk_of(op.child, edge)
    if not walk or walk.direction == "both" or
        not is_part(walk.types, op.types) then
        return nil
    end
    local source, target = walk.slot, walk.to
    if walk.direction == "in" then source, target = target, source end
    local at = op.direction == "out" and source or target
    local one = context:constant(1)
    if at == op.slot then return one end
    return { kind = "CASE", otherwise = context:constant(0), branches = { {
        { kind = "EQ", expression.slot(at), expression.slot(op.slot) },
        one } } }
end

-- How many rows an EXPAND, perhaps under a test that its edge differs from
-- others, makes of a row: { expr, op }; nil where that is not so simple.
local function multiplicity(context, op)
    local differ
    if op.kind == "FILTER" and op.expr.kind == "DIFFER" then
        differ, op = op.expr.slots, op.child
    end
    if op.kind ~= "EXPAND" or op.direction == "both" or op.flags.INTO then
        return nil
    end
    local expr = { kind = "DEGREE", code = op.direction,
                   names = distinct(op.types), expression.slot(op.slot) }
    for _, edge in ipairs(differ or {}) do
        if edge ~= op.edge then
            local one = overlap(context, op, edge)
            if not one then return nil end
            expr = { kind = "SUB", expr, one }
        end
    end
    return expr, op
end

-- What counts the rows of `op` by the last hop alone; as star.find gives it.
local function last_hop(context, op, wanted)
    local expr, expand = multiplicity(context, op)
    if not expr or wanted[expand.edge] or wanted[expand.to] then return nil end
    local number = context:new_slot()
    return {
        child = { kind = "PROJECT", child = expand.child,
                  items = { { slot = number, expr = expr } } },
        number = number,
        rows = { [expand.edge] = true, [expand.to] = true,
                 [expand.slot] = true },
    }
end

-- The slots that are read, but for counts of rows; nil: something is another
-- each time.
local function reads_of(items, keys, aggregates)
    local wanted = {}
    for _, item in ipairs(items) do
        if expression.is_volatile(item.expr) then return nil end
        free.reads(item.expr, wanted)
    end
    for _, key in ipairs(keys) do wanted[key] = true end
    for _, aggregate in ipairs(aggregates) do
        if aggregate.input and
            (aggregate.code ~= "COUNT" or aggregate.distinct) then
            wanted[aggregate.input] = true
        end
    end
    for _, item in ipairs(items) do wanted[item.slot] = nil end
    return wanted
end

-- Aggregates that are the same however often a row comes.
local function ignores_repeats(aggregate)
    return aggregate.distinct or aggregate.code == "MIN" or
        aggregate.code == "MAX"
end

-- Whether each row of `found` is a group of its own.
local function is_grouped(found, items, keys)
    local is_key = {}
    for _, key in ipairs(keys) do is_key[key] = true end
    for _, item in ipairs(items) do
        local expr = item.expr
        if is_key[item.slot] and expr.kind == "SLOT" and
            expr.number == found.once then
            return true
        end
    end
    return found.once ~= nil and is_key[found.once]
end

-- Groups of one row each: their counts are the numbers of the rows.
local function as_rows(found, items, aggregates)
    local made = {}
    for i, item in ipairs(items) do made[i] = item end
    for _, aggregate in ipairs(aggregates) do
        made[#made + 1] = { slot = aggregate.slot,
                            expr = expression.slot(found.number) }
    end
    return made
end

local function by_degree(context, op, items, keys, aggregates)
    local wanted = reads_of(items, keys, aggregates)
    local found = wanted and (star.find(context, op, wanted) or
        chain.find(context, op, wanted) or last_hop(context, op, wanted))
    if not found then return nil end
    local made, is_plain, has_count = {}, #keys == 0, false
    for i, aggregate in ipairs(aggregates) do
        made[i] = aggregate
        if counts_rows(aggregate, found.rows) then
            made[i] = { code = "SUM", input = found.number,
                        slot = aggregate.slot }
            has_count = true
        elseif ignores_repeats(aggregate) then
            is_plain = false
        else
            return nil
        end
    end
    if not has_count then return nil end
    local child = found.child
    if not is_plain and child.kind ~= "FILTER" then
        child = { kind = "FILTER", child = child, expr = { kind = "GT",
            expression.slot(found.number), context:constant(0) } }
    end
    if is_grouped(found, items, keys) and
        all_count(aggregates, found.rows) then
        return { kind = "PROJECT", child = child,
                 items = as_rows(found, items, aggregates) }
    end
    if #items > 0 then
        child = { kind = "PROJECT", items = items, child = child }
    end
    return { kind = "AGGREGATE", keys = keys, aggregates = made, child = child }
end

--- What an AGGREGATE over `items` over `op` may be in its place, or nil.
function counted.aggregate(context, op, items, keys, aggregates)
    if #keys == 0 and #items == 0 then
        local expr, slots = whole(op)
        if expr and all_count(aggregates, slots) then
            local made = {}
            for i, aggregate in ipairs(aggregates) do
                made[i] = { slot = aggregate.slot, expr = expr }
            end
            return { kind = "PROJECT", items = made,
                     child = { kind = "ARGUMENT" } }
        end
    end
    return by_degree(context, op, items, keys, aggregates)
end

-- The edges at a node: of any direction at least as many as there are, since a
-- loop is two of them, and none if there are none.
local function bound_of(op)
    if op.direction ~= "both" or op.flags.INTO then return nil end
    local names, operand = distinct(op.types), expression.slot(op.slot)
    return { kind = "ADD",
             { kind = "DEGREE", code = "out", names = names, operand },
             { kind = "DEGREE", code = "in", names = names, operand } }
end

--- What EXISTS { } or COUNT { } of a plan may be instead of a SUBPLAN, or nil,
-- as of COLLECT { }, whose rows are wanted.
function counted.subplan(context, code, plan)
    if code == "COLLECT" or plan.kind ~= "EXPAND" or
        not is_argument(plan.child) then
        return nil
    end
    local expr = multiplicity(context, plan) or
        code == "EXISTS" and bound_of(plan)
    if not expr then return nil end
    local zero = context:constant(0)
    expr = { kind = "CALL", text = "coalesce", expr, zero }
    return code == "COUNT" and expr or { kind = "GT", expr, zero }
end

return counted
