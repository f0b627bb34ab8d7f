-- Parts of a pattern that share nothing: found apart, once each, and joined; by
-- a hash where a condition says that something of the one equals something of
-- the other.

local cost = require("namidb.plan.cost")
local free = require("namidb.plan.free")

local join = {}

local CHANGES = { CREATE = true, MERGE = true, SET = true, DELETE = true,
                  FOREACH = true, APPLY = true, CALL = true }

-- The slots of the part of the pattern that a node is in: what edges connect
-- with it, and paths of those only.
local function part_of(state, slot)
    local part, graph = { [slot] = true }, state.graph
    local has_grown = true
    while has_grown do
        has_grown = false
        for _, edge in ipairs(graph.edges) do
            if not state.is_done[edge] and (part[edge.from] or part[edge.to])
                and not (part[edge.slot] and part[edge.from] and
                    part[edge.to]) then
                part[edge.from], part[edge.to] = true, true
                part[edge.slot] = true
                has_grown = true
            end
        end
    end
    return part
end

local function is_within(reads, part)
    for slot in pairs(reads) do
        if not part[slot] then return false end
    end
    return next(reads) ~= nil
end

-- The sides of an equality between a part and what is known already.
local function sides(state, condition, part)
    local expr = condition.expr
    if expr.kind ~= "EQ" or condition.is_done then return nil end
    local function try(inside, outside)
        if not is_within(free.reads(inside, {}), part) then return nil end
        local reads = free.reads(outside, {})
        if next(reads) == nil then return nil end
        for slot in pairs(reads) do
            if part[slot] or state.pending[slot] and not state.known[slot] then
                return nil
            end
        end
        return { inside = inside, outside = outside, condition = condition }
    end
    return try(expr[1], expr[2]) or try(expr[2], expr[1])
end

-- The part as a graph of its own.
local function graph_of(state, part)
    local graph = state.graph
    local result = { nodes = {}, node_order = {}, edges = {}, paths = {},
                     conditions = {}, is_element = graph.is_element }
    for _, node in ipairs(graph.node_order) do
        if part[node.slot] then
            result.nodes[node.slot] = node
            result.node_order[#result.node_order + 1] = node
        end
    end
    for _, edge in ipairs(graph.edges) do
        if part[edge.slot] and not state.is_done[edge] then
            result.edges[#result.edges + 1] = edge
        end
    end
    for _, condition in ipairs(graph.conditions) do
        if not condition.is_done and is_within(condition.reads, part) then
            result.conditions[#result.conditions + 1] = condition
        end
    end
    return result
end

-- Whether a walk is found by what is in the part alone.
local function is_own(edge, part)
    if edge.bound then return false end
    local reads = edge.condition and free.reads(edge.condition, {}) or {}
    for slot in pairs(reads) do
        if slot ~= edge.test and not part[slot] then return false end
    end
    return true
end

local function add_keys(op, keys, equalities, side)
    if #equalities == 0 then return op end
    local items = {}
    for i, equality in ipairs(equalities) do
        items[i] = { slot = keys[i], expr = equality[side] }
    end
    return { kind = "PROJECT", items = items, child = op }
end

local function has(op, kinds)
    while op do
        if kinds[op.kind] or op.inner and has(op.inner, kinds) then
            return true
        end
        op = op.child
    end
    return false
end

-- Whether rows come in an order that was asked for.
local function is_sorted(op)
    while op and op.kind ~= "SORT" and not op.order do op = op.child end
    return op ~= nil
end

-- The build side runs first, whole, so it may not stand before a change that is
-- to be seen by it; else it is the smaller side, and rows that were sorted stay
-- in their order.
local function keep_first(state, found)
    if has(state.op, CHANGES) then return true end
    if is_sorted(state.op) then return false end
    return cost.rows(state.context, state.op) <= cost.rows(state.context, found)
end

-- Nodes of a label, or all: to scan them again is as good as to keep them.
local function is_bare(graph)
    return #graph.edges == 0 and (#graph.conditions == 0 or
        #graph.conditions == 1 and graph.conditions[1].labels_of ~= nil)
end

--- Finds the part of the pattern around `start` by a hash join with what is
-- found already. plan(graph) gives the operator that finds a graph on its own.
-- Returns the edges of the part; nil: it had better be looked for again for
-- each row, or is not on its own.
function join.try(state, start, plan)
    local part = part_of(state, start.node.slot)
    local equalities = {}
    for slot in pairs(part) do
        if state.known[slot] then return nil end
    end
    for _, condition in ipairs(state.graph.conditions) do
        equalities[#equalities + 1] = sides(state, condition, part)
    end
    local graph, keys, on = graph_of(state, part), {}, {}
    if #equalities == 0 and is_bare(graph) then return nil end
    for _, edge in ipairs(graph.edges) do
        if not is_own(edge, part) then return nil end
    end
    local found = plan(graph)
    for i, equality in ipairs(equalities) do
        keys[i] = state.context:new_slot()
        on[i] = equality.condition.expr
        equality.condition.is_done = true
    end
    local probe = add_keys(state.op, keys, equalities, "outside")
    local build = add_keys(found, keys, equalities, "inside")
    local is_inner = not keep_first(state, found)
    if not is_inner then probe, build = build, probe end
    state.op = { kind = "JOIN", keys = keys, part = part, is_inner = is_inner,
                 on = on, inner = build, child = probe }
    for slot in pairs(part) do
        state.known[slot], state.pending[slot] = true, nil
    end
    return graph.edges
end

return join
