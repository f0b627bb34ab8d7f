-- Forms of newer dialects and of GQL: how a path is chosen, clauses that stand
-- alone, SHOW, other names.

local help = require("spec.help")
local language = require("spec.support.language")

local SETUP = "CREATE (a:P {n: 1, x: 30}), (b:P {n: 2, x: 25}), " ..
    "(c:P:Q {n: 3, x: 41}), (d:C {n: 4}), (a)-[:K {s: 2010}]->(b), " ..
    "(b)-[:K {s: 2015}]->(c), (a)-[:K {s: 2020}]->(c), (a)-[:L]->(d)"

local function chapter(name, cases)
    it(name, function()
        local db = language.open(SETUP)
        for _, case in ipairs(cases) do language.check(db, case) end
        db:close()
    end)
end

local function refused(text, message, code)
    local db = language.open(SETUP)
    local rows, err = db:query(text)
    assert.is_nil(rows, text)
    assert.truthy(err.message:find(message, 1, true), err.message)
    assert.equal(code or "unsupported", err.code)
    db:close()
end

describe("which path is wanted", function()
    local ENDS = "(a:P)-[r:K]->+(b:P) "
    local RETURN = "RETURN a.n, b.n, length(p)"

    chapter("is the shortest or all of that length", {
        { "MATCH p = ANY SHORTEST " .. ENDS .. RETURN, "1 | 2 | 1",
          "1 | 3 | 1", "2 | 3 | 1" },
        { "MATCH p = SHORTEST 1 " .. ENDS .. RETURN, "1 | 2 | 1",
          "1 | 3 | 1", "2 | 3 | 1" },
        { "MATCH p = SHORTEST PATH " .. ENDS .. RETURN, "1 | 2 | 1",
          "1 | 3 | 1", "2 | 3 | 1" },
        { "MATCH p = ANY " .. ENDS .. RETURN, "1 | 2 | 1", "1 | 3 | 1",
          "2 | 3 | 1" },
        { "MATCH p = ANY 1 PATHS " .. ENDS .. RETURN, "1 | 2 | 1",
          "1 | 3 | 1", "2 | 3 | 1" },
        { "MATCH p = ALL SHORTEST (a {n: 1})-[:K|L]-+(b {n: 3}) " .. RETURN,
          "1 | 3 | 1" },
        { "MATCH p = SHORTEST 1 GROUPS (a {n: 4})-[]-+(b {n: 3}) " .. RETURN,
          "4 | 3 | 2" },
        { "MATCH ANY SHORTEST (a {n: 1})-[r:K]->+(b:Q) RETURN size(r)", "1" },
        { "MATCH p = ANY SHORTEST (a {n: 1})-[:K]->(b) " .. RETURN,
          "1 | 2 | 1", "1 | 3 | 1" },
        { "OPTIONAL MATCH p = ANY SHORTEST (a {n: 3})-->+(b:C) RETURN p",
          "null" },
        { "MATCH (a:P) WHERE EXISTS { MATCH ANY SHORTEST (a)-[:K]->+(:Q) } " ..
            "RETURN a.n", "1", "2" },
    })

    chapter("is chosen by what the pattern says, before WHERE is asked", {
        { "MATCH p = ANY SHORTEST (a:P)-[r:K WHERE r.s < 2018]->+(b:P) " ..
            RETURN, "1 | 2 | 1", "1 | 3 | 2", "2 | 3 | 1" },
        { "MATCH p = ANY SHORTEST (a:P)((x)-[r:K]->(y) WHERE r.s < 2018)+" ..
            "(b:P) RETURN a.n, b.n, [n IN y | n.n]", "1 | 2 | [2]",
          "1 | 3 | [2, 3]", "2 | 3 | [3]" },
        { "MATCH p = ANY SHORTEST " .. ENDS .. "WHERE all(x IN r WHERE " ..
            "x.s < 2018) " .. RETURN, "1 | 2 | 1", "2 | 3 | 1" },
        { "MATCH p = shortestPath((a:P)-[r:K*]->(b:P)) WHERE all(x IN r " ..
            "WHERE x.s < 2018) " .. RETURN, "1 | 2 | 1", "1 | 3 | 2",
          "2 | 3 | 1" },
    })

    local NODES = "RETURN [n IN nodes(p) | n.n]"
    chapter("has no node twice", {
        { "MATCH p = ACYCLIC (a {n: 1})-[:K]-+(b) " .. NODES, "[1, 2]",
          "[1, 3]", "[1, 2, 3]", "[1, 3, 2]" },
        { "MATCH p = SIMPLE (a {n: 1})-[:K]-+(b) " .. NODES, "[1, 2]",
          "[1, 3]", "[1, 2, 3]", "[1, 3, 2]", "[1, 2, 3, 1]",
          "[1, 3, 2, 1]" },
        { "MATCH p = SIMPLE (a {n: 4})-[]-{4}(b) " .. NODES },
        { "MATCH ALL ACYCLIC PATHS (a {n: 1})-[:K]-+(b) RETURN count(*)",
          "4" },
        { "MATCH p = ACYCLIC (a {n: 1}) " .. NODES, "[1]" },
        { "MATCH ACYCLIC (a {n: 1})-[:L]->(b) RETURN *",
          "(:P {n: 1, x: 30}) | (:C {n: 4})" },
        { "MATCH p = TRAIL (a {n: 1})-[:K]-+(b) RETURN count(p)", "6" },
        { "MATCH p = ALL TRAIL (a {n: 1})-[:K]-+(b) RETURN count(p)", "6" },
        { "MATCH DIFFERENT RELATIONSHIPS ()-[r:K]->(), ()-[s:K]->() " ..
            "RETURN count(*)", "6" },
    })

    -- Of six nodes that are all connected both ways: as many walks that use no
    -- edge twice are more than any time is enough for.
    it("goes no further where a node is there already", function()
        local other = language.open("UNWIND range(1, 6) AS n " ..
            "CREATE (:N {n: n})")
        help.run(other, "MATCH (a:N), (b:N) WHERE a <> b " ..
            "CREATE (a)-[:E]->(b)")
        language.check(other, { "MATCH ACYCLIC (a {n: 1})-[:E]-+(b) " ..
            "RETURN count(*)", "6330" })
        language.check(other, { "MATCH SIMPLE (a {n: 1})-[:E]->+(b) " ..
            "RETURN count(*)", "650" })
        language.check(other, { "MATCH SIMPLE (a)-[:E]->+(b {n: 2})-[:E]->" ..
            "(a) RETURN count(*)", "325" })
        assert.truthy(help.plan(other, "MATCH ACYCLIC (a)-[:E*]->(b {n: 1}) " ..
            "RETURN a"):find("acyclic", 1, true))
        other:close()
    end)

    it("is told where there is no such choice", function()
        refused("MATCH p = SHORTEST 2 " .. ENDS .. "RETURN p", "SHORTEST 1")
        refused("MATCH p = ANY 3 " .. ENDS .. "RETURN p", "SHORTEST 1")
        refused("MATCH p = WALK " .. ENDS .. "RETURN p", "occurs twice")
        refused("MATCH p = ANY SHORTEST ACYCLIC " .. ENDS .. "RETURN p",
                "has no cycle")
        refused("MATCH REPEATABLE ELEMENTS " .. ENDS .. "RETURN a",
                "two MATCHes may find it twice")
        refused("MATCH p = ANY SHORTEST (a)-->(b)-->+(c) RETURN p",
                "of one relationship pattern")
        refused("CREATE ACYCLIC (a)-[:K]->(b)", "acyclic among others",
                "syntax")
        refused("CREATE p = shortestPath((a)-[:K]->(b))", "the shortest among",
                "syntax")
        refused("MATCH SHORT (a) RETURN a", "expected a node", "syntax")
        refused("MATCH path (a) RETURN a", "expected a node", "syntax")
        refused("MATCH p = ANY SHORTEST GROUPS " .. ENDS .. "RETURN p",
                "expected a node", "syntax")
    end)
end)

describe("a clause that stands alone", function()
    chapter("puts rows in order and bounds them", {
        { "MATCH (p:P) ORDER BY p.x LIMIT 2 RETURN p.n", "2", "1" },
        { "MATCH (p:P) ORDER BY p.x DESC SKIP 1 LIMIT 1 MATCH (p)-[:K]->(q) " ..
            "RETURN p.n, q.n", "1 | 2", "1 | 3" },
        { "UNWIND [3, 1, 2] AS x LIMIT 2 RETURN x", "3", "1" },
        { "UNWIND [3, 1, 2] AS x OFFSET 2 RETURN x", "2" },
        { "UNWIND [3, 1, 2] AS x ORDER BY x OFFSET 1 LIMIT 1 RETURN x", "2" },
        { "WITH 1 AS x LIMIT 1 ORDER BY x RETURN x", "1" },
    })

    chapter("goes on with the columns of the one before", {
        { "MATCH (p:P) RETURN p.x AS x NEXT RETURN sum(x) AS s", "96" },
        { "MATCH (p:P) RETURN p ORDER BY p.x LIMIT 1 NEXT MATCH " ..
            "(p)-[:K]->(q) RETURN q.n AS n NEXT RETURN n + 1 AS m", "4" },
        { "CALL { RETURN 1 AS x NEXT RETURN x + 1 AS y } RETURN y", "2" },
    })

    it("makes what CREATE makes", function()
        language.check_alone(nil, { "INSERT (n:A&B {x: 1})-[:R]->() " ..
            "RETURN labels(n)", "['A', 'B']", effects = "+2 nodes, " ..
            "+2 labels, +1 relationships, +1 properties" })
    end)

    it("is not of a UNION where it would be of all of it", function()
        refused("RETURN 1 AS x UNION RETURN 2 AS x NEXT RETURN x",
                "not with a UNION")
        refused("RETURN 1 AS x NEXT RETURN x UNION RETURN 2 AS x",
                "is one query")
        refused("RETURN 1 AS x NEXT", "", "syntax")
    end)
end)

describe("what another dialect says otherwise", function()
    chapter("is asked of labels", {
        { "MATCH (n) WHERE n IS LABELED P RETURN n.n", "1", "2", "3" },
        { "MATCH (n) WHERE n IS NOT LABELED P RETURN n.n", "4" },
        { "MATCH (n) WHERE n IS LABELED Q|C AND n.n > 3 RETURN n.n", "4" },
        { "MATCH (n) WHERE n IS LABELED RETURN n.n" },
    })

    chapter("has another name", {
        { "MATCH (n:P) RETURN percentile_cont(n.x, 0.5), " ..
            "size(collect_list(n.x)), stddev_pop(n.n) < stddev_samp(n.n)",
          "30.0 | 3 | true" },
        { "RETURN local_datetime('2020-01-01T00:00') = " ..
            "localdatetime('2020-01-01T00:00') AS a, " ..
            "duration_between(date('2020-01-01'), date('2020-01-03')) = " ..
            "duration('P2D') AS b, cardinality([1, 2]) AS c",
          "true | true | 2" },
        { "MATCH p = (a {n: 1})-[:L]->() " ..
            "RETURN path_length(p), element_id(a) = elementId(a)",
          "1 | true" },
    })

    chapter("tells how it would be run elsewhere", {
        { "CYPHER 25 MATCH (n:Q) RETURN n.n", "3" },
        { "CYPHER runtime=slotted planner = cost MATCH (n:Q) RETURN n.n",
          "3" },
        { "CYPHER 5 UNWIND [1] AS cypher RETURN cypher", "1" },
    })

    it("is no index of ours", function()
        refused("CREATE TEXT INDEX FOR (n:P) ON (n.x)", "CREATE INDEX FOR")
        refused("CREATE VECTOR INDEX v FOR (n:P) ON (n.x)", "CREATE INDEX FOR")
    end)
end)

describe("SHOW", function()
    chapter("gives rows that more may be said of", {
        { "SHOW INDEXES" },
        { "SHOW ALL FUNCTIONS YIELD name, category WHERE category = " ..
            "'aggregate' ORDER BY name DESC LIMIT 2", "'sum' | 'aggregate'",
          "'stDevP' | 'aggregate'" },
        { "SHOW FUNCTIONS YIELD name AS f, signature AS s WHERE f = 'left' " ..
            "RETURN s", "'left(string, integer) -> string'" },
        { "SHOW PROCEDURES YIELD * WHERE name = 'db.labels' RETURN signature",
          "'db.labels() :: (label :: STRING)'" },
        { "SHOW PROCEDURES WHERE name STARTS WITH 'no'" },
    })

    it("shows indexes, constraints, and what the program brings", function()
        local db = help.open()
        help.run(db, "CREATE INDEX i FOR (n:P) ON (n.x)")
        help.run(db, "CREATE CONSTRAINT c FOR (n:P) REQUIRE n.y IS UNIQUE")
        db:register("mine", function() return 1 end)
        db:register("my.rows", { yields = { { name = "r" } },
                                 call = function() return {} end })
        local function names(text)
            local given = {}
            for i, row in ipairs(help.run(db, text)) do given[i] = row.name end
            return table.concat(given, " ")
        end
        assert.equal("c i", names("SHOW INDEXES YIELD name ORDER BY name"))
        assert.equal("i", names("SHOW INDEX WHERE name = 'i'"))
        assert.equal("c", names("SHOW CONSTRAINTS"))
        assert.equal("c i", names("CALL db.indexes() YIELD name " ..
            "RETURN name ORDER BY name"))
        assert.equal("mine",
                     names("SHOW FUNCTIONS WHERE NOT isBuiltIn"))
        assert.equal("my.rows", names("SHOW PROCEDURES WHERE NOT isBuiltIn"))
        local tx = assert(db:begin())
        help.run(tx, "DROP INDEX i")
        assert.equal(1, #help.run(tx, "SHOW INDEXES"))
        tx:abort()
        db:close()
    end)

    it("says what it shows", function()
        refused("SHOW DATABASES", "INDEXES, CONSTRAINTS, FUNCTIONS")
        refused("SHOW TABLES", "expected INDEXES", "syntax")
        refused("SHOW INDEXES 1", "expected RETURN", "syntax")
        refused("SHOW INDEXES YIELD nam", "did you mean name?", "syntax")
    end)
end)
