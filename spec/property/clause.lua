-- Clauses, one after the other, each over all rows of the one before.

local csv = require("spec.property.csv")
local expression = require("spec.property.expression")
local pattern = require("spec.property.pattern")
local value = require("spec.property.value")

local clause = {}

local NULL = value.NULL
local eval, truth = expression.eval, expression.truth

local rules = {}

local function extend(env, name, v)
    local made = setmetatable({}, { __index = env })
    if name then made[name] = v end
    return made
end

local function add(rows, row)
    if #rows >= pattern.ROWS_MAX then value.skip("many rows") end
    rows[#rows + 1] = row
end

--------------------------------------------------------------------- reading

-- The names that patterns bring in.
local function names_of(patterns, names)
    for _, path in ipairs(patterns) do
        if path.name then names[#names + 1] = path.name end
        for _, element in ipairs(path.elements) do
            if element.var then names[#names + 1] = element.var end
            if element.elements then names_of({ element }, names) end
        end
    end
    return names
end

function rules.match(context, rows, node)
    local result = {}
    for _, row in ipairs(rows) do
        local found = 0
        for _, made in ipairs(pattern.match(context, row, node.patterns, eval))
        do
            if not node.where or truth(context, made, node.where) then
                found = found + 1
                add(result, made)
            end
        end
        if found == 0 and node.optional then
            local made = setmetatable({}, { __index = row })
            for _, name in ipairs(names_of(node.patterns, {})) do
                if row[name] == nil then made[name] = NULL end
            end
            add(result, made)
        end
    end
    return result
end

function rules.unwind(context, rows, node)
    local result = {}
    for _, row in ipairs(rows) do
        local items = eval(context, row, node.list)
        if items ~= NULL then
            if items.t ~= "list" then items = { items } end
            for _, item in ipairs(items) do
                add(result, extend(row, node.var, item))
            end
        end
    end
    return result
end

function rules.let(context, rows, node)
    local result = {}
    for _, row in ipairs(rows) do
        local out = setmetatable({}, { __index = row })
        for _, item in ipairs(node.items) do
            out[item.name] = eval(context, row, item.e)
        end
        add(result, out)
    end
    return result
end

function rules.filter(context, rows, node)
    local result = {}
    for _, row in ipairs(rows) do
        if truth(context, row, node.where) then add(result, row) end
    end
    return result
end

function rules.csv(_, rows, node)
    local result = {}
    for _, row in ipairs(rows) do
        for _, item in ipairs(csv.values(node)) do
            add(result, extend(row, node.var, item))
        end
    end
    return result
end

function rules.call(context, rows, node)
    local result = {}
    for _, row in ipairs(rows) do
        local inner = {}
        for _, name in ipairs(node.imports) do inner[name] = row[name] end
        local columns, made = clause.run(context, node.query, inner)
        local parts = node.query.parts[1]
        if node.optional and #made == 0 then
            local none = {}
            for i in ipairs(columns) do none[i] = NULL end
            made = { none }
        end
        if parts[#parts].k ~= "project" then add(result, row) end
        for _, values in ipairs(made) do
            local out = setmetatable({}, { __index = row })
            for i, name in ipairs(columns) do out[name] = values[i] end
            add(result, out)
        end
    end
    return result
end

------------------------------------------------------------------ projecting

-- What a sub-query groups is its own.
local function has_aggregate(node)
    if type(node) ~= "table" then return false end
    if node.k == "agg" then return true end
    for key, field in pairs(node) do
        if key ~= "v" and key ~= "query" and has_aggregate(field) then
            return true
        end
    end
    return false
end
clause.has_aggregate = has_aggregate

local function project(context, row, node)
    local out = {}
    for _, item in ipairs(node.items) do
        out[item.name] = eval(context, row, item.e)
    end
    return { out = out, source = row }
end

local function key_of(context, row, items)
    local parts = {}
    for i, item in ipairs(items) do
        parts[i] = value.text(eval(context, row, item.e))
    end
    return table.concat(parts, "\1")
end

local function group(context, rows, node)
    local keys, groups, order = {}, {}, {}
    for _, item in ipairs(node.items) do
        if not has_aggregate(item.e) then keys[#keys + 1] = item end
    end
    for _, row in ipairs(rows) do
        local key = key_of(context, row, keys)
        if not groups[key] then
            groups[key] = {}
            order[#order + 1] = groups[key]
        end
        table.insert(groups[key], row)
    end
    if #keys == 0 and #order == 0 then order[1] = {} end
    local result = {}
    for _, members in ipairs(order) do
        local inner = { graph = context.graph, group = members }
        result[#result + 1] = project(inner, members[1] or {}, node)
    end
    return result
end

local function distinct(rows, node)
    local result, seen = {}, {}
    for _, row in ipairs(rows) do
        local parts = {}
        for i, item in ipairs(node.items) do
            parts[i] = value.text(row.out[item.name])
        end
        local text = table.concat(parts, "\1")
        if not seen[text] then
            seen[text] = true
            result[#result + 1] = row
        end
    end
    return result
end

-- Merges sorted halves: stable, and no order function can break it.
local function sort(rows, less)
    if #rows < 2 then return rows end
    local middle, left, right = math.floor(#rows / 2), {}, {}
    for i, row in ipairs(rows) do
        table.insert(i <= middle and left or right, row)
    end
    left, right = sort(left, less), sort(right, less)
    local result, l, r = {}, 1, 1
    while left[l] or right[r] do
        if not left[l] or right[r] and less(right[r], left[l]) then
            result[#result + 1], r = right[r], r + 1
        else
            result[#result + 1], l = left[l], l + 1
        end
    end
    return result
end

local function order(context, rows, node)
    for _, row in ipairs(rows) do
        local env = setmetatable(row.out, { __index = row.source })
        row.keys = {}
        for i, by in ipairs(node.order) do
            row.keys[i] = eval(context, env, by.e)
        end
        setmetatable(row.out, nil)
    end
    return sort(rows, function(a, b)
        for i, by in ipairs(node.order) do
            local c = value.order(a.keys[i], b.keys[i])
            if by.desc then c = -c end
            if c ~= 0 then return c < 0 end
        end
        return false
    end)
end

local function cut(rows, node)
    local result = {}
    local first = (node.skip or 0) + 1
    local last = node.limit and first + node.limit - 1 or #rows
    for i = first, math.min(last, #rows) do result[#result + 1] = rows[i] end
    return result
end

function rules.project(context, rows, node)
    local made, is_grouped = {}, false
    for _, item in ipairs(node.items) do
        is_grouped = is_grouped or has_aggregate(item.e)
    end
    if is_grouped then
        made = group(context, rows, node)
    else
        for i, row in ipairs(rows) do made[i] = project(context, row, node) end
    end
    if node.distinct then made = distinct(made, node) end
    if node.order then made = order(context, made, node) end
    made = cut(made, node)
    local result = {}
    for _, row in ipairs(made) do
        local env = row.out
        if node.where then
            env = setmetatable({}, { __index = function(_, name)
                if row.out[name] ~= nil then return row.out[name] end
                return row.source[name]
            end })
        end
        if not node.where or truth(context, env, node.where) then
            result[#result + 1] = row.out
        end
    end
    return result
end

--------------------------------------------------------------------- writing

local ASKS = { sub = true, patcomp = true, patpred = true, shortest = true }

local function asks(node)
    if type(node) ~= "table" then return false end
    if ASKS[node.k] then return true end
    for key, field in pairs(node) do
        if key ~= "v" and asks(field) then return true end
    end
    return false
end

-- What a clause writes, for one row: each expression that asks the graph is
-- what it was when the clause began.
local function freeze(context, row, node)
    if type(node) ~= "table" then return node end
    if node.k and asks(node) then
        return { k = "lit", v = eval(context, row, node) }
    end
    local made = {}
    for key, field in pairs(node) do
        made[key] = node.k and field or freeze(context, row, field)
    end
    return made
end

local function freeze_all(context, rows, node)
    local made = {}
    for i, row in ipairs(rows) do
        made[i] = asks(node) and freeze(context, row, node) or node
    end
    return made
end

local function evaluate_props(context, row, props)
    local made = {}
    for name, node in pairs(props) do
        local v = eval(context, row, node)
        if v ~= NULL then made[name] = v end
    end
    return made
end

local function make_node(context, row, element)
    local bound = element.var and row[element.var]
    if bound then
        if bound == NULL or not context.graph.nodes[bound.id] then
            value.fail("no node")
        end
        return bound.id, row
    end
    local labels = {}
    for _, label in ipairs(element.labels) do labels[label] = true end
    local id = context.graph:add_node(labels, evaluate_props(context, row,
        element.props))
    return id, extend(row, element.var, { t = "node", id = id })
end

local function create_path(context, row, path)
    local elements = path.elements
    local ids, made = {}, row
    for i = 1, #elements, 2 do
        ids[i], made = make_node(context, made, elements[i])
    end
    for i = 2, #elements, 2 do
        local element = elements[i]
        local from, to = ids[i - 1], ids[i + 1]
        if element.dir == "in" then from, to = to, from end
        local id = context.graph:add_edge(element.types[1], from, to,
            evaluate_props(context, made, element.props))
        made = extend(made, element.var, { t = "edge", id = id })
    end
    return made
end

function rules.create(context, rows, node)
    local result = {}
    local frozen = freeze_all(context, rows, node.patterns)
    for i, row in ipairs(rows) do
        for _, path in ipairs(frozen[i]) do
            row = create_path(context, row, path)
        end
        result[i] = row
    end
    return result
end

local function change(context, row, made, item)
    if item.labels then
        for _, label in ipairs(item.labels) do
            made.labels[label] = not item.remove or nil
        end
        return
    end
    if item.map then
        local new = {}
        for name, e in pairs(item.map) do new[name] = eval(context, row, e) end
        if item.replace then made.props = {} end
        for name, v in pairs(new) do
            made.props[name] = v ~= NULL and v or nil
        end
        return
    end
    local v = item.remove and NULL or eval(context, row, item.e)
    made.props[item.name] = v ~= NULL and v or nil
end

local function set_item(context, row, item)
    local target = row[item.var]
    if target == NULL then return end
    local kind = target.t == "node" and "nodes" or "edges"
    local made = context.graph[kind][target.id] or value.fail("deleted")
    change(context, row, made, item)
    context.graph:note(kind, target.id)
end

local function set_items(context, row, items)
    for _, item in ipairs(items) do set_item(context, row, item) end
end

function rules.set(context, rows, node)
    local frozen = freeze_all(context, rows, node.items)
    for i, row in ipairs(rows) do set_items(context, row, frozen[i]) end
    return rows
end

function rules.merge(context, rows, node)
    local result = {}
    local frozen = freeze_all(context, rows, node.path)
    for i, row in ipairs(rows) do
        local path = frozen[i]
        for _, element in ipairs(path.elements) do
            local bound = element.var and row[element.var]
            if bound == NULL then value.fail("null in MERGE") end
            for _, e in pairs(element.props) do
                if eval(context, row, e) == NULL then
                    value.fail("null in MERGE")
                end
            end
        end
        local found = pattern.match(context, row, { path }, eval)
        local items = node.on_match
        if #found == 0 then
            found, items = { create_path(context, row, path) },
                node.on_create
        end
        for _, made in ipairs(found) do
            set_items(context, made, items or {})
            add(result, made)
        end
    end
    return result
end

local function delete_node(graph, id, detach)
    for edge_id, edge in pairs(graph.edges) do
        if edge.from == id or edge.to == id then
            if not detach then value.fail("connected") end
            graph.edges[edge_id] = nil
        end
    end
    graph.nodes[id] = nil
end

function rules.delete(context, rows, node)
    local edges, nodes = {}, {}
    for _, row in ipairs(rows) do
        for _, name in ipairs(node.vars) do
            local v = row[name]
            if v.t == "edge" then edges[v.id] = true end
            if v.t == "node" then nodes[v.id] = true end
        end
    end
    for id in pairs(edges) do context.graph.edges[id] = nil end
    for id in pairs(nodes) do
        delete_node(context.graph, id, node.detach)
    end
    return rows
end

function rules.foreach(context, rows, node)
    for _, row in ipairs(rows) do
        local items = eval(context, row, node.list)
        if items ~= NULL then
            for _, item in ipairs(items) do
                local inner = { extend(row, node.var, item) }
                for _, part in ipairs(node.clauses) do
                    inner = rules[part.k](context, inner, part)
                end
            end
        end
    end
    return rows
end

------------------------------------------------------------------ statements

-- Clauses; the last one's columns as arrays of values.
local function run_part(context, clauses, start)
    local rows, columns = { start or {} }, {}
    for _, node in ipairs(clauses) do
        rows = rules[node.k](context, rows, node)
    end
    local last = clauses[#clauses]
    if last.k ~= "project" then return columns, {} end
    for i, item in ipairs(last.items) do columns[i] = item.name end
    local result = {}
    for i, row in ipairs(rows) do
        result[i] = {}
        for c, name in ipairs(columns) do result[i][c] = row[name] end
    end
    return columns, result
end

--- Runs a query, { parts = { clauses, ... }, all = is UNION ALL }: columns and
-- rows. context = { graph = }.
function clause.run(context, query, start)
    local columns, result = run_part(context, query.parts[1], start)
    for i = 2, #query.parts do
        local _, more = run_part(context, query.parts[i], start)
        for _, row in ipairs(more) do add(result, row) end
    end
    if #query.parts == 1 or query.all then return columns, result end
    local kept, seen = {}, {}
    for _, row in ipairs(result) do
        local text = value.text(value.list(row))
        row.t = nil
        if not seen[text] then
            seen[text] = true
            kept[#kept + 1] = row
        end
    end
    return columns, kept
end

return clause
