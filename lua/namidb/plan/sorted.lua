-- ORDER BY answered by an index: rows come in its order, none is sorted, and a
-- LIMIT stops the search early.
--
-- That works where rows are handed on, in the order in which they come, from
-- one operator that finds nodes or edges; where the keys are what the index is
-- sorted by; and where rows that lack a property, which no index has, are left
-- out or come behind.

local cost = require("namidb.plan.cost")
local index = require("namidb.plan.index")
local selectivity = require("namidb.plan.selectivity")

local sorted = {}

-- How many rows a LIMIT is thought to want that is not known yet.
local ROWS = 100
--- How many times more a row costs that comes by an index than one that a scan
-- finds and ORDER BY ... LIMIT drops (70 ns and 1.6, measured). To scan all
-- rows and sort them costs half of reading all in order, if memory is there; a
-- range in order needs none, and is mostly small.
sorted.price = 40
-- From this share of the rows on a range is as well scanned and sorted (of
-- 100,000 nodes: 0.24 and 0.37 ms for a hundredth, 2.8 and 2.3 for a tenth, 6.9
-- and 4.6 for a fifth).
local WIDE = 0.05

local KEEPS_ORDER = { FILTER = true, PROJECT = true, EXPAND = true,
                      DISTINCT = true }
local FINDS = { SCAN = true, SEEK_INDEX = true, SCAN_EDGES = true,
                SEEK_EDGES = true }

-- The operators from `op` down to the one that finds rows, that one last; nil
-- if the order of that one is not the order of `op`.
local function path_of(op)
    local path = {}
    while KEEPS_ORDER[op.kind] do
        path[#path + 1] = op
        op = op.child
    end
    path[#path + 1] = op
    if not FINDS[op.kind] or op.child.kind ~= "ARGUMENT" then return nil end
    return path
end

-- The name of the property of what is found that a slot holds; nil: another.
local function key_of(context, projections, slot, found_slot)
    local name
    for _, items in ipairs(projections) do
        for _, item in ipairs(items) do
            if item.slot == slot then
                local expr = item.expr
                if expr.kind == "PROPERTY" and not name then
                    name = context.names[expr.number + 1].text
                    expr = expr[1]
                end
                if expr.kind ~= "SLOT" then return nil end
                slot = expr.number
                break
            end
        end
    end
    return slot == found_slot and name or nil
end

-- The names of the keys, and whether they go down; nil if the order is not one
-- of properties of what is found, all in one direction.
local function keys_of(context, path, items, keys, found_slot)
    local names = { descending = keys[1].descending or false }
    local projections = { items }
    for _, op in ipairs(path) do
        if op.kind == "PROJECT" then
            projections[#projections + 1] = op.items
        end
    end
    for i, key in ipairs(keys) do
        names[i] = key_of(context, projections, key.slot, found_slot)
        if not names[i] or (key.descending or false) ~= names.descending then
            return nil
        end
    end
    return names
end

-- Whether rows of an index of which the first `equal` properties are the same
-- come in the order of the keys.
local function is_sorted_by(item, equal, names)
    local is_settled = {}
    for i = 1, equal do is_settled[item.properties[i]] = true end
    local at = equal + 1
    for _, name in ipairs(names) do
        if not is_settled[name] then
            if item.properties[at] ~= name then return false end
            is_settled[name] = true
            at = at + 1
        end
    end
    return true
end

local function slot_of(op)
    return op.edge or op.slot
end

-- An index that a scan may be replaced by, and whether rows are missing in it.
local function index_for(context, path, names, limit)
    local scan, tests = path[#path], {}
    local is_edge = scan.kind == "SCAN_EDGES"
    local name = scan.label or scan.type
    if not name then return nil end
    for _, op in ipairs(path) do
        if op.kind == "FILTER" then
            index.note(context, slot_of(scan), op.expr, tests)
        end
    end
    for _, item in ipairs(context.options.indexes or {}) do
        if item.label == context.names[name + 1].text and
            (item.entity == "edge") == is_edge and
            is_sorted_by(item, 0, names) then
            if index.holds_all(item, tests) then return item, false end
            if limit and #item.properties == 1 and not names.descending and
                not is_edge then
                return item, true
            end
        end
    end
    return nil
end

-- Of the rows that an index gives, the share that the other conditions keep;
-- nil: there are none.
local function share_of(context, path, item)
    local leaf, share = path[#path], nil
    for _, op in ipairs(path) do
        if op.kind == "FILTER" and
            not index.is_answered(context, slot_of(leaf), item,
                                  leaf.equal or 0, op.expr) then
            share = (share or 1) * selectivity.of(context, op.expr)
        end
    end
    return share
end

-- Whether reading in order, until a LIMIT is met, costs less than sorting: also
-- if all that is known of some conditions is a guess.
local function is_cheaper(context, path, item, limit)
    local leaf, share = path[#path], share_of(context, path, item)
    if not limit then
        return not share and #(leaf.exprs or {}) > 0 and
            (leaf.share or 0) < WIDE
    end
    if not share and leaf.item then return true end
    local wanted = limit.kind == "CONST" and tonumber(limit.value) or ROWS
    local rows = item.entity == "node" and cost.nodes(context, item.label) or
        cost.edges(context, item.label, "out")
    return wanted / math.max(share or 1, 1e-9) * sorted.price < rows
end

-- The rows that lack the property, behind those that an index has.
local function with_absent(context, scan, item, seek)
    local operand = { kind = "SLOT", number = scan.slot }
    return { kind = "UNION", child = seek, inner = {
        kind = "FILTER", child = scan,
        expr = { kind = "IS_NULL", { kind = "PROPERTY", operand, number =
            context:name("property", item.properties[1]) } } } }
end

-- Conditions that every row of the index meets are not tested again.
local function without_met(context, path, item)
    local slot, root = slot_of(path[#path]), path[1]
    for i = #path - 1, 1, -1 do
        local op = path[i]
        if op.kind == "FILTER" and index.is_met(context, slot, item, op.expr)
        then
            if i > 1 then
                path[i - 1].child = op.child
            else
                root = op.child
            end
            table.remove(path, i)
        end
    end
    return root
end

-- Puts the index's search where the scan is. Returns the root.
local function replace(context, path, item, has_absent, order, limit)
    local scan = path[#path]
    local seek = index.operator(context, slot_of(scan), item,
                                { equal = 0, exprs = {} },
                                { kind = "ARGUMENT" })
    seek.order, seek.first = order, limit
    if scan.kind == "SCAN_EDGES" then index.as_edges(seek, scan) end
    local leaf = has_absent and with_absent(context, scan, item, seek) or seek
    if #path == 1 then return leaf end
    path[#path - 1].child = leaf
    if has_absent then return path[1] end
    return without_met(context, path, item)
end

-- The plan that gives the rows of `op` in the order of the keys by an index, if
-- there is one and that is cheaper than sorting; else nil.
local function by_index(context, op, items, keys, limit)
    local path = path_of(op)
    if not path then return nil end
    local leaf = path[#path]
    local names = keys_of(context, path, items, keys, slot_of(leaf))
    if not names then return nil end
    local order = names.descending and "descending" or "ascending"
    if leaf.item then
        if not is_sorted_by(leaf.item, leaf.equal, names) or
            not is_cheaper(context, path, leaf.item, limit) then
            return nil
        end
        leaf.order, leaf.first, leaf.most, leaf.inner = order, limit, nil, nil
        return without_met(context, path, leaf.item)
    end
    local item, has_absent = index_for(context, path, names, limit)
    if not item or not is_cheaper(context, path, item, limit) then
        return nil
    end
    return replace(context, path, item, has_absent, order, limit)
end

--- Has a search below a LIMIT without an order give rows as it finds them, as
-- many as are wanted: one that might give way to a scan would look further.
function sorted.limit(context, op, limit)
    local path = path_of(op)
    local leaf = path and path[#path]
    if not leaf or not leaf.most or share_of(context, path, leaf.item) then
        return
    end
    for _, step in ipairs(path) do
        if step.kind == "DISTINCT" then return end
    end
    leaf.first, leaf.most, leaf.inner = limit, nil, nil
end

--- The rows of `op` in the order of some keys { slot, descending }: by an
-- index, or a SORT. items: what the slots of keys hold above `op`, { slot, expr
-- }; limit: how many rows are wanted, an expression; nil: all.
function sorted.sort(context, op, items, keys, limit)
    local found = by_index(context, op, items, keys, limit)
    if found then return found end
    if #items > 0 then
        op = { kind = "PROJECT", items = items, child = op }
    end
    return { kind = "SORT", keys = keys, limit = limit, child = op }
end

return sorted
