-- Where a row says as much once as often: below DISTINCT, below aggregates for
-- which twice is once, in EXISTS { }. A walk of several hops need not be walked
-- in all ways there: to ask who depends on a package, in however many ways, is
-- to reach each of those once (REACH).
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

--- Notes in a plan which walks need not be told apart. is_enough: whoever reads
-- its rows wants to know them, and not how many there are of each.
function once.mark(op, is_enough)
    while op do
        op.is_enough = is_enough
        is_enough = below(op, is_enough)
        if op.inner then once.mark(op.inner, is_enough) end
        op = op.child
    end
end

--- Whether a walk of several hops may be a REACH, if nobody reads its edges.
function once.may_reach(op)
    return op.is_enough and op.min <= 1 and steady.operator(op)
end

return once
