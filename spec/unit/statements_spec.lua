-- Statements that differ only in their literals share a plan; nobody can tell.

local core = require("namidb.core")
local help = dofile("spec/help.lua")
local statements = require("namidb.statements")

describe("a statement's literals", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    local function values(text, params)
        local out = {}
        for i, row in ipairs(assert(db:query(text, params))) do
            out[i] = row.v
        end
        return out
    end

    it("are values of their own each time", function()
        for i = 1, 30 do
            assert(db:query(("CREATE (:P {i: %d, f: %d.0, s: 'it is %d'})")
                :format(i, i, i)))
        end
        for i = 1, 30 do
            assert.same({ i }, values("MATCH (p:P) WHERE p.i = " .. i ..
                " RETURN p.i AS v"))
            assert.same({ i }, values("MATCH (p:P {s: 'it is " .. i ..
                "'}) RETURN p.i AS v"))
            assert.same(i < 30 and { i, i + 1 } or { i },
                values("MATCH (p:P) WHERE p.i IN [" .. i .. ", " .. i + 1 ..
                    ", 'x'] RETURN p.i AS v ORDER BY v"))
        end
        local row = assert(db:query("MATCH (p:P) WHERE p.f = 3.0 " ..
            "RETURN p.f / 2 AS half"))[1]
        assert.equal(1.5, row.half)
    end)

    it("keep their types", function()
        assert(db:query("CREATE (:T {a: 1, b: 1.0, c: '1', d: -1})"))
        local row = assert(db:query("MATCH (t:T) RETURN t.a / 2 AS a, " ..
            "t.b / 2 AS b, t.c + 'x' AS c, t.d AS d"))[1]
        assert.same({ a = 0, b = 0.5, c = "1x", d = -1 }, row)
    end)

    it("go with parameters of the caller", function()
        assert(db:query("UNWIND range(1, 9) AS i CREATE (:P {i: i, g: i % 3})"))
        assert.same({ 4, 7 }, values("MATCH (p:P) WHERE p.g = 1 " ..
            "AND p.i > $low RETURN p.i AS v ORDER BY v", { low = 1 }))
        assert.same({ 5, 8 }, values("MATCH (p:P) WHERE p.g = 2 " ..
            "AND p.i > $low RETURN p.i AS v ORDER BY v", { low = 2 }))
        local rows, err = db:query("MATCH (p:P) WHERE p.g = 2 " ..
            "AND p.i > $low RETURN p.i AS v")
        assert.is_nil(rows)
        assert.truthy(err.message:find("$low", 1, true))
    end)

    it("name columns as they were written", function()
        assert.same({ "1", "'a'", "2 = 3" },
                    assert(db:query("RETURN 1, 'a', 2 = 3")).columns)
        assert.same({ "n.x = 5" }, assert(db:query(
            "MATCH (n) WHERE n.x = 7 RETURN n.x = 5")).columns)
    end)

    it("are in errors as they were written", function()
        local _, err = db:query("MATCH (n) WHERE n.x = 12345 RETURN m")
        assert.truthy(tostring(err):find("12345", 1, true))
        assert.equal(1, err.line)
        assert.equal(36, err.column)
    end)

    it("are pasted into rows() and transactions alike", function()
        for i = 1, 5 do
            assert(db:write(function(tx)
                assert(tx:query("CREATE (:P {i: " .. i .. "})"))
                local n = 0
                for row in tx:rows("MATCH (p:P) WHERE p.i <= " .. i ..
                    " RETURN p.i AS v") do
                    n = n + row.v
                end
                assert.equal(i * (i + 1) / 2, n)
            end))
        end
    end)

    it("are counted in cache_stats", function()
        for i = 1, 10 do
            db:query("MATCH (n) WHERE n.x = " .. i .. " RETURN n")
        end
        db:query("RETURN 1")
        local stats = db:cache_stats().statements
        assert.equal(9, stats.hits)
        assert.equal(2, stats.misses)
        assert.is_true(stats.bytes > 0)
    end)

    it("make one plan of many texts", function()
        local cache, compiled = statements.new(), 0
        local function compile(_, _, text)
            compiled = compiled + 1
            return { text = text }
        end
        for i = 1, 10000 do
            local made, lifted = cache:get("MATCH (n) WHERE n.x = " .. i ..
                " RETURN n", compile)
            assert.truthy(made and lifted)
        end
        assert.equal(1, compiled)
    end)

    it("stay in the text when that is needed to compile", function()
        local cache = statements.new()
        local function compile(_, _, text)
            if text:find("~") then return nil, "no" end
            return { text = text }
        end
        for _ = 1, 3 do
            local made, lifted = cache:get("MATCH (n) WHERE n.x = 1 RETURN n",
                                           compile)
            assert.equal("MATCH (n) WHERE n.x = 1 RETURN n", made.text)
            assert.is_nil(lifted)
        end
    end)
end)

describe("the cache of statements", function()
    local function compile(_, _, text) return { text = text } end

    it("is bounded by their number and by their bytes", function()
        local cache = statements.new()
        for i = 1, 5000 do cache:get("RETURN " .. i, compile) end
        local count = 0
        for _, half in ipairs({ cache.young, cache.old }) do
            for _ in pairs(half) do count = count + 1 end
        end
        assert.is_true(count <= 1024)
        local bytes = 0
        for i = 1, 100 do
            cache:get("RETURN " .. i .. (" "):rep(60000), compile)
        end
        for _, half in ipairs({ cache.young, cache.old }) do
            for text in pairs(half) do bytes = bytes + #text end
        end
        assert.is_true(bytes <= 2 ^ 20)
        cache:get("RETURN 1" .. (" "):rep(2 ^ 20), compile)
        assert.is_nil(cache.young["RETURN 1" .. (" "):rep(2 ^ 20)])
    end)

    it("keeps what is used", function()
        local cache, compiled = statements.new(), 0
        local function counted(_, _, text)
            compiled = compiled + 1
            return { text = text }
        end
        for i = 1, 3000 do
            cache:get("RETURN 'hot'", counted)
            cache:get("RETURN " .. i, counted)
        end
        assert.equal(3001, compiled)
    end)
end)

-- Calls fn when it is collected.
local function finalizer(fn)
    if not newproxy then -- luacheck: ignore
        return setmetatable({}, { __gc = fn })
    end
    local proxy = newproxy(true) -- luacheck: ignore
    getmetatable(proxy).__gc = fn
    return proxy
end

describe("a plan that is kept", function()
    local TEXT = "MATCH (n:N) WHERE n.v = $v RETURN n.v AS v"

    local function ask(handle)
        assert.same({ v = 3 }, assert(handle:query(TEXT, { v = 3 }))[1])
    end

    local function ask_rows(handle)
        for row in handle:rows(TEXT, { v = 3 }) do assert.equal(3, row.v) end
    end

    -- How many plans are made while fn runs.
    local function count_made(db, fn)
        local before = db:cache_stats().statements.misses
        fn()
        return db:cache_stats().statements.misses - before
    end

    for name, run in pairs({ query = ask, rows = ask_rows }) do
        it("is made anew for other indexes, by " .. name .. "()", function()
            local db = help.open()
            assert(db:query("UNWIND range(1, 9) AS i CREATE (:N {v: i})"))
            run(db)
            assert.equal(0, count_made(db, function() run(db) end))
            assert(db:query("CREATE INDEX by_v FOR (n:N) ON (n.v)"))
            assert(db:wait_indexes(10))
            assert.equal(1, count_made(db, function() run(db) run(db) end))
            local tx = assert(db:begin())
            assert.equal(0, count_made(db, function() run(tx) end))
            assert(tx:query("DROP INDEX by_v"))
            assert.equal(1, count_made(db, function() run(tx) run(tx) end))
            tx:abort()
            db:close()
        end)
    end
end)

describe("core.lift", function()
    it("gives values that only the core can use", function()
        local key, values = core.lift("MATCH (n) WHERE n.x = 1 RETURN n")
        assert.equal("MATCH (n) WHERE n.x = $`~1` RETURN n", key)
        assert.equal("userdata", type(values))
        assert.is_nil((core.lift("RETURN 1")))
        assert.has_error(function() core.lift() end)
    end)

    it("may be called by a finalizer while it makes its values", function()
        local calls = 0
        local function again()
            calls = calls + 1
            core.lift("MATCH (n) WHERE n.x = 'other" .. calls .. "' RETURN n")
        end
        for i = 1, 3000 do
            finalizer(again)
            local key = core.lift("MATCH (n) WHERE n.x = 'this" .. i ..
                "' AND n.y = " .. i .. " RETURN n")
            -- Without a key it was called inside another call.
            assert.is_true(key == nil or key ==
                "MATCH (n) WHERE n.x = $`~1` AND n.y = $`~2` RETURN n")
        end
        collectgarbage()
        assert.is_true(calls > 0)
    end)

    it("reads texts of any bytes", function()
        local state = 7
        local pieces = { "MATCH", " (n", "{x: 1", "}", ")", " WHERE", " n.x",
                         " = ", "'a", "'", "\\", "/*", "*/", "//", "\n", "[1,",
                         "]", " IN ", "-5", "`", "$", "\255", "RETURN ", "\0" }
        for _ = 1, 20000 do
            local text = {}
            for i = 1, 12 do
                state = state * 48271 % 2147483647
                text[i] = pieces[state % #pieces + 1]
            end
            local key = core.lift(table.concat(text))
            assert.is_true(key == nil or #key > 0)
        end
    end)
end)
