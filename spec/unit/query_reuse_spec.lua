-- A plan keeps the operators of its last run for the next one. Nothing of a run
-- may be seen by another, however the first one ended.

local namidb = require("namidb")

local count = 0

local function open()
    count = count + 1
    local db = assert(namidb.open("memory://reuse-" .. count))
    assert(db:query("UNWIND range(1, 50) AS i CREATE (:P {i: i, g: i % 5})"))
    assert(db:query("MATCH (a:P), (b:P) WHERE b.i = a.i + 1 " ..
        "CREATE (a)-[:N]->(b)"))
    return db
end

local function values(rows, name)
    local out = {}
    for i, row in ipairs(rows) do out[i] = row[name] end
    return out
end

describe("a statement that is run again", function()
    local db

    before_each(function() db = open() end)
    after_each(function() db:close() end)

    local TEXTS = {
        "MATCH (p:P) WHERE p.i <= $n RETURN p.i AS x ORDER BY x DESC LIMIT 3",
        "MATCH (p:P)-[:N]->(q) WHERE p.i < $n RETURN q.i AS x ORDER BY x",
        "MATCH (p:P) WHERE p.i < $n RETURN DISTINCT p.g AS x ORDER BY x",
        "MATCH (p:P) WHERE p.i < $n RETURN p.g AS g, count(*) AS x " ..
            "ORDER BY g",
        "MATCH (p:P) WHERE p.i = $n MATCH (p)-[:N*1..3]->(q) " ..
            "RETURN q.i AS x ORDER BY x",
        "MATCH (p:P) WHERE p.i < $n AND EXISTS { MATCH (p)-[:N]->(q) " ..
            "WHERE q.g = 0 } RETURN p.i AS x ORDER BY x SKIP 1",
        "MATCH (p:P) WHERE p.i < $n CALL { WITH p MATCH (p)-[:N]->(q) " ..
            "RETURN collect(q.i) AS x } RETURN x[0] AS x",
        "MATCH (p:P) WHERE toString(p.i) =~ ('1.*' + $n) RETURN p.i AS x",
        "UNWIND range(1, $n) AS a MATCH (p:P) WHERE p.i = a " ..
            "OPTIONAL MATCH (p)<-[:N]-(q) RETURN q.i AS x",
        "MATCH (a:P), (b:P) WHERE a.i = $n AND b.i = a.i + 3 " ..
            "MATCH p = shortestPath((a)-[:N*]->(b)) RETURN length(p) AS x",
        "MATCH (p:P) WHERE p.i < $n RETURN p.i AS x UNION MATCH (p:P) " ..
            "WHERE p.i > 48 RETURN p.i AS x",
    }

    it("gives what it gives when it is run for the first time", function()
        for _, text in ipairs(TEXTS) do
            for _, n in ipairs({ 7, 1, 30, 7, 49, 2 }) do
                local again = assert(db:query(text, { n = n }))
                local first = assert(db:query(text .. " // " .. n .. text,
                                              { n = n }))
                assert.same(values(first, "x"), values(again, "x"))
            end
        end
    end)

    it("sees what was written since", function()
        local text = "MATCH (p:P)-[:N]->(q) WHERE q.new RETURN count(*) AS n"
        for i = 0, 9 do
            assert.equal(i, assert(db:query(text))[1].n)
            assert(db:query("MATCH (p:P) WHERE p.i = 1 " ..
                "CREATE (p)-[:N]->(:Q {new: true})"))
            if i % 3 == 2 then assert(db:flush()) end
            local snap = db:snapshot()
            assert.equal(i + 1, assert(snap:query(text))[1].n)
            snap:close()
            db:write(function(tx)
                assert.equal(i + 1, assert(tx:query(text))[1].n)
            end)
        end
    end)

    it("may be under way several times at once", function()
        local text = "MATCH (p:P) WHERE p.i <= $n RETURN p.i AS x ORDER BY x"
        local a, b = db:rows(text, { n = 5 })
        local c, d = db:rows(text, { n = 3 })
        local got = {}
        for i = 1, 6 do
            local row = a(b)
            got[#got + 1] = row and row.x or "end"
            row = c(d)
            got[#got + 1] = row and row.x or "end"
            assert.equal(i, #assert(db:query(text, { n = i })))
        end
        assert.same({ 1, 1, 2, 2, 3, 3, 4, "end", 5, "end", "end", "end" }, got)
    end)

    it("may be run by a function that it calls", function()
        local text = "MATCH (p:P) WHERE p.i <= $n RETURN deeper(p.i) AS x " ..
            "ORDER BY x"
        db:register("deeper", function(i)
            if i < 2 then return 0 end
            local rows = assert(db:query(text, { n = i - 1 }))
            return #rows + rows[#rows].x
        end)
        assert.same({ 0, 1, 3, 6 }, values(assert(db:query(text, { n = 4 })),
                                           "x"))
        assert.same({ 0, 1, 3 }, values(assert(db:query(text, { n = 3 })), "x"))
    end)

    it("fails and then works", function()
        local text = "MATCH (p:P) WHERE p.i < 40 " ..
            "RETURN p.i / (p.i - $n) AS x ORDER BY x LIMIT 2"
        for _ = 1, 3 do
            local rows, err = db:query(text, { n = 20 })
            assert.is_nil(rows)
            assert.equal("invalid", err.code)
            assert.equal(2, #assert(db:query(text, { n = 100 })))
        end
        db:register("fail", function(i)
            if i == 13 then error("no luck") end
            return i
        end)
        text = "MATCH (p:P) WHERE p.i >= $n RETURN fail(p.i) AS x"
        for _ = 1, 3 do
            assert.is_nil((db:query(text, { n = 10 })))
            assert.equal(37, #assert(db:query(text, { n = 14 })))
        end
    end)

    it("has its own bounds each time", function()
        local text = "UNWIND range(1, $n) AS i RETURN collect(i) AS list"
        for _ = 1, 3 do
            assert.equal(20000, #assert(db:query(text, { n = 20000 }))[1].list)
            local rows, err = db:query(text, { n = 20000 },
                                       { max_memory = 10000 })
            assert.is_nil(rows)
            assert.equal("limit", err.code)
        end
        text = "UNWIND range(1, $n) AS i RETURN i"
        for _ = 1, 3 do
            assert.equal(10, #assert(db:query(text, { n = 10 })))
            local _, err = db:query(text, { n = 10 }, { max_rows = 9 })
            assert.equal("limit", err.code)
        end
    end)

    it("lets go of its rows when it is abandoned", function()
        local text = "MATCH (p:P)-[:N]->(q) RETURN p.i AS x"
        for _ = 1, 200 do
            local step, rows = db:rows(text)
            assert.equal(1, step(rows).x)
        end
        collectgarbage()
        assert.equal(49, #assert(db:query(text)))
    end)

    it("says so when a function closes its handle", function()
        local snap = db:snapshot()
        db:register("close", function() snap:close() return 1 end)
        local ok, rows, err = pcall(snap.query, snap,
                                    "UNWIND range(1, 9) AS i RETURN close()")
        assert.is_nil(ok and rows or nil)
        assert.truthy(tostring(ok and err or rows):find("closed", 1, true))
        assert.equal(1, assert(db:query("RETURN close() AS x"))[1].x)
    end)
end)
