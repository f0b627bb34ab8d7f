-- Expressions of the AST as those of a plan (c/exec/plan.h).
--
-- A plan's expression is { kind = "EQ", number?, args... }: operands stand at
-- 1, 2, ...; `number` is a slot, a name, a parameter or a constant.

local core = require("namidb.core")
local fold = require("namidb.plan.fold")

local expression = {}

-- How long a chain of + - * / may be: the executor recurses over it.
local CHAIN_MAX = 1000

local make = {} -- by kind of AST node

--- The plan's expression of an AST expression, with its place in the text.
function expression.make(context, node)
    local made = fold.expression(context, make[node.kind](context, node))
    made.at = made.at or node.at
    return made
end

local build = expression.make

local function build_all(context, kind, nodes)
    local result = { kind = kind }
    for i = 1, #nodes do result[i] = build(context, nodes[i]) end
    return result
end

function expression.slot(number)
    return { kind = "SLOT", number = number }
end

function expression.property(context, operand, name)
    return { kind = "PROPERTY", number = context:name("property", name),
             operand }
end

local READY = { SLOT = true, CONST = true, PARAM = true }

-- Whether it is no work to have the value again.
local function is_ready(expr)
    return READY[expr.kind] or expr.kind == "PROPERTY" and READY[expr[1].kind]
end

-- What body(operand) makes, where the operand may be read more than once: what
-- is not ready is made once for a row, and kept in a slot.
local function once(context, operand, body)
    if is_ready(operand) then return body(operand) end
    local slot = context:new_slot()
    return { kind = "LET", number = slot, operand,
             body(expression.slot(slot)) }
end

--- One condition of several; nil for none.
function expression.all(conditions)
    if #conditions == 0 then return nil end
    if #conditions == 1 then return conditions[1] end
    conditions.kind = "AND"
    return conditions
end

function make.literal(context, node)
    if node.type == "null" then return context:constant(core.null) end
    if node.type == "float" then
        return context:constant(require("namidb.value").constructors.float(
            node.value))
    end
    return context:constant(node.value)
end

function make.list(context, node)
    return build_all(context, "LIST", node.items)
end

function make.map(context, node)
    local result = build_all(context, "MAP", node.values)
    result.keys = node.names
    return result
end

function make.parameter(context, node)
    return { kind = "PARAM", number = context:param(node.name),
             name = node.name }
end

function make.variable(_, node)
    return { kind = "SLOT", number = node.variable.id }
end

function make.property(context, node)
    return expression.property(context, build(context, node.operand),
                               node.name)
end

function make.index(context, node)
    return { kind = "INDEX", build(context, node.operand),
             build(context, node.index) }
end

function make.slice(context, node)
    return { kind = "SLICE", build(context, node.operand),
             node.from and build(context, node.from) or false,
             node.to and build(context, node.to) or false }
end

make["or"] = function(context, node)
    return build_all(context, "OR", node.operands)
end
make["and"] = function(context, node)
    return build_all(context, "AND", node.operands)
end
make["not"] = function(context, node)
    return { kind = "NOT", build(context, node.operand) }
end

-- From left to right, two at a time.
local function chain(context, node, combine)
    local count = #node.operands
    if count > CHAIN_MAX then
        error({ code = "limit", at = node.at, message =
            ("a chain of %d operands, more than %d"):format(count, CHAIN_MAX) },
            0)
    end
    local result = build(context, node.operands[1])
    for i = 2, count do
        result = fold.expression(context, combine(i - 1, result,
            build(context, node.operands[i])))
    end
    return result
end

make.xor = function(context, node)
    return chain(context, node, function(_, left, right)
        return { kind = "XOR", left, right }
    end)
end

local ARITHMETIC = { ["+"] = "ADD", ["-"] = "SUB", ["*"] = "MUL",
                     ["/"] = "DIV", ["%"] = "MOD", ["^"] = "POW" }

-- What fails of these is to be blamed on the right.
local DIVIDES = { ["/"] = true, ["%"] = true }

function make.arithmetic(context, node)
    return chain(context, node, function(i, left, right)
        local operator = node.operators[i]
        if operator == "||" then
            return { kind = "CALL", text = "concat", left, right }
        end
        return { kind = ARITHMETIC[operator], left, right,
                 at = DIVIDES[operator] and node.operands[i + 1].at or node.at }
    end)
end

local COMPARE = { ["="] = "EQ", ["<>"] = "NE", ["<"] = "LT", ["<="] = "LE",
                  [">"] = "GT", [">="] = "GE" }

-- a < b < c is a < b and b < c. Adds what operators from `at` on ask of `left`.
local function compare_from(context, node, at, left, conditions)
    local function compare(operand, right)
        conditions[#conditions + 1] = context.subplan.comparison(context, {
            kind = COMPARE[node.operators[at]], operand, right })
    end
    while at < #node.operators do
        local right = build(context, node.operands[at + 1])
        if not is_ready(right) then
            local from, outer = left, conditions
            outer[#outer + 1] = once(context, right, function(operand)
                conditions = {}
                compare(from, operand)
                return compare_from(context, node, at + 1, operand, conditions)
            end)
            return expression.all(outer)
        end
        compare(left, right)
        at, left = at + 1, right
    end
    compare(left, build(context, node.operands[at + 1]))
    return expression.all(conditions)
end

function make.compare(context, node)
    return compare_from(context, node, 1, build(context, node.operands[1]), {})
end

function make.negate(context, node)
    return { kind = "NEG", build(context, node.operand) }
end

function make.plus(context, node)
    return build(context, node.operand)
end

local BINARY = { ["in"] = "IN", starts_with = "STARTS", ends_with = "ENDS",
                 contains = "CONTAINS", matches = "REGEX" }

function make.binary(context, node)
    return { kind = BINARY[node.operator], build(context, node.left),
             build(context, node.right) }
end

function make.is_null(context, node)
    return { kind = node.negated and "NOT_NULL" or "IS_NULL",
             build(context, node.operand) }
end

-- What a type says of an operand that is ready.
local function type_test(context, operand, type)
    if type.any then
        return type.nullable and context:constant(true) or
            { kind = "NOT_NULL", operand }
    end
    local tests = {}
    local kinds = { kind = "CALL", text = "isof", operand }
    for _, name in ipairs(type.names) do
        kinds[#kinds + 1] = context:constant(name)
    end
    if type.nullable then kinds[#kinds + 1] = context:constant("NULL") end
    if #kinds > 1 then tests[1] = kinds end
    for _, item in ipairs(type.items) do
        local slot = context:new_slot()
        tests[#tests + 1] = { kind = "AND",
            { kind = "CALL", text = "isof", operand,
              context:constant("LIST") },
            { kind = "QUANTIFIER", code = "ALL", number = slot, operand,
              type_test(context, expression.slot(slot), item) } }
    end
    if #tests == 0 then return context:constant(false) end
    if #tests == 1 then return tests[1] end
    tests.kind = "OR"
    return tests
end

function make.is_typed(context, node)
    local test = once(context, build(context, node.operand), function(operand)
        return type_test(context, operand, node.type)
    end)
    return node.negated and { kind = "NOT", test } or test
end

-- Label expressions over an operand that is evaluated for each name.
local function label_test(context, operand, node)
    if node.kind == "label" then
        return { kind = "LABELS", names = { context:name("label", node.name) },
                 operand }
    elseif node.kind == "label_any" then
        return { kind = "CALL", text = "islabelled", operand }
    elseif node.kind == "label_dynamic" then
        return { kind = "CALL", text = node.any and "hasanyname" or
                 "hasallnames", { kind = "CALL", text = "namesof", operand },
                 build(context, node.operand) }
    elseif node.kind == "label_not" then
        return { kind = "NOT", label_test(context, operand, node.operand) }
    end
    local result = { kind = node.kind == "label_and" and "AND" or "OR" }
    for i, part in ipairs(node.operands) do
        result[i] = label_test(context, operand, part)
    end
    return result
end

--- The test that LABELS of a node of the AST means; nil for none.
function expression.labels(context, operand, node)
    if node.label_expression then
        return label_test(context, operand, node.label_expression)
    end
    local names, tests = {}, {}
    for i, label in ipairs(node.labels or {}) do
        names[i] = context:name("label", label)
    end
    if #names > 0 then
        tests[1] = { kind = "LABELS", names = names, operand }
    end
    for _, dynamic in ipairs(node.dynamic or {}) do
        tests[#tests + 1] = label_test(context, operand, dynamic)
    end
    return expression.all(tests)
end

function make.has_labels(context, node)
    return once(context, build(context, node.operand), function(operand)
        return expression.labels(context, operand, node)
    end)
end

-- The first operand from `at` on that is no null; those behind it are not asked
-- for, where they may raise or cost much.
local function coalesce(context, operands, at)
    local are_plain = true
    for i = at + 1, #operands do
        are_plain = are_plain and expression.is_plain(operands[i])
    end
    if are_plain then
        local result = { kind = "CALL", text = "coalesce" }
        for i = at, #operands do result[#result + 1] = operands[i] end
        return result
    end
    return once(context, operands[at], function(operand)
        return { kind = "CASE",
                 branches = { { { kind = "NOT_NULL", operand }, operand } },
                 otherwise = coalesce(context, operands, at + 1) }
    end)
end

function make.call(context, node)
    if node.name == "exists" then
        return { kind = "NOT_NULL", build(context, node.arguments[1]) }
    end
    local host = context.options.functions
    local kind = host and host[node.name] and "HOST" or "CALL"
    local result = build_all(context, kind, node.arguments)
    result.text = node.name
    if node.name == "coalesce" then return coalesce(context, result, 1) end
    return result
end

-- `operand` is what the conditions compare, if it has one.
local function case(context, node, operand)
    local result, outer = { kind = "CASE", branches = {} }, context.subject
    for i, when in ipairs(node.whens) do
        context.subject = operand or outer
        local condition = build(context, when.condition)
        context.subject = outer
        result.branches[i] = { condition, build(context, when.result) }
    end
    result.otherwise = node.otherwise and build(context, node.otherwise)
    return result
end

function make.subject(context)
    return context.subject
end

function make.case(context, node)
    if not node.operand then return case(context, node) end
    return once(context, build(context, node.operand), function(operand)
        return case(context, node, operand)
    end)
end

function make.list_comprehension(context, node)
    return { kind = "FOR_EACH", number = node.variable.id,
             build(context, node.list),
             node.where and build(context, node.where) or false,
             node.result and build(context, node.result) or false }
end

function make.quantifier(context, node)
    local where = node.where and build(context, node.where) or
        context:constant(true)
    return { kind = "QUANTIFIER", code = node.quantifier:upper(),
             number = node.variable.id, build(context, node.list), where }
end

function make.reduce(context, node)
    return { kind = "REDUCE", accumulator = node.accumulator_variable.id,
             number = node.variable.id, build(context, node.initial),
             build(context, node.list), build(context, node.expression) }
end

-- n {.a, .*, b: 1}: later items win.
function make.map_projection(context, node)
    local operand = build(context, node.operand)
    local parts, map, places = {}, { kind = "MAP", keys = {} }, {}
    local function flush()
        if #map > 0 then parts[#parts + 1] = map end
        map, places = { kind = "MAP", keys = {} }, {}
    end
    for _, item in ipairs(node.items) do
        if item.all then
            flush()
            parts[#parts + 1] = { kind = "CALL", text = "properties", operand }
        else
            local place = places[item.name] or #map + 1
            places[item.name], map.keys[place] = place, item.name
            map[place] = item.expression and
                build(context, item.expression) or
                expression.property(context, operand, item.name)
        end
    end
    flush()
    local result = parts[1] or map
    if #parts > 1 then
        parts.kind, parts.text = "CALL", "mergemaps"
        result = parts
    end
    return { kind = "CASE", branches = { { { kind = "NOT_NULL", operand },
                                           result } } }
end

--- Whether `test` is true of an expression, or of one inside it.
local function any(expr, test)
    if test(expr) then return true end
    for i = 1, #expr do
        if expr[i] and any(expr[i], test) then return true end
    end
    if not expr.branches then return false end
    for _, branch in ipairs(expr.branches) do
        if any(branch[1], test) or any(branch[2], test) then return true end
    end
    return expr.otherwise and any(expr.otherwise, test) or false
end
expression.any = any

local VOLATILE = { rand = true, randomuuid = true }

--- Whether an expression itself, not what is inside it, may give something
-- else each time it is asked for.
function expression.is_chance(expr)
    return expr.kind == "HOST" or
        expr.kind == "CALL" and VOLATILE[expr.text] == true
end

local function differs(part)
    return part.kind == "SUBPLAN" or expression.is_chance(part)
end

--- Whether an expression may differ from row to row though it reads the same.
function expression.is_volatile(expr)
    return any(expr, differs)
end

-- Expressions that give a value for every row and raise for none, if their
-- operands do.
local PLAIN = { SLOT = true, CONST = true, PARAM = true, LABELS = true,
                PROPERTY = true, DIFFER = true, IS_NULL = true,
                NOT_NULL = true, EQ = true, NE = true, LT = true, LE = true,
                GT = true, GE = true, STARTS = true, ENDS = true,
                CONTAINS = true }

--- Whether an expression gives a value for every row, and raises for none.
function expression.is_plain(expr)
    if not PLAIN[expr.kind] then return false end
    if expr.kind == "PROPERTY" and expr[1].kind ~= "SLOT" then return false end
    for _, part in ipairs(expr) do
        if not expression.is_plain(part) then return false end
    end
    return true
end

local LOGICAL = { AND = true, OR = true, XOR = true, NOT = true }
-- These are no truth values.
local VALUES = { SLOT = true, CONST = true, PARAM = true, PROPERTY = true }

--- Whether a condition that reads no row may be tried where there is none yet:
-- what raises must not where no row reaches it. A sub-query is tried: it may
-- save much, and to ask it for each row costs much.
function expression.is_early(expr)
    if LOGICAL[expr.kind] then
        for _, part in ipairs(expr) do
            if not expression.is_early(part) then return false end
        end
        return true
    end
    if expr.kind == "CONST" then return type(expr.value) == "boolean" end
    return expr.kind == "SUBPLAN" or
        expression.is_plain(expr) and not VALUES[expr.kind]
end

local FINDS = { SUBPLAN = true, DEGREE = true, LOOPS = true, WALKS = true,
                COUNTED = true, HOST = true }

--- Whether an expression asks what there is in the graph.
function expression.finds(expr)
    return expression.any(expr, function(part) return FINDS[part.kind] end)
end

local LOOKS = { PROPERTY = true, INDEX = true, LABELS = true, DEGREE = true,
                WALKS = true }
local LOOKING_CALLS = { labels = true, islabelled = true, namesof = true,
                        key = true,
                        keys = true, properties = true, mergemaps = true }

local function calls_look(part)
    return part.kind == "CALL" and LOOKING_CALLS[part.text]
end

--- Whether an expression asks for properties or labels of what it is given.
function expression.looks(expr)
    return expression.any(expr, function(part)
        return LOOKS[part.kind] or calls_look(part)
    end)
end

--- Whether an expression may read what an update changes, other than single
-- properties, or be another each time.
function expression.reads_more(expr)
    return expression.any(expr, function(part)
        return FINDS[part.kind] or part.kind == "LABELS" or
            calls_look(part) or part.kind == "CALL" and VOLATILE[part.text]
    end)
end

-- Plans inside expressions; made by plan/query.lua.

function make.pattern_comprehension(context, node)
    return context.subplan.comprehension(context, node)
end

function make.shortest_path(context, node)
    local paths = context.subplan.shortest(context, node)
    if node.pattern.shortest == "all" then return paths end
    return { kind = "CALL", text = "head", paths }
end

function make.pattern_predicate(context, node)
    return context.subplan.pattern(context, node)
end

function make.exists(context, node)
    return context.subplan.query(context, node.query, "EXISTS")
end

function make.count_query(context, node)
    return context.subplan.query(context, node.query, "COUNT")
end

function make.collect_query(context, node)
    return context.subplan.query(context, node.query, "COLLECT")
end

return expression
