-- Where a row says as much once as often: below DISTINCT, below aggregates for
-- which twice is once, in EXISTS { }. A walk of several hops need not be walked
-- in all ways there: to ask who depends on a package, in however many ways, is
-- to reach each of those once (REACH).
--
-- Where a row says how many hops it took, it may be the one that took the
-- fewest if min() is all that is asked of that.
--
-- Walks from no hop or one on are meant; if a walk is to have more, a node may
-- be reached by shorter ones only. free.lua makes the change, since it knows
-- whether anybody reads by which edges a walk went: its path, its length, or
-- that a relationship elsewhere in the pattern is another.

local steady = require("namidb.plan.steady")

local once = {}

-- Operators that make of each row what they make of it wherever it comes from,
-- and of one that comes twice the same twice.
local KEEPS = { ARGUMENT = true, SCAN = true, SCAN_NAMED = true,
                SCAN_EDGES = true, SEEK_KEY = true, SEEK_INDEX = true,
                SEEK_EDGES = true, SEEK_EDGE_ID = true, SEEK_ID = true,
                EXPAND = true, VAR_EXPAND = true, SHORTEST = true,
                FILTER = true, PROJECT = true, UNWIND = true, UNION = true,
                JOIN = true, DISTINCT = true, EAGER = true }

local APPLIES = { EACH = true, OPTIONAL = true }

local function keeps(op)
    return KEEPS[op.kind] or op.kind == "SORT" and not op.limit or
        op.kind == "APPLY" and APPLIES[op.code]
end

local function is_idempotent(aggregate)
    return aggregate.distinct or aggregate.code == "MIN" or
        aggregate.code == "MAX"
end

local function are_idempotent(aggregates)
    for _, aggregate in ipairs(aggregates) do
        if not is_idempotent(aggregate) then return false end
    end
    return true
end

-- Whether rows that come to an operator may come once instead of often.
local function below(op, is_enough)
    if op.kind == "DISTINCT" then return true end
    if op.kind == "AGGREGATE" then return are_idempotent(op.aggregates) end
    return is_enough and keeps(op) and steady.operator(op)
end

---------------------------------------------- slots of which the least matters

-- Those that are asked for by min() alone.
local function least_of_aggregate(op)
    local least, others = {}, {}
    for _, slot in ipairs(op.keys) do others[slot] = true end
    for _, aggregate in ipairs(op.aggregates) do
        local set = aggregate.code == "MIN" and least or others
        if aggregate.input then set[aggregate.input] = true end
    end
    for slot in pairs(others) do least[slot] = nil end
    return least
end

-- The slot of which an expression is the greater the greater it is; nil: it is
-- no such expression.
local function rises_with(expr)
    if expr.kind == "ADD" and expr[2].kind == "CONST" then expr = expr[1] end
    return expr.kind == "SLOT" and expr.number or nil
end

local function add(set, slots)
    for slot in pairs(slots) do set[slot] = true end
end

-- What is below an operator what `least` is above it: without those that it
-- reads for something else. (An inner plan may read any.)
local function least_below(op, least, reads)
    if op.kind == "AGGREGATE" then return least_of_aggregate(op) end
    if not next(least) or op.inner then return {} end
    local result, others = {}, {}
    add(result, least)
    for _, item in ipairs(op.kind == "PROJECT" and op.items or {}) do
        local slot = least[item.slot] and rises_with(item.expr)
        if slot then
            result[slot] = true
        else
            add(others, reads(item.expr, {}))
        end
    end
    if op.expr then reads(op.expr, others) end
    for _, expr in ipairs(op.exprs or {}) do reads(expr, others) end
    for _, slot in ipairs(op.kind == "DISTINCT" and op.slots or {}) do
        others[slot] = true
    end
    for slot in pairs(others) do result[slot] = nil end
    return result
end

--- Notes in a plan which walks need not be told apart. is_enough: whoever reads
-- its rows wants to know them, and not how many there are of each; reads:
-- free.reads, what an expression reads.
function once.mark(op, is_enough, reads)
    local least = {} -- slots; of rows that are alike otherwise
    while op do
        op.is_enough = is_enough
        op.is_least = op.hops and least[op.hops]
        least = least_below(op, least, reads)
        is_enough = below(op, is_enough)
        if op.inner then once.mark(op.inner, is_enough, reads) end
        op = op.child
    end
end

--- Whether a walk of several hops may be a REACH, if nobody reads its edges.
function once.may_reach(op)
    return op.is_enough and op.min <= 1 and (not op.hops or op.is_least) and
        not op.flags.ACYCLIC and not op.flags.SIMPLE and steady.operator(op)
end

return once
