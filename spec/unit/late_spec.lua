-- What is returned is read for the rows that are left.

local namidb = require("namidb")

local help = require("spec.help")
local large = require("spec.support.large")

local DOCUMENTS = 10000

describe("properties that are only returned", function()
    local uri, db

    -- A user of 10,000 documents, 32 MB of texts.
    setup(function()
        uri = help.far_uri()
        local writer = assert(namidb.open(uri))
        local user
        assert(writer:write(function(tx) user = tx:put_node("User", 1) end))
        for first = 1, DOCUMENTS, 1000 do
            assert(writer:write(function(tx)
                for i = first, first + 999 do
                    local at = i * 7919 % DOCUMENTS
                    local id = tx:put_node("Document", i, {
                        at = at, text = large.text(i, 400) })
                    tx:put_edge("OWNS", user, id, { at = at })
                end
            end))
        end
        help.run(writer, "CREATE INDEX FOR (d:Document) ON (d.at)")
        assert(writer:wait_indexes(30))
        assert(writer:flush())
        assert(writer:stats().pack_bytes > 14 * 2 ^ 20)
        writer:close()
    end)
    before_each(function()
        db = assert(namidb.open(uri, { read_only = true }))
    end)
    after_each(function() db:close() end)

    -- The 20 newest, in so many requests. Of the texts a third is read, as
    -- segments with small gaps between them are read with these.
    local function check(text, gets, rounds)
        local before = db:stats().requests
        local rows = help.run(db, text)
        local after = db:stats().requests
        assert.equal(20, #rows)
        for i, row in ipairs(rows) do
            assert.equal(DOCUMENTS - i, row.at)
            assert.equal(3200, #row.text)
        end
        assert.equal(("get=%d rounds=%d"):format(gets, rounds),
            ("get=%d rounds=%d"):format(after.get - before.get,
                                        after.rounds - before.rounds))
        local read = after.bytes_read - before.bytes_read
        assert.is_true(read < 6 * 2 ^ 20, read)
    end

    it("are of 20 rows of 10,000 that were sorted by their edges", function()
        check("MATCH (u:User)-[o:OWNS]->(d:Document) WHERE key(u) = 1 " ..
              "RETURN d.text AS text, o.at AS at ORDER BY at DESC LIMIT 20",
              13, 4)
    end)

    it("are of 10,000 if a condition reads them", function()
        local before = db:stats().requests.bytes_read
        assert.equal(20, #help.run(db, "MATCH (u:User)-[o:OWNS]->(d) " ..
            "WHERE key(u) = 1 AND d.text <> '' " ..
            "RETURN d.text AS text ORDER BY o.at DESC LIMIT 20"))
        assert.is_true(db:stats().requests.bytes_read - before > 14 * 2 ^ 20)
    end)

    it("are of 20 rows that an index gives in order", function()
        check("MATCH (d:Document) WHERE d.at > 50 " ..
              "RETURN d.text AS text, d.at AS at ORDER BY at DESC LIMIT 20",
              11, 2)
    end)
end)
