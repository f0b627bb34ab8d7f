-- The API as README and lua/README describe it.

local namidb = require("namidb")

local count = 0

-- A namespace of its own.
local function open(options)
    count = count + 1
    return assert(namidb.open(("memory://db-%s?ns=n%d"):format(
        math.type and "puc" or "jit", count), options))
end

local function reopen(options)
    return namidb.open(("memory://db-%s?ns=n%d"):format(
        math.type and "puc" or "jit", count), options)
end

local function keys_of(...)
    local keys = {}
    for node in ... do keys[#keys + 1] = node.key end
    table.sort(keys)
    return table.concat(keys, " ")
end

describe("db", function()
    local db, alice, bob, knows

    before_each(function()
        db = open()
        assert(db:write(function(tx)
            alice = tx:put_node("Person", "alice", { name = "Alice", age = 30 })
            bob = tx:put_node("Person", "bob", { name = "Bob" })
            knows = tx:put_edge("KNOWS", alice, bob, { since = 2020 })
        end))
    end)
    after_each(function() db:close() end)

    describe("reading", function()
        local function check(source)
            local node = source:node("Person", "alice")
            assert.equal(alice, node.id)
            assert.equal("alice", node.key)
            assert.same({ "Person" }, node.labels)
            assert.same({ name = "Alice", age = 30 }, node.props)
            assert.equal("Alice", node.name)
            assert.is_nil(node.nothing)
            assert.equal(node, source:node(alice))
            assert.equal(node, source:node(node))
            assert.is_nil(source:node("Person", "carol"))
            assert.is_nil(source:node("Nobody", "alice"))
            assert.is_nil(source:node(12345))

            local edge = source:edge(knows)
            assert.equal("KNOWS", edge.type)
            assert.equal(alice, edge.from)
            assert.equal(bob, edge.to)
            assert.equal(2020, edge.since)
            assert.equal("alice bob", keys_of(source:nodes("Person")))
            assert.equal("", keys_of(source:nodes("Nobody")))
            local seen = 0
            for found in source:edges("KNOWS") do
                assert.equal(edge, found)
                seen = seen + 1
            end
            for out, friend in source:out(alice, "KNOWS") do
                assert.equal(edge, out)
                assert.equal("Bob", friend.name)
                seen = seen + 1
            end
            for _, friend in source:into(bob) do
                assert.equal("Alice", friend.name)
                seen = seen + 1
            end
            for _, friend in source:both(node) do
                assert.equal("Bob", friend.name)
                seen = seen + 1
            end
            for _ in source:out(alice, "HATES") do seen = seen + 1 end
            assert.equal(4, seen)
            assert.equal(1, source:degree(alice))
            assert.equal(0, source:degree(alice, "KNOWS", "in"))
            assert.equal(1, source:degree(bob, "KNOWS", "in"))
            assert.equal(1, source:degree(bob, nil, "both"))
            assert.equal(0, source:degree(bob, "HATES", "both"))
        end

        it("is the same from db, snapshot and tx, before and after a flush",
           function()
            check(db)
            local snapshot = assert(db:snapshot())
            check(snapshot)
            assert(db:write(check))
            assert(db:flush())
            check(db)
            check(snapshot)
            assert(db:write(check))
            snapshot:close()
        end)

        it("leaves a snapshot as it was", function()
            local snapshot = assert(db:snapshot())
            assert(db:write(function(tx)
                tx:set(alice, { age = 31 })
                tx:delete_node(bob, { detach = true })
            end))
            assert.equal(30, snapshot:node(alice).age)
            assert.equal(1, snapshot:degree(alice))
            assert.equal(31, db:node(alice).age)
            assert.equal(0, db:degree(alice))
            db:close()
            assert.equal("Bob", snapshot:node(bob).name)
        end)
    end)

    describe("write", function()
        it("upserts, replaces, merges, unsets", function()
            assert(db:write(function(tx)
                assert.equal(alice, tx:put_node("Person", "alice", { a = 1 }))
                assert.same({ a = 1 }, tx:node(alice).props)
                tx:put_node("Person", "alice", { b = 2 }, { merge = true })
                assert.same({ a = 1, b = 2 }, tx:node(alice).props)
                tx:unset(alice, { "a" })
                tx:set(tx:edge(knows), { since = 2021, where = "here" })
                tx:unset_edge(knows, "since")
            end))
            assert.same({ b = 2 }, db:node(alice).props)
            assert.same({ where = "here" }, db:edge(knows).props)
        end)

        it("changes labels", function()
            assert(db:write(function(tx)
                tx:add_label(bob, "Admin")
                local free = tx:create_node({ "A", "B" })
                tx:remove_label(free, "A")
                assert.same({ "B" }, tx:node(free).labels)
                local ok, err = tx:remove_label(bob, "Person")
                assert.is_nil(ok)
                assert.equal("constraint", err.code)
            end))
            assert.equal("bob", keys_of(db:nodes("Admin")))
        end)

        it("needs detach for a node with edges", function()
            assert(db:write(function(tx)
                local ok, err = tx:delete_node(alice)
                assert.is_nil(ok)
                assert.equal("constraint", err.code)
                assert.is_false(err.retryable)
                assert.matches("^constraint: ", tostring(err))
                assert.is_true(tx:delete_node(alice, { detach = true }))
                assert.is_false(tx:delete_node(alice))
                assert.is_false(tx:delete_edge(knows))
                assert.is_nil(tx:node(alice))
            end))
            assert.equal("bob", keys_of(db:nodes()))
        end)

        it("discards the batch when the function raises", function()
            local thrown = {}
            local ok, err = pcall(db.write, db, function(tx)
                tx:put_node("Person", "carol")
                error(thrown)
            end)
            assert.is_false(ok)
            assert.equal(thrown, err)
            assert.is_nil(db:node("Person", "carol"))
            assert(db:write(function(tx) tx:put_node("Person", "dora") end))
            assert.equal("alice bob dora", keys_of(db:nodes("Person")))
        end)

        it("returns what the function returned", function()
            local done, a, b, c = db:write(function() return 1, nil, 3 end)
            assert.is_true(done)
            assert.same({ 1, 3 }, { a, c })
            assert.is_nil(b)
        end)

        it("gives tickets that share slots", function()
            local before = db:stats().requests.put
            local tickets = {}
            for i = 1, 50 do
                local ticket, id = db:write(function(tx)
                    return tx:put_node("N", i)
                end, { wait = false })
                assert.is_number(id)
                tickets[i] = ticket
            end
            for _, ticket in ipairs(tickets) do
                assert.is_true(ticket:wait(10))
                assert.is_true(ticket:wait())
                ticket:close()
            end
            assert.equal("n", db:node("N", 50) and "n")
            assert.is_true(db:stats().requests.put - before <= 50)
        end)

        it("sends one PUT, and none when nothing changes", function()
            local before = db:stats().requests
            assert(db:write(function(tx)
                for i = 1, 100 do tx:put_node("N", i) end
            end))
            assert(db:write(function() end))
            local after = db:stats().requests
            assert.equal(1, after.put - before.put)
            assert.equal(0, after.get - before.get)
            assert.equal(0, after.list - before.list)
        end)
    end)

    describe("readers", function()
        it("see what was committed when they refresh", function()
            local reader = assert(reopen({ read_only = true }))
            assert.equal("Alice", reader:node("Person", "alice").name)
            assert(db:write(function(tx) tx:put_node("Person", "carol") end))
            assert.is_nil(reader:node("Person", "carol"))
            assert.is_true(reader:refresh())
            assert.is_false(reader:refresh())
            assert.is_table(reader:node("Person", "carol"))
            assert.equal(0, reader:stats().requests.put)
            local ok, err = pcall(function()
                reader:write(function() end)
            end)
            assert.is_false(ok)
            assert.matches("db_spec.lua:%d+: the handle is read%-only", err)
            reader:close()
        end)

        it("need a namespace", function()
            local none, err = namidb.open("memory://none?ns=none",
                                          { read_only = true })
            assert.is_nil(none)
            assert.equal("not_found", err.code)
            none, err = namidb.open("memory://none?ns=none", { create = false })
            assert.is_nil(none)
            assert.equal("not_found", err.code)
        end)

        it("fence the writer before", function()
            local second = assert(reopen())
            local done, err = db:write(function(tx)
                tx:put_node("Person", "late")
            end)
            assert.is_nil(done)
            assert.equal("fenced", err.code)
            assert.is_nil(second:node("Person", "late"))
            assert.is_true(db:stats().is_fenced)
            second:close()
            local refused, conflict = reopen({ takeover = false })
            assert.is_nil(refused)
            assert.equal("conflict", conflict.code)
        end)
    end)

    describe("handles", function()
        it("close twice, and collect in any order", function()
            local snapshot = db:snapshot()
            local step, cursor = db:nodes("Person")
            local ticket = db:write(function(tx)
                tx:put_node("Person", "x")
            end, { wait = false })
            db:close()
            db:close()
            assert.matches("%(closed%)$", tostring(db))
            assert.is_table(step(cursor))
            assert.is_true(ticket:wait())
            db = nil -- luacheck: ignore
            collectgarbage()
            collectgarbage()
            assert.equal("Alice", snapshot:node(alice).name)
            assert.is_table(step(cursor))
            assert.is_nil(step(cursor))
            assert.is_nil(step(cursor))
            snapshot:close()
            snapshot:close()
            db = open()
        end)

        it("say what they are", function()
            assert.matches("^namidb writer of memory://", tostring(db))
            assert.matches("^namidb snapshot", tostring(db:snapshot()))
            db:write(function(tx)
                assert.matches("^namidb transaction", tostring(tx))
            end)
            assert.equal('(8193:Person alice {age = 30, name = "Alice"})',
                         tostring(db:node(alice)))
        end)
    end)

    describe("misuse", function()
        local kept
        local CASES = {
            { function() db:node() end, "id or a node" },
            { function() db:node({}) end, "id or a node" },
            { function() db:node(1.5) end, "not an id" },
            { function() db:node(0) end, "not an id" },
            { function() db:node(-1) end, "not an id" },
            { function() db:node(2 ^ 60) end, "not an id" },
            { function() db:node("Person", {}) end, "a key is" },
            { function() db:node("Person", 1.5) end, "a key is" },
            { function() db:node("Person", "") end, "cannot be empty" },
            { function() db:node(1, "x") end, "string expected" },
            { function() db:node(db:edge(knows)) end, "id or a node" },
            { function() db:edge(db:node(alice)) end, "id or a edge" },
            { function() db:out(alice, 1) end, "a name is wanted" },
            { function() db:degree(alice, nil, "up") end, "invalid option" },
            { function() db:nodes({}) end, "a name is wanted" },
            { function() db.node({}, 1) end, "before the colon" },
            { function() db.node(nil, 1) end, "before the colon" },
            { function() db.node(io.stdout, 1) end, "before the colon" },
            { function() db.node(db:snapshot(), 1) end, "before the colon" },
            { function() db:flush("x") end, "number expected" },
            { function() db:flush(-1) end, "0 or more" },
            { function() db:write() end, "a function is wanted" },
            { function() db:write(print, { x = 1 }) end, "unknown option" },
            { function() db:write(print, { wait = 1 }) end, "boolean" },
            { function() db:write(function(tx) tx:put_node() end) end,
              "a name is wanted" },
            { function() db:write(function(tx) tx:put_node("L") end) end,
              "a key is" },
            { function() db:write(function(tx) tx:put_node("", 1) end) end,
              "empty" },
            { function() db:write(function(tx)
                tx:put_node("L", 1, 2) end) end, "are a table" },
            { function() db:write(function(tx)
                tx:put_node("L", 1, { 2 }) end) end, "names are strings" },
            { function() db:write(function(tx)
                tx:put_node("L", 1, {}, { merged = true }) end) end,
              "unknown option" },
            { function() db:write(function(tx)
                tx:delete_node(alice, { force = true }) end) end,
              "unknown option" },
            { function() db:write(function(tx) tx.set(db, 1, {}) end) end,
              "before the colon" },
            { function() db:write(function() db:write(print) end) end,
              "a transaction open" },
            { function() db:write(function() db:flush() end) end,
              "a transaction open" },
            { function() kept:put_node("L", 1) end, "has ended" },
            { function() namidb.open() end, "string expected" },
            { function() namidb.open("ftp://x") end, "ftp" },
            { function() namidb.open("memory://x", { readonly = 1 }) end,
              "unknown option 'readonly'" },
            { function() namidb.open("memory://x", { read_only = 1 }) end,
              "boolean" },
            { function() namidb.open("memory://x", { timeout = -1 }) end,
              "0 or more" },
            { function() namidb.open("memory://x", { timeout = 0 }) end,
              "timeout" },
            { function() namidb.open("memory://x", { cache_bytes = 5 }) end,
              "1 MiB" },
        }

        for i, case in ipairs(CASES) do
            it(("raises at the caller's line (%d)"):format(i), function()
                db:write(function(tx) kept = tx end)
                local ok, err = pcall(case[1])
                assert.is_false(ok)
                assert.is_string(err)
                assert.matches(case[2], err)
                assert.matches("db_spec.lua:%d+: ", err)
                -- And does no harm.
                assert.equal("Alice", db:node("Person", "alice").name)
                assert.equal(2, db:stats().nodes)
            end)
        end

        it("of a closed handle raises", function()
            db:close()
            for _, name in ipairs({ "node", "edge", "nodes", "edges", "out",
                "into", "both", "degree", "snapshot", "refresh", "flush",
                "stats", "cache_stats", "write", "load" }) do
                local ok, err = pcall(function()
                    return db[name](db, name == "write" and print or 1)
                end)
                assert.is_false(ok, name)
                assert.is_string(err)
            end
        end)
    end)

    it("counts what it did", function()
        assert(db:flush())
        local stats = db:stats()
        assert.equal(2, stats.nodes)
        assert.equal(1, stats.edges)
        assert.equal(1, stats.commits)
        assert.equal(1, stats.flushes)
        assert.equal(1, stats.packs)
        assert.is_true(stats.is_writer)
        assert.same({ kind = "memory", is_far = false }, stats.store)
        assert.same({}, stats.warnings)
        local segments = db:cache_stats().segments
        assert.is_true(segments.bytes_max > 0)
    end)
end)

describe("parse_uri", function()
    it("returns what it understood", function()
        assert.same({ scheme = "file", path = "/srv/graph", ns = "prod",
                      params = { ns = "prod" } },
                    namidb.parse_uri("file:///srv/graph?ns=prod"))
        assert.equal("my-bucket",
                     namidb.parse_uri("s3://my-bucket/data?ns=x").bucket)
    end)
    it("says what is wrong", function()
        local none, err = namidb.parse_uri("file://relative")
        assert.is_nil(none)
        assert.equal("invalid", err.code)
    end)
end)
