-- What stands beside the conformance kit: sub-queries, FOREACH, label
-- expressions, shortest paths, procedures, parameters where values may stand.

local namidb = require("namidb")

local function cell(value)
    return namidb.json.encode(value == nil and namidb.null or value)
end

-- Rows as texts: "1,\"a\" ; 2,null".
local function rows_of(db, text, params)
    local rows, err = db:query(text, params)
    if not rows then return "error " .. (err.detail or err.code) end
    local lines = {}
    for i, row in ipairs(rows) do
        local cells = {}
        for k, name in ipairs(rows.columns) do cells[k] = cell(row[name]) end
        lines[i] = table.concat(cells, ",")
    end
    return table.concat(lines, " ; ")
end

local count = 0

local function graph()
    count = count + 1
    local db = assert(namidb.open("memory://subquery-" .. count))
    db:query("CREATE (:A {n: 1})-[:R {w: 1}]->(:B {n: 2})-[:S]->" ..
        "(:A:B {n: 3}), (:C {n: 4})")
    return db
end

-- Each on a graph of its own: statements, with what the last one gives.
local function cases(title, list)
    describe(title, function()
        for _, case in ipairs(list) do
            local wanted, params = case[#case], nil
            local statements = {}
            for i = 1, #case - 1 do
                if type(case[i]) == "table" then
                    params = case[i]
                else
                    statements[#statements + 1] = case[i]
                end
            end
            it(table.concat(statements, "; "), function()
                local db = graph()
                local found
                for _, text in ipairs(statements) do
                    found = rows_of(db, text, params)
                end
                db:close()
                assert.equal(wanted, found)
            end)
        end
    end)
end

cases("label expressions", {
    { "MATCH ()-[e:%]->() RETURN count(*)", "2" },
    { "MATCH ()-[e:!%]->() RETURN count(*)", "0" },
    { "MATCH ()-[e:%&!S*1..2]->() RETURN count(*)", "1" },
    { "MATCH ()-[e]->() WHERE e:%&!R RETURN type(e)", "\"S\"" },
    { "CREATE ()", "MATCH (n) WHERE NOT n:% RETURN n.n, n:%", "null,false" },
    { "OPTIONAL MATCH (n:Nothing) RETURN n:%", "null" },
    { "WITH 1 AS n RETURN n:%", "error InvalidArgumentType" },
    { "MATCH (n:A|B) RETURN count(*)", "3" },
    { "MATCH (n:A&B) RETURN n.n", "3" },
    { "MATCH (n:!A) RETURN n.n ORDER BY n.n", "2 ; 4" },
    { "MATCH (n:!(A|B)) RETURN n.n", "4" },
    { "MATCH (n:%) RETURN count(*)", "4" },
    { "MATCH (n:!%) RETURN count(*)", "0" },
    { "CREATE ({n: 5})", "MATCH (n:!%) RETURN n.n", "5" },
    { "MATCH (n:(A&!B)|C) RETURN n.n ORDER BY n.n", "1 ; 4" },
    { "MATCH (n:A|A|A) RETURN count(*)", "2" },
    { "MATCH (n:A|None) RETURN count(*)", "2" },
    { "MATCH (n) WHERE n:A|C RETURN n.n ORDER BY n.n", "1 ; 3 ; 4" },
    { "MATCH (n) RETURN n:A AS a, n:A&B AS b, n:!A AS c ORDER BY n.n",
      "true,false,false ; false,false,true ; true,true,false ; " ..
      "false,false,true" },
    { "MATCH ()-[r:!R]->() RETURN type(r)", '"S"' },
    { "MATCH ()-[r:R|S]-() RETURN count(*)", "4" },
    { "MATCH (a)-[:!S*1..2]->(b) RETURN a.n, b.n", "1,2" },
    { "MATCH (a)-[:R|S*1..2]->(b) RETURN a.n, b.n ORDER BY a.n, b.n",
      "1,2 ; 1,3 ; 2,3" },
    { "MATCH (a:A|B)-->(b:B&A) RETURN a.n", "2" },
    { "OPTIONAL MATCH (n:None|Nowhere) RETURN n", "null" },
    { "MERGE (n:A|B) RETURN n", "error UnexpectedSyntax" },
    { "MATCH (n:A|) RETURN n", "error UnexpectedSyntax" },
})

cases("CALL { }", {
    { "MATCH (a:A) CALL { WITH a MATCH (a)-->(b) RETURN b.n AS m } " ..
      "RETURN a.n, m", "1,2" },
    { "MATCH (a:A) CALL (a) { MATCH (a)-->(b) RETURN b.n AS m } " ..
      "RETURN a.n, m", "1,2" },
    { "MATCH (a:A) CALL (*) { OPTIONAL MATCH (a)-->(b) RETURN b.n AS m } " ..
      "RETURN a.n, m ORDER BY a.n", "1,2 ; 3,null" },
    { "UNWIND [1, 2] AS x CALL () { RETURN 7 AS y } RETURN x, y",
      "1,7 ; 2,7" },
    { "UNWIND [1, 2] AS x CALL (y) { RETURN 1 AS z } RETURN z",
      "error UndefinedVariable" },
    { "UNWIND [1, 2] AS x CALL (x { RETURN 1 AS z } RETURN z",
      "error UnexpectedSyntax" },
    { "CALL { MATCH (a:A) RETURN a.n AS n UNION MATCH (b:B) " ..
      "RETURN b.n AS n } RETURN n ORDER BY n", "1 ; 2 ; 3" },
    { "CALL { MATCH (a:A) RETURN a.n AS n UNION ALL MATCH (b:B) " ..
      "RETURN b.n AS n } RETURN n ORDER BY n", "1 ; 2 ; 3 ; 3" },
    { "UNWIND [1, 2] AS x CALL { WITH x RETURN x * 10 AS y UNION WITH x " ..
      "RETURN x * 100 AS y } RETURN x, y ORDER BY x, y",
      "1,10 ; 1,100 ; 2,20 ; 2,200" },
    { "UNWIND [1, 2] AS x CALL (x) { RETURN x + 1 AS z UNION " ..
      "RETURN x * 5 AS z } RETURN x, z", "1,2 ; 1,5 ; 2,3 ; 2,10" },
    { "UNWIND [1, 2, 3] AS x CALL { WITH x CREATE (:T {x: x}) } " ..
      "RETURN count(*)", "3" },
    { "UNWIND [1, 2, 3] AS x CALL { WITH x CREATE (t:T {x: x}) RETURN t } " ..
      "WITH t MATCH (u:T) RETURN count(*)", "9" },
    { "UNWIND [1, 2, 3] AS x CALL { WITH x MERGE (t:T {x: x % 2}) " ..
      "RETURN t.x AS y } RETURN x, y", "1,1 ; 2,0 ; 3,1" },
    { "UNWIND [1, 2, 3] AS x CREATE (:T {x: x})",
      "MATCH (t:T) CALL { WITH t WITH t WHERE t.x > 1 DETACH DELETE t " ..
      "RETURN count(*) AS c } RETURN sum(c)", "2" },
    { "UNWIND [1, 2, 3] AS x CREATE (:T {x: x})",
      "MATCH (t:T) CALL { WITH t WITH t WHERE t.x > 1 DETACH DELETE t }",
      "MATCH (t:T) RETURN t.x", "1" },
    { "CALL { UNWIND [] AS x RETURN x } RETURN x", "" },
    { "UNWIND [1, 2] AS x CALL { WITH x RETURN collect(x) AS l } " ..
      "RETURN x, l", "1,[1] ; 2,[2]" },
    { "UNWIND [3, 1, 2] AS x CALL { WITH x UNWIND range(1, x) AS y " ..
      "RETURN y ORDER BY y DESC LIMIT 1 } RETURN x, y", "3,3 ; 1,1 ; 2,2" },
    { "UNWIND [1, 2] AS x CALL { WITH x UNWIND [1, 1, x] AS y RETURN " ..
      "DISTINCT y } RETURN x, y", "1,1 ; 2,1 ; 2,2" },
    { "CALL { CALL { RETURN 1 AS a } RETURN a + 1 AS b } RETURN b", "2" },
    { "UNWIND [1, 2] AS x CALL { WITH x CALL { WITH x RETURN x * 2 AS y } " ..
      "RETURN y + x AS z } RETURN x, z", "1,3 ; 2,6" },
    { "UNWIND [1, 2] AS x CALL { WITH x RETURN x AS x } RETURN x",
      "error VariableAlreadyBound" },
    { "UNWIND [1, 2] AS x CALL { RETURN x AS y } RETURN y",
      "error UndefinedVariable" },
    { "CALL { RETURN 1 AS a UNION RETURN 2 AS b } RETURN a",
      "error DifferentColumnsInUnion" },
})

cases("EXISTS, COUNT and COLLECT", {
    { "MATCH (a:A) WHERE EXISTS { (a)-[:R]->(:B) } RETURN a.n", "1" },
    { "MATCH (a:A) WHERE NOT EXISTS { (a)-[:R]->(:B) } RETURN a.n", "3" },
    { "MATCH (a) WHERE EXISTS { MATCH (a)-->(b) WHERE b.n > a.n AND " ..
      "EXISTS { (b)-->() } } RETURN a.n", "1" },
    { "MATCH (a) WHERE EXISTS { MATCH (a)-->(b) RETURN b UNION " ..
      "MATCH (a)<--(b) RETURN b } RETURN a.n ORDER BY a.n", "1 ; 2 ; 3" },
    { "MATCH (a) RETURN a.n, EXISTS { (a)-->() } AS e, COUNT { (a)--() } " ..
      "AS c, COLLECT { MATCH (a)--(b) RETURN b.n ORDER BY b.n } AS l " ..
      "ORDER BY a.n",
      "1,true,1,[2] ; 2,true,2,[1,3] ; 3,false,1,[2] ; 4,false,0,[]" },
    { "MATCH (a) WHERE COUNT { (a)--() } = 2 RETURN a.n", "2" },
    { "RETURN COUNT { UNWIND [1, 2, 2] AS x RETURN DISTINCT x } AS c", "2" },
    -- The bound is no column, though one is the same number.
    { "MATCH (a:A {n: 1}) WITH DISTINCT a.n AS n, 2 AS two WHERE 2 <= " ..
      "COUNT { MATCH (b:A|B) RETURN b SKIP 1 LIMIT 2 } RETURN n, two", "1,2" },
    { "RETURN COLLECT { UNWIND [1, 2, 3] AS x WITH x WHERE x > 1 " ..
      "RETURN x * x } AS c", "[4,9]" },
    { "UNWIND [1, 2, 3] AS y RETURN [x IN [1, 2, 3] WHERE COUNT { " ..
      "UNWIND range(1, y) AS z RETURN z } >= x] AS l",
      "[1] ; [1,2] ; [1,2,3]" },
    { "MATCH (a:A) WITH a ORDER BY COUNT { (a)-->() } DESC RETURN a.n",
      "1 ; 3" },
    { "MATCH (a) WITH COUNT { (a)-->() } AS d, count(*) AS c " ..
      "RETURN d, c ORDER BY d", "0,2 ; 1,2" },
    { "MATCH (a) RETURN sum(COUNT { (a)-->() }) AS s", "2" },
    { "MATCH (a:A {n: 1}) RETURN CASE WHEN EXISTS { (a)-[:R]->() } " ..
      "THEN 'yes' ELSE 'no' END AS x", '"yes"' },
    { "MATCH (a:A) SET a.degree = COUNT { (a)-->() } " ..
      "RETURN a.n, a.degree ORDER BY a.n", "1,1 ; 3,0" },
    { "MATCH (a:A {n: 1}) CREATE (a)-[:R]->(:D) " ..
      "WITH a RETURN COUNT { (a)-[:R]->() } AS c", "2" },
    { "MATCH (a) RETURN a.n, [x IN COLLECT { MATCH (a)-->(b) RETURN b } | " ..
      "x.n] AS l ORDER BY a.n", "1,[2] ; 2,[3] ; 3,[] ; 4,[]" },
    { "MATCH (a) RETURN a.n, size(COLLECT { MATCH (a)--(b) RETURN b }) AS l " ..
      "ORDER BY a.n", "1,1 ; 2,2 ; 3,1 ; 4,0" },
    { "RETURN EXISTS { CREATE (:X) } AS e",
      "error InvalidClauseComposition" },
    { "RETURN COLLECT { MATCH (n) RETURN n.n, n } AS l",
      "error InvalidClauseComposition" },
    { "OPTIONAL MATCH (a:None) RETURN EXISTS { (a)-->() } AS e, " ..
      "COUNT { (a)--() } AS c, COLLECT { MATCH (a)--(b) RETURN b } AS l",
      "false,0,[]" },
})

cases("FOREACH", {
    { "FOREACH (x IN [1, 2, 3] | CREATE (:F {x: x}))",
      "MATCH (f:F) RETURN f.x ORDER BY f.x", "1 ; 2 ; 3" },
    { "MATCH (n) WITH collect(n) AS all FOREACH (n IN all | SET n.y = " ..
      "n.n + 1)", "MATCH (n) RETURN n.y ORDER BY n.y", "2 ; 3 ; 4 ; 5" },
    { "MATCH (n:A) WITH collect(n) AS all FOREACH (n IN all | FOREACH (i IN " ..
      "range(1, n.n) | CREATE (n)-[:G {i: i}]->(:H)))",
      "MATCH (n)-[g:G]->(:H) RETURN n.n, count(g) ORDER BY n.n",
      "1,1 ; 3,3" },
    { "FOREACH (x IN null | CREATE (:F))", "MATCH (f:F) RETURN count(f)",
      "0" },
    { "FOREACH (x IN [1, 1, 2] | MERGE (f:F {x: x}) ON CREATE SET f.c = 1 " ..
      "ON MATCH SET f.c = f.c + 1)",
      "MATCH (f:F) RETURN f.x, f.c ORDER BY f.x", "1,2 ; 2,1" },
    { "MATCH (a:A {n: 1}) FOREACH (_ IN CASE WHEN a.n = 1 THEN [1] ELSE [] " ..
      "END | SET a.seen = true) RETURN a.seen", "true" },
    { "MATCH (a:A) FOREACH (b IN [a] | DETACH DELETE b)",
      "MATCH (n) RETURN n.n ORDER BY n.n", "2 ; 4" },
    { "FOREACH (x IN [1] | MATCH (n) SET n.x = 1)",
      "error UnexpectedSyntax" },
    { "FOREACH (x IN 5 | CREATE (:F))", "error InvalidArgumentType" },
    { "FOREACH (x IN [1] | CREATE (:F {y: y}))", "error UndefinedVariable" },
    { "FOREACH (x IN [1] | CREATE (:F)) RETURN x", "error UndefinedVariable" },
})

cases("shortest paths", {
    { "MATCH p = shortestPath((a:A {n: 1})-[*]->(b {n: 3})) " ..
      "RETURN length(p), [n IN nodes(p) | n.n] AS l", "2,[1,2,3]" },
    { "MATCH (a:A {n: 1}), (b {n: 3}) MATCH p = shortestPath(" ..
      "(a)-[:R|S*..5]-(b)) RETURN length(p)", "2" },
    { "MATCH (a:A {n: 1}), (b {n: 3}) RETURN " ..
      "length(shortestPath((a)-[*..1]->(b))) AS l", "null" },
    { "MATCH (a {n: 1}), (b {n: 4}) OPTIONAL MATCH p = shortestPath(" ..
      "(a)-[*]-(b)) RETURN p", "null" },
    { "MATCH (a {n: 1}), (b {n: 3}) CREATE (a)-[:R]->(:D {n: 9})-[:S]->(b)",
      "MATCH p = allShortestPaths((a {n: 1})-[*]->(b {n: 3})) RETURN " ..
      "[n IN nodes(p) | n.n] AS l ORDER BY l[1]", "[1,2,3] ; [1,9,3]" },
    { "MATCH (a {n: 1}), (b {n: 3}) CREATE (a)-[:S]->(b)",
      "MATCH p = allShortestPaths((a {n: 1})-[*]->(b {n: 3})) " ..
      "RETURN length(p)", "1" },
    { "MATCH (a {n: 1}), (b {n: 3}) CREATE (a)-[:S]->(b)",
      "MATCH p = shortestPath((a {n: 1})-[:R|S* {w: 1}]->(b {n: 2})) " ..
      "RETURN length(p)", "1" },
    { "MATCH p = shortestPath((a:A {n: 1})-[*]->(b)-->(c)) RETURN p",
      "error InvalidRelationshipPattern" },
    -- As a value it is between two nodes, and no path to some node or other.
    { "MATCH (a {n: 1}) RETURN shortestPath((a)-[*]->(:B))",
      "error InvalidArgumentExpression" },
    { "MATCH (a {n: 1}) RETURN size(allShortestPaths((b)-[*]->(a)))",
      "error InvalidArgumentExpression" },
    -- The least number is that of any shortest path, or of none at all.
    { "MATCH p = shortestPath((a {n: 1})-[*2..]->(b {n: 3})) RETURN p",
      "error InvalidRelationshipPattern" },
    { "MATCH (a {n: 1}), (b {n: 3}) " ..
      "RETURN allShortestPaths((a)-[*3]->(b))",
      "error InvalidRelationshipPattern" },
    { "MATCH ()-[e:R]->() MATCH p = shortestPath((a)-[e]->(b)) RETURN p",
      "error VariableAlreadyBound" },
    { "WITH [] AS e MATCH p = shortestPath((a {n: 1})-[e*]->(b {n: 3})) " ..
      "RETURN p", "error VariableAlreadyBound" },
    -- What holds of all of a path is asked before the shortest is chosen.
    { "MATCH (a {n: 1}), (b {n: 3}) CREATE (a)-[:T {w: 5}]->(b)",
      "MATCH p = shortestPath((a {n: 1})-[e*]->(b {n: 3})) " ..
      "WHERE all(r IN relationships(p) WHERE r.w IS NULL OR r.w < 5) " ..
      "RETURN length(p), size(e)", "2,2" },
    { "MATCH (a {n: 1}), (b {n: 3}) CREATE (a)-[:T {w: 5}]->(b)",
      "MATCH p = allShortestPaths((a {n: 1})-[e*]->(b {n: 3})) " ..
      "WHERE none(r IN e WHERE type(r) = $t) AND b.n = 3 RETURN length(p)",
      { t = "T" }, "2" },
    { "MATCH (a {n: 1}), (b {n: 3}) CREATE (a)-[:R]->(:D {n: 9})-[:S]->" ..
      "(:D {n: 8})-[:S]->(b)",
      "MATCH p = shortestPath((a {n: 1})-[*]->(b {n: 3})) " ..
      "WHERE all(x IN nodes(p) WHERE x = a OR x = b OR x:D) " ..
      "RETURN length(p)", "3" },
    { "MATCH p = shortestPath((a {n: 1})-[*0..]->(b {n: 1})) " ..
      "WHERE all(x IN nodes(p) WHERE x.n > 1) RETURN p", "" },
    -- Of what a later clause says, and of anything else, the shortest is asked.
    { "MATCH (a {n: 1}), (b {n: 3}) CREATE (a)-[:T]->(b)",
      "MATCH p = shortestPath((a {n: 1})-[*]->(b {n: 3})) MATCH (a) " ..
      "WHERE none(r IN relationships(p) WHERE type(r) = 'T') RETURN p", "" },
    { "MATCH (a {n: 1}), (b {n: 3}) CREATE (a)-[:T]->(b)",
      "MATCH p = shortestPath((a {n: 1})-[*]->(b {n: 3})) " ..
      "WHERE length(p) > 1 RETURN p", "" },
    -- One relationship is no list, and its WHERE chooses among several.
    { "MATCH p = shortestPath((a)-[e:R]->(b)) RETURN type(e), e.w", "\"R\",1" },
    { "MATCH (a {n: 1}), (b {n: 2}) CREATE (a)-[:R {w: 2}]->(b), " ..
      "(a)-[:R {w: 3}]->(b)",
      "MATCH p = shortestPath((a)-[e:R WHERE e.w = 2 AND a.n = 1]->(b)) " ..
      "RETURN e.w, length(p)", "2,1" },
    { "MATCH (a {n: 1}), (b {n: 2}) CREATE (a)-[:R {w: 2}]->(b)",
      "MATCH p = allShortestPaths((a {n: 1})-[e:R]->(b)) " ..
      "RETURN e.w AS w ORDER BY w", "1 ; 2" },
    { "UNWIND [2, 3, 4] AS n MATCH (a {n: 1}), (b {n: n}) " ..
      "RETURN n, length(shortestPath((a)-[*]-(b))) AS l ORDER BY n",
      "2,1 ; 3,2 ; 4,null" },
})

cases("parameters", {
    { "MATCH (n) RETURN n.n ORDER BY n.n SKIP $s LIMIT $l",
      { s = 1, l = 2 }, "2 ; 3" },
    { "CREATE (n:P $p) RETURN n.x", { p = { x = 5 } }, "5" },
    { "MATCH (n {n: 1}) SET n = $p RETURN n.n, n.y", { p = { y = 6 } },
      "null,6" },
    { "MATCH (n {n: 1}) SET n += $p RETURN n.n, n.y", { p = { y = 6 } },
      "1,6" },
    { "UNWIND $rows AS r RETURN r.a",
      { rows = namidb.list({ { a = 1 }, { a = 2 } }) }, "1 ; 2" },
    { "RETURN $p.a AS a, $p['b'] AS b, $l[0] AS c, $l[1..] AS d",
      { p = { a = 1, b = 2 }, l = namidb.list({ 1, 2, 3 }) }, "1,2,1,[2,3]" },
    { "MATCH (n) WHERE n.n IN $l RETURN count(*)", { l = { 1, 2 } }, "2" },
    { "MATCH (n) WHERE n.n IN $l RETURN count(*)", { l = {} }, "0" },
    { "RETURN $`odd name` AS x, $1 AS y", { ["odd name"] = 1, ["1"] = 2 },
      "1,2" },
    { "MATCH (n) WHERE n[$k] = $v RETURN n.n", { k = "n", v = 3 }, "3" },
    { "MERGE (n:P {y: $y}) RETURN n.y", { y = 6 }, "6" },
    { "FOREACH (x IN $l | CREATE (:F {x: x}))",
      { l = namidb.list({ 1, 2 }) }, "" },
    { "MATCH (n {n: $n})-[r {w: $w}]->() RETURN type(r)", { n = 1, w = 1 },
      '"R"' },
    { "CALL { WITH $x AS y RETURN y } RETURN y", { x = 1 }, "1" },
    { "MATCH (n) RETURN n LIMIT $l", { l = -1 },
      "error NegativeIntegerArgument" },
    { "MATCH (n) RETURN n LIMIT $l", { l = 1.5 },
      "error InvalidArgumentType" },
    { "MATCH (n $p) RETURN n", { p = { n = 1 } },
      "error InvalidParameterUse" },
    { "CREATE (:P {x: $m})", { m = { a = 1 } }, "error InvalidPropertyType" },
    { "CREATE (:P {x: $m})", {}, "error MissingParameter" },
})

cases("procedures", {
    { "CALL db.labels()", '"A" ; "B" ; "C"' },
    { "CALL db.labels", '"A" ; "B" ; "C"' },
    { "CALL db.labels() YIELD *", '"A" ; "B" ; "C"' },
    { "CALL db.labels() YIELD label WHERE label < 'C' RETURN label",
      '"A" ; "B"' },
    { "CALL db.labels() YIELD label AS l WITH l ORDER BY l DESC " ..
      "RETURN collect(l) AS all", '["C","B","A"]' },
    { "CALL db.relationshipTypes()", '"R" ; "S"' },
    { "MATCH (n:C) DELETE n", "CALL db.labels()", '"A" ; "B"' },
    { "MATCH ()-[r:R]->() DELETE r", "CALL db.relationshipTypes()", '"S"' },
    { "CALL db.propertyKeys()", '"n" ; "w"' },
    { "CALL db.schema()", '"label","A",2 ; "label","B",2 ; "label","C",1 ; ' ..
      '"type","R",1 ; "type","S",1 ; "property","n",null ; ' ..
      '"property","w",null' },
    { "MATCH (n:A) CALL db.labels() YIELD label RETURN n.n, count(label) " ..
      "AS c ORDER BY n.n", "1,3 ; 3,3" },
    { "CALL db.labels() YIELD none RETURN 1", "error UndefinedVariable" },
    { "CALL db.none()", "error ProcedureNotFound" },
    { "CALL db.labels(1)", "error InvalidNumberOfArguments" },
})

describe("procedures", function()
    it("see what was flushed and what was not", function()
        local db = assert(namidb.open("memory://subquery-procedures"))
        db:query("CREATE (:A {x: 1})-[:R]->(:B)")
        assert(db:flush())
        db:query("CREATE (:A:C {y: 1})-[:S]->(:B)")
        db:query("MATCH (a {x: 1})-[r]->(b) DELETE r, a, b")
        local function found(text)
            return rows_of(db, text)
        end
        assert.equal('"A",1 ; "B",1 ; "C",1', found("CALL db.schema() " ..
            "YIELD kind, name, count WHERE kind = 'label' " ..
            "RETURN name, count ORDER BY name"))
        assert.equal('"S"', found("CALL db.relationshipTypes()"))
        local snapshot = db:snapshot()
        db:query("MATCH (n) DETACH DELETE n")
        assert.equal("", found("CALL db.labels()"))
        assert.equal(3, #snapshot:query("CALL db.labels()"))
        snapshot:close()
        db:close()
    end)
end)
