-- Expressions, evaluated one row at a time, straight from the rules.
--
-- eval(context, env, node): context = { graph =, group = rows of an aggregate,
-- or nil }, env = { name = value }, node = { k = kind, ... } as generate.lua
-- makes them.

local functions = require("spec.property.functions")
local label = require("spec.property.label")
local pattern = require("spec.property.pattern")
local temporal = require("spec.property.temporal")
local types = require("spec.property.types")
local value = require("spec.property.value")

local expression = {}

local NULL = value.NULL
local bool, float, int, list = value.bool, value.float, value.int, value.list

local rules = {}

local function eval(context, env, node)
    return rules[node.k](context, env, node)
end
expression.eval = eval

local function truth(context, env, node)
    return value.truth(eval(context, env, node))
end
expression.truth = truth

local function extend(env, name, v)
    local made = setmetatable({}, { __index = env })
    made[name] = v
    return made
end

function rules.lit(_, _, node) return node.v end
function rules.param(_, _, node) return node.v end

function rules.var(_, env, node)
    local v = env[node.name]
    if v == nil then error({ undefined = node.name }, 0) end
    return v
end

function rules.prop(context, env, node)
    local a = eval(context, env, node.a)
    if a == NULL then return NULL end
    if a.t == "map" then return a.v[node.name] or NULL end
    if temporal.is(a) then
        local v = temporal.component(a, node.name)
        return v and int(v) or NULL
    end
    return functions.entity(context, a).props[node.name] or NULL
end

------------------------------------------------------------------ arithmetic

local function check_int(v)
    if v ~= v or v > 2 ^ 53 or v < -2 ^ 53 then value.skip("large") end
    return int(v)
end

local function truncate(v)
    return v < 0 and math.ceil(v) or math.floor(v)
end

local function fmod(a, b)
    if b ~= b or a ~= a or b == 0 or a == 1 / 0 or a == -1 / 0 then
        return 0 / 0
    end
    return math.fmod(a, b)
end

local function of_floats(op, a, b)
    if op == "+" then return a + b end
    if op == "-" then return a - b end
    if op == "*" then return a * b end
    if op == "/" then return a / b end
    if op == "%" then return fmod(a, b) end
    return a ^ b
end

local function of_numbers(op, a, b)
    if a.t == "float" or b.t == "float" or op == "^" then
        return float(of_floats(op, a.v + 0.0, b.v + 0.0))
    end
    if (op == "/" or op == "%") and b.v == 0 then value.fail("division") end
    if op == "/" then return check_int(truncate(a.v / b.v)) end
    if op == "%" then return check_int(math.fmod(a.v, b.v)) end
    return check_int(of_floats(op, a.v, b.v))
end

local function concat(a, b)
    local items = {}
    for _, part in ipairs({ a, b }) do
        if part.t == "list" then
            for _, item in ipairs(part) do items[#items + 1] = item end
        else
            items[#items + 1] = part
        end
    end
    return list(items)
end

-- A duration and what it can be added to or multiplied by.
local function of_durations(op, a, b)
    if op == "+" and b.t ~= "duration" then a, b = b, a end
    if op == "*" then return temporal.multiply(a, b.v) end
    return temporal.add(a, b, op == "+" and 1 or -1)
end

function rules.arith(context, env, node)
    local a, b = eval(context, env, node.a), eval(context, env, node.b)
    if a == NULL or b == NULL then return NULL end
    if a.t == "duration" or b.t == "duration" then
        return of_durations(node.op, a, b)
    end
    if value.is_number(a) and value.is_number(b) then
        return of_numbers(node.op, a, b)
    end
    if node.op ~= "+" then value.fail("arithmetic") end
    if a.t == "list" or b.t == "list" then return concat(a, b) end
    if a.t == "str" and b.t == "str" then return value.str(a.v .. b.v) end
    if a.t == "str" and b.t == "int" then
        return value.str(a.v .. ("%d"):format(b.v))
    end
    return value.fail("addition")
end

function rules.neg(context, env, node)
    local a = eval(context, env, node.a)
    if a == NULL then return NULL end
    return { t = a.t, v = -a.v }
end

------------------------------------------------------------------ conditions

local function holds(op, c)
    if c == "nan" then return false end
    if op == "<" then return c < 0 end
    if op == "<=" then return c <= 0 end
    if op == ">" then return c > 0 end
    return c >= 0
end

local function compare(op, a, b)
    if op == "=" then return value.equal(a, b) end
    if op == "<>" then
        local same = value.equal(a, b)
        if same == nil then return nil end
        return not same
    end
    local c = value.compare(a, b)
    if c == nil then return nil end
    return holds(op, c)
end

-- a || b: two strings, or two lists.
function rules.concat(context, env, node)
    local a, b = eval(context, env, node.a), eval(context, env, node.b)
    if a == NULL or b == NULL then return NULL end
    if a.t ~= b.t or a.t ~= "str" and a.t ~= "list" then
        value.fail("|| of " .. a.t .. " and " .. b.t)
    end
    if a.t == "str" then return value.str(a.v .. b.v) end
    local items = {}
    for _, part in ipairs({ a, b }) do
        for _, item in ipairs(part) do items[#items + 1] = item end
    end
    return list(items)
end

-- a < b < c: every pair holds.
function rules.cmp(context, env, node)
    local result = true
    local left = eval(context, env, node.items[1])
    for i, op in ipairs(node.ops) do
        local right = eval(context, env, node.items[i + 1])
        local one = compare(op, left, right)
        if one == false then result = false end
        if one == nil and result then result = nil end
        left = right
    end
    return bool(result)
end

function rules.logic(context, env, node)
    local a, b = truth(context, env, node.a), truth(context, env, node.b)
    if node.op == "AND" then
        if a == false or b == false then return bool(false) end
        if a == nil or b == nil then return NULL end
        return bool(true)
    elseif node.op == "OR" then
        if a or b then return bool(true) end
        if a == nil or b == nil then return NULL end
        return bool(false)
    end
    if a == nil or b == nil then return NULL end
    return bool(a ~= b)
end

rules["not"] = function(context, env, node)
    local a = truth(context, env, node.a)
    if a == nil then return NULL end
    return bool(not a)
end

function rules.typed(context, env, node)
    local is_one = types.holds(node.type, eval(context, env, node.a))
    return bool(is_one ~= (node.negated or false))
end

function rules.isnull(context, env, node)
    local is_null = eval(context, env, node.a) == NULL
    return bool(is_null ~= (node.negated or false))
end

rules["in"] = function(context, env, node)
    local a, b = eval(context, env, node.a), eval(context, env, node.b)
    if b == NULL then return NULL end
    local result = false
    for _, item in ipairs(b) do
        local same = value.equal(a, item)
        if same then return bool(true) end
        if same == nil then result = nil end
    end
    return bool(result)
end

function rules.strpred(context, env, node)
    local a, b = eval(context, env, node.a), eval(context, env, node.b)
    if a.t ~= "str" or b.t ~= "str" then return NULL end
    if node.op == "CONTAINS" then
        return bool(a.v:find(b.v, 1, true) ~= nil)
    elseif node.op == "STARTS WITH" then
        return bool(a.v:sub(1, #b.v) == b.v)
    end
    return bool(b.v == "" or a.v:sub(-#b.v) == b.v)
end

function rules.haslabel(context, env, node)
    local a = eval(context, env, node.a)
    if a == NULL then return NULL end
    local entity = functions.entity(context, a)
    return bool(label.holds(node.only,
                            entity.labels or { [entity.type] = true }))
end

----------------------------------------------------------------------- calls

function rules.call(context, env, node)
    local arguments = {}
    for i, argument in ipairs(node.args) do
        arguments[i] = eval(context, env, argument)
    end
    if node.name == "coalesce" then
        for _, argument in ipairs(arguments) do
            if argument ~= NULL then return argument end
        end
        return NULL
    end
    return functions.call(context, node.name:lower(), arguments)
end

local STRING_TESTS = { ["STARTS WITH"] = true, ["ENDS WITH"] = true,
                       CONTAINS = true }

-- Whether a WHEN holds of the operand: any of its tests.
local function is_met(context, env, when, operand)
    if value.equal(operand, eval(context, env, when.c)) then return true end
    for _, test in ipairs(when.tests or {}) do
        local left = { k = "lit", v = operand }
        local node = { k = "isnull", a = left, negated = not test.is_null }
        if test.is_null == nil then
            node = { k = STRING_TESTS[test.op] and "strpred" or "cmp",
                     op = test.op, a = left, b = test.e, ops = { test.op },
                     items = { left, test.e } }
        end
        if truth(context, env, node) then return true end
    end
    return false
end

rules["case"] = function(context, env, node)
    local operand = node.operand and eval(context, env, node.operand)
    for _, when in ipairs(node.whens) do
        local is_true
        if operand then
            is_true = is_met(context, env, when, operand)
        else
            is_true = value.truth(eval(context, env, when.c))
        end
        if is_true then return eval(context, env, when.r) end
    end
    return node.otherwise and eval(context, env, node.otherwise) or NULL
end

----------------------------------------------------------------- collections

function rules.listlit(context, env, node)
    local items = {}
    for i, item in ipairs(node.items) do
        items[i] = eval(context, env, item)
    end
    return list(items)
end

function rules.maplit(context, env, node)
    local map = {}
    for i, key in ipairs(node.keys) do
        map[key] = eval(context, env, node.items[i])
    end
    return value.map(map)
end

-- n {.a, .*, b: 1, c}: of what is named twice the later counts.
function rules.mapproj(context, env, node)
    local a = eval(context, env, node.a)
    if a == NULL then return NULL end
    local props = functions.properties(context, a).v
    local map = {}
    for _, item in ipairs(node.items) do
        if item.all then
            for name, v in pairs(props) do map[name] = v end
        elseif item.prop then
            map[item.prop] = props[item.prop] or NULL
        elseif item.key then
            map[item.key] = eval(context, env, item.e)
        else
            map[item.var] = env[item.var]
        end
    end
    return value.map(map)
end

function rules.index(context, env, node)
    local a, b = eval(context, env, node.a), eval(context, env, node.b)
    if a == NULL or b == NULL then return NULL end
    if a.t ~= "list" then value.fail("index") end
    local at = b.v < 0 and #a + b.v + 1 or b.v + 1
    return a[at] or NULL
end

function rules.slice(context, env, node)
    local a = eval(context, env, node.a)
    local from = node.from and eval(context, env, node.from) or int(0)
    local to = node.to and eval(context, env, node.to)
    if a == NULL or from == NULL or to == NULL then return NULL end
    local first, last = from.v, to and to.v or #a
    if first < 0 then first = math.max(first + #a, 0) end
    if last < 0 then last = last + #a end
    local items = {}
    for i = first + 1, math.min(last, #a) do items[#items + 1] = a[i] end
    return list(items)
end

function rules.comp(context, env, node)
    local all = eval(context, env, node.list)
    if all == NULL then return NULL end
    local items = {}
    for _, item in ipairs(all) do
        local inner = extend(env, node.var, item)
        if not node.where or truth(context, inner, node.where) then
            items[#items + 1] = node.result and
                eval(context, inner, node.result) or item
        end
    end
    return list(items)
end

function rules.quant(context, env, node)
    local all = eval(context, env, node.list)
    if all == NULL then return NULL end
    local yes, unknown = 0, 0
    for _, item in ipairs(all) do
        local is_true = truth(context, extend(env, node.var, item), node.where)
        if is_true then yes = yes + 1 end
        if is_true == nil then unknown = unknown + 1 end
    end
    local no = #all - yes - unknown
    if node.q == "any" or node.q == "none" then
        if yes > 0 then return bool(node.q == "any") end
        if unknown > 0 then return NULL end
        return bool(node.q == "none")
    elseif node.q == "all" then
        if no > 0 then return bool(false) end
        if unknown > 0 then return NULL end
        return bool(true)
    end
    if yes > 1 then return bool(false) end
    if unknown > 0 then return NULL end
    return bool(yes == 1)
end

function rules.reduce(context, env, node)
    local all = eval(context, env, node.list)
    local result = eval(context, env, node.init)
    if all == NULL then return NULL end
    for _, item in ipairs(all) do
        local inner = extend(extend(env, node.var, item), node.acc, result)
        result = eval(context, inner, node.e)
    end
    return result
end

-------------------------------------------------------------------- patterns

function rules.patpred(context, env, node)
    return bool(#pattern.match(context, env, { node.pattern }, eval) > 0)
end

-- One path between two nodes, or null; or all that are shortest.
function rules.shortest(context, env, node)
    local path, paths = {}, {}
    for key, field in pairs(node.pattern) do path[key] = field end
    path.name = "a shortest path"
    for i, row in ipairs(pattern.match(context, env, { path }, eval)) do
        paths[i] = row[path.name]
    end
    if path.shortest == "all" then return list(paths) end
    return paths[1] or NULL
end

function rules.patcomp(context, env, node)
    local items = {}
    for _, row in ipairs(pattern.match(context, env, { node.pattern }, eval)) do
        if not node.where or truth(context, row, node.where) then
            items[#items + 1] = eval(context, row, node.result)
        end
    end
    return list(items)
end

-- EXISTS, COUNT and COLLECT { MATCH ... WHERE ... RETURN e }.
-- Of a whole query the rows of its one column.
local function query_rows(context, env, query)
    local clause = require("spec.property.clause") -- which needs this file
    local _, made = clause.run(context, query, env)
    local rows = {}
    for i, row in ipairs(made) do rows[i] = row[1] end
    return rows, #rows
end

local function pattern_rows(context, env, node)
    local rows, count = {}, 0
    for _, row in ipairs(pattern.match(context, env, node.patterns, eval)) do
        if not node.where or truth(context, row, node.where) then
            count = count + 1
            rows[count] = node.result and eval(context, row, node.result)
        end
    end
    return rows, count
end

function rules.sub(context, env, node)
    local rows, count
    if node.query then
        rows, count = query_rows(context, env, node.query)
    else
        rows, count = pattern_rows(context, env, node)
    end
    if node.what == "EXISTS" then return bool(count > 0) end
    if node.what == "COUNT" then return int(count) end
    return list(rows)
end

------------------------------------------------------------------ aggregates

-- The values that an aggregate takes: those that are not null.
local function gather(context, node)
    local items, seen = {}, {}
    for _, row in ipairs(context.group) do
        local inner = { graph = context.graph }
        local v = node.arg and eval(inner, row, node.arg) or bool(true)
        local text = node.distinct and value.text(v)
        if v ~= NULL and not (text and seen[text]) then
            items[#items + 1] = v
            if text then seen[text] = true end
        end
    end
    return items
end

local function sum(items)
    local total, is_float = 0, false
    for _, item in ipairs(items) do
        total = total + item.v
        if item.t == "float" then is_float = true end
    end
    return is_float and float(total + 0.0) or check_int(total)
end

local function extreme(items, wanted)
    local best
    for _, item in ipairs(items) do
        if not best or value.order(item, best) == wanted then best = item end
    end
    return best or NULL
end

local aggregates = {}

function aggregates.count(items) return int(#items) end
function aggregates.sum(items) return sum(items) end
function aggregates.collect(items) return list(items) end
function aggregates.min(items) return extreme(items, -1) end
function aggregates.max(items) return extreme(items, 1) end

function aggregates.avg(items)
    if #items == 0 then return NULL end
    return float(sum(items).v / #items)
end

function rules.agg(context, _, node)
    return aggregates[node.name](gather(context, node))
end

return expression
