-- Every kind of value goes in and comes out the same: from the memtable, from a
-- pack, and after reopening.

local namidb = require("namidb")

local is_jit = math.type == nil

local CASES = {
    { "true", true }, { "false", false },
    { "zero", 0 }, { "one", 1 }, { "minus one", -1 },
    { "2^53", 9007199254740992 }, { "-2^53", -9007199254740992 },
    { "a fraction", 1.5 }, { "a tiny number", 5e-324 },
    { "a huge number", 1.7976931348623157e308 },
    { "infinity", math.huge }, { "minus infinity", -math.huge },
    { "empty text", "" }, { "text", "name" },
    { "text of many scripts", "\208\150\227\129\130\240\159\144\154" },
    { "text with NUL", "a\0b" },
    { "bytes", namidb.bytes("\0\255\1") },
    { "no bytes", namidb.bytes("") },
    { "a date", namidb.date(2024, 2, 29) },
    { "an early date", namidb.date(-1, 3, 1) },
    { "a local time", namidb.local_time(23, 59, 59, 999999999) },
    { "a time", namidb.time(1, 2, 3, 4, -3600) },
    { "a local datetime", namidb.local_datetime{
        year = 1969, month = 12, day = 31, hour = 23, nanosecond = 7 } },
    { "a datetime", namidb.datetime{
        year = 2024, month = 1, day = 2, hour = 3, offset = 3600,
        zone = "Europe/Stockholm" } },
    { "a datetime without zone", namidb.datetime{ year = 1, offset = -60 } },
    { "a duration", namidb.duration{
        months = 1, days = -2, seconds = -3, nanoseconds = 4 } },
    { "a point", namidb.point{ x = 1.5, y = -2 } },
    { "a point in space", namidb.point{ x = 1, y = 2, z = 3 } },
    { "a place", namidb.point{ longitude = 18, latitude = 59.3 } },
    { "a vector", namidb.vector{ 1, -0.5, 0.25 } },
    { "an empty list", namidb.list{} },
    { "a list", namidb.list{ 1, "two", true, 2.5 } },
    { "lists in lists", namidb.list{ namidb.list{ 1 }, namidb.list{},
        namidb.list{ namidb.list{ "x" } } } },
    { "dates in a list", namidb.list{ namidb.date(2000, 1, 1) } },
    { "a long text", ("x"):rep(100000) },
}
for _, digits in ipairs({ "9007199254740993", "-9223372036854775808",
                          "9223372036854775807" }) do
    CASES[#CASES + 1] = { digits, namidb.json.decode(digits) }
end

-- Equal, and of one kind where Lua can tell.
local function same(a, b)
    if math.type and math.type(a) ~= math.type(b) then return false end
    return type(a) == type(b) and a == b and getmetatable(a) == getmetatable(b)
end

describe("values", function()
    local uri = "memory://values?ns=" .. (is_jit and "jit" or "puc")
    local db

    setup(function() db = assert(namidb.open(uri)) end)
    teardown(function() db:close() end)

    local function check_all(source)
        for _, case in ipairs(CASES) do
            local node = assert(source:node("V", case[1]))
            assert(same(node.v, case[2]), ("%s: %s became %s"):format(case[1],
                tostring(case[2]), tostring(node.v)))
        end
    end

    it("come back as they were", function()
        assert(db:write(function(tx)
            for _, case in ipairs(CASES) do
                assert(tx:put_node("V", case[1], { v = case[2] }))
            end
            check_all(tx)
        end))
        check_all(db)
        assert(db:flush())
        check_all(db)
        db:close()
        db = assert(namidb.open(uri))
        check_all(db)
    end)

    it("keep NaN and the sign of zero", function()
        assert(db:write(function(tx)
            tx:put_node("V", "nan", { v = 0 / 0, z = -0.0 })
        end))
        local node = db:node("V", "nan")
        assert.is_true(node.v ~= node.v)
        assert.equal(-math.huge, 1 / node.z)
    end)

    it("keep whole floats apart from integers", function()
        assert(db:write(function(tx)
            tx:put_node("V", "floats", { f = namidb.float(3), i = 3 })
        end))
        local node = db:node("V", "floats")
        assert.equal(3, node.f)
        if math.type then
            assert.equal("float", math.type(node.f))
            assert.equal("integer", math.type(node.i))
        end
    end)

    it("that are null are absent", function()
        assert(db:write(function(tx)
            tx:put_node("V", "null", { v = namidb.null, w = 1 })
        end))
        assert.is_nil(db:node("V", "null").v)
        assert.equal(1, db:node("V", "null").w)
    end)

    it("read as text", function()
        assert.equal("2024-02-29", tostring(namidb.date(2024, 2, 29)))
        assert.equal("01:02:03.5-01:00",
                     tostring(namidb.time(1, 2, 3, 500000000, -3600)))
        assert.equal("2024-01-02T03:00+01:00[Europe/Stockholm]",
            tostring(namidb.datetime{ year = 2024, month = 1, day = 2,
                hour = 3, offset = 3600, zone = "Europe/Stockholm" }))
        assert.equal("P1M-2DT-2.999999996S", tostring(namidb.duration{
            months = 1, days = -2, seconds = -3, nanoseconds = 4 }))
        assert.equal("00ff01", tostring(namidb.bytes("\0\255\1")))
    end)

    local REFUSED = {
        { "a function", print, "f: a function cannot be stored" },
        { "a map", { a = 1 }, "f: a map cannot be stored" },
        { "a list with holes", { 1, nil, 3 }, "holes" },
        { "text that is not UTF-8", "\255", "property f: .*UTF%-8" },
        { "a table of another's", setmetatable({}, {}), "metatable" },
        { "null in a list", { namidb.null }, "property f: .*null" },
    }
    for _, case in ipairs(REFUSED) do
        it("refuse " .. case[1], function()
            local ok, err = pcall(db.write, db, function(tx)
                tx:put_node("V", "bad", { f = case[2] })
            end)
            assert.is_false(ok)
            assert.matches("value_spec.lua:%d+: ", err)
            assert.matches(case[3], err)
            assert.is_nil(db:node("V", "bad"))
        end)
    end

    it("refuse what is nested too deeply", function()
        local deep = {}
        for _ = 1, 40 do deep = { deep } end
        local cycle = {}
        cycle[1] = cycle
        for _, bad in ipairs({ deep, cycle }) do
            local ok, err = pcall(db.write, db, function(tx)
                tx:put_node("V", "bad", { f = bad })
            end)
            assert.is_false(ok)
            assert.matches("nested too deeply", err)
        end
    end)

    it("blame the caller of a constructor", function()
        for _, bad in ipairs({
            function() namidb.date(2023, 2, 29) end,
            function() namidb.time(24, 0) end,
            function() namidb.bytes(1) end,
            function() namidb.point{ x = 1 } end,
            function() namidb.vector{ "a" } end,
            function() namidb.datetime{ year = 1, offset = 1e9 } end,
        }) do
            local ok, err = pcall(bad)
            assert.is_false(ok)
            assert.matches("value_spec.lua:%d+: ", err)
        end
    end)
end)
