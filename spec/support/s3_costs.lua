-- A program for s3_requests_spec: every operation once, at NAMIDB_TEST_URI
-- behind a proxy that counts. Prints a line for each, "name: get=1 rounds=1; 7
-- bytes": the bytes are those of the bodies that came back.
-- usage: lua_clock s3_costs.lua CONTROL-PORT

package.path = "spec/support/?.lua;" .. package.path

local namidb = require("namidb")
local large = require("large")
local proxy = require("s3_proxy").attach(tonumber(arg[1]))

local clock_advance = clock_advance -- luacheck: ignore
-- A late GET would be sent twice, and the gate makes all late.
local BASE = os.getenv("NAMIDB_TEST_URI") .. "&hedge=off"

local function uri_of(name) return (BASE:gsub("?", "/" .. name .. "?", 1)) end

local function open(name, options)
    return assert(namidb.open(uri_of(name), options))
end

-- Prints what fn sends.
local function row(name, fn)
    local cost, requests = proxy:cost_of(fn)
    local bytes = 0
    for _, request in ipairs(requests) do bytes = bytes + request.received end
    print(("%s: %s; %d bytes"):format(name, cost, bytes))
end

local function commit(db, first, last)
    assert(db:write(function(tx)
        for i = first, last do assert(tx:put_node("N", i, { i = i })) end
    end))
end

local function ways_of_writing()
    local db
    row("create a namespace", function() db = open("writing") end)
    row("commit", function() commit(db, 1, 1) end)
    row("commit 5,000 nodes", function() commit(db, 1, 5000) end)
    clock_advance(61)
    row("commit after a minute", function() commit(db, 1, 1) end)
    row("the next commit", function() commit(db, 2, 2) end)
    row("flush", function() assert(db:flush()) end)
    row("flush nothing", function() assert(db:flush()) end)
    row("read what one wrote", function()
        assert(db:node("N", 7).i == 7)
    end)
    row("an idle writer", function() end)
    row("close a writer", function() db:close() end)
end

local function ways_of_opening()
    for _, slots in ipairs({ 0, 1, 5, 40 }) do
        local name = "slots" .. slots
        local db = open(name)
        commit(db, 1, 10)
        assert(db:flush())
        for i = 1, slots do commit(db, i, i) end
        db:close()
        row("read above " .. slots, function()
            db = open(name, { read_only = true })
        end)
        row("refresh above " .. slots, function() db:refresh() end)
        row("close above " .. slots, function() db:close() end)
        row("write above " .. slots, function() db = open(name) end)
        db:close()
    end
end

local function ways_of_reading()
    local writer = open("reading")
    local ids = large.write_ring(writer)
    writer:close()
    local function cold(title, fn)
        local db = open("reading", { read_only = true })
        row("cold " .. title, function() fn(db) end)
        row("warm " .. title, function() fn(db) end)
        db:close()
    end
    cold("node by key", function(db)
        assert(db:node("N", "key-4321").i == 4321)
    end)
    cold("node by id", function(db) assert(db:node(ids[9]).i == 9) end)
    cold("degree", function(db) assert(db:degree(ids[9], "E") == 3) end)
    cold("hop", function(db)
        assert(#assert(db:query("MATCH (a)-[e:E]->() WHERE id(a) = $id " ..
            "RETURN e.step AS step", { id = ids[9] })) == 3)
    end)
    cold("2-hop", function(db)
        assert(#assert(db:query("MATCH (a)-[:E]->(b)-[:E]->(c) " ..
            "WHERE id(a) = $id RETURN a.i AS a, b.i AS b, c.i AS c",
            { id = ids[9] })) == 9)
    end)
end

proxy:set_gate(0.15)
ways_of_writing()
ways_of_opening()
ways_of_reading()
