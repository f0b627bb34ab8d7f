-- Queries as Lua values: db:match("Person"):out("KNOWS"):as("f") ...
--
-- Each step returns a new query and changes none, so a prefix can be shared. A
-- query says what a Cypher statement says: it is written as one
-- (builder/text.lua), with every value a parameter, and planned, cached and run
-- as one.

local blame = require("namidb.blame")
local core = require("namidb.core")
local field = require("namidb.builder.field")
local query = require("namidb.query")
local step = require("namidb.builder.step")
local text = require("namidb.builder.text")

local builder = { param = blame.wrap(field.param),
                  field = blame.wrap(field.other) }

local methods = {}
local Query = { __name = "namidb.builder", __index = methods }

local states = setmetatable({}, { __mode = "k" }) -- by query

local function new(state)
    local result = setmetatable({}, Query)
    states[result] = state
    return result
end

local function state_of(given, name)
    local state = states[given]
    if not state then
        step.fail(name, "a query is wanted, not a %s (is it `:` that calls?)",
                  type(given))
    end
    return state
end

-- A step that makes a query of a pattern: fn(state, ...) -> state.
local function pattern_step(name, fn)
    methods[name] = blame.wrap(function(self, ...)
        local state = state_of(self, name)
        if state.parts then
            step.fail(name, "only order_by, skip and limit follow a union")
        end
        return new(fn(state, ...))
    end)
end

----------------------------------------------------------------------- starts

local NEW = { clauses = {}, count = 0, labels = {}, names = {}, by_name = {},
              born = {}, columns = {}, group = {}, having = {}, order = {} }

-- A new path of one node.
local function start(state, label, key)
    local name = "match"
    local id, seek
    if type(label) == "number" or getmetatable(label) == core.node then
        seek = { kind = "seek", call = "id",
                 value = type(label) == "number" and label or label.id }
        if key ~= nil then step.fail(name, "an id needs no key") end
        label = nil
    end
    local labels = step.name_list(name, "a label", label)
    state = step.open_match(state)
    state, id = step.new_element(state)
    local paths = state.clauses[#state.clauses].paths
    state = step.set_paths(state, step.append(paths, { id }))
    state = step.with(state, { current = id,
        labels = step.put(state.labels, id, labels) })
    if key ~= nil then
        if #labels ~= 1 then step.fail(name, "a key needs its label") end
        seek = { kind = "seek", call = "key", value = step.value(name, key) }
    end
    if seek then
        seek.id = id
        state = step.add_condition(state, seek)
    end
    return state
end

--- handle:match(label, key) starts a query: at the nodes of a label (or of all
-- of several, or of none), at the one under a key, or at that of an id.
builder.match = blame.wrap(function(handle, label, key)
    return new(start(step.with(NEW, { handle = handle }), label, key))
end)

-- The same within a query: another node, from which further hops go.
pattern_step("match", start)

-- Back to a node that has a name.
pattern_step("at", function(state, given)
    return step.with(state, { current = step.node(state, "at", given) })
end)

-- Names the node where the query stands.
pattern_step("as", function(state, given)
    return step.call(state, "as", state.current, "node", given)
end)

-- The node has this label, or these, too.
pattern_step("label", function(state, given)
    local labels = step.name_list("label", "a label", given)
    if #labels == 0 then step.fail("label", "a name is wanted") end
    local id = state.current
    if state.born[id] ~= #state.clauses then
        return step.add_condition(state,
            { kind = "labels", id = id, labels = labels })
    end
    local all = state.labels[id] or {}
    for _, label in ipairs(labels) do all = step.append(all, label) end
    return step.with(state, { labels = step.put(state.labels, id, all) })
end)

------------------------------------------------------------------------ hops

local function add_hop(state, id, hop, to)
    local paths = state.clauses[#state.clauses].paths
    local last = paths[#paths]
    if last and last[#last] == id then
        local path = step.append(step.append(last, hop), to)
        return step.set_paths(state, step.put(paths, #paths, path))
    end
    return step.set_paths(state, step.append(paths, { id, hop, to }))
end

local function hop_step(name)
    pattern_step(name, function(state, types, options)
        types = step.name_list(name, "a type", types)
        options = step.hop_options(name, options)
        state = step.open_match(state)
        local from, id, to = state.current
        state, id = step.new_element(state)
        if options.to then
            to = step.node(state, name, options.to)
        else
            state, to = step.new_element(state)
        end
        if options.as then
            state = step.call(state, name, id, "edge", options.as)
        end
        local hop = { id = id, direction = name, types = types,
                      min = options.min, max = options.max,
                      props = options.props }
        return step.with(add_hop(state, from, hop, to), { current = to })
    end)
end

hop_step("out")
hop_step("into")
hop_step("both")

------------------------------------------------------------------- conditions

-- where(name, operator, value), or where({ property = value, ... }) of the
-- current element.
local function conditions_of(state, name, given, operator, value)
    if type(given) ~= "table" then
        return { step.compare(state, name, given, operator, value) }
    end
    local names, result = {}, {}
    for key in pairs(given) do
        if type(key) ~= "string" then
            step.fail(name, "conditions are values by names")
        end
        names[#names + 1] = key
    end
    table.sort(names)
    for i, key in ipairs(names) do
        result[i] = step.equals(state, name, key, given[key])
    end
    return result
end

pattern_step("where", function(state, given, operator, value)
    for _, condition in ipairs(conditions_of(state, "where", given, operator,
                                             value)) do
        state = step.add_condition(state, condition)
    end
    return state
end)

pattern_step("where_not", function(state, given, operator, value)
    return step.add_condition(state, { kind = "not",
        condition = step.compare(state, "where_not", given, operator, value) })
end)

-- where_any({ name, operator, value }, ...): at least one of them.
pattern_step("where_any", function(state, ...)
    local conditions = {}
    for i = 1, select("#", ...) do
        local each = select(i, ...)
        if type(each) ~= "table" then
            step.fail("where_any", "conditions are tables { name, operator, " ..
                "value }")
        end
        conditions[i] = step.compare(state, "where_any", each[1], each[2],
                                     each[3])
    end
    if #conditions == 0 then step.fail("where_any", "no condition") end
    return step.add_condition(state, { kind = "any", conditions = conditions })
end)

-- What fn makes of a query that stands at this one's node: its state and its
-- one clause.
local function inner_of(state, name, fn)
    if type(fn) ~= "function" then
        step.fail(name, "a function is wanted, not a %s", type(fn))
    end
    local inner = step.with(state, { is_inner = true, clauses = {} })
    local made = states[fn(new(inner))]
    if not made or not made.is_inner then
        step.fail(name, "the function returns no query of the one it is given")
    end
    local clause = made.clauses[1]
    if #made.clauses ~= 1 or #clause.paths == 0 then
        step.fail(name, "a pattern of its own is wanted, and nothing else")
    elseif #made.columns > 0 or #made.group > 0 or #made.order > 0 or
        made.limit ~= nil or made.skip ~= nil then
        step.fail(name, "a pattern selects, orders and bounds nothing")
    end
    return made, clause
end

local function exists_step(name, is_absent)
    pattern_step(name, function(state, fn)
        local made, clause = inner_of(state, name, fn)
        local by_name = {}
        for given, found in pairs(made.by_name) do
            by_name[given] = state.by_name[given] or
                { id = found.id, kind = found.kind, is_hidden = true }
        end
        state = step.with(state, { count = made.count, names = made.names,
            labels = made.labels, by_name = by_name })
        return step.add_condition(state, { kind = "exists", clause = clause,
                                           is_absent = is_absent })
    end)
end

exists_step("exists", false)
exists_step("absent", true)

-- What fn adds may be missing: its elements are null then.
pattern_step("optional", function(state, fn)
    local made, clause = inner_of(state, "optional", fn)
    return step.with(state, {
        count = made.count, names = made.names, labels = made.labels,
        by_name = made.by_name,
        clauses = step.append(state.clauses, { kind = "optional",
            paths = clause.paths, conditions = clause.conditions }),
    })
end)

---------------------------------------------------------------------- columns

local function add_columns(state, name, list, ...)
    local columns, has_aggregate = state[list], state.has_aggregate
    if select("#", ...) == 0 then step.fail(name, "a name is wanted") end
    for i = 1, select("#", ...) do
        local item = field.read(state, name, (select(i, ...)))
        if item.aggregate and list == "group" then
            step.fail(name, "'%s' is an aggregate", item.text)
        end
        for _, other in ipairs(columns) do
            if field.column(other) == field.column(item) then
                step.fail(name, "'%s' is a column already",
                          field.column(item))
            end
        end
        has_aggregate = has_aggregate or item.aggregate
        columns = step.append(columns, item)
    end
    return step.with(state, { [list] = columns, has_aggregate = has_aggregate })
end

pattern_step("select", function(state, ...)
    return add_columns(state, "select", "columns", ...)
end)

-- One row for each value of these, which are columns, too.
pattern_step("group", function(state, ...)
    return add_columns(state, "group", "group", ...)
end)

pattern_step("distinct", function(state)
    return step.with(state, { is_distinct = true })
end)

-- The columns: what select and group say; without them the elements that have
-- names, or the node where the query stands.
local function columns_of(state)
    local columns = {}
    for _, item in ipairs(state.group) do columns[#columns + 1] = item end
    for _, item in ipairs(state.columns) do columns[#columns + 1] = item end
    if #columns > 0 then return columns end
    for name, found in pairs(state.by_name) do
        if not found.is_hidden then
            columns[#columns + 1] = { id = found.id, text = name }
        end
    end
    if #columns == 0 then return { { id = state.current, text = "node" } } end
    table.sort(columns, function(a, b) return a.id < b.id end)
    return columns
end
NEW.columns_of = columns_of

local function column_names(state)
    if state.parts then return state.column_names end
    local names = {}
    for i, item in ipairs(columns_of(state)) do
        names[i] = field.column(item)
    end
    return names
end

local function has_column(state, name)
    for _, each in ipairs(column_names(state)) do
        if each == name then return true end
    end
    return false
end

-- having(column, operator, value): of what was grouped.
pattern_step("having", function(state, column, operator, value)
    if not has_column(state, column) then
        step.fail("having", "no column is called '%s'", tostring(column))
    end
    return step.with(state, { having = step.append(state.having,
        step.column_compare("having", column, operator, value)) })
end)

----------------------------------------------------------- order, bounds, union

-- A step that follows a union, too.
local function any_step(name, fn)
    methods[name] = blame.wrap(function(self, ...)
        return new(fn(state_of(self, name), ...))
    end)
end

local function order_item(state, given)
    if type(given) ~= "string" then
        step.fail("order_by", "a name is a string, not a %s", type(given))
    end
    local name, way = given:match("^(.-)%s+(%a+)%s*$")
    way = way and way:lower()
    if way ~= "desc" and way ~= "asc" then name, way = given, nil end
    local item = { descending = way == "desc" }
    if has_column(state, name) then
        item.column = name
    elseif state.parts then
        step.fail("order_by", "no column is called '%s'", name)
    else
        item.field = field.read(state, "order_by", name)
    end
    return item
end

-- order_by("f.age desc", "name"): columns, or what a step may name.
any_step("order_by", function(state, ...)
    if select("#", ...) == 0 then step.fail("order_by", "a name is wanted") end
    for i = 1, select("#", ...) do
        state = step.with(state, { order = step.append(state.order,
            order_item(state, (select(i, ...)))) })
    end
    return state
end)

for _, name in ipairs({ "skip", "limit" }) do
    any_step(name, function(state, count)
        if not field.is_param(count) then step.whole(name, count) end
        return step.with(state, { [name] = count })
    end)
end

local function union_step(name, is_all)
    any_step(name, function(state, other)
        local second = state_of(other, name)
        local names, others = column_names(state), column_names(second)
        for i = 1, math.max(#names, #others) do
            if names[i] ~= others[i] then
                step.fail(name, "the columns differ: %s and %s",
                          table.concat(names, ", "), table.concat(others, ", "))
            end
        end
        return { handle = state.handle, parts = { state, second },
                 is_all = is_all, column_names = names, order = {} }
    end)
end

union_step("union", false)
union_step("union_all", true)

---------------------------------------------------------------------- running

-- The text of a query; kept, since a state never changes.
local function statement(state, write)
    local kept = state.kept
    if not kept then
        kept = {}
        state.kept = kept
    end
    local made = kept[write]
    if not made then
        local body, values, has_named = write(state)
        made = { text = body, values = values, has_named = has_named }
        kept[write] = made
    end
    return made
end

local function params_of(made, given)
    if given ~= nil and type(given) ~= "table" then
        error("parameters are a table, not a " .. type(given), 0)
    end
    if not made.has_named then return made.values end
    local params = {}
    for name, value in pairs(given or {}) do params[name] = value end
    for name, value in pairs(made.values) do params[name] = value end
    return params
end

local function run(name, fn)
    methods[name] = blame.wrap(function(self, params, options)
        local state = state_of(self, name)
        if state.is_inner then
            step.fail(name, "the query inside a step does not run alone")
        end
        return fn(state, params, options)
    end)
end

--- for row in q:rows(params, options)
run("rows", function(state, params, options)
    local made = statement(state, text.of)
    return query.rows(state.handle, made.text, params_of(made, params), options)
end)

--- q:all(params, options) -> result | nil, err
run("all", function(state, params, options)
    local made = statement(state, text.of)
    return query.query(state.handle, made.text, params_of(made, params),
                       options)
end)

-- The first row only.
local function text_of_one(state)
    if state.limit ~= nil then return text.of(state) end
    return text.of(step.with(state, { limit = 1 }))
end

--- q:one(params, options) -> row | nil | nil, err
run("one", function(state, params, options)
    local made = statement(state, text_of_one)
    local rows, err = query.query(state.handle, made.text,
                                  params_of(made, params), options)
    if not rows then return nil, err end
    return rows[1]
end)

--- q:count(params, options) -> how many rows | nil, err
run("count", function(state, params, options)
    local made = statement(state, text.count)
    local rows, err = query.query(state.handle, made.text,
                                  params_of(made, params), options)
    if not rows then return nil, err end
    return rows[1].count
end)

--- q:explain() -> the plan as text | nil, err
run("explain", function(state, params)
    local made = statement(state, text.of)
    local rows, err = query.query(state.handle, "EXPLAIN " .. made.text,
                                  params_of(made, params))
    if not rows then return nil, err end
    return rows.plan
end)

--- q:to_cypher() -> text, params
run("to_cypher", function(state)
    local made = statement(state, text.of)
    local params = {}
    for name, value in pairs(made.values) do params[name] = value end
    return made.text, params
end)

function Query.__tostring(self)
    local state = states[self]
    if state.is_inner then return "namidb query inside a step" end
    local ok, made = pcall(statement, state, text.of)
    return ok and made.text or "namidb query: " .. tostring(made)
end

return builder
