-- A MATCH's patterns as a graph of what is to be found: nodes and edges by
-- their slots, and the conditions on them.

local expression = require("namidb.plan.expression")
local fold = require("namidb.plan.fold")
local free = require("namidb.plan.free")

local pattern = {}

-- A condition and the slots that it reads; each operand of AND on its own.
local function add_condition(graph, expr)
    if expr.kind == "AND" then
        for _, operand in ipairs(expr) do add_condition(graph, operand) end
        return
    end
    if fold.is_true(expr) then return end
    graph.conditions[#graph.conditions + 1] =
        { expr = expr, reads = free.reads(expr, {}) }
end

--- Adds an AST condition, each operand of AND on its own.
function pattern.add_where(context, graph, node)
    if not node then return end
    if node.kind == "and" then
        for _, operand in ipairs(node.operands) do
            pattern.add_where(context, graph, operand)
        end
        return
    end
    add_condition(graph, expression.make(context, node))
end

-- {a: 1, b: 2}, or a parameter that is a map, as conditions.
local function add_properties(context, graph, slot, properties)
    if not properties then return end
    local operand = expression.slot(slot)
    if properties.kind ~= "map" then
        add_condition(graph, { kind = "CALL", text = "containsmap",
                               { kind = "CALL", text = "properties", operand },
                               expression.make(context, properties) })
        return
    end
    for i, name in ipairs(properties.names) do
        add_condition(graph, { kind = "EQ",
            expression.property(context, operand, name),
            expression.make(context, properties.values[i]) })
    end
end

local function add_node(context, graph, element)
    local slot = element.variable.id
    local node = graph.nodes[slot]
    if not node then
        node = { slot = slot, labels = {}, name = element.name }
        graph.nodes[slot] = node
        graph.node_order[#graph.node_order + 1] = node
        node.number = #graph.node_order
        graph.is_element[slot] = true
    end
    local test = expression.labels(context, expression.slot(slot), element)
    if test then add_condition(graph, test) end
    add_properties(context, graph, slot, element.properties)
    pattern.add_where(context, graph, element.where)
    return slot
end

-- The condition on each edge of a walk, over the slot `test`.
local function walk_condition(context, element, edge)
    local conditions = {}
    local operand = expression.slot(edge.test)
    if element.properties and element.properties.kind == "map" then
        for i, name in ipairs(element.properties.names) do
            conditions[#conditions + 1] = { kind = "EQ",
                expression.property(context, operand, name),
                expression.make(context, element.properties.values[i]) }
        end
    elseif element.properties then
        conditions[1] = { kind = "CALL", text = "containsmap",
                          { kind = "CALL", text = "properties", operand },
                          expression.make(context, element.properties) }
    end
    if element.label_expression then
        conditions[#conditions + 1] = expression.labels(context, operand,
            { label_expression = element.label_expression })
    end
    if element.where and edge.test == edge.slot then -- of a path of one edge
        conditions[#conditions + 1] = expression.make(context, element.where)
    end
    if element.group and element.group.condition then
        conditions[#conditions + 1] = expression.make(context,
                                                      element.group.condition)
    end
    return expression.all(conditions)
end

-- The lists that nodes of a group are outside of it: [e IN edges | f(e)].
local function add_lists(context, graph, group, edge)
    for _, list in ipairs(group.lists) do
        local slot = context:new_slot()
        graph.paths[#graph.paths + 1] = {
            slot = list.variable.id, slots = { edge.slot },
            name = list.variable.name,
            expr = { kind = "FOR_EACH", number = slot,
                     expression.slot(edge.slot), false,
                     { kind = "CALL", text = list.name,
                       expression.slot(slot) } } }
    end
end

local function add_edge(context, graph, element, from, to)
    local edge = {
        slot = element.variable.id, from = from, to = to, name = element.name,
        direction = element.direction, types = {}, bound = element.bound,
        length = element.length, at = element.at, clause = graph.clauses,
    }
    for i, name in ipairs(element.types or {}) do
        edge.types[i] = context:name("type", name)
    end
    edge.type_names = element.types or {}
    context.types_of[edge.slot] = edge.type_names
    if element.length or element.shortest then
        edge.test = element.group and element.group.variable.id or
            element.length and context:new_slot() or edge.slot
        edge.condition = walk_condition(context, element, edge)
    else
        local operand = expression.slot(edge.slot)
        if element.label_expression then
            add_condition(graph, expression.labels(context, operand,
                { label_expression = element.label_expression }))
        end
        add_properties(context, graph, edge.slot, element.properties)
    end
    if edge.test ~= edge.slot then
        pattern.add_where(context, graph, element.where)
    end
    graph.edges[#graph.edges + 1] = edge
    graph.is_element[edge.slot] = true
    if element.group then add_lists(context, graph, element.group, edge) end
    return edge
end

local function add_path(context, graph, path)
    local elements = path.elements
    local slots = { add_node(context, graph, elements[1]) }
    for i = 2, #elements, 2 do
        local from = slots[#slots]
        local to = add_node(context, graph, elements[i + 1])
        if path.shortest then
            elements[i].shortest = path.shortest
        end
        local edge = add_edge(context, graph, elements[i], from, to)
        if path.shortest then
            edge.shortest, edge.is_one = path.shortest, not edge.length
            edge.is_chosen_first = path.is_chosen_first
            edge.length = edge.length or { min = 1, max = 1 }
        end
        slots[#slots + 1] = edge.slot
        slots[#slots + 1] = to
        edge.path = path.variable and path.variable.id
        edge.mode = path.mode -- of the path, so of any part of it
    end
    if path.variable then
        graph.paths[#graph.paths + 1] =
            { slot = path.variable.id, slots = slots, name = path.name }
    end
    pattern.add_where(context, graph, path.where)
end

-- Of a test of a node's labels its slot: LABELS, or OR of tests of one each.
local function labels_of(expr)
    if expr.kind == "LABELS" and expr[1].kind == "SLOT" then
        return expr[1].number
    elseif expr.kind ~= "OR" then
        return nil
    end
    for _, operand in ipairs(expr) do
        if operand.kind ~= "LABELS" or #operand.names ~= 1 or
            operand[1].kind ~= "SLOT" or
            operand[1].number ~= expr[1][1].number then
            return nil
        end
    end
    return expr[1][1].number
end

-- Labels that the conditions say a node has, wherever they stand.
local function find_labels(context, graph)
    for _, condition in ipairs(graph.conditions) do
        local slot = not condition.labels_of and labels_of(condition.expr)
        local node = slot and graph.nodes[slot]
        if node then
            condition.labels_of = slot
            if condition.expr.kind == "LABELS" then
                for _, name in ipairs(condition.expr.names) do
                    local label = context.names[name + 1].text
                    node.labels[#node.labels + 1] = label
                    context:label(slot, label)
                end
            end
        end
    end
end

--- The graph of some path patterns and a WHERE:
--   nodes by slot, node_order, edges, is_element (their slots), paths { slot,
--   slots }, conditions { expr, reads (set of slots) }
function pattern.graph(context, patterns, where)
    local graph = { nodes = {}, node_order = {}, edges = {}, paths = {},
                    conditions = {}, is_element = {}, clauses = 0 }
    pattern.add(context, graph, patterns, where)
    return graph
end

-- What a quantifier over a shortest path says of each edge, which is in the
-- slot `test`: of it alone, or of both its ends; nil: it is no such. And
-- whether that is all: of a path without edges it says nothing of the node.
local function of_each(edge, expr)
    if expr.kind ~= "QUANTIFIER" or
        expr.code ~= "ALL" and expr.code ~= "NONE" then
        return nil
    end
    local list, test = expr[1], expression.slot(edge.test)
    local call = list.kind == "CALL" and list[1] and list[1].kind == "SLOT" and
        list[1].number == edge.path and list.text:lower()
    local items
    if call == "nodes" then
        items = { kind = "LIST", { kind = "CALL", text = "startnode", test },
                  { kind = "CALL", text = "endnode", test } }
    elseif call == "relationships" or list.kind == "SLOT" and
        list.number == edge.slot then
        items = { kind = "LIST", test }
    end
    local reads = free.reads(expr[2], {})
    if not items or reads[edge.slot] or reads[edge.path] then return nil end
    return { kind = "QUANTIFIER", code = expr.code, number = expr.number,
             items, expr[2] }, call ~= "nodes"
end

-- Whether all(r IN e WHERE ...) of a walk's edges may be asked of each while it
-- is walked: it must not have to wait for what else is found, nor raise or be
-- costly of edges that no row would have had.
local function is_of_walk(graph, edge, expr)
    local list = expr[1]
    if list.kind ~= "SLOT" or list.number ~= edge.slot or edge.bound or
        not expression.is_early(expr[2]) or expression.finds(expr[2]) then
        return false
    end
    local reads = free.reads(expr, {})
    for slot in pairs(reads) do
        if slot ~= edge.slot and graph.is_element[slot] then return false end
    end
    for _, path in ipairs(graph.paths) do
        if reads[path.slot] then return false end
    end
    return true
end

-- Asks `each` of every edge of a walk; what all(r IN e WHERE ...) says, if it
-- is the only condition, of r itself.
local function ask_each(edge, expr, each)
    if edge.condition then
        edge.condition = expression.all({ edge.condition, each })
    elseif expr.code == "ALL" and expr[1].kind == "SLOT" then
        edge.test, edge.condition = expr.number, expr[2]
    else
        edge.condition = each
    end
end

-- WHERE all(r IN relationships(p) WHERE ...) chooses among paths before the
-- shortest is chosen: it is asked of every edge on the way. So are none() and
-- nodes(p); whatever else WHERE says is asked of the shortest. Of other walks
-- what their edges' own name is asked for keeps them short. What is chosen
-- first (ANY SHORTEST) is asked on the way what the pattern itself says, and
-- what WHERE says, conditions from `of_where` on, when it is chosen.
local function ask_on_the_way(graph, first_edge, first_condition, of_where)
    for i = first_edge, #graph.edges do
        local edge = graph.edges[i]
        local last = edge.is_chosen_first and of_where - 1 or #graph.conditions
        for k = first_condition, edge.length and last or 0 do
            local condition = graph.conditions[k]
            local each, is_of_edges = of_each(edge, condition.expr)
            if each and (edge.shortest or
                is_of_walk(graph, edge, condition.expr)) then
                ask_each(edge, condition.expr, each)
                condition.is_done = is_of_edges
            end
        end
    end
end

--- Adds what another MATCH looks for: its edges may be those of the others.
function pattern.add(context, graph, patterns, where)
    local edges, conditions = #graph.edges, #graph.conditions
    graph.clauses = graph.clauses + 1
    for _, path in ipairs(patterns) do add_path(context, graph, path) end
    local of_where = #graph.conditions + 1
    pattern.add_where(context, graph, where)
    ask_on_the_way(graph, edges + 1, conditions + 1, of_where)
    find_labels(context, graph)
end

--- The slots that a graph binds, beyond those in `known`.
function pattern.sets(graph, known)
    local slots = {}
    local function add(slot)
        if not known[slot] then slots[#slots + 1] = slot end
    end
    for _, node in ipairs(graph.node_order) do add(node.slot) end
    for _, edge in ipairs(graph.edges) do add(edge.slot) end
    for _, path in ipairs(graph.paths) do add(path.slot) end
    return slots
end

return pattern
