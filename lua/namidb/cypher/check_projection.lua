--- WITH and RETURN: columns, what is grouped by what, and what ORDER BY and
-- WHERE see.

local check_expression = require("namidb.cypher.check_expression")
local scope = require("namidb.cypher.scope")

local check_projection = {}

local fail = check_expression.fail

------------------------------------------------------------------ expand the *

local function expand_star(state, names, clause)
    if not clause.star then return end
    local found = scope.names(names)
    if #found == 0 and clause.kind == "return" then
        fail(state, clause, "NoVariablesInScope", "there is nothing for *")
    end
    for i, name in ipairs(found) do
        local at = clause.at
        table.insert(clause.items, i, {
            kind = "item", at = at, name = name, aliased = true,
            expression = { kind = "variable", at = at, name = name },
        })
    end
end

local function check_names(state, clause)
    local seen = {}
    for _, item in ipairs(clause.items) do
        if clause.kind == "with" and not item.aliased and
            item.expression.kind ~= "variable" then
            fail(state, item, "NoExpressionAlias",
                 "WITH needs a name for it: %s AS ...", item.name)
        end
        if seen[item.name] then
            fail(state, item, "ColumnNameConflict",
                 "two columns are named %s", item.name)
        end
        seen[item.name] = true
    end
end

-------------------------------------------------------------------- same trees

local IGNORED = { at = true, definition = true, explicit = true, bound = true,
                  imports = true }

-- Whether a node only names what the row around it has: a pattern's element
-- that is bound, a column that is handed on.
local function is_borrowed(node)
    if node.kind == "item" then
        return node.expression.kind == "variable" and
            node.expression.variable == node.variable
    end
    return node.kind == "variable" or node.bound
end

-- Adds the bindings that are made inside an expression to `locals`: by loops,
-- patterns and queries in it.
local function find_locals(node, locals)
    if node.variable and not is_borrowed(node) then
        locals[node.variable] = true
    end
    if node.accumulator_variable then
        locals[node.accumulator_variable] = true
    end
    for key, field in pairs(node) do
        if type(field) == "table" and not IGNORED[key] and
            key ~= "variable" and key ~= "accumulator_variable" then
            find_locals(field, locals)
        end
    end
    return locals
end

-- A binding's mark: its id, of one that is made inside only its number.
local function mark_of(binding, names)
    if not names.locals[binding] then return "$" .. binding.id end
    if not names[binding] then
        names.count = names.count + 1
        names[binding] = "@" .. names.count
    end
    return names[binding]
end

local signature

local function signature_of_list(list, parts, names)
    parts[#parts + 1] = "["
    for i = 1, #list do
        signature(list[i], parts, names)
        parts[#parts + 1] = ","
    end
    parts[#parts + 1] = "]"
end

-- A text that is the same for trees that mean the same.
function signature(node, parts, names)
    if type(node) ~= "table" then
        parts[#parts + 1] = type(node) .. ":" .. tostring(node)
        return
    end
    local kind = node.kind
    if kind == "variable" and node.variable then
        parts[#parts + 1] = mark_of(node.variable, names)
        return
    elseif kind == "property" then
        signature(node.operand, parts, names)
        parts[#parts + 1] = "." .. #node.name .. ":" .. node.name
        return
    elseif kind == nil and #node > 0 then
        return signature_of_list(node, parts, names)
    end
    local keys = {}
    for key in pairs(node) do
        if not IGNORED[key] then keys[#keys + 1] = key end
    end
    table.sort(keys)
    parts[#parts + 1] = "("
    for _, key in ipairs(keys) do
        parts[#parts + 1] = tostring(key) .. "="
        if key == "variable" or key == "accumulator_variable" then
            parts[#parts + 1] = mark_of(node[key], names)
        else
            signature(node[key], parts, names)
        end
        parts[#parts + 1] = ","
    end
    parts[#parts + 1] = ")"
end

local function signature_of(node)
    local parts = {}
    signature(node, parts, { count = 0, locals = find_locals(node, {}) })
    return table.concat(parts)
end

---------------------------------------------------------------------- grouping

-- Finds an aggregate among those that are there, or adds it.
local function aggregate_of(state, clause, call)
    local mark = signature_of(call)
    for _, aggregate in ipairs(clause.aggregates) do
        if aggregate.mark == mark then return aggregate end
    end
    local aggregate = {
        name = call.name, arguments = call.arguments, at = call.at,
        distinct = call.distinct, mark = mark,
        variable = scope.bind(state, nil, "value", call.definition.result),
    }
    clause.aggregates[#clause.aggregates + 1] = aggregate
    return aggregate
end

local function variable_node(node, binding)
    return { kind = "variable", at = node.at, name = binding.name or "",
             variable = binding }
end

-- What may be replaced by a key: names and properties of names.
local function is_simple(node)
    return node.kind == "variable" or
        node.kind == "property" and is_simple(node.operand)
end

local rewrite

-- Rewrites what is in a node's fields.
local function rewrite_fields(grouping, node, locals)
    for key, field in pairs(node) do
        if type(field) == "table" and not IGNORED[key] and
            key ~= "variable" and key ~= "accumulator_variable" then
            if field.kind then
                node[key] = rewrite(grouping, field, locals)
            else
                rewrite_fields(grouping, field, locals)
            end
        end
    end
    return node
end

-- What a node borrows of the row must be a key of the same value or a column.
local function rewrite_borrowed(grouping, node, locals)
    local binding = node.variable
    if locals[binding] or grouping.outputs[binding] then return end
    local key = grouping.keys["$" .. binding.id]
    if not key then grouping.fail(node) end
    node.variable = key
end

local function rewrite_imports(grouping, node, locals)
    for i, binding in ipairs(node.imports) do
        if not locals[binding] and not grouping.outputs[binding] then
            node.imports[i] = grouping.keys["$" .. binding.id] or binding
        end
    end
end

-- An expression that holds aggregates, over keys and aggregates only.
function rewrite(grouping, node, locals)
    if node.kind == "call" and node.definition and node.definition.aggregate
    then
        local aggregate = aggregate_of(grouping.state, grouping.clause, node)
        return variable_node(node, aggregate.variable)
    end
    local key = grouping.keys[signature_of(node)]
    if key and (grouping.takes_any or is_simple(node)) then
        return variable_node(node, key)
    end
    if node.kind == "variable" then
        if locals[node.variable] or grouping.outputs[node.variable] then
            return node
        end
        grouping.fail(node)
    end
    if node.variable and is_borrowed(node) then
        rewrite_borrowed(grouping, node, locals)
    end
    if node.imports then rewrite_imports(grouping, node, locals) end
    return rewrite_fields(grouping, node, locals)
end

local function ambiguous(state)
    return function(node)
        fail(state, node, "AmbiguousAggregationExpression",
             "%s is beside an aggregate and no key of its own: project it " ..
             "first", node.name)
    end
end

local function group(state, clause, found)
    clause.grouped, clause.keys, clause.aggregates = true, {}, {}
    local grouping = { state = state, clause = clause, keys = {}, outputs = {},
                       fail = ambiguous(state) }
    for i, item in ipairs(clause.items) do
        item.is_key = #found[i] == 0
        if item.is_key then
            clause.keys[#clause.keys + 1] = item
            grouping.keys[signature_of(item.expression)] = item.variable
        end
    end
    for _, item in ipairs(clause.items) do
        if not item.is_key then
            item.expression = rewrite(grouping, item.expression,
                                      find_locals(item.expression, {}))
        end
    end
    for _, item in ipairs(clause.items) do
        grouping.outputs[item.variable] = true
    end
    return grouping
end

------------------------------------------------------------------- the columns

-- A variable that is only handed on keeps its binding.
local function output_of(state, item, type, element)
    local expression = item.expression
    if expression.kind == "variable" then
        local binding = expression.variable
        if item.name == binding.name then return binding end
        return scope.bind(state, item.name, binding.kind, binding.type,
                          binding.element)
    end
    local kind = (type == "node" or type == "edge" or type == "path") and type
        or "value"
    return scope.bind(state, item.name, kind, type, element)
end

local function check_items(state, names, clause)
    local found, has_aggregates = {}, false
    for i, item in ipairs(clause.items) do
        found[i] = {}
        local type, element = check_expression.check(state, names,
            item.expression, { aggregates = found[i] })
        item.variable = output_of(state, item, type, element)
        if #found[i] > 0 then has_aggregates = true end
    end
    return found, has_aggregates
end

-- What ORDER BY and WHERE see: the columns, and behind them the row that they
-- were made of.
local function visible(names, clause)
    local inner = scope.new(names)
    for _, item in ipairs(clause.items) do
        inner.names[item.name] = item.variable
    end
    return inner
end

-- Whether a variable occurs in an expression.
local function occurs(node, binding)
    if type(node) ~= "table" then return false end
    if node.kind == "variable" and node.variable == binding then return true end
    for key, field in pairs(node) do
        if type(field) == "table" and key ~= "variable" and
            not IGNORED[key] and occurs(field, binding) then
            return true
        end
    end
    return false
end

-- An expression of ORDER BY or WHERE behind groups or DISTINCT reads columns;
-- what equals a column's expression is that column. What it reads beside them
-- is not there, or ambiguous if it `has_aggregates` and a key is made of it.
local function narrow(state, clause, node, grouping, has_aggregates)
    local narrowing = grouping or { state = state, clause = clause,
                                    keys = {}, outputs = {} }
    narrowing.takes_any = clause.distinct
    for _, item in ipairs(clause.items) do
        narrowing.outputs[item.variable] = true
        if not clause.grouped or item.is_key then
            narrowing.keys[signature_of(item.expression)] = item.variable
        end
    end
    local whole = narrowing.keys[signature_of(node)]
    if whole then return variable_node(node, whole) end
    narrowing.fail = function(variable)
        local is_used = false
        for _, item in ipairs(clause.items) do
            if item.is_key and item.expression.kind ~= "variable" and
                occurs(item.expression, variable.variable) then
                is_used = true
            end
        end
        if is_used and has_aggregates then
            return ambiguous(state)(variable)
        end
        fail(state, variable, "UndefinedVariable",
             "%s is not among the columns", variable.name)
    end
    return rewrite(narrowing, node, find_locals(node, {}))
end

local function check_after(state, names, clause, grouping)
    local inner = visible(names, clause)
    local is_narrow = clause.grouped or clause.distinct
    for _, sort in ipairs(clause.order) do
        local aggregates = clause.grouped and {} or nil
        check_expression.check(state, inner, sort.expression,
                               { aggregates = aggregates })
        if is_narrow then
            sort.expression = narrow(state, clause, sort.expression, grouping,
                                     aggregates and #aggregates > 0)
        end
    end
    if clause.where then
        check_expression.condition(state, inner, clause.where, {})
        if is_narrow then
            clause.where = narrow(state, clause, clause.where, grouping)
        end
    end
end

------------------------------------------------------------------------ bounds

local function check_bound(state, node, what)
    if not node then return end
    local inner = scope.new()
    local is_missing = pcall(check_expression.check, state, inner, node, {})
    if not is_missing then
        fail(state, node, "NonConstantExpression",
             "%s cannot depend on the rows", what)
    end
    if node.kind ~= "literal" then return end
    if node.type ~= "integer" then
        fail(state, node, "InvalidArgumentType", "%s is an integer", what)
    end
    if tonumber(node.value) < 0 then
        fail(state, node, "NegativeIntegerArgument", "%s cannot be negative",
             what)
    end
end

--- Checks a WITH or RETURN over `names`; the scope behind it.
function check_projection.check(state, names, clause)
    expand_star(state, names, clause)
    check_names(state, clause)
    local found, has_aggregates = check_items(state, names, clause)
    clause.grouped = false
    local grouping
    if has_aggregates then grouping = group(state, clause, found) end
    check_after(state, names, clause, grouping)
    check_bound(state, clause.skip, "SKIP")
    check_bound(state, clause.limit, "LIMIT")
    local after = scope.new(names.parent)
    after.before = names
    for _, item in ipairs(clause.items) do
        after.names[item.name] = item.variable
    end
    return after
end

return check_projection
