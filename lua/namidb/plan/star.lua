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
local free = require("namidb.plan.free")

local star = {}

local ARMS_MAX = 4 -- of 4 edges there are 15 partitions

local REVERSE = { out = "in", ["in"] = "out" }

---------------------------------------------------------------------- numbers

local function add_distinct(list, items)
    local seen = {}
    for _, item in ipairs(list) do seen[item] = true end
    for _, item in ipairs(items) do
        if not seen[item] then list[#list + 1] = item end
        seen[item] = true
    end
    return list
end

local function has(list, wanted)
    for _, item in ipairs(list) do
        if item == wanted then return true end
    end
    return false
end

-- The types that an edge of all these arms may have, none: any; nil: it cannot
-- be.
local function common_types(arms)
    local types
    for _, arm in ipairs(arms) do
        if #arm.types > 0 and not types then
            types = add_distinct({}, arm.types)
        elseif #arm.types > 0 then
            local both = {}
            for _, name in ipairs(types) do
                if has(arm.types, name) then both[#both + 1] = name end
            end
            types = both
            if #types == 0 then return nil end
        end
    end
    return types or {}
end

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
    local types, labels = common_types(arms), {}
    local direction = arms[1].direction
    local operand = expression.slot(slot)
    if not types then return nil end
    for _, arm in ipairs(arms) do
        add_distinct(labels, arm.labels)
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

local function multiply(a, b)
    return a and { kind = "MUL", a, b } or b
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

local function append(list, items)
    for _, item in ipairs(items) do list[#list + 1] = item end
end

-- What is below an aggregation: edges that expansions found, conditions, and
-- the operator that they start from. `early` are the conditions below all
-- edges. nil: there is more.
local function flatten(op)
    local shape = { arms = {}, labels = {}, filters = {}, early = {},
                    apart = {}, ops = {} }
    while op.kind == "FILTER" or op.kind == "EXPAND" do
        shape.ops[#shape.ops + 1] = op
        local expr = op.expr
        if op.kind == "EXPAND" then
            if op.direction == "both" or op.flags.INTO then return nil end
            append(shape.filters, shape.early)
            shape.early = {}
            shape.arms[#shape.arms + 1] = { edge = op.edge, from = op.slot,
                to = op.to, direction = op.direction, types = op.types }
        elseif expr.kind == "DIFFER" then
            shape.apart[#shape.apart + 1] = expr.slots
        elseif expr.kind == "LABELS" and expr[1].kind == "SLOT" then
            local slot = expr[1].number
            shape.labels[slot] = add_distinct(shape.labels[slot] or {},
                                              expr.names)
        else
            shape.early[#shape.early + 1] = expr
        end
        op = op.child
    end
    shape.base = op
    if op.kind == "SCAN_EDGES" and op.direction ~= "both" and
        op.child.kind == "ARGUMENT" then
        shape.arms[#shape.arms + 1] = { edge = op.edge, from = op.slot,
            to = op.to, direction = op.direction, types = { op.type } }
        append(shape.filters, shape.early)
        shape.early = {}
        shape.is_free = true
    elseif op.kind == "SCAN" and op.child.kind == "ARGUMENT" then
        shape.labels[op.slot] = add_distinct(shape.labels[op.slot] or {},
                                             { op.label })
        shape.is_free = true
    end
    return shape
end

-- The arms as they leave the node `slot`; nil: some edge does not, or two end
-- at one node, or at this.
local function arms_of(shape, slot)
    local arms, ends = {}, { [slot] = true }
    for i, arm in ipairs(shape.arms) do
        local to, direction = arm.to, arm.direction
        if to == slot then
            to, direction = arm.from, REVERSE[direction]
        elseif arm.from ~= slot then
            return nil
        end
        if ends[to] then return nil end
        ends[to] = true
        arms[i] = { edge = arm.edge, to = to, direction = direction,
                    types = arm.types, labels = shape.labels[to] or {} }
    end
    return arms
end

local function may_share(a, b)
    return common_types({ a, b }) ~= nil
end

-- Arms of one MATCH together: no edge may be in two of them. nil: it is not so
-- simple.
local function groups_of(shape, arms)
    local by_edge, group_of, is_apart = {}, {}, {}
    for _, arm in ipairs(arms) do
        by_edge[arm.edge] = arm
        group_of[arm], is_apart[arm] = { arm }, {}
    end
    for _, slots in ipairs(shape.apart) do
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
                if not is_apart[arm][group[j]] and may_share(arm, group[j]) then
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

local function texts(context, names)
    local result = {}
    for i, name in ipairs(names) do result[i] = context.names[name + 1].text end
    return result
end

-- The rarest of some labels; nil: there is none.
local function rarest(context, labels)
    local best, rows
    for _, name in ipairs(labels) do
        local nodes = cost.nodes(context, context.names[name + 1].text)
        if not best or nodes < rows then best, rows = name, nodes end
    end
    return best, rows or cost.nodes(context, nil)
end

-- What is read: nodes, and edges where more than their number is wanted.
local function reads(context, nodes, label, arms)
    local each = 1
    local from = label and context.names[label + 1].text
    for _, arm in ipairs(arms) do
        if #arm.labels > 0 then
            each = each + cost.hop(context, texts(context, arm.types),
                                   arm.direction, from, nil)
        end
    end
    return nodes * each
end

-- What is read without a star: the last hop is no rows where its degree says
-- all.
local function rows_of(context, shape, wanted)
    local rows = cost.rows(context, shape.base)
    for i, op in ipairs(shape.ops) do
        local is_last = i == 1 or i == 2 and #shape.apart > 0
        if op.kind == "EXPAND" and
            not (is_last and not wanted[op.to] and not wanted[op.edge] and
                 not shape.labels[op.to]) then
            rows = rows + cost.rows(context, op)
        end
    end
    return rows
end

------------------------------------------------------------------------- plan

local function filter(op, expr)
    return { kind = "FILTER", child = op, expr = expr }
end

-- The conditions, the last of them first.
local function filtered(op, exprs)
    for i = #exprs, 1, -1 do op = filter(op, exprs[i]) end
    return op
end

-- The nodes in the middle of the star.
local function middle(context, shape, slot)
    local op = shape.base
    local labels = shape.labels[slot] or {}
    if shape.is_free then
        local label = rarest(context, labels)
        op = { kind = "SCAN", slot = slot, label = label, child = op.child }
        local others = {}
        for _, name in ipairs(labels) do
            if name ~= label then others[#others + 1] = name end
        end
        labels = others
    end
    if #labels > 0 then
        op = filter(op, { kind = "LABELS", names = labels,
                          expression.slot(slot) })
    end
    return filtered(op, shape.early)
end

-- The slots that may be in the middle.
local function middles(shape)
    local first = shape.arms[1]
    if not shape.is_free then return { first.from } end
    return { first.from, first.to }
end

-- The best way to count around one node: { slot, arms, groups }.
local function choose(context, shape, wanted)
    local best
    for _, slot in ipairs(middles(shape)) do
        local arms = arms_of(shape, slot)
        local groups = arms and are_hidden(arms, wanted) and
            groups_of(shape, arms)
        if groups then
            local nodes, label = cost.rows(context, shape.base), nil
            if shape.is_free then
                label, nodes = rarest(context, shape.labels[slot] or {})
            end
            local read = reads(context, nodes, label, arms)
            if not best or read < best.read then
                best = { slot = slot, arms = arms, groups = groups,
                         read = read }
            end
        end
    end
    if best and best.read <= rows_of(context, shape, wanted) then
        return best
    end
end

--- What counts the rows of `op`, an operator that gives fewer: { child, slot of
-- the number, slots of which one is set in each row }; nil where that is not so
-- simple. `wanted` is the set of slots that are read above it.
function star.find(context, op, wanted)
    local shape = flatten(op)
    if not shape or #shape.arms == 0 then return nil end
    for _, exprs in ipairs({ shape.early, shape.filters }) do
        for _, expr in ipairs(exprs) do
            if expression.is_volatile(expr) then return nil end
            free.reads(expr, wanted)
        end
    end
    local found = choose(context, shape, wanted)
    if not found then return nil end
    local rows = { [found.slot] = true }
    for _, arm in ipairs(found.arms) do
        rows[arm.edge], rows[arm.to] = true, true
    end
    for slot in pairs(shape.labels) do
        if not rows[slot] then return nil end
    end
    local number, expr = context:new_slot(), nil
    for _, group in ipairs(found.groups) do
        expr = multiply(expr, choices(context, found.slot, group))
    end
    local child = { kind = "PROJECT",
                    items = { { slot = number, expr = expr } },
                    child = middle(context, shape, found.slot) }
    if #shape.filters > 0 then
        child = filtered(filter(child, { kind = "GT", expression.slot(number),
                                         context:constant(0) }), shape.filters)
    end
    return { child = child, number = number, rows = rows }
end

return star
