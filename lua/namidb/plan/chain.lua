-- Rows that are only counted, along a path of three edges whose middle edge is
-- all that is walked: (a)-->(b)-->(c)-->(d) are, of each b, in(b) times the
-- walks of two edges from there.
--
-- No edge is in two places of a row, as in plan/star.lua: what the product
-- counts too often are the ways in which some of the three are one edge. The
-- first and the middle one are if the first leaves b as the middle one does, to
-- c, or if both are a loop; likewise the middle and the last one at c. The
-- first and the last one are if they lead from b to c or back, and close a walk
-- of two edges; or if the middle one is a loop and they are one beside it.

local cost = require("namidb.plan.cost")
local expression = require("namidb.plan.expression")
local shape = require("namidb.plan.shape")

local chain = {}

local REVERSE = shape.REVERSE
local common_types, multiply = shape.common_types, shape.multiply

---------------------------------------------------------------------- pattern

-- An edge as it leaves the node `slot`; nil: it is not there.
local function leaving(found, arm, slot)
    local to, direction = arm.to, arm.direction
    if to == slot then
        to, direction = arm.from, REVERSE[direction]
    elseif arm.from ~= slot then
        return nil
    end
    return { edge = arm.edge, to = to, direction = direction,
             types = arm.types, labels = found.labels[to] or {} }
end

-- The path as it is seen from `slot`, with `arm` as the middle edge:
-- { slot, first, middle, last }, of which the first two leave the slot.
local function path_from(found, arm, slot)
    local middle = leaving(found, arm, slot)
    local path = { slot = slot, middle = middle }
    for _, other in ipairs(found.arms) do
        if other ~= arm then
            local first = leaving(found, other, slot)
            local last = leaving(found, other, middle.to)
            if first and last then return nil end -- beside the middle edge
            path.first = path.first or first
            path.last = path.last or last
        end
    end
    if not path.first or not path.last then return nil end
    local ends = { [slot] = true }
    for _, to in ipairs({ path.first.to, middle.to, path.last.to }) do
        if ends[to] then return nil end
        ends[to] = true
    end
    return path
end

-- Whether nothing of the path is wanted but the node that it is seen from.
local function is_hidden(path, wanted)
    for _, arm in ipairs({ path.first, path.middle, path.last }) do
        if wanted[arm.edge] or wanted[arm.to] then return false end
    end
    return true
end

-- apart[a][b]: edges that are not one. nil: of some that are none of these.
local function apart_of(found)
    local apart = {}
    for _, arm in ipairs(found.arms) do apart[arm.edge] = {} end
    for _, slots in ipairs(found.apart) do
        for _, a in ipairs(slots) do
            for _, b in ipairs(slots) do
                if not apart[a] then return nil end
                if a ~= b then apart[a][b] = true end
            end
        end
    end
    return apart
end

---------------------------------------------------------------------- numbers

local function labels_of(...)
    local labels = {}
    for _, arm in ipairs({ ... }) do
        shape.add_distinct(labels, arm.labels)
    end
    return labels
end

local function degree(path, arm, types, labels)
    return { kind = "DEGREE", code = arm.direction, names = types,
             labels = labels, expression.slot(path.slot) }
end

local function loops(path, types)
    return { kind = "LOOPS", code = path.middle.direction, names = types,
             expression.slot(path.slot) }
end

-- Walks of two edges; not `last`: back to where they start, by `back`.
local function walks(path, types, labels, last, back)
    return {
        kind = "WALKS", code = path.middle.direction, names = types,
        labels = labels, is_closed = last == nil,
        second = last and { code = last.direction, names = last.types,
                            labels = last.labels } or back,
        expression.slot(path.slot),
    }
end

-- The number where the node has labels, which it need not have otherwise.
local function where(context, found, path, labels, expr)
    local names, known = {}, {}
    for _, name in ipairs(found.labels[path.slot] or {}) do
        known[name] = true
    end
    for _, name in ipairs(labels) do
        if not known[name] then names[#names + 1] = name end
    end
    if #names == 0 then return expr end
    return { kind = "CASE", otherwise = context:constant(0), branches = { {
        { kind = "LABELS", names = names, expression.slot(path.slot) },
        expr } } }
end

-- How many ways there are in which edges of the path are one: each gives an
-- expression, or nil, where there is none.
local ways = {}

function ways.first_middle(context, found, path)
    local first, middle, last = path.first, path.middle, path.last
    local types, labels = common_types({ first, middle }),
        labels_of(first, middle)
    if not types then return nil end
    if first.direction == middle.direction then
        return walks(path, types, labels, last)
    end
    return where(context, found, path, labels, multiply(loops(path, types),
        degree(path, last, last.types, last.labels)))
end

function ways.middle_last(context, found, path)
    local first, middle, last = path.first, path.middle, path.last
    local types = common_types({ middle, last })
    if not types then return nil end
    local others = degree(path, first, first.types, first.labels)
    if last.direction ~= middle.direction then
        return where(context, found, path, last.labels, multiply(others,
            degree(path, middle, types, middle.labels)))
    end
    return where(context, found, path, labels_of(middle, last),
                 multiply(loops(path, types), others))
end

function ways.first_last(context, found, path)
    local first, middle, last = path.first, path.middle, path.last
    local types = common_types({ first, last })
    if not types then return nil end
    if first.direction == last.direction then
        return where(context, found, path, middle.labels, multiply(
            loops(path, middle.types),
            degree(path, first, types, labels_of(first, last))))
    end
    return where(context, found, path, last.labels, walks(path, middle.types,
        labels_of(first, middle), nil,
        { code = last.direction, names = types }))
end

function ways.all(context, found, path)
    local first, middle, last = path.first, path.middle, path.last
    local types = common_types({ first, middle, last })
    if not types then return nil end
    if first.direction == middle.direction and
        middle.direction ~= last.direction then
        return where(context, found, path, last.labels,
                     degree(path, middle, types, labels_of(first, middle)))
    end
    return where(context, found, path, labels_of(first, middle, last),
                 loops(path, types))
end

-- By inclusion and exclusion over the pairs of edges that must differ: all
-- three are one by any two of such pairs, and by all three.
local ALL_WEIGHTS = { 0, 1, 2 }

local function paths(context, found, path, apart)
    local first, middle, last = path.first, path.middle, path.last
    local sum = multiply(degree(path, first, first.types, first.labels),
                         walks(path, middle.types, middle.labels, last))
    local pairs_apart = 0
    local function take_away(a, b, way)
        if not apart[a.edge][b.edge] then return end
        local expr = way(context, found, path)
        pairs_apart = pairs_apart + 1
        if expr then sum = { kind = "SUB", sum, expr } end
    end
    take_away(first, middle, ways.first_middle)
    take_away(middle, last, ways.middle_last)
    take_away(first, last, ways.first_last)
    local weight = ALL_WEIGHTS[pairs_apart] or 0
    local expr = weight > 0 and ways.all(context, found, path)
    if expr and weight > 1 then
        expr = multiply(context:constant(weight), expr)
    end
    return expr and { kind = "ADD", sum, expr } or sum
end

------------------------------------------------------------------------- plan

-- What is read at `nodes` nodes: the middle edges and those that may be first
-- or last, and what has labels to be looked at.
local function reads(context, nodes, label, path)
    local from = label and context.names[label + 1].text
    local function hop(arm, at)
        return cost.hop(context, shape.texts(context, arm.types),
                        arm.direction, at, nil)
    end
    local middles = hop(path.middle, from)
    local each = 1 + 2 * middles + hop(path.first, from)
    if #path.last.labels > 0 then
        each = each + middles * hop(path.last, nil)
    end
    return nodes * each
end

-- The slots that a path may be seen from: where rows start, unless they might
-- start anywhere.
local function sides(found, arm)
    if found.is_free then return { arm.from, arm.to } end
    return { found.arms[#found.arms].from }
end

-- The way to see the path for which least is read.
local function choose(context, found, wanted)
    local best, least
    for _, arm in ipairs(found.arms) do
        for _, slot in ipairs(sides(found, arm)) do
            local path = (slot == arm.from or slot == arm.to) and
                path_from(found, arm, slot)
            if path and is_hidden(path, wanted) then
                local nodes, label = cost.rows(context, found.base), nil
                if found.is_free then
                    label, nodes = shape.rarest(context,
                                                found.labels[slot] or {})
                end
                local read = reads(context, nodes, label, path)
                if not best or read < least then best, least = path, read end
            end
        end
    end
    if best and least <= shape.rows_of(context, found, wanted) then
        return best
    end
end

--- What counts the rows of `op` as shape.counted says it; nil where that is not
-- so simple. `wanted` is the set of slots that are read above it.
function chain.find(context, op, wanted)
    local found = shape.find(op, wanted)
    if not found or #found.arms ~= 3 then return nil end
    local apart = apart_of(found)
    local path = apart and choose(context, found, wanted)
    if not path then return nil end
    return shape.counted(context, found, path.slot,
                         paths(context, found, path, apart))
end

return chain
