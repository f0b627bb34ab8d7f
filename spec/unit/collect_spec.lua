-- Rows that a query gives at once: few and many, of all kinds, over several
-- chunks, whatever ends them.

local namidb = require("namidb")
local help = require("spec.help")

-- Values by the number of the row, as the statement below computes them.
local VALUES = {
    x = function(i) return i end,
    text = function(i) return "row " .. i end,
    half = function(i) return i + 0.5 end,
    even = function(i) return i % 2 == 0 end,
    third = function(i) if i % 3 ~= 0 then return i end end,
}

local STATEMENT = "UNWIND range(1, $n) AS x RETURN x, " ..
    "'row ' + toString(x) AS text, x + 0.5 AS half, x % 2 = 0 AS even, " ..
    "CASE WHEN x % 3 = 0 THEN null ELSE x END AS third"

describe("a query's rows", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    it("are all there, however many", function()
        for _, n in ipairs({ 0, 1, 7, 8, 9, 2047, 2048, 2049, 5000 }) do
            local rows = assert(db:query(STATEMENT, { n = n }))
            assert.equal(n, #rows)
            for i = 1, n do
                for name, value in pairs(VALUES) do
                    assert.equal(value(i), rows[i][name])
                end
                assert.is_nil(rows[i].other)
            end
        end
    end)

    it("may turn into lists and nodes on the way", function()
        assert(db:write(function(tx) tx:put_node("A", "a", { n = 7 }) end))
        for _, turn in ipairs({ 10, 2100, 4990 }) do
            local rows = assert(db:query("MATCH (a:A) " ..
                "UNWIND range(1, 5000) AS x RETURN " ..
                "CASE WHEN x > $turn THEN [x, a] ELSE x END AS v",
                { turn = turn }))
            assert.equal(5000, #rows)
            for i = 1, 5000 do
                local v = rows[i].v
                if i <= turn then
                    assert.equal(i, v)
                else
                    assert.equal(i, v[1])
                    assert.equal(7, v[2].n)
                end
            end
        end
    end)

    it("end with what fails, and the next query begins anew", function()
        for _, bad in ipairs({ 1, 100, 2500, 4999 }) do
            for _ = 1, 3 do
                local rows, err = db:query("UNWIND range(1, 5000) AS x " ..
                    "RETURN 1 / (x - $bad) AS v", { bad = bad })
                assert.is_nil(rows)
                assert.matches("zero", tostring(err))
                assert.equal(20, #db:query(STATEMENT, { n = 20 }))
            end
        end
        local rows, err = db:query(STATEMENT, { n = 5000 },
                                   { max_rows = 4000 })
        assert.is_nil(rows)
        assert.equal("limit", err.code)
        rows, err = db:query("UNWIND range(1, 200000) AS x " ..
            "RETURN x, x + 1 AS y, x + 2 AS z", nil,
            { max_memory = 8 * 2 ^ 20 })
        assert.is_nil(rows)
        assert.equal("limit", err.code)
        assert.equal(20, #db:query(STATEMENT, { n = 20 }))
    end)

    -- Garbage that is collected while rows are made is no room for rows.
    it("take no more memory than they may, whatever was there", function()
        for _ = 1, 3 do
            local garbage = {}
            for i = 1, 400000 do garbage[i] = { i } end
            assert.equal(400000, #garbage)
            garbage = nil -- luacheck: ignore
            local rows, err = db:query("UNWIND range(1, 200000) AS x " ..
                "RETURN x, x + 1 AS y, x + 2 AS z", nil,
                { max_memory = 8 * 2 ^ 20 })
            assert.is_true(rows == nil) -- not its text
            assert.equal("limit", err.code)
            assert.matches("max_memory", err.message)
        end
    end)

    it("have columns of any name", function()
        local names = { 'a"b', "]]", "%d\n\\", "end", "nil", "ä", "0", "_G" }
        local items = {}
        for i, name in ipairs(names) do
            items[i] = "x + " .. i .. " AS `" .. name .. "`"
        end
        local rows = assert(db:query("UNWIND range(1, 40) AS x RETURN " ..
            table.concat(items, ", ")))
        for i, name in ipairs(names) do
            assert.equal(40 + i, rows[40][name])
        end
    end)

    it("keep the digits of integers", function()
        local rows = assert(db:query("UNWIND range(1, 40) AS x " ..
            "RETURN 9007199254740990 + x AS v, -9007199254740990 - x AS w"))
        for i = 1, 40 do
            assert.equal(("%d"):format(i), tostring(rows[i].v -
                rows[1].v + 1):match("%d+"))
        end
        assert.equal("9007199254741030", tostring(rows[40].v):match("%d+"))
        assert.equal("9007199254741030", tostring(rows[40].w):match("%d+"))
        local exact = assert(namidb.open("memory://collect-int64",
                                         { int64 = true }))
        rows = exact:query("UNWIND range(1, 40) AS x RETURN x")
        assert.equal(type(rows[1].x), type(rows[40].x))
        assert.equal(math.type and "number" or "cdata", type(rows[40].x))
        exact:close()
    end)

    it("may be collected while a finalizer queries, too, or closes", function()
        local function litter(finalizer)
            if not newproxy then -- luacheck: ignore
                return setmetatable({}, { __gc = finalizer })
            end
            local proxy = newproxy(true) -- luacheck: ignore
            getmetatable(proxy).__gc = finalizer
        end
        local runs = 0
        for _ = 1, 300 do
            litter(function()
                runs = runs + #db:query(STATEMENT, { n = 30 })
            end)
            assert.equal(100, #db:query(STATEMENT, { n = 100 }))
        end
        collectgarbage()
        assert.is_true(runs > 300)
        local other = help.open()
        litter(function() other:close() end)
        local ok, rows, err = true, true, nil
        while ok and rows do
            ok, rows, err = pcall(other.query, other, STATEMENT, { n = 3000 })
        end
        assert.matches("closed", tostring(ok and err or rows))
    end)
end)
