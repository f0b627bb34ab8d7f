-- A statement changes all or nothing, whoever wants its rows, and whatever Lua
-- does while it runs.

local help = dofile("spec/help.lua")

local function count(handle, pattern)
    return assert(handle:query("MATCH (n" .. (pattern or "") ..
        ") RETURN count(n) AS n"))[1].n
end

describe("a statement that writes", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    it("does all of it, however few of its rows are wanted", function()
        for _, tail in ipairs({ "LIMIT 0", "LIMIT 1", "ORDER BY i LIMIT 0",
                                "ORDER BY i LIMIT 3", "SKIP 9999" }) do
            assert(db:query("UNWIND range(1, 10000) AS i CREATE (:P) " ..
                "RETURN i " .. tail))
            assert.equal(10000, count(db, ":P"), tail)
            assert(db:query("MATCH (n:P) DELETE n"))
        end
        for row in db:rows("UNWIND range(1, 5000) AS i CREATE (:P) " ..
            "RETURN i") do
            if row.i then break end
        end
        assert.equal(5000, count(db, ":P"))
    end)

    it("does all of it for those who leave its rows, in a transaction, too",
       function()
        assert(db:write(function(tx)
            for row in tx:rows("UNWIND range(1, 5000) AS i CREATE (:P) " ..
                "RETURN i") do
                if row.i then break end
            end
            assert.equal(5000, count(tx, ":P"))
        end))
        assert.equal(5000, count(db, ":P"))
    end)

    it("reads no more than LIMIT wants before it writes", function()
        assert(db:query("UNWIND range(1, 9000) AS i CREATE (:P)"))
        assert(db:query("MATCH (n:P) WITH n LIMIT 7 SET n.x = 1"))
        assert.equal(7, count(db, " {x: 1}"))
    end)

    it("changes nothing when it fails, and its transaction goes on", function()
        assert(db:write(function(tx)
            assert(tx:query("CREATE (:P {n: 1})"))
            for _, text in ipairs({
                "UNWIND [1, 2, 0] AS i CREATE (:P {n: 10 / i})",
                "UNWIND range(1, 5000) AS i CREATE (:P {n: 1 / (i - 4000)})",
                "MATCH (p:P) SET p.n = 2, p:Q DETACH DELETE p " ..
                    "WITH p UNWIND range(1, 4000) AS i CREATE (:New:Names {" ..
                    "never_seen: 1 / (i - 3999)})-[:R]->(:P)",
            }) do
                local rows, err = tx:query(text)
                assert.is_nil(rows)
                assert.equal("DivisionByZero", err.detail)
            end
            assert.equal(1, count(tx))
            assert(tx:query("CREATE (:P {n: 3})-[:R]->(:Names)"))
        end))
        local row = assert(db:query("MATCH (p:P) RETURN sum(p.n) AS s, " ..
            "count(p) AS c"))[1]
        assert.same({ s = 4, c = 2 }, row)
        assert.equal(3, count(db))
    end)

    it("leaves a graph that opens again after it failed", function()
        local uri = help.stores.file()
        local first = assert(require("namidb").open(uri))
        assert(first:write(function(tx)
            assert.is_nil((tx:query("UNWIND range(1, 3000) AS i " ..
                "CREATE (:A {fresh: i})-[:B {other: 1 / (i - 2999)}]->()")))
            assert(tx:query("CREATE (:C {third: 1})"))
        end))
        first:close()
        local again = assert(require("namidb").open(uri))
        assert.equal(1, count(again))
        assert.equal(1, count(again, ":C {third: 1}"))
        again:close()
        help.remove_folders()
    end)
end)

describe("a function that a query calls", function()
    local db

    before_each(function()
        db = help.open()
        assert(db:query("UNWIND range(1, 3000) AS i CREATE (:P {i: i})"))
    end)
    after_each(function() db:close() end)

    local function fails(handle, text, message)
        local rows, err = handle:query(text)
        assert.is_nil(rows)
        assert.truthy(err.message:find(message, 1, true), err.message)
    end

    it("cannot end the transaction that runs it", function()
        for _, ending in ipairs({ "abort", "commit" }) do
            local tx = assert(db:begin())
            db:register("ending", function() return tx[ending](tx) end)
            fails(tx, "UNWIND range(1, 9) AS i CREATE (:" .. ending ..
                " {a: ending()})", "the transaction runs a query")
            assert.equal(0, count(tx, ":" .. ending))
            assert(tx:query("CREATE (:" .. ending .. ")"))
            assert(tx:commit())
            assert.equal(1, count(db, ":" .. ending))
        end
    end)

    it("may close the handle, which ends the query", function()
        local other = help.open()
        assert(other:query("UNWIND range(1, 3000) AS i CREATE (:P {i: i})"))
        other:register("closing", function() other:close() return 1 end)
        fails(other, "MATCH (p:P) RETURN p.i + closing() AS x", "closed")
        local snapshot = assert(db:snapshot())
        db:register("closing", function() snapshot:close() return 1 end)
        fails(snapshot, "MATCH (p:P) RETURN p, closing() AS x", "closed")
    end)

    it("may read and write by the handle, each call on its own", function()
        db:register("more", function()
            assert(db:query("CREATE (:Q)"))
            return count(db, ":Q")
        end)
        local rows = assert(db:query("MATCH (p:P) WHERE p.i < 4 " ..
            "RETURN more() AS n ORDER BY n"))
        assert.equal(3, rows[3].n)
        fails(db, "MATCH (p:P) SET p.x = more()", "has a transaction open")
        assert.equal(3, count(db, ":Q"))
    end)

    it("cannot yield, and its errors keep their words", function()
        db:register("yields", function() coroutine.yield(1) end)
        coroutine.wrap(function() fails(db, "RETURN yields()", "yield") end)()
        db:register("asserts", function() assert(db:query("RETURN 1 / 0")) end)
        fails(db, "RETURN asserts()", "division by zero")
        db:register("raises", function() error({}) end)
        fails(db, "RETURN raises()", "an error that is a table")
        db:register("worse", function()
            error(setmetatable({}, { __tostring = function() error("x") end }))
        end)
        assert.is_nil((db:query("RETURN worse()")))
        db:register("again", function() return (db:query("RETURN again()")) end)
        db:query("RETURN again()")
    end)

    it("gives values of the language, or an error", function()
        local bad = { print, coroutine.create(print), io.stdout,
                      setmetatable({}, { __index = error }) }
        local loop = {}
        loop[1] = loop
        bad[#bad + 1] = loop
        for _, value in ipairs(bad) do
            db:register("gives", function() return value end)
            fails(db, "RETURN gives()", "gives: ")
        end
        db:register("none", function() end)
        assert.is_nil(assert(db:query("RETURN none() AS x"))[1].x)
        for _, rows in ipairs({ 5, "x", { 5 }, { {} } }) do
            db:register("rows.bad", { yields = { { name = "a" } },
                                      call = function() return rows end })
            fails(db, "CALL rows.bad()", "something else than rows")
        end
    end)

    it("is known to bare transactions", function()
        db:register("seven", function() return 7 end)
        local tx = assert(db:begin())
        assert.equal(7, assert(tx:query("RETURN seven() AS x"))[1].x)
        tx:abort()
    end)
end)
