-- What each operation costs on S3, counted at the server's side: the README's
-- table, on MinIO behind a proxy that writes down what comes. A round is what
-- is sent before any of its answers is seen; the proxy holds answers back until
-- nothing new comes, so a slow machine counts the same.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local process = require("process")
local s3_proxy = require("s3_proxy")
local s3_servers = require("s3_servers")

local BUILD = os.getenv("BUILD") or "build"
local HOST = BUILD .. "/lua_clock"
local COMPILE = "gcc -std=c11 -Wall -Wextra -Werror -D_GNU_SOURCE -Ic " ..
    "$(pkg-config --cflags lua5.4) -pthread -rdynamic -o %s " ..
    "spec/support/lua_clock.c %s/obj-lua5.4/lua/*.o %s/libnamidb.a " ..
    "$(pkg-config --libs lua5.4) %s"

local EXPECTED = {
    { "create a namespace", "get=1 put=1 list=2 rounds=3" },
    { "commit", "put=1 rounds=1" },
    { "commit 5,000 nodes", "put=1 rounds=1" },
    { "commit after a minute", "put=1 list=1 rounds=1" },
    { "the next commit", "put=1 rounds=1" },
    { "flush", "put=2 rounds=2" },
    { "flush nothing", "" },
    { "read what one wrote", "" },
    { "an idle writer", "" },
    { "close a writer", "" },
    { "cold node by key", "get=2 rounds=2", 128 * 1024 },
    { "cold node by id", "get=1 rounds=1", 64 * 1024 },
    { "cold degree", "get=1 rounds=1", 64 * 1024 },
    { "cold hop", "get=1 rounds=1", 64 * 1024 },
    { "cold 2-hop", "get=7 rounds=3" },
    { "warm node by key", "" },
    { "warm node by id", "" },
    { "warm degree", "" },
    { "warm hop", "" },
    { "warm 2-hop", "" },
}
for _, slots in ipairs({ 0, 1, 5, 40 }) do
    local open = ("get=%d %%slist=2 rounds=%%d"):format(2 + slots)
    EXPECTED[#EXPECTED + 1] = { "read above " .. slots, open:format("", 2) }
    EXPECTED[#EXPECTED + 1] =
        { "write above " .. slots, open:format("put=1 ", 3) }
    EXPECTED[#EXPECTED + 1] =
        { "refresh above " .. slots, "get=2 rounds=1" }
    EXPECTED[#EXPECTED + 1] = { "close above " .. slots, "" }
end

describe("requests to S3", function()
    local costs, bytes, why = {}, {}, nil

    setup(function()
        local libraries = process.read("Makefile"):match("\nLDLIBS %+= (.-)\n")
        local text, ok = process.run(COMPILE:format(HOST, BUILD, BUILD,
                                                    libraries))
        assert.is_true(ok, text)
        local server
        server, why = s3_servers.start("minio")
        if not server then return end
        local proxy = s3_proxy.start(server.port)
        text = server:run({ port = proxy.port }, ("timeout 300 %s " ..
            "spec/support/s3_costs.lua %d"):format(HOST, proxy.control_port))
        proxy:stop()
        server:stop()
        assert.matches("\n0$", text)
        local line = "([^\n]+): ([^;]*); (%d+) bytes"
        for name, cost, count in text:gmatch(line) do
            costs[name], bytes[name] = cost, tonumber(count)
        end
    end)

    for _, row in ipairs(EXPECTED) do
        local name, cost, bytes_max = row[1], row[2], row[3]
        it(("to %s: %s"):format(name, cost ~= "" and cost or "none"), function()
            if why then return pending(why) end
            assert.equal(cost, costs[name])
            if bytes_max then
                assert.is_true(bytes[name] <= bytes_max, bytes[name])
            end
        end)
    end
end)
