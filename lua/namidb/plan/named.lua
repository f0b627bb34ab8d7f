-- MATCH (n:$(x)): nodes of labels that a value names, which the run looks up
-- and scans by, where the value is known before the nodes are.

local cost = require("namidb.plan.cost")
local expression = require("namidb.plan.expression")
local free = require("namidb.plan.free")

local named = {}

local IS_ANY = { hasallnames = false, hasanyname = true }

-- Of a test of a node's labels against a value the value, and whether one of
-- several will do; nil: it is no such test.
local function value_of(expr, slot)
    if expr.kind ~= "CALL" or IS_ANY[expr.text] == nil then return nil end
    local names = expr[1]
    if names.kind ~= "CALL" or names.text ~= "namesof" or
        names[1].kind ~= "SLOT" or names[1].number ~= slot then
        return nil
    end
    return expr[2], IS_ANY[expr.text]
end

--- A start of a node at the labels that a value names, or `best` if that has
-- fewer rows. is_known(reads): whether slots are known.
function named.start_of(state, node, best, is_known)
    local rows = cost.nodes(state.context, nil) * cost.NAMED
    if (best.label or best.any) and best.rows <= rows then return best end
    for _, condition in ipairs(state.graph.conditions) do
        local value, is_any = value_of(condition.expr, node.slot)
        if value and not condition.is_done and
            not expression.is_volatile(value) and
            is_known(state, free.reads(value, {})) then
            return { rows = rows, node = node,
                     named = { condition = condition, value = value,
                               is_any = is_any } }
        end
    end
    return best
end

--- Whether a start is at labels that each row names, which finds less than all
-- nodes that a join would.
function named.is_of_row(start)
    return start.named ~= nil and
        next(free.reads(start.named.value, {})) ~= nil
end

--- The operator of such a start.
function named.begin(state, start)
    local choice = start.named
    choice.condition.is_done = true
    return { kind = "SCAN_NAMED", slot = start.node.slot, expr = choice.value,
             is_any = choice.is_any, child = state.op }
end

return named
