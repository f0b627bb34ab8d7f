-- Patterns, matched by trying everything.
--
-- A path is { name?, shortest = "one" or "all"?, selector = the words of GQL
-- for that?, mode = "ACYCLIC", ...?, elements = { node, edge, node, ... } }; a
-- node { var?, labels, props = { name = expression } }; an edge { var?, types,
-- dir = "out", "in" or "both", props, hops = { min, max? }? }.
-- `way` of a shortest path's edge, { q = "all" or "none", of = "nodes",
-- "relationships" or "edges", var, where }, is asked of all that is on the way.
-- In place of an edge may stand a group, { elements = { node, edge, node, ...
-- }, where?, hops }. `only` of nodes and edges is a tree of label.lua, `where`
-- a condition, if they have one.

local label = require("spec.property.label")
local value = require("spec.property.value")

local pattern = {}

local NULL = value.NULL
local unpack = table.unpack or unpack

local function extend(env, name, v)
    if not name then return env end
    local made = setmetatable({}, { __index = env })
    made[name] = v
    return made
end

-- WHERE inside the parentheses of an element that is v.
local function is_wanted(search, env, element, v)
    if not element.where then return true end
    local inner = extend(env, element.var, v)
    return value.truth(search.eval(search.context, inner, element.where))
end

local function has_props(context, env, eval, wanted, props)
    for name, node in pairs(wanted) do
        local same = value.equal(props[name] or NULL, eval(context, env, node))
        if not same then return false end
    end
    return true
end

local function is_node(search, env, element, id)
    local node = search.graph.nodes[id]
    for _, name in ipairs(element.labels) do
        if not node.labels[name] then return false end
    end
    if element.only and not label.holds(element.only, node.labels) then
        return false
    end
    return has_props(search.context, env, search.eval, element.props,
                     node.props) and
        is_wanted(search, env, element, { t = "node", id = id })
end

-- Whether what is on the way may be there.
local function may_pass(search, env, way, v)
    local holds = value.truth(search.eval(search.context,
                                          extend(env, way.var, v), way.where))
    if way.q == "all" then return holds == true end
    return holds == false
end

local function is_on_way(search, env, way, id)
    if not way then return true end
    if way.of ~= "nodes" then
        return may_pass(search, env, way, { t = "edge", id = id })
    end
    local edge = search.graph.edges[id]
    return may_pass(search, env, way, { t = "node", id = edge.from }) and
        may_pass(search, env, way, { t = "node", id = edge.to })
end

local function is_edge(search, env, element, id)
    local edge = search.graph.edges[id]
    local is_type = #element.types == 0
    for _, type in ipairs(element.types) do
        if edge.type == type then is_type = true end
    end
    if element.only and not label.holds(element.only, { [edge.type] = true })
    then
        return false
    end
    return is_type and
        has_props(search.context, env, search.eval, element.props,
                  edge.props) and
        is_wanted(search, env, element, { t = "edge", id = id }) and
        is_on_way(search, env, element.way, id)
end

-- Counts what is looked at.
local function look(context)
    context.looks = (context.looks or 0) + 1
    if context.looks > pattern.LOOKS_MAX then value.skip("many looks") end
end

-- What one hop from a node leads to: { { edge id, node id }, ... }.
local function hops(search, env, element, from)
    local found = {}
    for id, edge in pairs(search.graph.edges) do
        look(search.context)
        local to
        if edge.from == from and element.dir ~= "in" then
            to = edge.to
        elseif edge.to == from and element.dir ~= "out" then
            to = edge.from
        end
        if to and not search.used[id] and
            is_edge(search, env, element, id) then
            found[#found + 1] = { id, to }
        end
    end
    return found
end

local walk

-- The row in which a node element is node `id`; nil if it cannot be.
local function bind_node(search, env, element, id)
    look(search.context)
    local bound = element.var and env[element.var]
    if bound and (bound == NULL or bound.id ~= id) then return nil end
    if not is_node(search, env, element, id) then return nil end
    if bound then return env end
    return extend(env, element.var, { t = "node", id = id })
end

-- Goes on where edge element `at` has led.
local function arrive(search, env, at, id)
    local inner = bind_node(search, env, search.path.elements[at + 1], id)
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

-- Goes once through the elements of a group, from node `id`, at which its node
-- element `at` is: calls fn with the row inside and the node it comes to.
local function go_through(search, env, elements, at, id, fn)
    local inner = bind_node(search, env, elements[at], id)
    if not inner then return end
    if at == #elements then return fn(inner, id) end
    local element = elements[at + 1]
    for _, hop in ipairs(hops(search, inner, element, id)) do
        with_hop(search, hop, function()
            go_through(search, extend(inner, element.var,
                { t = "edge", id = hop[1] }), elements, at + 2, hop[2], fn)
        end)
    end
end

-- The names of a group as lists of what they were each time.
local function with_lists(env, group, times)
    for _, element in ipairs(group.elements) do
        if element.var then
            local items = {}
            for i, inner in ipairs(times) do items[i] = inner[element.var] end
            env = extend(env, element.var, value.list(items))
        end
    end
    return env
end

-- Walks the group that is element `at`, through which the rows `times` have
-- gone already.
local function walk_group(search, env, at, from, times)
    local group = search.path.elements[at]
    if #times >= group.hops.min then
        arrive(search, with_lists(env, group, times), at, from)
    end
    if group.hops.max and #times >= group.hops.max then return end
    go_through(search, env, group.elements, 1, from, function(inner, id)
        if group.where and not value.truth(search.eval(search.context, inner,
                                                       group.where)) then
            return
        end
        times[#times + 1] = inner
        walk_group(search, env, at, id, times)
        times[#times] = nil
    end)
end

-- Walks of a shortest path: those that go on from `ends`, { { node id, trail },
-- ... }, by one edge to nodes that no shorter walk reached.
local function deepen(search, env, element, ends, depths, depth)
    local result = {}
    for _, last in ipairs(ends) do
        for _, hop in ipairs(hops(search, env, element, last.id)) do
            if (depths[hop[2]] or depth) == depth then
                depths[hop[2]] = depth
                local made = { id = hop[2], nodes = { unpack(last.nodes) },
                               edges = { unpack(last.edges) } }
                made.nodes[depth + 1] = hop[2]
                made.edges[depth] = hop[1]
                result[#result + 1] = made
                if #result > pattern.ROWS_MAX then value.skip("many rows") end
            end
        end
    end
    return result
end

-- All shortest walks between two nodes; what else the match walks on does not
-- matter to them. Of a node to itself there is none, or one of no edges.
local function shortest(search, env, element, from, to)
    local wanted = element.hops or { min = 1, max = 1 }
    local ends = { { id = from, nodes = { from }, edges = {} } }
    if from == to then
        local way = element.way and element.way.of == "nodes" and element.way
        local may = not way or
            may_pass(search, env, way, { t = "node", id = from })
        return wanted.min == 0 and may and ends or {}
    end
    local used = search.used
    search.used = {}
    local found, depths, depth = {}, { [from] = 0 }, 0
    while #found == 0 and #ends > 0 and depth < (wanted.max or depth + 1) do
        depth = depth + 1
        ends = deepen(search, env, element, ends, depths, depth)
        for _, last in ipairs(ends) do
            if last.id == to then found[#found + 1] = last end
        end
    end
    search.used = used
    return found
end

local match_path

local function copy(items)
    local made = {}
    for i, item in ipairs(items) do made[i] = item end
    return made
end

-- ACYCLIC: no node occurs twice; SIMPLE: none but the first, as the last.
local function is_of_mode(mode, nodes)
    if mode ~= "ACYCLIC" and mode ~= "SIMPLE" then return true end
    local seen = {}
    for i, id in ipairs(nodes) do
        local is_closing = mode == "SIMPLE" and i == #nodes and id == nodes[1]
        if seen[id] and not is_closing then return false end
        seen[id] = true
    end
    return true
end

-- Node element `at` is node `id`.
function walk(search, env, at, id)
    local path = search.path
    local following, trail = path.elements[at + 1], search.trail
    if following and following.elements then
        return walk_group(search, env, at + 1, id, {})
    elseif following and following.hops then
        return wander(search, env, at + 1, id, #trail.edges + 1)
    elseif following then
        return step(search, env, at + 1, id)
    end
    if not is_of_mode(path.mode, trail.nodes) then return end
    match_path(search, search.index + 1, extend(env, path.name,
        { t = "path", nodes = copy(trail.nodes), edges = copy(trail.edges) }))
    search.trail, search.path = trail, path
end

local function edge_list(walk_of)
    local edges = {}
    for i, id in ipairs(walk_of.edges) do edges[i] = { t = "edge", id = id } end
    return value.list(edges)
end

-- A shortest path from node `id` to wherever it may end.
local function match_shortest(search, env, index, id)
    local path = search.path
    local first, element, last = unpack(path.elements)
    local from = bind_node(search, env, first, id)
    if not from then return end
    for other in pairs(search.graph.nodes) do
        search.index, search.path = index, path
        local both = bind_node(search, from, last, other)
        local found = both and shortest(search, both, element, id, other) or {}
        for i = 1, path.shortest == "one" and math.min(#found, 1) or #found do
            local edges = edge_list(found[i])
            local made = extend(extend(both, element.var,
                element.hops and edges or edges[1]), path.name,
                { t = "path", nodes = found[i].nodes, edges = found[i].edges })
            match_path(search, index + 1, made)
            search.index, search.path = index, path
        end
    end
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
        if path.shortest then
            match_shortest(search, env, index, id)
        else
            local inner = bind_node(search, env, path.elements[1], id)
            if inner then walk(search, inner, 1, id) end
        end
    end
    search.index = outer
end

--- More rows than this are too slow to compare, and more nodes and edges looked
-- at by a statement, whatever comes of it, too slow to match.
pattern.ROWS_MAX = 3000
pattern.LOOKS_MAX = 1000000

--- All rows that the patterns make of the row `env`.
function pattern.match(context, env, patterns, eval)
    local search = { graph = context.graph, context = context, eval = eval,
                     patterns = patterns, used = {}, rows = {}, count = 0,
                     index = 0 }
    match_path(search, 1, env)
    return search.rows
end

return pattern
