-- What a step of the builder names: "age", "f", "f.name", "key(f)",
-- "count(distinct f.city) as cities".
--
-- A name that `as` gave is that element, `name.property` its property, and any
-- other name a property of the current element. What is named is resolved at
-- once, so that a mistake is the step's.
--
-- A field is { id?, property?, call?, distinct?, star?, aggregate?, alias?,
-- text }: a property of element `id` (or the element), handed to a function.

local field = {}

local AGGREGATES = { count = true, sum = true, avg = true, min = true,
                     max = true, collect = true, stdev = true, stdevp = true }

-- Markers that stand where a value may.
local Param = { __name = "namidb.param" }
local Other = { __name = "namidb.field" }

function Param.__tostring(self) return "$" .. self.name end
function Other.__tostring(self) return self.text end

--- namidb.param("min"): the value that `rows`, `all` ... are given under that
-- name.
function field.param(name)
    if type(name) ~= "string" or not name:find("^%a[%w_]*$") then
        error("param: a name is a letter, then letters, digits and _", 0)
    end
    return setmetatable({ name = name }, Param)
end

--- namidb.field("f.age"): what another element has, to compare with.
function field.other(text)
    if type(text) ~= "string" then
        error("field: a string is wanted, not a " .. type(text), 0)
    end
    return setmetatable({ text = text }, Other)
end

function field.is_param(value) return getmetatable(value) == Param end
function field.is_other(value) return getmetatable(value) == Other end

-- "f", "f.name" or "name".
local function reference(state, step, text)
    local found = state.by_name[text]
    local name, property = text:match("^([^.]+)%.(.+)$")
    if not found and name then
        found = state.by_name[name]
        if not found then
            error(("%s: no element is called '%s'"):format(step, name), 0)
        end
    end
    if not found then return { id = state.current, property = text } end
    if found.is_hidden then
        error(("%s: '%s' is known inside `exists` only"):format(step,
              name or text), 0)
    end
    return { id = found.id, property = property }
end

local function call(state, step, name, inner)
    local lower = name:lower()
    if inner == "*" then
        if lower ~= "count" then
            error(("%s: only count takes *, not %s"):format(step, name), 0)
        end
        return { star = true, call = "count", aggregate = true }
    end
    local rest = inner:match("^[dD][iI][sS][tT][iI][nN][cC][tT]%s+(.+)$")
    if rest and not AGGREGATES[lower] then
        error(("%s: %s is no aggregate and takes no distinct"):format(step,
              name), 0)
    end
    local result = reference(state, step, rest or inner)
    result.call, result.aggregate = name, AGGREGATES[lower]
    result.distinct = rest ~= nil
    return result
end

local function trim(text)
    return text:match("^%s*(.-)%s*$")
end

--- The field that `text` names in a query's state. Raises texts.
function field.read(state, step, text)
    if type(text) ~= "string" then
        error(("%s: a name is a string, not a %s"):format(step, type(text)), 0)
    end
    local body, alias = trim(text):match("^(.-)%s+[aA][sS]%s+(%S+)$")
    body = body or trim(text)
    if body == "" then
        error(("%s: a name is wanted, not '%s'"):format(step, text), 0)
    end
    local name, inner = body:match("^([%a_][%w_.]*)%(%s*(.-)%s*%)$")
    local result
    if name and inner ~= "" then
        result = call(state, step, name, inner)
    elseif name or body:find("[()]") then
        error(("%s: '%s' is no name and no function of one"):format(step,
              body), 0)
    else
        result = reference(state, step, body)
    end
    result.alias, result.text = alias, body
    return result
end

--- The name of the column that a field becomes.
function field.column(item)
    return item.alias or item.text
end

return field
