-- No statement takes the process down or outlives its bounds: text, memory,
-- time, and what Lua holds of the rows.

local help = dofile("spec/help.lua")

local function nest(open, inner, close, times)
    return open:rep(times) .. inner .. close:rep(times)
end

local function fails(db, code, text, options)
    local rows, err = db:query(text, nil, options)
    assert.is_nil(rows, text:sub(1, 60))
    assert.equal(code, err.code, text:sub(1, 60) .. ": " .. err.message)
    return err
end

describe("the text of a statement", function()
    local db = help.open()

    it("may be nested to a bound", function()
        for _, text in ipairs({
            "RETURN " .. nest("(", "1", ")", 10000),
            "RETURN " .. nest("[", "1", "]", 10000),
            "RETURN " .. nest("{a: ", "1", "}", 10000),
            "RETURN " .. nest("NOT ", "true", "", 10000),
            "RETURN " .. nest("- ", "1", "", 10000),
            "RETURN " .. nest("abs(", "1", ")", 10000),
            "RETURN " .. nest("CASE WHEN true THEN ", "1", " END", 10000),
            "RETURN " .. nest("EXISTS { MATCH (n) WHERE ", "true", " }", 5000),
            nest("CALL { ", "RETURN 1 AS x", " }", 5000),
            nest("FOREACH (x IN [1] | ", "CREATE ()", ")", 5000),
            "WITH [1] AS x RETURN x" .. ("[0]"):rep(100000),
            "WITH {a: 1} AS x RETURN x" .. (".a"):rep(100000),
            "RETURN 1" .. (" IN [1]"):rep(50000),
            "RETURN 1" .. (" IS NULL"):rep(100000),
            "MATCH (n:" .. nest("(", "A", ")", 10000) .. ") RETURN n",
            "MATCH (n:" .. ("!"):rep(10000) .. "A) RETURN n",
        }) do
            local err = fails(db, "limit", text)
            assert.equal(1, err.line)
            assert.is_true(err.column > 1)
        end
        assert(db:query("RETURN " .. nest("(", "1", ")", 200)))
    end)

    it("may be long to a bound", function()
        for _, text in ipairs({
            "MATCH " .. ("()-->"):rep(20000) .. "() RETURN 1",
            "MATCH " .. ("(), "):rep(20000) .. "() RETURN 1",
            ("WITH 1 AS x "):rep(5000) .. "RETURN 1",
            ("CREATE () "):rep(5000),
            ("RETURN 1 AS x UNION ALL "):rep(5000) .. "RETURN 1 AS x",
            "RETURN " .. ("1 + "):rep(50000) .. "1",
            "RETURN '" .. ("x"):rep(10000000) .. "'",
            "RETURN 1 /*" .. ("x"):rep(10000000) .. "*/",
        }) do
            local err = fails(db, "limit", text)
            assert.equal(1, err.line)
        end
    end)

    it("may have numbers with exponents of any length", function()
        local digits = ("9"):rep(30)
        for _, sign in ipairs({ "", "-" }) do
            local _, err = db:query("RETURN " .. sign .. "1e" .. digits)
            assert.equal("FloatingPointOverflow", err.detail)
        end
        local rows = assert(db:query("RETURN 1e-" .. digits .. " AS a, " ..
            "0e" .. digits .. " AS b, 1.5E-" .. digits .. " AS c"))
        assert.same({ a = 0, b = 0, c = 0 }, rows[1])
    end)

    it("may have many terms, items, columns", function()
        assert(db:query("RETURN [" .. ("1, "):rep(50000) .. "1] AS l"))
        -- Each string is looked at alone: all that follow would take hours.
        assert(db:query("RETURN [" .. ("'ab', "):rep(300000) .. "'c'] AS l"))
        assert(db:query("RETURN " .. ("1 < "):rep(20000) .. "1 AS b"))
        assert(db:query(("CREATE () "):rep(800)))
        assert(db:query("CREATE " .. ("(), "):rep(5000) .. "()"))
        local columns = {}
        for i = 1, 5000 do columns[i] = i .. " AS c" .. i end
        local rows = assert(db:query("RETURN " .. table.concat(columns, ", ")))
        assert.equal(5000, rows[1].c5000)
    end)
end)

describe("the values of a statement", function()
    local db = help.open()

    it("have bounds, whatever makes them", function()
        for _, text in ipairs({
            "RETURN range(0, 1000000000000)",
            "UNWIND range(0, 1000000000000) AS x RETURN count(x)",
            "RETURN size(reduce(a = 'x', i IN range(1, 60) | a + a))",
            "RETURN size(reduce(a = [1], i IN range(1, 60) | a + a))",
            "RETURN reduce(a = [1], i IN range(1, 100000) | [a])",
            "RETURN reduce(a = {b: 1}, i IN range(1, 100000) | {a: a})",
            "RETURN size(reduce(a = 'aaaaaaaaaa', i IN range(1, 60) | " ..
                "replace(a, 'a', a)))",
            "RETURN 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' =~ '(a+)+$'",
        }) do
            fails(db, "limit", text, { max_memory = 64 * 1024 * 1024 })
        end
    end)

    it("take memory to a bound, in Lua as well", function()
        assert(db:query("UNWIND range(1, 1000) AS i CREATE (:P {i: i})"))
        for _, text in ipairs({
            "MATCH (a:P), (b:P) RETURN collect([a.i, b.i])",
            "MATCH (a:P), (b:P) RETURN DISTINCT a.i * 10000 + b.i",
            "MATCH (a:P), (b:P) RETURN a.i, b.i ORDER BY a.i * b.i",
            "MATCH (a:P), (b:P) RETURN a.i AS x, b.i AS y",
            "MATCH (a:P), (b:P) WITH a.i + b.i * 1000 AS k, count(*) AS c " ..
                "RETURN max(k)",
        }) do
            local err = fails(db, "limit", text, { max_memory = 8000000 })
            assert.equal("MemoryLimit", err.detail)
        end
        local count = 0
        for row in db:rows("MATCH (a:P), (b:P) RETURN a.i AS x", nil,
                           { max_memory = 8000000 }) do
            count = count + (row.x and 1)
        end
        assert.equal(1000000, count) -- as a stream they are never all there
    end)

    -- The bound moves from place to place, until there is enough.
    it("take memory to a bound wherever it is met", function()
        local few = help.open()
        assert(few:query("UNWIND range(1, 700) AS i CREATE (:P {i: i, " ..
            "j: i % 350, f: toFloat(i), t: 't' + toString(i % 20)})"))
        assert(few:flush())
        for _, text in ipairs({
            "MATCH (n:P) WITH DISTINCT n.i AS i RETURN count(*) AS v",
            "MATCH (n:P) WITH DISTINCT n.f AS f, n.t AS t " ..
                "RETURN count(*) AS v",
            "MATCH (n:P) RETURN count(DISTINCT n.i) AS v",
            "MATCH (n:P) WITH n ORDER BY n.t, n.f DESC " ..
                "RETURN collect(n.i)[350] AS v",
            "MATCH (a:P), (b:P) WHERE a.i = b.j RETURN count(*) AS v",
            "MATCH (n:P) WHERE n.i > 300 RETURN sum(n.f) AS v",
            "MATCH (n:P) WITH n.j % 5 AS g, min(toUpper(n.t)) AS l, " ..
                "collect(n.t) AS c RETURN sum(size(c)) AS v",
            "MATCH (n:P) WHERE n.t + 'x' IN ['t1x', 't2x'] AND " ..
                "n.t =~ 't.*' RETURN sum(n.i * 2 + 1) AS v",
        }) do
            local want = assert(few:query(text))[1].v
            local bytes, failures = 1000, 0
            local rows, err
            repeat
                rows, err = few:query(text, nil, { max_memory = bytes })
                if not rows then
                    assert.equal("limit", err.code, err.message)
                    failures = failures + 1
                end
                bytes = math.floor(bytes * 1.03) + 64
            until rows
            assert.equal(want, rows[1].v, text)
            assert.is_true(failures > 10, text)
        end
        few:close()
    end)

    it("take as much for a join as the side that is kept", function()
        local large = help.open()
        assert(large:query("UNWIND range(1, 100000) AS i CREATE (:A {i: i})"))
        assert(large:query("UNWIND range(1, 100) AS j CREATE (:B {j: -j})"))
        local text = "MATCH (a:A), (b:B) WHERE a.i = b.j RETURN count(*) AS v"
        assert.truthy(large:query("EXPLAIN " .. text).plan:find("Join on", 1,
                                                                true))
        assert.equal(0, assert(large:query(text, nil,
                                           { max_memory = 1000000 }))[1].v)
        large:close()
    end)

    it("may be parameters to a depth", function()
        local deep = {}
        for _ = 1, 10000 do deep = { deep } end
        assert.has_error(function() db:query("RETURN $d", { d = deep }) end)
        local loop = {}
        loop.a = loop
        assert.has_error(function() db:query("RETURN $d", { d = loop }) end)
    end)
end)

describe("a timeout ends", function()
    local db = help.open()
    assert(db:query("UNWIND range(1, 2000) AS i CREATE (:P {i: i})"))
    assert(db:query("MATCH (a:P) WHERE a.i <= 40 WITH collect(a) AS ns " ..
        "UNWIND ns AS a UNWIND ns AS b CREATE (a)-[:R]->(b)"))

    -- Each of them would run for hours.
    for name, text in pairs({
        ["a product"] = "MATCH (a:P), (b:P), (c:P), (d:P) RETURN count(" ..
            "a.i + b.i * c.i - d.i)",
        ["a filter that nothing passes"] = "MATCH (a:P), (b:P), (c:P), " ..
            "(d:P) WHERE a.i + b.i + c.i + d.i < 0 RETURN a",
        ["walks of any length"] = "MATCH (a:P {i: 1})-[:R*]->(b) " ..
            "RETURN count(b.i)",
        ["walks that end nowhere"] = "MATCH (a:P {i: 1}), (b:P {i: 100}) " ..
            "WHERE EXISTS { (a)-[:R*2..]->(b) } RETURN count(*)",
        ["walks into a node"] = "MATCH (a:P {i: 1})-[:R*1..30]->" ..
            "(b:P {i: 99}) RETURN count(*)",
        ["a quantifier in a quantifier"] = "RETURN all(x IN range(1, 3000) " ..
            "WHERE any(y IN range(1, 30000) WHERE x = -y OR x > 0 AND " ..
            "none(z IN range(1, 10000) WHERE z = 0)))",
        ["a list in a list"] = "RETURN size([x IN range(1, 100000) | " ..
            "size([y IN range(1, 1000000) WHERE x = y])])",
        ["reduce"] = "RETURN reduce(a = 0, x IN range(1, 3000000) | " ..
            "(a + size(range(1, 1000))) % 7)",
        ["a list that grows"] = "RETURN size(reduce(a = [], x IN " ..
            "range(1, 1000000) | a + x))",
        ["a string that grows"] = "RETURN size(reduce(a = '', x IN " ..
            "range(1, 1000000) | a + 'xxxxxxxxxx'))",
        ["IN a long list"] = "WITH range(1, 1000000) AS l UNWIND " ..
            "range(1, 1000000) AS x WITH l, x WHERE -x IN l RETURN count(*)",
        ["a sort of much"] = "UNWIND range(1, 3000) AS a UNWIND " ..
            "range(1, 3000) AS b RETURN a ORDER BY toString(a) + b, b LIMIT 1",
        ["MERGE of much"] = "UNWIND range(1, 10000000) AS i MERGE (:M {i: i})",
        ["FOREACH"] = "FOREACH (i IN range(1, 10000000) | CREATE (:M {i: i}))",
        ["a sub-query for each row"] = "UNWIND range(1, 10000000) AS i " ..
            "CALL { WITH i MATCH (p:P) WHERE p.i = i RETURN count(p) AS c } " ..
            "RETURN sum(c)",
    }) do
        it(name, function()
            local _, err = db:query(text, nil, { timeout = 0.1 })
            assert.is_table(err, name)
            assert.is_true(err.code == "timeout", err.message)
            assert.equal(0, assert(db:query(
                "MATCH (m:M) RETURN count(m) AS n"))[1].n)
        end)
    end
end)

describe("text that is none", function()
    local db = help.open()

    it("is refused with its place", function()
        for _, text in ipairs({
            "RETURN '\255\254'", "RETURN \255", "RETURN 1 AS a\0b",
            "RETURN `\192\128`", "MATCH (n:\237\160\128) RETURN n",
            "RETURN 1 // \255\n + \244\144\128\128", "\239\187\191RETURN \1",
        }) do
            local err = fails(db, "syntax", text)
            assert.is_true(err.line >= 1 and err.column >= 1)
        end
    end)

    it("is refused as a parameter, and NUL is a character", function()
        for _, x in ipairs({ "\255", { "a", "\255" } }) do
            local _, err = db:query("CREATE (:P {x: $x})", { x = x })
            assert.equal("InvalidPropertyType", err.detail)
        end
        assert(db:query("RETURN toUpper($x), reverse($x), size($x), " ..
            "split($x, ''), $x CONTAINS $x, $x =~ 'a.*', left($x, 1)",
            { x = "a\240\255" }) or true)
        local text = "a\0b"
        assert(db:query("CREATE (:N {x: $x})", { x = text }))
        local row = assert(db:query("MATCH (n:N) RETURN n.x AS x, " ..
            "size(n.x) AS s"))[1]
        assert.same({ x = text, s = 3 }, row)
    end)

    it("of any kind is no parameter", function()
        for _, value in ipairs({ print, coroutine.create(print), io.stdout,
                                 setmetatable({}, {}) }) do
            local params = { v = value }
            help.check_misuse(function() db:query("RETURN $v", params) end,
                              "")
        end
        local _, err = db:query("CREATE (:P {x: $m})", { m = { a = 1 } })
        assert.equal("InvalidPropertyType", err.detail)
    end)
end)
