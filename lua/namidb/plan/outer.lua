-- OPTIONAL MATCH from its other end: MATCH (a) OPTIONAL MATCH (a)-->(c:Rare)
-- asks each a whether it leads to a c. Where few c are meant it is less to find
-- them, once, with the nodes that lead to them, and to join what was found with
-- the rows by these nodes; a row that nothing joins goes on with nulls.
--
-- So it is where the pattern knows nothing of the row around it but nodes,
-- nothing in it can raise or be another each time (other nodes than a are found
-- with it), nothing before it changes the graph, and less is read.

local cost = require("namidb.plan.cost")
local expression = require("namidb.plan.expression")
local match = require("namidb.plan.match")
local pattern = require("namidb.plan.pattern")

local outer = {}

local CHANGES = { CREATE = true, MERGE = true, SET = true, DELETE = true,
                  FOREACH = true, CALL = true }

local function changes_anything(op)
    while op do
        if CHANGES[op.kind] or op.inner and changes_anything(op.inner) then
            return true
        end
        op = op.child
    end
    return false
end

-- The nodes of the row around it that the patterns are about, as slots in
-- order; nil: they know more of it, or may be no nodes.
local function shared_nodes(patterns, known)
    local slots, seen = {}, {}
    for _, path in ipairs(patterns) do
        if path.shortest then return nil end
        for i, element in ipairs(path.elements) do
            local binding = element.variable
            if known[binding.id] then
                if i % 2 == 0 or binding.kind ~= "node" then return nil end
                if not seen[binding.id] then
                    slots[#slots + 1], seen[binding.id] = binding.id, true
                end
            end
        end
    end
    return #slots > 0 and slots or nil
end

local function is_quiet(expr)
    if expr.kind == "IN" and expr[2].kind == "LIST" then
        for _, item in ipairs(expr[2]) do
            if not expression.is_plain(item) then return false end
        end
        return expression.is_plain(expr[1])
    elseif expr.kind == "AND" or expr.kind == "OR" or expr.kind == "NOT" then
        for _, part in ipairs(expr) do
            if not is_quiet(part) then return false end
        end
        return true
    end
    return expression.is_early(expr)
end

-- Whether a pattern asks nothing that may raise or that reads a slot outside of
-- it: `own` are those that it sets or shares.
local function is_alone(graph, own)
    for _, condition in ipairs(graph.conditions) do
        if not is_quiet(condition.expr) then return false end
        for slot in pairs(condition.reads) do
            if not own[slot] then return false end
        end
    end
    for _, edge in ipairs(graph.edges) do
        if edge.bound or edge.condition then return false end
    end
    return true
end

local function set_of(slots, others)
    local set = {}
    for _, slot in ipairs(slots) do set[slot] = true end
    for _, slot in ipairs(others or {}) do set[slot] = true end
    return set
end

-- Whether to find the whole pattern once, and to look each row up in it, is
-- less than to follow it from each row. Rows of a table are written and read.
local function is_less(context, graph, known, rows)
    local each = match.price(context, graph, known, rows)
    local once, made = match.price(context, graph, {}, 1)
    return each and once and once + 2 * made + rows < each
end

--- The operator for an OPTIONAL MATCH over `op`, of which `apply` is the one
-- that follows the pattern from each row; nil: that is the better one, or the
-- only one.
function outer.join(context, op, clause, known, apply)
    local keys = shared_nodes(clause.patterns, known)
    if not keys or changes_anything(op) then return nil end
    local graph = pattern.graph(context, clause.patterns, clause.where)
    local sets = pattern.sets(graph, known)
    if not is_alone(graph, set_of(sets, keys)) or
        not is_less(context, graph, known, cost.rows(context, op)) then
        return nil
    end
    return {
        kind = "JOIN", is_outer = true, is_inner = true, is_lasting = true,
        keys = keys, part = set_of(sets), sets = sets, on = {},
        inner = match.plan(context, { kind = "ARGUMENT" }, graph, {}),
        child = op, instead = apply,
    }
end

--- Makes such a join follow the pattern from each row again, of which few are
-- wanted after all. Other operators stay as they are.
function outer.give_up(op)
    local apply = op.instead
    if not apply then return end
    local child = op.child
    for name in pairs(op) do op[name] = nil end
    for name, field in pairs(apply) do op[name] = field end
    op.child = child
end

local PASSES = { PROJECT = true, FILTER = true, APPLY = true, JOIN = true }

--- The same for all below `op` of which a LIMIT above takes the first rows.
function outer.give_up_below(op)
    while PASSES[op.kind] do
        outer.give_up(op)
        op = op.child
    end
end

return outer
