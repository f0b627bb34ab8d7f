--- Patterns: their names bound, in what MATCH, CREATE and MERGE allow.

local asks = require("namidb.cypher.asks")
local ast = require("namidb.cypher.ast")
local check_expression = require("namidb.cypher.check_expression")
local check_group = require("namidb.cypher.check_group")
local fault = require("namidb.cypher.fault")
local scope = require("namidb.cypher.scope")
local synthetic = require("namidb.cypher.synthetic")
local types = require("namidb.cypher.types")

local check_pattern = {}

local fail = check_expression.fail
local VALUE = {}

-- A name that is bound already must be of the kind that the pattern needs; what
-- is a value of no known type may be.
local function check_kind(state, element, binding, kind)
    if binding.kind == kind then return end
    if binding.kind == "value" and (binding.type == nil or
        binding.type == "null" or
        kind == "edges" and binding.type == "list") then
        return
    end
    fail(state, element, "VariableTypeConflict",
         "%s is %s and cannot be %s", element.name,
         types.words(binding.kind == "value" and binding.type or binding.kind),
         types.words(kind))
end

-- Binds the name of a node or an edge, or finds what it is bound to. own: the
-- bindings of the patterns that it is part of; what is one of them is not
-- `bound` by what comes before.
local function bind(state, names, element, kind, own)
    local binding = element.name and scope.find(names, element.name)
    element.bound = binding ~= nil and not (own and own[binding])
    if binding then
        check_kind(state, element, binding, kind)
        element.variable = binding
        return
    end
    if element.name then
        element.variable = scope.declare(state, names, element.name, kind)
    else
        element.variable = scope.bind(state, nil, kind)
    end
    if own then own[element.variable] = true end
end

-- A MATCH with such a group was made another before it came here.
local function refuse_repeats(state, path)
    for _, element in ipairs(path.repeats and path.elements or {}) do
        if element.kind == "repeat" then
            fault.unsupported(state.text, element.at, "a group of several " ..
                "relationships is for MATCH, and for EXISTS { }, COUNT { } " ..
                "and COLLECT { } around one")
        end
    end
end

local function refuse_parameters(state, element)
    if element.properties and element.properties.kind == "parameter" then
        fail(state, element.properties, "InvalidParameterUse",
             "a pattern cannot take its properties from a parameter")
    end
end

-- WHERE of a relationship with a length is asked of each on the way, by the
-- name that outside of the brackets is the list of them.
local function check_each(state, names, edge)
    local inner, at = scope.new(names), edge.where.at
    local each = edge.name and
        scope.declare(state, inner, edge.name, "edge") or
        scope.bind(state, nil, "edge")
    check_expression.condition(state, inner, edge.where, VALUE)
    edge.where = { kind = "quantifier", at = at, quantifier = "all",
                   name = edge.name, variable = each, where = edge.where,
                   list = { kind = "variable", at = at, name = edge.name,
                            variable = edge.variable } }
end

local function check_element(state, names, element)
    check_expression.labels(state, names, element, VALUE)
    if element.properties then
        check_expression.check(state, names, element.properties, VALUE)
    end
    if element.group then
        check_group.check(state, names, element)
    elseif element.where and element.length then
        check_each(state, names, element)
    elseif element.where then
        check_expression.condition(state, names, element.where, VALUE)
    end
end

local function bind_edge(state, names, element, seen, own)
    if element.name then
        if seen[element.name] then
            fail(state, element, "RelationshipUniquenessViolation",
                 "%s is two relationships of one pattern", element.name)
        end
        seen[element.name] = true
    end
    bind(state, names, element, element.length and "edges" or "edge", own)
    if element.group then check_group.bind(state, names, element) end
end

local function check_shortest(state, edge)
    local length = edge.length
    if edge.bound then
        fail(state, edge, "VariableAlreadyBound", "%s is bound already, and " ..
             "a shortest path finds its relationships", edge.name)
    elseif length and length.min and length.min > 1 then
        fail(state, edge, "InvalidRelationshipPattern",
             "a shortest path has no least number of relationships but 0 or 1")
    end
end

-- The path, as what is asked of it by its mode calls it.
local PATH = " path"

local function call(path, name, ...)
    return { kind = "call", at = path.at, name = name, distinct = false,
             arguments = { ... } }
end

local function literal(path, value)
    return { kind = "literal", at = path.at, type = "integer", value = value }
end

-- No node of the path occurs twice, but for the first if it is `simple`: none
-- of those behind a node is that node. Names that no text can have stand for
-- the nodes, and for where one is among them.
local function condition_of_mode(path)
    local at, nodes, i = path.at, " nodes", " i"
    local function variable(name) return synthetic.variable(at, name) end
    local function plus(value)
        return { kind = "arithmetic", at = at, operators = { "+" },
                 operands = { variable(i), literal(path, value) } }
    end
    local behind = { kind = "slice", at = at, operand = variable(nodes),
                     from = plus(1) }
    if path.mode == "simple" then -- the last is let pass for the first
        behind.to = { kind = "case", at = at, whens = { { kind = "when",
            at = at, result = literal(path, -1), condition = {
                kind = "compare", at = at, operators = { "=" },
                operands = { variable(i), literal(path, 0) } } } },
            otherwise = call(path, "size", variable(nodes)) }
    end
    local range = call(path, "range", literal(path, 0), { kind = "arithmetic",
        at = at, operators = { "-" }, operands = {
            call(path, "size", variable(nodes)), literal(path, 2) } })
    return { kind = "quantifier", at = at, quantifier = "any", name = nodes,
        list = { kind = "list", at = at, items = {
            call(path, "nodes", variable(PATH)) } },
        where = { kind = "quantifier", at = at, quantifier = "none", name = i,
            list = range,
            where = { kind = "binary", operator = "in", at = at,
                right = behind, left = { kind = "index", at = at,
                    operand = variable(nodes), index = variable(i) } } } }
end

local function bind_path(state, names, path)
    if path.mode and not path.name then
        path.variable = scope.bind(state, nil, "path")
    end
    if not path.name then return end
    if scope.find(names, path.name) then
        fail(state, path, "VariableAlreadyBound", "%s is bound already",
             path.name)
    end
    path.variable = scope.declare(state, names, path.name, "path")
end

local function check_size(state, patterns)
    local count = 0
    for _, path in ipairs(patterns) do
        count = count + #path.elements
        if count > ast.PATTERN_MAX then
            fault.limit(state.text, path.at, ("a pattern may have %d nodes " ..
                "and relationships"):format(ast.PATTERN_MAX))
        end
    end
end

--- Binds what the patterns of a MATCH or an expression name, in `names`, and
-- checks what is in them.
function check_pattern.introduce(state, names, patterns)
    check_size(state, patterns)
    local seen, own = {}, {}
    for _, path in ipairs(patterns) do
        refuse_repeats(state, path)
        for i, element in ipairs(path.elements) do
            refuse_parameters(state, element)
            if i % 2 == 1 then
                bind(state, names, element, "node", own)
            else
                bind_edge(state, names, element, seen, own)
            end
        end
        if path.shortest then check_shortest(state, path.elements[2]) end
        bind_path(state, names, path)
    end
    for _, path in ipairs(patterns) do
        for _, element in ipairs(path.elements) do
            check_element(state, names, element)
        end
        if path.mode then
            local inner = scope.new(names)
            inner.names[PATH] = path.variable
            path.where = condition_of_mode(path)
            check_expression.condition(state, inner, path.where, VALUE)
        end
    end
end

--- The bindings that a pattern found in the scope around it.
function check_pattern.bound(path)
    local bindings = {}
    for _, element in ipairs(path.elements) do
        if element.bound then bindings[#bindings + 1] = element.variable end
    end
    return bindings
end

--- Whether nothing is said of a node or an edge but its name and its types.
function check_pattern.is_plain(element)
    return not element.properties and not element.where and
        not element.label_expression and not element.dynamic and
        #(element.labels or {}) == 0
end

local function already_bound(state, element)
    fail(state, element, "VariableAlreadyBound", "%s is bound already",
         element.name)
end

local function create_node(state, names, element, is_alone, is_merge)
    if is_merge then refuse_parameters(state, element) end
    if element.label_expression then
        fail(state, element, "UnexpectedSyntax",
             "a node is created with labels, not with a choice of them")
    end
    bind(state, names, element, "node")
    if element.bound and (is_alone or not check_pattern.is_plain(element)) then
        already_bound(state, element)
    end
end

local function create_edge(state, names, element, is_merge)
    if is_merge then refuse_parameters(state, element) end
    if element.name and scope.find(names, element.name) then
        already_bound(state, element)
    end
    if element.length then
        fail(state, element, "CreatingVarLength",
             "a relationship of a length cannot be created")
    end
    local is_dynamic = element.label_expression and
        element.label_expression.kind == "label_dynamic" and
        not element.label_expression.any
    if not is_dynamic and (not element.types or #element.types ~= 1) then
        fail(state, element, "NoSingleRelationshipType",
             "a relationship is created with one type")
    end
    if element.direction == "both" and not is_merge then
        fail(state, element, "RequiresDirectedRelationship",
             "a relationship is created with a direction")
    end
    bind(state, names, element, "edge")
end

local function create_path(state, names, path, is_merge)
    local elements = path.elements
    refuse_repeats(state, path)
    if path.shortest or path.mode then
        fail(state, path, "UnexpectedSyntax", "what is created is a path, " ..
             "not one that is %s among others",
             path.shortest and "the shortest" or path.mode)
    end
    for i, element in ipairs(elements) do
        if i % 2 == 1 then
            create_node(state, names, element, #elements == 1, is_merge)
        else
            create_edge(state, names, element, is_merge)
        end
    end
    bind_path(state, names, path)
    for _, element in ipairs(elements) do
        check_element(state, names, element)
    end
end

-- What labels, a type and properties of what is created are made from.
local function sources_of(element)
    local sources = {}
    for _, dynamic in ipairs(element.dynamic or { element.label_expression }) do
        sources[#sources + 1] = dynamic.operand
    end
    local map = element.properties
    if map and map.kind ~= "map" then sources[#sources + 1] = map end
    for _, value in ipairs(map and map.values or {}) do
        sources[#sources + 1] = value
    end
    return sources
end

-- A sub-query sees the graph as the clause found it: what the clause creates is
-- not in it.
local function check_asking(state, paths)
    local made = {}
    for _, path in ipairs(paths) do
        for _, element in ipairs(path.elements) do
            if not element.bound then made[element.variable] = true end
        end
    end
    for _, path in ipairs(paths) do
        for _, element in ipairs(path.elements) do
            for _, value in ipairs(sources_of(element)) do
                if asks.graph(value) and asks.uses(value, made) then
                    fail(state, value, "UndefinedVariable",
                         "a sub-query cannot use what its own clause creates")
                end
            end
        end
    end
end

-- The elements of paths as CREATE makes them: of each path all nodes first.
local function in_order(paths)
    local elements = {}
    for _, path in ipairs(paths) do
        for first = 1, 2 do
            for i = first, #path.elements, 2 do
                elements[#elements + 1] = path.elements[i]
            end
        end
    end
    return elements
end

-- Properties of what is created can be made from what is there by then.
local function check_created(state, paths)
    local elements, missing = in_order(paths), {}
    for _, element in ipairs(elements) do
        if not element.bound then missing[element.variable] = true end
    end
    for _, element in ipairs(elements) do
        for _, source in ipairs(sources_of(element)) do
            if asks.uses(source, missing) then
                fail(state, source, "UndefinedVariable", "what is created " ..
                     "cannot be made from what is not created before")
            end
        end
        missing[element.variable] = nil
    end
end

--- Binds what the patterns of a CREATE, or the one of a MERGE, name.
function check_pattern.create(state, names, paths, is_merge)
    for _, path in ipairs(paths) do
        create_path(state, names, path, is_merge)
    end
    check_asking(state, paths)
    if not is_merge then check_created(state, paths) end
end

return check_pattern
