-- LOAD CSV: what it may read, what it makes of a file, and that a file of any
-- size passes through it piece by piece.

local help = dofile("spec/help.lua")
local namidb = require("namidb")

describe("LOAD CSV", function()
    local db = help.open()
    local folder = os.tmpname()

    setup(function()
        os.remove(folder)
        os.execute("mkdir -p " .. folder .. "/sub")
    end)
    teardown(function() os.execute("rm -r " .. folder) end)

    local function write(name, text)
        local file = assert(io.open(folder .. "/" .. name, "wb"))
        file:write(text)
        file:close()
    end

    local function read(text, params)
        local rows, err = db:query("LOAD CSV " .. text, params,
                                   { csv_folder = folder })
        return rows and namidb.json.encode(rows) or err.message
    end

    it("reads below the folder that the caller allows, and nowhere else",
       function()
        write("people.csv", "name,age\nAlice,30\nBob,\n")
        local options = { csv_folder = folder }
        assert(db:query("LOAD CSV WITH HEADERS FROM 'file:///people.csv' " ..
            "AS row CREATE (:P {name: row.name, age: toInteger(row.age)})",
            nil, options))
        local rows = db:query("MATCH (p:P) RETURN count(*) AS n, " ..
            "sum(p.age) AS s")
        assert.same({ n = 2, s = 30 }, rows[1])
        for _, url in ipairs({ "file:///../people.csv", "http://x/y",
                               "file:///none.csv", "file:///sub/../people.csv",
                               "file:///%2e%2E/people.csv",
                               "file:///sub%2f..%2fpeople.csv", "people.csv",
                               "file:///people.csv\0x",
                               "file:///people.csv%00.txt",
                               "file://people.csv", 5, namidb.null }) do
            assert.is_nil((db:query("LOAD CSV FROM $url AS row RETURN row",
                                    { url = url }, options)))
        end
        assert.is_nil((db:query("LOAD CSV FROM 'file:///people.csv' AS row " ..
            "RETURN row")))
    end)

    it("reads quotes, empty fields, short and long records", function()
        write("a.csv", '\239\187\191name,age\r\n"O""Brien, J",30\r\n' ..
            '"two\nlines",\r\n\r\nlast,4,5\nalone')
        assert.equal('[{"r":{"age":"30","name":"O\\"Brien, J"}},' ..
            '{"r":{"age":null,"name":"two\\nlines"}},' ..
            '{"r":{"age":"4","name":"last"}},' ..
            '{"r":{"age":null,"name":"alone"}}]',
            read("WITH HEADERS FROM 'file:///a.csv' AS r RETURN r"))
        assert.equal('[{"r":["two\\nlines",null]},{"r":["alone"]}]',
            read("FROM 'file:///a.csv' AS r WITH r WHERE r[0] IN " ..
                "['two\\nlines', 'alone'] RETURN r"))
    end)

    it("keeps the line ends inside quotes as they are", function()
        write("ends.csv", 'a,b\r\n"1\r\n2\n3\r","\r"\r\n')
        assert.equal('[{"r":{"a":"1\\r\\n2\\n3\\r","b":"\\r"}}]',
            read("WITH HEADERS FROM 'file:///ends.csv' AS r RETURN r"))
    end)

    it("reads other separators, spaces in names, several files", function()
        write("b.csv", '1;2;;"x;y"\n')
        write("sub/c d.csv", "q\tw\n1\t2\n")
        assert.equal('[{"r":["1","2",null,"x;y"]}]',
            read("FROM 'file:///b.csv' AS r FIELDTERMINATOR ';' RETURN r"))
        assert.equal('[{"w":"2"}]', read("WITH HEADERS FROM $f AS r " ..
            "FIELDTERMINATOR $t RETURN r.w AS w",
            { f = "file:///sub/c%20d.csv", t = "\t" }))
        assert.equal('[{"n":2}]', read("FROM 'file:///b.csv' AS r " ..
            "FIELDTERMINATOR ';' UNWIND [r[0], 'c%20d.csv', '1'] AS f " ..
            "WITH f " ..
            "WHERE f <> '1' LOAD CSV FROM 'file:///sub/' + f AS s " ..
            "RETURN count(s) AS n"))
    end)

    it("gives no row for a file without records", function()
        write("empty.csv", "")
        write("header.csv", "x,y\n")
        for _, name in ipairs({ "empty", "header" }) do
            assert.equal("[]", read("WITH HEADERS FROM 'file:///" .. name ..
                ".csv' AS r RETURN r"))
        end
    end)

    it("says what is wrong with a file, and where", function()
        write("bad.csv", 'a,b\n1,"2\n')
        local message = read("FROM 'file:///bad.csv' AS r RETURN r")
        assert.truthy(message:find("bad.csv", 1, true), message)
        assert.truthy(message:find("bad.csv:2:3:", 1, true), message)
        message = read("FROM 'file:///bad.csv' AS r FIELDTERMINATOR ';;' " ..
            "RETURN r")
        assert.truthy(message:find("one character", 1, true), message)
    end)

    -- A file of `count` records, the last one of which is `last`.
    local function write_large(name, count, last)
        local lines = { "id,name,n\r\n" }
        for i = 1, count - 1 do
            lines[#lines + 1] = ('%d,"name, ""%d""\n",%d\r\n'):format(i, i,
                                                                   i % 10)
        end
        lines[#lines + 1] = last
        write(name, table.concat(lines))
    end

    local LARGE = "WITH HEADERS FROM 'file:///large.csv' AS r "
    local COUNT = 20000

    it("holds a piece of a file at a time, however large it is", function()
        write_large("large.csv", COUNT, "x,y,5")
        local rows = assert(db:query("LOAD CSV " .. LARGE ..
            "RETURN count(*) AS n, sum(toInteger(r.n)) AS s, " ..
            "count(DISTINCT r.name) AS names", nil,
            { csv_folder = folder, max_memory = 6 * 2 ^ 20 }))
        assert.same({ n = COUNT, s = COUNT / 10 * 45 + 5, names = COUNT },
                    rows[1])
        rows = assert(db:query("LOAD CSV " .. LARGE .. "WITH r.n AS n, " ..
            "count(*) AS c WHERE n = '5' CREATE (:Five {c: c}) RETURN c", nil,
            { csv_folder = folder, max_memory = 1500000 }))
        assert.same({ c = COUNT / 10 + 1 }, rows[1])
    end)

    it("gives rows before it has read the file, and keeps no more", function()
        write_large("large.csv", COUNT, "x,y,5")
        local count, most = 0, 0
        collectgarbage()
        local before = collectgarbage("count")
        for row in db:rows("LOAD CSV " .. LARGE .. "RETURN r.id AS id", nil,
                           { csv_folder = folder, max_memory = 1500000 }) do
            count = count + 1
            assert.equal(count < COUNT and tostring(count) or "x", row.id)
            if count % 4000 == 0 then
                collectgarbage()
                most = math.max(most, collectgarbage("count") - before)
            end
        end
        assert.equal(COUNT, count)
        assert.is_true(most < 2048, most .. " KiB")
    end)

    it("names the line of a bad record far down, after the rows before it",
       function()
        write_large("large.csv", COUNT, '1,2,3"4')
        local count = 0
        local ok, err = pcall(function()
            for _ in db:rows("LOAD CSV " .. LARGE .. "RETURN r.id AS id", nil,
                             { csv_folder = folder }) do
                count = count + 1
            end
        end)
        assert.is_false(ok)
        assert.is_true(count > COUNT - 2048 and count < COUNT)
        -- The header is a line, and each record before it two.
        local place = ("large.csv:%d:6: "):format(2 * COUNT)
        assert.truthy(err.message:find(place, 1, true), err.message)
    end)

    it("writes nothing when a record far down is bad", function()
        write_large("large.csv", COUNT, '1,2,3"4')
        local rows = db:query("LOAD CSV " .. LARGE .. "CREATE (:Row)", nil,
                              { csv_folder = folder })
        assert.is_nil(rows)
        assert.equal(0, #db:query("MATCH (n:Row) RETURN n LIMIT 1"))
    end)

    -- How often this process has a file open; others come and go, such as the
    -- pipe that tells.
    local function times_open(name)
        local pipe = io.popen("ls -l /proc/$PPID/fd")
        local _, count = pipe:read("*a"):gsub(name, "")
        pipe:close()
        return count
    end

    it("has one file open for each place that reads one", function()
        write_large("large.csv", COUNT, "x,y,5")
        collectgarbage()
        collectgarbage("stop")
        local rows = assert(db:query("UNWIND range(1, 40) AS i CALL (i) { " ..
            "LOAD CSV " .. LARGE .. "RETURN r.id AS id LIMIT 1 } " ..
            "RETURN count(*) AS n, collect(DISTINCT id) AS ids", nil,
            { csv_folder = folder }))
        local count = times_open("large%.csv")
        collectgarbage("restart")
        assert.equal(40, rows[1].n)
        assert.same({ "1" }, rows[1].ids)
        assert.is_true(count <= 1, count .. " times open")
    end)

    it("reads two files at once, and one file twice", function()
        write("left.csv", "1\n2\n3\n")
        write("right.csv", "4\n5\n")
        assert.equal('[{"n":6,"s":39}]', read("FROM 'file:///left.csv' AS a " ..
            "LOAD CSV FROM 'file:///right.csv' AS b RETURN count(*) AS n, " ..
            "sum(toInteger(a[0]) + toInteger(b[0])) AS s"))
        assert.equal('[{"n":9}]', read("FROM 'file:///left.csv' AS a " ..
            "LOAD CSV FROM 'file:///left.csv' AS b RETURN count(*) AS n"))
    end)
end)

