-- Aggregates with DISTINCT over many rows, by no key, one and two: each value
-- counts once in each group, in the order in which values come.

local namidb = require("namidb")

local ROWS = 6000

-- What a row has; numbers that are equal are one value, whatever their type.
local VALUES = {
    { "i * 7 % 50", function(i) return i * 7 % 50 end },
    { "CASE WHEN i % 3 = 0 THEN null ELSE i % 40 END",
      function(i) if i % 3 ~= 0 then return i % 40 end end },
    { "CASE WHEN i % 2 = 0 THEN i % 20 ELSE i % 20 * 1.0 END",
      function(i) return i % 20 end },
    { "i", function(i) return i end },
}

-- What is grouped by, and a number that tells one group from another.
local KEYS = {
    { "1 AS k", "k", function() return 1 end },
    { "p.i % 9 AS k", "k", function(i) return i % 9 end },
    { "p.i % 9 * 100 + p.i % 4 AS k, p.i % 9 AS x, p.i % 4 AS y", "k, x, y",
      function(i) return i % 9 * 100 + i % 4 end },
}

-- By key: the distinct values in their order.
local function distinct_of(value_of, key_of)
    local groups, seen = {}, {}
    for i = 0, ROWS - 1 do
        local key, value = key_of(i), value_of(i)
        groups[key] = groups[key] or {}
        if value ~= nil and not seen[key .. " " .. value] then
            seen[key .. " " .. value] = true
            table.insert(groups[key], value)
        end
    end
    return groups
end

local function sum_of(list)
    local sum = 0
    for _, value in ipairs(list) do sum = sum + value end
    return sum
end

local function largest_of(list)
    local largest
    for _, value in ipairs(list) do
        if not largest or value > largest then largest = value end
    end
    return largest
end

describe("DISTINCT in an aggregate", function()
    local db

    setup(function()
        db = assert(namidb.open("memory://distinct"))
        for number, value in ipairs(VALUES) do
            assert(db:query("UNWIND range(0, " .. ROWS - 1 ..
                ") AS i CREATE (:P" .. number .. " {i: i, v: " .. value[1] ..
                "})"))
        end
    end)
    teardown(function() db:close() end)

    local function check()
        for number, value in ipairs(VALUES) do
            for _, key in ipairs(KEYS) do
                local rows = assert(db:query("MATCH (p:P" .. number ..
                    ") WITH p ORDER BY p.i WITH " .. key[1] ..
                    ", p.v AS v RETURN " .. key[2] ..
                    ", count(DISTINCT v) AS c, sum(DISTINCT v) AS s, " ..
                    "collect(DISTINCT v) AS l, count(v) AS n, " ..
                    "percentileDisc(DISTINCT v, 1.0) AS top"))
                local wanted, found = distinct_of(value[2], key[3]), 0
                for _, row in ipairs(rows) do
                    local list = wanted[row.k]
                    found = found + 1
                    assert.equal(#list, row.c)
                    assert.equal(sum_of(list), row.s)
                    assert.equal(#list, #row.l)
                    for at, item in ipairs(list) do
                        assert.equal(item, row.l[at])
                    end
                    assert.equal(largest_of(list), row.top)
                    assert.is_true(row.n >= row.c)
                end
                for _ in pairs(wanted) do found = found - 1 end
                assert.equal(0, found)
            end
        end
    end

    it("counts each value once in each group", function()
        check()
        assert(db:flush())
        check()
    end)

    it("says what is wrong with a percentile of any row", function()
        local rows, err = db:query("UNWIND range(0, 99) AS i " ..
            "RETURN percentileDisc(DISTINCT 7, CASE i WHEN 60 THEN 2.0 " ..
            "ELSE 0.5 END)")
        assert.is_nil(rows)
        assert.matches("percentile", err.message)
    end)
end)
