-- Whether an index finds a node or an edge, and what of it must be read.
--
-- A row is in an index if it has all of its properties, so an index is of use
-- only where the conditions leave out rows that lack one. Conditions stay: the
-- search gives all rows that they can be true of, and maybe more, so a wrong
-- guess here costs time and never a row.
--
-- How much a range holds is guessed, from what is known of the property if
-- something is, and a row that is found by an index costs as much as a hundred
-- that a scan reads past (70 ns and 0.6, measured). So a search that is not
-- over after a small share of the rows gives way to the scan: it costs less
-- than twice what the scan does, whatever the values are.

local cold = require("namidb.plan.cold")
local cost = require("namidb.plan.cost")
local selectivity = require("namidb.plan.selectivity")

local index = {}

-- What share of a label's nodes is thought to be found, where nothing is known
-- of the property, and how many times more a row costs that is found by an
-- index, and not by a scan.
local EQUAL, RANGE, SIDE, PREFIX, ITEMS, PRICE = 0.01, 0.05, 0.2, 0.05, 0.05, 4
-- Rows of a value that are thought to be one: distinct values are counted
-- within some 13%.
local ABOUT_ONE = 1.5
-- A search gives way after 1 / SHARE of the rows, within these bounds.
local SHARE, ROWS_MIN, ROWS_MAX = 128, 256, 65536

local TURNED = { LT = "GT", LE = "GE", GT = "LT", GE = "LE", EQ = "EQ",
                 NE = "NE" }
-- Conditions that are not true where the property is absent.
local NEEDS = { EQ = true, NE = true, LT = true, LE = true, GT = true,
                GE = true, IN = true, STARTS = true, ENDS = true,
                CONTAINS = true, REGEX = true, NOT_NULL = true }
local SEARCHED = { EQ = true, LT = true, LE = true, GT = true, GE = true,
                   IN = true, STARTS = true }

-- Whether everything that an expression reads is known before the row is.
local function is_known(state, expr)
    for slot in pairs(require("namidb.plan.free").reads(expr, {})) do
        if not state.known[slot] and state.pending[slot] then return false end
    end
    return true
end

--- The name of the property of a slot that an expression is; nil: another.
function index.property_of(context, slot, expr)
    if expr.kind == "PROPERTY" and expr[1].kind == "SLOT" and
        expr[1].number == slot then
        return context.names[expr.number + 1].text
    end
    return nil
end

-- The property that a condition is about, how it compares and with what.
local function parts_of(context, slot, expr)
    local kind = expr.kind
    if not NEEDS[kind] then return nil end
    local name, value = index.property_of(context, slot, expr[1]), expr[2]
    if not name and TURNED[kind] then
        name, value = index.property_of(context, slot, expr[2]), expr[1]
        kind = TURNED[kind]
    end
    return name, kind, value
end

--- Notes in `tests` what a condition says of the properties of a slot:
-- tests[name].is_there, and where `state` is given tests[name][kind] = what it
-- compares with, if that is known.
function index.note(context, slot, expr, tests, state)
    if expr.kind == "AND" then
        for _, part in ipairs(expr) do
            index.note(context, slot, part, tests, state)
        end
        return
    end
    local name, kind, value = parts_of(context, slot, expr)
    if not name then return end
    tests[name] = tests[name] or {}
    tests[name].is_there = true
    if kind == "NOT_NULL" then tests[name].NOT_NULL = true end
    if state and SEARCHED[kind] and is_known(state, value) then
        tests[name][kind] = tests[name][kind] or value
    end
end

--- Whether the conditions leave out all rows that are not in the index.
function index.holds_all(item, tests)
    for _, name in ipairs(item.properties) do
        if not tests[name] or not tests[name].is_there then return false end
    end
    return true
end

-- Shares of the rows of a label, by what is known of a property or guessed.

-- And whether it is known.
local function share_of_range(known, low, high)
    local guess = low and high and RANGE or SIDE
    if not known then return guess, false end
    local share, is_sure = selectivity.between(known, low, high)
    return is_sure and share or known.present * guess, is_sure
end

local function share_of_items(known, list)
    return known and selectivity.among(known, list) or ITEMS
end

local function share_of_all(known)
    return known and known.present or SIDE
end

-- What of an index is read, and the share of the label's rows that this is, and
-- whether that is more than a guess; nil: all. know(name): what is known of a
-- property (plan/selectivity.lua).
local function search_of(item, tests, know)
    if not index.holds_all(item, tests) then return nil end
    local search = { equal = 0, exprs = {}, share = 1, is_sure = true }
    local exprs = search.exprs
    local function narrow(share, is_sure)
        search.share = search.share * share
        search.is_sure = search.is_sure and is_sure
    end
    for _, name in ipairs(item.properties) do
        if not tests[name].EQ then break end
        local known = know(name)
        search.equal = search.equal + 1
        narrow(known and known.present / known.distinct or EQUAL,
               known ~= nil)
        exprs[#exprs + 1] = tests[name].EQ
    end
    local next_name = item.properties[search.equal + 1]
    local test = tests[next_name or false] or {}
    local known = next_name and know(next_name)
    local low, high = test.GE or test.GT, test.LE or test.LT
    if test.IN then
        search.more = 2
        narrow(share_of_items(known, test.IN),
               known and test.IN.kind == "LIST" or false)
        exprs[#exprs + 1] = test.IN
    elseif test.STARTS then
        search.more = 1
        narrow(PREFIX, false)
        exprs[#exprs + 1] = test.STARTS
    elseif low or high then
        search.low = low and (test.GE and 1 or 2)
        search.high = high and (test.LE and 1 or 2)
        narrow(share_of_range(known, low, high))
        exprs[#exprs + 1] = low
        exprs[#exprs + 1] = high
    elseif #exprs == 0 then
        if not test.NOT_NULL then return nil end
        narrow(share_of_all(known), known ~= nil)
    end
    return search
end

local function is_whole(item, search)
    return (item.rule == "unique" or item.rule == "key") and
        search.equal == #item.properties
end

local function has_any(state)
    local indexes = state.context.options.indexes
    return indexes ~= nil and #indexes > 0
end

-- The cheapest search for what is in a slot, of `count` rows by label or type,
-- if it is cheaper than reading `limit` rows: its index, what of it, how many
-- rows it gives and what they cost. can_use(item): whether it is one of the
-- right label. of: what of its segments is read ("node", "out").
local function best_search(state, slot, counts, can_use, limit, of)
    local indexes, tests = state.context.options.indexes, {}
    for _, condition in ipairs(state.graph.conditions) do
        index.note(state.context, slot, condition.expr, tests, state)
    end
    local function know(name)
        return selectivity.property(state.context, slot, name)
    end
    local best
    for _, item in ipairs(indexes) do
        local search = can_use(item) and search_of(item, tests, know)
        if search then
            local rows = is_whole(item, search) and 1 or
                math.max(1, counts(item.label) * search.share)
            local read = rows == 1 and 1 or rows * PRICE
            local price = read +
                cold.some(state.context, of, item.label, rows, 2)
            if price < (best and best.price or limit) or
                rows == 1 and not best then
                best = { item = item, search = search, rows = rows,
                         read = read, price = price }
            end
        end
    end
    return best
end

-- Whether a search finds one row: by a constraint, or because hardly two rows
-- are known to have the same values.
local function is_about_one(found)
    local search = found.search
    return is_whole(found.item, search) or search.is_sure and
        search.equal == #found.item.properties and found.rows <= ABOUT_ONE
end

--- A start at an index, if that is cheaper than `best`: { rows =, seek =,
-- node = }; nil if there is none.
function index.start_of(state, node, best)
    if not has_any(state) then return nil end
    local has_label = {}
    for _, label in ipairs(node.labels) do has_label[label] = true end
    local found = best_search(state, node.slot, function(label)
        return cost.nodes(state.context, label)
    end, function(item)
        return item.entity == "node" and has_label[item.label]
    end, best.rows + cold.all(state.context, "node", best.label), "node")
    return found and { rows = found.rows, node = node, seek = {
        kind = "index", item = found.item, search = found.search,
        is_one = is_about_one(found) } }
end

--- The same for an edge of one type, beside a scan of its type.
function index.edge_start_of(state, edge, scan)
    if not has_any(state) then return nil end
    local found = best_search(state, edge.slot, function(label)
        return (cost.edges(state.context, label, edge.direction))
    end, function(item)
        return item.entity == "edge" and item.label == edge.type_names[1]
    end, scan.rows + cold.all(state.context, "out", edge.type_names[1]), "out")
    return found and { rows = found.read, kept = scan.kept, node = scan.node,
                       edge = edge, seek = { kind = "index", item = found.item,
                                             search = found.search } }
end

--- Whether all rows of an index meet a condition: one on what they must be to
-- be in it.
function index.is_met(context, slot, item, expr)
    if expr.kind == "LABELS" then
        return expr[1].kind == "SLOT" and expr[1].number == slot and
            #expr.names == 1 and
            context.names[expr.names[1] + 1].text == item.label
    elseif expr.kind ~= "NOT_NULL" then
        return false
    end
    local name = index.property_of(context, slot, expr[1])
    for _, property in ipairs(item.properties) do
        if property == name then return true end
    end
    return false
end

--- Whether a condition is answered by a search in the index of which the first
-- `equal` properties are equal to something, so that about as many rows meet it
-- as are found.
function index.is_answered(context, slot, item, equal, expr)
    if index.is_met(context, slot, item, expr) then return true end
    local name, kind = parts_of(context, slot, expr)
    for i = 1, equal + 1 do
        if name and item.properties[i] == name then
            return SEARCHED[kind] or false
        end
    end
    return false
end

--- The operator that searches an index of nodes for what is in a slot. Its
-- `share` is that of the label's rows that it finds, if that is more than a
-- guess; its `order` - "ascending", "descending", nil: any - and `first`, how
-- many rows are wanted, are the caller's to set.
function index.operator(context, slot, item, search, child)
    local properties = {}
    for i, name in ipairs(item.properties) do
        properties[i] = context:name("property", name)
    end
    return {
        kind = "SEEK_INDEX", slot = slot, index = item.name, item = item,
        label = context:name("label", item.label),
        properties = properties, equal = search.equal, low = search.low,
        high = search.high, more = search.more, exprs = search.exprs,
        share = search.is_sure and search.share or nil, child = child,
    }
end

--- Makes of such an operator one that searches an index of edges: `edge` is an
-- operator that finds them otherwise.
function index.as_edges(op, edge)
    op.kind, op.label = "SEEK_EDGES", nil
    op.type, op.direction = edge.type, edge.direction
    op.edge, op.slot, op.to = edge.edge, edge.slot, edge.to
end

-- Of conditions that the index meets, those that need not be tested. What a
-- scan may give in its place need not have the properties.
local function settle(state, slot, item, has_scan)
    for _, condition in ipairs(state.graph.conditions) do
        if index.is_met(state.context, slot, item, condition.expr) and
            (condition.expr.kind == "LABELS" or not has_scan) then
            condition.is_done = true
        end
    end
end

-- The scan that a search gives way to, and after how many rows.
local function add_scan(state, op, item)
    local count = item.entity == "node" and
        cost.nodes(state.context, item.label) or
        cost.edges(state.context, item.label, "out")
    op.most = math.floor(math.min(math.max(count / SHARE, ROWS_MIN), ROWS_MAX))
    op.inner = { kind = op.edge and "SCAN_EDGES" or "SCAN", slot = op.slot,
                 edge = op.edge, to = op.to, type = op.type, label = op.label,
                 direction = op.direction, child = { kind = "ARGUMENT" } }
end

--- The operator of a start at an index; conditions that it answers are done.
function index.seek(state, start)
    local item, search, edge = start.seek.item, start.seek.search, start.edge
    local slot = edge and edge.slot or start.node.slot
    local op = index.operator(state.context, slot, item, search, state.op)
    if edge then
        index.as_edges(op, { type = edge.types[1], direction = edge.direction,
                             edge = edge.slot, slot = edge.from,
                             to = edge.to })
    end
    op.is_one = is_whole(item, search)
    if state.op.kind == "ARGUMENT" and not op.is_one then
        add_scan(state, op, item)
    end
    settle(state, slot, item, op.inner)
    return op
end

return index
