-- ORDER BY ... LIMIT below OPTIONAL MATCH: each row that comes into one leaves
-- it at least once, so of rows that are sorted by what is known before, no more
-- than the LIMIT need go in. The sort above stays: it has few rows then.

local expression = require("namidb.plan.expression")
local outer = require("namidb.plan.outer")
local sorted = require("namidb.plan.sorted")

local top = {}

local is_plain = expression.is_plain

local FINDS = { SCAN = true, EXPAND = true, ARGUMENT = true, SEEK_KEY = true,
                SCAN_EDGES = true }

-- Whether no row can make the inner plan of an OPTIONAL MATCH raise.
local function is_quiet(op)
    while op.kind ~= "ARGUMENT" do
        if op.kind == "FILTER" then
            if not is_plain(op.expr) then return false end
        elseif not FINDS[op.kind] or op.expr and not is_plain(op.expr) then
            return false
        end
        op = op.child
    end
    return true
end

local function items_are_plain(items)
    for _, item in ipairs(items) do
        if not is_plain(item.expr) then return false end
    end
    return true
end

-- The operators that rows may be kept from: from `op` down to the lowest
-- OPTIONAL MATCH; nil if there is none.
local function path_of(op)
    local path, last = {}, nil
    while true do
        local apply = op.instead or op
        if apply.kind == "APPLY" and apply.code == "OPTIONAL" then
            if not is_quiet(apply.inner) then break end
            last = #path + 1
        elseif op.kind ~= "PROJECT" or not items_are_plain(op.items) then
            break
        end
        path[#path + 1] = op
        op = op.child
    end
    for i = #path, (last or 0) + 1, -1 do path[i] = nil end
    return last and path
end

local function item_of(items, slot)
    for _, item in ipairs(items) do
        if item.slot == slot then return item.expr end
    end
end

-- The property that a key is, of a slot that is set below the path.
local function property_of(path, items, slot)
    local expr = item_of(items, slot) or expression.slot(slot)
    for _, op in ipairs(path) do
        if op.kind == "PROJECT" then
            if expr.kind == "SLOT" then
                expr = item_of(op.items, expr.number) or expr
            elseif expr.kind == "PROPERTY" and item_of(op.items,
                                                       expr[1].number) then
                return nil
            end
        end
    end
    if expr.kind ~= "PROPERTY" or expr[1].kind ~= "SLOT" then return nil end
    for _, op in ipairs(path) do
        for _, set in ipairs(op.sets or {}) do
            if set == expr[1].number then return nil end
        end
    end
    return expr
end

--- Sorts below an OPTIONAL MATCH, too, where that gives the same rows. keys, of
-- which `items` are set above `op`, and limit are those of a SORT over it.
function top.push(context, op, items, keys, limit)
    local path = limit and path_of(op)
    if not path then return end
    local inner_items, inner_keys = {}, {}
    for i, key in ipairs(keys) do
        local expr = property_of(path, items, key.slot)
        if not expr then return end
        local slot = context:new_slot()
        inner_items[i] = { slot = slot, expr = expr }
        inner_keys[i] = { slot = slot, descending = key.descending }
    end
    for _, passed in ipairs(path) do outer.give_up(passed) end
    local lowest = path[#path]
    lowest.child = sorted.sort(context, lowest.child, inner_items, inner_keys,
                               limit)
end

return top
