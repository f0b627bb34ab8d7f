-- In which order a pattern is found: from every node where it could start, the
-- edges are walked in thought, always the one that leaves the fewest rows; the
-- start is the one for which the least is read.

local cold = require("namidb.plan.cold")
local cost = require("namidb.plan.cost")
local free = require("namidb.plan.free")
local selectivity = require("namidb.plan.selectivity")

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
            if is_alone then
                share = share * selectivity.of(state.context, condition.expr)
            end
        end
    end
    state.shares[slot] = share
    return share
end
order.share_at = share_at

-- Whether what the condition on each edge of a walk reads is known.
local function can_test(state, edge, known)
    if not edge.condition then return true end
    edge.reads = edge.reads or free.reads(edge.condition, {})
    for slot in pairs(edge.reads) do
        if state.pending[slot] and not known[slot] and slot ~= edge.slot then
            return false
        end
    end
    return true
end

local function hop_at(state, edge, start, finish, direction, by)
    local read, kept = cost.hop(state.context, edge.type_names, direction,
                                label_of(state, start), label_of(state, finish),
                                by)
    if not edge.length then return read, kept end
    read = cost.walk(edge.length, read)
    return read, read
end

-- Edges that a walk reads at one of its ends, and those of them that lead to
-- the label of the other. It is asked for again and again while starts are
-- compared.
local function read_at(state, edge, start, finish, direction, by)
    local told = edge.told or { {}, {} }
    edge.told = told
    told = start == edge.from and told[1] or told[2]
    local hop = told[by]
    if not hop then
        hop = { hop_at(state, edge, start, finish, direction, by) }
        told[by] = hop
    end
    return hop[1], hop[2]
end

local OPPOSITE = { out = "into", ["in"] = "out" }

--- What is noted of a node that a walk comes to, in place of `true`: on which
-- side (of statistics) it has the edge that led there, and of which types that
-- may be.
function order.came_by(edge, direction)
    local side = OPPOSITE[direction]
    if not side or edge.length then return true end
    local came_by = edge.came_by or {}
    edge.came_by = came_by
    if not came_by[side] then
        local types = {}
        for _, type in ipairs(edge.type_names) do types[type] = true end
        came_by[side] = { side = side, types = types }
    end
    return came_by[side]
end

--- Which way an edge is walked of which an end is known: start, finish,
-- direction, and how many edges are read there and how many of them kept. Where
-- both ends are known, from the one with fewer edges, as nodes of edges have
-- them: any of the two may be one that has very many.
function order.ends(state, edge, known)
    local from, to, back = edge.from, edge.to, REVERSE[edge.direction]
    if not known[from] then
        return to, from, back, read_at(state, edge, to, from, back, known[to])
    elseif not known[to] or from == to then
        return from, to, edge.direction,
            read_at(state, edge, from, to, edge.direction, known[from])
    end
    local read, kept = read_at(state, edge, from, to, edge.direction,
                               order.came_by(edge, back))
    local other, other_kept = read_at(state, edge, to, from, back,
                                      order.came_by(edge, edge.direction))
    if other < read then return to, from, back, other, other_kept end
    return from, to, edge.direction, read, kept
end

--- What walking an edge from a known end does to the number of rows: how many
-- edges are read for each, and how many rows are left of it. nil: not now.
function order.walk(state, edge, known)
    local from, to = known[edge.from], known[edge.to]
    if not can_test(state, edge, known) then return nil end
    if edge.shortest then
        if from and to then return 1000, 1 end
        return nil
    end
    if edge.bound and not known[edge.slot] then return nil end
    if edge.bound and not edge.length then return 0, 1 end
    if not from and not to then return nil end
    local _, finish, _, read, kept = order.ends(state, edge, known)
    kept = kept * share_at(state, edge.slot)
    if from and to then
        return read, kept / math.max(1, cost.nodes(state.context,
                                                   label_of(state, finish)))
    end
    return read, kept * share_at(state, finish)
end

-------------------------------------------------- what has to be fetched

-- Whether a condition reads more of an element than its id and its labels.
local function is_looked_at(state, slot)
    for _, condition in ipairs(state.graph.conditions) do
        if condition.reads[slot] and not condition.labels_of then
            return true
        end
    end
    return false
end

local function fetch_node(state, slot, rows)
    if not is_looked_at(state, slot) then return 0 end
    return cold.some(state.context, "node", label_of(state, slot), rows)
end

local function fetch_edges(state, edge, rows)
    if not is_looked_at(state, edge.slot) then return 0 end
    local price = 0
    for _, type in ipairs(edge.type_names) do
        price = price + cold.some(state.context, "out", type, rows)
    end
    return price
end

-- What a walk from `rows` nodes fetches, of which `kept` lead on.
local function fetch_walk(state, edge, known, rows, kept)
    local context = state.context
    if edge.bound and not edge.length then -- it says what its ends are
        return (known[edge.from] and 0 or fetch_node(state, edge.from, kept)) +
            (known[edge.to] and 0 or fetch_node(state, edge.to, kept))
    end
    local _, finish, direction = order.ends(state, edge, known)
    local price = 0
    if edge.length then
        local hop = cost.hop(context, edge.type_names, direction)
        local reached = rows
        for _ = 1, cost.steps(edge.length) do
            price = price + cold.hop(context, edge.type_names, direction,
                                     reached)
            reached = reached * hop
        end
    else
        price = cold.hop(context, edge.type_names, direction, rows)
    end
    if direction ~= "out" then price = price + fetch_edges(state, edge, kept)
    end
    if known[edge.from] and known[edge.to] then return price end
    return price + fetch_node(state, finish, kept)
end

-- What finding a start fetches: a key is looked for in two rounds, and so is
-- what an index finds.
local function fetch_start(state, start)
    local context, edge, seek = state.context, start.edge, start.seek
    local node = start.node
    if edge then
        local type = edge.type_names[1]
        local price = seek and cold.some(context, "out", type, start.kept, 2)
            or cold.all(context, "out", type)
        return price + fetch_node(state, edge.from, start.kept) +
            fetch_node(state, edge.to, start.kept)
    end
    local label = start.label or node.labels[1]
    if seek then
        return cold.some(context, "node", label, start.rows,
                         seek.kind == "id" and 1 or 2)
    end
    return cold.all(context, "node", label)
end

--- Notes that an edge is walked of which an end is known.
function order.learn(edge, known)
    local by = known[edge.from] and order.came_by(edge, edge.direction) or
        order.came_by(edge, REVERSE[edge.direction])
    known[edge.slot] = true
    known[edge.from] = known[edge.from] or by
    known[edge.to] = known[edge.to] or by
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

-- What an edge of a scan counts, where a node or an edge of a hop counts 1, as
-- does the label of an end: about the same is no reason to give up what can be
-- told from degrees.
local EDGE = 2

--- Whether an edge may be found before its ends are.
function order.can_start(state, edge)
    return not state.is_done[edge] and not edge.bound and not edge.length and
        not edge.shortest and edge.from ~= edge.to and
        not state.known[edge.from] and not state.known[edge.to]
end

--- A start at all edges of the type of such an edge: { node, edge, rows, kept
-- }.
function order.edge_scan(state, edge)
    local from, to = label_of(state, edge.from), label_of(state, edge.to)
    local rows, kept = cost.edges(state.context, edge.type_names[1],
                                  edge.direction, from, to)
    return { node = state.graph.nodes[edge.from], edge = edge, kept = kept,
             rows = rows * (EDGE + (from and 1 or 0) + (to and 1 or 0)) }
end

--- Whether a start finds one node at most.
function order.is_one(start)
    return start.seek ~= nil and start.seek.is_one and not start.edge
end

-- Where a simulation begins: what is known then, and how many rows there are.
local function begin(state, start, starts, known, is_done)
    local slot, edge = start.node.slot, start.edge
    known[slot] = true
    for _, other in ipairs(order.is_one(start) and starts or {}) do
        if order.is_one(other) then known[other.node.slot] = true end
    end
    if start.rare then return start.kept end
    if not edge then
        return start.seek and start.rows or start.rows * share_at(state, slot)
    end
    known[edge.slot], known[edge.to], is_done[edge] = true, true, true
    return start.kept * share_at(state, edge.slot) * share_at(state, slot) *
        share_at(state, edge.to)
end

-- What is known and walked when a simulation begins, to be added to.
local function begun(state)
    local known, is_done = {}, {}
    for slot, by in pairs(state.known) do known[slot] = by end
    for edge in pairs(state.is_done) do is_done[edge] = true end
    return known, is_done
end

-- Walks all that hangs together with what is known: what is read, how many rows
-- there are then, and the first of the nodes that it comes to, or `first`. nil
-- where that reads `most` or more; most nil: no matter.
local function walk_all(state, known, is_done, rows, first, most)
    local read = 0
    while not most or read < most do
        local edge, edge_read, kept = order.next_edge(state, known, is_done)
        if not edge then return read, rows, first end
        read = read + rows * edge_read
        if state.is_cold then
            read = read + fetch_walk(state, edge, known, rows, rows * kept)
        end
        order.learn(edge, known)
        is_done[edge] = true
        rows = rows * kept
        first = math.min(first, state.graph.nodes[edge.from].number,
                         state.graph.nodes[edge.to].number)
    end
end

--- What is read when all that hangs together with a start is found from it, how
-- many rows there are then, the first of its nodes in the pattern, and a set of
-- the slots that are known then. Or nil where that reads `most` or more, if
-- there is a `most`.
function order.simulate(state, start, starts, most)
    local read, first = start.rows, start.node.number
    if most and read >= most then return nil end
    if state.is_cold and not start.rare then
        read = read + fetch_start(state, start)
    end
    local known, is_done = begun(state)
    local rows = begin(state, start, starts, known, is_done)
    if start.edge then
        first = math.min(first, state.graph.nodes[start.edge.to].number)
    end
    local walked, made, least = walk_all(state, known, is_done, rows, first,
                                         most and most - read)
    if not walked then return nil end
    return read + walked, made, least, known
end

--- What is read when all that hangs together with what is known is found from
-- there for so many rows, how many rows there are then, and a set of the slots
-- that are known then.
function order.follow(state, rows)
    local known, is_done = begun(state)
    local read, made = walk_all(state, known, is_done, rows, math.huge)
    return read, made, known
end

--- Whether all of a pattern is known, so that nothing else has to be begun.
function order.is_whole(state, known)
    for _, node in ipairs(state.graph.node_order) do
        if not known[node.slot] then return false end
    end
    return true
end

--- Learns whether anything that the pattern is about would have to be fetched.
function order.look_around(state)
    state.is_cold = cold.is_any(state.context, state.graph, function(slot)
        return label_of(state, slot)
    end)
end

-- Whether one start that leads to all shows that every one does: not where an
-- edge can be walked from some of its ends only, or nodes that are known at
-- once join parts that share nothing.
local function is_even(state, starts)
    local count = 0
    for _, edge in ipairs(state.graph.edges) do
        if edge.bound or edge.shortest or edge.condition then return false end
    end
    for _, start in ipairs(starts) do
        if order.is_one(start) then count = count + 1 end
    end
    return count < 2
end

--- Of several starts { node, rows, ... } the best; nil if there is none. Of
-- those in one part of the pattern the one for which the least is read; of
-- parts that share nothing the one that leaves the fewest rows, for each of
-- which the next is looked for.
function order.best_start(state, starts)
    if #starts < 2 then return starts[1] end
    if #state.graph.edges > EDGES_MAX then
        local best = starts[1]
        for _, start in ipairs(starts) do
            if start.rows < best.rows then best = start end
        end
        return best
    end
    order.look_around(state)
    local parts, by_first = {}, {}
    -- Where all lead to all, what the best so far reads is enough to tell.
    local can_stop, most = is_even(state, starts), nil
    for _, start in ipairs(starts) do
        local read, rows, first, known = order.simulate(state, start, starts,
                                                        most)
        local part = read and by_first[first]
        if read and not part then
            part = { read = read, rows = rows, start = start }
            parts[#parts + 1], by_first[first] = part, part
        elseif read and read < part.read then
            part.read, part.rows, part.start = read, rows, start
        end
        if read and can_stop and order.is_whole(state, known) then
            most = part.read
        end
    end
    local best = parts[1]
    for _, part in ipairs(parts) do
        if part.rows < best.rows or
            part.rows == best.rows and part.read < best.read then
            best = part
        end
    end
    return best.start
end

return order
