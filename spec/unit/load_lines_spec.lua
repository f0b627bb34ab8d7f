-- Plain lines of CSV go into the core by themselves, others row by row: what is
-- in the graph afterwards, and what an error says, must not depend on which.

local help = dofile("spec/help.lua")
local namidb = require("namidb")
local read_csv = require("namidb.read_csv")

local seed
local function random(bound)
    seed = seed * 48271 % 2147483647
    return seed % bound + 1
end

local function one_of(...) return (select(random(select("#", ...)), ...)) end

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

local function text_of(props)
    local names = {}
    for name, value in pairs(props) do
        names[#names + 1] = name .. "=" .. tostring(value)
    end
    table.sort(names)
    return table.concat(names, " ")
end

-- All that a graph holds, in an order that does not depend on how it came.
local function contents(db)
    local found = {}
    for node in db:nodes("Person") do
        found[#found + 1] = node.key .. ": " .. text_of(node.props)
    end
    for edge in db:edges("KNOWS") do
        found[#found + 1] = ("%d %d-%d: %s"):format(edge.id, edge.from,
            edge.to, text_of(edge.props))
    end
    table.sort(found)
    return found
end

local function load(nodes, edges, options)
    local db = assert(namidb.open(help.memory_uri()))
    local node = { label = "Person", key = "id" }
    local edge = { type = "KNOWS", from = { "Person", "from" },
                   to = { "Person", "to" } }
    for name, value in pairs(nodes) do node[name] = value end
    for name, value in pairs(edges) do edge[name] = value end
    local ok, err = db:load({ nodes = { node }, edges = { edge },
                              progress = false, batch = options.batch })
    local found = contents(db)
    db:close()
    return found, ok, err
end

describe("plain lines", function()
    teardown(help.remove_folders)

    it("become what rows become", function()
        for number = 1, 6 do
            seed = 100 + number
            local options = { batch = one_of(7, 1000, 5000) }
            local node_file = help.file("people.csv", people(2500))
            local edge_file = help.file("knows.csv", knows(4000, 2500))
            local fast = load({ file = node_file }, { file = edge_file },
                              options)
            local slow = load({ rows = rows_of(node_file) },
                              { rows = rows_of(edge_file) }, options)
            assert.equal(6500, #fast, "seed " .. seed)
            for i = 1, 6500 do
                assert.equal(slow[i], fast[i], "seed " .. seed)
            end
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
            lines[2500] = bad[1]
            local nodes = { "id:int" }
            for i = 1, 10 do nodes[#nodes + 1] = tostring(i) end
            local found, ok, err = load(
                { file = help.file("n.csv", table.concat(nodes, "\n")) },
                { file = help.file("e.csv", table.concat(lines, "\n")) },
                { batch = 1000 })
            assert.is_nil(ok)
            assert.equal(bad[2], err.code, err.message)
            assert.equal(2500, err.line)
            assert.truthy(err.message:find(bad[3]), err.message)
            assert.same({ part = 2, row = 2000 },
                        { part = err.resume.part, row = err.resume.row })
            assert.equal(10 + 2000, #found)
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
