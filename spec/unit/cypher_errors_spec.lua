-- What is refused, when, and under which of openCypher's names.

local namidb = require("namidb")

-- statement, "Class.Detail", "compile" or "runtime"
local FAULTS = {
    -- literals
    { [[RETURN '\x']], "SyntaxError.UnexpectedSyntax" },
    { [[RETURN '\u12']], "SyntaxError.InvalidUnicodeLiteral" },
    { "RETURN 'abc", "SyntaxError.UnexpectedSyntax" },
    { "RETURN 9223372036854775808", "SyntaxError.IntegerOverflow" },
    { "RETURN 0x8000000000000000", "SyntaxError.IntegerOverflow" },
    { "RETURN 0x1G", "SyntaxError.InvalidNumberLiteral" },
    { "RETURN 1abc", "SyntaxError.InvalidNumberLiteral" },
    { "RETURN 1e400", "SyntaxError.FloatingPointOverflow" },
    -- arithmetic
    { "RETURN 1 / 0", "ArithmeticError.DivisionByZero", "runtime" },
    { "RETURN 1 % 0", "ArithmeticError.DivisionByZero", "runtime" },
    { "RETURN 9223372036854775807 + 1", "ArithmeticError.IntegerOverflow",
      "runtime" },
    { "RETURN -9223372036854775808 / -1", "ArithmeticError.IntegerOverflow",
      "runtime" },
    { "RETURN abs(-9223372036854775808)", "ArithmeticError.IntegerOverflow",
      "runtime" },
    { "UNWIND [9223372036854775807, 1] AS x RETURN sum(x)",
      "ArithmeticError.IntegerOverflow", "runtime" },
    { "RETURN true + 1", "SyntaxError.InvalidArgumentType" },
    { "RETURN 'a' * 2", "SyntaxError.InvalidArgumentType" },
    { "RETURN -'a'", "SyntaxError.InvalidArgumentType" },
    -- conditions
    { "RETURN NOT 1", "SyntaxError.InvalidArgumentType" },
    { "RETURN true AND 'a'", "SyntaxError.InvalidArgumentType" },
    { "WITH [true, 1] AS l RETURN l[0] AND l[1]",
      "TypeError.InvalidArgumentType", "runtime" },
    { "RETURN 1 IN 1", "SyntaxError.InvalidArgumentType" },
    { "RETURN none(x IN ['a'] WHERE x % 2 = 0)",
      "SyntaxError.InvalidArgumentType" },
    -- functions
    { "RETURN toInteger([])", "TypeError.InvalidArgumentValue", "runtime" },
    { "RETURN toInteger({})", "TypeError.InvalidArgumentValue", "runtime" },
    { "RETURN properties(1)", "SyntaxError.InvalidArgumentType" },
    { "RETURN keys('a')", "SyntaxError.InvalidArgumentType" },
    { "MATCH (n) RETURN type(n)", "SyntaxError.InvalidArgumentType" },
    { "MATCH ()-[r]->() RETURN labels(r)", "SyntaxError.InvalidArgumentType" },
    { "MATCH (n) WITH [n, 1] AS l RETURN labels(l[1])",
      "TypeError.InvalidArgumentValue", "runtime" },
    { "RETURN tail('abc')", "SyntaxError.InvalidArgumentType" },
    { "RETURN range(1, 2, 0)", "ArgumentError.NumberOutOfRange", "runtime" },
    { "RETURN coalesce()", "SyntaxError.InvalidNumberOfArguments" },
    { "RETURN nothing(1)", "SyntaxError.UnknownFunction" },
    { "RETURN count(count(*))", "SyntaxError.NestedAggregation" },
    { "RETURN percentileCont(1, 1.1)", "ArgumentError.NumberOutOfRange",
      "runtime" },
    { "UNWIND ['a'] AS x RETURN sum(x)", "TypeError.InvalidArgumentType",
      "runtime" },
    -- patterns
    { "MATCH (n)-[:T..2]->() RETURN n",
      "SyntaxError.InvalidRelationshipPattern" },
    { "MATCH (n)-[:T 2]->() RETURN n",
      "SyntaxError.InvalidRelationshipPattern" },
    { "MATCH (n)-[*-2]->() RETURN n",
      "SyntaxError.InvalidRelationshipPattern" },
    { "MATCH (n)-[*1..-2]->() RETURN n",
      "SyntaxError.InvalidRelationshipPattern" },
    { "MATCH (a)-[r]->(b), (c)-[r]->(d) RETURN 1",
      "SyntaxError.RelationshipUniquenessViolation" },
    { "MATCH (n $p) RETURN n", "SyntaxError.InvalidParameterUse" },
    { "MATCH (n) WHERE (n)-->($p) RETURN n",
      "SyntaxError.InvalidParameterUse" },
    { "MATCH (n) RETURN [(n)-[$p]->() | 1]",
      "SyntaxError.InvalidParameterUse" },
    { "MATCH (n) WHERE EXISTS { (n $p)-->() } RETURN n",
      "SyntaxError.InvalidParameterUse" },
    { "MATCH ()-[*2]->+() RETURN 1",
      "SyntaxError.InvalidRelationshipPattern" },
    { "MATCH ()-->{}() RETURN 1", "SyntaxError.UnexpectedSyntax" },
    { "CREATE (a)-[:R]->+(b)", "SyntaxError.CreatingVarLength" },
    { "MATCH (r)-[r]->() RETURN r", "SyntaxError.VariableTypeConflict" },
    { "MATCH p = (a)-->(p) RETURN p", "SyntaxError.VariableAlreadyBound" },
    { "WITH 1 AS n MATCH (n) RETURN n", "SyntaxError.VariableTypeConflict" },
    { "MATCH (n) RETURN (n)-->()", "SyntaxError.UnexpectedSyntax" },
    { "MATCH (n) WHERE (n)-->(m) RETURN n", "SyntaxError.UndefinedVariable" },
    { "MATCH (n) RETURN [(n)-->(m) | count(m)]",
      "SyntaxError.InvalidAggregation" },
    -- projections
    { "MATCH (n) WITH n.x RETURN 1", "SyntaxError.NoExpressionAlias" },
    { "MATCH (n) RETURN n.x AS a, n.y AS a",
      "SyntaxError.ColumnNameConflict" },
    { "MATCH () RETURN *", "SyntaxError.NoVariablesInScope" },
    { "MATCH (n) WITH n AS m RETURN n", "SyntaxError.UndefinedVariable" },
    { "MATCH (n) RETURN n.x + count(*)",
      "SyntaxError.AmbiguousAggregationExpression" },
    { "MATCH (n) RETURN DISTINCT n.x AS x ORDER BY n.y",
      "SyntaxError.UndefinedVariable" },
    { "MATCH (n) WITH DISTINCT n.x AS x WHERE exists((n)-->()) RETURN x",
      "SyntaxError.UndefinedVariable" },
    { "MATCH (n) RETURN size([(n)-->(x) | x]) + count(*)",
      "SyntaxError.AmbiguousAggregationExpression" },
    { "MATCH (n) RETURN n.x ORDER BY count(*)",
      "SyntaxError.InvalidAggregation" },
    { "MATCH (n) WHERE count(n) > 1 RETURN n",
      "SyntaxError.InvalidAggregation" },
    { "RETURN 1 SKIP -1", "SyntaxError.NegativeIntegerArgument" },
    { "RETURN 1 LIMIT 1.5", "SyntaxError.InvalidArgumentType" },
    { "RETURN 1 LIMIT -1 + 0", "SyntaxError.NegativeIntegerArgument",
      "runtime" },
    { "MATCH (n) RETURN n LIMIT n.x", "SyntaxError.NonConstantExpression" },
    { "RETURN 1 AS a UNION RETURN 1 AS b",
      "SyntaxError.DifferentColumnsInUnion" },
    { "RETURN 1 AS a UNION RETURN 1 AS a UNION ALL RETURN 1 AS a",
      "SyntaxError.InvalidClauseComposition" },
    -- what changes the graph
    { "CREATE (a)-->(b)", "SyntaxError.NoSingleRelationshipType" },
    { "CREATE (a)-[:A|B]->(b)", "SyntaxError.NoSingleRelationshipType" },
    { "CREATE (a)-[:T]-(b)", "SyntaxError.RequiresDirectedRelationship" },
    { "CREATE (a)-[:T*2]->(b)", "SyntaxError.CreatingVarLength" },
    { "MATCH (a) CREATE (a:X)", "SyntaxError.VariableAlreadyBound" },
    { "MATCH (a) MERGE (a)", "SyntaxError.VariableAlreadyBound" },
    { "CREATE (a {x: b.x})", "SyntaxError.UndefinedVariable" },
    { "CREATE (a {x: a.x})", "SyntaxError.UndefinedVariable" },
    { "CREATE (a {x: b.x})-[:R]->(b)", "SyntaxError.UndefinedVariable" },
    { "CREATE (a)-[r:R {x: r.y}]->(b)", "SyntaxError.UndefinedVariable" },
    { "CREATE ({x: {y: 1}})", "TypeError.InvalidPropertyType", "runtime" },
    { "MATCH (n:N) SET n.x = [n]", "TypeError.InvalidPropertyType",
      "runtime" },
    { "MATCH ()-[r]->() SET r:L", "SyntaxError.InvalidArgumentType" },
    { "MATCH (n) SET n[1] = 1", "SyntaxError.InvalidArgumentType" },
    { "MATCH (n:N) SET n[n.x] = 1", "TypeError.InvalidArgumentType",
      "runtime" },
    { "MATCH (n:N) REMOVE n[null]", "TypeError.InvalidArgumentType",
      "runtime" },
    { "MERGE (n {x: null})", "SemanticError.MergeReadOwnWrites", "runtime" },
    { "MERGE (n $p)", "SyntaxError.InvalidParameterUse" },
    { "MATCH (n:N) DELETE n",
      "ConstraintVerificationFailed.DeleteConnectedNode", "runtime" },
    { "MATCH (n) DELETE n:N", "SyntaxError.InvalidDelete" },
    { "MATCH (n) DELETE 1 + 1", "SyntaxError.InvalidArgumentType" },
    { "MATCH (n:N) DETACH DELETE n RETURN n.x",
      "EntityNotFound.DeletedEntityAccess", "runtime" },
    { "MATCH ()-[r]->() DELETE r RETURN r.x",
      "EntityNotFound.DeletedEntityAccess", "runtime" },
    { "MATCH (n:N) DETACH DELETE n CREATE (n)-[:T]->()",
      "EntityNotFound.DeletedEntityAccess", "runtime" },
    { "MATCH (n:N) DETACH DELETE n SET n.x = 1",
      "EntityNotFound.DeletedEntityAccess", "runtime" },
    { "OPTIONAL MATCH (x:None) CREATE (x)-[:T]->()",
      "TypeError.InvalidArgumentType", "runtime" },
    -- procedures and parameters
    { "CALL no.such()", "ProcedureError.ProcedureNotFound" },
    { "CALL db.labels(1)", "SyntaxError.InvalidNumberOfArguments" },
    { "CALL db.labels() YIELD no RETURN no", "SyntaxError.UndefinedVariable" },
    { "CALL db.labels YIELD label RETURN label",
      "SyntaxError.InvalidArgumentPassingMode" },
    { "RETURN $missing", "ParameterMissing.MissingParameter", "compile",
      "placeless" },
}

describe("a fault", function()
    for _, case in ipairs(FAULTS) do
        it("is " .. case[2] .. " in " .. case[1], function()
            local db = assert(namidb.open("memory://faults"))
            if db:stats().nodes == 0 then
                assert(db:query("CREATE (:N {x: 1})-[:T {x: 2}]->(:M)"))
            end
            local rows, err = db:query(case[1])
            assert.is_nil(rows)
            assert.equal(case[2], tostring(err.class) .. "." ..
                tostring(err.detail), err.message)
            assert.equal(case[3] or "compile", err.phase)
            if err.phase == "compile" and not case[4] then
                assert.equal(1, err.line)
                assert.is_true(err.column >= 1)
            end
            local counts = assert(db:query("MATCH (n) OPTIONAL MATCH " ..
                "(n)-[r]->() RETURN count(n) + count(r) AS n"))
            assert.equal(3, counts[1].n)
            db:close()
        end)
    end
end)

describe("the words of a fault", function()
    it("name types as people do", function()
        local db = assert(namidb.open("memory://faults-words"))
        local function message(text)
            local _, err = db:query(text)
            return err.message
        end
        assert.truthy(message("MATCH (n) RETURN type(n)"):find(
            "a value of type node stands where a relationship is wanted", 1,
            true))
        assert.truthy(message("WITH 1 AS n MATCH (n) RETURN n"):find(
            "n is an integer and cannot be a node", 1, true))
        db:close()
    end)
end)

-- What people write who come from other languages, or in a hurry, and what the
-- message says of it.
local HINTS = {
    { "MATCH (n) RETUN n", "found RETUN; did you mean RETURN?" },
    { "MATCH (n) RETURN toUper(n.x)", "touper(); did you mean toUpper()?" },
    { "MATCH (n) RETURN lenght(n.x)", "did you mean length()?" },
    { "MATCH (n) RETURN substr(n.x, 1)", "did you mean substring()?" },
    { "MATCH (n) RETURN ifnull(n.x, 1)", "did you mean coalesce()?" },
    { "MATCH (n) RETURN xyzzy(n.x)", "no function xyzzy()\n" },
    { "RETURN substring('a')", "substring() takes 2 or 3 arguments, not 1" },
    { "RETURN toUpper()", "toUpper() takes 1 argument, not 0" },
    { "RETURN coalesce()", "coalesce() takes at least 1 argument, not 0" },
    { "MATCH (person) RETURN persn.x", "did you mean person?" },
    { "MATCH (n)-[r]->(m) RETURN q", "q is not defined; there is m, n, r" },
    { "MATCH (n) WITH n.x AS x RETURN n",
      "n is not defined any more: WITH hands on only what it names" },
    { "MATCH (n) CALL { MATCH (n) WITH n.x AS x RETURN n.y AS y } RETURN y",
      "n is not defined any more" },
    { "MATCH (n) CALL { RETURN n.x AS x } RETURN x",
      "n is not defined inside: CALL (n) { } hands it in" },
    { "CALL db.lables()", "no procedure db.lables; did you mean db.labels?" },
    { "CALL db.labels() YIELD lable RETURN lable", "did you mean label?" },
    { "SELECT * FROM n", "MATCH finds, and RETURN says what of it" },
    { "USE neo4j MATCH (n) RETURN n", "namidb.open says which" },
    { "BEGIN", "db:begin" }, { "COMMIT", "tx:commit" },
    { "ROLLBACK", "tx:abort" }, { "TERMINATE TRANSACTION 'x'", "timeout" },
    { "RETURN 1 AS x EXCEPT RETURN 1 AS x", "NOT EXISTS { }" },
    { "RETURN 1 AS x ORDER BY x NULLS LAST", "null is the largest" },
    { "RETURN normalize('x')", "db:register() makes one" },
    { "RETURN apoc.util.sleep(1)", "db:register() makes one" },
    { "RETURN apoc.coll.toSet([1])", "RETURN DISTINCT x }" },
    { "RETURN coll.sort([1])", "RETURN x ORDER BY x }" },
    { "RETURN apoc.text.join(['a'], ',')", "reduce(" },
    { "MATCH (n) UPDATE n.x = 1", "SET changes properties" },
    { "MATCH (n) WHERE n.x == 1 RETURN n", "equal is a single =" },
    { "MATCH (n) WHERE n.x != 1 RETURN n", "unequal is <>" },
    { "MATCH (n) WHERE n.x => 1 RETURN n", "it is >=" },
    { "MATCH (n) WHERE n.x && n.y RETURN n", "it is AND" },
    { "MATCH (n) WHERE !n.x RETURN n", "it is NOT" },
    { "MATCH (n) WHERE n.x LIKE 'A%' RETURN n", "STARTS WITH" },
    { "MATCH (n) WHERE n.x NOT IN [1] RETURN n", "NOT x IN list" },
    { "MATCH (n) WHERE n.x IN (1, 2) RETURN n", "a list stands in brackets" },
    { "MATCH (n) WHERE n.x IS 3 RETURN n", "= compares with a value" },
    { "MATCH (n) WHERE n.x BETWEEN 1 AND 2 RETURN n", "1 <= x <= 3" },
    { "MATCH (n) WHERE n.x = :x RETURN n", "a parameter is $name" },
    { "MATCH (n) WHERE n.x = ? RETURN n", "a parameter is $name" },
    { "MATCH (n) WHERE n.x = {x} RETURN n", "a parameter is $name" },
    { "MATCH (n) WHERE n.x = “a” RETURN n",
      "a text stands between ' or" },
    { "MATCH (n) WHERE n.x =~ /a/ RETURN n", "a pattern of =~ is a text" },
    { "MATCH (n) RETURN n.x, count(*) GROUP BY n.x", "rows are grouped by" },
    { "MATCH (a)((g)){2,3}(b) RETURN a", "has a relationship" },
    { "MATCH ((g) WHERE g.x){2} RETURN 1", "has a relationship" },
    { "RETURN EXISTS { ((g))+ }", "has a relationship" },
    { "MATCH (n) RETURN n LIMIT 1 ORDER BY n.x", "ORDER BY, SKIP, LIMIT" },
    { "MATCH (n) RETURN n WHERE n.x = 1", "WHERE stands before RETURN" },
    { "MATCH (n) WHERE count(n) > 1 RETURN n",
      "WITH n, count(*) AS c WHERE c > 1" },
    { "MATCH (n) RETURN n; MATCH (n) RETURN n", "a call runs one statement" },
    { "MATCH (n {x=1}) RETURN n", "as in {name: 'x'}" },
    { "MATCH (n {'x': 1}) RETURN n", "a key stands without quotes" },
    { "MATCH (n:My Label) RETURN n", "stands in `backticks`" },
    { "MATCH (n) RETURN n.first name", "stands in `backticks`" },
    { "MATCH (n) RETURN n.x AS 'x'", "a name stands without quotes" },
    { "MATCH (n) RETURN 'it''s'", "a quote inside a text is \\'" },
    { "MATCH (n) # comment\nRETURN n", "a comment begins with //" },
    { "MATCH (n) -- comment\nRETURN n", "a comment begins with //" },
    { "MATCH (n)->(m) RETURN n", "(a)-->(b) or (a)-[:KNOWS]->(b), found >" },
    { "MATCH (n)-KNOWS->(m) RETURN n", "(a)-[:KNOWS]->(b), found KNOWS" },
    { "MATCH (n)-[:T]>(m) RETURN n", "expected - or -> behind" },
    { "MATCH (n)-[:T->(m) RETURN n", "expected the end of the relationship" },
    { "MATCH (n)-[*1..$k]->(m) RETURN n", "a number in the text" },
    { "MATCH (n)-[*1-3]->(m) RETURN n", "a range of hops is written *1..3" },
    { "MATCH (n)-[:$t]->(m) RETURN n", "a parameter names is $($x)" },
    { "MATCH (n) SET n += 5", "SET n += takes a map" },
    { "MATCH (n) SET n.x += 1", "n.x = n.x + 1" },
    { "RETURN $min", "parameter $min was not given, but $limit, $mx" },
}

describe("a hint", function()
    local db
    setup(function()
        db = assert(namidb.open("memory://faults-hints"))
        assert(db:query("CREATE (:N {x: 1})"))
    end)
    teardown(function() db:close() end)

    for _, case in ipairs(HINTS) do
        it("is given for " .. case[1]:gsub("%s+", " "), function()
            local rows, err = db:query(case[1], { mx = 1, limit = 2 })
            assert.is_nil(rows)
            assert.truthy(err.message:find(case[2], 1, true), err.message)
        end)
    end

    -- Names that are looked through for each of many scopes.
    it("takes no longer than the statement is long", function()
        local inner = "nowhere = 1"
        for _ = 1, 12 do
            inner = "EXISTS { WITH 1 AS c " .. ("WITH c "):rep(20) ..
                "WHERE " .. inner .. " RETURN c }"
        end
        local _, err = db:query("RETURN " .. inner)
        assert.equal("UndefinedVariable", err.detail)
        local trims = ("trim("):rep(200) .. "' a '" .. (")"):rep(200)
        assert.equal("a", assert(db:query("RETURN " .. trims .. " AS t"))[1].t)
    end)
end)
