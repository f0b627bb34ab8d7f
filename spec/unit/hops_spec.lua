-- What makes walks fast must not change what they give: expansions that are
-- paged, columns that are read without rows, sorting that sifts.

local namidb = require("namidb")

local count = 0

local function open()
    count = count + 1
    return assert(namidb.open("memory://hops-" .. count))
end

local function rows_of(db, text, params)
    return assert(db:query(text, params))
end

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
