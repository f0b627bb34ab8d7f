-- Plain lines of JSON go into the core by themselves, others row by row: what
-- is in the graph afterwards, and what an error says, must not depend on which.

local help = require("spec.help")
local load_ways = require("spec.support.load_ways")
local namidb = require("namidb")
local read_jsonl = require("namidb.read_jsonl")

local random, one_of = load_ways.random, load_ways.one_of

-- A value as JSON, now and then one that needs thought.
local function value()
    local kind = random(14)
    if kind <= 4 then return tostring(random(2000) - 1000) end
    if kind <= 7 then return '"text ' .. random(50) .. '"' end
    if kind == 8 then return ("%.3f"):format(random(1000) / 7) end
    if kind == 9 then return one_of("true", "false", "null") end
    return one_of('""', '"7"', '"-0"', '"\\"\\\\\\n"', '"é"',
                  '"\\u00e9\\ud83d\\ude00"', "-0", "0", "1.0", "1e2",
                  "2.5e-1", "[1,2]", "[]", "9007199254740993",
                  "999999999999999", "-1e-3", '"true"',
                  '"' .. ("long"):rep(300) .. '"')
end

local NAMES = { "a", "b", "c:int", "d" }

local function object(fixed)
    local members = { fixed }
    for _, name in ipairs(NAMES) do
        if random(4) > 1 then
            local text = value()
            -- A text that is no integer is an error of its own.
            if name ~= "c:int" or not text:find('^"[^7-]') then
                members[#members + 1] = ('"%s":%s%s'):format(name,
                    one_of("", " "), text)
            end
        end
    end
    if random(3) == 1 then
        members[1], members[#members] = members[#members], members[1]
    end
    if random(60) == 1 then
        members[#members + 1] = '"rare' .. random(20) .. '":1'
    end
    return "{" .. table.concat(members, one_of(",", " , ")) .. "}"
end

local function people(count)
    local lines = {}
    for i = 1, count do
        lines[#lines + 1] = object('"id":' .. i)
        if random(40) == 1 then lines[#lines + 1] = one_of("", "  ") end
    end
    return table.concat(lines, one_of("\n", "\r\n")) .. one_of("", "\n")
end

local function knows(count, nodes)
    local lines = {}
    for _ = 1, count do
        lines[#lines + 1] = object(('"from":%d,"to":%d'):format(random(nodes),
                                                               random(nodes)))
    end
    return table.concat(lines, "\n") .. "\n"
end

-- The rows of a file, one by one: the slow way.
local function rows_of(path)
    local reader = assert(read_jsonl.open(path))
    return function() return reader:next() end
end

describe("plain lines of JSON", function()
    teardown(help.remove_folders)

    it("become what rows become", function()
        for number = 1, 5 do
            load_ways.set_seed(100 + number)
            load_ways.check_same(rows_of,
                help.file("people.jsonl", people(1500)),
                help.file("knows.jsonl", knows(2500, 1500)), 4000)
        end
    end)

    it("stop at the line that is bad, and say which", function()
        for _, bad in ipairs({
            { '{"from":7,"to":99999}', "not_found", "99999" },
            { '{"to":8,"since":1}', "invalid", "from" },
            { '{"from":null,"to":8}', "invalid", "from" },
            { '{"from":7,"to":true}', "invalid", "key" },
            { '{"from":7,"to":8', "syntax", "wanted" },
            { '{"from":7,"to":8,"since":01}', "syntax", "value" },
            { '{"from":7,"to":8,"note":"\255"}', "invalid", "UTF%-8" },
            { '{"from":7,"to":8,"n:int":"x"}', "invalid", "'x' is no int" },
        }) do
            local lines = {}
            for i = 1, 3000 do
                lines[i] = ('{"from":%d,"to":%d,"since":%d,"note":"x"}'):format(
                    i % 9 + 1, i % 7 + 1, i)
            end
            local nodes = {}
            for i = 1, 10 do nodes[i] = '{"id":' .. i .. "}" end
            load_ways.check_bad(nodes, lines, bad, ".jsonl")
        end
    end)

    it("take properties away by null where nodes are merged", function()
        local db = assert(namidb.open(help.memory_uri()))
        local lines = {}
        for i = 1, 200 do
            lines[i] = ('{"id":%d,"a":1,"b":%d}'):format(i, i)
        end
        for i = 1, 200 do
            lines[200 + i] = ('{"id":%d,"a":%s}'):format(i,
                i % 2 == 0 and "null" or "2")
        end
        assert(db:load({ progress = false, nodes = { { label = "P", key = "id",
            merge = true, file = help.file("merge.jsonl",
                table.concat(lines, "\n") .. "\n") } } }))
        for i = 1, 200 do
            local node = db:node("P", i)
            assert.equal(i, node.b)
            assert.equal(i % 2 ~= 0 and 2 or nil, node.a)
        end
        db:close()
    end)

    it("keep a text that is empty, as rows of tables do", function()
        local db = assert(namidb.open(help.memory_uri()))
        local lines, at = {}, 0
        for i = 1, 200 do
            lines[i] = ('{"id":%d,"s":"%s","n:int":""}'):format(i,
                i % 2 == 0 and "x" or "")
        end
        local path = help.file("empty.jsonl", table.concat(lines, "\n"))
        local function rows()
            at = at + 1
            return at <= 200 and { id = at, s = at % 2 == 0 and "" or "x" } or
                nil
        end
        for _, source in ipairs({ { file = path }, { rows = rows_of(path) },
                                  { rows = rows, merge = true } }) do
            source.label, source.key = "P", "id"
            assert(db:load({ progress = false, nodes = { source } }))
            for i = 1, 200 do
                local is_empty = (i % 2 == 0) == (source.merge or false)
                assert.equal(is_empty and "" or "x", db:node("P", i).s)
                assert.is_nil(db:node("P", i).n)
            end
        end
        db:close()
    end)

    it("may have more names than the core takes", function()
        local db = assert(namidb.open(help.memory_uri()))
        local lines = {}
        for i = 1, 600 do
            lines[i] = ('{"id":%d,"n%d":%d}'):format(i, i % 300, i)
        end
        assert(db:load({ progress = false, nodes = { { label = "P", key = "id",
            file = help.file("names.jsonl", table.concat(lines, "\n")) } } }))
        for i = 1, 600 do
            assert.equal(i, db:node("P", i)["n" .. i % 300])
        end
        db:close()
    end)
end)
