-- ORDER BY over many rows: whatever the keys are made of, the order is that of
-- their values, and rows that are equal stay as they came.

local namidb = require("namidb")

local ROWS = 3000

-- texts, numbers, NaN, null: the order of openCypher.
local function class_of(value)
    if value == nil then return 4 end
    if type(value) == "string" then return 1 end
    return value ~= value and 3 or 2
end

local function compare(a, b)
    local x, y = class_of(a), class_of(b)
    if x ~= y then return x < y and -1 or 1 end
    if x >= 3 or a == b then return 0 end
    return a < b and -1 or 1
end

local KEYS = {
    "i * 7919 % 100 - 50",
    "(i * 7919 % 100 - 50) / 8.0",
    "CASE WHEN i % 7 = 0 THEN null ELSE i * 31 % 90 - 40 END",
    "CASE WHEN i % 7 = 0 THEN null ELSE (i * 31 % 90 - 40) * 0.1 END",
    "'a long text ' + toString(i * 31 % 500)",
    "CASE i % 5 WHEN 0 THEN null WHEN 1 THEN '' ELSE toString(i % 200) END",
    "CASE i % 3 WHEN 0 THEN i * 7 % 50 WHEN 1 THEN i % 50 + 0.5 " ..
        "ELSE toString(i % 50) END",
    "CASE i % 4 WHEN 0 THEN 0.0 / 0.0 WHEN 1 THEN null WHEN 2 THEN -0.0 " ..
        "ELSE (i % 9 - 4) * 1.0 END",
    "CASE WHEN i < 1500 THEN i ELSE i * 1.0 END",
    "1",
}

local db

-- Rows as they come, and then in the order of the keys.
local function check(a, b, is_down, is_down_too)
    local text = "UNWIND range(0, " .. ROWS - 1 .. ") AS i WITH i, " .. a ..
        " AS a, " .. b .. " AS b "
    local wanted = assert(db:query(text .. "RETURN i, a, b"))
    local got = assert(db:query(text .. "ORDER BY a" ..
        (is_down and " DESC" or "") .. ", b" ..
        (is_down_too and " DESC" or "") .. " RETURN i"))
    table.sort(wanted, function(x, y)
        local order = compare(x.a, y.a)
        if order ~= 0 then return (order < 0) ~= is_down end
        order = compare(x.b, y.b)
        if order ~= 0 then return (order < 0) ~= is_down_too end
        return x.i < y.i
    end)
    assert.equal(ROWS, #got)
    for at, row in ipairs(got) do
        if wanted[at].i ~= row.i then
            error(("ORDER BY %s, %s: row %d is %d, not %d"):format(a, b, at,
                row.i, wanted[at].i))
        end
    end
end

describe("ORDER BY", function()
    setup(function() db = assert(namidb.open("memory://sort")) end)
    teardown(function() db:close() end)

    it("sorts by values of any kind, and then by others", function()
        for at, a in ipairs(KEYS) do
            for _, b in ipairs({ KEYS[at % #KEYS + 1], "i % 13", "0.5" }) do
                check(a, b, false, true)
                check(a, b, true, false)
            end
        end
    end)

    it("puts null behind the largest integer", function()
        for _, largest in ipairs({ "9223372036854775807", "1.0 / 0.0" }) do
            local rows = assert(db:query("UNWIND range(0, 199) AS i WITH i, " ..
                "CASE WHEN i % 2 = 0 THEN null ELSE " .. largest ..
                " END AS a ORDER BY a RETURN i"))
            for at, row in ipairs(rows) do
                assert.equal(at <= 100 and at * 2 - 1 or (at - 101) * 2, row.i)
            end
        end
    end)
end)
