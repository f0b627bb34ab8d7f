-- The planner: a checked statement becomes a plan.

local barrier = require("namidb.plan.barrier")
local context = require("namidb.plan.context")
local encode = require("namidb.plan.encode")
local free = require("namidb.plan.free")
local hops = require("namidb.plan.hops")
local query = require("namidb.plan.query")

local plan = {}

-- The names of a statement's variables, by their slots.
local function slot_names(ast)
    local names, seen = {}, {}
    local function walk(node)
        if seen[node] then return end
        seen[node] = true
        if node.id and node.kind and node.name then
            names[node.id] = node.name
        end
        for _, field in pairs(node) do
            if type(field) == "table" then walk(field) end
        end
    end
    walk(ast)
    return names
end

--- Plans a checked AST (namidb.cypher.ast).
--
-- options: statistics (plan/cost.lua), functions (names that the user
-- registered), indexes (plan/index.lua), segments and is_far
-- (plan/cold.lua), evaluate (plan/fold.lua):
-- evaluate(expr) -> true, value of an expression of constants; or false where
-- it raises.
-- Returns { bytes, places (see encode.plan), constants = { n = count, ... },
-- columns = { name, ... }, params = { name, ... }, names and cold
-- (plan/context.lua), writes = boolean, mode, and unless that is "run" what
-- plan/explain.lua wants }; or nil and an error. Nothing of it leads to what
-- the options close over: a plan is kept for as long as a handle is there.
function plan.make(ast, options)
    local made = context.new(ast.bindings, options)
    made.subplan = query.subplan
    local ok, root, slots = pcall(query.plan, made, ast, {},
                                  { kind = "ARGUMENT" })
    if not ok then
        if type(root) == "table" and root.code then return nil, root end
        error(root, 0)
    end
    local columns, names = {}, {}
    for i, name in ipairs(ast.columns or {}) do
        columns[i] = { name = name, slot = slots[i] }
        names[i] = name
    end
    if ast.writes then root = barrier.add(root, #columns > 0) end
    if made.has_walks then hops.count(made, root) end
    free.mark(root, slots, made.has_walks)
    local bytes, places = encode.plan(made, columns, root)
    local is_told = ast.mode ~= "run"
    return {
        bytes = bytes, places = places, constants = made.constants,
        columns = names, params = made.params, writes = ast.writes,
        mode = ast.mode, names = made.names, cold = made.cold,
        tree = is_told and root or nil,
        slot_names = is_told and slot_names(ast) or nil,
    }
end

-- A copy whose constants are of a context of its own.
local function moved(made, expr)
    if expr.kind == "CONST" then return made:constant(expr.value) end
    local copy = { kind = expr.kind, text = expr.text, keys = expr.keys }
    for i, part in ipairs(expr) do copy[i] = moved(made, part) end
    return copy
end

--- A plan of one row with one column, "value": an expression of constants, of
-- calls, lists and maps of them. Returns its bytes and constants.
function plan.value(expr)
    local made = context.new(0)
    local root = { kind = "PROJECT", child = { kind = "ARGUMENT" },
                   items = { { slot = 0, expr = moved(made, expr) } } }
    free.mark(root, { 0 })
    local bytes = encode.plan(made, { { name = "value", slot = 0 } }, root)
    return bytes, made.constants
end

return plan
