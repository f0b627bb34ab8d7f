-- EXISTS { } from its other end, where that reads less.

local help = require("spec.help")

local USERS, BANS = 2000, { 3, 77, 78, 1500 }

describe("a sub-query that few rows meet", function()
    local db

    setup(function()
        db = help.open()
        help.run(db, "UNWIND range(1, $n) AS i " ..
            "CREATE (:User {i: i})-[:OWNS]->(:Doc {i: i})", { n = USERS })
        help.run(db, "CREATE (:Judge {name: 'x'}), (:Judge {name: 'y'})")
        help.run(db, "UNWIND $bans AS b MATCH (u:User {i: b}), (j:Judge) " ..
            "CREATE (u)-[:BANNED_BY {at: b}]->(j)", { bans = BANS })
    end)
    teardown(function() db:close() end)

    -- What `where` keeps, and whether it is found from the other end.
    local function found(where)
        local text = "MATCH (u:User) WHERE " .. where ..
            " RETURN u.i AS i ORDER BY i"
        local list = {}
        for i, row in ipairs(help.run(db, text)) do list[i] = row.i end
        local plan = help.plan(db, text)
        return list, plan:find("Scan (u:User)", 1, true) == nil
    end

    local function check(where, wanted, is_rare)
        local list, is_so = found(where)
        assert.same(wanted, list)
        assert.equal(is_rare, is_so)
    end

    it("leads to what is looked for, once each", function()
        check("EXISTS { (u)-[:BANNED_BY]->(:Judge) }", BANS, true)
        check("EXISTS { MATCH (u)-[:BANNED_BY]->(j) WHERE j.name = 'x' }",
              BANS, true)
        check("EXISTS { (:Judge)<-[b:BANNED_BY]-(u)-[:OWNS]->(d:Doc) " ..
              "WHERE b.at = d.i AND d.i > 100 }", { 1500 }, true)
    end)

    it("may be a pattern, or a count that is compared", function()
        check("(u)-[:BANNED_BY]->(:Judge {name: 'y'})", BANS, true)
        check("COUNT { (u)-[:BANNED_BY]->(:Judge) } > 0", BANS, true)
        check("1 <= COUNT { (u)-[:BANNED_BY]->() }", BANS, true)
        check("u.i < 100 AND EXISTS { (u)-[:BANNED_BY]->() }", { 3, 77, 78 },
              true)
    end)

    it("reads what else the row must be", function()
        check("EXISTS { (u)-[:BANNED_BY]->(j:Judge) WHERE u.i > 77 AND " ..
              "j.name = 'y' } AND u.i < 1000", { 78 }, true)
    end)

    it("is asked for each row where that is not the same", function()
        check("u.i IN [1, 3, 4] AND NOT EXISTS { (u)-[:BANNED_BY]->(:Judge) }",
              { 1, 4 }, false)
        check("u.i < 5 AND COUNT { (u)-[:BANNED_BY]->(:Judge) } = 0",
              { 1, 2, 4 }, false)
        check("COUNT { (u)-[:BANNED_BY]->(:Judge) } > 1", BANS, false)
        check("u.i < 80 AND (u.i = 1 OR EXISTS { (u)-[:BANNED_BY]->() })",
              { 1, 3, 77, 78 }, false)
        local _, is_rare = found("EXISTS { (u)-[:BANNED_BY]->(:Judge) " ..
                                 "WHERE rand() < 0.5 }")
        assert.is_false(is_rare)
    end)

    it("is asked for each row where all meet it", function()
        local list, is_rare = found("EXISTS { (u)-[:OWNS]->(:Doc) }")
        assert.equal(USERS, #list)
        assert.is_false(is_rare)
    end)

    it("may be about a node that is found otherwise", function()
        local rows = help.run(db, "MATCH (d:Doc)<-[:OWNS]-(u:User) " ..
            "WHERE EXISTS { (u)-[:BANNED_BY]->(:Judge) } " ..
            "RETURN d.i AS i ORDER BY i")
        assert.same(BANS, { rows[1].i, rows[2].i, rows[3].i, rows[4].i })
        rows = help.run(db, "UNWIND [3, 4] AS x MATCH (u:User) " ..
            "WHERE u.i = x AND EXISTS { (u)-[:BANNED_BY]->(:Judge) } " ..
            "RETURN x")
        assert.equal(1, #rows)
    end)
end)
