-- An expression that a statement has once is made once for each row, however
-- often its value is asked for.

local help = dofile("spec/help.lua")

describe("an operand that is asked for more than once", function()
    local db, calls

    before_each(function()
        db, calls = help.open(), 0
        db:register("tick", function(value)
            calls = calls + 1
            return value
        end)
    end)
    after_each(function() db:close() end)

    local function one(text) return assert(db:query(text))[1] end

    it("is one for all branches of CASE", function()
        assert.equal("c", one("RETURN CASE tick(3) WHEN 1 THEN 'a' " ..
            "WHEN 2 THEN 'b' WHEN 3 THEN 'c' END AS x").x)
        assert.equal(1, calls)
        assert.equal(0, one("UNWIND range(1, 1000) AS i " ..
            "WITH CASE rand() < 0.5 WHEN true THEN 1 WHEN false THEN 2 END " ..
            "AS x WHERE x IS NULL RETURN count(*) AS n").n)
    end)

    it("is one in a chain of comparisons", function()
        assert.is_true(one("RETURN 1 < tick(2) < tick(3) <= 3 AS x").x)
        assert.equal(2, calls)
        assert.equal(0, one("UNWIND range(1, 1000) AS i " ..
            "WITH i WHERE 0.5 < rand() < 0.5 RETURN count(*) AS n").n)
    end)

    it("is not asked for where a comparison before it decides", function()
        assert.is_false(one("RETURN 3 < tick(2) < tick(1 / 0) AS x").x)
        assert.equal(1, calls)
    end)

    it("is one for all labels", function()
        one("CREATE (:A)")
        assert.is_false(one("MATCH (a:A) RETURN " ..
            "(CASE WHEN tick(true) THEN a END):B|C|D AS x").x)
        assert.equal(1, calls)
    end)

    it("is one for a sub-query, in conditions, too", function()
        one("CREATE (:A)-[:R]->(:B)")
        assert.equal(1, one("MATCH (a:A) " ..
            "WHERE 0 < COUNT { (a)--() } + 0 < 2 RETURN count(*) AS n").n)
        local plan = one("EXPLAIN MATCH (a:A) " ..
            "WHERE 0 < COUNT { (a)--() } + 0 < 2 RETURN a")
        local text = assert(db:query("EXPLAIN MATCH (a:A) " ..
            "WHERE 0 < COUNT { (a)--() WHERE a.x = 1 } + 0 < 2 RETURN a")).plan
        assert.is_nil(plan)
        local _, times = text:gsub("count {", "")
        assert.equal(1, times)
    end)
end)

describe("coalesce", function()
    local db = help.open()

    it("asks for no more than it needs", function()
        local row = assert(db:query("UNWIND [1, null] AS x RETURN " ..
            "collect(coalesce(x, 10 / (coalesce(x, 2) - 1), 1 / 0)) AS a, " ..
            "coalesce(null, 2, 1 / 0) AS b, coalesce(null, null) AS c"))[1]
        assert.same({ 1, 10 }, { row.a[1], row.a[2] })
        assert.equal(2, row.b)
        assert.is_nil(row.c)
        assert.is_nil((db:query("RETURN coalesce(null, 1 / 0) AS a")))
    end)

    teardown(function() db:close() end)
end)
