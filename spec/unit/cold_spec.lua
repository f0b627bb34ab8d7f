-- What is not at hand has its price: a plan that fetches much loses to one that
-- looks at more rows.

local namidb = require("namidb")

local help = require("spec.help")
local large = require("spec.support.large")

local DOCUMENTS, TAGS, WORDS = 3000, 9000, 700

-- Documents are few, and their texts make them many segments; tags are many,
-- and all of them are in a few.
local function write(uri, tag_count)
    local db = assert(namidb.open(uri))
    local every = math.floor(tag_count / DOCUMENTS)
    local keys, y, tags = {}, {}, nil
    for i = 1, tag_count do keys[i], y[i] = i, i % 1000 end
    assert(db:write(function(tx)
        tags = assert(tx:put_nodes("Tag", keys, { y = y }))
    end))
    for first = 1, DOCUMENTS, 500 do
        assert(db:write(function(tx)
            for i = first, first + 499 do
                local id = tx:put_node("Document", i, {
                    x = i * 377 % 1000, text = large.text(i, WORDS) })
                tx:put_edge("HAS", id, tags[i * every])
            end
        end))
    end
    assert(db:flush())
    db:close()
end

local STATEMENT = "MATCH (d:Document)-[:HAS]->(t:Tag) " ..
    "WHERE d.x = 639 AND t.y = 21 RETURN count(d) AS n"
-- The same from the other end.
local FROM_DOCUMENTS = "MATCH (d:Document) WHERE d.x = 639 WITH d " ..
    "LIMIT 9999 MATCH (d)-[:HAS]->(t:Tag) WHERE t.y = 21 RETURN count(d) AS n"

describe("a plan", function()
    local uri, db

    setup(function()
        uri = help.far_uri()
        write(uri, TAGS)
    end)
    before_each(function()
        db = assert(namidb.open(uri, { read_only = true }))
    end)
    after_each(function() db:close() end)

    local function cost_of(text)
        return help.cost(db, function()
            assert.equal(3, help.run(db, text)[1].n)
        end)
    end

    it("starts where less is fetched", function()
        assert.truthy(help.plan(db, STATEMENT):find("Scan (t:Tag)", 1, true))
        local requests, bytes = cost_of(STATEMENT)
        assert.equal("get=6 rounds=6", requests)
        assert.is_true(bytes < 2 ^ 20, bytes)
    end)

    it("fetches all of the other end if told so", function()
        local _, bytes = cost_of(FROM_DOCUMENTS)
        assert.is_true(bytes > 8 * 2 ^ 20, bytes)
    end)

    -- Such an edge says what its ends are: it is no walk from one of them.
    it("is made of an edge that is known before its ends", function()
        cost_of("MATCH (:Document {x: 639})-[e:HAS]->() " ..
                "MATCH (d:Document)-[e]->(t:Tag {y: 21}) RETURN count(d) AS n")
    end)

    it("starts where fewer rows are when all is at hand, and sends nothing",
       function()
        assert.truthy(help.plan(db, STATEMENT):find("Scan (t:Tag)", 1, true))
        cost_of(FROM_DOCUMENTS)
        local plan
        for _ = 1, 4 do plan = help.plan(db, STATEMENT) end
        assert.truthy(plan:find("Scan (d:Document)", 1, true))
        assert.equal("", (cost_of(STATEMENT)))
    end)
end)

-- Few documents in many segments beside very many tags in few: nearby the rows
-- count, and far away what has to be fetched.
describe("a cold plan", function()
    local MANY = 400000
    local TEXT = "MATCH (d:Document)-[:HAS]->(t:Tag) " ..
        "WHERE d.x = 639 AND t.y = 931 RETURN count(d) AS n"
    local FROM_DOCUMENTS_TEXT = "MATCH (d:Document) WHERE d.x = 639 WITH d " ..
        "LIMIT 9999 MATCH (d)-[:HAS]->(t:Tag) WHERE t.y = 931 " ..
        "RETURN count(d) AS n"
    local uri = help.memory_uri()

    setup(function()
        write(uri, MANY)
    end)

    -- The operator that a statement starts with, and what it costs.
    local function try(where, text)
        local db = assert(namidb.open(uri .. where, { read_only = true }))
        local start = help.plan(db, text):match("NodeScan (%b())")
        local cost, bytes = help.cost(db, function()
            assert.equal(3, help.run(db, text)[1].n)
        end)
        db:close()
        return start, cost, bytes
    end

    it("starts where fewer rows are of a store nearby", function()
        local start, cost, bytes = try("", TEXT)
        assert.equal("(d:Document)", start)
        assert.equal("get=16 rounds=16", cost)
        assert.is_true(bytes > 8 * 2 ^ 20, bytes)
    end)

    it("starts where fewer requests are of one far away", function()
        local start, cost, bytes = try("?far=true", TEXT)
        assert.equal("(t:Tag)", start)
        assert.equal("get=5 rounds=5", cost)
        assert.is_true(bytes < 3 * 2 ^ 20, bytes)
        local other, other_cost, other_bytes =
            try("?far=true", FROM_DOCUMENTS_TEXT)
        assert.equal("(d:Document)", other)
        assert.equal("get=14 rounds=14", other_cost)
        assert.is_true(other_bytes > 8 * 2 ^ 20, other_bytes)
    end)
end)
