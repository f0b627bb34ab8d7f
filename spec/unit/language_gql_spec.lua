-- What newer dialects and GQL say otherwise, or say beside openCypher.

local help = dofile("spec/help.lua")
local language = require("spec.support.language")

local SOME = "CREATE (a:A {n: 1, s: 'x'})-[:T {k: 1}]->" ..
    "(b:B {n: 2, s: 'y'})-[:T {k: 2}]->(c:C {n: 3}), (a)-[:S]->(c)"

local function chapter(name, setup, cases)
    it(name, function()
        for _, case in ipairs(cases) do language.check_alone(setup, case) end
    end)
end

describe("newer Cypher", function()
    chapter("asks of what type a value is", SOME, {
        { "RETURN 1 IS :: INTEGER AS a, 1 IS :: FLOAT AS b, " ..
            "'x' IS TYPED STRING AS c, 1.5 :: FLOAT AS d, " ..
            "true IS NOT :: BOOL AS e, [] IS NOT TYPED MAP AS f",
          "true | false | true | true | false | true" },
        { "RETURN null IS :: INTEGER AS a, null IS :: INTEGER NOT NULL " ..
            "AS b, null IS :: NULL AS c, null IS :: NOTHING AS d, " ..
            "null IS :: ANY AS e, null IS :: ANY VALUE NOT NULL AS f, " ..
            "1 IS :: ANY NOT NULL AS g, 1 IS :: NULL AS h",
          "true | false | true | false | true | false | true | false" },
        { "UNWIND [[], [1], [1, null], [1, 'a'], [[1]], 1, null] AS x " ..
            "RETURN x IS :: LIST<INTEGER> AS a, " ..
            "x IS :: LIST<INTEGER NOT NULL> NOT NULL AS b, " ..
            "x IS :: LIST<INTEGER | STRING> AS c, " ..
            "x IS :: LIST<LIST<INTEGER>> AS d, x IS :: LIST<ANY> AS e",
          "true | true | true | true | true",
          "true | true | true | false | true",
          "true | false | true | false | true",
          "false | false | true | false | true",
          "false | false | false | true | true",
          "false | false | false | false | false",
          "true | false | true | true | true" },
        { "UNWIND [1, 2.5, 'a', null] AS x RETURN x, " ..
            "x IS :: INTEGER | FLOAT AS a, " ..
            "x IS :: INTEGER NOT NULL | STRING NOT NULL AS b, " ..
            "x IS :: ANY<INTEGER | FLOAT> AS c, " ..
            "x IS :: ANY<INTEGER NOT NULL | FLOAT NOT NULL> AS d",
          "1 | true | true | true | true", "2.5 | true | false | true | true",
          "'a' | false | true | false | false",
          "null | true | false | true | false" },
        { "RETURN date() IS :: DATE AS a, time() IS :: ZONED TIME AS b, " ..
            "localtime() IS :: LOCAL TIME AS c, " ..
            "datetime() IS :: TIMESTAMP WITH TIME ZONE AS d, " ..
            "localdatetime() IS :: LOCAL DATETIME AS e, " ..
            "duration('P1D') IS :: DURATION AS f, " ..
            "point({x: 1, y: 2}) IS :: POINT AS g, " ..
            "datetime() IS :: TIME WITH TIMEZONE AS h",
          "true | true | true | true | true | true | true | false" },
        { "MATCH p = (a:A)-[r:T]->() RETURN a IS :: NODE AS a, " ..
            "r IS :: RELATIONSHIP AS b, p IS :: PATH AS c, " ..
            "a IS :: EDGE AS d, {x: 1} IS :: MAP AS e, " ..
            "a.n IS :: PROPERTY VALUE AS f, [1] IS :: PROPERTY VALUE AS g, " ..
            "a IS :: ANY PROPERTY VALUE AS h, " ..
            "[null] IS :: PROPERTY VALUE AS i",
          "true | true | true | false | true | true | true | false | false" },
        { "RETURN [1, 2] IS :: INTEGER LIST AS a, " ..
            "['a'] IS :: INTEGER NOT NULL LIST NOT NULL AS b, " ..
            "[x IN [1, 'a', null] WHERE x IS :: INTEGER NOT NULL | x + 1] " ..
            "AS c, 1 + 1 IS :: INTEGER AND true AS d",
          "true | false | [2] | true" },
        { "MATCH (n) WHERE n.s IS :: STRING NOT NULL RETURN n.n", "1", "2" },
        { "RETURN [x IN [1, 'a', true] WHERE x IS :: ANY<INTEGER | STRING> " ..
            "| x] AS l, all(x IN [1, 'a'] WHERE x IS :: INTEGER | STRING) AS b",
          "[1, 'a'] | true" },
        { "MATCH (n) WITH collect(n) AS l RETURN all(n IN l WHERE n:A|B) AS a",
          "false" },
        { "RETURN 1 IS :: NUMBER", fault = "SyntaxError.UnexpectedSyntax" },
        { "RETURN 1 IS :: LIST", fault = "SyntaxError.UnexpectedSyntax" },
        { "RETURN 1 IS 3", fault = "SyntaxError.UnexpectedSyntax" },
    })

    chapter("joins texts and lists", nil, {
        { "RETURN 'a' || 'b' || 'c' AS a, [1] || [2, 3] AS b, 'a' || null " ..
            "AS c, null || [1] AS d, [] || [] AS e, 'x' || toString(1 + 2) " ..
            "AS f", "'abc' | [1, 2, 3] | null | null | [] | 'x3'" },
        { "RETURN [x IN ['a'] || ['b'] | x || '!'] AS l", "['a!', 'b!']" },
        { "RETURN 'a' || 1", fault = "SyntaxError.InvalidArgumentType" },
        { "RETURN [1] || 1", fault = "SyntaxError.InvalidArgumentType" },
        { "RETURN 'a' || [1]", fault = "SyntaxError.InvalidArgumentType" },
        { "WITH {a: 1} AS m RETURN 'a' || m.a", at = "runtime",
          fault = "TypeError.InvalidArgumentType" },
    })

    chapter("tests the operand of CASE in more ways than one", SOME, {
        { "UNWIND [1, 2, 3, 7, 30, null] AS x RETURN CASE x WHEN 1, 2 THEN " ..
            "'a' WHEN < 5 THEN 'b' WHEN IS NULL THEN 'n' WHEN > 20, 8 THEN " ..
            "'c' ELSE 'd' END AS r", "'a'", "'a'", "'b'", "'d'", "'c'", "'n'" },
        { "UNWIND ['abc', 'xyz', '', 5] AS x RETURN CASE x WHEN STARTS WITH " ..
            "'a' THEN 1 WHEN =~ 'x.z' THEN 2 WHEN IS :: INTEGER THEN 3 " ..
            "WHEN IN ['', 'q'] THEN 4 END AS r", "1", "2", "4", "3" },
        { "RETURN CASE 1 + 1 WHEN <> 2 THEN 'a' WHEN >= 1 + 1 THEN 'b' END " ..
            "AS r, CASE 3 WHEN CASE 1 WHEN > 0 THEN 3 END, 4 THEN 'in' END " ..
            "AS q",
          "'b' | 'in'" },
        { "MATCH (n) RETURN n.n AS n, CASE n.s WHEN 'x', 'y' THEN 1 WHEN IS " ..
            "NOT NULL THEN 2 ELSE 3 END AS r, count(*) AS c ORDER BY n",
          "1 | 1 | 1", "2 | 1 | 1", "3 | 3 | 1" },
        { "MATCH (n) RETURN CASE count(*) WHEN > 2 THEN 'many' END AS r",
          "'many'" },
        { "RETURN CASE WHEN > 3 THEN 1 END",
          fault = "SyntaxError.UnexpectedSyntax" },
        { "RETURN CASE WHEN true, false THEN 1 END",
          fault = "SyntaxError.UnexpectedSyntax" },
    })

    chapter("says IS before a label", SOME, {
        { "MATCH (n IS A) RETURN n.n", "1" },
        { "MATCH (IS A|B)-[r IS T]->(m IS !A) RETURN r.k", "1", "2" },
        { "MATCH (n) WHERE n IS A|B RETURN n.n", "1", "2" },
        { "MATCH (n) WHERE n IS NOT NULL AND NOT n IS %  RETURN n.n" },
        { "MATCH (a IS A) WHERE (a)-[IS S]->(IS C) RETURN a.n", "1" },
        { "MATCH (a IS A) RETURN [(x IS A)-->(b IS B) | b.n] AS l", "[2]" },
        { "MATCH (n IS A) SET n IS X REMOVE n IS A RETURN labels(n)", "['X']",
          effects = "+1 labels, -1 labels" },
        { "CREATE (n IS A&Y)-[r IS T]->(IS Z) RETURN labels(n), type(r)",
          "['A', 'Y'] | 'T'",
          effects = "+2 nodes, +1 relationships, +2 labels" },
        { "WITH 1 AS x RETURN (x IS NULL) AS a, x IS NULL - 1 AS b",
          fault = "SyntaxError.InvalidArgumentType" },
    })

    chapter("has LET, FILTER, FOR and FINISH", SOME, {
        { "LET x = 1, y = 'a' RETURN x, y", "1 | 'a'" },
        { "MATCH (n) LET d = n.n * 2 FILTER d > 2 RETURN n.n, d", "2 | 4",
          "3 | 6" },
        { "MATCH (n) FILTER WHERE n.n < 2 RETURN n.n", "1" },
        { "FOR x IN [1, 2] FOR y IN [x, 3] RETURN x, y", "1 | 1", "1 | 3",
          "2 | 2", "2 | 3" },
        { "LET let = 1 LET filter = let + 1 RETURN filter", "2" },
        { "CREATE (:Q) FINISH", effects = "+1 nodes, +1 labels" },
        { "MATCH (n) FINISH" },
        { "MATCH (n) SET n.x = 1 FINISH", effects = "+3 properties" },
        { "LET x = 1 LET x = 2 RETURN x",
          fault = "SyntaxError.ColumnNameConflict" },
        { "MATCH (n) LET c = count(n) RETURN c",
          "1", "1", "1" },
        { "MATCH (n) FILTER count(n) > 1 RETURN n",
          fault = "SyntaxError.InvalidAggregation" },
        { "MATCH (n) FINISH RETURN n", fault = "SyntaxError.UnexpectedSyntax" },
    })

    chapter("calls a sub-query that may find nothing", SOME, {
        { "MATCH (n) OPTIONAL CALL (n) { MATCH (n)-[:S]->(m) RETURN m.n " ..
            "AS v } RETURN n.n, v", "1 | 3", "2 | null", "3 | null" },
        { "UNWIND [1, 2] AS i OPTIONAL CALL (i) { UNWIND range(2, i) AS x " ..
            "RETURN x, x + 1 AS y } RETURN i, x, y", "1 | null | null",
          "2 | 2 | 3" },
        { "OPTIONAL CALL { MATCH (n:None) RETURN n } RETURN n", "null" },
        { "MATCH (n:A) OPTIONAL CALL (n) { CREATE (:Q) } RETURN n.n", "1",
          effects = "+1 nodes, +1 labels" },
        { "OPTIONAL CALL db.labels() YIELD label RETURN label",
          fault = "SyntaxError.UnexpectedSyntax" },
    })

    chapter("deletes as it always did with NODETACH", SOME, {
        { "MATCH (n:A) NODETACH DELETE n", at = "runtime",
          fault = "ConstraintVerificationFailed.DeleteConnectedNode" },
        { "MATCH (:A)-[r]->() NODETACH DELETE r",
          effects = "-2 relationships, -1 properties" },
    })

    it("says what it does not have", function()
        local db = help.open()
        for _, case in ipairs({
            { "CALL { CREATE (:N) } IN 3 CONCURRENT TRANSACTIONS",
              "one batch is written at a time", "unsupported" },
            { "RETURN 1 IS :: NUMBER", "expected a type, as in INTEGER or",
              "syntax" },
            { "RETURN 1 IS ::", "found the end of the statement", "syntax" },
            { "RETURN 1 :: LIST<", "found the end of the statement", "syntax" },
            { "RETURN 1 :: LIST<INTEGER", "expected >", "syntax" },
            { "RETURN 1 :: TIME WITH", "expected a type", "syntax" },
            { "RETURN 1 :: ANY PROPERTY", "found PROPERTY", "syntax" },
            { "RETURN 1 :: ANY PROPERTY + AS x", "found PROPERTY", "syntax" },
        }) do
            local rows, err = db:query(case[1])
            assert.is_nil(rows)
            assert.truthy(err.message:find(case[2], 1, true), err.message)
            assert.equal(case[3], err.code)
            assert.truthy(err.column > 1)
        end
        db:close()
    end)

    it("has the plans of what it stands for", function()
        local db = help.open()
        language.check(db, { SOME })
        for gql, cypher in pairs({
            ["MATCH (n IS A) FILTER n.n > 1 RETURN n.n"] =
                "MATCH (n:A) WHERE n.n > 1 RETURN n.n",
            ["FOR x IN [1] RETURN x"] = "UNWIND [1] AS x RETURN x",
            ["MATCH (n:A) LET x = n.n RETURN x"] =
                "MATCH (n:A) WITH *, n.n AS x RETURN x",
        }) do
            assert.equal(help.plan(db, cypher), help.plan(db, gql))
        end
        assert.truthy(help.plan(db, "MATCH (n:A) WHERE n.s IS :: " ..
            "LIST<STRING> RETURN n"):find('isof(n.s, "LIST")', 1, true))
        assert.truthy(help.plan(db, "MATCH (n) OPTIONAL CALL (n) { MATCH " ..
            "(n)-->(m) RETURN m } RETURN m"):find("Apply optional", 1, true))
        db:close()
    end)
end)
