-- Far ends of a hop whose labels are asked for: tables mostly tell them, and
-- then an expansion leaves out the others. It must leave out nothing else.

local namidb = require("namidb")

-- Nodes of A, B and C that one node has edges to, of two types, each of B
-- twice. `also` is called for each node of C.
local function build(db, also)
    assert(db:write(function(tx)
        local hub = tx:put_node("Hub", 1)
        for i = 1, 40 do
            local label = ({ "A", "B", "C" })[i % 3 + 1]
            local node = tx:put_node(label, i, { n = i })
            tx:put_edge("K", hub, node, { n = i })
            if label == "B" then tx:put_edge("L", node, hub, { n = -i }) end
            if label == "C" then also(tx, node, i) end
        end
    end))
end

-- The sum of n and the rows of a pattern's ends, and what the expansion gave.
local function ask(db, pattern)
    local rows = assert(db:query("PROFILE MATCH (h:Hub)" .. pattern ..
        " WHERE key(h) = 1 RETURN m.n AS n, e.n AS edge"))
    local sum, given = 0, nil
    for _, row in ipairs(rows) do
        sum = sum + row.n
        assert.equal(row.n, math.abs(row.edge))
    end
    for _, step in ipairs(rows.profile) do
        if step.operator == "Expand" then given = step.rows end
    end
    return { rows = #rows, sum = sum, given = given }
end

local function expected(rest, times)
    local rows, sum = 0, 0
    for i = 1, 40 do
        if i % 3 == rest then rows, sum = rows + times, sum + i * times end
    end
    return rows, sum
end

local function check(db, pattern, rest, times, given)
    local found = ask(db, pattern)
    local rows, sum = expected(rest, times)
    assert.same({ rows = rows, sum = sum, given = given or rows }, found)
end

local function check_all(db, all)
    check(db, "-[e:K]->(m:A)", 0, 1, all and 40)
    check(db, "-[e:K]->(m:B)", 1, 1, all and 40)
    check(db, "-[e:K|L]-(m:B)", 1, 2, all and 53)
    check(db, "-[e]-(m:B)", 1, 2, all and 53)
    assert.equal(0, ask(db, "-[e:K]->(m:Nobody)").rows)
    assert.equal(0, ask(db, "-[e:K]->(m:A:B)").rows)
end

local function nothing() end

describe("ends with labels", function()
    it("are left out where their tables tell", function()
        local db = assert(namidb.open("memory://ends"))
        build(db, nothing)
        assert(db:flush())
        check_all(db)
        db:close()
    end)

    it("are looked at where nodes have labels of other tables", function()
        local db = assert(namidb.open("memory://ends-labels"))
        build(db, function(tx, node, i)
            if i % 2 == 0 then tx:add_label(node, "Extra") end
        end)
        assert(db:flush())
        check_all(db)
        assert.equal(7, ask(db, "-[e:K]->(m:Extra)").rows)
        assert.equal(7, ask(db, "-[e:K]->(m:C:Extra)").rows)
        db:close()
    end)

    it("may have been changed by a transaction", function()
        local db = assert(namidb.open("memory://ends-tx"))
        build(db, nothing)
        assert(db:flush())
        assert(db:write(function(tx)
            assert(tx:add_label(tx:node("B", 1), "A"))
            local rows = assert(tx:query("MATCH (h:Hub)-[:K]->(m:A) " ..
                "WHERE key(h) = 1 RETURN count(*) AS n"))
            assert.equal(14, rows[1].n)
        end))
        assert.equal(14, ask(db, "-[e:K]->(m:A)").rows)
        db:close()
    end)

    it("are left to an OPTIONAL MATCH and its nulls", function()
        local db = assert(namidb.open("memory://ends-optional"))
        build(db, nothing)
        assert(db:flush())
        local rows = assert(db:query("MATCH (h:Hub) OPTIONAL MATCH " ..
            "(h)-[:K]->(m:Nobody) RETURN m"))
        assert.same({ 1, nil }, { #rows, rows[1].m })
        db:close()
    end)
end)
