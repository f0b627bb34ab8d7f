-- When conditions are tried, and what they raise.

local namidb = require("namidb")
local help = require("spec.help")

describe("a condition that reads no row", function()
    local db

    setup(function() db = help.open() end)
    teardown(function() db:close() end)

    it("raises for no row that is not there", function()
        assert.equal(0, #assert(db:query("MATCH (a:None) " ..
            "WHERE null <> toInteger(0 / 0.0) AND 1 / $zero > 0 RETURN a",
            { zero = 0 })))
        assert(db:query("CREATE (:Some)"))
        local _, err = db:query("MATCH (a:Some) WHERE 1 / $zero > 0 RETURN a",
                                { zero = 0 })
        assert.equal("invalid", err.code)
    end)

    it("that cannot raise is tried before the first row", function()
        local rows = assert(db:query("PROFILE MATCH (a:Some) " ..
            "WHERE $n > 5 AND NOT ($n = 2 OR 'a' STARTS WITH $n) RETURN a",
            { n = 1 }))
        for _, step in ipairs(rows.profile) do
            if step.operator ~= "Argument" then assert.equal(0, step.rows) end
        end
    end)

    it("is another for each row where it is left to chance", function()
        assert(db:query("UNWIND range(1, 200) AS i CREATE (:R)"))
        local count = assert(db:query("MATCH (r:R) WHERE rand() < 0.5 " ..
            "RETURN count(r) AS c"))[1].c
        assert(count > 0 and count < 200)
    end)
end)

describe("id(x) IN what is no list", function()
    it("is the mistake that IN is elsewhere", function()
        local db = help.open()
        assert(db:query("CREATE (:A)-[:R]->(:B)"))
        for _, text in ipairs({ "MATCH (a) WHERE id(a) IN $x RETURN a",
                                "MATCH ()-[r]->() WHERE id(r) IN $x RETURN r",
                                "MATCH (a) WHERE a.n IN $x RETURN a" }) do
            local _, err = db:query(text, { x = 7 })
            assert.truthy(err.message:find("IN: expected List, got Integer",
                                           1, true))
            assert.equal(0, #assert(db:query(text, { x = namidb.null })))
        end
        db:close()
    end)

    it("finds by a vector, too", function()
        local db = help.open()
        assert(db:query("CREATE (:A), (:B)"))
        local id = assert(db:query("MATCH (a:A) RETURN id(a) AS id"))[1].id
        assert.equal(1, #assert(db:query("MATCH (a) WHERE id(a) IN $x " ..
            "RETURN a", { x = namidb.vector({ id, id, 0.5 }) })))
        db:close()
    end)
end)
