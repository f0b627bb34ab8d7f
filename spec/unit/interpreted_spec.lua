local interpreted = require("namidb.interpreted")
local namidb = require("namidb")

local jit = rawget(_G, "jit")

describe("namidb.interpreted", function()
    it("returns what the function does", function()
        local call = interpreted.first(1)
        for _ = 1, 2 do
            assert.same({ 1, nil, 3 }, { call(function(...)
                return ...
            end, 1, nil, 3) })
        end
    end)

    it("raises what the function does, as it is", function()
        local failure = {}
        local call = interpreted.first(1)
        for _ = 1, 2 do
            local ok, err = pcall(call, error, failure)
            assert.is_false(ok)
            assert.equal(failure, err)
        end
    end)

    if not jit then return end

    local was_on = jit.status()
    after_each(function() if was_on then jit.on() else jit.off() end end)

    it("rests the compiler and leaves it as it was", function()
        for _, set in ipairs({ "on", "off" }) do
            jit[set]()
            local before, call = (jit.status()), interpreted.first(2)
            assert.is_false((call(jit.status)))
            pcall(call, error, "no")
            assert.equal(before, (jit.status()))
            assert.equal(before, (call(jit.status))) -- those were two
        end
    end)

    -- Traces that start while `run` does, by the files they start in.
    local function traces_of(run)
        local util, found = require("jit.util"), {}
        local function note(what, _, fn)
            local source = what == "start" and util.funcinfo(fn).source
            if source then found[#found + 1] = source end
        end
        jit.on()
        jit.flush()
        jit.attach(note, "trace")
        run()
        jit.attach(note)
        return table.concat(found, "\n")
    end

    it("plans without compiling the planner", function()
        local db = assert(namidb.open("memory://interpreted"))
        local traces = traces_of(function()
            for i = 1, 300 do
                assert(db:query(("MATCH (a:A%d)-[:T]->(b)<-[:U]-(c:C) " ..
                    "WHERE key(a) = $k RETURN b.name, c.date AS date " ..
                    "ORDER BY date LIMIT 3"):format(i), { k = i }))
            end
        end)
        db:close()
        assert.is_nil(traces:find("namidb/plan/", 1, true))
        assert.is_nil(traces:find("namidb/cypher/", 1, true))
    end)
end)
