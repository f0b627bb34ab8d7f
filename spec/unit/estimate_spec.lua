-- What is known of properties decides between plans: how many values differ,
-- and between which numbers and times they lie.

local help = require("spec.help")

local function run(db, text, params)
    return assert(db:query(text, params))
end

local function plan_of(db, text)
    return tostring(run(db, "EXPLAIN " .. text))
end

local function has(text, part)
    assert(text:find(part, 1, true), text)
end

local function has_not(text, part)
    assert(not text:find(part, 1, true), text)
end

describe("an index of what is known", function()
    local db

    -- Events of 2,000 days from 2015-01-01 on, of two kinds and with codes that
    -- are all different; the half of 1,000 people is of one kind.
    setup(function()
        db = help.open()
        for _, property in ipairs({ "kind", "code", "day", "at", "here", "n",
                                    "time" }) do
            run(db, "CREATE INDEX FOR (e:Event) ON (e." .. property .. ")")
        end
        run(db, "CREATE INDEX FOR (p:Person) ON (p.kind)")
        run(db, "UNWIND range(1, 6000) AS i CREATE (:Event {kind: i % 2, " ..
            "code: 'c' + i, n: i % 2000, " ..
            "day: date('2015-01-01') + duration({days: i % 2000}), " ..
            "at: datetime('2015-01-01T00:00Z') + duration({hours: i % 2000}),"
            .. " here: localdatetime('2015-01-01T00:00') + " ..
            "duration({minutes: i % 2000}), " ..
            "time: localtime('00:00') + duration({seconds: i % 2000})})")
        run(db, "UNWIND range(1, 1000) AS i CREATE (:Person {kind: i % 2})")
        run(db, "MATCH (p:Person), (e:Event {n: 7}) CREATE (p)-[:AT]->(e)")
        assert(db:flush())
    end)
    teardown(function() db:close() end)

    it("is no start where few values differ", function()
        has_not(plan_of(db, "MATCH (e:Event {kind: $k}) RETURN e"),
                "NodeByIndex")
        has_not(plan_of(db, "MATCH (e:Event {kind: 1}) RETURN e"),
                "NodeByIndex")
        has(plan_of(db, "MATCH (e:Event {code: $k}) RETURN e"),
            "NodeByIndex (e:Event)")
        has_not(plan_of(db, "MATCH (e:Event) WHERE e.kind IN [0, 1, 2] " ..
            "RETURN e"), "NodeByIndex")
    end)

    it("starts a pattern where it finds the fewest", function()
        -- Half of 1,000 people are more than one of 6,000 events.
        local text = plan_of(db, "MATCH (p:Person {kind: 1})-[:AT]->" ..
            "(e:Event {code: 'c7'}) RETURN p")
        has(text, "NodeByIndex (e:Event)")
        has(text, "Expand (e)<-[:AT]-(p)")
    end)

    local RANGES = {
        { "n", "1990", "100" },
        { "day", "date('2020-06-01')", "date('2016-01-01')" },
        { "at", "datetime('2015-03-24T00:00Z')",
          "datetime('2015-01-05T00:00Z')" },
        { "here", "localdatetime('2015-01-02T09:00')",
          "localdatetime('2015-01-01T02:00')" },
        { "time", "localtime('00:33')", "localtime('00:02')" },
    }
    for _, range in ipairs(RANGES) do
        local property, late, early = range[1], range[2], range[3]

        it("of " .. property .. " finds a small range, and scans for a " ..
            "large one", function()
            local text = "MATCH (e:Event) WHERE e." .. property ..
                " >= %s RETURN count(*) AS c"
            has(plan_of(db, text:format(late)), "NodeByIndex (e:Event)")
            has_not(plan_of(db, text:format(early)), "NodeByIndex")
            has(plan_of(db, (text:gsub(">=", "<")):format(early)),
                "NodeByIndex (e:Event)")
            -- Between two ends there is less than above one and below another.
            has(plan_of(db, ("MATCH (e:Event) WHERE %s <= e.%s AND e.%s <= " ..
                "%s RETURN e"):format(early, property, property, early)),
                "NodeByIndex (e:Event)")
            assert(run(db, text:format(late))[1].c < 200)
        end)
    end

    it("says no range of another kind of value", function()
        has(plan_of(db, "MATCH (e:Event) WHERE e.day >= $d RETURN e"),
            "NodeByIndex (e:Event)")
        has(plan_of(db, "MATCH (e:Event) WHERE e.day >= " ..
            "localdatetime('2016-01-01T00:00') RETURN e"),
            "NodeByIndex (e:Event)")
    end)

    it("gives an order for a small range, and for a large one none", function()
        local text = "MATCH (e:Event) WHERE e.n < %s RETURN e ORDER BY e.n"
        has(plan_of(db, text:format(50)), "in order")
        has(plan_of(db, text:format(1000)), "Sort")
        has(plan_of(db, text:format(1000) .. " LIMIT 5"), "in order first 5")
        has(plan_of(db, text:format("$n")), "in order")
    end)
end)

describe("the sides of a join", function()
    it("are told by how many edges there are, and what differs", function()
        local db = help.open()
        -- 20 hubs with 200 edges each are more rows than 1,000 others.
        run(db, "UNWIND range(1, 20) AS i CREATE (h:Hub {i: i}) WITH h " ..
            "UNWIND range(1, 200) AS j CREATE (h)-[:HAS]->(:Part {v: j})")
        run(db, "UNWIND range(1, 1000) AS i CREATE (:Other {v: i})")
        assert(db:flush())
        local text = plan_of(db, "MATCH (h:Hub)-[:HAS]->(p:Part) WITH h, p " ..
            "MATCH (o:Other) WHERE o.v = p.v RETURN h, o")
        -- What is built stands first.
        local join = text:match("Join[^\n]*\n(.*)")
        assert(join:find("(o:Other)", 1, true) <
            join:find("(h:Hub)", 1, true), text)
        assert.equal(4000, #run(db, "MATCH (h:Hub)-[:HAS]->(p:Part) " ..
            "WITH h, p MATCH (o:Other) WHERE o.v = p.v RETURN h, o"))
        db:close()
    end)
end)
