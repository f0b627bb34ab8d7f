-- How long a walk of several hops is, without the walk: size(r) and length(p)
-- are read of the operator that walks, which counts. So no list is made for
-- whoever wants to know only that, and the least of them (min(length(p)) by
-- where a walk leads) needs no walk that is not shortest (once.lua).

local expression = require("namidb.plan.expression")

local hops = {}

-- What is known of a slot: { walk = operator, more = number of hops beside it }
-- of lists of edges and of paths, { more = 1 } of one edge.

local function copy(known)
    local result = {}
    for slot, of in pairs(known) do result[slot] = of end
    return result
end

-- What is known of a path by what is of its edges; nil: not of all of them, or
-- of several walks.
local function of_path(slots, known)
    local walk, more = nil, 0
    for i = 2, #slots, 2 do
        local of = known[slots[i]]
        if not of or of.walk and walk then return nil end
        walk, more = walk or of.walk, more + of.more
    end
    return walk and { walk = walk, more = more } or nil
end

-- What is known of an expression's value.
local function of_value(expr, known)
    if expr.kind == "SLOT" then return known[expr.number] end
    if expr.kind == "PATH" then return of_path(expr.slots, known) end
    if expr.kind == "CALL" and expr.text == "reverse" then
        return of_value(expr[1], known)
    end
end

local COUNTS = { size = true, length = true }

-- The number of hops that an expression asks for, as one that is at hand.
local function counted(context, expr, known)
    local of = expr.kind == "CALL" and COUNTS[expr.text] and
        expr[1].kind == "SLOT" and known[expr[1].number]
    if not of or not of.walk then return nil end
    of.walk.hops = of.walk.hops or context:new_slot()
    local slot = expression.slot(of.walk.hops)
    if of.more == 0 then return slot end
    return { kind = "ADD", slot, context:constant(of.more) }
end

local function rewrite(context, expr, known)
    local number = counted(context, expr, known)
    if number then return number end
    if expr.kind == "SUBPLAN" then hops.count(context, expr.plan) end
    for i = 1, #expr do
        if expr[i] then expr[i] = rewrite(context, expr[i], known) end
    end
    for _, branch in ipairs(expr.branches or {}) do
        branch[1] = rewrite(context, branch[1], known)
        branch[2] = rewrite(context, branch[2], known)
    end
    if expr.otherwise then
        expr.otherwise = rewrite(context, expr.otherwise, known)
    end
    return expr
end

local learn = {} -- by kind: (op, known), which is what its rows have

function learn.VAR_EXPAND(op, known)
    known[op.edge] = { walk = op, more = 0 }
end

function learn.EXPAND(op, known) known[op.edge] = { more = 1 } end
learn.SCAN_EDGES, learn.SEEK_EDGES = learn.EXPAND, learn.EXPAND
learn.SEEK_EDGE_ID = learn.EXPAND

function learn.PROJECT(op, known)
    local new = {}
    for _, item in ipairs(op.items) do new[item] = of_value(item.expr, known)
    end
    for _, item in ipairs(op.items) do known[item.slot] = new[item] end
end

-- Rows of the child, as they are.
local PASSES = { FILTER = true, SORT = true, LIMIT = true, SKIP = true,
                 EAGER = true, SCAN = true, SCAN_NAMED = true, SEEK_ID = true,
                 SEEK_KEY = true, SEEK_INDEX = true, UNWIND = true }

--- Has what asks for the number of a walk's hops read that, in a plan. Returns
-- what is known of the slots of its rows.
function hops.count(context, op)
    local known = op.child and hops.count(context, op.child) or {}
    if op.inner then hops.count(context, op.inner) end
    if op.expr and op.kind ~= "VAR_EXPAND" then
        op.expr = rewrite(context, op.expr, known)
    end
    for _, item in ipairs(op.kind == "PROJECT" and op.items or {}) do
        item.expr = rewrite(context, item.expr, known)
    end
    if not learn[op.kind] then return PASSES[op.kind] and known or {} end
    known = copy(known)
    learn[op.kind](op, known)
    return known
end

return hops
