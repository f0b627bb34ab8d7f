-- What makes walks fast must not change what they give: expansions that are
-- paged, columns that are read without rows, sorting that sifts.

local help = require("spec.help")

local open, rows_of = help.open, help.run

local function texts(rows)
    local out = {}
    for i, row in ipairs(rows) do
        local parts = {}
        for j, name in ipairs(rows.columns) do
            parts[j] = tostring(row[name])
        end
        out[i] = table.concat(parts, " ")
    end
    return out
end

-- The first `limit` of all rows, and the rows that LIMIT gives.
local function check_first(db, text, order, limit)
    local all = texts(rows_of(db, text .. " ORDER BY " .. order))
    local first = texts(rows_of(db, text .. " ORDER BY " .. order ..
        " LIMIT " .. limit))
    assert.equal(math.min(limit, #all), #first)
    for i, row in ipairs(first) do assert.equal(all[i], row) end
end

describe("ORDER BY with a limit", function()
    local db

    before_each(function() db = open() end)
    after_each(function() db:close() end)

    it("gives the first of all rows, ties in the order of arrival", function()
        rows_of(db, "UNWIND range(0, 4999) AS i " ..
            "CREATE (:P {i: i, a: (i * 7919) % 1009, b: i % 7})")
        local text = "MATCH (p:P) WITH p.a AS a, p.b AS b, p.i AS i " ..
            "RETURN a, b, i"
        for _, limit in ipairs({ 1, 7, 20, 100, 1500, 6000 }) do
            check_first(db, text, "a", limit)
            check_first(db, text, "a DESC", limit)
            check_first(db, text, "b DESC, a", limit)
            check_first(db, text, "b, a DESC, i", limit)
        end
        assert(db:flush())
        check_first(db, text, "b DESC, a", 20)
    end)

    it("orders integers among values of other kinds", function()
        for _, value in ipairs({ "i", "i + 0.5", "toString(i)", "null",
                                 "-9223372036854775807 + i" }) do
            rows_of(db, "UNWIND range(1, 900) AS i CREATE (:P {a: " .. value ..
                "})")
            local text = "MATCH (p:P) RETURN p.a AS a"
            check_first(db, text, "a", 30)
            check_first(db, text, "a DESC", 30)
        end
    end)

    it("starts over for each row of a sub-query", function()
        rows_of(db, "UNWIND range(0, 299) AS i CREATE (:P {i: i, g: i % 3})")
        local rows = rows_of(db, "UNWIND [0, 1, 2] AS g CALL { WITH g " ..
            "MATCH (p:P) WHERE p.g = g RETURN p.i AS i ORDER BY i DESC " ..
            "LIMIT 2 } RETURN g, i")
        assert.same({ "0 297", "0 294", "1 298", "1 295", "2 299", "2 296" },
                    texts(rows))
    end)
end)

describe("an expansion", function()
    local db

    before_each(function() db = open() end)
    after_each(function() db:close() end)

    it("gives every edge of every row, over many chunks", function()
        rows_of(db, "UNWIND range(0, 2) AS i CREATE (:Hub {i: i})")
        rows_of(db, "UNWIND range(0, 2999) AS i MATCH (h:Hub) " ..
            "WHERE h.i < 2 CREATE (h)-[:R {w: i}]->(:Leaf {i: i})")
        for _ = 1, 2 do
            local row = rows_of(db, "MATCH (h:Hub)-[r:R]->(l:Leaf) " ..
                "WHERE r.w = l.i AND startNode(r) = h AND endNode(r) = l " ..
                "RETURN count(*) AS n, sum(l.i) AS s, " ..
                "count(DISTINCT l) AS d")[1]
            assert.same({ n = 6000, s = 2999 * 3000, d = 6000 }, row)
            row = rows_of(db, "MATCH (l:Leaf)<-[:R]-(h)-[:R]->(m) " ..
                "WHERE l.i = 5 RETURN count(*) AS n")[1]
            assert.same({ n = 2 * 2999 }, row)
            assert(db:flush())
        end
    end)

    -- Ways to say which edges y lead from a to b, and a test of that.
    local BETWEEN = {
        { "-[y:S]->", function(_, _, type, is_out)
            return is_out and type == "S"
        end },
        { "<-[y:S]-", function(_, is_in, type)
            return is_in and type == "S"
        end },
        { "-[y:S]-", function(is_any, _, type)
            return is_any and type == "S"
        end },
        { "-[y:S|T]->", function(_, _, type, is_out)
            return is_out and type ~= "U"
        end },
        { "-[y:T|S|T]-", function(is_any, _, type)
            return is_any and type ~= "U"
        end },
        { "-[y]->", function(_, _, _, is_out) return is_out end },
        { "<-[y]-", function(_, is_in) return is_in end },
        { "-[y]-", function(is_any) return is_any end },
    }

    local function pairs_of_edges(edges, test)
        local seen, sum = 0, 0
        for _, x in ipairs(edges) do
            for _, y in ipairs(edges) do
                local is_out = x.from == y.from and x.to == y.to
                local is_in = x.from == y.to and x.to == y.from
                if test(is_out or is_in, is_in, y.type, is_out) then
                    seen, sum = seen + 1, sum + x.n * y.n
                end
            end
        end
        return seen, sum
    end

    -- Few nodes and many edges: loops, and several between two nodes.
    local function random_edges(seed)
        local edges = {}
        for n = 1, 700 do
            seed = seed * 48271 % 2147483647
            edges[n] = { n = n, from = seed % 13 + 1,
                         to = math.floor(seed / 64) % 11 + 1,
                         type = ({ "S", "T", "U" })[seed % 3 + 1] }
        end
        return edges
    end

    it("finds the edges to a bound node", function()
        for seed = 1, 3 do
            local edges = random_edges(seed * 7919)
            rows_of(db, "MATCH (p) DETACH DELETE p")
            rows_of(db, "UNWIND range(1, 13) AS i CREATE (:P {i: i})")
            for _, type in ipairs({ "S", "T", "U" }) do
                local some = {}
                for _, edge in ipairs(edges) do
                    if edge.type == type then some[#some + 1] = edge end
                end
                rows_of(db, "UNWIND $some AS e MATCH (a:P {i: e.from}), " ..
                    "(b:P {i: e.to}) CREATE (a)-[:" .. type ..
                    " {n: e.n}]->(b)", { some = some })
                if seed == 2 or type == "S" and seed == 3 then
                    assert(db:flush())
                end
            end
            for _, way in ipairs(BETWEEN) do
                local text = "MATCH (a:P)-[x]->(b:P) WITH a, x, b MATCH (a)" ..
                    way[1] .. "(b) RETURN count(y) AS seen, " ..
                    "sum(x.n * y.n) AS sum"
                local seen, sum = pairs_of_edges(edges, way[2])
                local row = rows_of(db, text)[1]
                local name = ("seed %d: %s"):format(seed, text)
                local plan = help.plan(db, text)
                assert(plan:find(" into", 1, true), plan)
                assert.equal(seen, row.seen, name)
                assert.equal(sum, row.sum, name)
            end
        end
    end)

    it("reads properties of nodes that may be absent", function()
        rows_of(db, "CREATE (:A {x: 1})-[:R]->(:B {y: 2, z: 'z'}), (:A {x: 2})")
        for _ = 1, 2 do
            assert.same({ "1 2 z true", "2 nil nil nil" },
                texts(rows_of(db, "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(b) " ..
                    "RETURN a.x AS x, b.y AS y, b.z AS z, b:B AS l " ..
                    "ORDER BY x")))
            assert(db:flush())
        end
    end)

    it("says that a deleted node has no properties", function()
        rows_of(db, "CREATE (:A {x: 1})")
        local rows, err = db:query("MATCH (a:A) DELETE a RETURN a.x AS x")
        assert.is_nil(rows)
        assert.truthy(tostring(err):find("deleted", 1, true))
        rows, err = db:query("MATCH (a:A) DELETE a RETURN a:A AS x")
        assert.is_nil(rows)
        assert.truthy(tostring(err):find("deleted", 1, true))
    end)
end)

describe("hops over several packs", function()
    it("are merged once, counted, and follow the next flush", function()
        local db = open()
        local hub
        assert(db:write(function(tx) hub = tx:put_node("N", "hub", {}) end))
        local function add(key)
            assert(db:write(function(tx)
                tx:put_edge("R", hub, tx:put_node("N", key, {}), {})
            end))
            assert(db:flush())
        end
        local function keys()
            return rows_of(db, "MATCH (n:N)-[:R]->(m) WHERE key(n) = 'hub' " ..
                "RETURN collect(key(m)) AS keys")[1].keys
        end
        add("a")
        add("b")
        for _ = 1, 200 do assert.same({ "a", "b" }, keys()) end
        local adjacency = db:cache_stats().adjacency
        assert.is_true(adjacency.hits > 50 and adjacency.misses > 20)
        assert.is_true(adjacency.bytes > 0)
        add("c")
        for _ = 1, 2 do assert.same({ "a", "b", "c" }, keys()) end
        assert.is_true(db:cache_stats().adjacency.hits > adjacency.hits)
        db:close()
    end)

    it("have the properties of their edges, the newest of each", function()
        local db = open()
        local edges, hub = {}
        assert(db:write(function(tx) hub = tx:put_node("N", "hub", {}) end))
        for i = 1, 3 do
            assert(db:write(function(tx)
                edges[i] = tx:put_edge("R", hub, tx:put_node("N", i, {}),
                    { w = i, f = i + 0.5, b = i == 2 })
                tx:put_edge("S", hub, tx:put_node("N", i, {}), { w = i,
                    text = "t" .. i })
            end))
            assert(db:flush())
        end
        local function sums()
            local sum = rows_of(db, "MATCH (n:N)-[r:R]->() " ..
                "WHERE key(n) = 'hub' RETURN sum(r.w) AS w, sum(r.f) AS f, " ..
                "sum(CASE WHEN r.b THEN r.w ELSE 0 END) AS b, " ..
                "count(r.text) AS t")[1]
            local out, notes = 0, {}
            for edge in db:out(hub, "R") do out = out + edge.w end
            for edge in db:out(hub, "S") do notes[edge.w] = edge.text end
            return { sum.w, sum.f, sum.b, sum.t, out, table.concat(notes) }
        end
        for _ = 1, 200 do assert.same({ 6, 7.5, 2, 0, 6, "t1t2t3" }, sums()) end
        local hits = db:cache_stats().adjacency.hits
        assert.is_true(hits > 300)
        assert(db:write(function(tx) tx:set_edge(edges[2], { w = 20 }) end))
        assert(db:flush())
        for _ = 1, 200 do
            assert.same({ 24, 7.5, 20, 0, 24, "t1t2t3" }, sums())
        end
        db:close()
    end)
end)
