-- CALL { } IN TRANSACTIONS: what is committed when, and what is said of it.

local help = require("spec.help")
local language = require("spec.support.language")
local namidb = require("namidb")

local function open(count)
    local db = help.open()
    help.run(db, "UNWIND range(1, $n) AS i CREATE (:N {i: i})",
             { n = count or 25 })
    return db
end

local function value(db, text, params)
    local rows = help.run(db, text, params)
    return rows[1][rows.columns[1]]
end

-- How many commits a statement makes.
local function commits(db, text, params, options)
    local before = db:stats().commits
    local rows, err = db:query(text, params, options)
    return db:stats().commits - before, rows, err
end

-- Rows as text, a line each.
local function lines(rows)
    local given = {}
    for i, row in ipairs(rows) do
        local cells = {}
        for c, name in ipairs(rows.columns) do
            cells[c] = tostring(row[name])
        end
        given[i] = table.concat(cells, " ")
    end
    return given
end

local DIVIDES = "MATCH (n:N) WITH n ORDER BY n.i " ..
    "CALL (n) { SET n.x = 1 / (n.i - 15) } IN TRANSACTIONS OF 10 ROWS "

describe("a call in transactions", function()
    it("commits each batch of rows by itself", function()
        local db = open()
        local text = "MATCH (n:N) CALL (n) { SET n.x = n.i } IN TRANSACTIONS"
        assert.equal(3, (commits(db, text .. " OF 10 ROWS")))
        assert.equal(25, value(db, "MATCH (n:N) RETURN count(n.x)"))
        assert.equal(1, (commits(db, text)))
        assert.equal(25, (commits(db, text .. " OF $k ROW", { k = 1 })))
        local count, rows = commits(db, "UNWIND range(1, 2500) AS i CALL { " ..
            "WITH i CREATE (:M {i: i}) } IN TRANSACTIONS")
        assert.equal(3, count)
        assert.same({}, rows.columns)
        assert.equal(2500, value(db, "MATCH (m:M) RETURN count(*)"))
        assert.equal(1, (commits(db, "CALL { CREATE (:M) } IN TRANSACTIONS")))
        assert.equal(0, (commits(db, "MATCH (n:None) CALL (n) { SET n.x = 1 " ..
            "} IN TRANSACTIONS")))
        db:close()
    end)

    it("reads its rows as they were, and each batch what is there", function()
        local db = open(5)
        assert.same({ "1", "2", "3", "4", "5" }, lines(help.run(db,
            "MATCH (n:N) WITH n ORDER BY n.i CALL (n) { CREATE (:N {i: 9}) " ..
            "WITH n MATCH (m:N {i: 9}) RETURN count(m) AS c } " ..
            "IN TRANSACTIONS OF 1 ROW RETURN c ORDER BY c")))
        assert.equal(10, value(db, "MATCH (n:N) RETURN count(*)"))
        db:close()
    end)

    it("hands rows on to what stands behind it", function()
        local db = open(5)
        assert.same({ "1 10", "2 20", "2 20", "3 30" }, lines(help.run(db,
            "MATCH (n:N) WHERE n.i < 4 CALL (n) { UNWIND CASE n.i WHEN 2 " ..
            "THEN [1, 1] ELSE [1] END AS x CREATE (m:M {i: n.i * 10}) " ..
            "RETURN m } IN TRANSACTIONS OF 2 ROWS " ..
            "RETURN n.i, m.i ORDER BY n.i")))
        assert.same({ "null 5" }, lines(help.run(db,
            "MATCH (n:N) OPTIONAL CALL (n) { MATCH (n)-->(y) RETURN y } " ..
            "IN TRANSACTIONS OF 2 ROWS " ..
            "RETURN coalesce(y, 'null') AS y, count(*) AS c")))
        assert.equal(5, value(db, "MATCH (n:N) CALL (n) { SET n.x = 1 } " ..
            "IN TRANSACTIONS OF 2 ROWS RETURN count(*)"))
        db:close()
    end)

    it("may be followed by another, and by what changes the graph", function()
        local db = open(0)
        local count, rows = commits(db, "UNWIND range(1, 7) AS i " ..
            "CALL (i) { CREATE (z:Z {i: i}) RETURN z } " ..
            "IN TRANSACTIONS OF 3 ROWS " ..
            "CALL (z) { SET z.w = 1 } IN TRANSACTIONS OF 2 ROWS " ..
            "WITH z CREATE (:Done {i: z.i}) RETURN sum(z.w) AS w")
        assert.same({ 3 + 4 + 1, 7 }, { count, rows[1].w })
        assert.equal(7, value(db, "MATCH (d:Done) RETURN count(d.i)"))
        db:close()
    end)

    it("hands on values, nodes, relationships and paths unchanged", function()
        local db = language.open()
        help.run(db, "CREATE (:A {i: 1})-[:E {w: 2}]->(:A {i: 2})")
        language.check(db, { "MATCH p = (a:A)-[e]->() CALL (p, e) { " ..
            "SET e.w = e.w + length(p) RETURN [n IN nodes(p) | n.i] AS l } " ..
            "IN TRANSACTIONS RETURN e.w, l, type(e), p",
            "3 | [1, 2] | 'E' | <(:A {i: 1})-[:E {w: 3}]->(:A {i: 2})>" })
        language.check(db, { "UNWIND [1.0, 2, '3', [4.0], {a: 5.0}, " ..
            "date('2020-02-29'), null] AS x CALL (x) { WITH x AS y " ..
            "RETURN valueType(y) AS t } IN TRANSACTIONS OF 2 ROWS " ..
            "RETURN t, valueType(x) = t AS same",
            "'FLOAT NOT NULL' | true", "'INTEGER NOT NULL' | true",
            "'STRING NOT NULL' | true",
            "'LIST<FLOAT NOT NULL> NOT NULL' | true",
            "'MAP NOT NULL' | true", "'DATE NOT NULL' | true",
            "'NULL' | true" })
        db:close()
    end)

    it("deletes what an earlier batch has deleted", function()
        local db = open(3)
        help.run(db, "MATCH (a:N), (b:N) CREATE (a)-[:R]->(b)")
        assert.equal(9, value(db, "MATCH (n:N)-->(m) CALL (n) { " ..
            "DETACH DELETE n } IN TRANSACTIONS OF 1 ROW RETURN count(*)"))
        assert.equal(0, value(db, "MATCH (n) RETURN count(n)"))
        db:close()
    end)

    it("reads a file as far as its batch goes", function()
        local db = open(0)
        local text = { "a,b" }
        for i = 1, 2500 do text[#text + 1] = i .. ",x" .. i end
        local path = help.file("rows.csv", table.concat(text, "\n") .. "\n")
        local count = commits(db, "LOAD CSV WITH HEADERS FROM " ..
            "'file:///rows.csv' AS row CALL (row) { " ..
            "CREATE (:R {a: toInteger(row.a), b: row.b}) } IN TRANSACTIONS",
            nil, { csv_folder = path:match("^(.*)/") })
        assert.equal(3, count)
        assert.equal(2500 * 2501 / 2, value(db, "MATCH (r:R) RETURN sum(r.a)"))
        help.remove_folders()
        db:close()
    end)

    it("is run by rows, and told by EXPLAIN", function()
        local db = open(5)
        local text = "MATCH (n:N) CALL (n) { DELETE n } IN TRANSACTIONS OF " ..
            "2 ROWS RETURN count(*) AS c"
        local plan = db:query("EXPLAIN " .. text).plan
        for _, part in ipairs({ "Rows\n", "EachBatch\n", "Behind\n" }) do
            assert.truthy(plan:find(part, 1, true), plan)
        end
        assert.equal(5, value(db, "MATCH (n) RETURN count(n)"))
        for row in db:rows(text) do assert.equal(5, row.c) end
        assert.equal(0, value(db, "MATCH (n) RETURN count(n)"))
        db:close()
    end)

    it("finds another plan when an index comes or goes", function()
        local db = open(0)
        help.run(db, "CREATE INDEX k FOR (m:M) ON (m.k)")
        local made = false
        db:register("turn", function(i)
            made = made or i == 3
            return i
        end)
        help.run(db, "UNWIND range(1, 5) AS i CALL (i) { " ..
            "MERGE (m:M {k: turn(i) % 2}) SET m.n = coalesce(m.n, 0) + 1 } " ..
            "IN TRANSACTIONS OF 1 ROW CALL { MATCH (m:M {k: 1}) " ..
            "RETURN m.n AS n } IN TRANSACTIONS RETURN n")
        assert.is_true(made)
        assert.equal(2, value(db, "MATCH (m:M) RETURN count(*)"))
        db:close()
    end)
end)

describe("an error in a batch", function()
    it("ends the statement, and what was committed stays", function()
        local db = open()
        local count, rows, err = commits(db, DIVIDES)
        assert.is_nil(rows)
        assert.same({ 1, 1 }, { count, err.batches })
        assert.equal("invalid", err.code)
        assert.truthy(err.message:find("column 59", 1, true), err.message)
        assert.equal(10, value(db, "MATCH (n:N) RETURN count(n.x)"))
        assert.is_nil((db:query(DIVIDES .. "ON ERROR FAIL")))
        db:close()
    end)

    it("is passed over ON ERROR CONTINUE", function()
        local db = open()
        assert.same({ "1 true true null 10",
                      "2 true false /: division by zero 10",
                      "3 true true null 5" }, lines(help.run(db, DIVIDES ..
            "ON ERROR CONTINUE REPORT STATUS AS s RETURN s.transactionId, " ..
            "s.started, s.committed, coalesce(s.errorMessage, 'null') AS e, " ..
            "count(*) AS c ORDER BY s.transactionId")))
        assert.equal(15, value(db, "MATCH (n:N) RETURN count(n.x)"))
        db:close()
    end)

    it("is the last one tried ON ERROR BREAK", function()
        local db = open()
        assert.same({ "1 true true 10", "2 true false 10",
                      "null false false 5" }, lines(help.run(db, DIVIDES ..
            "ON ERROR BREAK REPORT STATUS AS s " ..
            "WITH coalesce(s.transactionId, 'null') AS t, s, n " ..
            "RETURN t, s.started, s.committed, count(n) AS c ORDER BY t")))
        assert.equal(10, value(db, "MATCH (n:N) RETURN count(n.x)"))
        assert.equal(1, (commits(db, DIVIDES .. "ON ERROR BREAK")))
        db:close()
    end)

    it("leaves nulls where the call returns something", function()
        local db = language.open()
        help.run(db, "CREATE CONSTRAINT FOR (u:U) REQUIRE u.k IS UNIQUE")
        language.check(db, { "UNWIND [1, 2, 2, 3, 4, 5] AS k CALL (k) { " ..
            "CREATE (u:U {k: k}) RETURN u.k AS made } IN TRANSACTIONS OF 2 " ..
            "ROWS ON ERROR CONTINUE RETURN k, made", "1 | 1", "2 | 2",
            "2 | null", "3 | null", "4 | 4", "5 | 5" })
        assert.equal(4, value(db, "MATCH (u:U) RETURN count(u)"))
        db:close()
    end)

    it("in the rows, or behind the call, is the statement's", function()
        local db = open(4)
        local count, _, err = commits(db, "UNWIND [1, 2, 0, 1] AS k " ..
            "WITH 4 / k AS q CALL (q) { CREATE (:M) } IN TRANSACTIONS OF 1 " ..
            "ROW ON ERROR CONTINUE")
        assert.equal("invalid", err.code)
        assert.truthy(count <= 2)
        assert.equal(count, err.batches)
        count, _, err = commits(db, "UNWIND [1, 0] AS k CALL (k) { " ..
            "CREATE (:M) } IN TRANSACTIONS ON ERROR CONTINUE RETURN 1 / k")
        assert.same({ 1, "invalid", 1 }, { count, err.code, err.batches })
        db:close()
    end)

    it("of the bucket ends the statement whatever is said", function()
        local uri = help.memory_uri()
        local db = assert(namidb.open(uri))
        local other
        db:register("take_over", function(i)
            if i == 3 then other = assert(namidb.open(uri)) end
            return i
        end)
        local rows, err = db:query("UNWIND range(1, 5) AS i CALL (i) { " ..
            "CREATE (:M {i: take_over(i)}) } IN TRANSACTIONS OF 1 ROW " ..
            "ON ERROR CONTINUE RETURN count(*)")
        assert.is_nil(rows)
        assert.equal("fenced", err.code)
        assert.equal(2, err.batches)
        assert.equal(2, value(other, "MATCH (m:M) RETURN count(*)"))
        other:close()
        db:close()
    end)
end)

describe("where a call in transactions may not stand", function()
    local function refused(text, message)
        local db = open(1)
        local count, rows, err = commits(db, text)
        assert.is_nil(rows)
        assert.truthy(err.message:find(message, 1, true), err.message)
        assert.truthy(err.line, err.message)
        assert.equal(0, count)
        db:close()
    end
    local CALL = "CALL { CREATE (:M) } IN TRANSACTIONS "

    it("is told at compile time", function()
        refused("CREATE (n) WITH n " .. CALL, "stands before what changes")
        refused("CALL { " .. CALL .. "}", "stands in no other query")
        refused("RETURN EXISTS { " .. CALL .. "RETURN 1 }",
                "stands in no other query")
        refused(CALL .. "RETURN 1 AS x UNION RETURN 2 AS x", "in no UNION")
        refused(CALL .. "REPORT STATUS AS s RETURN s", "ON ERROR CONTINUE")
        refused("MATCH (n) " .. CALL .. "ON ERROR BREAK REPORT STATUS AS n " ..
            "RETURN n", "bound already")
        refused("MATCH (n) " .. CALL .. "OF n.i ROWS", "n is not defined")
        refused("CALL { CREATE () } IN 3 CONCURRENT TRANSACTIONS",
                "one batch is written at a time")
        refused(CALL .. "ON ERROR PANIC", "CONTINUE, BREAK or FAIL")
        refused("CALL { CREATE () } IN PIECES", "expected TRANSACTIONS")
        refused("PROFILE " .. CALL, "EXPLAIN of several")
        refused(CALL .. "OF 0 ROWS", "1 or more")
        refused(CALL .. "OF 'a' ROWS", "1 or more")
        refused(CALL .. "OF '2' ROWS", "1 or more")
    end)

    it("is told of transactions and snapshots", function()
        local db = open(1)
        local tx = assert(db:begin())
        local rows, err = tx:query(CALL)
        assert.is_nil(rows)
        assert.truthy(err.message:find("not inside a transaction", 1, true))
        tx:abort()
        local snapshot = assert(db:snapshot())
        assert.is_nil((snapshot:query(CALL)))
        snapshot:close()
        assert.equal(0, value(db, "MATCH (m:M) RETURN count(*)"))
        db:close()
    end)
end)
