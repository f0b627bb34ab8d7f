local help = dofile("spec/help.lua")
local namidb = require("namidb")

local function collect()
    collectgarbage()
    collectgarbage()
end

local function open_pair(uri)
    local db = assert(namidb.open(uri or help.memory_uri()))
    local a, b, edge
    assert(db:write(function(tx)
        a = tx:put_node("Person", "a", { x = 1 })
        b = tx:put_node("Person", "b", { x = 2 })
        edge = tx:put_edge("KNOWS", a, b, { since = 2020 })
    end))
    return db, a, b, edge
end

describe("a handle", function()
    teardown(help.remove_folders)

    it("closes as often as one likes", function()
        local db = open_pair()
        local snapshot = db:snapshot()
        snapshot:close()
        snapshot:close()
        db:close()
        db:close()
    end)

    it("says what it is, without secrets", function()
        local uri = help.memory_uri()
        local db = assert(namidb.open(uri))
        assert.equal("namidb writer of " .. uri, tostring(db))
        local reader = assert(namidb.open(uri, { read_only = true }))
        assert.equal("namidb reader of " .. uri, tostring(reader))
        local snapshot = db:snapshot()
        assert.equal("namidb snapshot", tostring(snapshot))
        snapshot:close()
        assert.equal("namidb snapshot (closed)", tostring(snapshot))
        db:close()
        assert.equal("namidb writer of " .. uri .. " (closed)", tostring(db))
        reader:close()
    end)

    it("may be closed before its snapshots, which go on", function()
        local db, a = open_pair()
        assert(db:flush())
        local snapshot = db:snapshot()
        db:close()
        db = nil -- luacheck: ignore
        collect()
        assert.equal(1, snapshot:node(a).x)
        assert.equal(2, #help.collect(snapshot:nodes("Person")))
        snapshot:close()
    end)

    it("may be closed before its iterators, which go on", function()
        local db, a, b = open_pair()
        assert(db:flush())
        local next_node, cursor = db:nodes("Person")
        db:close()
        db = nil -- luacheck: ignore
        collect()
        assert.equal(a, next_node(cursor).id)
        assert.equal(b, next_node(cursor).id)
        assert.is_nil(next_node(cursor))
        assert.is_nil(next_node(cursor))
    end)

    it("may be dropped while it is iterated", function()
        local uri = "file://" .. help.folder() .. "?ns=x"
        open_pair(uri):close()
        local count = 0
        for node in assert(namidb.open(uri)):nodes() do
            collect()
            count = count + node.x
        end
        assert.equal(3, count)
    end)

    it("may be closed before its tickets, which know", function()
        local db = help.open()
        local ticket = db:write(function(tx) tx:put_node("N", 1) end,
                                { wait = false })
        db:close()
        db = nil -- luacheck: ignore
        collect()
        assert.is_true(ticket:wait())
    end)

    it("may be closed inside a transaction, which is lost", function()
        local uri = help.memory_uri()
        local db = assert(namidb.open(uri))
        local function closing(tx)
            tx:put_node("N", 1)
            db:close()
        end
        help.check_misuse(function() db:write(closing) end, "closed")
        local again = assert(namidb.open(uri))
        assert.is_nil(again:node("N", 1))
        again:close()
    end)

    it("may be collected with its children in any order", function()
        for round = 1, 30 do
            local db, a = open_pair()
            local things = { db, db:snapshot(), db:snapshot() }
            local _, scan = db:nodes()
            local _, hop = things[2]:out(a)
            things[#things + 1], things[#things + 2] = scan, hop
            local ticket = db:write(function(tx) tx:put_node("N", 1) end,
                                    { wait = false })
            things[#things + 1] = ticket
            things[#things + 1] = assert(db:begin())
            db, scan, hop, ticket = nil, nil, nil, nil -- luacheck: ignore
            -- A permutation that differs by the round.
            while #things > 0 do
                table.remove(things, round * 7 % #things + 1)
                if round % 3 == 0 then collect() end
            end
            collect()
        end
    end)

    -- LuaJIT's weak tables keep a key that its value leads to.
    it("is let go of with the plans of its statements", function()
        local kept = setmetatable({}, { __mode = "k" })
        local function live(closes)
            local db = open_pair()
            for _, text in ipairs({
                "MATCH (n) WHERE n.x = 1 + toInteger('1') RETURN n.x AS x",
                "EXPLAIN MATCH (n:Person) RETURN count(*) AS c",
                "UNWIND [1, 2] AS i CALL (i) { MERGE (:N {i: i}) } " ..
                    "IN TRANSACTIONS OF 1 ROW",
            }) do
                assert(db:query(text))
            end
            local snapshot, tx = db:snapshot(), assert(db:begin())
            assert(snapshot:query("MATCH (n:Person) RETURN n.x AS x"))
            assert(tx:query("CREATE (:N) RETURN 1 AS x"))
            kept[db], kept[snapshot], kept[tx] = true, true, true
            tx:abort()
            if closes then snapshot:close() db:close() end
        end
        for i = 1, 10 do live(i % 2 == 0) end
        collect()
        assert.is_nil(next(kept))
    end)

    it("end their iterators when those are closed", function()
        for _, count in ipairs({ 3, 30, 300 }) do
            local db, hub = help.open(), nil
            assert(db:write(function(tx)
                hub = tx:put_node("Hub", "hub")
                for i = 1, count do
                    tx:put_edge("R", hub, tx:put_node("Leaf", i), { n = i })
                end
            end))
            for _, is_flushed in ipairs({ false, true }) do
                if is_flushed then assert(db:flush()) end
                for _, at in ipairs({ 0, 1, count - 1, count }) do
                    local step, walk = db:out(hub)
                    for _ = 1, at do
                        local edge, leaf = step(walk)
                        assert.equal(edge.n, leaf.key)
                    end
                    walk:close()
                    assert.is_nil(step(walk))
                    assert.is_nil(walk:next())
                    walk:close()
                end
            end
            db:close()
        end
    end)

    it("may be read by finalizers while it is read", function()
        local db, a, _, edge = open_pair()
        local runs = 0
        local function finalizer()
            runs = runs + 1
            assert(db:node(a).x == 1 and db:edge(edge).since == 2020)
            for _, friend in db:out(a) do assert(friend.x == 2) end
        end
        local function litter()
            if not newproxy then -- luacheck: ignore
                return setmetatable({}, { __gc = finalizer })
            end
            local proxy = newproxy(true) -- luacheck: ignore
            getmetatable(proxy).__gc = finalizer
        end
        collectgarbage("setpause", 50)
        for _ = 1, 3000 do
            litter()
            assert.equal(1, db:node(a).x)
            for found in db:edges("KNOWS") do
                assert.equal(2020, found.since)
            end
        end
        collect()
        collectgarbage("setpause", 200)
        assert.is_true(runs > 1000)
        db:close()
    end)

    it("may be closed by finalizers while it is read", function()
        for _ = 1, 100 do
            local db, a = open_pair()
            local snapshot = db:snapshot()
            local _, cursor = snapshot:nodes()
            local function finalizer()
                cursor:close()
                snapshot:close()
                db:close()
            end
            if newproxy then -- luacheck: ignore
                local proxy = newproxy(true) -- luacheck: ignore
                getmetatable(proxy).__gc = finalizer
            else
                setmetatable({}, { __gc = finalizer })
            end
            local ok, err = pcall(function()
                while true do
                    assert(snapshot:node(a).x == 1)
                    assert(db:node(a).x == 1)
                end
            end)
            assert.is_false(ok)
            assert.is_truthy(err:find("closed", 1, true))
            assert.is_nil(cursor:next())
        end
    end)

    if load("local x <close> = nil") then
        it("closes with its block", function()
            local run = assert(load([[
                local db, check = ...
                do
                    local snapshot <close> = db:snapshot()
                    check(snapshot)
                end
                local next_node, cursor, _, closing = db:nodes()
                for node in next_node, cursor, nil, closing do
                    check(node)
                    break
                end
                return next_node(cursor)
            ]]))
            local db = open_pair()
            local seen = {}
            assert.is_nil(run(db, function(thing)
                seen[#seen + 1] = thing
            end))
            assert.equal("namidb snapshot (closed)", tostring(seen[1]))
            assert.equal("a", seen[2].key)
            db:close()
        end)
    end

    it("works when the module is loaded again", function()
        local db, a = open_pair()
        for name in pairs(package.loaded) do
            if name:find("^namidb") then package.loaded[name] = nil end
        end
        local again = require("namidb")
        assert.is_true(again ~= namidb)
        assert.equal(1, db:node(a).x)
        local other = assert(again.open(help.memory_uri()))
        assert(other:write(function(tx)
            tx:put_node("N", 1, { d = namidb.date(2020, 1, 2) })
        end))
        assert.equal("2020-01-02", tostring(other:node("N", 1).d))
        other:close()
        db:close()
    end)
end)

describe("reading", function()
    local db, a, b, edge

    setup(function() db, a, b, edge = open_pair() end)
    teardown(function() db:close() end)

    for _, kind in ipairs({ "db", "snapshot", "tx" }) do
        it("is the same by " .. kind, function()
            local reader = db
            if kind == "snapshot" then reader = db:snapshot() end
            if kind == "tx" then reader = db:begin() end
            assert.equal(a, reader:node("Person", "a").id)
            assert.equal("b", reader:node(b).key)
            assert.equal(b, reader:node(reader:node(b)).id)
            assert.same({ "Person" }, reader:node(a).labels)
            assert.is_nil(reader:node("Person", "c"))
            assert.is_nil(reader:node("Nobody", "a"))
            assert.is_nil(reader:node(b + 8192))
            local found = reader:edge(edge)
            assert.equal("KNOWS", found.type)
            assert.equal(a, found.from)
            assert.equal(b, found.to)
            assert.equal(2020, found.since)
            assert.is_nil(reader:edge(edge + 8192))
            assert.equal(2, #help.collect(reader:nodes()))
            assert.equal(2, #help.collect(reader:nodes("Person")))
            assert.equal(0, #help.collect(reader:nodes("Nobody")))
            assert.equal(1, #help.collect(reader:edges()))
            assert.equal(0, #help.collect(reader:edges("HATES")))
            local out = help.collect(reader:out(a, "KNOWS"))
            assert.equal(edge, out[1][1].id)
            assert.equal("b", out[1][2].key)
            assert.equal("a", help.collect(reader:into(b))[1][2].key)
            assert.equal(0, #help.collect(reader:out(b)))
            assert.equal(1, #help.collect(reader:both(b, "KNOWS")))
            assert.equal(0, #help.collect(reader:both(b, "HATES")))
            assert.equal(1, reader:degree(a))
            assert.equal(0, reader:degree(a, "KNOWS", "in"))
            assert.equal(1, reader:degree(b, nil, "both"))
            assert.equal(0, reader:degree(a, "HATES"))
            if kind == "tx" then reader:abort() end
            if kind == "snapshot" then reader:close() end
        end)
    end

    it("gives nodes and edges that can be compared and shown", function()
        local node, found = db:node(a), db:edge(edge)
        assert.is_true(node == db:node(a))
        assert.is_false(node == db:node(b))
        assert.is_false(node == found)
        assert.equal(("(%d:Person a {x = 1})"):format(a), tostring(node))
        assert.equal(("[%d:KNOWS %d -> %d {since = 2020}]"):format(edge, a, b),
                     tostring(found))
        assert.is_nil(node.nothing)
    end)

    it("shows a snapshot what was there when it was taken", function()
        local snapshot = db:snapshot()
        assert(db:write(function(tx) tx:put_node("Person", "late") end))
        assert.is_nil(snapshot:node("Person", "late"))
        assert.equal("late", db:node("Person", "late").key)
        snapshot:close()
    end)

    it("costs nothing when it is warm", function()
        assert(db:flush())
        db:node("Person", "a")
        help.collect(db:out(a))
        local before = db:stats().requests
        db:node("Person", "a")
        help.collect(db:out(a))
        assert.same(before, db:stats().requests)
        assert.is_true(db:cache_stats().segments.hits > 0)
        assert.equal(before.get, db:cache_stats().store.get)
    end)
end)

describe("namidb.open", function()
    it("says that a namespace is absent", function()
        local db, err = namidb.open(help.memory_uri(), { read_only = true })
        assert.is_nil(db)
        assert.equal("not_found", err.code)
        assert.is_false(err.retryable)
        db, err = namidb.open(help.memory_uri(), { create = false })
        assert.is_nil(db)
        assert.equal("not_found", err.code)
    end)

    it("leaves another writer alone when it is told to", function()
        local uri = help.memory_uri()
        local db = open_pair(uri)
        for _, takeover in ipairs({ false, 3600 }) do
            local other, err = namidb.open(uri, { takeover = takeover })
            assert.is_nil(other)
            assert.equal("conflict", err.code)
        end
        local other = assert(namidb.open(uri, { takeover = true }))
        other:close()
        db:close()
    end)

    it("lets a reader see later commits by refresh", function()
        local uri = help.memory_uri()
        local db = open_pair(uri)
        local reader = assert(namidb.open(uri, { read_only = true }))
        assert.is_false(reader:refresh())
        assert(db:write(function(tx) tx:put_node("Person", "c") end))
        assert.is_nil(reader:node("Person", "c"))
        assert.is_true(reader:refresh())
        assert.equal("c", reader:node("Person", "c").key)
        reader:close()
        db:close()
    end)
end)

describe("namidb.parse_uri", function()
    it("takes a URI apart", function()
        assert.same({ scheme = "file", path = "/tmp/a b", ns = "prod",
                      params = { ns = "prod" } },
                    namidb.parse_uri("file:///tmp/a%20b?ns=prod"))
        assert.same({ scheme = "memory", bucket = "x", ns = "default",
                      params = {} }, namidb.parse_uri("memory://x"))
    end)

    it("returns what is wrong with one", function()
        local uri, err = namidb.parse_uri("nonsense")
        assert.is_nil(uri)
        assert.equal("invalid", err.code)
    end)
end)
