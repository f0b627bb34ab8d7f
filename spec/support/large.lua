-- Graphs that are too large to be fetched at once.

local large = {}

--- A text of `words` words that does not compress to less than half, the same
-- for the same i.
function large.text(i, words)
    local parts, seed = {}, i
    for j = 1, words do
        seed = (seed * 69069 + 12345 + j) % 2147483648
        parts[j] = ("%08x"):format(seed)
    end
    return table.concat(parts)
end

local NODES, BATCH = 60000, 10000

local function put_node(tx, prefix, i)
    return assert(tx:put_node("N", prefix .. i, {
        text = large.text(i, 12), more = large.text(i * 7, 12),
        again = large.text(i * 13, 12), i = i }))
end

--- Writes a ring with chords in one pack: three edges of E leave each node of
-- N, of keys "key-1" and so on, or of another prefix.
-- @return the ids of the nodes
function large.write_ring(db, prefix)
    local ids = {}
    for first = 1, NODES, BATCH do
        assert(db:write(function(tx)
            for i = first, first + BATCH - 1 do
                ids[i] = put_node(tx, prefix or "key-", i)
            end
        end))
    end
    assert(db:write(function(tx)
        for i = 1, NODES do
            for step = 1, 3 do
                local to = (i * 7919 + step * 104729) % NODES + 1
                assert(tx:put_edge("E", ids[i], ids[to], { step = step }))
            end
        end
    end))
    assert(db:flush())
    assert(db:stats().pack_bytes > 8 * 1024 * 1024)
    return ids
end

return large
