-- The programs of `make bench`, ours and SQLite's, in a small size: each runs
-- to its end and gives the figures that spec/bench/run prints, and ours find
-- what SQLite finds. How large a figure is does not matter here.

package.path = "spec/support/?.lua;" .. package.path
local process = require("process")
local s3_servers = require("s3_servers")

local namidb = require("namidb")

local NODES = 1000
local LUA = process.lua .. " spec/bench/"

-- The names that a table of spec/bench/run begins its rows with.
local function names_of(table_name)
    local list = process.read("spec/bench/run"):match(
        "local " .. table_name .. " = (%b{})")
    local names = {}
    for name in list:gmatch('{ "([%w_]+)"') do names[#names + 1] = name end
    assert.is_true(#names > 0)
    return names
end

-- Runs a program; what it prints, and its lines "name value" as numbers. The
-- figures are all numbers that are more than 0.
local function run(command, server)
    command = "timeout 100 " .. command
    local text, ok
    if server then
        local status
        text, status = server:run({}, command):match("^(.-)\n?(%d+)$")
        ok = status == "0"
    else
        text, ok = process.run('eval "$(make -s env)"; ' .. command)
    end
    assert.is_true(ok, text)
    local figures = {}
    for line in text:gmatch("[^\n]+") do
        local name, value = line:match("^([%w_]+) (%S+)$")
        if name then
            figures[name] = tonumber(value)
            assert.is_true(figures[name] ~= nil and figures[name] > 0, text)
        end
    end
    return text, figures
end

local function expect(names, figures)
    for _, name in ipairs(names) do assert.is_number(figures[name], name) end
end

describe("a bench", function()
    it("of a uniform graph gives all measures", function()
        local _, figures = run(LUA .. "uniform.lua " .. NODES ..
            " memory://bench")
        expect(names_of("MEASURES"), figures)
    end)

    it("of queries over everything gives all measures", function()
        local _, figures = run(LUA .. "scan.lua " .. NODES)
        expect(names_of("SCANS"), figures)
    end)

    it("of new statements gives all steps", function()
        local _, figures = run(LUA .. "compile.lua 5")
        expect({ "lex_us", "parse_us", "check_us", "compile_us", "same_us",
                 "cached_us" }, figures)
    end)

    it("of the social graph finds what SQLite finds", function()
        local _, ours = run(LUA .. "social.lua 1")
        local _, theirs = run("build/bench/bench_social 1")
        for _, walk in ipairs(names_of("WALKS")) do
            expect({ walk .. "_us", walk .. "_first_us",
                     walk .. "_planned_us", walk .. "_second_us" }, ours)
            expect({ walk .. "_us" }, theirs)
            assert.equal(theirs[walk .. "_rows"], ours[walk .. "_rows"], walk)
        end
    end)

    -- The module is the same C for both interpreters.
    if rawget(_G, "jit") then return end

    setup(function()
        local text, ok = process.run("make -s benches")
        assert.is_true(ok, text)
    end)

    it("has a program for all of C's, and runs it here", function()
        local here = process.read("spec/system/bench_spec.lua")
        for path in process.run("ls c/bench/*.c"):gmatch("[^\n]+") do
            local name = path:match("bench_%w+")
            assert.is_truthy(here:find("build/bench/" .. name, 1, true), name)
        end
        for path in process.run("ls spec/bench/*.lua"):gmatch("[^\n]+") do
            local name = path:match("[%w_]+%.lua$")
            -- s3.lua wants the peers of `make bench-setup`.
            assert.is_truthy(name == "s3.lua" or
                here:find('"' .. name, 1, true) or
                here:find("spec/bench/" .. name, 1, true), name)
        end
    end)

    it("of the floor and of SQLite gives figures", function()
        for _, program in ipairs({ "build/bench/bench_floor",
                                   "build/bench/bench_sqlite" }) do
            local _, figures = run(program .. " " .. NODES)
            expect({ "node_by_key_us", "hop_with_property_us" }, figures)
        end
    end)

    it("of the core's reads gives a line for each", function()
        local text = run("build/bench/bench_read " .. NODES)
        local lines = select(2, text:gsub("[^\n]+", ""))
        assert.is_true(lines >= 14, text)
        assert.is_nil(text:find("nan", 1, true) or text:find("inf", 1, true))
    end)

    it("of a load by the core gives figures", function()
        local text = run("build/bench/bench_load 20000 100")
        assert.matches("an edge, stored +%d", text)
        assert.is_nil(text:find("nan", 1, true) or text:find("inf", 1, true))
    end)

    it("of packs counts what is in one", function()
        local folder = process.folder()
        local db = assert(namidb.open("file://" .. folder))
        assert(db:query("UNWIND range(1, 50) AS i CREATE (:A {i: i})-[:R]->()"))
        assert(db:flush())
        db:close()
        local text = run("build/bench/bench_pack $(find " .. folder ..
            " -path '*/pack/*' -type f)")
        process.remove(folder)
        assert.matches("node +100", text)
        assert.matches("out +50", text)
    end)

    it("of S3's client and of commits on S3 gives figures", function()
        local server, why = s3_servers.start("minio")
        if not server then return pending(why) end
        local uri = 'build/bench/bench_s3 "$NAMIDB_TEST_URI" '
        local shell = "sh -c '%s'"
        run(shell:format(uri .. "put 1"), server)
        local _, get = run(shell:format(uri .. "get"), server)
        local _, small = run(shell:format(uri .. "small 3"), server)
        local _, busy = run(shell:format(uri .. "busy 20"), server)
        local url = ("http://127.0.0.1:%d/bucket/tests/default/"):format(
            server.port)
        local _, alone = run("build/bench/bench_s3 " .. url ..
            "log/1-1-0 curl 3", server)
        expect({ "get_s" }, get)
        expect({ "put_cpu_us", "get_cpu_us" }, small)
        expect({ "put_cpu_us", "get_cpu_us" }, busy)
        expect({ "get_cpu_us" }, alone)
        for _, measure in ipairs({ "commits", "tickets", "open" }) do
            local _, figures = run("lua5.4 spec/bench/s3_ours.lua " ..
                (measure == "open" and "commits" or measure) .. " " ..
                measure .. " 3", server)
            expect({ measure }, figures)
        end
        server:stop()
    end)
end)
