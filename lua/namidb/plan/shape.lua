-- What is below an aggregation that only counts: edges around nodes,
-- conditions, and the operator that all starts from. plan/star.lua and
-- plan/chain.lua say how many rows such a pattern has, and make none.

local cost = require("namidb.plan.cost")
local expression = require("namidb.plan.expression")
local free = require("namidb.plan.free")

local shape = {}

shape.REVERSE = { out = "in", ["in"] = "out" }

-- Adds what a list does not have.
local function add_distinct(list, items)
    local seen = {}
    for _, item in ipairs(list) do seen[item] = true end
    for _, item in ipairs(items) do
        if not seen[item] then list[#list + 1] = item end
        seen[item] = true
    end
    return list
end

shape.add_distinct = add_distinct

local function has(list, wanted)
    for _, item in ipairs(list) do
        if item == wanted then return true end
    end
    return false
end

--- The types that an edge of all these arms may have, none: any; nil: it cannot
-- be.
function shape.common_types(arms)
    local types
    for _, arm in ipairs(arms) do
        if #arm.types > 0 and not types then
            types = add_distinct({}, arm.types)
        elseif #arm.types > 0 then
            local both = {}
            for _, name in ipairs(types) do
                if has(arm.types, name) then both[#both + 1] = name end
            end
            types = both
            if #types == 0 then return nil end
        end
    end
    return types or {}
end

--- Whether one edge may be two of them.
function shape.may_share(a, b)
    return shape.common_types({ a, b }) ~= nil
end

local function append(list, items)
    for _, item in ipairs(items) do list[#list + 1] = item end
end

-- Edges that expansions found, conditions, and the operator that they start
-- from.
local function flatten(op)
    local found = { arms = {}, labels = {}, filters = {}, early = {},
                    apart = {}, ops = {} }
    while op.kind == "FILTER" or op.kind == "EXPAND" do
        found.ops[#found.ops + 1] = op
        local expr = op.expr
        if op.kind == "EXPAND" then
            if op.direction == "both" or op.flags.INTO then return nil end
            append(found.filters, found.early)
            found.early = {}
            found.arms[#found.arms + 1] = { edge = op.edge, from = op.slot,
                to = op.to, direction = op.direction, types = op.types }
        elseif expr.kind == "DIFFER" then
            found.apart[#found.apart + 1] = expr.slots
        elseif expr.kind == "LABELS" and expr[1].kind == "SLOT" then
            local slot = expr[1].number
            found.labels[slot] = add_distinct(found.labels[slot] or {},
                                              expr.names)
        else
            found.early[#found.early + 1] = expr
        end
        op = op.child
    end
    found.base = op
    if op.kind == "SCAN_EDGES" and op.direction ~= "both" and
        op.child.kind == "ARGUMENT" then
        found.arms[#found.arms + 1] = { edge = op.edge, from = op.slot,
            to = op.to, direction = op.direction, types = { op.type } }
        append(found.filters, found.early)
        found.early = {}
        found.is_free = true
    elseif op.kind == "SCAN" and op.child.kind == "ARGUMENT" then
        found.labels[op.slot] = add_distinct(found.labels[op.slot] or {},
                                             { op.label })
        found.is_free = true
    end
    return found
end

-- Whether labels are asked of nodes of the pattern alone.
local function are_of_nodes(found)
    local is_node = {}
    for _, arm in ipairs(found.arms) do
        is_node[arm.from], is_node[arm.to] = true, true
    end
    for slot in pairs(found.labels) do
        if not is_node[slot] then return false end
    end
    return true
end

--- The pattern that `op` and what is below it find: { arms: its edges, the last
-- first, each as it was walked, labels of nodes, apart: lists of edges that
-- differ, early: conditions below all edges, filters: others, base: what all
-- starts from, is_free: any node might be that }. nil: there is more. What
-- conditions read is added to `wanted`.
function shape.find(op, wanted)
    local found = flatten(op)
    if not found or #found.arms == 0 or not are_of_nodes(found) then
        return nil
    end
    for _, exprs in ipairs({ found.early, found.filters }) do
        for _, expr in ipairs(exprs) do
            if expression.is_volatile(expr) then return nil end
            free.reads(expr, wanted)
        end
    end
    return found
end

--- The texts of some names.
function shape.texts(context, names)
    local result = {}
    for i, name in ipairs(names) do result[i] = context.names[name + 1].text end
    return result
end

--- The rarest of some labels; nil: there is none.
function shape.rarest(context, labels)
    local best, rows
    for _, name in ipairs(labels) do
        local nodes = cost.nodes(context, context.names[name + 1].text)
        if not best or nodes < rows then best, rows = name, nodes end
    end
    return best, rows or cost.nodes(context, nil)
end

--- How many rows there are where they are made: the last hop is no rows where
-- its degree says all.
function shape.rows_of(context, found, wanted)
    local rows = cost.rows(context, found.base)
    for i, op in ipairs(found.ops) do
        local is_last = i == 1 or i == 2 and #found.apart > 0
        if op.kind == "EXPAND" and
            not (is_last and not wanted[op.to] and not wanted[op.edge] and
                 not found.labels[op.to]) then
            rows = rows + cost.rows(context, op)
        end
    end
    return rows
end

--- The product; `a` may be nil.
function shape.multiply(a, b)
    return a and { kind = "MUL", a, b } or b
end

local function filter(op, expr)
    return { kind = "FILTER", child = op, expr = expr }
end

-- The conditions, the last of them first.
local function filtered(op, exprs)
    for i = #exprs, 1, -1 do op = filter(op, exprs[i]) end
    return op
end

-- The nodes in the middle of the pattern.
local function middle(context, found, slot)
    local op = found.base
    local labels = found.labels[slot] or {}
    if found.is_free then
        local label = shape.rarest(context, labels)
        op = { kind = "SCAN", slot = slot, label = label, child = op.child }
        local others = {}
        for _, name in ipairs(labels) do
            if name ~= label then others[#others + 1] = name end
        end
        labels = others
    end
    if #labels > 0 then
        op = filter(op, { kind = "LABELS", names = labels,
                          expression.slot(slot) })
    end
    return filtered(op, found.early)
end

--- What counts the rows of a pattern, where `expr` of the node in `slot` is how
-- many it has there: { child: an operator that gives fewer, number: the slot of
-- how many each of its rows stands for, rows: slots that are set in each row of
-- the pattern, once: the slot of nodes of which each is in one row at most }.
function shape.counted(context, found, slot, expr)
    local rows = { [slot] = true }
    for _, arm in ipairs(found.arms) do
        rows[arm.edge], rows[arm.from], rows[arm.to] = true, true, true
    end
    local number = context:new_slot()
    local child = { kind = "PROJECT",
                    items = { { slot = number, expr = expr } },
                    child = middle(context, found, slot) }
    if #found.filters > 0 then
        child = filtered(filter(child, { kind = "GT", expression.slot(number),
                                         context:constant(0) }), found.filters)
    end
    return { child = child, number = number, rows = rows,
             once = found.is_free and slot or nil }
end

return shape
