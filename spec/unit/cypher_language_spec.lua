-- The language, by chapters; the cases of one share a graph.

local language = require("spec.support.language")

-- One chapter: what makes the graph, and cases over it.
local function chapter(name, setup, cases)
    it(name, function()
        local db = language.open(setup)
        for _, case in ipairs(cases) do language.check(db, case) end
        db:close()
    end)
end

describe("openCypher", function()
    chapter("has strings with escapes", nil, {
        { [[RETURN '' AS a, "it's" AS b, 'say "hi"' AS c, '\'' AS d]],
          [['' | 'it\'s' | 'say "hi"' | '\'']] },
        { [[RETURN '\u00e9' = 'é', '\U0001F600' = '😀', size('a\\b\n')]],
          "true | true | 4" },
        { "RETURN size('😀é'), reverse('añ😀'), reverse('')",
          "2 | '😀ña' | ''" },
    })

    chapter("has integers in three bases, and floats", nil, {
        { "RETURN 0x1F, -0x1, 0o17, 0x7FFFFFFFFFFFFFFF", "31 | -1 | 15 | " ..
            "9223372036854775807" },
        { "RETURN -9223372036854775808, .5, 1.5e3, 1e-3, -.1E1",
          "-9223372036854775808 | 0.5 | 1500.0 | 0.001 | -1.0" },
    })

    chapter("divides integers towards zero, floats as IEEE does", nil, {
        { "RETURN 7 / 2, -7 / 2, 7 % 3, -7 % 3, 7 % -3, 7 / 2.0",
          "3 | -3 | 1 | -1 | 1 | 3.5" },
        { "RETURN 1 / 0.0 > 1e308, 0.0 / 0.0 = 0.0 / 0.0, " ..
            "0.0 / 0.0 <> 0.0 / 0.0, null / 0", "true | false | true | null" },
        { "RETURN 2 ^ 3 ^ 2, -2 ^ 2, 4 ^ 0.5, exp(0), exp(null), abs(-1.5)",
          "64.0 | 4.0 | 2.0 | 1.0 | null | 1.5" },
    })

    chapter("converts to integers", nil, {
        { "RETURN toInteger('42'), toInteger('-4.7'), toInteger(82.9), " ..
            "toInteger('x'), toInteger(''), toInteger(null), toInteger(-1.9)",
          "42 | -4 | 82 | null | null | null | -1" },
    })

    chapter("changes the case of letters that become several", nil, {
        { "RETURN toUpper('Straße'), toLower('İ') = 'i\\u0307', " ..
            "upper('ﬁ'), toUpper('ß') = toUpper('ss')",
          "'STRASSE' | true | 'FI' | true" },
    })

    chapter("trims what it is told to", nil, {
        { "RETURN btrim(' a '), btrim('xyaxy', 'yx'), ltrim('xxax', 'x'), " ..
            "rtrim('xaxx', 'x'), trim('xax', 'x'), btrim('a', null)",
          "'a' | 'a' | 'ax' | 'xa' | 'a' | null" },
        { "RETURN trim(BOTH 'x' FROM 'xax'), trim(LEADING FROM ' a '), " ..
            "trim(trailing 'x' FROM 'xax'), trim('x' FROM 'xax'), " ..
            "trim(BOTH FROM ' a ')", "'a' | 'a ' | 'xa' | 'a' | 'a'" },
        { "WITH ' a ' AS both, {s: ' b '} AS leading, 'c ' AS from " ..
            "RETURN trim(both), trim(leading.s), trim(from), " ..
            "trim(both + from), trim(BOTH both FROM from)",
          "'a' | 'b' | 'c' | 'a c' | 'c'" },
    })

    chapter("tells a value's type", "CREATE (:A)-[:R]->(:B)", {
        { "UNWIND [1, 1.5, 'a', true, null, [], [1, null, 'a'], {a: 1}, " ..
            "[[1], ['a']]] AS v RETURN replace(valueType(v), ' | ', ', ')",
          "'INTEGER NOT NULL'", "'FLOAT NOT NULL'", "'STRING NOT NULL'",
          "'BOOLEAN NOT NULL'", "'NULL'", "'LIST<NOTHING> NOT NULL'",
          "'LIST<STRING, INTEGER> NOT NULL'", "'MAP NOT NULL'",
          "'LIST<LIST<STRING NOT NULL, INTEGER NOT NULL> NOT NULL> " ..
          "NOT NULL'" },
        { "MATCH p = (a:A)-[r]->() RETURN valueType(a), valueType(r), " ..
            "valueType(p), elementId(a) = toString(id(a)), " ..
            "elementId(r) = toString(id(r)), elementId(null)",
          "'NODE NOT NULL' | 'RELATIONSHIP NOT NULL' | 'PATH NOT NULL' | " ..
          "true | true | null" },
        { "RETURN ln(e()), ceiling(1.2)", "1.0 | 2.0" },
    })

    chapter("asks each relationship of a walk", "CREATE (:N {i: 0})" ..
        "-[:R {w: 1}]->(:N {i: 1})-[:R {w: 2}]->(:N {i: 2})-[:R {w: 3}]->" ..
        "(:N {i: 3})-[:R {w: 1}]->(:N {i: 4})", {
        { "MATCH (:N {i: 0})-[e:R* WHERE e.w < 3]->(b) RETURN b.i, size(e)",
          "1 | 1", "2 | 2" },
        { "MATCH (:N {i: 0})-[e:R*0.. WHERE e.w < 2 OR e.w = 2]->(b) " ..
            "RETURN b.i, size(e)", "0 | 0", "1 | 1", "2 | 2" },
        { "MATCH (a:N {i: 1})-[e:R* WHERE e.w > a.i]->(b) RETURN b.i", "2",
          "3" },
        { "MATCH (:N {i: 0})-[e:R* WHERE e.w < b.i + 1]->(b) RETURN b.i", "1",
          "2", "3", "4" },
        { "MATCH (:N {i: 4})<-[:R* WHERE false]-(b) RETURN b.i" },
        { "MATCH (:N {i: 0})-[e:R* WHERE e.none = 1]->(b) RETURN b.i" },
        { "MATCH (:N {i: 0})-[e:R*]->(b) WHERE none(x IN e WHERE x.w = 3) " ..
            "RETURN b.i", "1", "2" },
        { "MATCH p = (:N {i: 0})-[e:R*..2]->()-[:R]->(b) WHERE " ..
            "all(x IN relationships(p) WHERE x.w < 3) RETURN b.i", "2" },
        { "MATCH (:N {i: 0})-[e:R*]->(b) RETURN b.i, count(*) AS c, " ..
            "size([(b)-[f:R* WHERE f.w > 1]->(c) | c]) AS l ORDER BY b.i",
          "1 | 1 | 2", "2 | 1 | 1", "3 | 1 | 0", "4 | 1 | 0" },
    })

    chapter("says behind a relationship how often it is walked", "CREATE " ..
        "(:N {i: 0})-[:R {w: 1}]->(:N {i: 1})-[:R {w: 2}]->(:N {i: 2})", {
        { "MATCH (:N {i: 0})-[:R]->+(b) RETURN b.i", "1", "2" },
        { "MATCH (:N {i: 0})-->*(b) RETURN b.i", "0", "1", "2" },
        { "MATCH (:N {i: 2})<-[e:R]-{2}(b) RETURN b.i, size(e)", "0 | 2" },
        { "MATCH (:N {i: 1})-[:R]-{1,2}(b) RETURN b.i", "0", "2" },
        { "MATCH (:N {i: 1})-[:R]-{,1}(b) RETURN b.i", "0", "1", "2" },
        { "MATCH (:N {i: 0})-[e:R WHERE e.w < 2]->{1,}(b) RETURN b.i", "1" },
        { "MATCH (a:N {i: 0}) WHERE (a)-[:R]->{2}(:N) RETURN " ..
            "[(a)-[:R]->+(b) | b.i] = [1, 2]", "true" },
    })

    chapter("sets properties by names that are values",
            "CREATE (:N {i: 1, name: 'k'})-[:R]->(:N {i: 2, name: 'l'})", {
        { "MATCH (n:N) SET n[n.name] = n.i, n['a' + 'b'] = [n.i] " ..
            "RETURN n.i, n.k, n.l, n.ab ORDER BY n.i",
          "1 | 1 | null | [1]", "2 | null | 2 | [2]" },
        { "MATCH (n:N) REMOVE n[n.name] SET n['ab'] = null " ..
            "RETURN properties(n) ORDER BY n.i", "{i: 1, name: 'k'}",
          "{i: 2, name: 'l'}" },
        { "MATCH (a:N {i: 1})-[r:R]->() SET r[head(COLLECT { MATCH (x:N) " ..
            "RETURN x.name ORDER BY x.i })] = 5 RETURN r.k", "5" },
        { "OPTIONAL MATCH (n:None) SET n['a'] = 1 REMOVE n['b'] RETURN n",
          "null" },
        { "MERGE (n:N {i: 3}) ON CREATE SET n['x'] = 1 ON MATCH " ..
            "SET n['y'] = 1 RETURN n.x, n.y", "1 | null" },
    })

    chapter("has OFFSET and UNION DISTINCT", nil, {
        { "UNWIND [3, 1, 2] AS x RETURN x ORDER BY x OFFSET 1 LIMIT 1", "2" },
        { "UNWIND [3, 1, 2] AS offset RETURN offset ORDER BY offset OFFSET 2",
          "3" },
        { "RETURN 1 AS x UNION DISTINCT RETURN 1 AS x", "1" },
    })

    chapter("searches strings, null for what is none", nil, {
        { "RETURN 'abc' ENDS WITH 'c', 'abc' ENDS WITH '', 'abc' ENDS WITH " ..
            "null, 1 CONTAINS 'a', 'abc' CONTAINS '', 'a' STARTS WITH 1",
          "true | true | null | null | true | null" },
    })

    chapter("compares lists and maps item by item", nil, {
        { "RETURN [1, 2] = [1], [1] = 1, [null] = [null], [1, null] = " ..
            "[2, null], [1, null] = [1], [[1], [2, null]] = [[1], [2, 3]], " ..
            "[1, 2] <> [1, null], [1, 2] = [null, 'x']",
          "false | false | null | false | false | null | null | false" },
        { "RETURN {a: 1} = {a: 1.0}, {a: 1} = {b: 1}, {a: null} = {a: null}," ..
            " {a: 1, b: null} = {a: 2, b: null}",
          "true | false | null | false" },
        { "RETURN {a: 1, a: 2, b: 3, a: 4} AS later_wins", "{a: 4, b: 3}" },
        { "RETURN tail([1, 2, 3]), tail([]), tail(null), tail([1])",
          "[2, 3] | [] | null | []" },
    })

    chapter("knows null", nil, {
        { "RETURN null = null, null <> null, NOT null, null AND false, " ..
            "null OR true, null XOR true", "null | null | null | false | " ..
            "true | null" },
        { "RETURN null IN [], 1 IN [2, null], 1 IN [1, null], [1] IN " ..
            "[[1, null]], [null] IN [[null]], 1 IN null",
          "false | null | true | false | null | null" },
        { "RETURN CASE null WHEN null THEN 1 ELSE 2 END, CASE WHEN null " ..
            "THEN 1 END", "2 | null" },
        { "RETURN labels(null), type(null), keys(null), properties(null)",
          "null | null | null | null" },
    })

    chapter("says something of all items of a list", nil, {
        { "RETURN none(x IN [] WHERE true), any(x IN [] WHERE true), " ..
            "all(x IN [] WHERE false), single(x IN [] WHERE true)",
          "true | false | true | false" },
        { "RETURN none(x IN [1, null] WHERE x = 1), none(x IN [null, 2] " ..
            "WHERE x = 1), none(x IN null WHERE true)",
          "false | null | null" },
        { "RETURN single(x IN [1, null] WHERE x = 1), single(x IN [1, 1, " ..
            "null] WHERE x = 1), single(x IN [1, 2] WHERE x = 1)",
          "null | false | true" },
        { "RETURN any(x IN [1, null] WHERE x = 1), any(x IN [null] WHERE x " ..
            "= 1), all(x IN [1, null] WHERE x = 1), all(x IN [2, null] " ..
            "WHERE x = 1)", "true | null | null | false" },
    })

    chapter("orders values of all kinds", nil, {
        { "UNWIND [1, 'a', null, true, [1], {a: 1}, 1.5, false, 0.0 / 0.0] " ..
            "AS x RETURN x ORDER BY x",
          "{a: 1}", "[1]", "'a'", "false", "true", "1", "1.5", "NaN", "null" },
        { "UNWIND [[1, 2], [1], [null], [1, null], [], ['a']] AS x " ..
            "RETURN x ORDER BY x DESC",
          "[null]", "[1, null]", "[1, 2]", "[1]", "['a']", "[]" },
        { "UNWIND [1, 1.0, 9007199254740993, 9007199254740992.0] AS x " ..
            "RETURN x ORDER BY x DESC LIMIT 2",
          "9007199254740993", "9007199254740992.0" },
    })

    local SOME = "CREATE (a:A {n: 1, s: 'x'})-[:T {k: 1}]->" ..
        "(:B {n: 2, s: 'x'})-[:T {k: 2}]->(c:C {n: 3, s: 'y'}), " ..
        "(a)-[:S]->(c), (:D)"

    chapter("walks paths of any length", SOME, {
        { "MATCH (:A)-[*0]->(x) RETURN x.n", "1" },
        { "MATCH (:A)-[*..2]->(x) RETURN x.n", "2", "3", "3" },
        { "MATCH (:A)-[*2..]->(x) RETURN x.n", "3" },
        { "MATCH (:A)-[*3..1]->(x) RETURN x.n" },
        { "MATCH (:A)-[*..0]->(x) RETURN x.n" },
        { "MATCH (:A)-[:T*1..2 {k: 1}]->(x) RETURN x.n", "2" },
        { "MATCH (:A)-[r:T*0..1]->(x) RETURN size(r), x.n", "0 | 1", "1 | 2" },
        { "MATCH (a:A) OPTIONAL MATCH (a)-[:Z*]->(x) RETURN x", "null" },
        { "MATCH ()-[r:T]->() WITH collect(r) AS rs MATCH (a)-[rs*]->(b) " ..
            "RETURN a.n, b.n", "1 | 3" },
        { "MATCH (a)-[*0..1]-(b) RETURN count(*)", "10" },
    })

    chapter("joins on what is equal and what is not", SOME, {
        { "MATCH (a), (b) WITH a, b WHERE a.s = b.s RETURN a.n, b.n",
          "1 | 1", "1 | 2", "2 | 1", "2 | 2", "3 | 3" },
        { "MATCH (a), (b) WHERE a.n < b.n RETURN a.n, b.n",
          "1 | 2", "1 | 3", "2 | 3" },
        { "MATCH (a:A)-->(b)-->(c) WHERE NOT (a)-[:T]->(c) RETURN c.n", "3" },
        { "MATCH (a:A)-->()-->(c) OPTIONAL MATCH (a)-[r:S]->(c) " ..
            "WITH c, r WHERE r IS NULL RETURN c.n" },
    })

    chapter("tells patterns from what is subtracted", nil, {
        { "WITH 5 AS x RETURN (x) - [1][0] AS v", "4" },
        { "WITH 5 AS x, 1 AS r RETURN (x)-[r][0] AS v", "4" },
        { "RETURN ({x: 3}.x) - [2][0] AS v", "1" },
        { "WITH {x: 3} AS m RETURN (m.x) <-[2][0] AS v", "false" },
        { "CREATE (x:P)-[:R]->(y) WITH x, y WHERE (x)-[:R]->(y) AND " ..
            "(x)-[]-() AND NOT (x)<-[:R]-(y) RETURN 1 AS v", "1" },
    })

    chapter("collects what patterns find", SOME, {
        { "MATCH (n) RETURN n.n, size([(n)-->() | 1])",
          "1 | 2", "2 | 1", "3 | 0", "null | 0" },
        { "MATCH (n:A) RETURN [(n)-[r]->(b) WHERE r.k = 1 | [b.n, type(r)]]",
          "[[2, 'T']]" },
        { "MATCH (n:A) RETURN [p = (n)-[:T*1..2]->() | length(p)]", "[1, 2]" },
        { "MATCH (n) WITH n ORDER BY n.n " ..
            "RETURN collect([(n)-[:T]->(m) | m.n])", "[[2], [3], [], []]" },
        { "MATCH (a:A), (b:B) WITH [a, b] AS ns, b.n AS u UNWIND ns AS n " ..
            "RETURN [(n)-->(m) WHERE m.n > u | m.n]", "[3]", "[3]" },
        { "RETURN [(a)-->(b)<--(a) | 1], [(a)-[:T]->()-[:T]->(a) | 1], " ..
            "exists((:A)-->())", "[] | [] | true" },
        { "MATCH (n:A) RETURN n {.n, .zz, n: 5, x: 1}",
          "{n: 5, x: 1, zz: null}" },
    })

    chapter("counts and spreads", nil, {
        { "UNWIND [1, 2, 3, null, 3] AS x RETURN count(*), count(x), " ..
            "count(DISTINCT x), count(null), stDev(DISTINCT x), stDevP(5)",
          "5 | 4 | 3 | 0 | 1.0 | 0.0" },
        { "MATCH (n) RETURN count(*), sum(n.x), avg(n.x), collect(n.x), " ..
            "stDev(n.x), percentileDisc(n.x, 0.5)",
          "0 | 0 | null | [] | 0.0 | null" },
        { "MATCH (n) RETURN n.x, count(*)" },
        { "UNWIND [1, 1.0, 'a', null, null] AS x RETURN DISTINCT x IS NULL, " ..
            "count(*)", "false | 3", "true | 2" },
    })

    chapter("orders by aggregates and keys", SOME, {
        { "MATCH (a) WITH a.s AS s, sum(a.n) AS t ORDER BY sum(a.n) DESC, s " ..
            "RETURN s, t", "'x' | 3", "'y' | 3", "null | 0" },
        { "MATCH (a) WITH a.s + 'z' AS s, count(*) AS c ORDER BY a.s + 'z' " ..
            "RETURN s, c", "'xz' | 2", "'yz' | 1", "null | 1" },
        { "MATCH (a) RETURN a.n % 2 AS k, max(a.n) AS m " ..
            "ORDER BY max(a.n) - min(a.n), k",
          "0 | 2", "1 | 3", "null | null" },
        { "MATCH (a) RETURN DISTINCT a.s ORDER BY a.s SKIP 1 LIMIT 1", "'y'" },
    })

    chapter("sees what patterns bring in behind groups", SOME, {
        { "MATCH (n) WITH DISTINCT n AS m WHERE size([(n)-->(x) | x.n]) > 1 " ..
            "RETURN m.n", "1" },
        { "MATCH (n) WITH n.s AS s, count(*) AS c WHERE EXISTS { MATCH (q) " ..
            "WHERE q.n = c AND q.s = s } RETURN s, c", "'x' | 2" },
        { "MATCH (n) RETURN n AS m, count(*) + COUNT { (n)-->(x) WHERE x.n " ..
            "> n.n + 1 } AS c ORDER BY c DESC LIMIT 1",
          "(:A {n: 1, s: 'x'}) | 2" },
        { "MATCH (n:A) RETURN [x IN [1] | x + n.n] AS l, count(*) AS c " ..
            "ORDER BY [x IN [1] | x + n.n]", "[2] | 1" },
        { "RETURN toString(exists((:A)-->()))", "'true'" },
        { "UNWIND [3, 1, 2] AS x RETURN x ORDER BY x SKIP 1 " ..
            "LIMIT 9223372036854775807", "2", "3" },
    })

    chapter("unites all rows, or different ones", nil, {
        { "UNWIND [2, 1, 2] AS x RETURN x UNION UNWIND [2, 3] AS x RETURN x",
          "1", "2", "3" },
        { "RETURN 1 AS x UNION ALL RETURN 2 AS x UNION ALL RETURN 1 AS x",
          "1", "1", "2" },
        { "RETURN 1 AS a, 2 AS b UNION RETURN 3 AS b, 4 AS a",
          "1 | 2", "4 | 3" },
        { "RETURN null AS x UNION RETURN null AS x", "null" },
    })

    chapter("changes properties, and nothing of null", SOME, {
        { "MATCH (a:A) SET a.s = null RETURN keys(a)", "['n']" },
        { "MATCH (a:A)-[r:T]->() SET r.k = null RETURN keys(r)", "[]" },
        { "OPTIONAL MATCH (a:None) SET a.x = 1, a:L, a += {y: 1} " ..
            "REMOVE a.x, a:L DELETE a RETURN a", "null" },
        { "MATCH (a:A) SET a = {x: 1, y: null}, a.z = a.x + 1 RETURN a",
          "(:A {x: 1, z: 2})" },
        { "MATCH (a:A), (b:B) SET a = b, a += {s: null} RETURN a",
          "(:A {n: 2})" },
    })

    chapter("merges what is there", "CREATE (:A {n: 1}), (:B {n: 2})", {
        { "MATCH (a:A), (b:B) MERGE (a)-[r:T]->(b) ON CREATE SET r.k = 'c' " ..
            "ON MATCH SET r.k = 'm' RETURN r.k", "'c'" },
        { "MATCH (a:A), (b:B) MERGE (a)-[r:T]->(b) ON CREATE SET r.k = 'c' " ..
            "ON MATCH SET r.k = 'm', a.m = true RETURN r.k, a.m",
          "'m' | true" },
        { "MATCH (a:A), (b:B) MERGE (b)-[r:T]-(a) RETURN startNode(r).n",
          "1" },
        { "MATCH (a:A), (b:B) MERGE (b)-[r:T]->(a) RETURN startNode(r).n",
          "2" },
        { "MATCH (a:A), (b:B) MERGE (a)-[r:T]-(b) RETURN count(r)", "2" },
        { "UNWIND [1, 2, 1] AS i MERGE (u:U {i: i}) RETURN " ..
            "count(DISTINCT u)", "2" },
        { "MERGE p = (x:P) RETURN length(p), labels(x)", "0 | ['P']" },
    })
end)
