-- The operators that find a pattern: where to start, which way to walk (order),
-- and each condition as soon as all that it reads is known.

local cost = require("namidb.plan.cost")
local expression = require("namidb.plan.expression")
local free = require("namidb.plan.free")
local index = require("namidb.plan.index")
local join = require("namidb.plan.join")
local named = require("namidb.plan.named")
local order = require("namidb.plan.order")
local rare = require("namidb.plan.rare")

local match = {}

local unpack = table.unpack or unpack

local function filter(state, expr)
    state.op = { kind = "FILTER", expr = expr, child = state.op }
end

local function is_known(state, reads)
    for slot in pairs(reads) do
        if not state.known[slot] and state.pending[slot] then return false end
    end
    return true
end

-- Paths whose parts are known become values.
local function bind_paths(state)
    for _, path in ipairs(state.graph.paths) do
        if state.pending[path.slot] then
            local is_whole = true
            for _, slot in ipairs(path.slots) do
                if not state.known[slot] then is_whole = false end
            end
            if is_whole then
                local expr = path.expr or
                    { kind = "PATH", slots = path.slots }
                state.op = { kind = "PROJECT", child = state.op, items = {
                    { slot = path.slot, expr = expr, is_safe = true } } }
                state.known[path.slot] = true
                state.pending[path.slot] = nil
            end
        end
    end
end

-- Whether a condition reads nothing, and might raise: it waits for the rows.
local function must_wait(condition)
    return next(condition.reads) == nil and
        not expression.is_early(condition.expr)
end

-- is_last: the rows are found. What a plan or a function of the host is asked
-- comes behind what the row itself says.
local function apply_conditions(state, is_last)
    local costly
    bind_paths(state)
    for _, condition in ipairs(state.graph.conditions) do
        if not condition.is_done and is_known(state, condition.reads) and
            (is_last or not must_wait(condition)) then
            condition.is_done = true
            if expression.is_volatile(condition.expr) then
                costly = costly or {}
                costly[#costly + 1] = condition.expr
            else
                filter(state, condition.expr)
            end
        end
    end
    if not costly then return end
    for _, expr in ipairs(costly) do filter(state, expr) end
end

-- by: how a walk came to it (order.came_by).
local function learn(state, slot, by)
    state.known[slot] = by or true
    state.pending[slot] = nil
end

----------------------------------------------------------------------- starts

local IDENTIFIES = { id = true, key = true, elementid = true }

-- elementId(n) = x says id(n) = toIntegerOrNull(x), and more: of '07' and '7.5'
-- the condition itself has to tell.
local function id_of_text(call, value)
    if call.text ~= "elementid" then return call.text, value end
    return "id", { kind = "CALL", text = "tointegerornull", value }
end

local function seek_by(state, condition, element, call, value)
    local is_one = condition.expr.kind == "EQ"
    if call.kind ~= "CALL" or not IDENTIFIES[call.text] or
        call[1].kind ~= "SLOT" or call[1].number ~= element.slot or
        not is_known(state, free.reads(value, {})) then
        return nil
    end
    if call.text ~= "id" and not is_one then return nil end
    if call.text == "key" and (not element.labels or #element.labels == 0) then
        return nil
    end
    local kind, wanted = id_of_text(call, value)
    return { kind = kind, value = wanted, condition = condition,
             is_exact = kind == call.text, is_list = not is_one,
             is_one = is_one }
end

-- `key(n) = x`, `id(n) = x`, `id(n) IN x`, `elementId(n) = x` with an x that is
-- known; of an edge its id.
local function seek_of(state, condition, element)
    local expr = condition.expr
    local kind = expr.kind
    if condition.is_done or kind ~= "EQ" and kind ~= "IN" then return nil end
    return seek_by(state, condition, element, expr[1], expr[2]) or
        kind == "EQ" and
        seek_by(state, condition, element, expr[2], expr[1]) or nil
end

-- The cheapest way to find an edge by itself; nil: there is none.
local function edge_start_of(state, edge)
    for _, condition in ipairs(state.graph.conditions) do
        local seek = seek_of(state, condition, edge)
        if seek then
            return { rows = 1, kept = 1, seek = seek, edge = edge,
                     node = state.graph.nodes[edge.from] }
        end
    end
    if #edge.types > 1 then return nil end
    local scan = order.edge_scan(state, edge)
    return index.edge_start_of(state, edge, scan) or scan
end

-- A start at any of several labels, (n:A|B), if that is fewer than `best`.
local function any_label(state, node, best)
    for _, condition in ipairs(state.graph.conditions) do
        if condition.labels_of == node.slot and not condition.is_done and
            condition.expr.kind == "OR" then
            local rows = 0
            for _, test in ipairs(condition.expr) do
                local label = state.context.names[test.names[1] + 1].text
                rows = rows + cost.nodes(state.context, label)
            end
            if rows < best.rows then
                best = { rows = rows, any = condition, node = node }
            end
        end
    end
    return best
end

local starts_for

-- The cheapest way to find a node: { rows =, seek = }, { rows =, label = },
-- { rows =, any = }, { rows =, named = } or { rows =, rare = }.
local function start_of(state, node)
    for _, condition in ipairs(state.graph.conditions) do
        local seek = seek_of(state, condition, node)
        if seek then return { rows = 1, seek = seek, node = node } end
    end
    local best = { rows = cost.nodes(state.context, nil), node = node }
    for _, label in ipairs(node.labels) do
        local rows = cost.nodes(state.context, label)
        if not best.label or rows < best.rows then
            best = { rows = rows, label = label, node = node }
        end
    end
    best = index.start_of(state, node, best) or
        named.start_of(state, node, any_label(state, node, best), is_known)
    return rare.start_of(state, node, best, starts_for)
end

-- The nodes of several labels, each once: those of the first, then those of the
-- second without the first, ...
local function scan_any(state, node, condition)
    condition.is_done = true
    local root, before = nil, {}
    for i, test in ipairs(condition.expr) do
        local scan = { kind = "SCAN", slot = node.slot, label = test.names[1],
                       child = { kind = "ARGUMENT" } }
        if i > 1 then
            local any = i == 2 and before[1] or
                { kind = "OR", unpack(before) }
            scan = { kind = "FILTER", child = scan,
                     expr = { kind = "NOT", any } }
        end
        before[i] = test
        root = root and { kind = "UNION", child = root, inner = scan } or scan
    end
    if state.op.kind == "ARGUMENT" then return root end
    return { kind = "APPLY", code = "EACH", sets = { node.slot }, inner = root,
             child = state.op }
end

-- An operator that finds nodes of the label has tested it, where it is all that
-- is wanted.
local function tested(state, node, label)
    for _, condition in ipairs(state.graph.conditions) do
        if condition.labels_of == node.slot and
            condition.expr.kind == "LABELS" and
            #condition.expr.names == 1 and condition.expr.names[1] == label then
            condition.is_done = true
        end
    end
end

local function begin_at(state, start)
    local node, seek = start.node, start.seek
    if seek and seek.kind == "id" then
        state.op = { kind = "SEEK_ID", slot = node.slot, expr = seek.value,
                     is_list = seek.is_list, child = state.op }
        seek.condition.is_done = seek.is_exact
    elseif seek and seek.kind == "index" then
        state.op = index.seek(state, start)
    elseif seek then
        state.op = { kind = "SEEK_KEY", slot = node.slot, expr = seek.value,
                     label = state.context:name("label", node.labels[1]),
                     child = state.op }
        seek.condition.is_done = seek.is_exact
        tested(state, node, state.op.label)
    elseif start.rare then
        state.op = rare.begin(state, start, function(op, graph)
            return match.plan(state.context, op, graph, {})
        end)
    elseif start.named then
        state.op = named.begin(state, start)
    elseif start.any then
        state.op = scan_any(state, node, start.any)
    else
        local label = start.label
        state.op = { kind = "SCAN", slot = node.slot, child = state.op,
                     label = label and state.context:name("label", label) }
        if label then tested(state, node, state.op.label) end
    end
    learn(state, node.slot)
    apply_conditions(state)
end

------------------------------------------------------------------------ edges

local function may_share_type(a, b)
    if #a.types == 0 or #b.types == 0 then return true end
    for _, type in ipairs(a.types) do
        for _, other in ipairs(b.types) do
            if type == other then return true end
        end
    end
    return false
end

-- Edges of the pattern, walked before, that this one might repeat.
local function rivals(state, edge)
    local slots = {}
    for _, other in ipairs(state.walked) do
        if edge.clause == other.clause and may_share_type(edge, other) and
            not other.shortest then
            slots[#slots + 1] = other.slot
        end
    end
    return slots
end

-- No edge is walked twice in one match.
local function keep_apart(state, edge)
    local slots = rivals(state, edge)
    if #slots > 0 then
        slots[#slots + 1] = edge.slot
        filter(state, { kind = "DIFFER", slots = slots })
    end
end

-- A node that an earlier clause found again: the new slot equals the old.
local function same(state, slot, expr)
    if state.known[slot] then
        filter(state, { kind = "EQ", expression.slot(slot), expr })
    else
        state.op = { kind = "PROJECT", child = state.op,
                     items = { { slot = slot, expr = expr } } }
        learn(state, slot)
    end
end

local function call(name, operand)
    return { kind = "CALL", text = name, operand }
end

-- The type of an edge is one of several.
local function filter_types(state, edge)
    local types = { kind = "LIST" }
    for i, name in ipairs(edge.type_names) do
        types[i] = state.context:constant(name)
    end
    filter(state, { kind = "IN", call("type", expression.slot(edge.slot)),
                    types })
end

-- An edge that is known already: its ends are asked of it.
local function walk_bound(state, edge)
    local context, operand = state.context, expression.slot(edge.slot)
    local start, finish = call("startnode", operand), call("endnode", operand)
    filter(state, { kind = "NOT_NULL", operand })
    if #edge.types > 0 then filter_types(state, edge) end
    if edge.direction == "both" then
        local pair = context:new_slot()
        local forth = { kind = "LIST", start, finish }
        local back = { kind = "LIST", finish, start }
        state.op = { kind = "UNWIND", slot = pair, child = state.op, expr = {
            kind = "CASE", branches = { {
                { kind = "EQ", start, finish }, { kind = "LIST", forth } } },
            otherwise = { kind = "LIST", forth, back } } }
        start = { kind = "INDEX", expression.slot(pair), context:constant(0) }
        finish = { kind = "INDEX", expression.slot(pair), context:constant(1) }
    elseif edge.direction == "in" then
        start, finish = finish, start
    end
    same(state, edge.from, start)
    apply_conditions(state)
    same(state, edge.to, finish)
    keep_apart(state, edge)
end

local function walk_shortest(state, edge)
    local length, list = edge.length, edge.slot
    if edge.is_one then list = state.context:new_slot() end
    state.op = {
        kind = "SHORTEST", slot = edge.from, edge = list, to = edge.to,
        direction = edge.direction, types = edge.types,
        flags = { INTO = true,
                  ALL_SHORTEST = edge.shortest == "all" or nil },
        min = length.min or 1, max = length.max, expr = edge.condition,
        test = edge.test, child = state.op,
    }
    if edge.is_one then
        state.op = { kind = "PROJECT", child = state.op, items = { {
            slot = edge.slot, expr = call("head", expression.slot(list)) } } }
    end
    learn(state, edge.slot)
end

local function walk_many(state, edge)
    local from, to, direction = order.ends(state, edge, state.known)
    local slot = edge.slot
    if edge.bound then slot = state.context:new_slot() end
    local into = state.known[to]
    state.context.has_walks = true
    state.op = {
        kind = "VAR_EXPAND", slot = from, edge = slot, to = to,
        direction = direction, types = edge.types,
        flags = { INTO = into and true or nil,
                  ACYCLIC = edge.mode == "acyclic" or nil,
                  SIMPLE = edge.mode == "simple" or nil },
        min = edge.length.min or 1, max = edge.length.max,
        expr = edge.condition, test = edge.test,
        excluded = rivals(state, edge), child = state.op,
    }
    if from ~= edge.from then -- walked backwards: turn the list around
        local reversed = call("reverse", expression.slot(slot))
        local walked = state.context:new_slot()
        state.op.edge = walked
        reversed[1] = expression.slot(walked)
        state.op = { kind = "PROJECT", child = state.op,
                     items = { { slot = slot, expr = reversed,
                                 is_safe = true } } }
    end
    if edge.bound then
        filter(state, { kind = "EQ", expression.slot(slot),
                        expression.slot(edge.slot) })
    end
    learn(state, edge.slot)
    if not into then learn(state, to) end
end

local function walk_one(state, edge)
    local from, to, direction = order.ends(state, edge, state.known)
    local into = state.known[to]
    state.op = {
        kind = "EXPAND", slot = from, edge = edge.slot, to = to,
        direction = direction, types = edge.types,
        flags = { INTO = into and true or nil }, child = state.op,
    }
    learn(state, edge.slot)
    if not into then learn(state, to, order.came_by(edge, direction)) end
    keep_apart(state, edge)
end

local function walk(state, edge)
    state.is_done[edge] = true
    if edge.shortest then
        walk_shortest(state, edge)
    elseif edge.length then
        walk_many(state, edge)
    elseif edge.bound then
        walk_bound(state, edge)
    else
        walk_one(state, edge)
    end
    state.walked[#state.walked + 1] = edge
    apply_conditions(state)
end

local function edge_operator(state, start)
    local edge, seek = start.edge, start.seek
    if seek and seek.kind == "index" then return index.seek(state, start) end
    local op = { kind = "SCAN_EDGES", edge = edge.slot, slot = edge.from,
                 to = edge.to, type = edge.types[1],
                 direction = edge.direction, child = state.op }
    if seek then
        op.kind, op.expr, op.is_list = "SEEK_EDGE_ID", seek.value, seek.is_list
        op.types = edge.types
        seek.condition.is_done = seek.is_exact
    end
    return op
end

-- An edge that is found by itself - by its id, in an index, or all of a type -
-- with both its ends.
local function begin_at_edge(state, start)
    local edge = start.edge
    state.is_done[edge] = true
    state.op = edge_operator(state, start)
    learn(state, edge.slot)
    learn(state, edge.from)
    learn(state, edge.to)
    if start.seek and start.seek.kind == "id" and #edge.types > 0 then
        filter_types(state, edge)
    end
    keep_apart(state, edge)
    state.walked[#state.walked + 1] = edge
    apply_conditions(state)
end

local function starts_of(state)
    local starts = {}
    for _, node in ipairs(state.graph.node_order) do
        if not state.known[node.slot] then
            starts[#starts + 1] = start_of(state, node)
        end
    end
    for _, edge in ipairs(state.graph.edges) do
        if order.can_start(state, edge) then
            starts[#starts + 1] = edge_start_of(state, edge)
        end
    end
    return starts
end

-- From a node that is found alone, by its key or so, its neighbours need not be
-- looked through for others that are found so as well.
local function begin_at_all(state, start, starts)
    local begin = start.edge and begin_at_edge or begin_at
    begin(state, start)
    if not order.is_one(start) then return end
    for _, other in ipairs(starts) do
        if order.is_one(other) and not state.known[other.node.slot] then
            begin_at(state, other)
        end
    end
end

-- Finds the part of the pattern around a start by a hash join, if that can be.
local function join_at(state, start)
    if not state.has_begun or start.seek or named.is_of_row(start) then
        return false
    end
    local edges = join.try(state, start, function(graph)
        return match.plan(state.context, { kind = "ARGUMENT" }, graph, {})
    end)
    if not edges then return false end
    for _, edge in ipairs(edges) do
        state.is_done[edge] = true
        if not edge.shortest then keep_apart(state, edge) end
    end
    for _, edge in ipairs(edges) do
        state.walked[#state.walked + 1] = edge
    end
    apply_conditions(state)
    return true
end

-- From so many rows on a part of a pattern that shares nothing with them is
-- found once for all, and not for each.
local MANY = 10

local function new_state(context, op, graph, known)
    local state = { context = context, op = op, base = op, graph = graph,
                    known = known, pending = {}, walked = {}, is_done = {},
                    shares = {}, has_begun = op.kind ~= "ARGUMENT" or
                        (op.rows or 1) >= MANY }
    for _, node in ipairs(graph.node_order) do
        if not known[node.slot] then state.pending[node.slot] = true end
    end
    for _, edge in ipairs(graph.edges) do
        if not edge.bound then state.pending[edge.slot] = true end
    end
    for _, path in ipairs(graph.paths) do state.pending[path.slot] = true end
    return state
end

-- Where a graph may be begun that is found on its own, after a state for it.
function starts_for(context, graph)
    local state = new_state(context, { kind = "ARGUMENT" }, graph, {})
    order.look_around(state)
    return state, starts_of(state)
end

--- What is read to find `graph` for so many rows in which the slots in `known`
-- are set, and how many rows that makes. nil: no single start leads to all.
function match.price(context, graph, known, rows)
    local state = new_state(context, { kind = "ARGUMENT" }, graph, known)
    order.look_around(state)
    local read, made, found = order.follow(state, rows)
    if order.is_whole(state, found) then return read, made end
    local best, best_made
    local starts = starts_of(state)
    for _, start in ipairs(starts) do
        read, made, _, found = order.simulate(state, start, starts)
        if (not best or read < best) and order.is_whole(state, found) then
            best, best_made = read, made
        end
    end
    return best and best * rows, best and best_made * rows
end

-- A node that is null (of an optional match) is no node; walks see to it.
local function test_lone_nodes(state)
    local is_walked = {}
    for _, edge in ipairs(state.graph.edges) do
        is_walked[edge.from], is_walked[edge.to] = true, true
    end
    for _, node in ipairs(state.graph.node_order) do
        if state.known[node.slot] and not is_walked[node.slot] then
            filter(state, { kind = "NOT_NULL", expression.slot(node.slot) })
        end
    end
end

--- Adds the operators that find `graph` to `op`, where the slots in `known` are
-- set. An ARGUMENT whose `rows` are many gives all rows of a chunk at once.
-- Returns the root; `known` grows by what was found.
function match.plan(context, op, graph, known)
    local state = new_state(context, op, graph, known)
    test_lone_nodes(state)
    apply_conditions(state)
    while true do
        local edge = order.next_edge(state, state.known, state.is_done)
        if edge then
            walk(state, edge)
        else
            local starts = starts_of(state)
            local start = order.best_start(state, starts)
            if not start then break end
            if not join_at(state, start) then
                begin_at_all(state, start, starts)
            end
        end
        state.has_begun = true
    end
    apply_conditions(state, true)
    return state.op
end

return match
