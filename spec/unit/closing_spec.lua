-- Paths that come back to where they began: what leaves out ends that do not
-- close must leave out nothing else. What is asked is counted by hand as well.

local namidb = require("namidb")

local random_numbers = require("spec.support.random")

local NODES, HUB_EDGES = 60, 400

-- Edges of K and L at random, loops and several between two nodes among them;
-- the first node has many. `half` is called in the middle.
local function build(db, half)
    local random, ids, edges = random_numbers.new(7), {}, {}
    local function add(count, kind, from)
        assert(db:write(function(tx)
            for i = 1, NODES do
                ids[i] = ids[i] or tx:put_node("P", i, { n = i })
            end
            for _ = 1, count do
                local a, b = from or random(NODES), random(NODES)
                edges[#edges + 1] = { kind = kind, a = a, b = b,
                    id = tx:put_edge(kind, ids[a], ids[b], { n = #edges }) }
            end
        end))
    end
    add(500, "K")
    add(300, "L")
    half()
    add(HUB_EDGES, "K", 1)
    assert(db:write(function(tx)
        for _ = 1, 40 do
            tx:delete_edge(table.remove(edges, random(#edges)).id)
        end
    end))
    return edges
end

-- The edges of a kind at each node, as { edge, other end }.
local function neighbours(edges, kind, direction)
    local at = {}
    for i = 1, NODES do at[i] = {} end
    for _, edge in ipairs(edges) do
        if edge.kind == kind then
            local from, to = edge.a, edge.b
            if direction == "<" then from, to = to, from end
            table.insert(at[from], { edge, to })
        end
    end
    return at
end

-- Paths of three edges, all different, whose last one ends where the first one
-- begins; `steps` are { kind, direction }.
local function count_closed(edges, steps, is_wanted)
    local first = neighbours(edges, steps[1][1], steps[1][2])
    local second = neighbours(edges, steps[2][1], steps[2][2])
    local third = neighbours(edges, steps[3][1], steps[3][2])
    local count = 0
    for a = 1, NODES do
        for _, x in ipairs(first[a]) do
            for _, y in ipairs(second[x[2]]) do
                for _, z in ipairs(third[y[2]]) do
                    if z[2] == a and x[1] ~= y[1] and y[1] ~= z[1] and
                        x[1] ~= z[1] and is_wanted(a, x[2], y[2]) then
                        count = count + 1
                    end
                end
            end
        end
    end
    return count
end

local function arrow(step)
    return step[2] == "<" and "<-[:" .. step[1] .. "]-" or
        "-[:" .. step[1] .. "]->"
end

local function turned(step)
    return { step[1], step[2] == "<" and ">" or "<" }
end

local STEPS = {
    { { "K", ">" }, { "K", ">" }, { "K", ">" } },
    { { "K", ">" }, { "K", ">" }, { "K", "<" } },
    { { "K", "<" }, { "L", ">" }, { "K", ">" } },
    { { "L", ">" }, { "K", "<" }, { "L", "<" } },
}

local function check(db, edges)
    local function one(text)
        return assert(db:query(text .. " RETURN count(*) AS c"))[1].c
    end
    for _, steps in ipairs(STEPS) do
        local open = "(a:P)" .. arrow(steps[1]) .. "(b)" .. arrow(steps[2]) ..
            "(c)"
        local all = count_closed(edges, steps, function() return true end)
        assert.is_true(all > 0)
        assert.equal(all, one("MATCH " .. open .. arrow(steps[3]) .. "(a)"))
        assert.equal(all, one("MATCH " .. open .. ", (a)" ..
            arrow(turned(steps[3])) .. "(c)"))
        assert.equal(count_closed(edges, steps, function(a, b, c)
            return c > b and a ~= 1
        end), one("MATCH " .. open .. arrow(steps[3]) ..
            "(a) WHERE c.n > b.n AND a.n <> 1"))
    end
    assert.equal(0, one("MATCH (a:P)-[:K]->(b)-[:K]->(c)-[:NONE]->(a)"))
end

describe("paths that close", function()
    it("are all found in memory, in packs, and in both", function()
        local db = assert(namidb.open("memory://closing"))
        local edges = build(db, function() end)
        check(db, edges)
        assert(db:flush())
        check(db, edges)
        db:close()
        db = assert(namidb.open("memory://closing-layers"))
        edges = build(db, function() assert(db:flush()) end)
        check(db, edges)
        db:close()
    end)

    it("make few rows on the way", function()
        local db = assert(namidb.open("memory://closing-rows"))
        assert(db:write(function(tx)
            local ids = {}
            for i = 1, 200 do ids[i] = tx:put_node("P", i, {}) end
            for i = 1, 200 do
                for j = 1, 5 do
                    tx:put_edge("K", ids[i], ids[(i * 31 + j * 47) % 200 + 1])
                end
            end
        end))
        local told = assert(db:query("PROFILE MATCH " ..
            "(a:P)-[:K]->(b)-[:K]->(c)-[:K]->(a) RETURN count(*) AS c"))
        local rows = tonumber(told.plan:match(
            "Expand %(b%)[^\n]*%[(%d+) rows"))
        assert.is_true(rows < 1000) -- of 5,000
        db:close()
    end)

    it("fail with a limit, or not at all, whatever memory there is", function()
        local db = assert(namidb.open("memory://closing-memory"))
        local edges = build(db, function() end)
        local text = "MATCH (a:P)-[:K]->(b)-[:K]->(c)-[:K]->(a) " ..
            "RETURN count(*) AS c"
        local wanted = count_closed(edges, STEPS[1],
            function() return true end)
        local bytes, rows = 1024, nil
        while not rows do
            local err
            rows, err = db:query(text, nil, { max_memory = bytes })
            assert.is_true(rows ~= nil or err.code == "limit", tostring(err))
            bytes = bytes + 4096
        end
        assert.is_true(bytes > 50000)
        assert.equal(wanted, rows[1].c)
        db:close()
    end)
end)
