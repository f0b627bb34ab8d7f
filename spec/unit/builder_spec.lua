-- The builder: queries as values, with the plans of Cypher.

local namidb = require("namidb")

local param, other = namidb.param, namidb.field

local db = assert(namidb.open("memory://builder"))
assert(db:write(function(tx)
    local ids = {}
    for i, name in ipairs({ "alice", "bob", "carol", "dave" }) do
        ids[i] = tx:put_node("Person", name,
            { name = name, age = i * 10, city = i % 2 == 0 and "B" or "A" })
    end
    local post = tx:create_node({ "Post", "Hot" }, { ["odd name"] = 1 })
    tx:put_edge("KNOWS", ids[1], ids[2], { since = 2020 })
    tx:put_edge("KNOWS", ids[2], ids[3], { since = 2021 })
    tx:put_edge("KNOWS", ids[3], ids[1], { since = 2022 })
    tx:put_edge("LIKES", ids[2], post, {})
end))

-- { what the builder says, the same in Cypher }
local PAIRS = {
    { function() return db:match("Person") end,
      "MATCH (n1:Person) RETURN n1 AS node" },
    { function() return db:match() end, "MATCH (n1) RETURN n1 AS node" },
    { function() return db:match({ "Post", "Hot" }):as("p") end,
      "MATCH (p:Post:Hot) RETURN p" },
    { function() return db:match("Person", "alice"):select("age") end,
      "MATCH (n1:Person) WHERE key(n1) = $_1 RETURN n1.age AS age" },
    { function() return db:match(8192):select("name") end,
      "MATCH (n1) WHERE id(n1) = $_1 RETURN n1.name AS name" },
    { function()
        return db:match("Person"):where("age", ">=", 18):out("KNOWS"):as("f")
            :select("f.name"):order_by("f.name"):limit(10)
    end, "MATCH (n1:Person)-[:KNOWS]->(f) WHERE n1.age >= $_1 " ..
        "RETURN f.name AS `f.name` ORDER BY `f.name` LIMIT $_2" },
    { function()
        return db:match("Person", "alice"):as("a")
            :out("KNOWS", { min = 1, max = 3, as = "way" }):as("b")
            :where("b.age", ">", other("a.age")):distinct()
            :select("b.name as name")
    end, "MATCH (a:Person)-[way:KNOWS*1..3]->(b) WHERE key(a) = $_1 AND " ..
        "b.age > a.age RETURN DISTINCT b.name AS name" },
    { function()
        return db:match("Person"):as("a"):into({ "KNOWS", "LIKES" })
            :both("KNOWS", { to = "a", as = "r", props = { since = 1 } })
            :select("count(*) as n")
    end, "MATCH (a:Person)<-[:KNOWS|LIKES]-(n3)-[r:KNOWS {since: $_1}]-(a) " ..
        "RETURN count(*) AS n" },
    { function()
        return db:match("Person"):as("a"):out("KNOWS"):as("b")
            :at("a"):out("LIKES"):label("Post"):as("p")
            :match("Person", "bob"):as("c"):select("a", "b", "p", "c")
    end, "MATCH (a:Person)-[:KNOWS]->(b), (a)-[:LIKES]->(p:Post), " ..
        "(c:Person) WHERE key(c) = $_1 RETURN a, b, p, c" },
    { function()
        return db:match("Person"):as("a"):exists(function(q)
            return q:out("LIKES"):as("x"):label("Post"):where("age", "<", 3)
        end):absent(function(q) return q:into("KNOWS") end):select("name")
    end, "MATCH (a:Person) WHERE EXISTS { MATCH (a)-[:LIKES]->(x:Post) " ..
        "WHERE x.age < $_1 } AND NOT EXISTS { MATCH (a)<-[:KNOWS]-(n5) } " ..
        "RETURN a.name AS name" },
    { function()
        return db:match("Person"):as("a"):optional(function(q)
            return q:out("LIKES"):as("p")
        end):where("p", "is null"):select("a.name", "key(a) as key")
    end, "MATCH (a:Person) OPTIONAL MATCH (a)-[:LIKES]->(p) WITH * " ..
        "WHERE p IS NULL RETURN a.name AS `a.name`, key(a) AS key" },
    { function()
        return db:match("Person"):optional(function(q)
            return q:out("LIKES"):as("p")
        end):label("Old"):out("KNOWS"):select("name")
    end, "MATCH (n1:Person) OPTIONAL MATCH (n1)-[:LIKES]->(p) WITH * " ..
        "WHERE n1:Old MATCH (n1)-[:KNOWS]->(n5) RETURN n5.name AS name" },
    { function()
        return db:match("Person"):group("city")
            :select("count(*) as n", "avg(age) as age",
                    "collect(distinct name) as names")
            :having("n", ">", 1):order_by("n desc", "city"):skip(1):limit(2)
    end, "MATCH (n1:Person) WITH n1.city AS city, count(*) AS n, " ..
        "avg(n1.age) AS age, collect(DISTINCT n1.name) AS names " ..
        "WHERE n > $_1 RETURN city, n, age, names ORDER BY n DESC, city " ..
        "SKIP $_2 LIMIT $_3" },
    { function()
        return db:match("Person"):where({ age = 10, city = "A" })
            :where_any({ "name", "starts with", "a" }, { "name", "in", { 1 } })
            :where_not("name", "=~", ".*b"):where("city", "is not null")
    end, "MATCH (n1:Person) WHERE n1.age = $_1 AND n1.city = $_2 AND " ..
        "(n1.name STARTS WITH $_3 OR n1.name IN $_4) AND " ..
        "NOT (n1.name =~ $_5) AND n1.city IS NOT NULL RETURN n1 AS node" },
    { function()
        return db:match("Person"):select("name"):union(
            db:match("Post"):select("odd name as name"))
    end, "MATCH (n1:Person) RETURN n1.name AS name UNION " ..
        "MATCH (n1:Post) RETURN n1.`odd name` AS name" },
    { function()
        local p = db:match("Person"):select("name"):limit(1)
        return p:union_all(p):union_all(p):order_by("name desc"):skip(1)
    end, "CALL { MATCH (n1:Person) RETURN n1.name AS name LIMIT $_1 UNION " ..
        "ALL MATCH (n1:Person) RETURN n1.name AS name LIMIT $_2 UNION ALL " ..
        "MATCH (n1:Person) RETURN n1.name AS name LIMIT $_3 } " ..
        "RETURN name ORDER BY name DESC SKIP $_4" },
    { function()
        local names = { "all", "any", "count", "exists", "collect", "null",
                        "single", "none", "reduce", "case", "not" }
        local query = db:match("Person")
        for _, name in ipairs(names) do
            query = query:optional(function(q)
                return q:out("NO"):as(name):where(name .. ".x", "=", 1)
            end)
        end
        return query:select("all.x as a", "not.y as b")
    end, "MATCH (n1:Person) OPTIONAL MATCH (n1)-[:NO]->(all) WHERE " ..
        "all.x = $_1 OPTIONAL MATCH (n1)-[:NO]->(any) WHERE any.x = $_2 " ..
        "OPTIONAL MATCH (n1)-[:NO]->(count) WHERE count.x = $_3 " ..
        "OPTIONAL MATCH (n1)-[:NO]->(exists) WHERE exists.x = $_4 " ..
        "OPTIONAL MATCH (n1)-[:NO]->(collect) WHERE collect.x = $_5 " ..
        "OPTIONAL MATCH (n1)-[:NO]->(`null`) WHERE `null`.x = $_6 " ..
        "OPTIONAL MATCH (n1)-[:NO]->(single) WHERE single.x = $_7 " ..
        "OPTIONAL MATCH (n1)-[:NO]->(none) WHERE none.x = $_8 " ..
        "OPTIONAL MATCH (n1)-[:NO]->(reduce) WHERE reduce.x = $_9 " ..
        "OPTIONAL MATCH (n1)-[:NO]->(`case`) WHERE `case`.x = $_10 " ..
        "OPTIONAL MATCH (n1)-[:NO]->(`not`) WHERE `not`.x = $_11 " ..
        "RETURN all.x AS a, `not`.y AS b" },
    { function()
        return db:match("A`b"):as("match"):out("x y"):where("a\0b", "=", 1)
            :select("match.order", "toUpper(match.x) as up")
    end, "MATCH (`match`:`A``b`)-[:`x y`]->(n3) WHERE n3.`a\0b` = $_1 " ..
        "RETURN `match`.order AS `match.order`, toUpper(`match`.x) AS up" },
}

describe("the builder", function()
    for _, pair in ipairs(PAIRS) do
        it("plans as Cypher does: " .. pair[2]:gsub("%z", "\\0"), function()
            local query = pair[1]()
            local text, params = query:to_cypher()
            local plan = assert(query:explain())
            assert.equal(tostring(assert(db:query("EXPLAIN " .. pair[2]))),
                         plan)
            assert.same(assert(db:query(pair[2], params)),
                        assert(db:query(text, params)))
            assert.same(assert(db:query(pair[2], params)),
                        assert(query:all()))
        end)
    end

    it("never splices a value into the text", function()
        local evil = "x' RETURN 1 //`) DETACH DELETE n"
        local query = db:match("Person"):where("name", "=", evil)
            :out("KNOWS", { props = { a = evil } }):limit(77)
        local text, params = query:to_cypher()
        assert.is_nil(text:find("DELETE", 1, true))
        assert.is_nil(text:find("77", 1, true))
        assert.same({ _1 = evil, _2 = evil, _3 = 77 },
            { _1 = params._1, _2 = params._2, _3 = params._3 })
        assert.equal(0, #assert(query:all()))
        -- Names are quoted, whatever they are.
        local odd = "x`) DETACH DELETE n //"
        assert.equal(0, db:match(odd):out(odd):where({ [odd] = 1 }):count())
        assert.equal(4, db:match("Person"):count())
    end)
end)

describe("a query of the builder", function()
    it("is a value: prefixes are shared", function()
        local people = db:match("Person")
        local old = people:where("age", ">", 20)
        local friends = people:out("KNOWS"):as("f")
        assert.equal(4, people:count())
        assert.equal(2, old:count())
        assert.equal(3, friends:count())
        assert.equal(1, old:where("city", "=", "B"):count())
        assert.equal(2, old:count())
        local renamed = people:as("p")
        assert(people:as("q"):one().q and renamed:one().p)
    end)

    it("gives rows, all of them, the first, their number", function()
        local query = db:match("Person"):select("name"):order_by("name desc")
        local names = {}
        for row in query:rows() do names[#names + 1] = row.name end
        assert.equal("dave carol bob alice", table.concat(names, " "))
        assert.same({ "name" }, query:all().columns)
        assert.equal("dave", query:one().name)
        assert.equal(4, query:count())
        assert.equal(3, query:skip(1):count())
        assert.equal(2, db:match("Person"):select("city"):distinct():count())
        assert.equal(2, db:match("Person"):group("city"):count())
        assert.equal(1, db:match("Person"):select("count(*) as n"):count())
        assert.is_nil((db:match("Nothing"):one()))
        assert.equal("carol", query:skip(1):limit(2):one().name)
    end)

    it("takes values when it runs", function()
        local query = db:match("Person"):where("age", ">=", param("min"))
            :where("city", "=", "B"):limit(param("most"))
        assert.equal(2, query:count({ min = 10, most = 5 }))
        assert.equal(1, query:count({ min = 30, most = 5 }))
        assert.equal(1, #query:all({ min = 10, most = 1 }))
        local rows, err = query:all()
        assert.is_nil(rows)
        assert.equal("ParameterMissing", err.class)
    end)

    it("gives nodes, edges and named elements", function()
        local row = db:match("Person", "alice"):as("a")
            :out("KNOWS", { as = "r" }):as("b"):one()
        assert.equal("alice", row.a.key)
        assert.equal(2020, row.r.since)
        assert.equal("bob", row.b.name)
        assert.equal("alice", db:match(row.a):one().node.key)
        assert.equal(1, db:match("Person"):where("node", "is null")
            :count() / 4)
    end)

    it("reads snapshots and transactions", function()
        local snapshot = db:snapshot()
        local query = snapshot:match("Temporary")
        assert(db:write(function(tx)
            tx:create_node("Temporary", {})
            assert.equal(1, tx:match("Temporary"):count())
        end))
        assert.equal(0, query:count())
        assert.equal(1, db:match("Temporary"):count())
        assert(db:query("MATCH (t:Temporary) DELETE t"))
        snapshot:close()
        local ok, err = pcall(function() assert(query:count()) end)
        assert.is_false(ok)
        assert.truthy(err:find("builder_spec.lua:%d+:"))
    end)

    it("shows its text", function()
        assert.equal("MATCH (n1:A) RETURN n1 AS node",
                     tostring(db:match("A")))
    end)
end)

describe("misuse of the builder", function()
    local people = db:match("Person"):as("p")

    local function refuses(message, fn)
        local ok, err = pcall(fn)
        assert.is_false(ok)
        assert.truthy(err:find("^[^\n]*builder_spec.lua:%d+: "), err)
        assert.truthy(err:find(message, 1, true), err)
    end

    local CASES = {
        { "match: a label is a name or names, not a boolean",
          function() db:match(true) end },
        { "match: a key needs its label", function() db:match(nil, "a") end },
        { "match: an id needs no key", function() db:match(3, "a") end },
        { "where: unknown operator 'is'",
          function() people:where("age", "is", 3) end },
        { "where: a value is wanted, not nil",
          function() people:where("age", "=") end },
        { "where: a value is wanted, not a function",
          function() people:where("age", "=", print) end },
        { "nothing compares with null", function()
            people:where("age", "=", namidb.null)
        end },
        { "where: no element is called 'f'",
          function() people:where("f.age", "=", 1) end },
        { "where: 'count(p)' is no value of one row",
          function() people:where("count(p)", "=", 1) end },
        { "as: 'p' is a name already",
          function() people:out("KNOWS"):as("p") end },
        { "as: it is called 'p' already", function() people:as("q") end },
        { "as: a name without dots", function() people:out():as("a.b") end },
        { "at: no node is called 'x'", function() people:at("x") end },
        { "out: unknown option 'maximum'",
          function() people:out("KNOWS", { maximum = 3 }) end },
        { "out: min is more than max",
          function() people:out("KNOWS", { min = 3, max = 2 }) end },
        { "both: a whole number from 0 is wanted, not -1",
          function() people:both("KNOWS", { min = -1 }) end },
        { "into: a type is a name or names, not a number",
          function() people:into(3) end },
        { "limit: a whole number from 0 is wanted, not 1.5",
          function() people:limit(1.5) end },
        { "skip: a whole number from 0 is wanted, not x",
          function() people:skip("x") end },
        { "select: 'a b(' is no name", function() people:select("a b(") end },
        { "select: 'p' is a column already",
          function() people:select("p", "p") end },
        { "select: only count takes *",
          function() people:select("sum(*)") end },
        { "group: 'count(*)' is an aggregate",
          function() people:group("count(*)") end },
        { "having: no column is called 'n'",
          function() people:group("city"):having("n", ">", 1) end },
        { "union: the columns differ: p and name", function()
            people:union(db:match("Person"):select("name"))
        end },
        { "where: only order_by, skip and limit follow a union",
          function() people:union(people):where("age", "=", 1) end },
        { "order_by: no column is called 'x'",
          function() people:union(people):order_by("x") end },
        { "order_by: 'p.x' is no column", function()
            people:group("city"):having("city", "=", 1):order_by("p.x"):all()
        end },
        { "exists: the function returns no query",
          function() people:exists(function() end) end },
        { "exists: a pattern of its own is wanted",
          function() people:exists(function(q) return q end) end },
        { "optional: a pattern selects", function()
            people:optional(function(q) return q:out():limit(1) end)
        end },
        { "where: 'x' is known inside `exists` only", function()
            people:exists(function(q) return q:out():as("x") end)
                :where("x.age", "=", 1)
        end },
        { "count: the query inside a step does not run alone", function()
            people:exists(function(q) return q:count() end)
        end },
        { "all: a query is wanted, not a nil", function() people.all() end },
        { "parameters are a table", function() people:all(3) end },
        { "unknown option 'row'", function() people:all({}, { row = 1 }) end },
        { "param: a name is a letter", function() param("_1") end },
    }
    for _, case in ipairs(CASES) do
        it("is raised at the caller's line: " .. case[1], function()
            refuses(case[1], case[2])
        end)
    end

    it("is an error of the query where only the database knows", function()
        local rows, err = people:select("nothing(p) as x"):all()
        assert.is_nil(rows)
        assert.equal("UnknownFunction", err.detail)
    end)
end)
