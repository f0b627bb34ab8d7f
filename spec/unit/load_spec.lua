local help = dofile("spec/help.lua")
local namidb = require("namidb")

-- A function that gives these rows, one a call.
local function each(rows)
    local at = 0
    return function()
        at = at + 1
        return rows[at]
    end
end

local function keys(db, label)
    local found = {}
    for node in db:nodes(label) do found[#found + 1] = tostring(node.key) end
    table.sort(found)
    return table.concat(found, " ")
end

describe("namidb.load", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)
    teardown(help.remove_folders)

    local function load(options)
        options.progress = options.progress or false
        return namidb.load(db, options)
    end

    local function people(text, format)
        return { label = "Person", key = "id",
                 file = help.file("people." .. (format or "csv"), text) }
    end

    it("loads nodes and edges from CSV", function()
        local summary = assert(load({
            nodes = { people(
                "id,name,age:int,height:float,vip:bool\n" ..
                'alice,"Alice ""A"", née B",30,1.5,true\r\n' ..
                "\n" ..
                'bob,"two\nlines",,,false\n') },
            edges = { { type = "KNOWS", from = { "Person", "a" },
                        to = { "Person", "b" }, types = { since = "int" },
                        file = help.file("knows.csv",
                                         "a,b,since\nalice,bob,2020\n" ..
                                         "bob,alice,") } },
        }))
        assert.equal(4, summary.rows)
        local alice, bob = db:node("Person", "alice"), db:node("Person", "bob")
        assert.same({ id = "alice", name = 'Alice "A", née B', age = 30,
                      height = 1.5, vip = true }, alice.props)
        assert.same({ id = "bob", name = "two\nlines", vip = false },
                    bob.props)
        if math.type then
            assert.equal("integer", math.type(alice.age))
        end
        local out = help.collect(db:out(alice))
        assert.same({ since = 2020 }, out[1][1].props)
        assert.equal("bob", out[1][2].key)
        assert.same({}, help.collect(db:out(bob))[1][1].props)
    end)

    it("loads TSV, with a byte order mark, and zero bytes", function()
        assert(load({ nodes = { people(
            "\239\187\191id\tname\na\t\"x\ty\"\nb\tz\0z\n", "tsv") } }))
        assert.equal("x\ty", db:node("Person", "a").name)
        assert.equal("z\0z", db:node("Person", "b").name)
    end)

    it("loads JSON lines", function()
        assert(load({ nodes = { people(
            '{"id": 9007199254740993, "tags": ["a", "b"], "x": null}\n' ..
            "  \n" .. '{"id": "b"}', "jsonl") } }))
        local node = db:node("Person",
                             namidb.json.decode("9007199254740993"))
        assert.equal("[a, b]", tostring(node.tags))
        assert.is_nil(node.x)
        assert.equal("b", db:node("Person", "b").key)
    end)

    it("loads what iterators give", function()
        assert(load({
            nodes = { { label = "N", key = "k",
                        rows = each({ { k = 1 }, { k = 2 } }) },
                      { label = "Free", rows = each({ { x = 1 } }) } },
            edges = { { type = "T", from = { "N", "a" }, to = { "N", "b" },
                        rows = each({ { a = 1, b = 2, w = 0.5 } }) } },
        }))
        assert.same({ w = 0.5 }, help.collect(db:edges("T"))[1][1].props)
        assert.equal(1, #help.collect(db:nodes("Free")))
    end)

    it("reads lines of any length across its blocks", function()
        local lines = { "id,text" }
        for i = 1, 60 do
            lines[#lines + 1] = i .. "," .. ("x"):rep(i * 131)
        end
        lines[#lines + 1] = "61," .. ("y"):rep(200000)
        local summary = assert(load({ nodes = { people(
            table.concat(lines, "\r\n")) } }))
        assert.equal(61, summary.rows)
        assert.equal(#table.concat(lines, "\r\n"), summary.bytes)
        for i = 1, 60 do
            assert.equal(i * 131, #db:node("Person", tostring(i)).text)
        end
        assert.equal(200000, #db:node("Person", "61").text)
    end)

    it("merges when it is told to", function()
        assert(load({ nodes = { { label = "N", key = "k",
                                  rows = each({ { k = 1, a = 1 } }) } } }))
        assert(load({ nodes = { { label = "N", key = "k", merge = true,
                                  rows = each({ { k = 1, b = 2 } }) } } }))
        assert.same({ k = 1, a = 1, b = 2 }, db:node("N", 1).props)
    end)

    it("commits batches of the size it is told", function()
        local rows = {}
        for i = 1, 10 do rows[i] = { k = i } end
        local calls = {}
        local summary = assert(load({
            batch = 3, progress = function(now) calls[#calls + 1] = now end,
            nodes = { { label = "N", key = "k", rows = each(rows) } },
        }))
        assert.equal(4, db:stats().commits)
        assert.equal(10, summary.rows)
        assert.equal(5, #calls) -- each batch, and the end
        assert.equal(10, calls[#calls].rows)
        assert.is_true(calls[#calls].requests >= 1)
    end)

    describe("of bad input", function()
        -- What the file holds, its line and column, part of the message.
        for title, case in pairs({
            ["a number"] = { "id,x,age:int\na,,1\nb,y,z\n", 3, 5,
                             "column age: 'z' is no int" },
            ["a float"] = { "id,f:float\na,nan\n", 2, 3, "is no float" },
            ["a boolean"] = { "f:bool,id\nmaybe,a\n", 2, 1, "is no bool" },
            ["a number in quotes"] = { 'x,n:int,id\n"a\nb","q",k\n', 3, 4,
                                       "is no int" },
            ["too few fields"] = { "id,x\na\n", 2, 1, "1 fields" },
            ["too many fields"] = { "id,x\na,b,c\n", 2, 1, "3 fields" },
            ["an open quote"] = { 'id,x\na,"b\nc\n', 2, 3, "never closed" },
            ["a quote within"] = { 'id,x\na,b"c\n', 2, 4, "a quote inside" },
            ["text after a quote"] = { 'id,x\na,"b"c\n', 2, 6, "follows" },
            ["no key"] = { "x,id\na,\n", 2, 3, "column id is empty" },
            ["no column of the key"] = { "x\na\n", 2, 1, "column id is" },
            ["two columns of a name"] = { "id,id\n", 1, 1, "two columns id" },
            ["a column without name"] = { "id,\n", 1, 4, "has no name" },
            ["text not of UTF-8"] = { "id,x\na,\255\n", 2, 3, "UTF-8" },
        }) do
            it("names the place: " .. title, function()
                local spec = people(case[1])
                local summary, err = load({ nodes = { spec } })
                assert.is_nil(summary)
                assert.same({ spec.file, case[2], case[3] },
                            { err.file, err.line, err.column })
                assert.is_truthy(err.message:find(case[4], 1, true),
                                 err.message)
                assert.is_truthy(err.message:find(("%s:%d:%d: "):format(
                    spec.file, case[2], case[3]), 1, true))
                assert.equal("", keys(db, "Person"))
            end)
        end

        it("names the line and column of JSON", function()
            local spec = people('{"id": 1}\n{"id": }\n', "jsonl")
            local _, err = load({ nodes = { spec } })
            assert.same({ spec.file, 2, 8 }, { err.file, err.line, err.column })
            _, err = load({ nodes = { people("[1]\n", "jsonl") } })
            assert.is_truthy(err.message:find("an object is wanted", 1, true))
            _, err = load({ nodes = { people('{"id":1,"m":{}}\n' ..
                '{"id":2,"m":{"a":1}}', "jsonl") } })
            assert.equal(2, err.line)
            assert.is_truthy(err.message:find("m: a map cannot be stored", 1,
                                              true), err.message)
        end)

        it("names the row of an iterator", function()
            local _, err = load({ nodes = { { label = "N", key = "k",
                rows = each({ { k = 1 }, "x" }) } } })
            assert.same({ "nodes[1]", 2 }, { err.file, err.line })
            assert.equal("invalid: nodes[1]:2: a row is a table, not a string",
                         tostring(err))
        end)

        it("names the end of an edge that is not there", function()
            local file = help.file("e.csv", "a,b\n1,2\n")
            local _, err = load({ edges = { { type = "T", file = file,
                from = { "N", "a" }, to = { "N", "b" } } } })
            assert.equal("not_found", err.code)
            assert.same({ file, 2, 1 }, { err.file, err.line, err.column })
        end)

        it("leaves what an iterator raises as it is", function()
            local mine = {}
            local ok, err = pcall(load, { nodes = { { label = "N",
                rows = function() error(mine) end } } })
            assert.is_false(ok)
            assert.is_true(rawequal(mine, err))
            ok, err = pcall(load, {
                nodes = { { label = "N", rows = each({ {} }) } },
                progress = function() error(mine) end,
            })
            assert.is_false(ok)
            assert.is_true(rawequal(mine, err))
        end)

        it("says that a file is absent, a folder or of no kind", function()
            local _, err = load({ nodes = { { label = "N",
                                              file = "/absent.csv" } } })
            assert.equal("io", err.code)
            assert.is_truthy(err.message:find("/absent.csv", 1, true))
            _, err = load({ nodes = { { label = "N", format = "csv",
                                        file = help.folder() } } })
            assert.equal("io", err.code)
            assert.is_truthy(err.message:find("directory", 1, true))
            _, err = load({ nodes = { { label = "N", file = "x.parquet" } } })
            assert.is_truthy(err.message:find("csv, tsv or jsonl", 1, true))
        end)
    end)

    describe("resumed", function()
        it("goes on at the batch that failed", function()
            local spec = people("id,n:int\na,1\nb,2\nc,3\nd,x\ne,5\n")
            local _, err = load({ nodes = { spec }, batch = 2 })
            assert.equal(5, err.line)
            assert.same({ part = 1, row = 2 }, err.resume)
            assert.equal("a b", keys(db, "Person"))
            local file = assert(io.open(spec.file, "wb"))
            file:write("id,n:int\na,1\nb,2\nc,3\nd,4\ne,5\n")
            file:close()
            local summary = assert(load({ nodes = { spec }, batch = 2,
                                          resume = err.resume }))
            assert.equal(3, summary.rows)
            assert.equal("a b c d e", keys(db, "Person"))
        end)

        it("makes no edge twice, whatever batch failed", function()
            for bad = 1, 9 do
                local graph = help.open()
                local function options(is_bad, resume)
                    local edges = {}
                    for i = 1, 9 do
                        edges[i] = { a = (is_bad and i == bad) and 99 or i % 3,
                                     b = 0, i = i }
                    end
                    return {
                        nodes = { { label = "N", key = "k", rows = each({
                            { k = 0 }, { k = 1 }, { k = 2 } }) } },
                        edges = { { type = "T", from = { "N", "a" },
                                    to = { "N", "b" }, rows = each(edges) } },
                        batch = 2, resume = resume, progress = false,
                    }
                end
                local _, err = graph:load(options(true))
                assert.equal("not_found", err.code)
                assert.equal(2, err.resume.part)
                assert(graph:load(options(false, err.resume)))
                local seen = {}
                for edge in graph:edges("T") do
                    assert.is_nil(seen[edge.i])
                    seen[edge.i] = true
                end
                assert.equal(9, #seen)
                graph:close()
            end
        end)

        it("keeps what was acknowledged when the writer is fenced", function()
            local uri = help.memory_uri()
            local first, second = assert(namidb.open(uri))
            local rows, at = {}, 0
            for i = 1, 100 do rows[i] = { k = i } end
            local function source()
                at = at + 1
                if at == 50 then second = assert(namidb.open(uri)) end
                return rows[at]
            end
            local _, err = first:load({ batch = 5, progress = false, nodes = {
                { label = "N", key = "k", rows = source } } })
            assert.equal("fenced", err.code)
            local durable = #help.collect(second:nodes("N"))
            assert.equal(err.resume.row, durable)
            assert(second:load({ progress = false, resume = err.resume,
                nodes = { { label = "N", key = "k", rows = each(rows) } } }))
            assert.equal(100, #help.collect(second:nodes("N")))
            first:close()
            second:close()
        end)
    end)
end)
