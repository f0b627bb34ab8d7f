-- What a plan would have to fetch before it can look at it, as so many rows
-- that could be looked at in that time.
--
-- options.segments(of, name) -> of how many segments the nodes of a label
-- ("node") or the edges of a type ("out", "into") consist, and how many are not
-- at hand; nil: of all. What was asked stands in context.cold, so that a plan
-- can be made anew when it is no longer so (cold.is_stale).

local cold = {}

-- A row is thought to take 20 ns. A store far away answers after 10 ms and
-- gives 64 KiB, a segment of nodes, in 0.5; a segment of edges has half of
-- that. From a folder either is there after 0.02 ms, decoded.
local FAR = { round = 5e5, node = 25000, out = 12000, into = 12000 }
local NEAR = { round = 300, node = 1000, out = 1000, into = 1000 }

-- Segments that a scan asks for at once.
local WINDOW = 64

local ALL = {} -- instead of a name

local function need_of(context, of, name)
    local ask = context.options.segments
    if not ask then return nil end
    local asked = context.cold[of]
    local need = asked[name or ALL]
    if not need then
        need = { name = name }
        need.segments, need.missing = ask(of, name)
        asked[name or ALL] = need
    end
    return need.missing > 0 and need or nil
end

local function prices(context)
    return context.options.is_far and FAR or NEAR
end

--- Whether anything of a pattern's nodes and edges is missing. label_of(slot)
-- gives a label of a node, or nil.
function cold.is_any(context, graph, label_of)
    if not context.options.segments then return false end
    local is_any = false
    for _, node in ipairs(graph.node_order) do
        is_any = need_of(context, "node", label_of(node.slot)) or is_any
    end
    for _, edge in ipairs(graph.edges) do
        for i = 1, math.max(1, #edge.type_names) do
            local type = edge.type_names[i]
            is_any = need_of(context, "out", type) or
                need_of(context, "into", type) or is_any
        end
    end
    return is_any ~= false
end

--- Of reading all nodes of a label, or edges of a type one way.
function cold.all(context, of, name)
    local need = need_of(context, of, name)
    if not need then return 0 end
    local price = prices(context)
    return price.round * math.ceil(need.missing / WINDOW) +
        price[of] * need.missing
end

--- Of reading so many of them, wherever they are, in so many rounds.
function cold.some(context, of, name, rows, rounds)
    local need = need_of(context, of, name)
    if not need then return 0 end
    local price = prices(context)
    local touched = need.segments * (1 - (1 - 1 / need.segments) ^ rows)
    local missing = touched * need.missing / need.segments
    return price.round * math.min(1, missing) * (rounds or 1) +
        price[of] * missing
end

local SIDES = { out = { "out" }, ["in"] = { "into" },
                both = { "out", "into" } }

--- Of a hop from so many nodes, by edges of some types (none: all).
function cold.hop(context, types, direction, rows)
    if not context.options.segments then return 0 end
    local price = 0
    for _, side in ipairs(SIDES[direction]) do
        if #types == 0 then
            price = price + cold.some(context, side, nil, rows)
        end
        for _, type in ipairs(types) do
            price = price + cold.some(context, side, type, rows)
        end
    end
    return price
end

--- Whether much more or less than what a plan relied upon is at hand.
function cold.is_stale(asked, ask)
    for of, needs in pairs(asked) do
        for _, need in pairs(needs) do
            local _, missing = ask(of, need.name)
            local low, high = math.min(missing, need.missing),
                math.max(missing, need.missing)
            if high > low * 4 + 2 then return true end
        end
    end
    return false
end

return cold
