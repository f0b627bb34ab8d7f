local help = dofile("spec/help.lua")
local namidb = require("namidb")

local is_jit = rawget(_G, "jit") ~= nil

-- A 64-bit integer from text, in either interpreter.
local function int64(text)
    return assert(namidb.json.decode(text))
end

local MANY = 12000 -- more than LuaJIT's stack has room for

local function many(make)
    local list = {}
    for i = 1, MANY do list[i] = make(i) end
    return namidb.list(list)
end

-- Each must come back equal, of the same type, and with the same text.
local CASES = {
    { "true", true },
    { "false", false },
    { "zero", 0 },
    { "a small integer", -42 },
    { "2^53 - 1", 9007199254740991 },
    { "2^53", int64("9007199254740992") },
    { "2^53 + 1", int64("9007199254740993") },
    { "-2^53 - 1", int64("-9007199254740993") },
    { "the largest integer", int64("9223372036854775807") },
    { "the smallest integer", int64("-9223372036854775808") },
    { "a fraction", 0.1 },
    { "the smallest float", 4.9406564584124654e-324 },
    { "the largest float", 1.7976931348623157e308 },
    { "infinity", math.huge },
    { "minus infinity", -math.huge },
    { "an empty string", "" },
    { "a string", "Grüße, 世界" },
    { "text of many scripts", "\208\150\227\129\130\240\159\144\154" },
    { "a string with a zero byte", "a\0b" },
    { "a long string", ("x"):rep(100000) },
    { "bytes", namidb.bytes("\255\0\254") },
    { "no bytes", namidb.bytes("") },
    { "a date", namidb.date(2024, 2, 29) },
    { "a date before 1970", namidb.date(1, 1, 1) },
    { "the first date", namidb.date(-999999999, 1, 1) },
    { "a local time", namidb.local_time(23, 59, 59, 999999999) },
    { "midnight", namidb.local_time(0, 0) },
    { "a time", namidb.time(12, 30, 1, 5, -3600) },
    { "a local datetime", namidb.local_datetime({
        year = 1969, month = 12, day = 31, hour = 23, nanosecond = 1 }) },
    { "a datetime", namidb.datetime({
        year = 2024, month = 3, day = 31, hour = 2, offset = 7200 }) },
    { "a datetime in a zone", namidb.datetime({
        year = 2024, offset = 3600, zone = "Europe/Stockholm" }) },
    { "a duration", namidb.duration({ months = 14, days = -3, seconds = -1,
                                      nanoseconds = 500000000 }) },
    { "a point", namidb.point({ x = 1.5, y = -2 }) },
    { "a point in space", namidb.point({ x = 1, y = 2, z = 3 }) },
    { "a place", namidb.point({ longitude = 18.07, latitude = 59.33 }) },
    { "a list of nothing", namidb.list({}) },
    { "a list", namidb.list({ 1, "two", 3.5, true }) },
    { "lists in lists", namidb.list({
        namidb.list({}), namidb.list({ namidb.list({ 1 }) }) }) },
    { "a list of dates", namidb.list({ namidb.date(2020, 1, 1),
                                       namidb.date(2021, 1, 1) }) },
    { "a long list of points", many(function(i)
        return namidb.point({ x = i, y = -i })
    end) },
    { "a long list of bytes", many(function(i)
        return namidb.bytes(tostring(i))
    end) },
    { "a long list of lists", many(function(i)
        return namidb.list({ i })
    end) },
    { "a vector", namidb.vector({ 0.5, -0.25, 65536 }) },
}

-- The same kind of thing: 1 and 1.0 are not, nor a date and a number.
local function same_type(a, b)
    if type(a) ~= type(b) then return false end
    if math.type and type(a) == "number" then
        return math.type(a) == math.type(b)
    end
    return getmetatable(a) == getmetatable(b)
end

local function check(title, expected, actual)
    assert(same_type(expected, actual), title .. ": another type")
    assert(expected == actual, ("%s: %s became %s"):format(title,
        tostring(expected):sub(1, 80), tostring(actual):sub(1, 80)))
    assert(title == "a vector" or tostring(expected) == tostring(actual))
end

describe("values", function()
    teardown(help.remove_folders)

    for kind, make_uri in pairs(help.stores) do
        describe("in " .. kind, function()
            local uri = make_uri()
            local db, id, edge_id

            local function check_all()
                local node, edge = db:node(id), db:edge(edge_id)
                for i, case in ipairs(CASES) do
                    check(case[1], case[2], node["p" .. i])
                    check(case[1], case[2], edge["p" .. i])
                    check(case[1], case[2], db:node("Value", i).v)
                end
            end

            setup(function()
                db = assert(namidb.open(uri))
                assert(db:write(function(tx)
                    local props = {}
                    for i, case in ipairs(CASES) do
                        props["p" .. i] = case[2]
                        assert(tx:put_node("Value", i, { v = case[2] }))
                    end
                    id = assert(tx:create_node("All", props))
                    edge_id = assert(tx:put_edge("ALL", id, id, props))
                end))
            end)
            teardown(function() db:close() end)

            it("come back from memory", function() check_all() end)

            it("come back after a reopen, from the log", function()
                db:close()
                db = assert(namidb.open(uri))
                check_all()
            end)

            it("come back after a flush, from a pack", function()
                assert(db:flush())
                check_all()
            end)

            it("come back to a reader, from a cold pack", function()
                db:close()
                db = assert(namidb.open(uri, { read_only = true }))
                check_all()
                assert.equal(1, db:stats().packs)
            end)
        end)
    end

    describe("of which == says too little", function()
        local db

        setup(function() db = help.open() end)
        teardown(function() db:close() end)

        local function round_trip(value)
            local id
            assert(db:write(function(tx)
                id = assert(tx:create_node(nil, { v = value }))
            end))
            assert(db:flush())
            return db:node(id).v
        end

        it("keep the sign of zero", function()
            assert.equal(-math.huge, 1 / round_trip(-0.0))
        end)

        it("keep a float that is whole a float", function()
            local value = round_trip(namidb.float(3))
            assert.equal(3, value)
            if math.type then assert.equal("float", math.type(value)) end
        end)

        it("keep what is no number", function()
            local value = round_trip(0 / 0)
            assert.equal("number", type(value))
            assert.is_true(value ~= value)
        end)

        it("take a float beyond 2^53 for a float", function()
            local value = round_trip(1e17)
            assert.equal(1e17, value)
            assert.equal("number", type(value))
        end)

        it("leave a property out that is null", function()
            local id
            assert(db:write(function(tx)
                id = tx:create_node(nil, { a = namidb.null, b = 1 })
            end))
            assert.same({ b = 1 }, db:node(id).props)
        end)

        it("take a plain table of items for a list", function()
            local value = round_trip({ 1, { 2, 3 } })
            assert.is_true(value == namidb.list({ 1, namidb.list({ 2, 3 }) }))
        end)

        it("are lists of 128 lists in each other, and no more", function()
            local deep = {}
            for _ = 2, 128 do deep = { deep } end
            assert.equal(#deep, #round_trip(deep))
            local ok, err = pcall(round_trip, { deep })
            assert.is_false(ok)
            assert.matches("nested", tostring(err))
        end)

        it("tell the integer of a key from its text", function()
            assert(db:write(function(tx)
                tx:put_node("K", 1, { is = "integer" })
                tx:put_node("K", "1", { is = "text" })
            end))
            assert.equal("integer", db:node("K", 1).is)
            assert.equal("text", db:node("K", "1").is)
        end)

        it("keep a key of 64 bits", function()
            local key = int64("9223372036854775806")
            assert(db:write(function(tx) tx:put_node("K", key) end))
            assert.is_true(db:node("K", key).key == key)
            assert.is_nil(db:node("K", int64("9223372036854775805")))
        end)

        if is_jit then
            it("take uint64_t where it fits", function()
                local ffi = require("ffi")
                local largest = ffi.cast("uint64_t", ffi.new("int64_t", -1)) / 2
                assert.equal("9223372036854775807LL",
                             tostring(round_trip(largest)))
                local ok, err = pcall(round_trip, largest + 1)
                assert.is_false(ok)
                assert.is_truthy(err:find("no 64-bit integer", 1, true))
            end)
        end
    end)
end)

describe("namidb.date and the like", function()
    it("are shown as ISO 8601 has them", function()
        assert.equal("2024-02-29", tostring(namidb.date(2024, 2, 29)))
        assert.equal("-0044-03-15", tostring(namidb.date(-44, 3, 15)))
        assert.equal("+12024-01-01", tostring(namidb.date(12024, 1, 1)))
        assert.equal("23:59", tostring(namidb.local_time(23, 59)))
        assert.equal("01:02:03.00000004",
                     tostring(namidb.local_time(1, 2, 3, 40)))
        assert.equal("12:00-01:30", tostring(namidb.time(12, 0, 0, 0, -5400)))
        assert.equal("12:00Z", tostring(namidb.time(12, 0)))
        assert.equal("1969-12-31T23:59:59.5",
                     tostring(namidb.local_datetime({
                         year = 1969, month = 12, day = 31, hour = 23,
                         minute = 59, second = 59, nanosecond = 500000000 })))
        assert.equal("2024-07-01T12:00+02:00[Europe/Stockholm]",
                     tostring(namidb.datetime({
                         year = 2024, month = 7, hour = 12, offset = 7200,
                         zone = "Europe/Stockholm" })))
        assert.equal("P1M-2DT-0.5S", tostring(namidb.duration({
            months = 1, days = -2, seconds = -1, nanoseconds = 500000000 })))
    end)

    it("know every month of four centuries", function()
        local lengths = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
        local days = namidb.date(1600, 1, 1).days
        for year = 1600, 2000 do
            for month = 1, 12 do
                local date = namidb.date(year, month, 1)
                assert.equal(days, date.days)
                assert.equal(("%04d-%02d-01"):format(year, month),
                             tostring(date))
                local is_leap = year % 4 == 0 and
                    (year % 100 ~= 0 or year % 400 == 0)
                days = days + lengths[month] +
                    (month == 2 and is_leap and 1 or 0)
            end
        end
        assert.equal(0, namidb.date(1970, 1, 1).days)
    end)

    it("are equal by what they say, of the same kind", function()
        assert.is_true(namidb.date(2020, 1, 1) == namidb.date(2020, 1, 1))
        assert.is_false(namidb.date(2020, 1, 1) == namidb.date(2020, 1, 2))
        assert.is_false(namidb.date(1970, 1, 1) == namidb.local_time(0, 0))
        assert.is_false(namidb.list({ 1 }) == namidb.vector({ 1 }))
    end)

    it("show their parts by name", function()
        local place = namidb.point({ longitude = 1, latitude = 2 })
        assert.equal(4326, place.srid)
        assert.equal(2, place.y)
        assert.is_nil(place.z)
        assert.is_nil(place.nonsense)
    end)

    it("are all int64_t in LuaJIT when the option int64 says so", function()
        local uri = help.memory_uri()
        local db = assert(namidb.open(uri, { int64 = true }))
        assert(db:write(function(tx)
            tx:put_node("A", 1, { n = 5, list = { 6, { 7 } }, f = 0.5 })
        end))
        local node = db:node("A", 1)
        local wanted = rawget(_G, "jit") and "cdata" or "number"
        assert.equal(wanted, type(node.n))
        assert.equal(wanted, type(node.list[2][1]))
        assert.equal("number", type(node.f))
        assert.equal("number", type(node.key))
        assert.is_true(node.n == 5)
        assert(db:write(function(tx) tx:set(node, { n = node.n + 1 }) end))
        db:close()
        db = assert(namidb.open(uri))
        assert.equal(6, db:node("A", 1).n)
        db:close()
    end)
end)
