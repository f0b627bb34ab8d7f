-- Bulk load: formats, types, errors that say where, and going on.

local namidb = require("namidb")

local folder
local count = 0

local function write_file(name, text)
    local path = folder .. "/" .. name
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    return path
end

local function open()
    count = count + 1
    return assert(namidb.open(("memory://load-%s?ns=n%d"):format(
        math.type and "puc" or "jit", count)))
end

local function each(list)
    local at = 0
    return function()
        at = at + 1
        return list[at]
    end
end

describe("load", function()
    local db

    setup(function()
        folder = os.tmpname()
        os.remove(folder)
        assert(os.execute("mkdir " .. folder))
    end)
    teardown(function() os.execute("rm -rf " .. folder) end)
    before_each(function() db = open() end)
    after_each(function() db:close() end)

    it("takes CSV with types, quotes and line ends in fields", function()
        local people = write_file("people.csv", "\239\187\191" ..
            "id,name,age:int,score:float,member:bool\r\n" ..
            "1,\"Doe, \"\"J\"\"\",30,1.5,true\r\n" ..
            "2,\"two\nlines\",,,false\r\n\r\n" ..
            "3,plain,9007199254740993,2,1")
        local knows = write_file("knows.tsv", "a\tb\tsince\n1\t2\t2020\n" ..
            "2\t3\t2021\n3\t1\t\n")
        local summary = assert(db:load{
            nodes = { { label = "Person", key = "id", file = people } },
            edges = { { type = "KNOWS", file = knows, from = { "Person", "a" },
                        to = { "Person", "b" }, types = { since = "int" } } },
            progress = false,
        })
        assert.equal(6, summary.rows)
        local doe = db:node("Person", "1")
        assert.same({ id = "1", name = 'Doe, "J"', age = 30, score = 1.5,
                      member = true }, doe.props)
        assert.same({ id = "2", name = "two\nlines", member = false },
                    db:node("Person", "2").props)
        assert.equal("9007199254740993",
                     (tostring(db:node("Person", "3").age):gsub("LL", "")))
        for edge, friend in db:out(doe, "KNOWS") do
            assert.equal("two\nlines", friend.name)
            assert.same({ since = 2020 }, edge.props)
        end
        assert.equal(3, db:stats().edges)
    end)

    it("takes JSON lines", function()
        local path = write_file("rows.jsonl",
            '{"id": 7, "tags": ["a", "b"], "big": 9223372036854775807}\n' ..
            '\n{"id": 8, "none": null}\n')
        assert(db:load{ nodes = { { label = "Row", key = "id", file = path } },
                        progress = false })
        assert.equal("b", db:node("Row", 7).tags[2])
        assert.equal("9223372036854775807",
                     (tostring(db:node("Row", 7).big):gsub("LL", "")))
        assert.is_nil(db:node("Row", 8).none)
    end)

    it("takes iterators, and merges when told", function()
        local calls = 0
        assert(db:load{
            nodes = {
                { label = "N", key = "id",
                  rows = each{ { id = 1, a = 1 }, { id = 2 } } },
                { label = "N", key = "id", merge = true,
                  rows = each{ { id = 1, b = 2 } } },
                { label = "Free", rows = each{ { x = 1 }, { x = 2 } } },
            },
            batch = 1,
            progress = function(now)
                calls = calls + 1
                assert.is_number(now.rows_per_second)
            end,
        })
        assert.same({ id = 1, a = 1, b = 2 }, db:node("N", 1).props)
        assert.equal(4, db:stats().nodes)
        assert.is_true(calls > 4)
    end)

    local BAD = {
        { "csv", "id,x\n1\n", 2, 1, "1 fields, but there are 2 columns" },
        { "csv", "id,x\n1,2\n3,\"a\n", 3, 3, "never closed" },
        { "csv", "id,x\n1,a\"b\n", 2, 4, "a quote inside" },
        { "csv", "id,x\n1,\"a\"b\n", 2, 6, "closing quote" },
        { "csv", "id,x:int\n1,2\n2,two\n", 3, 1, "'two' is no int" },
        { "csv", "id,x\n,2\n", 2, 1, "column id is empty" },
        { "csv", "id,x\n1,\255\n", 2, 1, "UTF%-8" },
        { "jsonl", '{"id":1}\n{"id":2,}\n', 2, 9, "quotes is wanted" },
        { "jsonl", '{"id":1}\n[1]\n', 2, 1, "an object is wanted" },
        { "jsonl", '{"id":1,"m":{"a":1}}\n', 1, 1, "map" },
    }
    for i, case in ipairs(BAD) do
        it(("names file, line and column of a bad record (%d)"):format(i),
           function()
            local path = write_file("bad." .. case[1], case[2])
            local done, err = db:load{
                nodes = { { label = "B", key = "id", file = path } },
                progress = false,
            }
            assert.is_nil(done)
            assert.equal(path, err.file)
            assert.equal(case[3], err.line)
            assert.equal(case[4], err.column)
            assert.matches(case[5], err.message)
            assert.matches("bad%." .. case[1] .. ":" .. case[3], err.message)
        end)
    end

    it("is atomic per batch, and goes on where it stopped", function()
        local lines = { "id,x:int" }
        for row = 1, 100 do lines[row + 1] = row .. "," .. row end
        lines[62] = "61,bad"
        local path = write_file("resume.csv", table.concat(lines, "\n"))
        local spec = { { label = "R", key = "id", file = path } }
        local edges = { { type = "E", from = { "R", "a" }, to = { "R", "b" },
                          rows = each{ { a = "1", b = "2" } } } }
        local done, err = db:load{ nodes = spec, edges = edges, batch = 10,
                                   progress = false }
        assert.is_nil(done)
        assert.equal(62, err.line)
        assert.same({ part = 1, row = 60 }, err.resume)
        assert.equal(60, db:stats().nodes)
        lines[62] = "61,61"
        write_file("resume.csv", table.concat(lines, "\n"))
        assert(db:load{ nodes = spec, edges = edges, batch = 10,
                        progress = false, resume = err.resume })
        assert.equal(100, db:stats().nodes)
        assert.equal(1, db:stats().edges)
    end)

    it("says which end of an edge is missing", function()
        assert(db:load{ nodes = { { label = "N", key = "id",
                                    rows = each{ { id = 1 } } } },
                        progress = false })
        local done, err = db:load{
            edges = { { type = "E", from = { "N", "a" }, to = { "N", "b" },
                        rows = each{ { a = 1, b = 2 } } } },
            progress = false,
        }
        assert.is_nil(done)
        assert.matches("column b: there is no N with the key 2", err.message)
        assert.equal(0, db:stats().edges)
    end)

    it("says what it cannot open", function()
        for _, path in ipairs({ folder .. "/none.csv", folder .. "/x.doc" }) do
            local done, err = db:load{
                nodes = { { label = "N", file = path } }, progress = false }
            assert.is_nil(done)
            assert.equal("io", err.code)
            assert.matches(path:match("[^/]+$"), err.message)
        end
    end)

    it("raises at the caller's line when it is misused", function()
        for _, options in ipairs({
            { node = {} }, { nodes = { { label = "N" } } },
            { nodes = { { file = "x.csv" } } }, { batch = 0 }, { batch = "x" },
            { nodes = { { label = "N", file = "x", rows = print } } },
            { edges = { { type = "E", file = "x.csv" } } },
            { edges = { { type = "E", file = "x.csv", from = { "N" } } } },
        }) do
            local ok, err = pcall(function() db:load(options) end)
            assert.is_false(ok)
            assert.matches("load_spec.lua:%d+: load: ", err)
        end
        assert.is_false(pcall(function() db:load() end))
    end)
end)
