-- Rewrites of plans never change results: each statement beside one that says
-- the same in a way that no rewrite knows, over random graphs in memory, in
-- packs and in both.

local namidb = require("namidb")

local help = require("spec.help")

local random = require("spec.support.random").new(os.time())

-- Few nodes and many edges: loops, parallel edges and triangles.
local function fill(db, count, edges)
    assert(db:write(function(tx)
        local ids = {}
        for i = 1, count do
            local value = ({ i % 5, namidb.float(i % 3), "t" .. i % 4,
                             namidb.null, 0 / 0 })[random(5)]
            ids[i] = tx:create_node(({ "A", "B", { "A", "B" } })[random(3)],
                { n = i, x = value, y = random(4) })
        end
        for _ = 1, edges do
            tx:put_edge(({ "R", "S" })[random(2)], ids[random(count)],
                        ids[random(count)], { w = random(3) })
        end
    end))
end

-- { pattern, columns to tell rows apart }: their number, counted and collected.
local PATTERNS = {
    { "(a)", "a" }, { "(a:A)", "a" }, { "(a:A:B)", "a" },
    { "()-[r:R]->()", "r" }, { "()<-[r:R|S|R]-()", "r" }, { "()-[r]->()", "r" },
    { "()-[r:R]-()", "r" }, { "(a:A)-[r:R]->()", "a, r" },
    { "(a)-[r:R]->(b)-[s:R]->(c)", "r, s" },
    { "(a)-[r:R]->(b)<-[s:R]-(c)", "r, s" },
    { "(a)<-[r:R]-(b)-[s:R|S]->(c)", "r, s" },
    { "(a)-[r:R|S]->(b)-[s:R]->(c)", "r, s" },
    { "(a)-[r]->(b)-[s]->(c)", "r, s" }, { "(a)-[r]-(b)-[s]->(c)", "r, s" },
    { "(a)-[r:R]->(b)-[s:R]->(c)-[t:R]->(d)", "r, s, t" },
    { "(a)-[r:R]->(b)<-[s:R]-(c)-[t:R]->(d)", "r, s, t" },
    { "(a)-[r:R]->(a)-[s:R]->(b)", "r, s" },
    { "(a)-[r:R]->(b)-[s:R]->(a)", "r, s" },
    { "(a:A)-[r:R]->(b), (a)-[s:R]->(c)", "r, s" },
    { "(a:A)-[r:R]->(b), (c)-[s:S]->(b)", "r, s" },
    { "(a)-[r:R*1..2]->(b)-[s:R]->(c)", "r, s" },
    { "(a:B {y: 2})-[r:R]->(b)-[s:S]->(c:A)", "r, s" },
}

-- { statement, the same }
local PAIRS = {
    { "MATCH (a:A)-[r:R]->(b) RETURN a.n AS n, count(*) AS c",
      "MATCH (a:A)-[r:R]->(b) WITH a.n AS n, collect(r) AS l " ..
      "RETURN n, size(l) AS c" },
    { "MATCH (a)-[r:R]->(b)-[s:R]->(c) RETURN b.y AS y, count(c) AS c, " ..
      "max(a.n) AS m, count(DISTINCT a) AS d",
      "MATCH (a)-[r:R]->(b)-[s:R]->(c) WITH b.y AS y, collect([a, s]) AS l " ..
      "RETURN y, size(l) AS c, reduce(m = 0, p IN l | CASE WHEN p[0].n > m " ..
      "THEN p[0].n ELSE m END) AS m, size(reduce(d = [], p IN l | CASE " ..
      "WHEN p[0] IN d THEN d ELSE d + [p[0]] END)) AS d" },
    { "MATCH (a) WHERE (a)-[:R]->() AND NOT EXISTS { (a)<-[:S]-() } " ..
      "RETURN a.n AS n",
      "MATCH (a) OPTIONAL MATCH (a)-[r:R]->() WITH a, collect(r) AS r " ..
      "OPTIONAL MATCH (a)<-[s:S]-() WITH a, r, collect(s) AS s " ..
      "WHERE size(r) > 0 AND size(s) = 0 RETURN a.n AS n" },
    { "MATCH (a) RETURN a.n AS n, COUNT { (a)-[:R|S]->() } AS c",
      "MATCH (a) OPTIONAL MATCH (a)-[r:R|S]->() WITH a, collect(r) AS r " ..
      "RETURN a.n AS n, size(r) AS c" },
    { "OPTIONAL MATCH (a:None) RETURN COUNT { (a)-->() } AS c, " ..
      "EXISTS { (a)-->() } AS e", "RETURN 0 AS c, false AS e" },
    { "MATCH (a:A), (b:B) WHERE a.x = b.x RETURN a.n AS a, b.n AS b",
      "MATCH (a:A), (b:B) WITH a, b SKIP 0 WHERE a.x = b.x " ..
      "RETURN a.n AS a, b.n AS b" },
    { "MATCH (a:A), (b:B) WHERE a.x = b.x AND b.y = a.y AND a.n > b.n " ..
      "RETURN a.n AS a, b.n AS b",
      "MATCH (a:A), (b:B) WITH a, b SKIP 0 WHERE a.x = b.x AND b.y = a.y " ..
      "AND " ..
      "a.n > b.n RETURN a.n AS a, b.n AS b" },
    { "MATCH (a)-[r:R]->(b), (c)-[s:R]->(d) WHERE b.x = c.x AND a.y = 1 " ..
      "RETURN r, s",
      "MATCH (a)-[r:R]->(b), (c)-[s:R]->(d) WITH * SKIP 0 WHERE b.x = c.x " ..
      "AND " ..
      "a.y = 1 RETURN r, s" },
    { "MATCH (a)-[r:R]->(b) MATCH (c)-[s:R]->(d) WHERE b.x = c.x AND " ..
      "a.y = 1 RETURN r, s",
      "MATCH (a)-[r:R]->(b) WITH * SKIP 0 WHERE a.y = 1 MATCH " ..
      "(c)-[s:R]->(d) " ..
      "WITH * SKIP 0 WHERE b.x = c.x RETURN r, s" },
    { "UNWIND [1, 2.0, 't1', null] AS x MATCH (a:A) WHERE a.x = x " ..
      "RETURN x, a.n AS a",
      "UNWIND [1, 2.0, 't1', null] AS x MATCH (a:A) WITH a, x SKIP 0 " ..
      "WHERE a.x = x RETURN x, a.n AS a" },
    { "MATCH (a:A) WITH a ORDER BY a.n LIMIT 4 MATCH (b:B), (c) " ..
      "WHERE b.y = a.y AND c.n = a.n + 1 RETURN a.n AS a, b.n AS b, c.n AS c",
      "MATCH (a:A) WITH a ORDER BY a.n LIMIT 4 MATCH (b:B), (c) WITH * " ..
      "SKIP 0 " ..
      "WHERE b.y = a.y AND c.n = a.n + 1 RETURN a.n AS a, b.n AS b, c.n AS c" },
    { "MATCH (a:A)-[r:R]->(b) MATCH (b)-[s:R]->(c:B) RETURN r, s",
      "MATCH (a:A)-[r:R]->(b) WITH * SKIP 0 MATCH (b)-[s:R]->(c:B) RETURN " ..
      "r, s" },
    { "MATCH (a)-[r:R]->(b) MATCH (a)-[r]->(b)-[s]->(c) MATCH (c)<-[r2:S]-" ..
      "(d {y: 1}) RETURN r, s, r2",
      "MATCH (a)-[r:R]->(b) WITH * SKIP 0 MATCH (a)-[r]->(b)-[s]->(c) " ..
      "WITH * SKIP 0 " ..
      "MATCH (c)<-[r2:S]-(d {y: 1}) RETURN r, s, r2" },
    { "MATCH (a)-[r:R*1..2]->(b) MATCH (b)<-[s:R*1..2]-(c:A) WHERE a.y = 1 " ..
      "AND c.y = 2 RETURN r, s",
      "MATCH (a)-[r:R*1..2]->(b) WITH * SKIP 0 WHERE a.y = 1 MATCH " ..
      "(b)<-[s:R*1..2]-(c:A) WITH * SKIP 0 WHERE c.y = 2 RETURN r, s" },
    { "MATCH (a:A) CALL { WITH a MATCH (b:B), (c) WHERE b.y = c.y AND " ..
      "c.n = a.n RETURN count(*) AS k } RETURN a.n AS n, k",
      "MATCH (a:A) OPTIONAL MATCH (b:B), (c) WHERE c.n = a.n " ..
      "WITH a, b, c WITH a, collect(CASE WHEN b.y = c.y THEN 1 END) AS l " ..
      "RETURN a.n AS n, size(l) AS k" },
    { "MATCH (a:A)-[r:R]->(b) WITH a, r, b WHERE b.y = 1 MATCH (b)-[s]->(c) " ..
      "WITH r, s, a WHERE a.y = 2 RETURN r, s",
      "MATCH (a:A)-[r:R]->(b) WITH a, r, b SKIP 0 WHERE b.y = 1 MATCH " ..
      "(b)-[s]->(c) WITH r, s, a SKIP 0 WHERE a.y = 2 RETURN r, s" },
    { "MATCH (a)-[r:R]->(b) WITH a, b, count(r) AS c WHERE a.y = 1 AND c " ..
      "> 1 " ..
      "AND b:B RETURN a.n AS a, b.n AS b, c",
      "MATCH (a)-[r:R]->(b) WITH a, b, count(r) AS c SKIP 0 WHERE a.y = 1 " ..
      "AND c > 1 AND b:B RETURN a.n AS a, b.n AS b, c" },
    { "MATCH (a:A {y: 1}), (b)-[r:R]->(c:B {y: 2}), (d) WHERE d.n < a.n " ..
      "RETURN a, r, d",
      "MATCH (a) WITH a SKIP 0 WHERE a:A AND a.y = 1 MATCH (b)-[r:R]->(c) " ..
      "WITH * SKIP 0 WHERE c.y = 2 AND c:B MATCH (d) WITH * SKIP 0 " ..
      "WHERE d.n < a.n RETURN a, r, d" },
    { "MATCH (a:A), ()<-[e]-(b) WHERE a.y = 1 MATCH (c {y: 2})-->(a)-[:R]-" ..
      "(a), (d:B)-[e]-(c) RETURN a, e, d",
      "MATCH (a:A), ()<-[e]-(b) WITH * SKIP 0 WHERE a.y = 1 MATCH " ..
      "(c {y: 2})-->(a)-[:R]-(a), (d:B)-[e]-(c) WITH * SKIP 0 " ..
      "RETURN a, e, d" },
    { "MATCH (n:A|B) RETURN n", "MATCH (n) WITH n SKIP 0 WHERE n:A OR n:B " ..
      "RETURN n" },
    { "MATCH (n:A|C|B)-[r:R]->(m:B|A) WHERE m.y = 1 RETURN r",
      "MATCH (n)-[r:R]->(m) WITH * SKIP 0 WHERE (n:A OR n:B) AND " ..
      "(m:A OR m:B) AND m.y = 1 RETURN r" },
    { "MATCH (n) WHERE n:A AND n:B OPTIONAL MATCH (m:A|B) WHERE m.y = n.y " ..
      "RETURN n, m",
      "MATCH (n) WITH n SKIP 0 WHERE n:A AND n:B OPTIONAL MATCH (m) WHERE " ..
      "m.y = n.y AND (m:A OR m:B) RETURN n, m" },
    { "MATCH (n:A&!B)<-[r]-(m) RETURN r",
      "MATCH (n)<-[r]-(m) WITH * SKIP 0 WHERE n:A AND NOT n:B RETURN r" },
}

-- Rows as a sorted list of texts.
local function rows_of(db, text)
    local lines = {}
    for i, row in ipairs(assert(db:query(text))) do
        local names = {}
        for name in pairs(row) do names[#names + 1] = name end
        table.sort(names)
        for k, name in ipairs(names) do
            local value = row[name]
            if type(value) == "table" and value.id == nil then
                local parts = {}
                for j, item in ipairs(value) do parts[j] = tostring(item) end
                value = table.concat(parts, ";")
            end
            names[k] = name .. "=" .. tostring(value)
        end
        lines[i] = table.concat(names, " ")
    end
    table.sort(lines)
    return lines
end

local function check(db)
    for _, pattern in ipairs(PATTERNS) do
        local match = "MATCH " .. pattern[1]
        local counted = db:query(match .. " RETURN count(*) AS c")[1].c
        local collected = db:query(match .. " WITH collect([" .. pattern[2] ..
            "]) AS l RETURN size(l) AS c")[1].c
        assert(counted == collected, ("%s: %d, not %d"):format(pattern[1],
            counted, collected))
    end
    for _, pair in ipairs(PAIRS) do
        assert.same(rows_of(db, pair[2]), rows_of(db, pair[1]))
    end
end

describe("a rewritten plan", function()
    for _, where in ipairs({ "memory", "packs", "both" }) do
        it("gives what a plain one gives, rows in " .. where, function()
            local first = random.state
            for round = 1, 3 do
                local db = assert(namidb.open(("memory://rewrite-%s-%d")
                    :format(where, round)))
                fill(db, 14, 30)
                if where ~= "memory" then assert(db:flush()) end
                if where == "both" then
                    db:query("MATCH ()-[r {w: 1}]->() DELETE r")
                    fill(db, 4, 6)
                    db:query("MATCH (a {y: 3}) DETACH DELETE a")
                end
                local ok, err = pcall(check, db)
                db:close()
                assert(ok, ("seed %d: %s"):format(first, tostring(err)))
            end
        end)
    end

    it("tests edges of a walk by what another part found", function()
        local db = assert(namidb.open("memory://rewrite-walk"))
        assert(db:query("CREATE (a:A)-[:R {w: 5}]->(b:A)-[:R {w: 5}]->(:A), " ..
            "(:C {x: 5}), (:C {x: 6})"))
        for _, case in ipairs({
            { 3, "MATCH (c:C) MATCH (:A)-[r:R*1..2 {w: c.x}]->() RETURN r" },
            { 3, "MATCH (:A)-[r:R*1..2 {w: c.x}]->(), (c:C) RETURN r" },
            { 1, "CREATE (c:D {x: 5}) WITH c " ..
                "MATCH (:A)-[r:R*2 {w: c.x}]->() RETURN r" },
        }) do
            assert.equal(case[1], #assert(db:query(case[2])), case[2])
        end
        db:close()
    end)

    it("sees what its own statement changed before", function()
        local db = assert(namidb.open("memory://rewrite-changes"))
        assert.equal(1, #db:query("CREATE (:X {n: 1}) WITH 1 AS one " ..
            "MATCH (b:X) WHERE b.n = one RETURN b"))
        assert.equal(2, db:query("CREATE (:X {n: 2}) WITH 1 AS one " ..
            "MATCH (b:X) RETURN count(b) AS c")[1].c)
        assert.equal(3, db:query("CREATE (:X {n: 3}) WITH 1 AS one " ..
            "CALL { MATCH (b:X) RETURN count(b) AS c } RETURN c")[1].c)
        assert.equal(1, db:query("MATCH (a:X {n: 1}), (b:X {n: 2}) " ..
            "CREATE (a)-[:R]->(b) WITH a RETURN COUNT { (a)-[:R]->() } AS c"
            )[1].c)
        assert.equal(4, db:query("MATCH (a:X {n: 3}) CREATE (:X {n: 3}) " ..
            "WITH a MATCH (b:X), (c:X) WHERE b.n = a.n AND c.n = b.n " ..
            "RETURN count(*) AS c")[1].c)
        db:close()
    end)
end)

describe("a seek by key", function()
    it("finds nodes whose further label it names", function()
        local db = assert(namidb.open("memory://rewrite-keys"))
        local function found(text)
            local numbers = {}
            for row in db:rows("MATCH " .. text .. " WHERE key(n) = 'x' " ..
                "RETURN n.n AS n ORDER BY n") do
                numbers[#numbers + 1] = row.n
            end
            return table.concat(numbers, " ")
        end
        local function check_all()
            assert.equal("1 2", found("(n:Admin)"))
            assert.equal("1", found("(n:Person)"))
            assert.equal("1", found("(n:Admin:Person)"))
            assert.equal("1", found("(n:Person:Admin)"))
            assert.equal("", found("(n:Other)"))
            assert.equal("1", found("(n:Guest)")) -- Admin x is none
        end
        db:write(function(tx)
            local id = tx:put_node("Person", "x", { n = 1 })
            tx:add_label(id, "Admin")
            tx:add_label(id, "Guest")
            tx:put_node("Admin", "x", { n = 2 })
            tx:add_label(tx:put_node("Admin", "z", { n = 4 }), "Guest")
            tx:put_node("Other", "y", { n = 3 })
        end)
        check_all()
        assert(db:flush())
        check_all()
        db:write(function(tx)
            tx:add_label(tx:node("Other", "y").id, "Admin")
            tx:put_node("Other", "x", { n = 4 })
        end)
        assert.equal("4", found("(n:Other)"))
        assert.equal("1 2", found("(n:Admin)"))
        db:close()
    end)
end)

describe("the plan", function()
    local db = assert(namidb.open("memory://rewrite-plans"))
    db:query("UNWIND range(1, 5) AS i CREATE (a:A {x: i}) " ..
        "FOREACH (j IN range(1, 4) | CREATE (a)-[:R]->(:B {x: j}))")
    db:query("UNWIND range(1, 50) AS i CREATE ({x: i})")

    local function plan(text)
        return help.plan(db, text)
    end

    local function is(text, lines)
        assert.equal(table.concat(lines, "\n"), plan(text))
    end

    it("of a count of nodes or edges reads none", function()
        is("MATCH (n:A) RETURN count(n) AS c", { "Project c = #3",
            "Project #3 = counted(nodes:A)", "Argument" })
        is("MATCH ()-[r:R|S]->() RETURN count(*) AS c", { "Project c = #5",
            "Project #5 = counted(edges:R|S)", "Argument" })
        local rows = assert(db:query("PROFILE MATCH (n) RETURN count(*)"))
        assert.equal(1, rows.profile[#rows.profile].rows)
    end)

    it("of a count of last hops asks for degrees", function()
        is("MATCH (a:A)-[r:R]->(b)<-[s:R]-() RETURN count(*) AS c", {
            "Project c = #7", "Aggregate by []: sum(#8)",
            "Project #8 = (degree((b)<-[:R]-()) - 1)", "Expand (a)-[:R]->(b)",
            "NodeScan (a:A)", "Argument" })
        is("MATCH (a:A) WHERE (a)-[:R]->() RETURN a", {
            "Filter (coalesce(degree((a)-[:R]->()), 0) > 0)",
            "NodeScan (a:A)", "Argument" })
    end)

    it("walks a last hop whose nodes or edges are wanted", function()
        for _, text in ipairs({
            "MATCH (a:A)-[r:R]->(b) RETURN count(DISTINCT b) AS c",
            "MATCH (a:A)-[r:R]->(b) RETURN b.y AS y, count(*) AS c",
            "MATCH (a:A)-[r:R]->(b:B {y: 1}) RETURN count(*) AS c",
            "MATCH (a:A)-[r:R]->() WHERE r.w = 1 RETURN count(*) AS c",
            "MATCH (a:A)-[r:R]->() RETURN sum(a.n) AS c",
            "MATCH (a:A)-[r:R]->() RETURN collect(a.n) AS c",
        }) do
            assert(not plan(text):find("degree", 1, true), text)
            assert(plan(text):find("Expand", 1, true), text)
        end
    end)

    it("joins parts that share nothing by a hash", function()
        is("MATCH (a:A), (b:B) WHERE a.x = b.x RETURN a, b", {
            "Join on a.x = b.x", "Project #3 = a.x", "NodeScan (a:A)",
            "Argument", "Project #3 = b.x", "NodeScan (b:B)", "Argument" })
        assert(not plan("MATCH (a:A), (b:B) WHERE a.x > b.x RETURN a, b")
            :find("Join", 1, true))
        assert(not plan("MATCH (a:A), (b:B) WHERE key(b) = a.x RETURN a, b")
            :find("Join", 1, true))
    end)

    it("finds parts that share nothing once, the smaller one first", function()
        is("MATCH (a:A), (b:B)-[r:R]-(c) WHERE c.x > 2 RETURN a, r", {
            "Join", "NodeScan (a:A)", "Argument", "Filter (c.x > 2)",
            "Expand (b)-[r:R]-(c)", "NodeScan (b:B)", "Argument" })
        is("MATCH (a:A), (b:B) WHERE b.x = 2 RETURN a, b", {
            "NodeScan (a:A)", "Filter (b.x = 2)", "NodeScan (b:B)",
            "Argument" })
        is("MATCH (a:A {x: 1}), (b:B {x: 2}) RETURN a, b", {
            "Join", "Filter (a.x = 1)", "NodeScan (a:A)", "Argument",
            "Filter (b.x = 2)", "NodeScan (b:B)", "Argument" })
    end)

    it("starts at any of several labels, or at one of a label expression",
       function()
        is("MATCH (n:A|B) RETURN n", { "Union", "Filter NOT n:A",
            "NodeScan (n:B)", "Argument", "NodeScan (n:A)", "Argument" })
        is("MATCH (n:A&!B) RETURN n", { "Filter NOT n:B", "NodeScan (n:A)",
            "Argument" })
        is("MATCH (n) WHERE n:A RETURN n", { "NodeScan (n:A)", "Argument" })
    end)

    it("sees through WITH, and filters before it groups", function()
        is("MATCH (a:A) WITH a WHERE key(a) = 1 RETURN a", {
            "NodeByKey (a:A) key = 1", "Argument" })
        is("MATCH (a:A) WITH a, count(*) AS c WHERE c > 1 AND a.x = 1 " ..
            "RETURN a", { "Filter (c > 1)", "Project c = #3",
            "Aggregate by [a]: count_rows(*)", "Filter (a.x = 1)",
            "NodeScan (a:A)", "Argument" })
        assert(plan("MATCH (a:A) WITH a, count(*) AS c WHERE rand() < a.x " ..
            "RETURN a"):find("Filter .-Aggregate"))
    end)

    it("asks each edge of a walk on the way", function()
        local walk = { "VarLengthExpand (a)-[e:R*1..]->(b) each (e.w < 2)",
                       "NodeByKey (a:A) key = 1", "Argument" }
        is("MATCH (a:A)-[e:R* WHERE e.w < 2]->(b) WHERE key(a) = 1 RETURN e",
           walk)
        is("MATCH (a:A)-[e:R*]->(b) WHERE key(a) = 1 AND " ..
            "all(x IN e WHERE x.w < 2) RETURN e", walk)
        -- What raises must not be asked of edges that no row has, and what is
        -- known later cannot be.
        for _, condition in ipairs({ "1 / e.w > 0", "e.w < b.x",
                                     "EXISTS { (a)-[:S {w: e.w}]->() }" }) do
            assert(plan("MATCH (a)-[e:R* WHERE " .. condition .. "]->(b) " ..
                "RETURN e"):find("Filter quantifier", 1, true))
        end
    end)

    it("of MATCH after MATCH starts in either", function()
        is("MATCH (a:A) MATCH (a)-[:R]->(b:B) WHERE key(b) = 1 RETURN a", {
            "Filter a:A", "Expand (b)<-[:R]-(a)", "NodeByKey (b:B) key = 1",
            "Argument" })
    end)
end)
