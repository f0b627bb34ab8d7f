-- Clauses that change the graph.

local ahead = require("namidb.plan.ahead")
local cost = require("namidb.plan.cost")
local expression = require("namidb.plan.expression")
local match = require("namidb.plan.match")
local merge = require("namidb.plan.merge")
local pattern = require("namidb.plan.pattern")
local semi = require("namidb.plan.semi")

local null = require("namidb.core").null

local update = {}

local function props_of(context, element)
    if element.properties then
        return expression.make(context, element.properties)
    end
    return { kind = "MAP", keys = {} }
end

local function node_create(context, element)
    local labels = {}
    for i, label in ipairs(element.labels or {}) do
        labels[i] = context:name("label", label)
    end
    local named = {}
    for i, dynamic in ipairs(element.dynamic or {}) do
        named[i] = expression.make(context, dynamic.operand)
    end
    return { slot = element.variable.id, labels = labels, named = named,
             props = props_of(context, element) }
end

local function edge_create(context, element, from, to)
    if element.direction == "in" then from, to = to, from end
    local dynamic = element.label_expression
    return { edge = true, slot = element.variable.id, from = from, to = to,
             type = not dynamic and context:name("type", element.types[1]),
             named = dynamic and
                 { expression.make(context, dynamic.operand) } or {},
             props = props_of(context, element) }
end

-- What a path pattern creates, where `known` slots are there already: all nodes
-- first. Grows known.
local function creates_of(context, path, known, creates)
    local elements = path.elements
    for i = 1, #elements, 2 do
        local slot = elements[i].variable.id
        if not known[slot] then
            creates[#creates + 1] = node_create(context, elements[i])
            known[slot] = true
        end
    end
    for i = 2, #elements, 2 do
        creates[#creates + 1] = edge_create(context, elements[i],
            elements[i - 1].variable.id, elements[i + 1].variable.id)
        known[elements[i].variable.id] = true
    end
end

-- The value of a path that has a name.
local function bind_path(op, path, known)
    if not path.variable then return op end
    local slots = {}
    for i, element in ipairs(path.elements) do
        slots[i] = element.variable.id
    end
    known[path.variable.id] = true
    return { kind = "PROJECT", child = op, items = {
        { slot = path.variable.id, expr = { kind = "PATH", slots = slots } } } }
end

function update.create(context, op, clause, known)
    local before, creates, paths = ahead.new(context, op), {}, {}
    for i, path in ipairs(clause.patterns) do paths[i] = before:path(path) end
    op = before:below()
    for _, path in ipairs(paths) do
        creates_of(context, path, known, creates)
    end
    if #creates > 0 then
        op = { kind = "CREATE", creates = creates, child = op }
    end
    for _, path in ipairs(clause.patterns) do
        op = bind_path(op, path, known)
    end
    return op
end

local set = {}

function set.set_property(context, item)
    return { code = "PROPERTY", name = context:name("property", item.name),
             entity = expression.make(context, item.operand),
             value = expression.make(context, item.value) }
end

function set.set_properties(context, item)
    return { code = item.replace and "REPLACE" or "MERGE",
             entity = expression.make(context, item.operand),
             value = expression.make(context, item.value) }
end

-- SET n[key] = value is SET n += {key: value}; without a value null removes it.
function set.set_dynamic(context, item)
    return { code = "MERGE", entity = expression.make(context, item.operand),
             value = { kind = "CALL", text = "mapof",
                       expression.make(context, item.key),
                       item.value and expression.make(context, item.value) or
                           context:constant(null) } }
end
set.remove_dynamic = set.set_dynamic

-- A set of the labels in the text, and one for each $(...).
local function labels_of(context, item, verb)
    local labels, sets = {}, {}
    local entity = expression.make(context, item.operand)
    for i, label in ipairs(item.labels) do
        labels[i] = context:name("label", label)
    end
    if #labels > 0 then
        sets[1] = { code = verb .. "_LABELS", labels = labels, entity = entity }
    end
    for _, dynamic in ipairs(item.dynamic or {}) do
        sets[#sets + 1] = { code = verb .. "_NAMED", entity = entity,
                            value = expression.make(context, dynamic.operand) }
    end
    return sets
end

function set.set_labels(context, item)
    return labels_of(context, item, "ADD")
end

function set.remove_labels(context, item)
    return labels_of(context, item, "REMOVE")
end

function set.remove_property(context, item)
    return { code = "PROPERTY", name = context:name("property", item.name),
             entity = expression.make(context, item.operand),
             value = context:constant(null) }
end

local function sets_of(context, items)
    local result = {}
    for _, item in ipairs(items) do
        local made = set[item.kind](context, item)
        for _, one in ipairs(made.code and { made } or made) do
            result[#result + 1] = one
        end
    end
    return result
end

function update.set(context, op, clause)
    local before, items = ahead.new(context, op), {}
    for i, item in ipairs(clause.items) do
        items[i] = setmetatable({
            operand = before:node(item.operand),
            key = item.key and before:node(item.key) or nil,
            value = item.value and before:properties(item.value) or nil,
            dynamic = before:labels(item.dynamic),
        }, { __index = item })
    end
    return { kind = "SET", items = sets_of(context, items),
             child = before:below() }
end
update.remove = update.set

function update.delete(context, op, clause)
    local exprs = {}
    for i, node in ipairs(clause.expressions) do
        exprs[i] = expression.make(context, node)
    end
    return { kind = "DELETE", detach = clause.detach, exprs = exprs,
             child = op }
end

local function copy(set_of_slots)
    local result = {}
    for slot in pairs(set_of_slots) do result[slot] = true end
    return result
end

-- What MERGE looks for is mostly not there.
local function expect_nothing(op)
    while op do
        if op.kind == "SEEK_INDEX" or op.kind == "SEEK_EDGES" then
            op.is_for_new = true
        end
        op = op.child
    end
end

-- To look for all rows at once and then again for some does no harm where that
-- is in memory by then.
local function begins_with_scan(op)
    while op.child and op.child.kind ~= "ARGUMENT" do op = op.child end
    return op.kind == "SCAN" or op.kind == "SCAN_EDGES"
end

local function both(list, other)
    local result = {}
    for i = 1, #list do result[i] = list[i] end
    for i = 1, #other do result[#result + 1] = other[i] end
    return result
end

function update.merge(context, op, clause, known)
    local asked = ahead.new(context, op)
    local path, before, creates = asked:path(clause.pattern), copy(known), {}
    op = asked:below()
    for _, item in ipairs(asked.items) do before[item.slot] = true end
    local bare = { kind = path.kind, elements = path.elements }
    local graph = pattern.graph(context, { bare }, nil)
    local sets = pattern.sets(graph, known)
    creates_of(context, path, known, creates)
    local on_create = sets_of(context, clause.on_create)
    local on_match = sets_of(context, clause.on_match)
    local keys, row = merge.keys(context, creates, path.elements,
                                 both(on_create, on_match)), nil
    local inner = match.plan(context, { kind = "ARGUMENT", rows =
        keys and cost.rows(context, op) }, graph, before)
    if op.kind ~= "ARGUMENT" and (keys or not begins_with_scan(inner)) then
        row = semi.number_rows(context, inner)
    end
    expect_nothing(inner)
    op = { kind = "MERGE", creates = creates, sets = sets, row = row,
           keys = row and keys, on_create = on_create, on_match = on_match,
           inner = inner, child = op }
    return bind_path(op, path, known)
end

return update
