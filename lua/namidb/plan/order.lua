-- In which order a pattern is found: from every node where it could start, the
-- edges are walked in thought, always the one that leaves the fewest rows; the
-- start is the one for which the least is read.

local cost = require("namidb.plan.cost")

local order = {}

-- Patterns of more edges start at the node that is cheapest to find.
local EDGES_MAX = 16

local REVERSE = { out = "in", ["in"] = "out", both = "both" }
order.REVERSE = REVERSE

local function label_of(state, slot)
    local labels = state.context.labels_of[slot]
    return labels and labels[1]
end

-- Of the rows, the share that the conditions on one element keep.
local function share_at(state, slot)
    local share = state.shares[slot]
    if share then return share end
    share = 1
    for _, condition in ipairs(state.graph.conditions) do
        if condition.reads[slot] then
            local is_alone = true
            for other in pairs(condition.reads) do
                if other ~= slot and state.graph.is_element[other] then
                    is_alone = false
                end
            end
            if is_alone then share = share * cost.share(condition.expr) end
        end
    end
    state.shares[slot] = share
    return share
end
order.share_at = share_at

--- What walking an edge from a known end does to the number of rows: how many
-- edges are read for each, and how many rows are left of it. nil: not now.
function order.walk(state, edge, known)
    local from, to = known[edge.from], known[edge.to]
    if edge.shortest then
        if from and to then return 1000, 1 end
        return nil
    end
    if edge.bound and not known[edge.slot] then return nil end
    if edge.bound and not edge.length then return 0, 1 end
    if not from and not to then return nil end
    local start, finish, direction = edge.from, edge.to, edge.direction
    if not from then
        start, finish, direction = finish, start, REVERSE[direction]
    end
    local read, kept = cost.hop(state.context, edge.type_names, direction,
                                label_of(state, start), label_of(state, finish))
    if edge.length then
        read = cost.walk(edge.length, read)
        kept = read
    end
    kept = kept * share_at(state, edge.slot)
    if from and to then
        return read, kept / math.max(1, cost.nodes(state.context,
                                                   label_of(state, finish)))
    end
    return read, kept * share_at(state, finish)
end

--- The edge to walk next, or nil.
function order.next_edge(state, known, is_done)
    local best, best_read, best_kept
    for _, edge in ipairs(state.graph.edges) do
        if not is_done[edge] then
            local read, kept = order.walk(state, edge, known)
            if read and (not best or kept < best_kept or
                kept == best_kept and read < best_read) then
                best, best_read, best_kept = edge, read, kept
            end
        end
    end
    return best, best_read, best_kept
end

-- What is read when the pattern is found from a start; stops at `bound`.
local function simulate(state, start, bound)
    local known, is_done = {}, {}
    for slot in pairs(state.known) do known[slot] = true end
    for edge in pairs(state.is_done) do is_done[edge] = true end
    local slot = start.node.slot
    known[slot] = true
    local read, rows = start.rows, start.rows
    if not start.seek then rows = rows * share_at(state, slot) end
    while not bound or read < bound do
        local edge, edge_read, kept = order.next_edge(state, known, is_done)
        if not edge then break end
        is_done[edge], known[edge.slot] = true, true
        known[edge.from], known[edge.to] = true, true
        read = read + rows * edge_read
        rows = rows * kept
    end
    return read
end

--- Of several starts { node, rows, ... } the best; nil if there is none.
function order.best_start(state, starts)
    local best, best_read
    local is_simple = #state.graph.edges > EDGES_MAX or #starts < 2
    for _, start in ipairs(starts) do
        local read = start.rows
        if not is_simple then read = simulate(state, start, best_read) end
        if not best or read < best_read then best, best_read = start, read end
    end
    return best
end

return order
