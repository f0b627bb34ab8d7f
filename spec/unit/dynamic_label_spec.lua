-- Labels and types that are values: $(x), $all(x), $any(x).

local help = dofile("spec/help.lua")
local language = require("spec.support.language")
local namidb = require("namidb")

local SETUP = "CREATE (a:A {n: 1, l: 'A'})-[:T {k: 1}]->(b:A:B {n: 2, " ..
    "l: 'C'})-[:U {k: 2}]->(c:C {n: 3, l: 'A'}), (a)-[:U {k: 3}]->(c)"

local function chapter(name, cases)
    it(name, function()
        for _, case in ipairs(cases) do language.check_alone(SETUP, case) end
    end)
end

local function refused(text, params, message)
    local db = help.open()
    help.run(db, SETUP)
    local rows, err = db:query(text, params)
    assert.is_nil(rows, text)
    assert.truthy(err.message:find(message, 1, true), err.message)
    db:close()
    return err
end

describe("a label that is a value", function()
    chapter("chooses nodes", {
        { "MATCH (n:$($l)) RETURN n.n", params = { l = "A" }, "1", "2" },
        { "MATCH (n:$($l)) RETURN n.n", params = { l = "none" } },
        { "WITH ['A', 'B'] AS l MATCH (n:$(l)) RETURN n.n", "2" },
        { "WITH ['A', 'C'] AS l MATCH (n:$any(l)) RETURN n.n", "1", "2", "3" },
        { "WITH ['A', 'B'] AS l MATCH (n:$all(l)) RETURN n.n", "2" },
        { "WITH [] AS l MATCH (n:$(l)) RETURN count(n)", "3" },
        { "WITH [] AS l MATCH (n:$any(l)) RETURN count(n)", "0" },
        { "WITH 'B' AS l MATCH (n:A&!$(l)) RETURN n.n", "1" },
        { "WITH 'B' AS l MATCH (n:A:$(l)) RETURN n.n", "2" },
        { "WITH 'B' AS l MATCH (n:$(l)|C) RETURN n.n", "2", "3" },
        { "MATCH (n) WHERE n:$(n.l) RETURN n.n", "1" },
        { "MATCH (a), (b:$(a.l)) WHERE a.n = 3 RETURN b.n", "1", "2" },
        { "MATCH (n) RETURN n.n, n:$('A' + 'A') AS a, n:$(['C', 'B'][0]) AS c",
          "1 | false | false", "2 | false | false", "3 | false | true" },
        { "OPTIONAL MATCH (n:None) WITH n, 'A' AS l RETURN n:$(l)", "null" },
        { "MATCH (n:A) RETURN [(n)-->(m:$(n.l)) | m.n]", "[2]", "[3]" },
        { "MATCH (n) WHERE EXISTS { (n)-->(:$(n.l)) } RETURN n.n", "1",
          "2" },
    })

    chapter("chooses relationships by their type", {
        { "MATCH ()-[r:$($t)]->() RETURN r.k", params = { t = "U" }, "2", "3" },
        { "WITH ['T', 'U'] AS t MATCH ()-[r:$any(t)]->() RETURN r.k", "1", "2",
          "3" },
        { "WITH ['T', 'U'] AS t MATCH ()-[r:$(t)]->() RETURN r.k" },
        { "WITH 'T' AS t MATCH ()-[r:!$(t)]->() RETURN r.k", "2", "3" },
        { "WITH 'U' AS t MATCH (:A)-[r:$(t)*]->(x) RETURN x.n", "3", "3" },
        { "WITH 'T' AS t MATCH ()-[r]->() RETURN r.k, r:$(t)", "1 | true",
          "2 | false", "3 | false" },
        { "WITH 'T' AS t MATCH (n {n: 1}) WHERE (n)-[:$(t)]->() RETURN n.n",
          "1" },
    })

    chapter("is given and taken away", {
        { "MATCH (n {n: 1}) SET n:$($l) RETURN labels(n)",
          params = { l = "X" }, "['A', 'X']", effects = "+1 labels" },
        { "MATCH (n {n: 1}) SET n:$(['X', 'Y', 'A', 'X'] + []):Z " ..
            "RETURN labels(n)", "['A', 'Z', 'X', 'Y']", effects = "+3 labels" },
        { "MATCH (n) SET n:$(n.l) RETURN n.n, labels(n)", "1 | ['A']",
          "2 | ['A', 'B', 'C']", "3 | ['A', 'C']" },
        { "MATCH (n {n: 2}) REMOVE n:$(n.l), n:$($l) RETURN labels(n)",
          params = { l = "B" }, "['A']", effects = "-1 labels" },
        { "MATCH (n {n: 1}) REMOVE n:$($l)", params = { l = "new" } },
        { "OPTIONAL MATCH (n:None) SET n:$(n.l) RETURN n", "null" },
        { "MATCH (n {n: 1}) SET n:$(head(COLLECT { MATCH (m:C) RETURN " ..
            "labels(m)[0] })) RETURN labels(n)", "['A', 'C']" },
        { "MERGE (n {n: 1}) ON MATCH SET n:$(n.l + n.l) RETURN labels(n)",
          "['A', 'AA']", effects = "+1 labels" },
    })

    chapter("is created and merged", {
        { "CREATE (n:$($l) {x: 1}) RETURN labels(n)",
          params = { l = "X" }, "['X']",
          effects = "+1 nodes, +1 properties, +1 labels" },
        { "UNWIND ['X', 'Y', 'X'] AS l CREATE (n:N:$(l)) RETURN labels(n)",
          "['N', 'X']", "['N', 'Y']", "['N', 'X']",
          effects = "+3 nodes, +3 labels" },
        { "WITH [] AS l CREATE (n:$(l)) RETURN labels(n)", "[]",
          effects = "+1 nodes" },
        { "MATCH (a {n: 1}), (b {n: 2}) UNWIND ['V', 'W'] AS t " ..
            "CREATE (a)-[r:$(t)]->(b) RETURN type(r)", "'V'", "'W'",
          effects = "+2 relationships" },
        { "CREATE (a:$(head(COLLECT { MATCH (n {n: 3}) RETURN n.l })))" ..
            "-[r:$(['T'] + [])]->(b) RETURN labels(a), type(r)", "['A'] | 'T'",
          effects = "+2 nodes, +1 relationships" },
        { "UNWIND ['A', 'A', 'D'] AS l MERGE (n:$(l) {n: 1}) " ..
            "RETURN labels(n)", "['A']", "['A']", "['D']",
          effects = "+1 nodes, +1 labels, +1 properties" },
        { "UNWIND [['D', 'E'], ['D']] AS l MERGE (n:$(l) {q: 1}) " ..
            "RETURN labels(n)", "['D', 'E']", "['D', 'E']",
          effects = "+1 nodes, +2 labels, +1 properties" },
        { "UNWIND ['D', 'E', 'D'] AS l MERGE (n:$(l) {q: 1}) " ..
            "RETURN labels(n)", "['D']", "['E']", "['D']",
          effects = "+2 nodes, +2 labels, +2 properties" },
        { "MATCH (a {n: 1}), (b {n: 2}) UNWIND ['T', 'Z', 'Z'] AS t " ..
            "MERGE (a)-[r:$(t)]->(b) RETURN r.k", "1", "null", "null",
          effects = "+1 relationships" },
        { "UNWIND ['X', 'Y'] AS l FOREACH (i IN [1] | CREATE (:$(l)))",
          effects = "+2 nodes, +2 labels" },
        { "CREATE (n:$('X')) WITH n MATCH (m:X) RETURN m = n", "true",
          effects = "+1 nodes, +1 labels" },
    })

    chapter("has errors with openCypher's names", {
        { "MATCH (n:$(1)) RETURN n",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH (n) SET n:$(null)",
          fault = "SyntaxError.InvalidArgumentType" },
        { "CREATE (n:$([1]))", fault = "SyntaxError.InvalidArgumentType" },
        { "CREATE (n:$(x))", fault = "SyntaxError.UndefinedVariable" },
        { "CREATE (n:$(n.l))", fault = "SyntaxError.UndefinedVariable" },
        { "CREATE (a:$any(['A'] + []))",
          fault = "SyntaxError.UnexpectedSyntax" },
        { "CREATE ()-[:$any(['A', 'B'])]->()",
          fault = "SyntaxError.NoSingleRelationshipType" },
        { "CREATE ()-[:$(['A', 'B'])]->()",
          fault = "SyntaxError.NoSingleRelationshipType" },
        { "MATCH (n) SET n:$any(n.l)",
          fault = "SyntaxError.UnexpectedSyntax" },
        { "MATCH (n:$($l)) RETURN n", params = { l = 1 }, at = "runtime",
          fault = "TypeError.InvalidArgumentType" },
        { "WITH [null] AS l MATCH (n:$(l)) RETURN n", at = "runtime",
          fault = "TypeError.InvalidArgumentType" },
        { "MATCH (n) SET n:$(n.none)", at = "runtime",
          fault = "TypeError.InvalidArgumentType" },
        { "UNWIND [['T'], ['T', 'U']] AS t CREATE ()-[:$(t)]->()",
          at = "runtime", fault = "SyntaxError.NoSingleRelationshipType" },
        { "MATCH (n) WITH [n, 1] AS l RETURN l[1]:$('A' + '')",
          at = "runtime", fault = "TypeError.InvalidArgumentValue" },
    })

    it("is told from a parameter, and a parameter is hinted at", function()
        local err = refused("MATCH (n:$l) RETURN n", { l = "A" },
                            "one that a parameter names is $($x)")
        assert.equal(10, err.column)
        refused("RETURN $(1)", nil, "expected an expression, found $")
    end)

    it("says what it is that is no name", function()
        refused("MATCH (n) SET n:$(n.none)", nil,
                "by a String or a List of them, not by null")
        refused("CREATE (:$($l))", { l = { "A", 1 } },
                "by a String or a List of them, not by a List with Integer")
        refused("CREATE (:$($l))", { l = "" }, "empty")
        local many = {}
        for i = 1, 200 do many[i] = "L" .. i end
        refused("CREATE (:$($l))", { l = many }, "labels")
    end)

    it("is a label like others where the text has it", function()
        local db = help.open()
        help.run(db, SETUP)
        assert.same(help.plan(db, "MATCH (n:A:B) RETURN n.n"),
                    help.plan(db, "MATCH (n:$(['A', 'B'])) RETURN n.n"))
        assert.same(help.plan(db, "MATCH ()-[r:T|U]->() RETURN r.k"),
                    help.plan(db, "MATCH ()-[r:$any(['T', 'U'])]->() " ..
                        "RETURN r.k"))
        db:close()
    end)
end)

-- 200 of :Many, 10 each of :Few and of :Few:Rare, 20 of :Rare; of each label
-- some are in a pack and some are not.
local function scanned_graph()
    local db = help.open()
    for _ = 1, 2 do
        help.run(db, "UNWIND range(1, 100) AS i CREATE (:Many {n: i})")
        help.run(db, "UNWIND range(1, 5) AS i CREATE (:Few {n: i}), " ..
            "(:Few:Rare {n: i}), (:Rare:Few2 {n: i}), (:Rare {n: i})")
        assert(db:flush())
    end
    help.run(db, "UNWIND range(1, 100) AS i CREATE (:Many {n: i})")
    help.run(db, "UNWIND range(1, 5) AS i CREATE (:Few {n: i}), " ..
        "(:Few:Rare {n: i}), (:Rare:Few2 {n: i}), (:Rare {n: i})")
    return db
end

describe("a scan by a label that is a value", function()
    local db
    setup(function() db = scanned_graph() end)
    teardown(function() db:close() end)

    -- The rows of the scan, and what the statement counts.
    local function scanned(text, params)
        local rows = assert(db:query("PROFILE " .. text, params))
        for _, line in ipairs(rows.profile) do
            if line.operator == "NodeScan" then return line.rows, rows[1].c end
        end
    end

    it("reads the nodes of the label alone", function()
        for label, count in pairs({ Many = 300, Few = 30, Rare = 45, [""] = 0,
                                    None = 0 }) do
            local rows, counted = scanned(
                "MATCH (n:$($l)) RETURN count(n.n) AS c", { l = label })
            assert.same({ count, count }, { rows, counted })
        end
    end)

    it("reads each node of several labels once", function()
        local any = "MATCH (n:$any($l)) RETURN count(n.n) AS c"
        local all = "MATCH (n:$($l)) RETURN count(n.n) AS c"
        local function check(text, labels, count)
            local rows, counted = scanned(text, { l = labels })
            assert.same({ count, count }, { rows, counted })
        end
        check(any, { "Few", "Rare", "Few" }, 60)
        check(any, { "Few", "None", "Rare", "Few2" }, 60)
        check(any, { "None" }, 0)
        check(any, namidb.list({}), 0)
        check(all, { "Few", "Rare" }, 15)
        check(all, { "Rare", "Few2", "Rare" }, 15)
        check(all, { "Few", "Few2" }, 0)
        check(all, { "Few", "None" }, 0)
        check(all, namidb.list({}), 360)
    end)

    it("reads those of each row's label", function()
        local rows, counted = scanned("UNWIND [['Few', 3], ['Rare', 2], " ..
            "['Few', 1]] AS p MATCH (n:$(p[0])) WHERE n.n >= p[1] " ..
            "RETURN count(n) AS c")
        assert.same({ 30 + 45 + 30, 18 + 36 + 30 }, { rows, counted })
        rows, counted = scanned("MATCH (m:Few {n: 1}) WITH DISTINCT " ..
            "labels(m) AS l MATCH (n:$(l)) RETURN count(n) AS c")
        assert.same({ 45, 45 }, { rows, counted })
    end)

    it("finds what the transaction has made", function()
        local tx = assert(db:begin())
        local function count(label)
            return help.run(tx, "MATCH (n:$($l)) RETURN count(n.n) AS c",
                            { l = label })[1].c
        end
        help.run(tx, "CREATE (:Few {n: 1}), (:New {n: 1})")
        assert.same({ 31, 1 }, { count("Few"), count("New") })
        help.run(tx, "MATCH (n:$($l) {n: 1}) CREATE (:$($l) {n: 7}) " ..
            "DETACH DELETE n", { l = "Few" })
        assert.equal(31, count("Few"))
        assert.equal(7, help.run(tx, "MATCH (n:$any($l) {n: 7}) " ..
            "RETURN count(n) AS c", { l = { "None", "Few" } })[1].c)
        tx:abort()
        assert.equal(30, scanned("MATCH (n:$($l)) RETURN count(n) AS c",
                                 { l = "Few" }))
    end)

    it("is chosen by what other labels have", function()
        local function plan(text) return help.plan(db, text) end
        assert.truthy(plan("MATCH (n:Few:$($l)) RETURN n")
            :find("Filter hasallnames(namesof(n), $l)\n"
                .. "NodeScan (n:Few)", 1, true))
        assert.truthy(plan("MATCH (n:Many:$($l)) RETURN n")
            :find("Filter n:Many\nNodeScan (n:$($l))", 1, true))
        assert.truthy(plan("MATCH (n:$any($l)) RETURN n")
            :find("NodeScan (n:$any($l))", 1, true))
        assert.truthy(plan("MATCH (n:!$($l)) RETURN n")
            :find("NodeScan (n)\n", 1, true))
        assert.truthy(plan("MATCH (n) WHERE n:$(n.l) RETURN n")
            :find("NodeScan (n)\n", 1, true))
    end)
end)
