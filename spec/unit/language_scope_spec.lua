-- What clauses make of one another's rows and names.
-- A case has a graph of its own.

local language = require("spec.support.language")

local function chapter(name, setup, cases)
    it(name, function()
        for _, case in ipairs(cases) do language.check_alone(setup, case) end
    end)
end

local SOME = "CREATE (a:A {n: 1, s: 'x'})-[:T {k: 1}]->" ..
    "(b:B {n: 2, s: 'y'})-[:T {k: 2}]->(c:C {n: 3}), (a)-[:S]->(c)"

describe("openCypher", function()
    chapter("unites, calls, collects and aggregates", SOME, {
        { "MATCH (n:A) RETURN n.n AS x UNION ALL MATCH (n:A) RETURN n.n AS x",
          "1", "1" },
        { "RETURN 1 AS x UNION ALL RETURN 2 AS y",
          fault = "SyntaxError.DifferentColumnsInUnion" },
        { "RETURN 1 AS a, 2 AS b UNION RETURN 1 AS a",
          fault = "SyntaxError.DifferentColumnsInUnion" },
        { "UNWIND [2, 1, 2] AS x RETURN x UNION ALL UNWIND [3] AS x RETURN x",
          "1", "2", "2", "3" },
        { "MATCH (a:A) RETURN a AS n UNION MATCH (b:B) RETURN b AS n UNION " ..
            "MATCH (a:A) RETURN a AS n", "(:A {n: 1, s: 'x'})",
          "(:B {n: 2, s: 'y'})" },
        { "MATCH (a:A) RETURN a.n AS n LIMIT 1 UNION ALL MATCH (b) RETURN " ..
            "b.n AS n", "1", "1", "2", "3" },
        { "MATCH (n) RETURN [(n)-[:T]->(m) | m.n] AS l", "[2]", "[3]", "[]" },
        { "MATCH (n:A) RETURN size([p = (n)-[*]->(:C) | length(p)]) AS l",
          "2" },
        { "MATCH (n:A)-->(b:B) RETURN [p = (n)-[r]->(b) WHERE r.k = 1 | " ..
            "r.k] AS l", "[1]" },
        { "MATCH (n:A) WITH [(n)-->(m) | m.n] AS l, count(*) AS c RETURN " ..
            "size(l), c", "2 | 1" },
        { "MATCH (n) RETURN count([(n)-->() | 1]) AS c", "3" },
        { "MATCH (n) RETURN size([(n)-[:T]->() | 1]) AS s, count(*) AS c " ..
            "ORDER BY s", "0 | 1", "1 | 2" },
        { "MATCH (n) WHERE size([(n)-->(m) WHERE m.n > 2 | m]) = 1 RETURN n.n",
          "1", "2" },
        { "MATCH (n:A) RETURN [(n)-->(m) | size([(m)-->(k) | k.n])] AS l",
          "[1, 0]" },
        { "MATCH (n) WHERE (n)-[:S]->() RETURN n.n", "1" },
        { "MATCH (n) WHERE NOT (n)-->() RETURN n.n", "3" },
        { "MATCH (a), (b) WHERE (a)-[:T]->(b) AND NOT (a)-[:S]->(b) RETURN " ..
            "a.n, b.n", "1 | 2", "2 | 3" },
        { "MATCH (n) WHERE (n)-[:T*2]->() RETURN n.n", "1" },
        { "MATCH (n) WHERE (n)-[r]->() RETURN n",
          fault = "SyntaxError.UndefinedVariable" },
        { "MATCH (n) WHERE (n) RETURN n.n",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH (n) SET n.x = (n)-->() RETURN n",
          fault = "SyntaxError.UnexpectedSyntax" },
        { "MATCH (n) RETURN count(n), count(DISTINCT n.s), sum(n.n), " ..
            "avg(n.n), min(n.s), max(n.n), collect(n.n)",
          "3 | 2 | 6 | 2.0 | 'x' | 3 | [1, 2, 3]" },
        { "MATCH (n:Q) RETURN count(n), sum(n.n), avg(n.n), min(n.s), " ..
            "max(n.n), collect(n.n)", "0 | 0 | null | null | null | []" },
        { "UNWIND [1, 'a', null, 0.2, [1, 2], 'b'] AS x RETURN min(x), max(x)",
          "[1, 2] | 1" },
        { "UNWIND [[1, 2], [2, 1], [1]] AS x RETURN min(x), max(x)",
          "[1] | [2, 1]" },
        { "UNWIND [1, 2, 3, 4] AS x RETURN stDev(x) > 1.29, stDevP(x) < " ..
            "1.12, percentileCont(x, 0.5), percentileDisc(x, 0.5), " ..
            "percentileDisc(x, 1)", "true | true | 2.5 | 2 | 4" },
        { "UNWIND [1] AS x RETURN percentileDisc(x, 1.5)",
          fault = "ArgumentError.NumberOutOfRange", at = "runtime" },
        { "RETURN count(count(1))", fault = "SyntaxError.NestedAggregation" },
        { "MATCH (n) RETURN count(rand())",
          fault = "SyntaxError.NonConstantExpression" },
        { "MATCH (n) RETURN [x IN [1] | count(n)]",
          fault = "SyntaxError.InvalidAggregation" },
        { "MATCH (n) WITH n ORDER BY n.n DESC RETURN collect(n.n)",
          "[3, 2, 1]" },
        { "MATCH (n) RETURN n.n > 1 AS k, count(*) AS c, collect(n.n) AS l " ..
            "ORDER BY k", "false | 1 | [1]", "true | 2 | [2, 3]" },
        { "MATCH p = (:A)-[:T*]->() RETURN nodes(p)[0].n, [r IN " ..
            "relationships(p) | r.k], length(p) ORDER BY length(p)",
          "1 | [1] | 1", "1 | [1, 2] | 2" },
        { "MATCH (n:A) RETURN exists { (n)-->(:B) } AS a, EXISTS { MATCH " ..
            "(n)-->(m) WHERE m.n > 5 } AS b, exists { MATCH (n) RETURN " ..
            "count(*) } AS c", "true | false | true" },
        { "MATCH (n) WHERE exists { MATCH (n)-->(m) WITH n, count(*) AS c " ..
            "WHERE c = 2 RETURN true } RETURN n.n", "1" },
        { "MATCH (n) WHERE exists { MATCH (n)-->(m) SET m.x = 1 } RETURN n",
          fault = "SyntaxError.InvalidClauseComposition" },
        { "CALL test.none()", fault = "ProcedureError.ProcedureNotFound" },
        { "CALL db.labels() YIELD label AS l RETURN l", "'A'", "'B'", "'C'" },
        { "RETURN foo(1)", fault = "SyntaxError.UnknownFunction" },
        { "RETURN size()", fault = "SyntaxError.InvalidNumberOfArguments" },
        { "MATCH (n) RETURN length(n)",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH ()-[r]->() RETURN length(r)",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH p = () RETURN size(p)",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH (n) RETURN size((n)-->())",
          fault = "SyntaxError.UnexpectedSyntax" },
        { "MATCH (n) RETURN type(n)",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH (a)-[r:T]->(b) RETURN id(a) = id(startNode(r)) AS e, r = " ..
            "r, a = b, a <> b", "true | true | false | true",
          "true | true | false | true" },
    })

    chapter("keeps apart what is defined and what is not", SOME, {
        { "MATCH (m) WITH avg(m.n) AS a ORDER BY $age + avg(m.n) - 1000 " ..
            "RETURN a", params = { age = 3 }, "2.0" },
        { "MATCH (m)--(y) WITH m.n AS age, count(y.n) AS cnt ORDER BY age, " ..
            "age + count(y.n) RETURN age, cnt", "1 | 2", "2 | 2", "3 | 2" },
        { "MATCH (m)--(y) WITH m.n AS age, count(y.n) AS cnt ORDER BY m.n " ..
            "+ count(y.n) DESC RETURN age", "3", "2", "1" },
        { "MATCH (m)--(y) WITH count(y.n) AS agg ORDER BY m.n + count(y.n) " ..
            "RETURN *", fault = "SyntaxError.UndefinedVariable" },
        { "MATCH (m)--(y) WITH m.n + y.n AS g, count(*) AS cnt ORDER BY " ..
            "m.n + y.n + count(*) RETURN *",
          fault = "SyntaxError.AmbiguousAggregationExpression" },
        { "MATCH (m) WITH m.n AS x ORDER BY count(m.n) RETURN x",
          fault = "SyntaxError.InvalidAggregation" },
        { "MATCH (m) WITH m.n AS x ORDER BY x + count(m.n) RETURN x",
          fault = "SyntaxError.InvalidAggregation" },
        { "MATCH (m) WITH m.n AS x, count(*) AS c ORDER BY sum(m.n) + c " ..
            "DESC RETURN x", "3", "2", "1" },
        { "MATCH (m) WITH m.n AS x ORDER BY m.n % 2, x DESC LIMIT 2 RETURN " ..
            "x ORDER BY x", "2", "3" },
        { "MATCH (m) WITH m ORDER BY m.n DESC LIMIT 2 RETURN m.n", "3", "2" },
        { "MATCH (m) WITH m.n AS n, m.n + 1 AS k ORDER BY n + k DESC LIMIT " ..
            "1 RETURN n", "3" },
        { "MATCH (m) WITH m.n AS m ORDER BY m LIMIT 1 RETURN m", "1" },
        { "UNWIND [1, true, 'a', null, 2.5, [1], {a: 1}, " ..
            "date('2020-01-01')] AS x WITH x ORDER BY x DESC LIMIT 2 " ..
            "RETURN x IS NULL AS b", "true", "false" },
        { "MATCH p = (a)-->(b) RETURN a.n, b.n ORDER BY p, a, b LIMIT 0" },
        { "MATCH (a) RETURN a ORDER BY a LIMIT 1", "(:A {n: 1, s: 'x'})" },
        { "UNWIND ['.*', '.', ' ', '-', 'one'] AS s RETURN s ORDER BY s",
          "' '", "'-'", "'.'", "'.*'", "'one'" },
        { "UNWIND [[], ['a'], ['a', 1], [1], [1, 'a'], [1, null], [null, " ..
            "1], [null, 2]] AS l RETURN l ORDER BY l", "[]", "['a']",
          "['a', 1]", "[1]", "[1, 'a']", "[1, null]", "[null, 1]",
          "[null, 2]" },
        { "UNWIND [{a: 1}, {b: 1}, {a: 'x'}, {}] AS m RETURN m ORDER BY m " ..
            "LIMIT 1", "{}" },
        { "RETURN [1, 2] < [1, 3], [1, 'a'] < [1, null], [1, 2] >= [1], " ..
            "[null] < [1], ['a'] > [1], date('2020-01-01') < " ..
            "date('2021-01-01'), time('10:00Z') = time('11:00+01:00'), 1.0 " ..
            "< 9007199254740993",
          "true | null | true | null | null | true | false | true" },
        { "MATCH (n) WHERE m.x = 1 RETURN n",
          fault = "SyntaxError.UndefinedVariable" },
        { "MATCH (a) WITH a.n AS x MATCH (b {n: a.n}) RETURN b",
          fault = "SyntaxError.UndefinedVariable" },
        { "MATCH (a) UNWIND b.l AS x RETURN x",
          fault = "SyntaxError.UndefinedVariable" },
        { "MATCH (a {n: b.n})-->(b) RETURN b" },
        { "MATCH (a), (b {n: a.n}) RETURN count(*)", "3" },
        { "RETURN [x IN [1] | y]", fault = "SyntaxError.UndefinedVariable" },
        { "RETURN [x IN [1] | x] + x",
          fault = "SyntaxError.UndefinedVariable" },
        { "MATCH (n) RETURN [(n)-->(m) | m] + m",
          fault = "SyntaxError.UndefinedVariable" },
        { "MATCH (n) WITH n AS m DELETE n",
          fault = "SyntaxError.UndefinedVariable" },
        { "FOREACH (x IN [1] | CREATE (n {x: x})) CREATE ({y: x})",
          fault = "SyntaxError.UndefinedVariable" },
        { "CALL db.labels() YIELD label WITH 1 AS x RETURN label",
          fault = "SyntaxError.UndefinedVariable" },
        { "MATCH (n) CALL db.labels() YIELD label AS n RETURN n",
          fault = "SyntaxError.VariableAlreadyBound" },
        { "CALL db.labels() YIELD label, label RETURN 1 AS x",
          fault = "SyntaxError.VariableAlreadyBound" },
        { "CALL db.labels(1)", fault = "SyntaxError.InvalidNumberOfArguments" },
        { "WITH 1 AS x, 2 AS x RETURN x",
          fault = "SyntaxError.ColumnNameConflict" },
        { "MATCH (a) WITH a, count(*) RETURN a",
          fault = "SyntaxError.NoExpressionAlias" },
        { "RETURN *", fault = "SyntaxError.NoVariablesInScope" },
        { "MATCH (n:A) RETURN n.n AS x UNION MATCH (n:B) RETURN n.n AS x " ..
            "UNION ALL RETURN 1 AS x",
          fault = "SyntaxError.InvalidClauseComposition" },
        { "MATCH (a)-[r]->(b) WITH r AS x MATCH (x) RETURN x",
          fault = "SyntaxError.VariableTypeConflict" },
        { "MATCH (a)-[:T]->(b) RETURN a.n ORDER BY a.n + 1 DESC", "2", "1" },
        { "MATCH ()-[r*0..1]-() RETURN last(r).k, count(*) AS c ORDER BY c",
          "1 | 2", "2 | 2", "null | 5" },
        { "OPTIONAL MATCH p = (:Q)-->() RETURN p, nodes(p), length(p), " ..
            "relationships(p), startNode(null), id(null)",
          "null | null | null | null | null | null" },
        { "OPTIONAL MATCH (q:Q) MERGE (q)-[:T]->(x)",
          fault = "TypeError.InvalidArgumentType", at = "runtime" },
        { "MATCH (a:A) OPTIONAL MATCH (a)-[r:NONE]->(b) WITH a, b OPTIONAL " ..
            "MATCH (b)-->(c) RETURN a.n, b, c", "1 | null | null" },
        { "MATCH (a:A) OPTIONAL MATCH (a)-[r:T]->(b)-[q:T]->(c) OPTIONAL " ..
            "MATCH (c)-->(d) RETURN c.n, d", "3 | null" },
        { "MATCH (a:A) OPTIONAL MATCH (a)-->(b:B) OPTIONAL MATCH " ..
            "(a)-->(c:Q) RETURN b.n, c", "2 | null" },
        { "OPTIONAL MATCH (a:Q) WITH a MATCH (a)-->(b) RETURN b" },
        { "OPTIONAL MATCH (a:Q) RETURN a.x + 1, a.x = 1, a:Q, a IS NULL, " ..
            "[(a)-->(b) | b], exists((a)-->())",
          "null | null | null | true | [] | false" },
        { "MATCH (a:A) SET a.p = date('2020-01-01'), a.q = " ..
            "[date('2020-01-01')], a.r = duration('P1D') RETURN a.p.year, " ..
            "a.q[0].month, a.r.days", "2020 | 1 | 1",
          effects = "+3 properties" },
        { "MATCH (n:A) SET n.x = {a: 1}",
          fault = "TypeError.InvalidPropertyType", at = "runtime" },
        { "MATCH (n:A) SET n.x = n", fault = "TypeError.InvalidPropertyType",
          at = "runtime" },
        { "MATCH (n:A) SET n = 5", fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH (n:A) SET n.x = missing",
          fault = "SyntaxError.UndefinedVariable" },
        { "MATCH p = (:A) SET p.x = 1",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH p = (:A) DELETE p.x",
          fault = "SyntaxError.InvalidArgumentType" },
        { "MATCH (a:A)-[r:T]->(b) DELETE r RETURN type(r)", "'T'",
          effects = "-1 relationships -1 properties" },
        { "MATCH (a:A) DETACH DELETE a RETURN labels(a)",
          fault = "EntityNotFound.DeletedEntityAccess", at = "runtime" },
        { "MATCH (n:A) CREATE (n)-[r:T]->(n)-[q:U]->({x: n.n}) RETURN " ..
            "type(r), type(q)", "'T' | 'U'",
          effects = "+1 nodes +2 relationships +1 properties" },
        { "MATCH (a:A) WITH a.n AS n CREATE (:New {n: n}), (:New {n: n + " ..
            "1}) WITH n MATCH (x:New) RETURN sum(x.n)", "3",
          effects = "+2 nodes +2 properties +1 labels" },
        { "MATCH (n) CREATE (m) RETURN count(*)", "3", effects = "+3 nodes" },
        { "MATCH (a:A) MERGE (a)-[:T]->(b:B) RETURN b.n", "2" },
        { "MATCH (a:A) MERGE (a)-[:T]->(b:B {z: 1}) RETURN b.n", "null",
          effects = "+1 nodes +1 relationships +1 properties" },
        { "MATCH (a:A), (c:C) MERGE (c)-[r:S]-(a) RETURN startNode(r) = a " ..
            "AS b", "true" },
        { "MERGE (a:A)-[:T]->(b:B)-[:T]->(c:C) RETURN a.n + b.n + c.n", "6" },
        { "MERGE (a:A {n: 1}) ON MATCH SET a.n = 10 MERGE (b:A {n: 1}) " ..
            "RETURN b = a", "false",
          effects = "+1 nodes +2 properties -1 properties" },
        { "UNWIND ['a', 'b'] AS s MERGE (n:W {s: s}) SET n.c = " ..
            "coalesce(n.c, 0) + 1 RETURN n.s, n.c", "'a' | 1", "'b' | 1",
          effects = "+2 nodes +4 properties +1 labels" },
        { "MERGE ()-[:T {k: 1}]->() RETURN 1 AS x", "1" },
        { "MERGE p = (x)-[:ZZ]->(x) RETURN length(p)", "1",
          effects = "+1 nodes +1 relationships" },
        { "MATCH (x:A), (y:A) MERGE (x)-[:ZZ]->(y) RETURN count(*)", "1",
          effects = "+1 relationships" },
    })
end)
