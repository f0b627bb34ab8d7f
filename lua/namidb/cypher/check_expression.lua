--- Expressions: names resolved, functions known, types that cannot fit refused.
--
-- check(state, scope, node, context) gives the type of the node and, of lists,
-- that of their items. context: { aggregates = array to which calls of
-- aggregates are added, nil: none allowed; boolean = whether a pattern may
-- stand here as a condition }.

local ast = require("namidb.cypher.ast")
local fault = require("namidb.cypher.fault")
local functions = require("namidb.cypher.functions")
local other_names = require("namidb.cypher.other_names")
local scope = require("namidb.cypher.scope")
local types = require("namidb.cypher.types")

local check_expression = {}

local check = {}

local function fail(state, node, detail, message, ...)
    fault.raise(state.text, node.at, detail, message:format(...))
end
check_expression.fail = fail

local VALUE, CONDITION = {}, { boolean = true }

-- The same rules about aggregates, another place; made once for each context.
local function with(context, is_boolean)
    if not context.aggregates and not context.is_inside then
        return is_boolean and CONDITION or VALUE
    end
    local as = is_boolean and "as_condition" or "as_value"
    local made = context[as]
    if not made then
        made = { aggregates = context.aggregates, boolean = is_boolean,
                 is_inside = context.is_inside }
        made[as], context[as] = made, made
    end
    return made
end

local function run(state, names, node, context)
    local height = state.height + 1
    if height > ast.HEIGHT_MAX then
        fault.limit(state.text, node.at, ("an expression may be nested %d " ..
            "operators deep"):format(ast.HEIGHT_MAX))
    end
    state.height = height
    local type, element = check[node.kind](state, names, node, context)
    state.height = height - 1
    return type, element
end
check_expression.check = run

-- A value of a type that stands where one of another is wanted.
local function refuse(state, node, given, wanted)
    fail(state, node, "InvalidArgumentType",
         "a value of type %s stands where %s is wanted", types.word(given),
         types.words(wanted))
end

--- Checks a condition: WHERE, and what AND, OR, NOT take.
function check_expression.condition(state, names, node, context)
    local given = run(state, names, node, with(context, true))
    if not types.may_be(given, "boolean") then
        refuse(state, node, given, "boolean")
    end
    return "boolean"
end
local condition = check_expression.condition

local function value(state, names, node, context)
    return run(state, names, node, with(context, false))
end

function check.literal(_, _, node)
    return node.type
end

function check.list(state, names, node, context)
    local element, is_mixed
    for _, item in ipairs(node.items) do
        local given = value(state, names, item, context)
        if given ~= "null" then
            if element == nil then element = given or false end
            if given == nil or given ~= element then is_mixed = true end
        end
    end
    return "list", not is_mixed and element or nil
end

function check.map(state, names, node, context)
    for _, item in ipairs(node.values) do value(state, names, item, context) end
    return "map"
end

function check.parameter(state, _, node)
    if not state.seen_parameters[node.name] then
        state.seen_parameters[node.name] = true
        state.parameters[#state.parameters + 1] = node.name
    end
end

-- Why a name is not there.
local function undefined(names, name)
    local where = scope.was(names, name)
    if where == "before" then
        return " any more: WITH hands on only what it names"
    elseif where == "outside" then
        return (" inside: CALL (%s) { } hands it in"):format(name)
    end
    return require("namidb.cypher.hint").of_variable(name, scope.all(names))
end

function check.variable(state, names, node)
    local binding = scope.find(names, node.name)
    if not binding then
        fail(state, node, "UndefinedVariable", "%s is not defined%s", node.name,
             undefined(names, node.name))
    end
    node.variable = binding
    if binding.kind ~= "value" then return binding.kind, binding.element end
    return binding.type, binding.element
end

function check.property(state, names, node, context)
    local given = value(state, names, node.operand, context)
    if not types.has_properties(given) then
        fault.raise(state.text, node.at, "InvalidArgumentType",
                    ("a value of type %s has no property %s"):format(
                        types.word(given), node.name),
                    given == "path" and "SyntaxError" or "TypeError")
    end
end

function check.index(state, names, node, context)
    local _, element = value(state, names, node.operand, context)
    value(state, names, node.index, context)
    return element
end

function check.slice(state, names, node, context)
    local _, element = value(state, names, node.operand, context)
    if node.from then value(state, names, node.from, context) end
    if node.to then value(state, names, node.to, context) end
    return "list", element
end

local function logic(state, names, node, context)
    for _, operand in ipairs(node.operands) do
        condition(state, names, operand, context)
    end
    return "boolean"
end
check["and"], check["or"], check.xor = logic, logic, logic

check["not"] = function(state, names, node, context)
    return condition(state, names, node.operand, context)
end

function check.compare(state, names, node, context)
    for _, operand in ipairs(node.operands) do
        value(state, names, operand, context)
    end
    return "boolean"
end

-- Whether an operand beside another of type `other` can be right: + adds
-- anything to a list, || joins two texts or two lists.
local function fits(given, other, operator)
    if operator == "||" then return types.may_join(given, other) end
    if types.may_calculate(given, operator) then return true end
    return operator == "+" and (other == nil or other == "list" or
        other == "edges")
end

local WANTED = setmetatable({ ["||"] = "joined" },
                            { __index = function() return "number" end })

function check.arithmetic(state, names, node, context)
    local operands, operators = node.operands, node.operators
    local result, element = value(state, names, operands[1], context)
    for i = 2, #operands do
        local operator = operators[i - 1]
        local given = value(state, names, operands[i], context)
        if not fits(result, given, operator) then
            refuse(state, operands[i - 1], result, WANTED[operator])
        elseif not fits(given, result, operator) then
            refuse(state, operands[i], given, WANTED[operator])
        end
        if operator == "+" and (result == "list" or given == "list") then
            result = "list"
        else
            result = types.of_arithmetic(result, given, operator)
        end
        element = nil
    end
    return result, element
end

local function sign(state, names, node, context)
    local given = value(state, names, node.operand, context)
    if not types.may_calculate(given, "-") then
        refuse(state, node.operand, given, "number")
    end
    return given
end
check.negate, check.plus = sign, sign

function check.binary(state, names, node, context)
    value(state, names, node.left, context)
    local given = value(state, names, node.right, context)
    if node.operator == "in" and not types.may_be(given, "list") then
        refuse(state, node.right, given, "list")
    end
    return "boolean"
end

function check.is_null(state, names, node, context)
    value(state, names, node.operand, context)
    return "boolean"
end
check.is_typed = check.is_null

-- What $(...) names labels and types by.
local function check_dynamic(state, names, node, context)
    local operand = node.operand
    local given, element = value(state, names, operand, context)
    local is_list = types.may_be(given, "list")
    if given == "null" or not is_list and not types.may_be(given, "string") or
        element and given == "list" and not types.may_be(element, "string") then
        fail(state, operand, "InvalidArgumentType", "$(...) names labels or " ..
             "types by a string or a list of them, not by %s",
             given == "null" and "null" or types.words(given))
    end
end

local function check_label(state, names, node, context)
    if node.kind == "label_dynamic" then
        return check_dynamic(state, names, node, context)
    end
    if node.operand then check_label(state, names, node.operand, context) end
    for _, operand in ipairs(node.operands or {}) do
        check_label(state, names, operand, context)
    end
end

--- Checks what is asked by $(...) among the labels or types of a node of the
-- AST.
function check_expression.labels(state, names, node, context)
    if node.label_expression then
        check_label(state, names, node.label_expression, context)
    end
    for _, dynamic in ipairs(node.dynamic or {}) do
        check_dynamic(state, names, dynamic, context)
    end
end

function check.has_labels(state, names, node, context)
    local given = value(state, names, node.operand, context)
    if not types.may_be(given, "entity") then
        refuse(state, node.operand, given, "entity")
    end
    check_expression.labels(state, names, node, context)
    return "boolean"
end

------------------------------------------------------------------------ calls

-- How many arguments a function takes, in words.
local function arguments_of(definition)
    local min, max = definition.min, definition.max
    if max and max > min then
        return ("%d %s %d arguments"):format(min, max == min + 1 and "or" or
                                             "to", max)
    end
    return ("%s%d argument%s"):format(max and "" or "at least ", min,
                                      min == 1 and "" or "s")
end

local function check_arguments(state, names, node, definition, context)
    local arguments, count = node.arguments, #node.arguments
    if node.star then count = 1 end
    if definition.min and (count < definition.min or
        definition.max and count > definition.max) then
        fail(state, node, "InvalidNumberOfArguments", "%s() takes %s, not %d",
             definition.name or node.name, arguments_of(definition), count)
    end
    local element
    for i, argument in ipairs(arguments) do
        local given, of = value(state, names, argument, context)
        local wanted = definition.arguments and definition.arguments[i] or "any"
        if argument.kind == "pattern_predicate" and not argument.explicit then
            fail(state, argument, "UnexpectedSyntax",
                 "a pattern is no value; EXISTS { } and COUNT { } ask for it")
        end
        if not types.may_be(given, wanted) then
            refuse(state, argument, given, wanted)
        end
        element = element or of
    end
    return element
end

local function check_aggregate(state, names, node, definition, context)
    if context.is_inside then
        fail(state, node, "NestedAggregation",
             "%s() inside another aggregate", node.name)
    end
    if not context.aggregates then
        fail(state, node, "InvalidAggregation",
             "%s() cannot stand here: aggregates are for WITH and RETURN, " ..
             "as in WITH n, count(*) AS c WHERE c > 1", node.name)
    end
    check_arguments(state, names, node, definition, { is_inside = true })
    context.aggregates[#context.aggregates + 1] = node
    return definition.result
end

function check.call(state, names, node, context)
    local own = state.options.functions
    local definition = own and own[node.name] or functions[node.name]
    if not definition and other_names[node.name] then
        node.name = other_names[node.name]
        definition = functions[node.name]
    end
    if not definition then
        local hint = require("namidb.cypher.hint")
        fail(state, node, "UnknownFunction", "there is no function %s()%s",
             node.name, hint.of_function(node.name, functions, own))
    end
    node.definition = definition
    if definition.aggregate then
        return check_aggregate(state, names, node, definition, context)
    end
    if context.is_inside and node.name == "rand" then
        fail(state, node, "NonConstantExpression",
             "rand() cannot be aggregated")
    end
    local element = check_arguments(state, names, node, definition, context)
    if node.name == "head" or node.name == "last" then return element end
    return definition.result, definition.result == "list" and element or nil
end

-- What the CASE around it compares.
function check.subject(state)
    return state.subject[1], state.subject[2]
end

check["case"] = function(state, names, node, context)
    local outer, subject = state.subject, nil
    if node.operand then
        subject = { value(state, names, node.operand, context) }
    end
    for _, when in ipairs(node.whens) do
        state.subject = subject or outer
        condition(state, names, when.condition, context)
        state.subject = outer
        value(state, names, when.result, context)
    end
    if node.otherwise then value(state, names, node.otherwise, context) end
end

------------------------------------------------------------------------ loops

-- Inside a loop no aggregate may stand.
local function loop_scope(state, names, node, context)
    local given, element = value(state, names, node.list, context)
    if not types.may_be(given, "list") then
        refuse(state, node.list, given, "list")
    end
    local inner = scope.new(names)
    if given == "edges" then element = "edge" end
    local kind = (element == "node" or element == "edge") and element or "value"
    node.variable = scope.declare(state, inner, node.name, kind, element)
    return inner
end

function check.list_comprehension(state, names, node, context)
    local inner = loop_scope(state, names, node, context)
    local element = node.variable.type
    if node.where then condition(state, inner, node.where, VALUE) end
    if node.result then element = value(state, inner, node.result, VALUE) end
    return "list", element
end

function check.quantifier(state, names, node, context)
    local inner = loop_scope(state, names, node, context)
    if node.where then condition(state, inner, node.where, VALUE) end
    return "boolean"
end

function check.reduce(state, names, node, context)
    value(state, names, node.initial, context)
    local inner = loop_scope(state, names, node, context)
    node.accumulator_variable = scope.declare(state, inner, node.accumulator,
                                              "value")
    value(state, inner, node.expression, VALUE)
end

function check.map_projection(state, names, node, context)
    value(state, names, node.operand, context)
    for _, item in ipairs(node.items) do
        if item.expression then
            value(state, names, item.expression, context)
        end
    end
    return "map"
end

--------------------------------------------------------------------- patterns

function check.pattern_comprehension(state, names, node)
    local inner = scope.new(names)
    state.patterns.introduce(state, inner, { node.pattern })
    if node.where then condition(state, inner, node.where, VALUE) end
    return "list", (value(state, inner, node.result, VALUE))
end

-- A pattern as a condition binds nothing: what it names must be there, but for
-- what is named inside of a group.
function check.pattern_predicate(state, names, node, context)
    if not context.boolean and not node.explicit then
        fail(state, node, "UnexpectedSyntax",
             "a pattern stands as a condition only; EXISTS { } and " ..
             "COUNT { } ask for it")
    end
    for _, element in ipairs(node.pattern.elements) do
        local is_new = element.name and not element.group and
            not scope.find(names, element.name)
        if is_new then
            fail(state, element, "UndefinedVariable",
                 "%s is not defined, and a pattern in a condition defines " ..
                 "nothing", element.name)
        end
    end
    local inner = scope.new(names)
    state.patterns.introduce(state, inner, { node.pattern })
    node.imports = state.patterns.bound(node.pattern)
    return "boolean"
end

function check.shortest_path(state, names, node)
    local inner = scope.new(names)
    state.patterns.introduce(state, inner, { node.pattern })
    node.imports = state.patterns.bound(node.pattern)
    for i = 1, 3, 2 do -- else it would be a path to some node or other
        local element = node.pattern.elements[i]
        if not element.bound then
            fail(state, element, "InvalidArgumentExpression",
                 "a shortest path that is a value has ends that are known")
        end
    end
    return node.pattern.shortest == "all" and "list" or "path"
end

local function subquery(state, names, node, wants_column)
    state.queries.nested(state, names, node.query, wants_column)
end

function check.exists(state, names, node)
    subquery(state, names, node, false)
    return "boolean"
end

function check.count_query(state, names, node)
    subquery(state, names, node, false)
    return "integer"
end

function check.collect_query(state, names, node)
    subquery(state, names, node, true)
    return "list"
end

return check_expression
