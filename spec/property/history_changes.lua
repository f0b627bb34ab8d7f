-- Changes to what random statements read: to properties that are indexed, to
-- labels, nodes and edges; and nodes by key.

local generate = require("spec.property.generate")
local expressions = require("spec.property.generate_expression")
local value = require("spec.property.value")

local changes = {}

local LABELS, TYPES = { "A", "B", "C" }, { "R", "S", "T" }
local INDEXED = { "i", "m", "s", "f", "b", "l" }

local function lit(v)
    return { k = "lit", v = v }
end

local function literals(props)
    local made = {}
    for name, v in pairs(props) do made[name] = lit(v) end
    return made
end

local function pattern(...)
    return { patterns = { { elements = { ... } } } }
end

local function node(labels, props)
    return { var = "n", labels = labels or {}, props = props or {} }
end

local function as(kind, clause)
    clause.k = kind
    return clause
end

-- MATCH of nodes by chance, most of them one.
local function some_nodes(random)
    if random:one_in(3) then
        return as("match", pattern(node({ random:pick(LABELS) })))
    end
    return as("match", pattern(node({}, {
        id = lit(value.int(random:int(1, 12))) })))
end

local function some_edges(random)
    local edge = { var = "n", types = { random:pick(TYPES) }, dir = "out",
                   props = {} }
    if not random:one_in(3) then
        edge.props.id = lit(value.int(random:int(1, 14)))
    end
    return as("match", pattern({ labels = {}, props = {} }, edge,
                               { labels = {}, props = {} }))
end

local function set(item)
    item.var = "n"
    return { k = "set", items = { item } }
end

local kinds = {}

function kinds.property(random)
    local name = random:pick(INDEXED)
    local match = random:one_in(2) and some_nodes(random) or some_edges(random)
    if random:one_in(4) then return { match, set({ name = name,
                                                   remove = true }) } end
    return { match, set({ name = name,
                          e = lit(expressions.stored(random, name)) }) }
end

function kinds.properties(random)
    local match = random:one_in(2) and some_nodes(random) or some_edges(random)
    local props = generate.props(random, random:int(1, 12))
    return { match, set({ map = literals(props),
                          replace = random:one_in(2) }) }
end

function kinds.label(random)
    return { some_nodes(random), set({ labels = { random:pick({ "B", "C" }) },
                                       remove = random:one_in(2) }) }
end

function kinds.node(random)
    local labels = {}
    for _, label in ipairs(LABELS) do
        if random:one_in(3) then labels[#labels + 1] = label end
    end
    return { as("create", pattern({ labels = labels,
        props = literals(generate.props(random, random:int(1, 12))) })) }
end

function kinds.edge(random)
    local function ends(name)
        return { var = name, labels = {}, props = {
            id = lit(value.int(random:int(1, 12))) } }
    end
    local match = { k = "match", patterns = { { elements = { ends("n") } },
                                              { elements = { ends("o") } } } }
    local function bound(name)
        return { var = name, labels = {}, props = {} }
    end
    return { match, as("create", pattern(bound("n"),
        { types = { random:pick(TYPES) }, dir = "out",
          props = literals(generate.props(random, random:int(1, 14))) },
        bound("o"))) }
end

function kinds.delete(random)
    local is_node = random:one_in(2)
    return { is_node and some_nodes(random) or some_edges(random),
             { k = "delete", vars = { "n" }, detach = is_node } }
end

-- What random statements made.
function kinds.trim(random)
    return { as("match", pattern(node({ random:pick({ "N", "M" }) }))),
             { k = "delete", vars = { "n" }, detach = true } }
end

local function size(graph)
    local count = 0
    for _ in pairs(graph.nodes) do count = count + 1 end
    return count
end

--- A statement without rows that changes the graph.
function changes.query(random, graph)
    local nodes = size(graph)
    local kind = random:weighted({ { 4, "property" }, { 2, "properties" },
        { 3, "label" }, { nodes < 12 and 4 or 0, "node" }, { 3, "edge" },
        { nodes > 12 and 6 or 2, "delete" }, { nodes > 9 and 6 or 0, "trim" } })
    return { parts = { kinds[kind](random) }, writes = true }
end

return changes
