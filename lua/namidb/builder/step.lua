-- What the steps of a query share: states, which are never changed, and the
-- checks of what a step is given.
--
-- A state: { handle, clauses, count (of elements), current, labels, names,
-- by_name, born (clause of each element), columns, group, having, order, skip,
-- limit, is_distinct, has_aggregate } or, of a union, { parts, is_all,
-- column_names, order, skip, limit }. An element is a number; a clause is
-- { kind "match"|"optional"|"filter", paths, conditions }.

local core = require("namidb.core")
local field = require("namidb.builder.field")

local step = {}

function step.fail(name, message, ...)
    error(name .. ": " .. message:format(...), 0)
end

--- A state with some fields changed; its text is not the old one's.
function step.with(state, changes)
    local result = {}
    for key, value in pairs(state) do result[key] = value end
    result.kept = nil
    for key, value in pairs(changes) do result[key] = value end
    return result
end

--- A list with an item more.
function step.append(list, item)
    local result = {}
    for i = 1, #list do result[i] = list[i] end
    result[#result + 1] = item
    return result
end

--- A list or set with another value at `key`.
function step.put(map, key, value)
    local result = {}
    for each, old in pairs(map) do result[each] = old end
    result[key] = value
    return result
end

--- One name or several, as a list.
function step.name_list(name, what, given)
    if given == nil then return {} end
    if type(given) == "string" then given = { given } end
    if type(given) ~= "table" then
        step.fail(name, "%s is a name or names, not a %s", what, type(given))
    end
    for i, each in ipairs(given) do
        if type(each) ~= "string" or each == "" then
            step.fail(name, "%s %d is no name", what, i)
        end
    end
    return given
end

--- Gives an element a name of its own.
function step.call(state, name, id, kind, given)
    if type(given) ~= "string" or given == "" or given:find("[.()%s]") then
        step.fail(name, "a name without dots, spaces and parentheses is wanted")
    elseif state.by_name[given] then
        step.fail(name, "'%s' is a name already", given)
    elseif state.names[id] then
        step.fail(name, "it is called '%s' already", state.names[id])
    end
    return step.with(state, {
        names = step.put(state.names, id, given),
        by_name = step.put(state.by_name, given, { id = id, kind = kind }),
    })
end

--- A node that has a name.
function step.node(state, name, given)
    local found = state.by_name[given]
    if not found or found.kind ~= "node" or found.is_hidden then
        step.fail(name, "no node is called '%s'", tostring(given))
    end
    return found.id
end

------------------------------------------------------------------- conditions

local OPERATORS = {
    ["="] = "=", ["=="] = "=", ["<>"] = "<>", ["~="] = "<>", ["!="] = "<>",
    ["<"] = "<", ["<="] = "<=", [">"] = ">", [">="] = ">=", ["in"] = "IN",
    ["starts with"] = "STARTS WITH", ["ends with"] = "ENDS WITH",
    contains = "CONTAINS", ["=~"] = "=~",
}
local UNARY = { ["is null"] = "IS NULL", ["is not null"] = "IS NOT NULL" }
local NO_VALUES = { ["function"] = true, thread = true, ["nil"] = true }

local function operator_of(name, given)
    local text = type(given) == "string" and given:lower() or ""
    if not OPERATORS[text] and not UNARY[text] then
        step.fail(name, "unknown operator '%s'", tostring(given))
    end
    return OPERATORS[text] or UNARY[text], UNARY[text] ~= nil
end

--- Checks a value; gives it back.
function step.value(name, value)
    if NO_VALUES[type(value)] then
        step.fail(name, "a value is wanted, not %s", value == nil and "nil" or
            "a " .. type(value))
    elseif value == core.null then
        step.fail(name, "nothing compares with null: use \"is null\"")
    end
    return value
end

--- { kind = "compare", left, operator, right or value or unary }.
function step.compare(state, name, left, operator, value)
    local condition = { kind = "compare", left = field.read(state, name, left) }
    if condition.left.aggregate or condition.left.alias then
        step.fail(name, "'%s' is no value of one row", left)
    end
    condition.operator, condition.unary = operator_of(name, operator)
    if condition.unary then return condition end
    if field.is_other(value) then
        condition.right = field.read(state, name, value.text)
        if condition.right.aggregate or condition.right.alias then
            step.fail(name, "'%s' is no value of one row", value.text)
        end
    else
        condition.value = step.value(name, value)
    end
    return condition
end

--- A property of the current element, whatever its name is, equals a value.
function step.equals(state, name, property, value)
    return { kind = "compare", operator = "=", value = step.value(name, value),
             left = { id = state.current, property = property } }
end

--- A condition on a column: { column, operator, value or unary }.
function step.column_compare(name, column, operator, value)
    local condition = { column = column }
    condition.operator, condition.unary = operator_of(name, operator)
    if not condition.unary then condition.value = step.value(name, value) end
    return condition
end

--- Adds a condition to the clause that is open; behind an optional match it
-- filters what came of that.
function step.add_condition(state, condition)
    local clauses = state.clauses
    local last = clauses[#clauses]
    if not last or last.kind == "optional" then
        last = { kind = "filter", paths = {}, conditions = {} }
        clauses = step.append(clauses, last)
    end
    local changed = { kind = last.kind, paths = last.paths,
                      conditions = step.append(last.conditions, condition) }
    return step.with(state, {
        clauses = step.put(clauses, #clauses, changed) })
end

----------------------------------------------------------------------- hops

--- A state whose last clause may take paths.
function step.open_match(state)
    local last = state.clauses[#state.clauses]
    if last and last.kind == "match" then return state end
    return step.with(state, { clauses = step.append(state.clauses,
        { kind = "match", paths = {}, conditions = {} }) })
end

--- Puts paths in place of those of the last clause.
function step.set_paths(state, paths)
    local at = #state.clauses
    local last = state.clauses[at]
    return step.with(state, { clauses = step.put(state.clauses, at,
        { kind = last.kind, paths = paths, conditions = last.conditions }) })
end

--- A new element: the state, its number.
function step.new_element(state)
    local id = state.count + 1
    return step.with(state, { count = id,
        born = step.put(state.born, id, #state.clauses) }), id
end

local HOP_OPTIONS = { min = "number", max = "number", as = "string",
                      to = "string", props = "table" }

--- Checks the options of a hop; gives them back.
function step.hop_options(name, options)
    if options == nil then return {} end
    if type(options) ~= "table" then
        step.fail(name, "options are a table, not a %s", type(options))
    end
    for key, value in pairs(options) do
        if not HOP_OPTIONS[key] then
            step.fail(name, "unknown option '%s'", tostring(key))
        elseif type(value) ~= HOP_OPTIONS[key] then
            step.fail(name, "option %s: a %s is wanted, not a %s", key,
                      HOP_OPTIONS[key], type(value))
        elseif key == "min" or key == "max" then
            step.whole(name, value)
        end
    end
    if options.min and options.max and options.min > options.max then
        step.fail(name, "min is more than max")
    end
    for key, value in pairs(options.props or {}) do
        if type(key) ~= "string" then
            step.fail(name, "props are values by names")
        end
        step.value(name, value)
    end
    return options
end

--- Checks a whole number from 0; gives it back.
function step.whole(name, value)
    if type(value) ~= "number" or value < 0 or value ~= math.floor(value) or
        value > 2 ^ 53 then
        step.fail(name, "a whole number from 0 is wanted, not %s",
                  tostring(value))
    end
    return value
end

return step
