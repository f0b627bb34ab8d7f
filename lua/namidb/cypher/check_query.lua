--- Queries: their clauses in order, each in the scope that those before it
-- left.

local check_expression = require("namidb.cypher.check_expression")
local check_pattern = require("namidb.cypher.check_pattern")
local check_projection = require("namidb.cypher.check_projection")
local fault = require("namidb.cypher.fault")
local scope = require("namidb.cypher.scope")
local types = require("namidb.cypher.types")

local check_query = {}

local fail = check_expression.fail
local VALUE = {}

local clauses = {} -- by kind: (state, names, clause) -> names behind it

local function value(state, names, node)
    return check_expression.check(state, names, node, VALUE)
end

-- A new name that must not be there.
local function declare(state, names, node, kind, type, element)
    if scope.find(names, node.name) then
        fail(state, node, "VariableAlreadyBound", "%s is bound already",
             node.name)
    end
    node.variable = scope.declare(state, names, node.name, kind, type, element)
end

-- A MATCH becomes what it means.
local function unroll_match(state, names, clause)
    local made = require("namidb.cypher.unroll").clause(state, names, clause)
    for key in pairs(clause) do clause[key] = nil end
    for key, field in pairs(made) do clause[key] = field end
    return clauses.subquery(state, names, clause)
end

function clauses.match(state, names, clause)
    for _, path in ipairs(clause.patterns) do
        if path.repeats then return unroll_match(state, names, clause) end
    end
    check_pattern.introduce(state, names, clause.patterns)
    if clause.where then
        check_expression.condition(state, names, clause.where, VALUE)
    end
    return names
end

function clauses.unwind(state, names, clause)
    local _, element = value(state, names, clause.list)
    local kind = (element == "node" or element == "edge") and element or "value"
    declare(state, names, clause, kind, element)
    return names
end

clauses["with"] = check_projection.check
clauses["return"] = check_projection.check

function clauses.create(state, names, clause)
    state.writes = true
    check_pattern.create(state, names, clause.patterns, false)
    return names
end

-- What SET n = and SET n += take.
local function check_properties(state, item, given)
    if types.may_be(given, "propertied") then return end
    fail(state, item.value, "InvalidArgumentType", "SET %s %s takes a map, " ..
         "a node or a relationship, not a value of type %s", item.operand.name,
         item.replace and "=" or "+=", types.word(given))
end

local function check_key(state, names, key)
    local given = value(state, names, key)
    if not types.may_be(given, "string") then
        fail(state, key, "InvalidArgumentType", "a property's name is a " ..
             "string, not a value of type %s", types.word(given))
    end
end

local function check_set(state, names, items)
    for _, item in ipairs(items) do
        local given = value(state, names, item.operand)
        if not types.has_properties(given) then
            fail(state, item, "InvalidArgumentType",
                 "a value of type %s cannot be changed", types.word(given))
        end
        if item.labels and not types.may_be(given, "node") then
            fail(state, item, "InvalidArgumentType",
                 "a value of type %s has no labels", types.word(given))
        end
        check_expression.labels(state, names, item, VALUE)
        if item.key then check_key(state, names, item.key) end
        local new = item.value and value(state, names, item.value)
        if item.kind == "set_properties" then
            check_properties(state, item, new)
        end
    end
end

function clauses.set(state, names, clause)
    state.writes = true
    check_set(state, names, clause.items)
    return names
end
clauses.remove = clauses.set

function clauses.merge(state, names, clause)
    state.writes = true
    check_pattern.create(state, names, { clause.pattern }, true)
    check_set(state, names, clause.on_create)
    check_set(state, names, clause.on_match)
    return names
end

local DELETABLE = { node = true, edge = true, path = true, edges = true }

function clauses.delete(state, names, clause)
    state.writes = true
    for _, node in ipairs(clause.expressions) do
        if node.kind == "has_labels" then
            fail(state, node, "InvalidDelete",
                 "REMOVE takes a label away; DELETE is for nodes")
        end
        local given = value(state, names, node)
        if given ~= nil and given ~= "null" and not DELETABLE[given] then
            fail(state, node, "InvalidArgumentType",
                 "a value of type %s cannot be deleted", types.word(given))
        end
    end
    return names
end

function clauses.foreach(state, names, clause)
    local _, element = value(state, names, clause.list)
    local inner = scope.new(names)
    local kind = (element == "node" or element == "edge") and element or "value"
    clause.variable = scope.declare(state, inner, clause.name, kind, element)
    for _, part in ipairs(clause.clauses) do
        inner = clauses[part.kind](state, inner, part)
    end
    return names
end

function clauses.load_csv(state, names, clause)
    value(state, names, clause.from)
    if clause.terminator then value(state, names, clause.terminator) end
    declare(state, names, clause, "value", clause.headers and "map" or "list")
    return names
end

-- What goes on with the rows of batches: see namidb.cypher.split.
function clauses.rows(state, names, clause)
    clause.variables = {}
    for i, column in ipairs(clause.columns) do
        clause.variables[i] = scope.declare(state, names, column.name,
            column.kind, column.type, column.element)
    end
    if clause.status then
        clause.status_variable = scope.declare(state, names, clause.status,
                                               "value", "map")
    end
    return names
end

function clauses.finish(_, names)
    return names
end

------------------------------------------------------------------------- CALL

local ACCEPTS = {
    INTEGER = { integer = true }, STRING = { string = true },
    FLOAT = { float = true, integer = true }, BOOLEAN = { boolean = true },
    NUMBER = { integer = true, float = true }, MAP = { map = true },
    LIST = { list = true },
}

local function check_arguments(state, names, clause, procedure)
    local wanted = procedure.arguments
    if not clause.arguments then
        if not clause.standalone then
            fail(state, clause, "InvalidArgumentPassingMode",
                 "%s is called with its arguments in parentheses", clause.name)
        end
        clause.arguments = {}
        for i, argument in ipairs(wanted) do
            clause.arguments[i] = { kind = "parameter", at = clause.at,
                                    name = argument.name }
        end
    end
    if #clause.arguments ~= #wanted then
        fail(state, clause, "InvalidNumberOfArguments",
             "%s takes %d arguments, not %d", clause.name, #wanted,
             #clause.arguments)
    end
    for i, argument in ipairs(clause.arguments) do
        local given = value(state, names, argument)
        local type_name = (wanted[i].type or "ANY"):gsub("%?$", "")
        local accepts = ACCEPTS[type_name]
        if given and given ~= "null" and accepts and not accepts[given] then
            fail(state, argument, "InvalidArgumentType",
                 "%s of %s is %s, not %s", wanted[i].name, clause.name,
                 type_name, given)
        end
    end
end

local TYPES = { INTEGER = "integer", STRING = "string", FLOAT = "float",
                BOOLEAN = "boolean", MAP = "map", LIST = "list",
                NODE = "node", RELATIONSHIP = "edge", PATH = "path" }

local function declare_yields(state, names, clause, procedure)
    local fields = {}
    for _, field in ipairs(procedure.yields) do fields[field.name] = field end
    if clause.star and not clause.standalone and not clause.is_show then
        fail(state, clause, "UnexpectedSyntax",
             "YIELD * is for a CALL that stands alone")
    end
    if clause.star or clause.standalone and not clause.has_yield then
        clause.yields = {}
        for i, field in ipairs(procedure.yields) do
            clause.yields[i] = { kind = "yield", at = clause.at,
                                 field = field.name, name = field.name }
        end
    end
    for _, yield in ipairs(clause.yields) do
        local field = fields[yield.field]
        if not field then
            local named = {}
            for i, yielded in ipairs(procedure.yields) do
                named[i] = yielded.name
            end
            local hint = require("namidb.cypher.hint")
            fail(state, yield, "UndefinedVariable", "%s yields no %s%s",
                 clause.name, yield.field,
                 hint.of_variable(yield.field, named))
        end
        local type = TYPES[((field.type or ""):gsub("%?$", ""))]
        local is_entity = type == "node" or type == "edge" or type == "path"
        declare(state, names, yield, is_entity and type or "value", type)
    end
end

local function names_of(state)
    local names = state.options.procedure_names
    return names and names() or {}
end

function clauses.call(state, names, clause)
    local procedure = state.options.procedures and
        state.options.procedures[clause.name]
    if not procedure then
        local hint = require("namidb.cypher.hint")
        fault.raise(state.text, clause.at, "ProcedureNotFound",
                    ("there is no procedure %s%s"):format(clause.name,
                        hint.of_procedure(clause.name, names_of(state))),
                    "ProcedureError")
    end
    clause.procedure = procedure
    check_arguments(state, names, clause, procedure)
    declare_yields(state, names, clause, procedure)
    if clause.where then
        check_expression.condition(state, names, clause.where, VALUE)
    end
    return names
end

------------------------------------------------------------------ sub-queries

local ENDS = { ["return"] = true, create = true, merge = true, set = true,
               remove = true, delete = true, foreach = true, call = true,
               subquery = true, finish = true }

-- clauses -> columns and outputs of the query
local function check_single(state, names, node, is_inner)
    local count = #node.clauses
    local last = node.clauses[count]
    if not is_inner and not ENDS[last.kind] then
        fail(state, last, "UnexpectedSyntax",
             "a query ends with RETURN or with what changes the graph")
    end
    local writes, has_written = state.writes, false
    for _, clause in ipairs(node.clauses) do
        if clause.kind == "call" then
            clause.standalone = count == 1 and not is_inner
        elseif clause.batches then
            require("namidb.cypher.check_batches").check(state, names, clause,
                not is_inner and not node.is_of_union, has_written)
        end
        state.writes = false
        names = clauses[clause.kind](state, names, clause)
        has_written = has_written or state.writes and not clause.batches
        writes = writes or state.writes
    end
    state.writes = writes
    node.columns, node.outputs = {}, {}
    local items = last.kind == "return" and last.items or
        last.kind == "call" and last.standalone and last.yields or {}
    for i, item in ipairs(items) do
        node.columns[i], node.outputs[i] = item.name, item.variable
    end
end

local function check_union(state, node)
    local first = node.parts[1]
    for i = 2, #node.parts do
        local part = node.parts[i]
        local names = {}
        for _, name in ipairs(part.columns) do names[name] = true end
        local is_same = #part.columns == #first.columns
        for _, name in ipairs(first.columns) do
            is_same = is_same and names[name] == true
        end
        if not is_same then
            fail(state, part, "DifferentColumnsInUnion",
                 "all parts of a UNION have the same columns")
        end
    end
end

local function check_parts(state, names, node, is_inner)
    for _, part in ipairs(node.parts) do
        part.is_of_union = #node.parts > 1
        check_single(state, scope.copy(names), part, is_inner)
    end
    check_union(state, node)
    node.columns, node.outputs = node.parts[1].columns, node.parts[1].outputs
end

--- A query inside an expression: it sees the row around it and changes nothing.
function check_query.nested(state, names, node, wants_column)
    local writes = state.writes
    state.writes = false
    check_parts(state, scope.new(names), node, true)
    if state.writes then
        fail(state, node, "InvalidClauseComposition",
             "a query inside an expression cannot change the graph")
    end
    state.writes = writes
    if wants_column and #node.columns ~= 1 then
        fail(state, node, "InvalidClauseComposition",
             "COLLECT { } returns one column")
    end
end

-- CALL { } sees what its first WITH imports; without one, nothing.
function clauses.subquery(state, names, clause)
    local query = clause.query
    for _, part in ipairs(query.parts) do
        local first = part.clauses[1]
        local inner = scope.new()
        inner.outside = names
        if first and first.kind == "with" then inner = scope.copy(names) end
        check_single(state, inner, part, true)
    end
    check_union(state, query)
    query.columns = query.parts[1].columns
    query.outputs = query.parts[1].outputs
    clause.returning = #query.outputs > 0
    clause.outputs = query.outputs
    for i, name in ipairs(clause.is_counted and {} or query.columns) do
        if scope.find(names, name) then
            fail(state, clause, "VariableAlreadyBound", "%s is bound already",
                 name)
        end
        names.names[name] = query.outputs[i]
    end
    if clause.batches and clause.batches.status then
        declare(state, names, { at = clause.batches.at,
                                name = clause.batches.status }, "value", "map")
    end
    return names
end

--- Checks a whole statement.
function check_query.check(state, node)
    local first = node.parts[1].clauses[1].kind
    if first:find("_index") or first:find("_constraint") then
        node.columns, node.outputs, node.is_schema = {}, {}, true
        return
    end
    check_parts(state, scope.new(), node, false)
end

return check_query
