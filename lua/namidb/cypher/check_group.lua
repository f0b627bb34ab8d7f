--- Groups that are walked several times: ((a)-[e:R]->(b) WHERE a.x < b.x){1,3}.
--
-- A group is of one relationship, so it is a relationship with a length, of
-- which each on the way is asked what the group says of it and of its ends.
-- Inside a, e and b are one of each; outside they are lists.

local check_expression = require("namidb.cypher.check_expression")
local scope = require("namidb.cypher.scope")
local synthetic = require("namidb.cypher.synthetic")

local check_group = {}

local VALUE = {}
local variable = synthetic.variable
local fail = check_expression.fail

-- Names that no text can have, for what has none.
local EACH, FIRST, LAST = " each", " first", " last"

local function end_of(at, edge, call)
    return { kind = "call", at = at, name = call, distinct = false,
             arguments = { variable(at, edge) } }
end

-- Adds what a node of the group, called `name` inside, is asked.
local function add_conditions(conditions, node, name)
    local at = node.at
    if node.label_expression or node.dynamic or #node.labels > 0 then
        conditions[#conditions + 1] = { kind = "has_labels", at = at,
            operand = variable(at, name), labels = node.labels,
            dynamic = node.dynamic, label_expression = node.label_expression }
    end
    local map = node.properties or { names = {}, values = {} }
    for i, key in ipairs(map.names) do
        conditions[#conditions + 1] = { kind = "compare", at = at,
            operators = { "=" }, operands = { { kind = "property", at = at,
                operand = variable(at, name), name = key }, map.values[i] } }
    end
    conditions[#conditions + 1] = node.where
end

-- any(name IN [value] WHERE condition): the condition with a name for a value.
local function with(at, name, value, condition)
    return { kind = "quantifier", at = at, quantifier = "any", name = name,
             list = { kind = "list", at = at, items = { value } },
             where = condition }
end

-- Which functions give the ends of an edge in the order of the group.
local function ends_of(edge)
    if edge.direction == "in" then return "endnode", "startnode" end
    return "startnode", "endnode"
end

-- What each edge, called `each`, is asked; nil: nothing.
local function condition_of(edge, each)
    local group, conditions = edge.group, {}
    local first = group.first.name or FIRST
    local last = group.last.name or LAST
    if first == last then -- ((a)-->(a)): a loop
        last = LAST
        conditions[1] = { kind = "compare", at = group.at, operators = { "=" },
            operands = { variable(group.at, first), variable(group.at, last) } }
    end
    add_conditions(conditions, group.first, first)
    add_conditions(conditions, group.last, last)
    conditions[#conditions + 1] = edge.where
    conditions[#conditions + 1] = group.where
    if #conditions == 0 then return nil end
    local all = conditions[1]
    if #conditions > 1 then
        all = { kind = "and", at = group.at, operands = conditions }
    end
    local start, finish = ends_of(edge)
    return with(group.at, first, end_of(group.at, each, start),
        with(group.at, last, end_of(group.at, each, finish), all))
end

local function already_bound(state, element)
    fail(state, element, "VariableAlreadyBound", "%s is bound already, and " ..
         "here it is a list", element.name)
end

--- Binds the lists that a group's nodes are outside of it, in `names`.
function check_group.bind(state, names, edge)
    local group = edge.group
    local calls = { ends_of(edge) }
    group.lists = {}
    if edge.bound then already_bound(state, edge) end
    for i, node in ipairs({ group.first, group.last }) do
        local is_same = i == 2 and node.name == group.first.name
        if node.name and not is_same then
            if scope.find(names, node.name) then already_bound(state, node) end
            group.lists[#group.lists + 1] = { name = calls[i], variable =
                scope.declare(state, names, node.name, "value", "list",
                              "node") }
        end
    end
end

--- Checks what is asked inside of a group.
function check_group.check(state, names, edge)
    local group, inner = edge.group, scope.new(names)
    local each = edge.name or EACH
    for _, node in ipairs({ group.first, group.last }) do
        if node.properties and node.properties.kind ~= "map" then
            fail(state, node.properties, "InvalidParameterUse",
                 "a pattern cannot take its properties from a parameter")
        end
    end
    group.variable = scope.declare(state, inner, each, "edge")
    group.condition = condition_of(edge, each)
    edge.where, group.first, group.last, group.where = nil, nil, nil, nil
    if group.condition then
        check_expression.condition(state, inner, group.condition, VALUE)
    end
end

return check_group
