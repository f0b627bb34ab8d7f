-- Which slots an expression reads, and which each operator must carry.
--
-- The executor drops what nobody reads: `live` of an operator names the slots
-- that are read above it. One walk from the root down, with the set of slots
-- that are wanted; it gives the set that is wanted from below the leaves, which
-- is what an inner plan reads of the row around it.

local loops = require("namidb.plan.loops")
local once = require("namidb.plan.once")

local free = {}

-- Instead of true in a set: of the slot of an edge, see loops.lua.
local LOOPS = "loops"

local function copy(set)
    local result = {}
    for slot in pairs(set) do result[slot] = true end
    return result
end

local function add(set, slots)
    for _, slot in ipairs(slots) do set[slot] = true end
end

local walk -- operators

local reads -- expressions

local function read_operands(node, set)
    for i = 1, #node do
        if node[i] then reads(node[i], set) end
    end
end

-- What does not just read what its operands do: (node, set).
local own = {}

function own.SLOT(node, set)
    set[node.number] = true
end

-- What is bound inside is nothing that is read.
function own.LET(node, set)
    local inner = {}
    read_operands(node, inner)
    inner[node.number] = nil
    if node.accumulator then inner[node.accumulator] = nil end
    for slot in pairs(inner) do set[slot] = true end
end
own.FOR_EACH, own.QUANTIFIER, own.REDUCE = own.LET, own.LET, own.LET

function own.SUBPLAN(node, set)
    if not node.free then
        if node.has_walks then
            once.mark(node.plan, node.code == "EXISTS", reads)
        end
        local wanted = {}
        if node.number then wanted[node.number] = true end
        if node.row then wanted[node.row] = true end
        local many = node.many and walk(node.many, copy(wanted)) or {}
        node.free = walk(node.plan, wanted)
        for slot in pairs(many) do node.free[slot] = true end
    end
    for slot in pairs(node.free) do set[slot] = true end
end

function own.PATH(node, set)
    add(set, node.slots)
end
own.DIFFER = own.PATH

function own.CASE(node, set)
    for _, branch in ipairs(node.branches) do
        reads(branch[1], set)
        reads(branch[2], set)
    end
    if node.otherwise then reads(node.otherwise, set) end
end

--- Adds the slots that an expression reads to `set`.
function reads(node, set)
    local read = own[node.kind] or read_operands
    read(node, set)
    return set
end
free.reads = reads

-- Slots in order, so that plans are stable.
local function list(set)
    local slots = {}
    for slot in pairs(set) do slots[#slots + 1] = slot end
    table.sort(slots)
    return slots
end

-- What each kind of operator sets and reads: set(op, wanted) takes away what it
-- sets, read(op, wanted) adds what it reads.
local function remove(wanted, ...)
    for i = 1, select("#", ...) do
        local slot = select(i, ...)
        if slot then wanted[slot] = nil end
    end
end

local handle = {}

function handle.ARGUMENT(op, wanted)
    if op.row then wanted[op.row] = nil end
    op.live = list(wanted)
    return wanted
end

local function carry(op, wanted)
    op.live = list(wanted)
end

-- Of what cannot fail only what is wanted is made: the operator, or what is
-- below it if nothing is left.
local function without_unwanted(op, wanted)
    if op.kind ~= "PROJECT" then return op end
    local items = {}
    for _, item in ipairs(op.items) do
        if wanted[item.slot] or not item.is_safe then
            items[#items + 1] = item
        end
    end
    if #items == 0 and #op.items > 0 then
        return without_unwanted(op.child, wanted)
    end
    op.items = items
    return op
end

local function below(op, wanted)
    op.child = without_unwanted(op.child, wanted)
    return walk(op.child, wanted)
end

function handle.SCAN(op, wanted)
    remove(wanted, op.slot)
    carry(op, wanted)
    return below(op, wanted)
end

function handle.SCAN_EDGES(op, wanted)
    remove(wanted, op.slot, op.edge, op.to)
    carry(op, wanted)
    return below(op, wanted)
end

function handle.SEEK_KEY(op, wanted)
    remove(wanted, op.slot)
    carry(op, wanted)
    return below(op, reads(op.expr, wanted))
end
handle.SEEK_ID, handle.SCAN_NAMED = handle.SEEK_KEY, handle.SEEK_KEY

function handle.SEEK_INDEX(op, wanted)
    remove(wanted, op.slot)
    carry(op, wanted)
    local inner = op.inner and walk(op.inner, copy(wanted)) or {}
    for slot in pairs(inner) do wanted[slot] = true end
    for _, expr in ipairs(op.exprs) do wanted = reads(expr, wanted) end
    return below(op, wanted)
end

function handle.SEEK_EDGES(op, wanted)
    remove(wanted, op.edge, op.to)
    return handle.SEEK_INDEX(op, wanted)
end

function handle.SEEK_EDGE_ID(op, wanted)
    remove(wanted, op.edge, op.to)
    return handle.SEEK_ID(op, wanted)
end

function handle.UNWIND(op, wanted)
    remove(wanted, op.slot)
    carry(op, wanted)
    return below(op, reads(op.expr, wanted))
end

function handle.EXPAND(op, wanted)
    if not wanted[op.edge] then op.flags.NO_EDGE = true end
    op.flags.LOOPS = wanted[op.edge] == LOOPS or nil
    if not op.flags.INTO and not wanted[op.to] then op.flags.NO_NODE = true end
    remove(wanted, op.edge)
    if not op.flags.INTO then remove(wanted, op.to) end
    carry(op, wanted)
    if op.excluded then add(wanted, op.excluded) end
    if op.expr then
        local inner = reads(op.expr, {})
        inner[op.test] = nil
        for slot in pairs(inner) do wanted[slot] = true end
    end
    wanted[op.slot] = true
    if op.flags.INTO then wanted[op.to] = true end
    return below(op, wanted)
end

-- Whether a REACH asks only if there is a way back to where it starts, and not
-- how far it is, nor for anything of the row.
local function is_way_back(op)
    if not op.flags.INTO or op.slot ~= op.to or op.direction == "both" or
        op.min ~= 1 or op.max or op.hops or #(op.excluded or {}) > 0 then
        return false
    end
    local inner = op.expr and reads(op.expr, {}) or {}
    if op.test then inner[op.test] = nil end
    return next(inner) == nil
end

function handle.VAR_EXPAND(op, wanted)
    if op.hops and not wanted[op.hops] then op.hops = nil end
    if not wanted[op.edge] and once.may_reach(op) then
        op.kind = is_way_back(op) and "CYCLES" or "REACH"
    end
    remove(wanted, op.hops)
    return handle.EXPAND(op, wanted)
end

function handle.SHORTEST(op, wanted)
    wanted[op.slot], wanted[op.to] = true, true
    remove(wanted, op.edge)
    carry(op, wanted)
    if op.expr then
        local inner = reads(op.expr, {})
        inner[op.test] = nil
        for slot in pairs(inner) do wanted[slot] = true end
    end
    return below(op, wanted)
end

function handle.SKIP(op, wanted)
    return below(op, reads(op.expr, wanted))
end
handle.LIMIT = handle.SKIP

-- Edges that it keeps apart are read as loops where that is enough, and nobody
-- above reads more of them.
function handle.FILTER(op, wanted)
    local enough = loops.enough(op)
    for slot in pairs(reads(op.expr, {})) do
        wanted[slot] = not enough[slot] or wanted[slot] or LOOPS
    end
    return below(op, wanted)
end

function handle.PROJECT(op, wanted)
    for _, item in ipairs(op.items) do wanted[item.slot] = nil end
    for _, item in ipairs(op.items) do reads(item.expr, wanted) end
    return below(op, wanted)
end

function handle.AGGREGATE(op)
    local wanted = {}
    add(wanted, op.keys)
    for _, aggregate in ipairs(op.aggregates) do
        if aggregate.input then wanted[aggregate.input] = true end
        if aggregate.second then wanted[aggregate.second] = true end
    end
    return below(op, wanted)
end

function handle.SORT(op, wanted)
    carry(op, wanted)
    for _, key in ipairs(op.keys) do wanted[key.slot] = true end
    if op.limit then reads(op.limit, wanted) end
    return below(op, wanted)
end

function handle.DISTINCT(op, wanted)
    carry(op, wanted)
    add(wanted, op.slots)
    return below(op, wanted)
end

function handle.EAGER(op, wanted)
    carry(op, wanted)
    return below(op, wanted)
end

function handle.UNION(op, wanted)
    local inner = walk(op.inner, copy(wanted))
    local child = below(op, wanted)
    for slot in pairs(inner) do child[slot] = true end
    return child
end

-- The slots of `sets` that are wanted come from the inner plan.
local function take_sets(op, wanted)
    local inner, slots = {}, {}
    for _, slot in ipairs(op.sets) do
        if wanted[slot] then
            inner[slot] = true
            slots[#slots + 1] = slot
        end
        wanted[slot] = nil
    end
    table.sort(slots)
    op.slots = slots
    return inner
end

function handle.APPLY(op, wanted)
    local inner = take_sets(op, wanted)
    carry(op, wanted)
    if op.row then inner[op.row] = true end
    for slot in pairs(walk(op.inner, inner)) do wanted[slot] = true end
    return below(op, wanted)
end

local function read_creates(creates, wanted)
    for i = #creates, 1, -1 do
        wanted[creates[i].slot] = nil
        reads(creates[i].props, wanted)
        for _, named in ipairs(creates[i].named) do reads(named, wanted) end
        if creates[i].edge then
            wanted[creates[i].from], wanted[creates[i].to] = true, true
        end
    end
    for _, create in ipairs(creates) do wanted[create.slot] = nil end
end

local function read_sets(sets, wanted)
    for _, set in ipairs(sets) do
        reads(set.entity, wanted)
        if set.key then reads(set.key, wanted) end
        if set.value then reads(set.value, wanted) end
    end
end

function handle.CREATE(op, wanted)
    read_creates(op.creates, wanted)
    return below(op, wanted)
end

function handle.SET(op, wanted)
    read_sets(op.items, wanted)
    return below(op, wanted)
end

function handle.MERGE(op, wanted)
    read_sets(op.on_create, wanted)
    read_sets(op.on_match, wanted)
    local inner = take_sets(op, wanted)
    read_creates(op.creates, wanted)
    carry(op, wanted)
    for _, key in ipairs(op.keys or {}) do reads(key, wanted) end
    if op.row then inner[op.row] = true end
    for slot in pairs(walk(op.inner, inner)) do wanted[slot] = true end
    return below(op, wanted)
end

function handle.DELETE(op, wanted)
    for _, expr in ipairs(op.exprs) do reads(expr, wanted) end
    return below(op, wanted)
end

function handle.FOREACH(op, wanted)
    local inner = walk(op.inner, {})
    inner[op.slot] = nil
    for slot in pairs(inner) do wanted[slot] = true end
    return below(op, reads(op.expr, wanted))
end

function handle.CALL(op, wanted)
    for _, yield in ipairs(op.yields) do wanted[yield.slot] = nil end
    carry(op, wanted)
    for _, argument in ipairs(op.arguments) do reads(argument, wanted) end
    return below(op, wanted)
end

-- Each side carries what it has set: `part` is the set of slots of the one, and
-- `is_inner` says whether that is the inner side.
function handle.JOIN(op, wanted)
    carry(op, wanted)
    local part, rest = {}, {}
    for slot in pairs(wanted) do
        local side = op.part[slot] and part or rest
        side[slot] = true
    end
    add(part, op.keys)
    add(rest, op.keys)
    local inner = walk(op.inner, op.is_inner and part or rest)
    local child = walk(op.child, op.is_inner and rest or part)
    for slot in pairs(inner) do child[slot] = true end
    return child
end

function walk(op, wanted)
    return handle[op.kind](op, wanted)
end

--- Sets `live` and what else depends on it in a tree whose output slots are
-- `slots`; has_walks: there may be walks of several hops in it (plan/once.lua).
-- Returns the slots that it reads of the row around it.
function free.mark(op, slots, has_walks)
    if has_walks then once.mark(op, false, reads) end
    local wanted = {}
    add(wanted, slots)
    return walk(op, wanted)
end

return free
