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

-- What may be replaced by a key: names and properties of names.
local function is_simple(node)
    return node.kind == "variable" or
        node.kind == "property" and is_simple(node.operand)
end

local NO_LOCALS = { locals = {} }

local function signature_of(node)
    local parts = {}
    if is_simple(node) then -- nothing is bound inside
        signature(node, parts, NO_LOCALS)
        return table.concat(parts)
    end
    signature(node, parts, { count = 0, locals = find_locals(node, {}) })
    return table.concat(parts)
end

---------------------------------------------------------------------- grouping

-- Finds an aggregate among those that are there, or adds it. Signatures are
-- made where there are several of a name.
local function aggregate_of(grouping, call)
    local clause, state, mark = grouping.clause, grouping.state, nil
    for i, aggregate in ipairs(clause.aggregates) do
        if aggregate.name == call.name then
            local known = grouping.calls[i]
            known.mark = known.mark or signature_of(known.call)
            mark = mark or signature_of(call)
            if known.mark == mark then return aggregate end
        end
    end
    local aggregate = {
        name = call.name, arguments = call.arguments, at = call.at,
        distinct = call.distinct,
        variable = scope.bind(state, nil, "value", call.definition.result),
    }
    clause.aggregates[#clause.aggregates + 1] = aggregate
    grouping.calls[#clause.aggregates] = { call = call, mark = mark }
    return aggregate
end

local function variable_node(node, binding)
    return { kind = "variable", at = node.at, name = binding.name or "",
             variable = binding }
end

-- What is grouped by, or the columns of a DISTINCT, by what they are made of;
-- the kinds of nodes among them tell most others apart.
local function new_grouping(state, clause)
    return { state = state, clause = clause, keys = {}, kinds = {}, calls = {},
             outputs = {} }
end

local function add_key(grouping, item)
    local node = item.expression
    grouping.kinds[node.kind] = true
    grouping.keys[signature_of(node)] = item.variable
end

-- The column that a node is; nil: none.
local function key_of(grouping, node)
    return grouping.kinds[node.kind] and grouping.keys[signature_of(node)]
end

local function add_outputs(grouping)
    for _, item in ipairs(grouping.clause.items) do
        grouping.outputs[item.variable] = true
    end
end

local rewrite

-- What is no expression of a row: bounds of a sub-query depend on none, and a
-- column that happens to be the same constant is not there.
local NO_EXPRESSIONS = { variable = true, accumulator_variable = true,
                         skip = true, limit = true }

-- Rewrites what is in a node's fields.
local function rewrite_fields(grouping, node, locals)
    for key, field in pairs(node) do
        if type(field) == "table" and not IGNORED[key] and
            not NO_EXPRESSIONS[key] then
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
        return variable_node(node, aggregate_of(grouping, node).variable)
    end
    local key = (grouping.takes_any or is_simple(node)) and
        key_of(grouping, node)
    if key then return variable_node(node, key) end
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
    local grouping = new_grouping(state, clause)
    grouping.fail = ambiguous(state)
    for i, item in ipairs(clause.items) do
        item.is_key = not found[i]
        if item.is_key then
            clause.keys[#clause.keys + 1] = item
            add_key(grouping, item)
        end
    end
    for _, item in ipairs(clause.items) do
        if not item.is_key then
            item.expression = rewrite(grouping, item.expression,
                                      find_locals(item.expression, {}))
        end
    end
    add_outputs(grouping)
    grouping.takes_any = clause.distinct
    return grouping
end

-- The same of a DISTINCT that has no groups.
local function distinct(state, clause)
    local grouping = new_grouping(state, clause)
    for _, item in ipairs(clause.items) do add_key(grouping, item) end
    add_outputs(grouping)
    grouping.takes_any = true
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

-- Whether there are aggregates in each item, and in any.
local function check_items(state, names, clause)
    local found, aggregates = {}, {}
    local context = { aggregates = aggregates }
    for i, item in ipairs(clause.items) do
        local before = #aggregates
        local type, element = check_expression.check(state, names,
            item.expression, context)
        item.variable = output_of(state, item, type, element)
        found[i] = #aggregates > before
    end
    return found, #aggregates > 0
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
    local whole = key_of(grouping, node)
    if whole then return variable_node(node, whole) end
    grouping.fail = function(variable)
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
    return rewrite(grouping, node, find_locals(node, {}))
end

local function check_after(state, names, clause, grouping)
    local inner = visible(names, clause)
    for _, sort in ipairs(clause.order) do
        local aggregates = clause.grouped and {} or nil
        check_expression.check(state, inner, sort.expression,
                               { aggregates = aggregates })
        if grouping then
            sort.expression = narrow(state, clause, sort.expression, grouping,
                                     aggregates and #aggregates > 0)
        end
    end
    if clause.where then
        check_expression.condition(state, inner, clause.where, {})
        if grouping then
            clause.where = narrow(state, clause, clause.where, grouping)
        end
    end
end

------------------------------------------------------------------------ bounds

local function check_bound(state, node, what)
    if not node then return end
    if node.kind ~= "literal" then
        local inner = scope.new()
        if not pcall(check_expression.check, state, inner, node, {}) then
            fail(state, node, "NonConstantExpression",
                 "%s cannot depend on the rows", what)
        end
        return
    end
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
    if has_aggregates then
        grouping = group(state, clause, found)
    elseif clause.distinct and (clause.where or #clause.order > 0) then
        grouping = distinct(state, clause)
    end
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
