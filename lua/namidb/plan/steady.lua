-- What gives the same whenever and however often it is asked for: neither
-- chance nor functions of the user's have a part in it.

local expression = require("namidb.plan.expression")

local steady = {}

local function differs(part)
    return expression.is_chance(part) or
        part.kind == "SUBPLAN" and not steady.plan(part.plan)
end

--- Whether an expression is.
function steady.expression(expr)
    return not expression.any(expr, differs)
end

--- Whether all that an operator itself evaluates is.
function steady.operator(op)
    if op.expr and not steady.expression(op.expr) then return false end
    for _, expr in ipairs(op.exprs or {}) do
        if not steady.expression(expr) then return false end
    end
    for _, item in ipairs(op.items or {}) do
        if not steady.expression(item.expr) then return false end
    end
    return true
end

--- Whether a plan that changes nothing is.
function steady.plan(op)
    while op do
        if op.kind == "CALL" or not steady.operator(op) or
            op.inner and not steady.plan(op.inner) then
            return false
        end
        op = op.child
    end
    return true
end

return steady
