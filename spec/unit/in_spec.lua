-- IN with many items for many rows: what a table of them says is what comparing
-- with each of them says.

local help = require("spec.help")
local random = require("spec.support.random")

-- The first are those that a table takes.
local SIMPLE = { "1", "2", "2.0", "1.5", "-0.0", "0", "'a'", "''", "true",
                 "false", "null" }
local ALL = { "9007199254740993", "9007199254740992", "9007199254740992.0",
              "1e300", "0.0 / 0.0", "[1]", "[null]", "{a: 1}",
              "date('2020-01-01')" }
for _, text in ipairs(SIMPLE) do ALL[#ALL + 1] = text end

describe("IN", function()
    local db

    setup(function() db = help.open() end)
    teardown(function() db:close() end)

    local function list(choose)
        local from, items = choose:pick({ SIMPLE, SIMPLE, ALL }), {}
        for i = 1, choose:int(14, 24) do items[i] = choose:pick(from) end
        return "[" .. table.concat(items, ", ") .. "]"
    end

    it("compares with each item", function()
        local choose = random.new(1)
        local values = "UNWIND [" .. table.concat(ALL, ", ") .. "] AS x "
        for _ = 1, 60 do
            local items = list(choose)
            for _, text in ipairs({
                "UNWIND range(1, 3) AS j " .. values .. "WITH x, %s AS l " ..
                    "RETURN x IN l AS found, any(y IN l WHERE y = x) AS one",
                "UNWIND range(1, 3) AS j " .. values .. "RETURN x IN %s " ..
                    "AS found, any(y IN %s WHERE y = x) AS one",
            }) do
                local rows = help.run(db, (text:gsub("%%s", items)))
                assert.equal(3 * #ALL, #rows)
                for i, row in ipairs(rows) do
                    assert.equal(row.one, row.found, ALL[(i - 1) % #ALL + 1] ..
                        " IN " .. items)
                end
            end
        end
    end)

    it("goes by the list of each run of a statement", function()
        local text = "UNWIND range(1, 100) AS x WITH x WHERE x IN $list " ..
            "RETURN count(x) AS n"
        local items = {}
        for i = 1, 40 do
            items[i] = 2 * i
            assert.equal(i, help.run(db, text, { list = items })[1].n)
        end
        for i = 1, 40 do items[i] = -i end
        assert.equal(0, help.run(db, text, { list = items })[1].n)
    end)

    it("goes by each row's list", function()
        local rows = help.run(db, [[
            UNWIND range(0, 2) AS k WITH k, range(1, 20 * k) AS l
            UNWIND range(1, 100) AS x WITH k, x, l
            RETURN k, sum(CASE WHEN x IN l THEN 1 ELSE 0 END) AS n
            ORDER BY k]])
        for k = 0, 2 do assert.equal(20 * k, rows[k + 1].n) end
    end)

    it("goes by lists that come and go", function()
        -- Every list is there for 1 to 60 rows one after the other.
        local rows = help.run(db, [[
            UNWIND range(1, 60) AS k WITH k, range(k, k + 20) AS l
            UNWIND range(1, k) AS x WITH k, x * 3 AS x, l
            RETURN k, x, x IN l AS found]])
        assert.equal(60 * 61 / 2, #rows)
        for _, row in ipairs(rows) do
            assert.equal(row.x >= row.k and row.x <= row.k + 20, row.found)
        end
    end)

    it("says in few words that a list is none", function()
        local ok, err = db:query("UNWIND range(1, 100) AS x " ..
            "WITH x WHERE x IN $list RETURN x", { list = "text" })
        assert.is_nil(ok)
        assert.equal("invalid", err.code)
    end)

    it("keeps to the memory that a query may have", function()
        local items = {}
        for i = 1, 100000 do items[i] = "item " .. i end
        local text = "UNWIND range(1, 100) AS x " ..
            "WITH x WHERE toString(x) IN $list RETURN count(x) AS n"
        local rows = assert(db:query(text, { list = items }))
        assert.equal(0, rows[1].n)
        local ok, err = db:query(text, { list = items },
                                 { max_memory = 1024 * 1024 })
        assert.is_nil(ok)
        assert.equal("limit", err.code)
    end)
end)
