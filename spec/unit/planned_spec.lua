-- Plans that handles share: how often one is made, and that rows are those of
-- the handle that asks.

local namidb = require("namidb")
local plan = require("namidb.plan")

local TEXT = "MATCH (p:Person)-[:KNOWS]->(f%d) WHERE p.age > 3 " ..
    "RETURN f%d.name AS name ORDER BY name"

local opened = 0

-- A graph of its own: `count` people, whom the first one knows.
local function graph(name, count)
    opened = opened + 1
    local db = assert(namidb.open(("memory://planned%d"):format(opened)))
    assert(db:write(function(tx)
        local first = assert(tx:put_node("Person", "first", { age = 4 }))
        for i = 1, count do
            local friend = assert(tx:put_node("Person", i,
                                              { name = name .. i }))
            assert(tx:put_edge("KNOWS", first, friend))
        end
    end))
    return db
end

-- How many plans a function makes.
local function plans_of(run)
    local make, count = plan.make, 0
    plan.make = function(...)
        count = count + 1
        return make(...)
    end
    local ok, err = pcall(run)
    plan.make = make
    assert(ok, err)
    return count
end

local function names(db, text)
    local found = {}
    for i, row in ipairs(assert(db:query(text))) do found[i] = row.name end
    return table.concat(found, " ")
end

describe("a plan", function()
    local number = 0
    local text

    -- A statement that nobody asked before.
    before_each(function()
        number = number + 1
        text = TEXT:format(number, number)
    end)

    it("is made once for graphs that are alike", function()
        local one, other = graph("a", 3), graph("b", 2)
        assert.equal(1, plans_of(function()
            assert.equal("a1 a2 a3", names(one, text))
            assert.equal("b1 b2", names(other, text))
            assert.equal("a1 a2 a3", names(one, text))
        end))
        one:close()
        assert.equal("b1 b2", names(other, text))
        other:close()
    end)

    it("is made again for a graph of another size", function()
        local small, large = graph("a", 2), graph("b", 500)
        assert.equal(2, plans_of(function()
            assert.equal("a1 a2", names(small, text))
            assert.equal(500, #assert(large:query(text)))
        end))
        small:close()
        large:close()
    end)

    it("is made again where properties have other values", function()
        local one, other = graph("a", 0), graph("b", 0)
        for db, distinct in pairs({ [one] = 1, [other] = 900 }) do
            assert(db:query("UNWIND range(1, 900) AS i " ..
                "CREATE (:Person {name: toString(i % $n)})", { n = distinct }))
            assert(db:flush())
        end
        assert.equal(2, plans_of(function()
            assert.equal("", names(one, text))
            assert.equal("", names(other, text))
        end))
        one:close()
        other:close()
    end)

    it("is made again where there are other indexes", function()
        local one, other, third = graph("a", 2), graph("b", 2), graph("c", 2)
        for _, db in ipairs({ other, third }) do
            assert(db:query("CREATE INDEX ages FOR (p:Person) ON (p.age)"))
        end
        assert.equal(2, plans_of(function()
            assert.equal("a1 a2", names(one, text))
            assert.equal("b1 b2", names(other, text))
            assert.equal("c1 c2", names(third, text))
        end))
        for _, db in ipairs({ one, other, third }) do db:close() end
    end)

    it("is a handle's own once something is registered", function()
        local one, other = graph("a", 2), graph("b", 2)
        text = text:gsub("p%.age", "twice(p.age)")
        one:register("twice", function(age)
            return age == namidb.null and 0 or 2 * age
        end)
        other:register("twice", function() return 0 end)
        assert.equal(2, plans_of(function()
            assert.equal("a1 a2", names(one, text))
            assert.equal("", names(other, text))
        end))
        one:close()
        other:close()
    end)

    it("does not hold on to the handle that it was made for", function()
        local handles = setmetatable({}, { __mode = "k" })
        local function ask()
            local db = graph("a", 2)
            handles[db] = true
            assert.equal("a1 a2", names(db, text))
            db:close()
        end
        ask()
        collectgarbage()
        collectgarbage()
        assert.is_nil(next(handles))
    end)
end)
