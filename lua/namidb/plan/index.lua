-- Whether an index finds a node, and what of it must be read.
--
-- Conditions stay: the search gives all rows that they can be true of, and
-- maybe more, so a wrong guess here costs time and never a row. An index is
-- used for equality, IN, STARTS WITH and ranges with two ends; what lies on one
-- side of a value is mostly much, and a scan of columns reads that faster.

local cost = require("namidb.plan.cost")

local index = {}

-- What share of a label's nodes is thought to be found, and how many times
-- more a row costs that is found by an index, and not by a scan.
local EQUAL, RANGE, PREFIX, ITEMS, PRICE = 0.01, 0.05, 0.05, 0.05, 4

local TURNED = { LT = "GT", LE = "GE", GT = "LT", GE = "LE", EQ = "EQ" }

-- Whether everything that an expression reads is known before the node is.
local function is_known(state, expr)
    for slot in pairs(require("namidb.plan.free").reads(expr, {})) do
        if not state.known[slot] and state.pending[slot] then return false end
    end
    return true
end

-- The name of the property of the node that an expression is; nil: another.
local function property_of(state, node, expr)
    if expr.kind == "PROPERTY" and expr[1].kind == "SLOT" and
        expr[1].number == node.slot then
        return state.context.names[expr.number + 1].text
    end
    return nil
end

-- Notes what a condition says of a property: tests[name][kind] = expression.
local function note(state, node, expr, tests)
    if expr.kind == "AND" then
        for _, part in ipairs(expr) do note(state, node, part, tests) end
        return
    end
    local kind, name, value = expr.kind, nil, nil
    if TURNED[kind] or kind == "IN" or kind == "STARTS" then
        name, value = property_of(state, node, expr[1]), expr[2]
        if not name and TURNED[kind] then
            name, value = property_of(state, node, expr[2]), expr[1]
            kind = TURNED[kind]
        end
    end
    if name and is_known(state, value) then
        tests[name] = tests[name] or {}
        tests[name][kind] = tests[name][kind] or value
    end
end

-- What of an index is read, and the share of rows that this is; nil: all.
local function search_of(item, tests)
    local search = { equal = 0, exprs = {}, share = 1 }
    local exprs = search.exprs
    for _, name in ipairs(item.properties) do
        local test = tests[name]
        if not test or not test.EQ then break end
        search.equal = search.equal + 1
        search.share = search.share * EQUAL
        exprs[#exprs + 1] = test.EQ
    end
    local test = tests[item.properties[search.equal + 1] or false] or {}
    local low, high = test.GE or test.GT, test.LE or test.LT
    if test.IN then
        search.more, search.share = 2, search.share * ITEMS
        exprs[#exprs + 1] = test.IN
    elseif test.STARTS then
        search.more, search.share = 1, search.share * PREFIX
        exprs[#exprs + 1] = test.STARTS
    elseif low and high or search.equal > 0 and (low or high) then
        search.low = low and (test.GE and 1 or 2)
        search.high = high and (test.LE and 1 or 2)
        search.share = search.share * RANGE
        exprs[#exprs + 1] = low
        exprs[#exprs + 1] = high
    end
    return #exprs > 0 and search or nil
end

local function is_whole(item, search)
    return (item.rule == "unique" or item.rule == "key") and
        search.equal == #item.properties
end

--- A start at an index, if that is cheaper than `best`: { rows =, seek =,
-- node = }; nil if there is none.
function index.start_of(state, node, best)
    local indexes = state.context.options.indexes
    if not indexes or #indexes == 0 then return nil end
    local has_label, tests = {}, {}
    for _, label in ipairs(node.labels) do has_label[label] = true end
    for _, condition in ipairs(state.graph.conditions) do
        note(state, node, condition.expr, tests)
    end
    local found, lowest = nil, best.rows
    for _, item in ipairs(indexes) do
        local search = has_label[item.label] and search_of(item, tests)
        if search then
            local count = cost.nodes(state.context, item.label)
            local rows = is_whole(item, search) and 1 or
                math.max(1, count * search.share)
            local price = rows == 1 and 1 or rows * PRICE
            if price < lowest or rows == 1 and not found then
                found, lowest = { rows = rows, node = node, seek = {
                    kind = "index", item = item, search = search } }, price
            end
        end
    end
    return found
end

--- The operator of such a start.
function index.seek(state, start)
    local item, search = start.seek.item, start.seek.search
    local properties = {}
    for i, name in ipairs(item.properties) do
        properties[i] = state.context:name("property", name)
    end
    return {
        kind = "SEEK_INDEX", slot = start.node.slot, index = item.name,
        label = state.context:name("label", item.label),
        properties = properties, equal = search.equal, low = search.low,
        high = search.high, more = search.more, exprs = search.exprs,
        child = state.op,
    }
end

return index
