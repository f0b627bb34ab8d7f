-- Small queries that are asked again and again: what LuaJIT runs by itself
-- (lua/namidb/result_jit.lua) is what every interpreter gives.

local help = require("spec.help")

describe("a query that is asked again", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    -- The one value of it, the same each time.
    local function value_of(text, params)
        local first = assert(db:query(text, params))[1].v
        for _ = 1, 3 do
            assert.same(first, assert(db:query(text, params))[1].v)
        end
        return first
    end

    it("is told plain parameters as they are", function()
        for _, value in ipairs({ 0, 7, -7, 1.5, 2 ^ 53, -2 ^ 53, 2 ^ 60, 1e300,
                                 true, false, "", "text", "a\0b" }) do
            assert.equal(value, value_of("RETURN $v AS v", { v = value }))
        end
        assert.equal("3", value_of("RETURN toString($v) AS v", { v = 3 }))
        assert.equal("2.5", value_of("RETURN toString($v) AS v", { v = 2.5 }))
        assert.equal(1 / -0.0, 1 / value_of("RETURN $v AS v", { v = -0.0 }))
        assert.same({ 1, 2 }, value_of("RETURN $v AS v", { v = { 1, 2 } }))
        assert.equal(13, value_of("RETURN 6 + $v AS v", { v = 7 }))
        assert.equal(14, value_of("RETURN 7 + $v AS v", { v = 7 }))
    end)

    it("says what parameter it lacks", function()
        assert(db:query("RETURN $v AS v", { v = 1 }))
        for _, params in ipairs({ { w = 1 }, {} }) do
            local rows, err = db:query("RETURN $v AS v", params)
            assert.is_nil(rows)
            assert.matches("$v", tostring(err), 1, true)
        end
        assert.is_nil((db:query("RETURN $v AS v")))
    end)

    it("may have many parameters and columns", function()
        local items, params = {}, {}
        for i = 1, 300 do
            items[i], params["p" .. i] = ("$p%d AS c%d"):format(i, i), i
        end
        for count = 1, 300, 23 do
            local text = "UNWIND range(1, 20) AS x RETURN " ..
                table.concat(items, ", ", 1, count)
            for _ = 1, 3 do
                local rows = assert(db:query(text, params))
                assert.equal(20, #rows)
                for i = 1, count do assert.equal(i, rows[20]["c" .. i]) end
            end
        end
    end)

    it("may give long texts, in one chunk and in many", function()
        local text = ("x"):rep(1000)
        for _ = 1, 3 do
            for _, count in ipairs({ 1, 2000, 4500 }) do
                local rows = assert(db:query("UNWIND range(1, $n) AS i " ..
                    "RETURN $t + toString(i) AS t", { n = count, t = text }))
                assert.equal(count, #rows)
                assert.equal(text .. count, rows[count].t)
            end
        end
    end)

    it("sees what its handle sees", function()
        local count = "MATCH (a:A) RETURN count(a) AS v"
        assert(db:write(function(tx) tx:put_node("A", 1) end))
        local snapshot = assert(db:snapshot())
        for i = 2, 9 do
            assert(db:write(function(tx)
                tx:put_node("A", i)
                assert.equal(i, tx:query(count)[1].v)
            end))
            assert.equal(i, db:query(count)[1].v)
            assert.equal(1, snapshot:query(count)[1].v)
        end
        assert(db:query("CREATE INDEX FOR (a:A) ON (a.x)"))
        assert.equal(9, db:query(count)[1].v)
        snapshot:close()
        assert.has_error(function() snapshot:query(count) end)
    end)

    it("makes functions for plans that are used again and again", function()
        if not rawget(_G, "jit") then return end
        local load, loaded = _G.loadstring, 0
        _G.loadstring = function(...)
            loaded = loaded + 1
            return load(...)
        end
        local text = "UNWIND range(1, $again) AS x " ..
            "RETURN x AS again_and_again"
        local rows, after = 0, {}
        for i = 1, 6 do
            rows = rows + #assert(db:query(text, { again = 20 }))
            after[i] = loaded
        end
        assert.equal(400, #assert(db:query(text .. ", 1 AS y",
            { again = 400 })))
        _G.loadstring = load
        assert.equal(120, rows)
        assert.same({ 0, 0, 0, 0 }, { unpack(after, 1, 4) })
        assert.equal(2, after[6]) -- of its parameters, and of its rows
        assert.equal(3, loaded) -- many rows at once have one at once
    end)

    -- What LuaJIT compiles is up to chance, which calls it cannot compile is
    -- not: then a trace ends in a stitch, whatever the chance. It should before
    -- rows are made, and nowhere else.
    it("is compiled by LuaJIT with the loop around it", function()
        if not rawget(_G, "jit") then return end
        local jit, util = require("jit"), require("jit.util")
        local call = require("namidb.core").queries.call
        local links
        local function note(what, trace, called)
            if what ~= "stop" then return end
            local link = util.traceinfo(trace).linktype
            if link == "stitch" and called == call then link = "rows" end
            links[link] = (links[link] or 0) + 1
        end
        local function ask(times)
            local rows = 0
            for _ = 1, times do
                rows = rows + #db:query("UNWIND range(1, $n) AS x " ..
                                        "RETURN x, 'row' AS t", { n = 3 })
            end
            return rows
        end
        -- Plans are looked at again in the 2,048th use and the 3,072nd ...
        assert.equal(6150, ask(2050))
        for _ = 1, 10 do
            links = {}
            jit.flush()
            jit.attach(note, "trace")
            assert.equal(300, ask(100))
            jit.attach(note)
            assert.truthy(next(links))
            if not links.stitch then break end
        end
        assert.is_nil(links.stitch)
    end)

    it("shares what LuaJIT compiles with those of its shape", function()
        if not rawget(_G, "jit") then return end
        local load, count = rawget(_G, "loadstring"), 0
        local function ask(asked, text)
            for _ = 1, 8 do
                assert.equal(1, #asked:query(text, { only_here = 7 }))
            end
        end
        rawset(_G, "loadstring", function(...)
            count = count + 1
            return load(...)
        end)
        ask(db, "RETURN $only_here AS only_here")
        local first = count
        ask(db, "RETURN $only_here + 1 AS only_here")
        local other = help.open()
        ask(other, "RETURN $only_here + 2 AS only_here")
        other:close()
        rawset(_G, "loadstring", load)
        assert.equal(2, first) -- of its parameters, and of its rows
        assert.equal(2, count)
    end)
end)
