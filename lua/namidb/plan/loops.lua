-- Edges that are read only to be kept apart, where they might be one edge only
-- if that is a loop.
--
-- In (a)-[r]->(b)-[s]->(c) an edge that is both r and s ends where it begins.
-- So r and s need not be known where they lead on to another node, which is
-- nearly everywhere: EXPAND reads the neighbours alone. Not so in
-- (a)-[r]->(b)<-[s]-(c), where s may be r walked back, nor with a third edge
-- between the two.

local loops = {}

-- Where edges begin and end that operators of one line find: by their slots,
-- the slots of nodes.
local function ends_below(op)
    local ends = {}
    while op do
        if op.kind == "EXPAND" and op.direction ~= "both" then
            local is_out = op.direction == "out"
            ends[op.edge] = { from = is_out and op.slot or op.to,
                              to = is_out and op.to or op.slot }
        end
        op = op.child
    end
    return ends
end

-- Whether the one begins where the other ends.
local function meet(a, b)
    return a and b and (a.to == b.from or a.from == b.to)
end

local function meets_all(slot, slots, ends)
    for _, other in ipairs(slots) do
        if other ~= slot and not meet(ends[slot], ends[other]) then
            return false
        end
    end
    return true
end

--- The slots of edges that a FILTER tells apart by their loops alone, a set.
function loops.enough(filter)
    local enough = {}
    if filter.expr.kind ~= "DIFFER" then return enough end
    local ends = ends_below(filter.child)
    for _, slot in ipairs(filter.expr.slots) do
        if meets_all(slot, filter.expr.slots, ends) then enough[slot] = true end
    end
    return enough
end

return loops
