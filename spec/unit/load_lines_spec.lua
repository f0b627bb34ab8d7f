-- Plain lines of CSV go into the core by themselves, others row by row: what is
-- in the graph afterwards, and what an error says, must not depend on which.

local help = require("spec.help")
local load_ways = require("spec.support.load_ways")
local namidb = require("namidb")
local read_csv = require("namidb.read_csv")

local random, one_of = load_ways.random, load_ways.one_of

-- Cells of each kind, now and then of a form that needs thought.
local function cell(kind)
    local odd = random(12) == 1
    if random(8) == 1 then return "" end
    if kind == "int" then
        return odd and one_of("+7", "-0", "0012", "9007199254740993",
                              "999999999999999") or tostring(random(1000) - 500)
    elseif kind == "float" then
        return odd and one_of("3", " 2.5", "1e3", ".5", "5.", "-0", "1e300") or
            ("%.3f"):format(random(1000) / 7)
    elseif kind == "bool" then
        return odd and one_of("1", "0", "TRUE", "False") or
            one_of("true", "false")
    end
    return odd and one_of('"quoted, ""text"""', '"two\nlines"', "é", " x ",
                          ("long"):rep(500)) or "text " .. random(50)
end

local KINDS = { "string", "int", "float", "bool" }

local function people(count)
    local lines = { "id:int,name,n:int,f:float,b:bool" }
    for i = 1, count do
        local cells = { tostring(i) }
        for _, kind in ipairs(KINDS) do cells[#cells + 1] = cell(kind) end
        lines[#lines + 1] = table.concat(cells, ",")
        if random(40) == 1 then lines[#lines + 1] = "" end
    end
    return table.concat(lines, one_of("\n", "\r\n")) .. one_of("", "\n")
end

local function knows(count, nodes)
    local lines = { "from:int,to:int,since:int,note" }
    for _ = 1, count do
        lines[#lines + 1] = table.concat({ random(nodes), random(nodes),
            cell("int"), cell("string") }, ",")
    end
    return table.concat(lines, "\n")
end

-- The rows of a file, one by one: the slow way. What is empty is absent in a
-- file only.
local function rows_of(path)
    local reader = assert(read_csv.open(path, ","))
    return function()
        local row = reader:next()
        for column, text in pairs(row or {}) do
            if text == "" then row[column] = nil end
        end
        return row
    end
end

describe("plain lines", function()
    teardown(help.remove_folders)

    it("become what rows become", function()
        for number = 1, 6 do
            load_ways.set_seed(100 + number)
            load_ways.check_same(rows_of, help.file("people.csv", people(2500)),
                help.file("knows.csv", knows(4000, 2500)), 6500)
        end
    end)

    it("stop at the line that is bad, and say which", function()
        for _, bad in ipairs({
            { "7,8,x,note", "invalid", "since" },
            { "7,99999,1,note", "not_found", "99999" },
            { ",8,1,note", "invalid", "from" },
            { "7,8,1", "syntax", "3 fields" },
            { "7,8,1,\255", "invalid", "UTF%-8" },
            { '7,8,1,a"b', "syntax", "quote" },
        }) do
            local lines = { "from:int,to:int,since:int,note" }
            for i = 1, 3000 do
                lines[#lines + 1] = ("%d,%d,%d,plain"):format(i % 9 + 1,
                    i % 7 + 1, i)
            end
            local nodes = { "id:int" }
            for i = 1, 10 do nodes[#nodes + 1] = tostring(i) end
            load_ways.check_bad(nodes, lines, bad, ".csv")
        end
    end)

    it("have keys of two labels apart", function()
        local db = assert(namidb.open(help.memory_uri()))
        assert(db:write(function(tx)
            assert(tx:put_node("A", "x", { side = "a" }))
            assert(tx:put_node("B", "x", { side = "b" }))
        end))
        assert(db:load({ progress = false, edges = { { type = "T",
            from = { "A", "f" }, to = { "B", "t" },
            file = help.file("ab.csv", "f,t\nx,x\nx,x\n") } } }))
        local count = 0
        for edge in db:edges("T") do
            assert.equal("a", db:node(edge.from).side)
            assert.equal("b", db:node(edge.to).side)
            count = count + 1
        end
        assert.equal(2, count)
        db:close()
    end)
end)
