-- What each operation costs, exactly: the table of the README.

local namidb = require("namidb")

local count = 0
local OPERATIONS = { "get", "put", "list", "delete", "rounds" }

local function uri_of(name)
    return ("memory://requests-%s?ns=%s"):format(math.type and "puc" or "jit",
                                                 name)
end

local function fresh()
    count = count + 1
    local uri = uri_of("n" .. count)
    return assert(namidb.open(uri)), uri
end

-- What fn sends, as "get=1 rounds=1"; nothing is "".
local function cost_of(db, fn)
    local before = db:stats().requests
    fn()
    local after = db:stats().requests
    local parts = {}
    for _, name in ipairs(OPERATIONS) do
        local sent = after[name] - before[name]
        if sent ~= 0 then
            parts[#parts + 1] = ("%s=%d"):format(name, sent)
        end
    end
    return table.concat(parts, " "), after.bytes_read - before.bytes_read
end

local function all_of(db)
    local requests, parts = db:stats().requests, {}
    for _, name in ipairs(OPERATIONS) do
        if requests[name] ~= 0 then
            parts[#parts + 1] = ("%s=%d"):format(name, requests[name])
        end
    end
    return table.concat(parts, " ")
end

local function commit(db, first, last)
    assert(db:write(function(tx)
        for i = first, last do tx:put_node("N", i, { i = i }) end
    end))
end

describe("requests", function()
    it("of a commit: 1 PUT, 1 round, however much is in it", function()
        local db = fresh()
        assert.equal("put=1 rounds=1", cost_of(db, function()
            commit(db, 1, 1)
        end))
        assert.equal("put=1 rounds=1", cost_of(db, function()
            commit(db, 1, 5000)
        end))
        db:close()
    end)

    it("of a flush: 2 PUT, 2 rounds; of nothing: none", function()
        local db = fresh()
        commit(db, 1, 1000)
        assert.equal("put=2 rounds=2", cost_of(db, function()
            assert(db:flush())
        end))
        assert.equal("", cost_of(db, function() assert(db:flush()) end))
        db:close()
    end)

    for _, slots in ipairs({ 0, 1, 5, 40 }) do
        it(("of opening above %d slots: 4 and one for each, in 2 rounds, " ..
            "3 to write"):format(slots), function()
            local db, uri = fresh()
            commit(db, 1, 10)
            assert(db:flush())
            for i = 1, slots do commit(db, i, i) end
            db:close()
            local reader = assert(namidb.open(uri, { read_only = true }))
            assert.equal(("get=%d list=2 rounds=2"):format(slots + 2),
                         all_of(reader))
            reader:close()
            local writer = assert(namidb.open(uri))
            assert.equal(("get=%d put=1 list=2 rounds=3"):format(slots + 2),
                         all_of(writer))
            writer:close()
        end)
    end

    it("of creating a namespace: 2 LIST, 1 GET, 1 PUT, 3 rounds", function()
        local db = fresh()
        assert.equal("get=1 put=1 list=2 rounds=3", all_of(db))
        db:close()
    end)

    it("of a refresh: 2 GET in 1 round", function()
        local db, uri = fresh()
        commit(db, 1, 10)
        local reader = assert(namidb.open(uri, { read_only = true }))
        assert.equal("get=2 rounds=1", cost_of(reader, function()
            assert.is_false(reader:refresh())
        end))
        db:close()
        reader:close()
    end)

    it("of an idle handle: none; of closing: none", function()
        local db = fresh()
        commit(db, 1, 10)
        assert.equal("", cost_of(db, function()
            db:snapshot():close()
            assert.is_table(db:node("N", 1))
        end))
        db:close()
    end)

    describe("of reading a small pack", function()
        it("are none for the one that wrote it", function()
            local db = fresh()
            commit(db, 1, 1000)
            assert(db:flush())
            assert.equal("", (cost_of(db, function()
                assert.equal(7, db:node("N", 7).i)
                local seen = 0
                for _ in db:nodes("N") do seen = seen + 1 end
                assert.equal(1000, seen)
            end)))
            db:close()
        end)

        it("are 1 GET for everything, then none", function()
            local db, uri = fresh()
            local hub
            assert(db:write(function(tx)
                hub = tx:put_node("N", 0)
                for i = 1, 100 do
                    tx:put_edge("E", hub, tx:put_node("N", i, { i = i }))
                end
            end))
            assert(db:flush())
            db:close()
            local reader = assert(namidb.open(uri, { read_only = true }))
            local function read()
                assert.equal(7, reader:node("N", 7).i)
                local sum = 0
                for _, node in reader:out(hub) do sum = sum + node.i end
                assert.equal(5050, sum)
                assert.equal(100, reader:degree(hub))
            end
            assert.equal("get=1 rounds=1", cost_of(reader, read))
            assert.equal("", cost_of(reader, read))
            reader:close()
        end)
    end)

    describe("of reading a large pack", function()
        local NODES = 60000
        local db, uri, reader

        -- A ring with chords, and texts that do not compress.
        local function text_of(i)
            local parts, seed = {}, i
            for j = 1, 12 do
                seed = (seed * 1103515245 + 12345 + j) % 2147483648
                parts[j] = ("%08x"):format(seed)
            end
            return table.concat(parts)
        end

        setup(function()
            db, uri = fresh()
            local ids = {}
            for batch = 0, NODES - 1, 10000 do
                assert(db:write(function(tx)
                    for i = batch + 1, batch + 10000 do
                        ids[i] = tx:put_node("N", "key-" .. i, {
                            text = text_of(i), more = text_of(i * 7),
                            again = text_of(i * 13), i = i })
                    end
                end))
            end
            assert(db:write(function(tx)
                for i = 1, NODES do
                    for step = 1, 3 do
                        local to = (i * 7919 + step * 104729) % NODES + 1
                        tx:put_edge("E", ids[i], ids[to], { step = step })
                    end
                end
            end))
            assert(db:flush())
            assert.is_true(db:stats().pack_bytes > 8 * 1024 * 1024)
            db:close()
        end)
        before_each(function()
            reader = assert(namidb.open(uri, { read_only = true }))
        end)
        after_each(function() reader:close() end)

        it("by key: 2 GET in 2 rounds, at most 128 KiB", function()
            local cost, bytes = cost_of(reader, function()
                assert.equal(4321, reader:node("N", "key-4321").i)
            end)
            assert.equal("get=2 rounds=2", cost)
            assert.is_true(bytes <= 128 * 1024, bytes)
            assert.equal("", (cost_of(reader, function()
                assert.equal(4321, reader:node("N", "key-4321").i)
            end)))
        end)

        it("by id: 1 GET in 1 round", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            assert.equal("get=1 rounds=1", (cost_of(reader, function()
                assert.equal(9, reader:node(id).i)
            end)))
        end)

        it("the degree of a node: 1 GET in 1 round", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            assert.equal("get=1 rounds=1", (cost_of(reader, function()
                assert.equal(3, reader:degree(id, "E"))
            end)))
        end)

        it("one hop by a query, and the edges: 1 GET in 1 round", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            assert.equal("get=1 rounds=1", (cost_of(reader, function()
                local rows = assert(reader:query("MATCH (a)-[e:E]->(b) " ..
                    "WHERE id(a) = $id RETURN e.step AS step", { id = id }))
                assert.equal(3, #rows)
            end)))
        end)

        it("two hops with a property of each node: 3 rounds", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            local cost = cost_of(reader, function()
                local rows = assert(reader:query("MATCH (a)-[:E]->(b)-[:E]->" ..
                    "(c) WHERE id(a) = $id RETURN a.i AS a, b.i AS b, " ..
                    "c.i AS c", { id = id }))
                assert.equal(9, #rows)
                for _, row in ipairs(rows) do
                    assert.equal(9, row.a)
                    assert.is_number(row.b)
                    assert.is_number(row.c)
                end
            end)
            assert.equal("rounds=3", cost:match("rounds=%d+"))
        end)

        it("hops from ids that are no nodes: no rows", function()
            for _, id in ipairs({ 0, -1, 1, 8191, 2 ^ 52, 2 ^ 62 }) do
                assert.equal(0, #assert(reader:query("MATCH (a)-[e]-(b) " ..
                    "WHERE id(a) = toInteger($id) RETURN b", { id = id })))
            end
        end)

        it("one hop with properties: 2 rounds", function()
            local id = reader:node("N", "key-9").id
            reader:close()
            reader = assert(namidb.open(uri, { read_only = true }))
            local cost = cost_of(reader, function()
                local seen = 0
                for edge, friend in reader:out(id, "E") do
                    assert.is_number(edge.step)
                    assert.is_number(friend.i)
                    seen = seen + 1
                end
                assert.equal(3, seen)
            end)
            assert.equal("rounds=2", cost:match("rounds=%d+"))
        end)
    end)
end)
