-- What is new to a large graph is told by a filter of each pack's keys, so that
-- writing it reads nothing; and a filter never hides what is there.

local namidb = require("namidb")

local help = require("spec.help")
local large = require("spec.support.large")

local run = help.run
local NODES = 20000

local function text_of(i) return large.text(i, 60) end

describe("a value that is new to a large graph", function()
    local uri = help.memory_uri()
    local db

    -- A pack so large that it is not fetched at once.
    setup(function()
        local writer = assert(namidb.open(uri))
        run(writer, "CREATE CONSTRAINT t FOR (n:N) REQUIRE n.t IS UNIQUE")
        run(writer, "CREATE CONSTRAINT both FOR (n:N) " ..
            "REQUIRE (n.i, n.t) IS UNIQUE")
        run(writer, "CREATE INDEX w FOR ()-[r:E]-() ON (r.t)")
        assert(writer:write(function(tx)
            local first
            for i = 1, NODES do
                local id = tx:create_node({ "N" }, { t = text_of(i), i = i })
                first = first or id
                if i % 4 == 0 then
                    tx:put_edge("E", first, id, { t = text_of(-i) })
                end
            end
        end))
        assert(writer:flush())
        assert.is_true(writer:stats().pack_bytes > 8 * 1024 * 1024)
        writer:close()
    end)

    before_each(function() db = assert(namidb.open(uri)) end)
    after_each(function() db:close() end)

    local function gets(fn)
        return tonumber(help.cost(db, fn):match("get=(%d+)") or 0)
    end

    local function count()
        return run(db, "MATCH (n:N) RETURN count(*) AS c")[1].c
    end

    it("costs a query no filter: what it asks for is mostly there", function()
        local sent = gets(function()
            assert.equal(1, #run(db, "MATCH (n:N {t: $t}) RETURN id(n) AS id",
                                 { t = text_of(4321) }))
        end)
        assert.equal(2, sent) -- a segment of the index, and the row
    end)

    it("costs a GET for each filter once, and its commit none", function()
        local sent = gets(function()
            assert(db:write(function(tx)
                tx:create_node({ "N" }, { t = text_of(0), i = 7 })
            end))
        end)
        assert.equal(2, sent) -- one of each constraint
        -- One in a hundred looks as if it were there.
        sent = gets(function()
            for i = 1, 100 do
                assert(db:write(function(tx)
                    tx:create_node({ "N" }, { t = text_of(NODES + i * 977),
                                              i = i * 199 })
                end))
            end
        end)
        assert.is_true(sent <= 6, sent)
    end)

    it("is merged without a look at the index", function()
        local before = count()
        run(db, "MERGE (n:N {t: $t})", { t = text_of(200 * NODES) })
        local sent = gets(function()
            for i = 1, 100 do
                run(db, "MERGE (n:N {t: $t})",
                    { t = text_of(200 * NODES + i * 977) })
            end
        end)
        assert.is_true(sent <= 4, sent)
        assert.equal(before + 101, count())
    end)

    it("is told from what is there, wherever that is", function()
        local before = count()
        for i = 1, NODES, 97 do
            local _, err = db:query("CREATE (:N {t: $t})", { t = text_of(i) })
            assert.equal("constraint", err.code)
        end
        run(db, "UNWIND $list AS t MERGE (n:N {t: t}) SET n.seen = true",
            { list = { text_of(1), text_of(NODES), text_of(777) } })
        assert.equal(3, run(db, "MATCH (n:N) WHERE n.seen " ..
            "RETURN count(*) AS c")[1].c)
        assert.equal(before, count())
        -- In another pack, above.
        assert(db:flush())
        for i = 1, NODES, 1009 do
            local _, err = db:query("CREATE (:N {t: $t})", { t = text_of(i) })
            assert.equal("constraint", err.code)
        end
    end)

    it("is told from edges that are there, and from long texts", function()
        run(db, "MATCH (a:N {i: 1}), (b:N {i: 8}) " ..
            "MERGE (a)-[r:E {t: $t}]->(b) SET r.seen = true",
            { t = text_of(-8) })
        assert.equal(1, run(db, "MATCH ()-[r:E {t: $t}]->() " ..
            "RETURN count(*) AS c", { t = text_of(-8) })[1].c)
        local long = ("x"):rep(2000)
        run(db, "CREATE (:N {t: $t})", { t = long .. "a" })
        assert(db:flush())
        run(db, "CREATE (:N {t: $t})", { t = long .. "b" })
        local _, err = db:query("CREATE (:N {t: $t})", { t = long .. "a" })
        assert.equal("constraint", err.code)
    end)
end)
