-- Misuse of every function: what is raised, and that it points at the caller.

local help = dofile("spec/help.lua")
local namidb = require("namidb")
local core = require("namidb.core")

local check_misuse = help.check_misuse

-- One `it` for each { title, function of one line, part of the message }.
local function each(cases)
    for _, case in ipairs(cases) do
        it(case[1], function() check_misuse(case[2], case[3]) end)
    end
end

local db, snapshot, tx, id, edge_id, node, edge, client
local function nothing() end

describe("misuse", function()
    setup(function()
        db = help.open()
        assert(db:write(function(t)
            id = t:put_node("Person", "alice")
            edge_id = t:put_edge("KNOWS", id, id)
        end))
        node, edge = db:node(id), db:edge(edge_id)
        snapshot = assert(db:snapshot())
        tx = assert(db:begin())
        client = assert(namidb.Client(help.memory_uri()))
    end)
    teardown(function()
        tx:abort()
        snapshot:close()
        db:close()
        client:close()
    end)

    describe("of namidb.open", function()
        local uri = help.memory_uri()
        local open = namidb.open
        each({
            { "no URI", function() open() end, "string expected" },
            { "no scheme", function() open("graph") end, "" },
            { "an unknown scheme", function() open("ftp://x") end, "ftp" },
            { "a zero byte", function() open(uri .. "\0x") end, "zero byte" },
            { "an unknown parameter", function() open(uri .. "?a=b") end, "a" },
            { "options of text", function() open(uri, "read_only") end,
              "table expected" },
            { "an unknown option", function() open(uri, { ro = true }) end,
              "unknown option 'ro'" },
            { "options in a list", function() open(uri, { true }) end,
              "options have names" },
            { "read_only = 1", function() open(uri, { read_only = 1 }) end,
              "option read_only: a boolean is wanted, not a number" },
            { "create = 'no'", function() open(uri, { create = "no" }) end,
              "option create" },
            { "takeover = 'x'", function() open(uri, { takeover = "x" }) end,
              "option takeover" },
            { "takeover < 0", function() open(uri, { takeover = -1 }) end,
              "option takeover" },
            { "timeout of text", function() open(uri, { timeout = "1" }) end,
              "option timeout: a number is wanted" },
            { "timeout nan", function() open(uri, { timeout = 0 / 0 }) end,
              "option timeout" },
            { "half a byte", function() open(uri, { cache_bytes = 0.5 }) end,
              "option cache_bytes: a whole number" },
            { "too large", function() open(uri, { memtable_bytes = 2^40 }) end,
              "memtable" },
            { "half a slot", function() open(uri, { flush_slots = 1.5 }) end,
              "option flush_slots: a whole number" },
            { "flush_age true", function() open(uri, { flush_age = true }) end,
              "option flush_age" },
        })
    end)

    describe("of reading", function()
        each({
            { "no id", function() db:node() end, "an id or a node" },
            { "an id of text", function() db:node("alice") end, "a key is" },
            { "a key that is nil", function() db:node("Person", nil) end,
              "a key is a string or an integer" },
            { "a key of a float", function() db:node("Person", 1.5) end,
              "a key is a string or an integer" },
            { "a key of a table", function() db:node("Person", {}) end,
              "a key is a string or an integer" },
            { "a label of a number", function() db:node(1, "alice") end,
              "string expected" },
            { "id 0", function() db:node(0) end, "not an id" },
            { "id -1", function() db:node(-1) end, "not an id" },
            { "id 1.5", function() db:node(1.5) end, "not an id" },
            { "id 2^53", function() db:node(2 ^ 53) end, "not an id" },
            { "an id that is no number", function() db:node(0 / 0) end,
              "not an id" },
            { "an edge for a node", function() db:node(edge) end,
              "an id or a node" },
            { "a node for an edge", function() db:edge(node) end,
              "an id or a edge" },
            { "a table for a node", function() db:out({}) end,
              "another table" },
            { "no node", function() db:into() end, "an id or a node" },
            { "a type of a number", function() db:both(id, 1) end,
              "a name is wanted" },
            { "a label of a table", function() db:nodes({}) end,
              "a name is wanted" },
            { "a type of a boolean", function() db:edges(true) end,
              "a name is wanted" },
            { "a wrong direction", function() db:degree(id, nil, "up") end,
              "invalid option 'up'" },
            { "a dot for a colon", function() db.node(id) end,
              "a namidb.db is wanted before the colon" },
            { "nothing before the colon", function() db.nodes() end,
              "a namidb.db is wanted" },
            { "a transaction for a database", function() db.node(tx, 1) end,
              "a namidb.db is wanted" },
            { "a database for a snapshot", function() snapshot.node(db, 1) end,
              "a namidb.snapshot is wanted" },
            { "a snapshot for a transaction", function() tx.node(snapshot) end,
              "a namidb.tx is wanted" },
            { "a file for a database", function() db.stats(io.stdout) end,
              "a namidb.db is wanted" },
            { "a key of a snapshot", function() snapshot:node("P", {}) end,
              "a key is" },
            { "an id of a transaction", function() tx:out("x") end, "an id" },
        })
    end)

    describe("of the handle", function()
        each({
            { "a timeout of text", function() db:flush("x") end,
              "number expected" },
            { "a timeout below 0", function() db:refresh(-1) end, "seconds" },
            { "a foreign flush", function() db.flush(snapshot) end,
              "a namidb.db is wanted" },
            { "a foreign refresh", function() db.refresh(tx) end,
              "a namidb.db is wanted" },
            { "a foreign snapshot", function() db.snapshot(snapshot) end,
              "a namidb.db is wanted" },
            { "a foreign stats", function() db.cache_stats({}) end,
              "a namidb.db is wanted" },
            { "a foreign close", function() db.close(snapshot) end,
              "namidb.db expected" },
            { "a foreign begin", function() db.begin(snapshot) end,
              "a namidb.db is wanted" },
        })
    end)

    describe("of db:write", function()
        each({
            { "no function", function() db:write() end,
              "a function is wanted" },
            { "no options", function() db:write(nothing, 1) end,
              "options are a table" },
            { "an unknown one", function() db:write(nothing, { w = 1 }) end,
              "unknown option 'w'" },
            { "wait = 0", function() db:write(nothing, { wait = 0 }) end,
              "option wait: a boolean is wanted, not a number" },
            { "timeout {}", function() db:write(nothing, { timeout = {} }) end,
              "option timeout: a number" },
            { "timeout < 0", function() db:write(nothing, { timeout = -1 }) end,
              "0 or more" },
            { "retries < 0", function() db:write(nothing, { retries = -1 }) end,
              "0 or more" },
            { "a dot for a colon", function() db.write(nothing) end,
              "a function is wanted" },
            { "a snapshot", function() db.write(snapshot, nothing) end,
              "a namidb.db is wanted" },
            { "a transaction", function() db.write(tx, nothing) end,
              "a namidb.db is wanted" },
        })
    end)

    describe("of tx", function()
        local loop = {}
        loop[1] = loop
        each({
            { "a foreign handle", function() tx.put_node(db, "P", 1) end,
              "a namidb.tx is wanted" },
            { "no handle", function() tx.put_edge() end,
              "a namidb.tx is wanted" },
            { "no label", function() tx:put_node() end, "a name is wanted" },
            { "an empty label", function() tx:put_node("", 1) end, "label" },
            { "no key", function() tx:put_node("P") end, "a key is" },
            { "a key of a boolean", function() tx:put_node("P", true) end,
              "a key is" },
            { "a key not of UTF-8", function() tx:put_node("P", "\255") end,
              "UTF-8" },
            { "props of text", function() tx:put_node("P", 1, "x") end,
              "properties are a table" },
            { "props in a list", function() tx:put_node("P", 1, { 2 }) end,
              "property names are strings" },
            { "a function", function() tx:put_node("P", 1, { f = print }) end,
              "f: a function cannot be stored" },
            { "a coroutine", function() tx:create_node("P", {
                c = coroutine.create(nothing) }) end,
              "c: a thread cannot be stored" },
            { "a handle", function() tx:create_node("P", { d = db }) end,
              "d: a userdata cannot be stored" },
            { "a map", function() tx:create_node("P", { m = { a = 1 } }) end,
              "m: a map cannot be stored" },
            { "holes", function() tx:create_node("P", {
                l = { 1, nil, 3 } }) end, "l: " },
            { "a hole and a name", function() tx:create_node("P", {
                l = { nil, 2, x = 1 } }) end, "l: " },
            { "a null in a list", function() tx:create_node("P", {
                l = { namidb.null } }) end, "null" },
            { "a list in itself", function() tx:create_node("P", {
                l = loop }) end, "nested deeper than 128" },
            { "a node as a value", function() tx:create_node("P", {
                n = node }) end, "a table with a metatable of its own" },
            { "text not of UTF-8", function() tx:create_node("P", {
                t = "\255" }) end, "UTF-8" },
            { "half a date", function() tx:create_node("P", {
                d = setmetatable({ "x" }, getmetatable(namidb.date(1, 1, 1)))
              }) end, "d: a field is not an integer" },
            { "a kind of its own", function() tx:create_node("P", {
                d = setmetatable({}, { __kind = 99 }) }) end,
              "d: a table of unknown kind" },
            { "an unknown option", function() tx:put_node("P", 1, nil, {
                m = true }) end, "unknown option 'm'" },
            { "merge = 1", function() tx:put_node("P", 1, nil, {
                merge = 1 }) end, "option merge: a boolean" },
            { "labels of numbers", function() tx:create_node({ 1 }) end,
              "a name is wanted" },
            { "a label of a number", function() tx:create_node(1) end,
              "a name is wanted" },
            { "set of nothing", function() tx:set() end, "an id or a node" },
            { "set without props", function() tx:set(id) end,
              "table expected" },
            { "set_edge of a node", function() tx:set_edge(node, {}) end,
              "an id or a edge" },
            { "unset of nothing", function() tx:unset(id) end,
              "a name is wanted" },
            { "unset of a number", function() tx:unset_edge(edge, { 1 }) end,
              "a name is wanted" },
            { "no label to add", function() tx:add_label(id) end,
              "a name is wanted" },
            { "an edge's label", function() tx:add_label(edge, "L") end,
              "an id or a node" },
            { "no label to remove", function() tx:remove_label(id) end,
              "a name is wanted" },
            { "delete_node of text", function() tx:delete_node("x") end,
              "an id or a node" },
            { "detach = 'x'", function() tx:delete_node(id, {
                detach = "x" }) end, "option detach" },
            { "an edge to nothing", function() tx:put_edge("T", id) end,
              "an id or a node" },
            { "an edge without type", function() tx:put_edge(nil, id, id) end,
              "a name is wanted" },
            { "delete_edge of a node", function() tx:delete_edge(node) end,
              "an id or a edge" },
        })

        it("changes nothing in it", function()
            assert.equal(0, #help.collect(tx:nodes("P")))
        end)
    end)

    describe("of constructors", function()
        each({
            { "float", function() namidb.float("1") end, "a number is wanted" },
            { "bytes", function() namidb.bytes(1) end, "a string is wanted" },
            { "date without day", function() namidb.date(2024, 2) end, "day" },
            { "the 30th of February", function() namidb.date(2024, 2, 30) end,
              "day: a whole number from 1 to 29 is wanted, not 30" },
            { "month 13", function() namidb.date(2024, 13, 1) end, "month" },
            { "half a year", function() namidb.date(0.5, 1, 1) end, "year" },
            { "hour 24", function() namidb.local_time(24, 0) end, "hour" },
            { "a leap second", function() namidb.time(23, 59, 60) end,
              "second" },
            { "an offset", function() namidb.time(1, 1, 1, 1, 70000) end,
              "offset" },
            { "no fields", function() namidb.local_datetime() end, "fields" },
            { "no year", function() namidb.local_datetime({}) end, "year" },
            { "a zone", function() namidb.datetime({ year = 1, zone = 1 }) end,
              "zone" },
            { "half a month", function() namidb.duration({ months = .5 }) end,
              "months" },
            { "a point without y", function() namidb.point({ x = 1 }) end,
              "point" },
            { "a list of nothing", function() namidb.list() end,
              "a table is wanted" },
            { "a vector of text", function() namidb.vector({ "x" }) end,
              "item 1" },
        })
    end)

    describe("of json", function()
        each({
            { "decode", function() namidb.json.decode(1) end, "a string" },
            { "a function", function() namidb.json.encode(print) end,
              "a function has no JSON" },
            { "infinity", function() namidb.json.encode(1 / 0) end, "inf" },
            { "a key", function() namidb.json.encode({ [2] = 1 }) end, "key" },
        })
    end)

    describe("of the client", function()
        each({
            { "no URI", function() namidb.Client() end, "string expected" },
            { "an option", function() namidb.Client("memory://x", {
                y = 1 }) end, "unknown option 'y'" },
            { "no label", function() client:upsert_node() end, "label" },
            { "no ends", function() client:upsert_edge("T") end, "an end" },
            { "half an end", function() client:tombstone_edge("T", { "A" }) end,
              "an end" },
            { "no key", function() client:lookup_node("A") end, "a key is" },
            { "a label", function() client:scan_label(1) end, "a name" },
            { "a type", function() client:out_edges(id, 1) end, "a name" },
            { "a dot", function() client.commit() end, "a client is wanted" },
        })

        it("shows where the bad write is committed", function()
            client:upsert_node("A", {})
            check_misuse(function() client:commit() end, "a key is")
            client:rollback()
            assert.is_true(client:commit())
        end)
    end)

    describe("of load", function()
        local load = namidb.load
        each({
            { "no options", function() load(db) end, "a table is wanted" },
            { "no database", function() load(nil, {}) end,
              "a namidb.db is wanted" },
            { "an unknown option", function() db:load({ node = {} }) end,
              "unknown field 'node'" },
            { "nodes of text", function() db:load({ nodes = "x" }) end,
              "a table is wanted" },
            { "no label", function() db:load({ nodes = { {} } }) end,
              "nodes[1] has no label" },
            { "no source", function() db:load({ nodes = { {
                label = "A" } } }) end, "either file or rows" },
            { "no type", function() db:load({ edges = { {} } }) end,
              "edges[1] has no type" },
            { "no end", function() db:load({ edges = { {
                type = "T" } } }) end, "from of edges[1]" },
            { "batch 0", function() db:load({ batch = 0 }) end, "batch" },
            { "progress", function() db:load({ progress = 1 }) end,
              "progress" },
            { "resume", function() db:load({ resume = {} }) end, "resume" },
            { "an unknown type", function() client.db:load({ nodes = { {
                label = "A", types = { x = "int8" },
                rows = function() return { x = 1 } end } } }) end,
              "unknown type 'int8'" },
        })
    end)

    describe("of a closed handle", function()
        local closed = help.open()
        local ended = assert(closed:snapshot())
        ended:close()
        closed:close()
        for _, name in ipairs({ "node", "edge", "nodes", "edges", "out", "into",
                                "both", "degree" }) do
            it("by " .. name, function()
                check_misuse(function() closed[name](closed, 1) end, "closed")
                check_misuse(function() ended[name](ended, 1) end, "closed")
            end)
        end
        each({
            { "snapshot", function() closed:snapshot() end, "closed" },
            { "refresh", function() closed:refresh() end, "closed" },
            { "flush", function() closed:flush() end, "closed" },
            { "stats", function() closed:stats() end, "closed" },
            { "cache_stats", function() closed:cache_stats() end, "closed" },
            { "begin", function() closed:begin() end, "closed" },
            { "write", function() closed:write(nothing) end, "closed" },
            { "load", function() closed:load({}) end, "closed" },
        })
    end)

    it("cannot reach the collector's functions", function()
        for _, handle in ipairs({ db, snapshot, tx }) do
            assert.equal("string", type(getmetatable(handle)))
        end
        assert.equal("userdata", type(core.null))
    end)
end)
