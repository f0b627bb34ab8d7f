-- A statement's clauses, one after the other, as one tree of operators.

local expression = require("namidb.plan.expression")
local match = require("namidb.plan.match")
local outer = require("namidb.plan.outer")
local pattern = require("namidb.plan.pattern")
local projection = require("namidb.plan.projection")
local rare = require("namidb.plan.rare")
local semi = require("namidb.plan.semi")
local update = require("namidb.plan.update")

local query = {}

local clauses = {} -- by kind: (state, clause), over state.op
local plan_query

local function copy(set)
    local result = {}
    for slot in pairs(set) do result[slot] = true end
    return result
end

local function add_all(set, slots)
    for _, slot in ipairs(slots) do set[slot] = true end
end

-- A WITH that hands on some variables as they are, and no more.
local function is_handing_on(clause)
    if clause.kind ~= "with" or clause.grouped or clause.distinct or
        clause.skip or clause.limit or #clause.order > 0 then
        return false
    end
    for _, item in ipairs(clause.items) do
        local node = item.expression
        if node.kind ~= "variable" or node.variable ~= item.variable then
            return false
        end
    end
    return true
end

-- MATCH clauses in a row are one pattern, so that it may start in any of them;
-- the WHERE of a WITH between them, or behind them, is one of its conditions.
local function match_all(state, run)
    local graph = pattern.graph(state.context, {}, nil)
    for _, clause in ipairs(run) do
        pattern.add(state.context, graph, clause.patterns or {}, clause.where)
    end
    state.op = match.plan(state.context, state.op, graph, state.known)
end

-- The MATCH clauses from `at` on, as many as there are in a row.
local function matches_from(list, at)
    local run = {}
    while list[at] and (list[at].kind == "match" and not list[at].optional or
        #run > 0 and is_handing_on(list[at])) do
        run[#run + 1] = list[at]
        at = at + 1
    end
    return run
end

-- An inner plan for each row; for all rows of a chunk at once, where it can.
local function apply(state, code, sets, inner)
    local can_batch = code ~= "RUN" and state.op.kind ~= "ARGUMENT"
    return { kind = "APPLY", code = code, sets = sets, inner = inner,
             row = can_batch and
                semi.number_rows(state.context, inner, true) or nil,
             child = state.op }
end

function clauses.match(state, clause) -- OPTIONAL MATCH
    local context = state.context
    local graph = pattern.graph(context, clause.patterns, clause.where)
    local sets = pattern.sets(graph, state.known)
    local inner = match.plan(context, { kind = "ARGUMENT" }, graph,
                             copy(state.known))
    local one_by_one = apply(state, "OPTIONAL", sets, inner)
    state.op = outer.join(context, state.op, clause, state.known, one_by_one)
        or one_by_one
    add_all(state.known, sets)
end

function clauses.unwind(state, clause)
    state.op = { kind = "UNWIND", slot = clause.variable.id, child = state.op,
                 expr = expression.make(state.context, clause.list) }
    state.known[clause.variable.id] = true
end

clauses["with"] = function(state, clause)
    state.op = projection.plan(state.context, state.op, clause)
    for _, item in ipairs(clause.items) do
        state.known[item.variable.id] = true
    end
end
clauses["return"] = clauses["with"]

for _, kind in ipairs({ "create", "merge", "set", "remove", "delete" }) do
    clauses[kind] = function(state, clause)
        state.op = update[kind](state.context, state.op, clause, state.known)
    end
end

function clauses.foreach(state, clause)
    local inner = { context = state.context, known = copy(state.known),
                    op = { kind = "ARGUMENT" } }
    inner.known[clause.variable.id] = true
    for _, part in ipairs(clause.clauses) do clauses[part.kind](inner, part) end
    state.op = { kind = "FOREACH", slot = clause.variable.id,
                 expr = expression.make(state.context, clause.list),
                 inner = inner.op, child = state.op }
end

local function columns_of(procedure)
    local columns = {}
    for i, column in ipairs(procedure and procedure.yields or {}) do
        columns[column.name or column] = i - 1
    end
    return columns
end

function clauses.call(state, clause)
    local context, columns = state.context, columns_of(clause.procedure)
    local arguments, yields = {}, {}
    for i, argument in ipairs(clause.arguments or {}) do
        arguments[i] = expression.make(context, argument)
    end
    for i, yield in ipairs(clause.yields) do
        yields[i] = { slot = yield.variable.id,
                      column = columns[yield.field] or i - 1 }
        state.known[yield.variable.id] = true
    end
    state.op = { kind = "CALL", text = clause.name, arguments = arguments,
                 yields = yields, child = state.op }
    if clause.where then
        state.op = { kind = "FILTER", child = state.op,
                     expr = expression.make(context, clause.where) }
    end
end

function clauses.load_csv(state, clause)
    local context = state.context
    state.op = { kind = "CALL", text = "namidb.load_csv", child = state.op,
        arguments = {
            expression.make(context, clause.from),
            context:constant(clause.headers),
            clause.terminator and expression.make(context, clause.terminator)
                or context:constant(","),
        },
        yields = { { slot = clause.variable.id, column = 0 } } }
    state.known[clause.variable.id] = true
end

local function project(state, variable, expr)
    state.op = { kind = "PROJECT", child = state.op,
                 items = { { slot = variable.id, expr = expr } } }
    state.known[variable.id] = true
end

local function index(context, slot, at)
    return { kind = "INDEX", expression.slot(slot), context:constant(at) }
end

-- About how many rows a batch has.
local BATCH_ROWS = 1000

function clauses.rows(state, clause)
    local context, row = state.context, state.context:new_slot()
    local list = { kind = "PARAM", number = context:param("~rows"),
                   name = "~rows" }
    if clause.is_told then
        local batch = context:new_slot()
        state.op = { kind = "UNWIND", slot = batch, expr = list,
                     child = state.op }
        if clause.status then
            project(state, clause.status_variable, index(context, batch, 0))
        end
        list = index(context, batch, 1)
    end
    state.op = { kind = "UNWIND", slot = row, expr = list, child = state.op,
                 rows = BATCH_ROWS }
    for i, variable in ipairs(clause.variables) do
        project(state, variable, index(context, row, i - 1))
    end
end

-- What is before it is done; that nothing comes of it is said by the columns.
function clauses.finish() end

function clauses.subquery(state, clause)
    local inner, slots = plan_query(state.context, clause.query, state.known,
                                    { kind = "ARGUMENT" })
    local sets = clause.returning and slots or {}
    local code = clause.optional and "OPTIONAL" or "EACH"
    state.op = apply(state, clause.returning and code or "RUN", sets, inner)
    add_all(state.known, sets)
end

local function plan_single(context, node, known, op)
    local state = { context = context, known = copy(known), op = op }
    local at = 1
    while node.clauses[at] do
        local clause = node.clauses[at]
        local run = matches_from(node.clauses, at)
        if #run > 0 then
            match_all(state, run)
        else
            clauses[clause.kind](state, clause)
        end
        at = at + math.max(#run, 1)
    end
    local slots = {}
    for i, binding in ipairs(node.outputs or {}) do slots[i] = binding.id end
    return state.op, slots
end

-- Other parts of a union put their columns into the slots of the first.
local function align(op, first, names, part, slots)
    local items, at = {}, {}
    for i, name in ipairs(names) do at[name] = first[i] end
    for i, name in ipairs(part.columns) do
        items[i] = { slot = at[name], expr = expression.slot(slots[i]) }
    end
    return { kind = "PROJECT", items = items, child = op }
end

--- The root of a query and its output slots. `known`: slots of the row around
-- it; op: what it starts from.
function plan_query(context, node, known, op)
    local root, slots = plan_single(context, node.parts[1], known, op)
    for i = 2, #node.parts do
        local part = node.parts[i]
        local inner, own = plan_single(context, part, known,
                                       { kind = "ARGUMENT" })
        root = { kind = "UNION", child = root, inner =
            align(inner, slots, node.parts[1].columns, part, own) }
    end
    if node.union == "distinct" then
        root = { kind = "DISTINCT", slots = slots, child = root }
    end
    return root, slots
end
query.plan = plan_query

-------------------------------------------------- plans inside expressions

local subplan = { comparison = semi.comparison }

local SKIPPED = { variable = true, definition = true, procedure = true,
                  accumulator_variable = true }

-- Slots of patterns in a query: those that it introduces, those that it found.
local function find_slots(node, introduced, bound)
    if node.kind == "node_pattern" or node.kind == "edge_pattern" then
        local set = node.bound and bound or introduced
        set[node.variable.id] = true
    end
    for key, field in pairs(node) do
        if type(field) == "table" and not SKIPPED[key] then
            find_slots(field, introduced, bound)
        end
    end
end

function subplan.query(context, node, code)
    local introduced, known = {}, {}
    find_slots(node, introduced, known)
    for slot in pairs(introduced) do known[slot] = nil end
    local root, slots = plan_query(context, node, known, { kind = "ARGUMENT" })
    local expr = semi.subplan(context, code, root, slots[1])
    if code ~= "COLLECT" then expr.match = rare.match_of(node, root) end
    return expr
end

function subplan.pattern(context, node)
    local known = {}
    for _, binding in ipairs(node.imports or {}) do known[binding.id] = true end
    local graph = pattern.graph(context, { node.pattern }, nil)
    local root = match.plan(context, { kind = "ARGUMENT" }, graph, known)
    local expr = semi.subplan(context, "EXISTS", root)
    expr.match = { patterns = { node.pattern }, plan = root }
    return expr
end

-- The shortest paths between two bound nodes, as a list.
function subplan.shortest(context, node)
    local known, slots = {}, {}
    for i, element in ipairs(node.pattern.elements) do
        slots[i] = element.variable.id
        if element.bound then known[slots[i]] = true end
    end
    local graph = pattern.graph(context, { node.pattern }, nil)
    local slot = context:new_slot()
    return semi.subplan(context, "COLLECT", {
        kind = "PROJECT",
        child = match.plan(context, { kind = "ARGUMENT" }, graph, known),
        items = { { slot = slot, expr = { kind = "PATH", slots = slots } } },
    }, slot)
end

function subplan.comprehension(context, node)
    local known = {}
    for _, element in ipairs(node.pattern.elements) do
        if element.bound then known[element.variable.id] = true end
    end
    local graph = pattern.graph(context, { node.pattern }, node.where)
    local op = match.plan(context, { kind = "ARGUMENT" }, graph, known)
    local slot = context:new_slot()
    return semi.subplan(context, "COLLECT", {
        kind = "PROJECT", child = op,
        items = { { slot = slot,
                    expr = expression.make(context, node.result) } },
    }, slot)
end

query.subplan = subplan

return query
