-- Rows that are only counted, around one node: each of its edges in a pattern
-- goes to a node that nothing else wants, so what they number is a product of
-- degrees. (a)-->(b)-->(c) are in(b) * out(b) rows of b.
--
-- No edge is in two places of a row. What the product counts too often are the
-- ways in which some of the edges are one: by inclusion and exclusion over the
-- partitions of the edges, each block of which is one edge. An edge that serves
-- several places of one direction is an edge of that direction; of both
-- directions, a loop.

local cost = require("namidb.plan.cost")
local expression = require("namidb.plan.expression")
local shape = require("namidb.plan.shape")

local star = {}

local multiply = shape.multiply

local ARMS_MAX = 4 -- of 4 edges there are 15 partitions

-- Where a loop is looked for: among neighbours that are read anyhow.
local function side_of(arms)
    for _, arm in ipairs(arms) do
        if #arm.labels > 0 then return arm.direction end
    end
    return arms[1].direction
end

-- How many edges at the node in `slot` are one of each of the arms; nil: none
-- can be.
local function shared(context, slot, arms)
    local types, labels = shape.common_types(arms), {}
    local direction = arms[1].direction
    local operand = expression.slot(slot)
    if not types then return nil end
    for _, arm in ipairs(arms) do
        shape.add_distinct(labels, arm.labels)
        if arm.direction ~= direction then direction = nil end
    end
    if direction then
        return { kind = "DEGREE", code = direction, names = types,
                 labels = labels, operand }
    end
    local loops = { kind = "LOOPS", code = side_of(arms), names = types,
                    operand }
    if #labels == 0 then return loops end
    return { kind = "CASE", otherwise = context:constant(0), branches = { {
        { kind = "LABELS", names = labels, operand }, loops } } }
end

-- (-1)^(n - 1) * (n - 1)! for each block of n.
local function weight(blocks)
    local product = 1
    for _, block in ipairs(blocks) do
        for i = 1, #block - 1 do product = product * -i end
    end
    return product
end

-- Calls `take` with each partition of arms[first], arms[first + 1] and on into
-- `blocks`.
local function partition(arms, first, blocks, take)
    if first > #arms then return take(blocks) end
    for _, block in ipairs(blocks) do
        block[#block + 1] = arms[first]
        partition(arms, first + 1, blocks, take)
        block[#block] = nil
    end
    blocks[#blocks + 1] = { arms[first] }
    partition(arms, first + 1, blocks, take)
    blocks[#blocks] = nil
end

-- The ways to choose an edge for each arm, none for two.
local function choices(context, slot, arms)
    local sum
    local terms = {}
    partition(arms, 1, {}, function(blocks)
        local product
        for _, block in ipairs(blocks) do
            local expr = shared(context, slot, block)
            if not expr then return end
            product = multiply(product, expr)
        end
        terms[#terms + 1] = { weight = weight(blocks), expr = product }
    end)
    -- The partition of single arms is the last.
    for i = #terms, 1, -1 do
        local times, expr = math.abs(terms[i].weight), terms[i].expr
        if times > 1 then expr = multiply(context:constant(times), expr) end
        if not sum then
            sum = expr
        else
            sum = { kind = terms[i].weight > 0 and "ADD" or "SUB", sum, expr }
        end
    end
    return sum
end

---------------------------------------------------------------------- pattern

-- The arms as they leave the node `slot`; nil: some edge does not, or two end
-- at one node, or at this.
local function arms_of(found, slot)
    local arms, ends = {}, { [slot] = true }
    for i, arm in ipairs(found.arms) do
        local to, direction = arm.to, arm.direction
        if to == slot then
            to, direction = arm.from, shape.REVERSE[direction]
        elseif arm.from ~= slot then
            return nil
        end
        if ends[to] then return nil end
        ends[to] = true
        arms[i] = { edge = arm.edge, to = to, direction = direction,
                    types = arm.types, labels = found.labels[to] or {} }
    end
    return arms
end

-- Arms of one MATCH together: no edge may be in two of them. nil: it is not so
-- simple.
local function groups_of(found, arms)
    local by_edge, group_of, is_apart = {}, {}, {}
    for _, arm in ipairs(arms) do
        by_edge[arm.edge] = arm
        group_of[arm], is_apart[arm] = { arm }, {}
    end
    for _, slots in ipairs(found.apart) do
        for i = 1, #slots do
            local arm = by_edge[slots[i]]
            if not arm then return nil end
            for j = 1, i - 1 do
                local other = by_edge[slots[j]]
                is_apart[arm][other], is_apart[other][arm] = true, true
                local into, from = group_of[arm], group_of[other]
                if into ~= from then
                    for _, moved in ipairs(from) do
                        into[#into + 1] = moved
                        group_of[moved] = into
                    end
                end
            end
        end
    end
    local groups, seen = {}, {}
    for _, arm in ipairs(arms) do
        local group = group_of[arm]
        if not seen[group] then groups[#groups + 1] = group end
        seen[group] = true
    end
    for _, group in ipairs(groups) do
        if #group > ARMS_MAX then return nil end
        for i, arm in ipairs(group) do
            for j = 1, i - 1 do
                if not is_apart[arm][group[j]] and
                    shape.may_share(arm, group[j]) then
                    return nil
                end
            end
        end
    end
    return groups
end

-- Whether nothing of `wanted` is an arm's edge or end.
local function are_hidden(arms, wanted)
    for _, arm in ipairs(arms) do
        if wanted[arm.edge] or wanted[arm.to] then return false end
    end
    return true
end

------------------------------------------------------------------------- cost

-- What is read: nodes, and edges where more than their number is wanted.
local function reads(context, nodes, label, arms)
    local each = 1
    local from = label and context.names[label + 1].text
    for _, arm in ipairs(arms) do
        if #arm.labels > 0 then
            each = each + cost.hop(context, shape.texts(context, arm.types),
                                   arm.direction, from, nil)
        end
    end
    return nodes * each
end

------------------------------------------------------------------------- plan

-- The slots that may be in the middle.
local function middles(found)
    local first = found.arms[1]
    if not found.is_free then return { first.from } end
    return { first.from, first.to }
end

-- The best way to count around one node: { slot, arms, groups }.
local function choose(context, found, wanted)
    local best
    for _, slot in ipairs(middles(found)) do
        local arms = arms_of(found, slot)
        local groups = arms and are_hidden(arms, wanted) and
            groups_of(found, arms)
        if groups then
            local nodes, label = cost.rows(context, found.base), nil
            if found.is_free then
                label, nodes = shape.rarest(context, found.labels[slot] or {})
            end
            local read = reads(context, nodes, label, arms)
            if not best or read < best.read then
                best = { slot = slot, arms = arms, groups = groups,
                         read = read }
            end
        end
    end
    if best and best.read <= shape.rows_of(context, found, wanted) then
        return best
    end
end

--- What counts the rows of `op` as shape.counted says it; nil where that is not
-- so simple. `wanted` is the set of slots that are read above it.
function star.find(context, op, wanted)
    local found = shape.find(op, wanted)
    local best = found and choose(context, found, wanted)
    if not best then return nil end
    local expr
    for _, group in ipairs(best.groups) do
        expr = multiply(expr, choices(context, best.slot, group))
    end
    return shape.counted(context, found, best.slot, expr)
end

return star
