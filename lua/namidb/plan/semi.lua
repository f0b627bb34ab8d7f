-- Plans inside expressions: EXISTS { }, COUNT { }, COLLECT { }; and which inner
-- plans need not run once for each row.
--
-- A plan whose rows do not depend on one another runs once for all rows of a
-- chunk and not once for each: a semi-join, and under NOT an anti-join. What it
-- reads of the graph is one round for all of them, and to ask whether there is
-- anything still costs no more than for one row after the other: a row for
-- which something was found is left out from there on.

local counted = require("namidb.plan.counted")
local expression = require("namidb.plan.expression")
local free = require("namidb.plan.free")

local semi = {}

local function is_argument(op) return op.kind == "ARGUMENT" end

-- Operators that treat each row as if it were alone.
local KEEPS_APART = { ARGUMENT = true, SCAN = true, SCAN_NAMED = true,
                      SCAN_EDGES = true, SEEK_KEY = true, SEEK_ID = true,
                      SEEK_EDGE_ID = true, EXPAND = true, VAR_EXPAND = true,
                      SHORTEST = true, FILTER = true, PROJECT = true,
                      UNWIND = true, APPLY = true }

-- A search of a range may find much for each of many rows before the first of
-- them is left out.
local function is_narrow(op)
    return not op.low and not op.high and op.more ~= 1 and #op.exprs > 0
end

-- Operators that may give what they find for one row behind that for another.
local function may_mix(op)
    return op.kind == "VAR_EXPAND" or op.kind == "SHORTEST" or
        op.kind == "UNION" or op.kind == "JOIN" and not op.is_inner
end

-- Notes in `marks` what is to be done to an operator and those below it so that
-- they give rows with their number, if wanted in the order of it; false: they
-- cannot.
local function can_mark(op, marks, is_ordered)
    if is_ordered and may_mix(op) then return false end
    if op.kind == "ARGUMENT" then
        marks[#marks + 1] = function(row) op.row = row end
        return true
    elseif op.kind == "DISTINCT" then
        marks[#marks + 1] = function(row)
            op.slots[#op.slots + 1] = row
        end
    elseif op.kind == "SEEK_INDEX" or op.kind == "SEEK_EDGES" then
        if not is_narrow(op) then return false end
        marks[#marks + 1] = function() op.most, op.inner = nil, nil end
    elseif op.kind == "JOIN" then
        return can_mark(op.is_inner and op.child or op.inner, marks,
                        is_ordered)
    elseif op.kind == "UNION" then
        return can_mark(op.child, marks, is_ordered) and
            can_mark(op.inner, marks, is_ordered)
    elseif not KEEPS_APART[op.kind] then
        return false
    end
    return can_mark(op.child, marks, is_ordered)
end

--- Has an inner plan give all rows of a chunk, with a number for each. Returns
-- the slot that the number is in; nil: it must run once for each row.
-- is_ordered: what it finds is to come in the order of the rows.
function semi.number_rows(context, plan, is_ordered)
    local marks = {}
    if not can_mark(plan, marks, is_ordered) then return nil end
    local row = context:new_slot()
    for _, mark in ipairs(marks) do mark(row) end
    return row
end

local function is_more_than_none(limit)
    return limit.kind == "CONST" and type(limit.value) == "number" and
        limit.value >= 1
end

local function are_plain(items)
    for _, item in ipairs(items) do
        if not expression.is_plain(item.expr) then return false end
    end
    return true
end

-- A plan that gives a row where this one does: whether there is one depends on
-- no order, nor on what is made of it, nor on how often it comes.
local function any_of(plan)
    local kind = plan.kind
    if kind == "DISTINCT" or kind == "PROJECT" and are_plain(plan.items) or
        kind == "LIMIT" and is_more_than_none(plan.expr) or
        kind == "SORT" and (not plan.limit or is_more_than_none(plan.limit))
    then
        return any_of(plan.child)
    end
    return plan
end

------------------------------------------------------------- a join of many

-- The operators from a plan down to a scan that each row asks anew, if nothing
-- but such stand above it as add slots or leave out rows; nil: it is another.
local ABOVE = { FILTER = true, PROJECT = true, EXPAND = true, DISTINCT = true }
local function path_to_scan(plan)
    local path, op = {}, plan
    while ABOVE[op.kind] do
        local exprs = { op.expr }
        for _, item in ipairs(op.items or {}) do exprs[#exprs + 1] = item.expr
        end
        for _, expr in ipairs(exprs) do
            if expression.is_volatile(expr) then return nil end
        end
        path[#path + 1] = op
        op = op.child
    end
    path[#path + 1] = op
    return op.kind == "SCAN" and is_argument(op.child) and path or nil
end

local function reads_only(expr, slot)
    local reads = free.reads(expr, {})
    local is_read = reads[slot]
    reads[slot] = nil
    return is_read and next(reads) == nil
end

-- The sides of an equality of something of what is in a slot with something
-- that it is not of: { inside, outside }; nil: it is none.
local function sides(expr, slot)
    if expr.kind ~= "EQ" then return nil end
    for inside = 1, 2 do
        local outside = expr[3 - inside]
        if reads_only(expr[inside], slot) and
            not free.reads(outside, {})[slot] then
            return { inside = expr[inside], outside = outside, expr = expr }
        end
    end
end

local function copy(op, child)
    local result = {}
    for name, field in pairs(op) do result[name] = field end
    result.child = child
    return result
end

-- Of a path to a scan: the scan with what it can be asked alone, what says that
-- something of it equals something else, and the operators that are left.
local function split(path)
    local scan, rest, equalities, at = path[#path], {}, {}, #path - 1
    local inner = copy(scan, { kind = "ARGUMENT" })
    while at >= 1 and path[at].kind == "FILTER" do
        local expr = path[at].expr
        local equality = sides(expr, scan.slot)
        if reads_only(expr, scan.slot) then
            inner = copy(path[at], inner)
        elseif equality then
            equalities[#equalities + 1] = equality
        else
            rest[#rest + 1] = path[at]
        end
        at = at - 1
    end
    for i = at, 1, -1 do rest[#rest + 1] = path[i] end
    return inner, equalities, rest
end

-- The same plan as a hash join: what is scanned, once, with all rows. nil:
-- nothing tells which of it belongs to which row.
local function for_many(context, plan, row)
    local path = row and path_to_scan(plan)
    if not path then return nil end
    local inner, equalities, rest = split(path)
    if #equalities == 0 then return nil end
    local keys, on, insides, outsides = {}, {}, {}, {}
    for i, equality in ipairs(equalities) do
        keys[i], on[i] = context:new_slot(), equality.expr
        insides[i] = { slot = keys[i], expr = equality.inside }
        outsides[i] = { slot = keys[i], expr = equality.outside }
    end
    local root = {
        kind = "JOIN", keys = keys, on = on, is_inner = true, is_lasting = true,
        part = { [path[#path].slot] = true },
        inner = { kind = "PROJECT", items = insides, child = inner },
        child = { kind = "PROJECT", items = outsides,
                  child = { kind = "ARGUMENT", row = row } },
    }
    for _, op in ipairs(rest) do root = copy(op, root) end
    return root
end

--- The expression that a plan of EXISTS, COUNT or COLLECT is; slot: of what is
-- collected.
function semi.subplan(context, code, plan, slot)
    if code == "EXISTS" then plan = any_of(plan) end
    local expr = counted.subplan(context, code, plan)
    if expr then return expr end
    local row = semi.number_rows(context, plan)
    return { kind = "SUBPLAN", code = code, plan = plan, number = slot,
             row = row, has_walks = context.has_walks,
             -- A join gives what it finds for a row in another order.
             many = code ~= "COLLECT" and for_many(context, plan, row) or nil }
end

-- Comparisons of a count with a number that ask whether there is any (true), or
-- none (false).
local ANY = {
    GT = { [0] = true }, NE = { [0] = true }, GE = { [1] = true },
    EQ = { [0] = false }, LE = { [0] = false }, LT = { [1] = false },
}
local TURNED = { GT = "LT", LT = "GT", GE = "LE", LE = "GE", EQ = "EQ",
                 NE = "NE" }

-- EXISTS { } instead of a COUNT { } that is asked whether it is any.
local function exists_of(context, count)
    local exists = counted.subplan(context, "EXISTS", count.plan) or
        { kind = "SUBPLAN", code = "EXISTS", plan = count.plan,
          row = count.row, many = count.many, has_walks = count.has_walks }
    exists.match = count.match
    return exists
end

--- A comparison; one that asks of COUNT { } whether there is any is EXISTS { }.
function semi.comparison(context, expr)
    local kind, count, number = expr.kind, expr[1], expr[2]
    if number.match or number.kind == "SUBPLAN" then
        kind, count, number = TURNED[kind], number, count
    end
    if not count.match and count.kind ~= "SUBPLAN" or
        number.kind ~= "CONST" then
        return expr
    end
    local is_any = ANY[kind] and ANY[kind][number.value]
    if count.kind == "SUBPLAN" and count.code == "COUNT" and
        is_any ~= nil then
        local exists = exists_of(context, count)
        return is_any and exists or { kind = "NOT", exists }
    end
    expr.match = is_any and count.match or nil
    return expr
end

return semi
