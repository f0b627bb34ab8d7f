-- Patterns, matched by trying everything.
--
-- A path is { name?, elements = { node, edge, node, ... } }; a node { var?,
-- labels, props = { name = expression } }; an edge { var?, types, dir = "out",
-- "in" or "both", props, hops = { min, max? }? }.

local value = require("spec.property.value")

local pattern = {}

local NULL = value.NULL

local function has_props(context, env, eval, wanted, props)
    for name, node in pairs(wanted) do
        local same = value.equal(props[name] or NULL, eval(context, env, node))
        if not same then return false end
    end
    return true
end

local function is_node(search, env, element, id)
    local node = search.graph.nodes[id]
    for _, label in ipairs(element.labels) do
        if not node.labels[label] then return false end
    end
    return has_props(search.context, env, search.eval, element.props,
                     node.props)
end

local function is_edge(search, env, element, edge)
    local is_type = #element.types == 0
    for _, type in ipairs(element.types) do
        if edge.type == type then is_type = true end
    end
    return is_type and has_props(search.context, env, search.eval,
                                 element.props, edge.props)
end

-- What one hop from a node leads to: { { edge id, node id }, ... }.
local function hops(search, env, element, from)
    local found = {}
    for id, edge in pairs(search.graph.edges) do
        if not search.used[id] and is_edge(search, env, element, edge) then
            if edge.from == from and element.dir ~= "in" then
                found[#found + 1] = { id, edge.to }
            elseif edge.to == from and element.dir ~= "out" then
                found[#found + 1] = { id, edge.from }
            end
        end
    end
    return found
end

local function extend(env, name, v)
    if not name then return env end
    local made = setmetatable({}, { __index = env })
    made[name] = v
    return made
end

local walk

-- The row in which node element `at` is node `id`; nil if it cannot be.
local function bind_node(search, env, at, id)
    local element, context = search.path.elements[at], search.context
    context.looks = (context.looks or 0) + 1
    if context.looks > pattern.LOOKS_MAX then value.skip("many nodes") end
    local bound = element.var and env[element.var]
    if bound and (bound == NULL or bound.id ~= id) then return nil end
    if not is_node(search, env, element, id) then return nil end
    if bound then return env end
    return extend(env, element.var, { t = "node", id = id })
end

-- Goes on where edge element `at` has led.
local function arrive(search, env, at, id)
    local inner = bind_node(search, env, at + 1, id)
    if inner then walk(search, inner, at + 1, id) end
end

-- Calls fn with an edge and the node behind it on the trail.
local function with_hop(search, hop, fn)
    local trail = search.trail
    search.used[hop[1]] = true
    trail.edges[#trail.edges + 1] = hop[1]
    trail.nodes[#trail.nodes + 1] = hop[2]
    fn()
    trail.nodes[#trail.nodes] = nil
    trail.edges[#trail.edges] = nil
    search.used[hop[1]] = nil
end

local function step(search, env, at, from)
    local element = search.path.elements[at]
    local bound = element.var and env[element.var]
    for _, hop in ipairs(hops(search, env, element, from)) do
        if not bound or bound ~= NULL and bound.id == hop[1] then
            local inner = bound and env or
                extend(env, element.var, { t = "edge", id = hop[1] })
            with_hop(search, hop, function()
                arrive(search, inner, at, hop[2])
            end)
        end
    end
end

local function edges_from(trail, first)
    local edges = {}
    for i = first, #trail.edges do
        edges[#edges + 1] = { t = "edge", id = trail.edges[i] }
    end
    return value.list(edges)
end

-- Hops of any number, of which the first is edge `first` of the trail.
local function wander(search, env, at, from, first)
    local element = search.path.elements[at]
    local count = #search.trail.edges - first + 1
    if count >= element.hops.min then
        local edges = edges_from(search.trail, first)
        arrive(search, extend(env, element.var, edges), at, from)
    end
    if element.hops.max and count >= element.hops.max then return end
    for _, hop in ipairs(hops(search, env, element, from)) do
        with_hop(search, hop, function()
            wander(search, env, at, hop[2], first)
        end)
    end
end

local match_path

local function copy(items)
    local made = {}
    for i, item in ipairs(items) do made[i] = item end
    return made
end

-- Node element `at` is node `id`.
function walk(search, env, at, id)
    local path = search.path
    if at < #path.elements then
        if path.elements[at + 1].hops then
            return wander(search, env, at + 1, id, #search.trail.edges + 1)
        end
        return step(search, env, at + 1, id)
    end
    local trail = search.trail
    match_path(search, search.index + 1, extend(env, path.name,
        { t = "path", nodes = copy(trail.nodes), edges = copy(trail.edges) }))
    search.trail, search.path = trail, path
end

-- Matches path `index` of the patterns, then those behind it.
function match_path(search, index, env)
    local path = search.patterns[index]
    if not path then
        search.count = search.count + 1
        if search.count > pattern.ROWS_MAX then value.skip("many rows") end
        search.rows[search.count] = env
        return
    end
    local outer = search.index
    for id in pairs(search.graph.nodes) do
        search.index, search.path = index, path
        search.trail = { nodes = { id }, edges = {} }
        local inner = bind_node(search, env, 1, id)
        if inner then walk(search, inner, 1, id) end
    end
    search.index = outer
end

--- More rows than this are too slow to compare, and more nodes looked at by a
-- statement, whatever comes of it, too slow to match.
pattern.ROWS_MAX = 3000
pattern.LOOKS_MAX = 300000

--- All rows that the patterns make of the row `env`.
function pattern.match(context, env, patterns, eval)
    local search = { graph = context.graph, context = context, eval = eval,
                     patterns = patterns, used = {}, rows = {}, count = 0,
                     index = 0 }
    match_path(search, 1, env)
    return search.rows
end

return pattern
