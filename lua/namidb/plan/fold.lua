-- What an expression of constants is, it is once: when the plan is made. So
-- `date('2020-01-01')` is a value that zones and indexes can be asked for, and
-- `1 + 2` is no work for each row.
--
-- The executor itself finds the value, so that there is one arithmetic. What
-- raises there stays as it is, and raises when (and if) the statement runs.
-- Nothing is folded that may differ from run to run, and no floats: LuaJIT does
-- not tell 3.0 from 3.

local core = require("namidb.core")

local fold = {}

-- Functions that give a temporal value or a point, and how many arguments they
-- need so that they do not ask the clock.
local CALLS = { date = 1, time = 1, localtime = 1, datetime = 1,
                localdatetime = 1, duration = 1, point = 1,
                ["date.truncate"] = 2, ["time.truncate"] = 2,
                ["localtime.truncate"] = 2, ["datetime.truncate"] = 2,
                ["localdatetime.truncate"] = 2, ["duration.between"] = 2,
                ["duration.inmonths"] = 2, ["duration.indays"] = 2,
                ["duration.inseconds"] = 2 }

local ARITHMETIC = { ADD = true, SUB = true, MUL = true, DIV = true,
                     MOD = true, NEG = true }

-- Expressions that are true, false or null, or raise.
local IS_LOGICAL = { EQ = true, NE = true, LT = true, LE = true, GT = true,
                     GE = true, IN = true, STARTS = true, ENDS = true,
                     CONTAINS = true, REGEX = true, IS_NULL = true,
                     NOT_NULL = true, NOT = true, AND = true, OR = true,
                     XOR = true, LABELS = true, QUANTIFIER = true }

local LARGE = 9007199254740992 -- 2^53

-- Whether all parts are constants, or maps and lists of such.
local function are_closed(expr)
    for _, part in ipairs(expr) do
        local is_holder = part.kind == "MAP" or part.kind == "LIST"
        if part.kind ~= "CONST" and not (is_holder and are_closed(part)) then
            return false
        end
    end
    return true
end

-- Literal integers are plain numbers, floats are not.
local function is_integer(value)
    return type(value) == "number" and value % 1 == 0 and
        math.abs(value) < LARGE
end

local function is_object(value)
    return (type(value) == "table" or type(value) == "userdata") and
        value ~= core.null
end

local function call(context, expr)
    local least = CALLS[expr.text]
    if not least or #expr < least or not are_closed(expr) then return expr end
    local ok, value = context.options.evaluate(expr)
    return ok and is_object(value) and context:constant(value) or expr
end

-- Of integers an integer; of times and durations one of them.
local function arithmetic(context, expr)
    local are_integers, are_objects = true, true
    for _, part in ipairs(expr) do
        if part.kind ~= "CONST" then return expr end
        are_integers = are_integers and is_integer(part.value)
        are_objects = are_objects and is_object(part.value)
    end
    if not are_integers and not are_objects then return expr end
    local ok, value = context.options.evaluate(expr)
    if ok and (are_integers and is_integer(value) or
        are_objects and is_object(value)) then
        return context:constant(value)
    end
    return expr
end

-- AND without what is true, OR without what is false. What is left alone must
-- be logical itself: `5 AND true` raises.
local function logic(expr, neutral)
    local left = { kind = expr.kind }
    for _, part in ipairs(expr) do
        if part.kind ~= "CONST" or part.value ~= neutral then
            left[#left + 1] = part
        end
    end
    if #left == #expr or #left == 0 then return expr end
    if #left > 1 then return left end
    return IS_LOGICAL[left[1].kind] and left[1] or expr
end

--- Whether a condition is always true.
function fold.is_true(expr)
    return expr.kind == "CONST" and expr.value == true
end

--- An expression whose operands are folded, folded itself. Needs
-- context.options.evaluate (plan/init.lua) for all but logic.
function fold.expression(context, expr)
    local kind = expr.kind
    if kind == "AND" then return logic(expr, true) end
    if kind == "OR" then return logic(expr, false) end
    if not context.options.evaluate then return expr end
    if kind == "CALL" then return call(context, expr) end
    if ARITHMETIC[kind] then return arithmetic(context, expr) end
    return expr
end

return fold
