local namidb = require("namidb")

local count = 0

local function open(options)
    count = count + 1
    return assert(namidb.open("memory://query-" .. count, options))
end

local function one(db, text, params, options)
    return assert(db:query(text, params, options))[1]
end

describe("db:query", function()
    local db

    before_each(function() db = open() end)
    after_each(function() db:close() end)

    it("gives rows by the names of columns, in their order", function()
        local rows = assert(db:query("RETURN 1 AS b, 'x' AS a, null AS c"))
        assert.same({ "b", "a", "c" }, rows.columns)
        assert.same({ b = 1, a = "x" }, rows[1])
        assert.equal(1, #rows)
    end)

    it("takes parameters of every kind, and gives them back", function()
        local given = { list = namidb.list({ 1, namidb.null, "x" }),
                        map = { a = 1, b = { c = true } },
                        date = namidb.date(2024, 2, 29), text = "é",
                        float = namidb.float(2) }
        local row = one(db, "RETURN $list AS list, $map AS map, " ..
            "$date AS date, $text AS text, $float AS float", given)
        assert.equal(1, row.list[1])
        assert.equal(namidb.null, row.list[2])
        assert.same({ a = 1, b = { c = true } }, row.map)
        assert.equal(given.date, row.date)
        assert.equal("é", row.text)
        assert.equal(2.0, row.float)
    end)

    it("never reads a parameter as a part of the statement", function()
        local text = "x'}) MATCH (n) DETACH DELETE n //"
        assert(db:query("CREATE (:P {name: $name})", { name = text }))
        assert.equal(text, one(db, "MATCH (p:P) RETURN p.name AS n").n)
    end)

    it("takes nodes and edges that it gave", function()
        local row = one(db, "CREATE (a:A {x: 1})-[r:R {y: 2}]->(b) " ..
            "RETURN a, r")
        assert.equal(1, row.a.x)
        assert.equal("R", row.r.type)
        local again = one(db, "MATCH (n) WHERE n = $n RETURN n.x AS x",
                          { n = row.a })
        assert.equal(1, again.x)
        assert.equal(2, one(db, "WITH $r AS r RETURN r.y AS y", row).y)
    end)

    it("gives paths as nodes and edges", function()
        db:query("CREATE (:A {n: 1})-[:R]->(:A {n: 2})-[:R]->(:A {n: 3})")
        local path = one(db, "MATCH p = (:A {n: 1})-[*2]->() RETURN p").p
        assert.equal(3, #path.nodes)
        assert.equal(2, #path.edges)
        assert.equal(2, path.nodes[2].n)
    end)

    it("finds a node by the key that it was put under", function()
        assert(db:write(function(tx)
            tx:put_node("Person", "alice", { age = 30 })
            tx:put_node("Person", "bob", { age = 40 })
        end))
        local text = "MATCH (p:Person) WHERE key(p) = $key RETURN p.age AS age"
        assert.equal(40, one(db, text, { key = "bob" }).age)
        local plan = tostring(assert(db:query("EXPLAIN " .. text)))
        assert.truthy(plan:find("NodeByKey (p:Person) key = $key", 1, true))
    end)

    it("sees what was flushed and what was not alike", function()
        db:query("UNWIND range(1, 50) AS i CREATE (:P {n: i})")
        assert(db:flush())
        db:query("UNWIND range(51, 100) AS i CREATE (:P {n: i})")
        db:query("MATCH (p:P) WHERE p.n % 10 = 0 DELETE p")
        local row = one(db, "MATCH (p:P) RETURN count(*) AS n, sum(p.n) AS s")
        assert.same({ n = 90, s = 5050 - 550 }, row)
    end)

    it("sends one PUT for a statement that writes", function()
        local before = db:stats().requests.put
        db:query("UNWIND range(1, 1000) AS i CREATE (:P {n: i})")
        assert.equal(before + 1, db:stats().requests.put)
        db:query("MATCH (p:P) RETURN count(*)")
        assert.equal(before + 1, db:stats().requests.put)
    end)

    it("writes all of a statement or nothing", function()
        local _, err = db:query("UNWIND [1, 2, 0] AS i CREATE ({n: 10 / i})")
        assert.equal("DivisionByZero", err.detail)
        assert.equal(0, one(db, "MATCH (n) RETURN count(*) AS n").n)
    end)

    -- A chunk is 2,048 rows.
    it("reads nothing of what its own later clauses write", function()
        local a = one(db, "CREATE (a:A {x: 0, l: [1]}) RETURN a").a
        for i, reads in ipairs({
            "COUNT { (a)-[:R]->() }", "EXISTS { (a)-[:R]->(:B) }",
            "size([(a)-[:R]->(x) | 1])", "a.x", "a['x']", "labels(a)",
            "a {.x}", "properties(a)", "COUNT { (:B) }",
        }) do
            local rows = assert(db:query("UNWIND range(1, 2100) AS i " ..
                "WITH $a AS a, i WITH a, i, " .. reads .. " AS d " ..
                "CREATE (a)-[:R]->(:B) SET a.x = i + 1, a:Z" .. i ..
                " RETURN DISTINCT d", { a = a }))
            assert(#rows == 1, reads)
            db:query("MATCH (b:B) DETACH DELETE b")
        end
    end)

    it("is part of the transaction that it is called on", function()
        pcall(db.write, db, function(tx)
            assert(tx:query("CREATE (:P)"))
            assert.equal(1, #assert(tx:query("MATCH (p:P) RETURN p")))
            error("no")
        end)
        assert.equal(0, #assert(db:query("MATCH (p:P) RETURN p")))
        assert(db:write(function(tx) assert(tx:query("CREATE (:P)")) end))
        assert.equal(1, #assert(db:query("MATCH (p:P) RETURN p")))
    end)

    it("reads a snapshot as it was", function()
        local snapshot = db:snapshot()
        db:query("CREATE (:P)")
        assert.equal(0, #assert(snapshot:query("MATCH (p:P) RETURN p")))
        local rows, err = snapshot:query("CREATE (:P)")
        assert.is_nil(rows)
        assert.equal("invalid", err.code)
        snapshot:close()
    end)
end)

describe("an error of a query", function()
    local db = open()

    it("says where, with the line and a caret", function()
        local rows, err = db:query("MATCH (n)\nRETURN n.name AS\n")
        assert.is_nil(rows)
        assert.equal("syntax", err.code)
        assert.equal("UnexpectedSyntax", err.detail)
        assert.equal(3, err.line)
        local _, undefined = db:query("MATCH (n) RETURN m.name")
        assert.equal("UndefinedVariable", undefined.detail)
        assert.equal(18, undefined.column)
        assert.truthy(undefined.message:find("\n%s+%^$"))
    end)

    it("names its class and when it arose", function()
        local _, err = db:query("RETURN 1 / 0")
        assert.equal("ArithmeticError", err.class)
        assert.equal("runtime", err.phase)
        _, err = db:query("RETURN $a")
        assert.equal("ParameterMissing", err.class)
        assert.equal("compile", err.phase)
    end)

    it("is raised for misuse, at the caller's line", function()
        local ok, err = pcall(function() db:query(42) end)
        assert.is_false(ok)
        assert.truthy(err:find("query_spec.lua:%d+:"))
        assert.has_error(function() db:query("RETURN 1", {}, { limit = 3 }) end)
        assert.has_error(function()
            db:query("RETURN $f", { f = function() end })
        end)
    end)
end)

describe("a query's limits", function()
    local db = open()
    db:query("UNWIND range(1, 2000) AS i CREATE (:P {n: i})")

    local function code(text, options)
        local rows, err = db:query(text, nil, options)
        assert.is_nil(rows)
        return err.code
    end

    it("bound its time", function()
        assert.equal("timeout", code("MATCH (a:P), (b:P), (c:P) " ..
            "WHERE a.n + b.n + c.n = 0 RETURN count(*)", { timeout = 0.05 }))
    end)

    it("bound its memory", function()
        assert.equal("limit", code("MATCH (a:P), (b:P) RETURN collect(a.n)",
                                   { max_memory = 1000000 }))
        assert.equal("limit", code("RETURN range(1, 1000000000000)"))
    end)

    it("bound its rows", function()
        assert.equal("limit", code("MATCH (a:P) RETURN a", { max_rows = 10 }))
    end)

    it("bound how deep a statement is, and how long", function()
        local deep = ("("):rep(10000) .. "1" .. (")"):rep(10000)
        assert.equal("limit", code("RETURN " .. deep))
        assert.equal("limit", code("RETURN " .. ("1+"):rep(100000) .. "1"))
        assert.equal("limit", code("RETURN '" .. ("x"):rep(10000000) .. "'"))
        assert.equal("limit", code("RETURN reduce(a = [], x IN range(1, " ..
            "100000) | [a])"))
    end)

    it("let long lists of terms through", function()
        local terms = ("n.n = 1 OR "):rep(20000) .. "n.n = 2"
        local row = one(db, "MATCH (n:P) WHERE " .. terms ..
            " RETURN count(*) AS c", nil, { timeout = 60 })
        assert.equal(2, row.c)
    end)
end)

describe("db:rows", function()
    local db = open()
    db:query("UNWIND range(1, 5000) AS i CREATE (:P {n: i})")

    it("streams", function()
        local sum = 0
        for row in db:rows("MATCH (p:P) RETURN p.n AS n") do
            sum = sum + row.n
        end
        assert.equal(5000 * 5001 / 2, sum)
    end)

    -- A chunk is 2,048 rows: many of them in the memory of a few.
    it("keeps a bounded number of chunks in memory", function()
        local options = { max_memory = 768 * 1024 }
        local text = "UNWIND range(1, 300) AS a UNWIND range(1, 100) AS i " ..
            "WITH i WHERE i % 2 = 0 RETURN i, [i, i] AS l, toString(i) AS t"
        local seen = 0
        for row in db:rows(text, nil, options) do
            seen = seen + row.i / row.i
        end
        assert.equal(15000, seen)
        seen = 0
        for row in db:rows("MATCH (a:P), (b:P) WHERE b.n < 3 RETURN a, b.n",
                           nil, options) do
            seen = seen + (row.a and 1)
        end
        assert.equal(2 * 5000, seen)
        local ok, err = pcall(function()
            for _ in db:rows(text .. " ORDER BY t", nil, options) do end
        end)
        assert.is_false(ok)
        assert.equal("limit", err.code)
    end)

    it("may be left early, and raises what goes wrong", function()
        for row in db:rows("MATCH (p:P) RETURN p.n AS n") do
            if row.n then break end
        end
        assert.has_error(function()
            for _ in db:rows("MATCH (p:P) RETURN 1 / (p.n - 7)") do end
        end)
    end)

    it("does not outlive its handle", function()
        local other = open()
        other:query("UNWIND range(1, 10) AS i CREATE (:P {n: i})")
        local step, rows = other:rows("MATCH (p:P) RETURN p")
        assert(step(rows))
        other:close()
        assert.has_error(function() step(rows) end)
    end)
end)

describe("db:register", function()
    it("adds functions", function()
        local db = open()
        db:register("shout", function(text) return text:upper() .. "!" end)
        assert.equal("HI!", one(db, "RETURN shout('hi') AS s").s)
        assert.equal("HI!", one(db:snapshot(), "RETURN shout('hi') AS s").s)
    end)

    it("adds procedures", function()
        local db = open()
        db:register("test.numbers", {
            arguments = { { name = "to", type = "INTEGER" } },
            yields = { { name = "n", type = "INTEGER" } },
            call = function(to)
                local rows = {}
                for i = 1, to do rows[i] = { i } end
                return rows
            end,
        })
        assert.equal(10, one(db, "CALL test.numbers(4) YIELD n " ..
            "RETURN sum(n) AS s").s)
    end)

    it("makes their errors the query's", function()
        local db = open()
        db:register("bad", function() error("out of cheese") end)
        local rows, err = db:query("RETURN bad() AS x")
        assert.is_nil(rows)
        assert.truthy(err.message:find("out of cheese", 1, true))
        db:register("worse", function() return print end)
        assert.is_nil((db:query("RETURN worse() AS x")))
    end)

    it("lets a function use the database that calls it", function()
        local db = open()
        db:query("CREATE (:P {n: 1})")
        db:register("total", function()
            return assert(db:query("MATCH (p:P) RETURN sum(p.n) AS s"))[1].s
        end)
        assert.equal(1, one(db, "RETURN total() AS t").t)
    end)
end)

describe("what a database says of itself", function()
    it("are labels, types and properties in use", function()
        local db = open()
        db:query("CREATE (:A {x: 1})-[:R]->(:B {y: 2}), (:Gone)")
        db:query("MATCH (n:Gone) DELETE n")
        local function all(text)
            local found = {}
            for row in db:rows(text) do found[#found + 1] = row.name end
            table.sort(found)
            return table.concat(found, " ")
        end
        assert.equal("A B", all("CALL db.labels() YIELD label AS name " ..
            "RETURN name"))
        assert.equal("R", all("CALL db.relationshipTypes() " ..
            "YIELD relationshipType AS name RETURN name"))
        assert.equal("x y", all("CALL db.propertyKeys() " ..
            "YIELD propertyKey AS name RETURN name"))
    end)
end)

describe("what is beyond the conformance kit", function()
    local db = open()
    db:query("CREATE (a:A {n: 1, m: 2})-[:R]->(:B {n: 2})" ..
        "-[:R]->(c:C {n: 3}), (a)-[:R]->(:D)-[:R]->(c)")

    it("finds shortest paths as values and as patterns", function()
        local row = one(db, "MATCH (a:A), (c:C) RETURN " ..
            "length(shortestPath((a)-[*]->(c))) AS one, " ..
            "size(allShortestPaths((a)-[:R*]-(c))) AS all, " ..
            "shortestPath((c)-[*]->(a)) AS none")
        assert.same({ one = 2, all = 2 }, row)
        assert.equal(2, #db:query("MATCH p = allShortestPaths(" ..
            "(a:A)-[:R*]->(c:C)) RETURN p"))
    end)

    it("projects maps, later items over earlier ones", function()
        assert.same({ m = { n = 9, m = 2, x = 1 } },
            one(db, "MATCH (a:A) RETURN a {x: 1, .*, n: 9} AS m"))
        assert.same({ m = { n = 1 } },
            one(db, "MATCH (a:A) RETURN a {.n} AS m"))
    end)

    it("counts and collects in sub-queries", function()
        local row = one(db, "MATCH (a:A) RETURN COUNT { (a)-->() } AS n, " ..
            "size(COLLECT { MATCH (a)-->(x) RETURN x.n }) AS c")
        assert.same({ n = 2, c = 2 }, row)
    end)
end)

describe("PROFILE", function()
    local uri = "file://" .. os.tmpname() .. ".d?ns=profile"
    local db, rows
    local before, after

    setup(function()
        local writer = assert(namidb.open(uri))
        writer:query("UNWIND range(1, 3000) AS i " ..
            "CREATE (:A {n: i})-[:R]->(:B {n: i, text: 'text ' + i})")
        assert(writer:flush())
        writer:close()
        db = assert(namidb.open(uri, { read_only = true }))
        before = db:stats().requests
        rows = assert(db:query("PROFILE MATCH (a:A)-[:R]->(b) " ..
            "WHERE EXISTS { (b)<--(c) WHERE c.n < 11 } RETURN b, " ..
            "COUNT { (a)-->(:B) } AS c ORDER BY b.n LIMIT 5"))
        after = db:stats().requests
    end)

    teardown(function()
        db:close()
        os.execute("rm -r " .. uri:match("^file://([^?]+)"))
    end)

    it("gives the rows, too", function()
        assert.equal(5, #rows)
        assert.equal(1, rows[1].b.n)
    end)

    local function steps(operator)
        local found = {}
        for _, step in ipairs(rows.profile) do
            if step.operator == operator then found[#found + 1] = step end
        end
        return found
    end

    it("counts the rows of each operator, also inside expressions", function()
        assert.equal(5, steps("Sort")[1].rows)
        assert.equal(10, steps("Project")[1].rows)
        assert.equal(3000, steps("NodeScan")[1].rows)
        assert.equal(10, steps("Expand")[1].rows)    -- COUNT { }
        assert.equal(3000, steps("Expand")[2].rows)  -- EXISTS { }
        assert.equal(3000, steps("Expand")[3].rows)
    end)

    it("counts every request where it was sent, and its bytes", function()
        local requests, bytes = 0, 0
        for _, step in ipairs(rows.profile) do
            requests, bytes = requests + step.requests, bytes + step.bytes
        end
        assert.equal(after.get - before.get, requests)
        assert.equal(after.bytes_read - before.bytes_read, bytes)
        assert(requests > 0)
        assert.equal(requests, rows.profile[1].total_requests)
        assert.equal(bytes, rows.profile[1].total_bytes)
        local warm = assert(db:query("PROFILE MATCH (a:A) RETURN count(a)"))
        assert.equal(0, warm.profile[1].total_requests)
    end)

    it("is a tree as text, a line for each step", function()
        local _, lines = rows.plan:gsub("[^\n]+", "")
        assert.equal(#rows.profile, lines)
        assert.equal(rows.plan, tostring(rows))
        assert.truthy(rows.plan:find("%[5 rows, [%d.]+ ms"))
        assert.truthy(rows.plan:find("%d requests, %d+ bytes%]"))
        for _, step in ipairs(rows.profile) do
            assert(step.total_seconds >= step.seconds and step.seconds >= 0)
        end
    end)
end)

describe("a result", function()
    local db = open()
    db:query("CREATE (:A {n: 1, l: ['x', 'y'], d: date('2024-02-29')})" ..
        "-[:R {w: 1.5}]->(:B)<-[:S]-(:C:D)")

    it("is CSV, and readable", function()
        local rows = assert(db:query(
            "UNWIND [[1, 'a,b'], [2, null]] AS r RETURN r[0] AS n, r[1] AS t"))
        assert.equal('n,t\r\n1,"a,b"\r\n2,\r\n', rows:to_csv())
        assert.equal("n | t\n1 | a,b\n2 | null", tostring(rows))
    end)

    it("has CSV with JSON for what has parts", function()
        local rows = assert(db:query("RETURN [1, null, 'a'] AS l, {a: 1} AS " ..
            "m, [] AS e, date('2024-02-29') AS d, 'x\"y\n' AS t, true AS b"))
        assert.equal('l,m,e,d,t,b\r\n"[1,null,""a""]","{""a"":1}",[],' ..
            '2024-02-29,"x""y\n",true\r\n', rows:to_csv())
        assert.truthy(tostring(rows):find('{"a":1}', 1, true))
        assert.truthy(tostring(rows):find("[1, null, a]", 1, true))
    end)

    it("is JSON in the order of its columns, nulls in place", function()
        local rows = assert(db:query("MATCH (a:A)-[r:R]->(b) RETURN " ..
            "r.w AS z, null AS y, a, r, b.none AS x"))
        local a, r = rows[1].a.id, rows[1].r
        assert.equal(('[{"z":1.5,"y":null,"a":{"id":%.0f,"labels":["A"],' ..
            '"props":{"d":"2024-02-29","l":["x","y"],"n":1}},"r":{"id":%.0f,' ..
            '"type":"R","from":%.0f,"to":%.0f,"props":{"w":1.5}},"x":null}]')
            :format(a, r.id, a, r.to), namidb.json.encode(rows))
        assert.equal("[]", namidb.json.encode(
            assert(db:query("MATCH (n:None) RETURN n"))))
        local empty = assert(db:query("MATCH p = (b:B) RETURN p"))[1].p
        assert.equal(('{"nodes":[{"id":%.0f,"labels":["B"],"props":{}}],' ..
            '"edges":[]}'):format(empty:first().id), namidb.json.encode(empty))
    end)

    it("has paths that can be walked, compared and shown", function()
        local rows = assert(db:query(
            "MATCH p = (:A)-->(:B)<--(:C) RETURN p, p AS q"))
        local path = rows[1].p
        assert.equal(2, path:length())
        assert.equal(1, path:first().n)
        assert.same({ "C", "D" }, path:last().labels)
        local seen = {}
        for edge, node in path:steps() do
            seen[#seen + 1] = edge.type .. node.labels[1]
        end
        assert.equal("RB SC", table.concat(seen, " "))
        assert.equal(path, rows[1].q)
        assert.not_equal(path, db:query("MATCH p = (:A)-->(:B) RETURN p")[1].p)
        local text = tostring(path):gsub("%d+", "#")
        assert.equal("(#:A {d = #-#-#, l = [x, y], n = #})-[#:R {w = #.#}]->" ..
            "(#:B)<-[#:S]-(#:C:D)", text)
        local again = one(db, "RETURN length($p) AS n, $p AS p, " ..
            "[n IN nodes($p) | n.n] AS l", { p = path })
        assert.equal(2, again.n)
        assert.equal(path, again.p)
        assert.equal(1, again.l[1])
        for _, spoil in ipairs({
            function(p) p.nodes[2] = p.nodes[1] end,
            function(p) p.edges[3] = p.edges[1] end,
            function(p) p.edges[1] = p.nodes[1] end,
            function(p) p.nodes = nil end,
        }) do
            local broken = db:query(
                "MATCH p = (:A)-->(:B)<--(:C) RETURN p")[1].p
            spoil(broken)
            assert.has_error(function()
                db:query("RETURN $p", { p = broken })
            end)
        end
    end)

    it("keeps the order of its columns", function()
        local names = {}
        for i = 20, 1, -1 do names[#names + 1] = "c" .. i end
        local items = {}
        for i, name in ipairs(names) do items[i] = i .. " AS " .. name end
        local rows = assert(db:query("RETURN " .. table.concat(items, ", ")))
        assert.same(names, rows.columns)
    end)
end)
