-- Indexes and constraints: declaring, listing, dropping them, and what
-- constraints forbid. What queries do with indexes is index_query_spec.lua's.

local namidb = require("namidb")

local help = require("spec.help")

local run = help.run

-- The error of a statement that must fail.
local function refused(code, db, text, params)
    local rows, err = db:query(text, params)
    assert.is_nil(rows)
    assert.equal(code, err.code)
    return err.message
end

local function names(list)
    local found = {}
    for i, item in ipairs(list) do found[i] = item.name end
    return table.concat(found, " ")
end

describe("indexes", function()
    local db, uri

    before_each(function()
        uri = help.memory_uri()
        db = assert(namidb.open(uri))
    end)
    after_each(function() db:close() end)

    it("are declared, listed and dropped", function()
        run(db, "CREATE INDEX ages FOR (p:Person) ON (p.age)")
        run(db, "CREATE RANGE INDEX FOR (p:Person) ON (p.last, p.first)")
        run(db, "CREATE INDEX FOR ()-[k:KNOWS]-() ON (k.since)")
        assert.same({
            { name = "ages", entity = "node", label = "Person",
              properties = { "age" }, state = "online", percent = 100,
              constraint = false },
            { name = "index_Person_last_first", entity = "node",
              label = "Person", properties = { "last", "first" },
              state = "online", percent = 100, constraint = false },
            { name = "index_KNOWS_since", entity = "edge", label = "KNOWS",
              properties = { "since" }, state = "online", percent = 100,
              constraint = false },
        }, db:indexes())
        run(db, "DROP INDEX ages")
        assert.equal("index_Person_last_first index_KNOWS_since",
                     names(db:indexes()))
    end)

    it("are shown as rows", function()
        run(db, "CREATE INDEX ages FOR (p:Person) ON (p.age)")
        local rows = run(db, "SHOW INDEXES")
        assert.equal(1, #rows)
        assert.equal("ages", rows[1].name)
        assert.equal("NODE", rows[1].entityType)
        assert.equal("Person", rows[1].labelsOrTypes[1])
        assert.equal("age", rows[1].properties[1])
        assert.equal("ONLINE", rows[1].state)
        assert.equal("name", rows.columns[1])
        for row in db:rows("SHOW INDEXES") do
            assert.equal("ages", row.name)
        end
    end)

    it("are there for all who open the graph, and stay over a flush", function()
        run(db, "CREATE INDEX ages FOR (p:Person) ON (p.age)")
        local reader = assert(namidb.open(uri, { read_only = true }))
        assert.equal("ages", names(reader:indexes()))
        run(db, "CREATE INDEX other FOR (p:Person) ON (p.name)")
        assert.equal("ages", names(reader:indexes()))
        assert(reader:refresh())
        assert.equal("ages other", names(reader:indexes()))
        assert(db:flush())
        run(db, "DROP INDEX ages")
        assert(reader:refresh())
        assert.equal("other", names(reader:indexes()))
        reader:close()
        db:close()
        db = assert(namidb.open(uri))
        assert.equal("other", names(db:indexes()))
    end)

    it("belong to a transaction, and go with it", function()
        local ok = pcall(db.write, db, function(tx)
            assert(tx:query("CREATE INDEX a FOR (p:P) ON (p.x)"))
            assert.equal("a", names(tx:indexes()))
            assert.equal("", names(db:indexes()))
            error("stop")
        end)
        assert.is_false(ok)
        assert.equal("", names(db:indexes()))
        assert(db:write(function(tx)
            assert(tx:query("CREATE INDEX a FOR (p:P) ON (p.x)"))
            assert(tx:query("DROP INDEX a"))
            assert(tx:query("CREATE INDEX b FOR (p:P) ON (p.x)"))
        end))
        assert.equal("b", names(db:indexes()))
    end)

    it("are built over what was there before", function()
        run(db, "UNWIND range(1, 500) AS i CREATE (:P {i: i})")
        assert(db:flush())
        run(db, "CREATE INDEX FOR (p:P) ON (p.i)")
        assert.is_true(db:wait_indexes(30))
        assert.equal("online", db:indexes()[1].state)
        assert.equal(2, db:stats().packs)
        -- Dropped, its pack goes with the next flush.
        run(db, "DROP INDEX index_P_i")
        run(db, "CREATE (:P {i: 0})")
        assert(db:flush())
        assert.equal(2, db:stats().packs)
    end)

    it("of a reader cannot be waited for", function()
        run(db, "CREATE INDEX FOR (p:P) ON (p.i)")
        local reader = assert(namidb.open(uri, { read_only = true }))
        assert.has_error(function() reader:wait_indexes() end)
        reader:close()
    end)

    it("clash by name and by what they are about", function()
        run(db, "CREATE INDEX a FOR (p:P) ON (p.x)")
        assert.matches("named a", refused("constraint", db,
            "CREATE INDEX a FOR (p:P) ON (p.y)"))
        assert.matches("index a is about the same", refused("constraint", db,
            "CREATE INDEX b FOR (p:P) ON (p.x)"))
        assert.matches("index a is about the same", refused("constraint", db,
            "CREATE CONSTRAINT b FOR (p:P) REQUIRE p.x IS UNIQUE"))
        run(db, "CREATE INDEX a IF NOT EXISTS FOR (p:P) ON (p.y)")
        run(db, "CREATE INDEX b IF NOT EXISTS FOR (p:P) ON (p.x)")
        assert.equal("a", names(db:indexes()))
        run(db, "CREATE INDEX FOR ()-[p:P]-() ON (p.y)")
        run(db, "CREATE INDEX b FOR (p:P) ON (p.y, p.x)")
        run(db, "CREATE INDEX c FOR (p:P) ON (p.x, p.y)")
    end)

    it("that are not there cannot be dropped", function()
        assert.matches("no index named a",
                       refused("not_found", db, "DROP INDEX a"))
        run(db, "DROP INDEX a IF EXISTS")
        run(db, "CREATE CONSTRAINT c FOR (p:P) REQUIRE p.x IS UNIQUE")
        assert.matches("c is a constraint",
                       refused("constraint", db, "DROP INDEX c"))
        assert.matches("no constraint named a",
                       refused("not_found", db, "DROP CONSTRAINT a"))
    end)

    it("are refused when they make no sense", function()
        refused("syntax", db, "CREATE INDEX FOR (p:P) ON (q.x)")
        assert.has_error(function() -- a property twice
            db:query("CREATE INDEX FOR (p:P) ON (p.x, p.x)")
        end)
        refused("limit", db, "CREATE INDEX FOR (p:P) ON (p." ..
            ("x"):rep(254) .. ")")
        local many = {}
        for i = 1, 17 do many[i] = "p.x" .. i end
        assert.has_error(function()
            db:query("CREATE INDEX a FOR (p:P) ON (" ..
                table.concat(many, ", ") .. ")")
        end)
        refused("syntax", db, "EXPLAIN CREATE INDEX FOR (p:P) ON (p.x)")
        assert.equal(0, #db:indexes())
    end)

    it("cannot be declared by a reader", function()
        run(db, "CREATE (:P)")
        local reader = assert(namidb.open(uri, { read_only = true }))
        assert.has_error(function()
            reader:query("CREATE INDEX FOR (p:P) ON (p.x)")
        end)
        reader:close()
    end)
end)

describe("a unique constraint", function()
    local db, uri

    before_each(function()
        uri = help.memory_uri()
        db = assert(namidb.open(uri))
        run(db, "CREATE CONSTRAINT mail FOR (p:P) REQUIRE p.mail IS UNIQUE")
    end)
    after_each(function() db:close() end)

    it("is listed, with its index", function()
        assert.same({ { name = "mail", rule = "unique", entity = "node",
                        label = "P", properties = { "mail" } } },
                    db:constraints())
        assert.equal("mail", run(db, "SHOW CONSTRAINTS")[1].name)
        assert.is_true(db:indexes()[1].constraint)
    end)

    it("names both nodes", function()
        local a = run(db, "CREATE (p:P {mail: 'a'}) RETURN id(p) AS i")[1].i
        local message = refused("constraint", db, "CREATE (:P {mail: 'a'})")
        assert.matches("constraint mail: node " .. a .. " and node %d+ have " ..
            "the same mail", message)
        assert.equal(1, run(db, "MATCH (p:P) RETURN count(*) AS n")[1].n)
    end)

    it("looks through what is there, in time", function()
        local declare = "CREATE CONSTRAINT n FOR (q:Q) REQUIRE q.n IS UNIQUE"
        run(db, "UNWIND range(1, 3000) AS i CREATE (:Q {n: i})")
        assert(db:flush())
        run(db, "MATCH (q:Q {n: 7}) SET q.n = 8")
        refused("constraint", db, declare)
        run(db, "MATCH (q:Q {n: 8}) WITH q LIMIT 1 DELETE q")
        local rows, err = db:query(declare, nil, { timeout = 0 })
        assert.is_nil(rows)
        assert.equal("timeout", err.code)
        assert.equal("mail", names(db:constraints()))
        run(db, declare)
        refused("constraint", db, "CREATE (:Q {n: 9})")
        -- What is there has the name, or the declaration itself.
        refused("constraint", db, declare)
        run(db, (declare:gsub("CONSTRAINT n", "%0 IF NOT EXISTS")))
    end)

    it("holds within a transaction and before it is flushed", function()
        assert(db:write(function(tx)
            assert(tx:create_node("P", { mail = "a" }))
            local id, err = tx:create_node("P", { mail = "a" })
            assert.is_nil(id)
            assert.equal("constraint", err.code)
            -- The transaction goes on.
            local other = assert(tx:create_node("P", { mail = "b" }))
            assert.is_nil(tx:set(other, { mail = "a" }))
            assert(tx:set(other, { mail = "b", x = 1 })) -- its own
        end))
        refused("constraint", db, "MERGE (p:P {mail: 'a', x: 1})")
        assert.equal(2, run(db, "MATCH (p:P) RETURN count(*) AS n")[1].n)
    end)

    it("holds between tickets that are under way", function()
        local first = assert(db:write(function(tx)
            assert(tx:create_node("P", { mail = "a" }))
        end, { wait = false }))
        local seen
        assert(db:write(function(tx)
            local _, err = tx:create_node("P", { mail = "a" })
            seen = err.code
        end))
        assert.equal("constraint", seen)
        assert(first:wait())
    end)

    it("holds over flushes, and after another writer took over", function()
        run(db, "CREATE (:P {mail: 'a'})")
        assert(db:flush())
        refused("constraint", db, "CREATE (:P {mail: 'a'})")
        local other = assert(namidb.open(uri))
        refused("constraint", other, "CREATE (:P {mail: 'a'})")
        run(other, "CREATE (:P {mail: 'b'})")
        local rows, err = db:query("CREATE (:P {mail: 'b'})")
        assert.is_nil(rows)
        assert.equal("fenced", err.code)
        other:close()
    end)

    it("lets go of values that were changed, removed or deleted", function()
        run(db, "CREATE (:P {mail: 'a'}), (:P {mail: 'b'}), " ..
            "(:P {mail: 'c'}), (:P {mail: 'd'})")
        assert(db:flush())
        run(db, "MATCH (p:P {mail: 'a'}) SET p.mail = 'z'")
        run(db, "MATCH (p:P {mail: 'b'}) REMOVE p.mail")
        run(db, "MATCH (p:P {mail: 'c'}) DELETE p")
        run(db, "MATCH (p:P {mail: 'd'}) SET p:Q REMOVE p.mail")
        run(db, "CREATE (:P {mail: 'a'}), (:P {mail: 'b'}), (:P {mail: 'c'})")
        refused("constraint", db, "CREATE (:P {mail: 'z'})")
    end)

    it("takes 1 and 1.0 for one value, and 1 and '1' for two", function()
        run(db, "CREATE (:P {mail: 1}), (:P {mail: '1'}), (:P {mail: true})")
        refused("constraint", db, "CREATE (:P {mail: 1.0})")
        run(db, "CREATE (:P {mail: 9007199254740993})")
        run(db, "CREATE (:P {mail: 9007199254740992.0})")
        run(db, "CREATE (:P {mail: 0.0 / 0.0}), (:P {mail: 0.0 / 0.0})")
        run(db, "CREATE (:P), (:P)") -- absent is no value
    end)

    it("tells long texts apart", function()
        local text = ("x"):rep(5000)
        run(db, "CREATE (:P {mail: $t}), (:P {mail: $t + 'a'})", { t = text })
        refused("constraint", db, "CREATE (:P {mail: $t})", { t = text })
        refused("constraint", db, "CREATE (:P {mail: $t + 'a'})", { t = text })
        assert(db:flush())
        refused("constraint", db, "CREATE (:P {mail: $t})", { t = text })
        run(db, "DROP CONSTRAINT mail")
        run(db, "CREATE CONSTRAINT mail FOR (p:P) REQUIRE p.mail IS UNIQUE")
        run(db, "DROP CONSTRAINT mail")
        run(db, "CREATE (:P {mail: $t})", { t = text })
        refused("constraint", db,
                "CREATE CONSTRAINT mail FOR (p:P) REQUIRE p.mail IS UNIQUE")
    end)

    it("is about a label, which may come later", function()
        run(db, "CREATE (:P {mail: 'a'}), (:Q {mail: 'a'})")
        refused("constraint", db, "MATCH (q:Q) SET q:P")
        run(db, "MATCH (q:Q) SET q.mail = 'b', q:P")
        refused("constraint", db, "MATCH (q:Q) SET q.mail = 'a'")
    end)

    it("is obeyed by keyed nodes and by the bulk load", function()
        assert(db:write(function(tx)
            assert(tx:put_node("P", "one", { mail = "a" }))
            assert(tx:put_node("P", "one", { mail = "a", n = 1 }))
            assert.is_nil(tx:put_node("P", "two", { mail = "a" }))
        end))
        local rows = { { key = "x", mail = "b" }, { key = "y", mail = "b" } }
        local at = 0
        local summary, err = namidb.load(db, { progress = false, nodes = { {
            label = "P", key = "key", rows = function()
                at = at + 1
                return rows[at]
            end } } })
        assert.is_nil(summary)
        assert.equal("constraint", err.code)
    end)

    it("is not declared over nodes that break it", function()
        run(db, "DROP CONSTRAINT mail")
        run(db, "CREATE (:P {mail: 'a'}), (:P {mail: 'b'})")
        assert(db:flush())
        run(db, "CREATE (:P {mail: 'b'})")
        local message = refused("constraint", db,
            "CREATE CONSTRAINT FOR (p:P) REQUIRE p.mail IS UNIQUE")
        assert.matches("node %d+ and node %d+ have the same mail", message)
        assert.equal(0, #db:constraints())
        run(db, "MATCH (p:P {mail: 'b'}) DELETE p")
        run(db, "CREATE CONSTRAINT FOR (p:P) REQUIRE p.mail IS UNIQUE")
    end)

    it("holds at once over what is in packs already", function()
        run(db, "DROP CONSTRAINT mail")
        run(db, "UNWIND range(1, 100) AS i CREATE (:P {mail: i})")
        assert(db:flush())
        run(db, "CREATE CONSTRAINT FOR (p:P) REQUIRE p.mail IS UNIQUE")
        refused("constraint", db, "CREATE (:P {mail: 50})")
        assert(db:wait_indexes(30))
        refused("constraint", db, "CREATE (:P {mail: 50})")
        run(db, "CREATE (:P {mail: 101})")
    end)

    it("of several properties is about all of them", function()
        run(db, "CREATE CONSTRAINT FOR (q:Q) REQUIRE (q.a, q.b) IS UNIQUE")
        run(db, "CREATE (:Q {a: 1, b: 1}), (:Q {a: 1, b: 2}), (:Q {a: 1})," ..
            " (:Q {a: 1})")
        assert.matches("the same %(a, b%)", refused("constraint", db,
            "CREATE (:Q {a: 1.0, b: 2})"))
    end)

    it("of edges is about their type", function()
        run(db, "CREATE CONSTRAINT FOR ()-[r:R]-() REQUIRE r.n IS UNIQUE")
        run(db, "CREATE (:X)-[:R {n: 1}]->(:X), (:X)-[:S {n: 1}]->(:X)")
        assert(db:flush())
        assert.matches("edge %d+ and edge %d+", refused("constraint", db,
            "MATCH (a:X), (b:X) CREATE (a)-[:R {n: 1}]->(b)"))
        run(db, "MATCH ()-[r:R]->() SET r.n = 2")
        run(db, "MATCH (a:X) WITH a LIMIT 1 CREATE (a)-[:R {n: 1}]->(a)")
    end)
end)

describe("other constraints", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    it("show what breaks them, and where", function()
        local function shown(text, params)
            local _, err = db:query(text, params)
            assert.equal("constraint", err.code)
            return (err.message:gsub("node %d+", "node #")
                :gsub("edge %d+", "edge #"))
        end
        run(db, "CREATE CONSTRAINT c FOR (p:P) REQUIRE p.k IS UNIQUE")
        run(db, "CREATE CONSTRAINT d FOR ()-[r:R]-() REQUIRE (r.a, r.b) " ..
            "IS UNIQUE")
        run(db, "CREATE CONSTRAINT e FOR (p:P) REQUIRE p.n IS :: INTEGER")
        run(db, "CREATE (:P {k: 'x\\ny'})-[:R {a: 1.5, b: true}]->(:P {k: " ..
            "date('2024-01-01')}), (:P {k: -7})")
        local same = "constraint c: node # and node # have the same k: "
        assert.equal(same .. "'x y' (:P)", shown("CREATE (:P {k: 'x\\ny'})"))
        assert.equal(same .. "-7 (:P)", shown("CREATE (:P {k: -7})"))
        assert.equal(same .. "a date (:P)",
                     shown("CREATE (:P {k: date('2024-01-01')})"))
        assert.equal("constraint d: edge # and edge # have the same (a, b): " ..
            "1.5, true (:R)", shown("MATCH (p:P {k: -7}) " ..
            "CREATE (p)-[:R {a: 1.5, b: true}]->(p)"))
        assert.equal("constraint e: n of node # is of another type: 'x' (:P)",
                     shown("CREATE (:P {n: 'x'})"))
        local long = ("a"):rep(63) .. ("é"):rep(1000)
        run(db, "CREATE (:P {k: $k})", { k = long })
        assert.equal(same .. "'" .. ("a"):rep(63) .. "'... (2063 bytes) (:P)",
            shown("CREATE (:P {k: $k})", { k = long }))
    end)

    it("want a property to be there when the transaction ends", function()
        run(db, "CREATE CONSTRAINT c FOR (p:P) REQUIRE p.a IS NOT NULL")
        assert.matches("constraint c: a of node %d+ is absent",
                       refused("constraint", db, "CREATE (:P {b: 1})"))
        run(db, "CREATE (p:P) SET p.a = 1")
        refused("constraint", db, "MATCH (p:P) REMOVE p.a")
        refused("constraint", db, "MATCH (p:P) SET p = {b: 2}")
        run(db, "MATCH (p:P) SET p.a = null SET p.a = 2")
        local ok, err = db:write(function(tx)
            assert(tx:create_node("P", {}))
        end)
        assert.is_nil(ok)
        assert.equal("constraint", err.code)
        assert(db:write(function(tx)
            local id = assert(tx:create_node("P", {}))
            assert(tx:delete_node(id))
        end))
        assert.equal(1, run(db, "MATCH (p:P) RETURN count(*) AS n")[1].n)
        run(db, "CREATE (:Q)")
        refused("constraint", db, "MATCH (q:Q) SET q:P")
        refused("constraint", db,
                "CREATE CONSTRAINT FOR (p:P) REQUIRE p.b IS NOT NULL")
    end)

    it("make keys of properties", function()
        run(db, "CREATE CONSTRAINT k FOR (p:P) REQUIRE (p.a, p.b) IS NODE KEY")
        refused("constraint", db, "CREATE (:P {a: 1})")
        run(db, "CREATE (:P {a: 1, b: 1})")
        refused("constraint", db, "CREATE (:P {a: 1, b: 1})")
        run(db, "MERGE (p:P {a: 1, b: 2}) ON CREATE SET p.new = true")
        run(db, "MERGE (p:P {a: 1, b: 2}) ON CREATE SET p.new = false")
        assert.equal(2, run(db, "MATCH (p:P) RETURN count(*) AS n")[1].n)
        assert.equal("key", db:constraints()[1].rule)
    end)

    it("want values of a type", function()
        run(db, "CREATE CONSTRAINT FOR (p:P) REQUIRE p.n IS :: INTEGER | FLOAT")
        run(db, "CREATE CONSTRAINT FOR (p:P) REQUIRE p.l IS TYPED " ..
            "LIST<STRING NOT NULL>")
        run(db, "CREATE CONSTRAINT FOR ()-[r:R]-() REQUIRE r.d IS :: DATE")
        assert.equal("INTEGER | FLOAT", db:constraints()[1].type)
        assert.equal("LIST<STRING NOT NULL>", db:constraints()[2].type)
        run(db, "CREATE (:P {n: 1, l: ['a']}), (:P {n: 1.5, l: []}), (:P)")
        assert.matches("n of node %d+ is of another type",
                       refused("constraint", db, "CREATE (:P {n: 'x'})"))
        refused("constraint", db, "CREATE (:P {l: [1]})")
        refused("constraint", db, "CREATE (:P {l: 'a'})")
        refused("constraint", db, "CREATE (:P)-[:R {d: 1}]->(:P)")
        run(db, "CREATE (:P)-[:R {d: date('2024-02-29')}]->(:P)")
        refused("constraint", db,
                "CREATE CONSTRAINT FOR (p:P) REQUIRE p.n IS :: INTEGER")
        refused("syntax", db,
                "CREATE CONSTRAINT FOR (p:P) REQUIRE p.m IS :: NUMBER")
    end)

    it("stay over a flush and a restart", function()
        local uri = help.memory_uri()
        local own = assert(namidb.open(uri))
        run(own, "CREATE CONSTRAINT t FOR (p:P) REQUIRE p.l IS :: " ..
            "LIST<INTEGER> | STRING")
        run(own, "CREATE CONSTRAINT n FOR (p:P) REQUIRE p.l IS NOT NULL")
        local before = own:constraints()
        assert(own:flush())
        own:close()
        own = assert(namidb.open(uri))
        assert.same(before, own:constraints())
        refused("constraint", own, "CREATE (:P {l: 1})")
        refused("constraint", own, "CREATE (:P)")
        own:close()
    end)
end)
