-- Nodes by key, in the reference and in a transaction: keys of all kinds, the
-- same ones under two labels, one by one and as columns.

local namidb = require("namidb")

local generate = require("spec.property.generate")
local rules = require("spec.property.history_rules")
local store = require("spec.property.store")
local value = require("spec.property.value")

local keys = {}

-- "A" is a label that statements know, too.
local LABELS = { "A", "A", "K" }

-- Above what a number of LuaJIT holds.
local LARGE = rawget(_G, "jit") and loadstring("return 9007199254740993LL")() or
    9007199254740993

local KEYS = { 1, 2, -7, LARGE, "1", "a", "b", " ", "\195\164",
               ("k"):rep(1024) }

-- { label =, key =, name = }: what it is called in a table.
local function pick(random)
    local label, key = random:pick(LABELS), random:pick(KEYS)
    local text = type(key) == "string" and ("%q"):format(key:sub(1, 9)) or
        (tostring(key):gsub("LL$", ""))
    return { label = label, key = key, name = label .. " " .. text }
end

--- All keys that there may be, as pick gives them.
keys.all = {}
for _, label in ipairs({ "A", "K" }) do
    for at in ipairs(KEYS) do
        local order = { label, KEYS[at] }
        keys.all[#keys.all + 1] = pick({ pick = function()
            return table.remove(order, 1)
        end })
    end
end

--- Takes a node and its edges away.
local function delete(graph, id)
    for edge_id, edge in pairs(graph.edges) do
        if edge.from == id or edge.to == id then graph.edges[edge_id] = nil end
    end
    graph.nodes[id] = nil
end
keys.delete = delete

-- One row of the reference; held: { name in the table = id }.
local function put(graph, held, of, props, is_merge)
    local old = held[of.name] and graph.nodes[held[of.name]]
    if not old then
        held[of.name] = graph:add_node({ [of.label] = true }, props)
    elseif is_merge then
        for name, v in pairs(props) do old.props[name] = v end
    else
        old.props = props
    end
    return graph.nodes[held[of.name]]
end

--- Puts or deletes a node by key, in the reference and then in a transaction,
-- which may refuse it. held: { name of a key = id in the reference }. Returns
-- what it did as text.
function keys.put(random, tx, graph, held)
    local of = pick(random)
    local is_there = held[of.name] and graph.nodes[held[of.name]]
    if is_there and random:one_in(3) then
        delete(graph, held[of.name])
        local node = assert(tx:node(of.label, of.key))
        assert(tx:delete_node(node, { detach = true }))
        return "delete key " .. of.name
    end
    local props = generate.props(random, random:int(1, 12))
    local is_merge = random:one_in(3)
    local lua_props = store.lua_props(props)
    local node = put(graph, held, of, props, is_merge)
    local id = assert(tx:put_node(of.label, of.key, lua_props,
                                  { merge = is_merge }))
    local label = random:one_in(4) and random:pick({ "B", "C" })
    if label then
        node.labels[label] = true
        assert(tx:add_label(id, label))
    end
    return (is_merge and "merge key " or "put key ") .. of.name ..
        (label and " :" .. label or "")
end

------------------------------------------------------------------- columns

-- Rows of one label's keys, some of them twice, and their properties.
local function some_rows(random)
    local label, rows = random:pick({ "A", "K" }), {}
    while #rows < random:int(1, 7) do
        local of = pick(random)
        if of.label == label then
            of.props = generate.props(random, random:int(1, 12))
            rows[#rows + 1] = of
        end
    end
    return rows, label
end

local function columns_of(rows)
    local columns = {}
    for i, row in ipairs(rows) do
        for name, v in pairs(store.lua_props(row.props)) do
            columns[name] = columns[name] or {}
            columns[name][i] = v
        end
    end
    return columns
end

-- A call counts as a whole or not at all: puts rows into a copy. Returns the
-- copy, its keys; or nil and the first row that breaks what holds.
local function put_all(graph, held, rows, is_merge, held_rules)
    local made, names = graph:clone(), {}
    for name, id in pairs(held) do names[name] = id end
    for i, row in ipairs(rows) do
        local props = {}
        for name, v in pairs(row.props) do props[name] = v end
        put(made, names, row, props, is_merge)
        if rules.broken_at_once(held_rules, made) then return nil, i end
    end
    return made, names
end

local function judge(self, err, row)
    if not row then self:fail("columns failed: %s", tostring(err)) end
    if err == nil or err.code ~= "constraint" or err.row ~= row then
        self:fail("row %d breaks a constraint: %s, %s", row, tostring(err),
                  tostring(err and err.row))
    end
end

--- Puts many nodes by one call. Returns the graph and its keys.
function keys.put_nodes(self, tx, graph, held)
    local random = self.random
    local rows, label = some_rows(random)
    local is_merge, list, names = random:one_in(2), {}, {}
    for i, row in ipairs(rows) do list[i], names[i] = row.key, row.name end
    self:note("  %s nodes: %s", is_merge and "merge" or "put",
              table.concat(names, ", "))
    local made, other = put_all(graph, held, rows, is_merge, self.rules)
    local ids, err = tx:put_nodes(label, list, columns_of(rows),
                                  { merge = is_merge })
    if not ids or not made then
        judge(self, err, not made and other)
        return graph, held
    end
    for i, row in ipairs(rows) do
        if tx:node(label, row.key).id ~= ids[i] then
            self:fail("another id of %s", row.name)
        end
    end
    return made, other
end

--- Puts many edges between nodes that have keys. Returns the graph.
function keys.put_edges(self, tx, graph, held)
    local random, there, made = self.random, {}, graph:clone()
    for _, of in ipairs(keys.all) do
        local id = held[of.name]
        if id and graph.nodes[id] then
            there[#there + 1] = { id = id, node = assert(tx:node(of.label,
                                                                 of.key)) }
        end
    end
    if #there == 0 then return graph end
    local from, to, rows, bad = {}, {}, {}, nil
    local name = random:pick({ "R", "S" })
    for i = 1, random:int(1, 5) do
        local a, b = random:pick(there), random:pick(there)
        from[i], to[i] = a.node, b.node.id
        rows[i] = { props = generate.props(random, random:int(1, 14)) }
        made:add_edge(name, a.id, b.id, rows[i].props)
        bad = bad or rules.broken_at_once(self.rules, made) and i
    end
    self:note("  put %d edges %s", #rows, name)
    local ids, err = tx:put_edges(name, from, to, columns_of(rows))
    if not ids or bad then
        judge(self, err, bad)
        return graph
    end
    return made
end

--------------------------------------------------------------------- loads

local IN_JSON = { "key", "id", "i", "s", "b", "l" }

-- Lines of JSON; what has no JSON is taken out of the rows.
local function json_lines(rows)
    local lines = {}
    for i, row in ipairs(rows) do
        local props = {}
        for _, name in ipairs(IN_JSON) do props[name] = row.props[name] end
        row.props = props
        lines[i] = namidb.json.encode(store.lua_props(props)) .. "\n"
    end
    return table.concat(lines)
end

local function iterator(rows)
    local at = 0
    return function()
        at = at + 1
        return rows[at] and store.lua_props(rows[at].props)
    end
end

--- A source of nodes for namidb.load, and its rows. file: writes a text into a
-- file and returns its path.
function keys.source(random, file)
    local rows, label = some_rows(random)
    for i = #rows, 1, -1 do
        local key = rows[i].key
        if key == LARGE then
            table.remove(rows, i) -- the reference has no such property
        else -- the column is a property, too
            rows[i].props.key = type(key) == "string" and value.str(key) or
                value.int(key)
        end
    end
    local source = { label = label, key = "key", merge = random:one_in(2) }
    if random:one_in(2) then
        source.file, source.format = file(json_lines(rows)), "jsonl"
    else
        source.rows = iterator(rows)
    end
    return source, rows
end

--- The graph and the keys after a load in batches; the row that ends it.
function keys.loaded(held_rules, graph, held, source, rows, batch)
    local made, names = graph, held
    for first = 1, #rows, batch do
        local some = {}
        for i = first, math.min(first + batch - 1, #rows) do
            some[#some + 1] = rows[i]
        end
        local next_graph, other = put_all(made, names, some, source.merge,
                                          held_rules)
        if not next_graph or rules.broken(held_rules, next_graph) then
            return made, names, first + (next_graph and 0 or other - 1)
        end
        made, names = next_graph, other
    end
    return made, names
end

return keys
