-- A query of the builder as Cypher: its text and its parameters.
--
-- Values are parameters, always; names are quoted where they need to be. So a
-- query and the statement that says the same have one plan.

local field = require("namidb.builder.field")
local lexer = require("namidb.cypher.lexer")

local text = {}

local function quote(name)
    if name:find("^[%a_][%w_]*$") and not lexer.RESERVED[name:upper()] then
        return name
    end
    return "`" .. name:gsub("`", "``") .. "`"
end

-- A parameter that has this value: $_1, $_2 ..., which are no caller's names.
local function add_value(out, value)
    if field.is_param(value) then
        out.has_named = true
        return "$" .. value.name
    end
    out.count = out.count + 1
    local name = "_" .. out.count
    out.values[name] = value
    return "$" .. name
end

local function variable(state, id)
    local name = state.names[id]
    if name then return quote(name) end
    name = "n" .. id
    while state.by_name[name] do name = name .. "_" end
    return name
end

local function field_text(state, item)
    local inner = "*"
    if not item.star then
        inner = variable(state, item.id)
        if item.property then inner = inner .. "." .. quote(item.property) end
    end
    if item.distinct then inner = "DISTINCT " .. inner end
    if not item.call then return inner end
    return item.call .. "(" .. inner .. ")"
end

--------------------------------------------------------------------- patterns

local function props_text(out, props)
    if not props then return "" end
    local names, parts = {}, {}
    for name in pairs(props) do names[#names + 1] = name end
    table.sort(names)
    for i, name in ipairs(names) do
        parts[i] = quote(name) .. ": " .. add_value(out, props[name])
    end
    return " {" .. table.concat(parts, ", ") .. "}"
end

-- A node where it stands first shows its labels.
local function node_text(out, state, id)
    local parts = { "(", variable(state, id) }
    if not out.shown[id] then
        for _, label in ipairs(state.labels[id] or {}) do
            parts[#parts + 1] = ":" .. quote(label)
        end
    end
    out.shown[id] = true
    parts[#parts + 1] = ")"
    return table.concat(parts)
end

local function length_text(hop)
    if not hop.min and not hop.max then return "" end
    return ("*%d..%s"):format(hop.min or 1,
        hop.max and ("%d"):format(hop.max) or "")
end

local LEFT = { out = "-[", into = "<-[", both = "-[" }
local RIGHT = { out = "]->", into = "]-", both = "]-" }

local function hop_text(out, state, hop)
    local types = {}
    for i, name in ipairs(hop.types) do types[i] = quote(name) end
    local name = state.names[hop.id] and variable(state, hop.id) or ""
    return LEFT[hop.direction] .. name .. (#types > 0 and ":" or "") ..
        table.concat(types, "|") .. length_text(hop) ..
        props_text(out, hop.props) .. RIGHT[hop.direction]
end

local function paths_text(out, state, paths)
    local parts = {}
    for i, path in ipairs(paths) do
        local steps = { node_text(out, state, path[1]) }
        for k = 2, #path, 2 do
            steps[k] = hop_text(out, state, path[k])
            steps[k + 1] = node_text(out, state, path[k + 1])
        end
        parts[i] = table.concat(steps)
    end
    return table.concat(parts, ", ")
end

------------------------------------------------------------------- conditions

local where_text

local show = {}

function show.compare(out, state, condition)
    local left = field_text(state, condition.left)
    if condition.unary then return left .. " " .. condition.operator end
    local right = condition.right and field_text(state, condition.right)
        or add_value(out, condition.value)
    return left .. " " .. condition.operator .. " " .. right
end

function show.any(out, state, condition)
    local parts = {}
    for i, each in ipairs(condition.conditions) do
        parts[i] = show[each.kind](out, state, each)
    end
    return "(" .. table.concat(parts, " OR ") .. ")"
end

show["not"] = function(out, state, condition)
    return "NOT (" .. show.compare(out, state, condition.condition) .. ")"
end

-- Node by id or by key; the value is a parameter.
function show.seek(out, state, condition)
    return ("%s(%s) = %s"):format(condition.call,
        variable(state, condition.id), add_value(out, condition.value))
end

function show.labels(_, state, condition)
    local parts = { variable(state, condition.id) }
    for i, label in ipairs(condition.labels) do parts[i + 1] = quote(label) end
    return table.concat(parts, ":")
end

function show.exists(out, state, condition)
    local clause = condition.clause
    return (condition.is_absent and "NOT " or "") .. "EXISTS { MATCH " ..
        paths_text(out, state, clause.paths) ..
        where_text(out, state, clause.conditions) .. " }"
end

function where_text(out, state, conditions)
    if #conditions == 0 then return "" end
    local parts = {}
    for i, condition in ipairs(conditions) do
        parts[i] = show[condition.kind](out, state, condition)
    end
    return " WHERE " .. table.concat(parts, " AND ")
end

local HEADS = { match = "MATCH ", optional = "OPTIONAL MATCH ",
                filter = "WITH *" }

local function clause_text(out, state, clause)
    return HEADS[clause.kind] .. paths_text(out, state, clause.paths) ..
        where_text(out, state, clause.conditions)
end

---------------------------------------------------------------------- columns

local function item_text(state, item)
    local body, name = field_text(state, item), quote(field.column(item))
    if body == name then return body end
    return body .. " AS " .. name
end

local function bounds_text(out, state)
    local parts = {}
    if state.skip ~= nil then
        parts[1] = " SKIP " .. add_value(out, state.skip)
    end
    if state.limit ~= nil then
        parts[#parts + 1] = " LIMIT " .. add_value(out, state.limit)
    end
    return table.concat(parts)
end

local function order_text(state, only_columns)
    local parts = {}
    for i, item in ipairs(state.order) do
        local body
        if item.column then
            body = quote(item.column)
        elseif only_columns then
            error(("order_by: '%s' is no column, and only columns are left")
                :format(item.field.text), 0)
        else
            body = field_text(state, item.field)
        end
        parts[i] = body .. (item.descending and " DESC" or "")
    end
    if #parts == 0 then return "" end
    return " ORDER BY " .. table.concat(parts, ", ")
end

local function names_text(names)
    local parts = {}
    for i, name in ipairs(names) do parts[i] = quote(name) end
    return table.concat(parts, ", ")
end

-- RETURN of the columns, behind WITH ... WHERE where groups are filtered.
local function return_text(out, state, columns)
    local parts = {}
    for i, item in ipairs(columns) do
        parts[i] = item_text(state, item)
    end
    local items = table.concat(parts, ", ")
    local is_distinct = state.is_distinct or
        #state.group > 0 and not state.has_aggregate
    local distinct = is_distinct and "DISTINCT " or ""
    if #state.having == 0 then
        return "RETURN " .. distinct .. items
    end
    parts = {}
    for i, condition in ipairs(state.having) do
        local left = quote(condition.column)
        parts[i] = condition.unary and left .. " " .. condition.operator or
            left .. " " .. condition.operator .. " " ..
            add_value(out, condition.value)
    end
    local names = {}
    for i, item in ipairs(columns) do names[i] = field.column(item) end
    return "WITH " .. items .. " WHERE " .. table.concat(parts, " AND ") ..
        " RETURN " .. distinct .. names_text(names)
end

local body_text

-- Both parts of a union; a union inside it is flat if it is of one kind.
local function union_text(out, state)
    local parts = {}
    for i, part in ipairs(state.parts) do
        if part.parts and (part.is_all ~= state.is_all or i > 1) or
            part.parts and (#part.order > 0 or part.skip or part.limit) then
            parts[i] = ("CALL { %s } RETURN %s"):format(
                body_text(out, part), names_text(state.column_names))
        else
            parts[i] = body_text(out, part)
        end
    end
    local union = table.concat(parts,
        state.is_all and " UNION ALL " or " UNION ")
    local bounds = order_text(state, true)
    bounds = bounds .. bounds_text(out, state)
    if bounds == "" then return union end
    return ("CALL { %s } RETURN %s%s"):format(union,
        names_text(state.column_names), bounds)
end

function body_text(out, state)
    if state.parts then return union_text(out, state) end
    local shown = out.shown
    out.shown = {}
    local parts = {}
    for i, clause in ipairs(state.clauses) do
        parts[i] = clause_text(out, state, clause)
    end
    parts[#parts + 1] = out.tail or
        return_text(out, state, state.columns_of(state)) ..
        order_text(state, #state.having > 0) .. bounds_text(out, state)
    out.shown = shown
    return table.concat(parts, " ")
end

local function new_out()
    return { values = {}, count = 0, has_named = false, shown = {} }
end

--- The text of a query's state, the values of its parameters, and whether it
-- has parameters that the caller gives values for.
function text.of(state)
    local out = new_out()
    return body_text(out, state), out.values, out.has_named
end

--- The same for the count of its rows.
function text.count(state)
    local out = new_out()
    local body
    if state.parts or state.is_distinct or state.skip ~= nil or
        state.limit ~= nil or #state.group > 0 or #state.having > 0 or
        state.has_aggregate then
        body = ("CALL { %s } RETURN count(*) AS count"):format(
            body_text(out, state))
    else
        out.tail = "RETURN count(*) AS count"
        body = body_text(out, state)
    end
    return body, out.values, out.has_named
end

return text
