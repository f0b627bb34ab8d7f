-- WITH and RETURN: columns, groups, order, bounds.

local counted = require("namidb.plan.counted")
local expression = require("namidb.plan.expression")
local fold = require("namidb.plan.fold")
local free = require("namidb.plan.free")
local outer = require("namidb.plan.outer")
local sorted = require("namidb.plan.sorted")
local top = require("namidb.plan.top")

local projection = {}

local CODES = {
    count = "COUNT", sum = "SUM", avg = "AVG", min = "MIN", max = "MAX",
    collect = "COLLECT", stdev = "STDEV", stdevp = "STDEVP",
    percentilecont = "PERCENTILE_CONT", percentiledisc = "PERCENTILE_DISC",
}

-- { slot, expr } for each item that is not just handed on.
local function items_of(context, items, is_wanted)
    local result = {}
    for _, item in ipairs(items) do
        if is_wanted(item) then
            local slot = item.variable.id
            local expr = expression.make(context, item.expression)
            if expr.kind ~= "SLOT" or expr.number ~= slot then
                result[#result + 1] = { slot = slot, expr = expr }
            end
        end
    end
    return result
end

local function project(op, items)
    if #items == 0 then return op end
    return { kind = "PROJECT", items = items, child = op }
end

-- A slot that holds the expression; a new one unless it is a slot already.
local function slot_for(context, items, expr)
    if expr.kind == "SLOT" then return expr.number end
    local slot = context:new_slot()
    items[#items + 1] = { slot = slot, expr = expr }
    return slot
end

local function aggregate(context, op, clause)
    local items = items_of(context, clause.keys, function() return true end)
    local keys, aggregates = {}, {}
    for i, item in ipairs(clause.keys) do keys[i] = item.variable.id end
    for i, call in ipairs(clause.aggregates) do
        local arguments = call.arguments
        aggregates[i] = {
            code = #arguments == 0 and "COUNT_ROWS" or CODES[call.name],
            distinct = call.distinct, slot = call.variable.id,
            input = arguments[1] and slot_for(context, items,
                expression.make(context, arguments[1])),
            second = arguments[2] and slot_for(context, items,
                expression.make(context, arguments[2])),
        }
    end
    op = counted.aggregate(context, op, items, keys, aggregates) or
        { kind = "AGGREGATE", keys = keys, aggregates = aggregates,
          child = project(op, items) }
    return project(op, items_of(context, clause.items, function(item)
        return not item.is_key
    end))
end

-- by: the expressions of ORDER BY.
local function sort(context, op, clause, by, limit)
    if #clause.order == 0 then
        if limit then
            outer.give_up_below(op)
            sorted.limit(context, op, limit)
        end
        return op
    end
    local items, keys = {}, {}
    for i, item in ipairs(clause.order) do
        keys[i] = { slot = slot_for(context, items, by[i]),
                    descending = item.descending }
    end
    top.push(context, op, items, keys, limit)
    return sorted.sort(context, op, items, keys, limit)
end

-- Properties that nothing but the columns wants are read behind ORDER BY ...
-- LIMIT, for the rows that are left: what ORDER BY reads comes first, and so
-- does what is no plain property and might fail.
local function late_items(clause, by)
    if not clause.limit or #clause.order == 0 or clause.distinct or
        clause.where then
        return {}
    end
    local wanted, late = {}, {}
    for _, expr in ipairs(by) do free.reads(expr, wanted) end
    for _, item in ipairs(clause.items) do
        local node = item.expression
        if not wanted[item.variable.id] and node.kind == "property" and
            node.operand.kind == "variable" and
            node.operand.variable.kind == "node" then
            late[item] = true
        end
    end
    return late
end

local LARGE = 9007199254740992 -- 2^53

-- How many rows ORDER BY must give for SKIP and LIMIT; nil: all. What is no
-- number or beyond all bounds is left to them, and what is another number each
-- time that it is asked for.
local function kept_rows(context, skip, limit)
    if not limit or expression.is_volatile(limit) or
        skip and expression.is_volatile(skip) then
        return nil
    end
    if not skip then return limit end
    local sum = type(skip.value) == "number" and
        type(limit.value) == "number" and skip.value + limit.value
    if sum and sum >= 0 and sum < LARGE then return context:constant(sum) end
    local large = context:constant(LARGE)
    return { kind = "CASE", otherwise = large, branches = { {
        { kind = "AND", { kind = "LT", skip, large },
          { kind = "LT", limit, large } },
        { kind = "ADD", skip, limit } } } }
end

-- Whether a SORT gives no more rows than LIMIT lets through.
local function is_limited(op, limit)
    return op.kind == "SORT" and op.limit == limit
end

-- The conditions of a WHERE, each operand of AND on its own.
local function conditions_of(context, node, list)
    if not node then return list end
    if node.kind == "and" then
        for _, operand in ipairs(node.operands) do
            conditions_of(context, operand, list)
        end
    else
        local expr = expression.make(context, node)
        if not fold.is_true(expr) then list[#list + 1] = expr end
    end
    return list
end

local function filter(op, conditions)
    for _, expr in ipairs(conditions) do
        op = { kind = "FILTER", expr = expr, child = op }
    end
    return op
end

-- Of groups, what their keys do not meet need not be gathered: conditions that
-- read variables only which are keys as they are, and the others.
local function split_by_keys(context, clause)
    local early, late, is_key = {}, {}, {}
    for _, item in ipairs(clause.keys) do
        local node = item.expression
        if node.kind == "variable" and node.variable == item.variable then
            is_key[item.variable.id] = true
        end
    end
    for _, expr in ipairs(conditions_of(context, clause.where, {})) do
        local reads, is_early = free.reads(expr, {}), true
        for slot in pairs(reads) do is_early = is_early and is_key[slot] end
        local list = is_early and next(reads) and
            not expression.is_volatile(expr) and early or late
        list[#list + 1] = expr
    end
    return early, late
end

--- The operators of a WITH or RETURN over `op`.
function projection.plan(context, op, clause)
    local late, conditions, by = {}, nil, {}
    for i, item in ipairs(clause.order) do
        by[i] = expression.make(context, item.expression)
    end
    if clause.grouped and not clause.skip and not clause.limit then
        local early
        early, conditions = split_by_keys(context, clause)
        op = aggregate(context, filter(op, early), clause)
    elseif clause.grouped then
        op = aggregate(context, op, clause)
    else
        late = late_items(clause, by)
        op = project(op, items_of(context, clause.items, function(item)
            return not late[item]
        end))
    end
    if clause.distinct then
        local slots = {}
        for i, item in ipairs(clause.items) do slots[i] = item.variable.id end
        op = { kind = "DISTINCT", slots = slots, child = op }
    end
    local skip = clause.skip and expression.make(context, clause.skip)
    local limit = clause.limit and expression.make(context, clause.limit)
    op = sort(context, op, clause, by, kept_rows(context, skip, limit))
    if skip then op = { kind = "SKIP", expr = skip, child = op } end
    if limit and not is_limited(op, limit) then
        op = { kind = "LIMIT", expr = limit, child = op }
    end
    if next(late) then
        op = project(op, items_of(context, clause.items, function(item)
            return late[item]
        end))
    end
    return filter(op, conditions or conditions_of(context, clause.where, {}))
end

return projection
