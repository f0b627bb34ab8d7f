-- A graph of the reference, put into a database in one of several ways, and
-- what a database holds and gives, as the reference's texts.

local namidb = require("namidb")
local search = require("spec.property.generate_search")
local sorted_plan = require("namidb.plan.sorted")
local temporal = require("spec.property.store_temporal")
local value = require("spec.property.value")

local store = {}

local List = require("namidb.value").kinds[13]

-- A value of the reference as the library takes it.
local function lua_value(v)
    if v.t == "null" then return namidb.null end
    if v.t == "float" then return namidb.float(v.v) end
    if v.t == "list" then
        local items = {}
        for i, item in ipairs(v) do items[i] = lua_value(item) end
        return namidb.list(items)
    end
    return temporal.lua_value(v) or v.v
end
store.lua_value = lua_value

local function lua_props(props)
    local made = {}
    for name, v in pairs(props) do made[name] = lua_value(v) end
    return made
end

store.lua_props = lua_props

local function sorted(map)
    local keys = {}
    for key in pairs(map) do keys[#keys + 1] = key end
    table.sort(keys)
    return keys
end

---------------------------------------------------------------- how it gets in

-- Writes nodes and edges of ids within first .. last.
local function put(tx, graph, ids, first, last)
    for _, id in ipairs(sorted(graph.nodes)) do
        if id >= first and id <= last then
            local node = graph.nodes[id]
            ids[id] = assert(tx:create_node(sorted(node.labels),
                                            lua_props(node.props)))
        end
    end
    for _, id in ipairs(sorted(graph.edges)) do
        local edge = graph.edges[id]
        if id >= first and id <= last then
            ids[-id] = assert(tx:put_edge(edge.type, ids[edge.from],
                                          ids[edge.to],
                                          lua_props(edge.props)))
        end
    end
end

-- Another graph from which this one is made by changes.
local function scramble(graph, random)
    local made = graph:clone()
    for _, id in ipairs(sorted(made.nodes)) do
        local node = made.nodes[id]
        if random:one_in(2) then
            node.props = { i = value.int(7), gone = value.int(1) }
        end
        if random:one_in(3) then node.labels = { B = true, Old = true } end
    end
    for _, id in ipairs(sorted(made.edges)) do
        if random:one_in(3) then
            made.edges[id].props = { i = value.int(7), k = value.str("x") }
        end
    end
    return made
end

-- Changes what was written as `old` so that it is `graph`.
local function mend(tx, graph, old, ids)
    for id, node in pairs(graph.nodes) do
        local before = old.nodes[id]
        for label in pairs(before.labels) do
            if not node.labels[label] then
                assert(tx:remove_label(ids[id], label))
            end
        end
        for label in pairs(node.labels) do
            if not before.labels[label] then
                assert(tx:add_label(ids[id], label))
            end
        end
        assert(tx:unset(ids[id], sorted(before.props)))
        assert(tx:set(ids[id], lua_props(node.props)))
    end
    for id, edge in pairs(graph.edges) do
        assert(tx:unset_edge(ids[-id], sorted(old.edges[id].props)))
        assert(tx:set_edge(ids[-id], lua_props(edge.props)))
    end
end

-- Nodes and edges that will be deleted.
local function put_extra(tx, graph, ids)
    local extra = {}
    for i = 1, 3 do
        extra[i] = assert(tx:create_node({ "A", "B" }, { i = i, id = 90 + i }))
        for _, id in ipairs(sorted(graph.nodes)) do
            assert(tx:put_edge("R", extra[i], ids[id], { i = i }))
            assert(tx:put_edge("S", ids[id], extra[i]))
        end
    end
    return extra
end

local function write(db, fn)
    assert(db:write(fn))
end

--- Puts a graph into an open database.
function store.fill(db, graph)
    write(db, function(tx) put(tx, graph, {}, 1, graph.last) end)
end

local ways = {}

function ways.memory(db, graph, ids)
    write(db, function(tx) put(tx, graph, ids, 1, graph.last) end)
end

function ways.packs(db, graph, ids)
    local middle = math.floor(graph.last / 2)
    write(db, function(tx) put(tx, graph, ids, 1, middle) end)
    assert(db:flush())
    write(db, function(tx) put(tx, graph, ids, middle + 1, graph.last) end)
    assert(db:flush())
end

function ways.mixed(db, graph, ids, random)
    local old, extra = scramble(graph, random), nil
    write(db, function(tx)
        put(tx, old, ids, 1, old.last)
        extra = put_extra(tx, old, ids)
    end)
    assert(db:flush())
    write(db, function(tx)
        mend(tx, graph, old, ids)
        for _, id in ipairs(extra) do
            assert(tx:delete_node(id, { detach = true }))
        end
    end)
    if random:one_in(3) then assert(db:flush()) end
end

store.ways = { "memory", "packs", "mixed", "tx" }

local count = 0

-- Graphs are small here, and rows of an index must look cheap all the same.
sorted_plan.price = 0

local function declare(db, random)
    for _, statement in ipairs(search.declarations(random)) do
        assert(db:query(statement))
    end
end

--- Opens a database with some indexes and puts the graph into it. way: one of
-- store.ways; of "tx" the second half is left for the function that is returned
-- beside it. Last comes its URI.
function store.open(graph, way, random)
    count = count + 1
    local uri = ("memory://property-%d-%s"):format(count,
        tostring({}):match("%w+$"))
    local db = assert(namidb.open(uri))
    local ids, is_late = {}, random:one_in(2)
    if not is_late then declare(db, random) end
    if way == "tx" then
        local middle = math.floor(graph.last / 2)
        write(db, function(tx) put(tx, graph, ids, 1, middle) end)
        if is_late then declare(db, random) end
        if random:one_in(2) then assert(db:flush()) end
        return db, function(tx)
            put(tx, graph, ids, middle + 1, graph.last)
        end, uri
    end
    ways[way](db, graph, ids, random)
    if is_late then declare(db, random) end
    if random:one_in(2) then assert(db:wait_indexes(30)) end
    return db, nil, uri
end

-------------------------------------------------------------- how it looks like

local function props_text(props, text)
    local parts = {}
    for _, key in ipairs(sorted(props)) do
        parts[#parts + 1] = key .. "=" .. text(props[key])
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

local function labels_text(labels)
    local names = {}
    for i, label in ipairs(labels) do names[i] = label end
    table.sort(names)
    return table.concat(names, ":")
end

--- A function that gives the texts of a handle's values.
function store.texts(handle)
    local text

    local function node_text(node)
        if not node then return "(deleted)" end
        return "(" .. labels_text(node.labels) ..
            props_text(node.props, text) .. ")"
    end

    local function edge_text(edge)
        return "[" .. node_text(handle:node(edge.from)) .. edge.type ..
            props_text(edge.props, text) ..
            node_text(handle:node(edge.to)) .. "]"
    end

    local function path_text(path)
        local parts = {}
        for i, node in ipairs(path.nodes) do
            parts[#parts + 1] = node_text(node)
            if path.edges[i] then
                parts[#parts + 1] = edge_text(path.edges[i])
            end
        end
        return "<" .. table.concat(parts, " ") .. ">"
    end

    local function table_text(v)
        local kind = getmetatable(v)
        local name = kind and kind.__name
        if name == "namidb.node" then return node_text(v) end
        if name == "namidb.edge" then return edge_text(v) end
        if name == "namidb.float" then return value.number_text(v[1]) end
        local moment = name and temporal.reference(v, name)
        if moment then return value.text(moment) end
        if rawget(v, "nodes") and rawget(v, "edges") then
            return path_text(v)
        end
        local parts = {}
        if kind == List then
            for i = 1, #v do parts[i] = text(v[i]) end
            return "[" .. table.concat(parts, ", ") .. "]"
        end
        for key, item in pairs(v) do
            parts[#parts + 1] = key .. ": " .. text(item)
        end
        table.sort(parts)
        return "{" .. table.concat(parts, ", ") .. "}"
    end

    function text(v)
        if v == nil or v == namidb.null then return "null" end
        local kind = type(v)
        if kind == "number" then return value.number_text(v) end
        if kind == "string" then return ("%q"):format(v) end
        if kind == "table" then return table_text(v) end
        return tostring(v)
    end

    return { value = text, node = node_text, edge = edge_text }
end

--- All that a handle holds, as graph:text() says it.
function store.text(handle)
    local texts, lines = store.texts(handle), {}
    for node in handle:nodes() do lines[#lines + 1] = texts.node(node) end
    for edge in handle:edges() do lines[#lines + 1] = texts.edge(edge) end
    table.sort(lines)
    return table.concat(lines, "\n")
end

return store
