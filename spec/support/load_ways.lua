-- Loads of people and of whom they know, by the two ways there are: files,
-- whose plain lines go into the core by themselves, and rows, one by one.
-- Random files come from a seed.

local assert = require("luassert")

local help = require("spec.help")

local load_ways = {}

local random = require("spec.support.random").new(1)
local first_seed

function load_ways.set_seed(seed) first_seed, random.state = seed, seed end

--- 1 .. bound.
load_ways.random = random

--- One of the arguments.
function load_ways.one_of(...)
    return (select(random(select("#", ...)), ...))
end

local function shown(item)
    if type(item) == "table" and item[1] ~= nil then
        return "[" .. table.concat(item, ",") .. "]"
    elseif type(item) == "table" then
        return "[]"
    end
    return (math.type and math.type(item) or type(item)) .. " " ..
        tostring(item)
end

local function text_of(props)
    local names = {}
    for name, item in pairs(props) do
        names[#names + 1] = name .. "=" .. shown(item)
    end
    table.sort(names)
    return table.concat(names, " ")
end

-- All that a graph holds, in an order that does not depend on how it came.
local function contents(db)
    local found = {}
    for node in db:nodes("Person") do
        found[#found + 1] = tostring(node.key) .. ": " .. text_of(node.props)
    end
    for edge in db:edges("KNOWS") do
        found[#found + 1] = ("%d %d-%d: %s"):format(edge.id, edge.from,
            edge.to, text_of(edge.props))
    end
    table.sort(found)
    return found
end

-- What is in a new graph afterwards, and what the load gave. The sources are
-- { file = } or { rows = }.
local function load(nodes, edges, batch)
    local db = help.open()
    local node = { label = "Person", key = "id" }
    local edge = { type = "KNOWS", from = { "Person", "from" },
                   to = { "Person", "to" } }
    for name, item in pairs(nodes) do node[name] = item end
    for name, item in pairs(edges) do edge[name] = item end
    local ok, err = db:load({ nodes = { node }, edges = { edge },
                              progress = false, batch = batch })
    local found = contents(db)
    db:close()
    return found, ok, err
end

--- Two files give the same as their rows, which `rows_of` gives: so many nodes
-- and edges.
function load_ways.check_same(rows_of, node_file, edge_file, count)
    local batch = load_ways.one_of(7, 1000, 5000)
    local where = "seed " .. first_seed
    local fast, ok, err = load({ file = node_file }, { file = edge_file },
                               batch)
    assert(ok, err and err.message)
    local slow = load({ rows = rows_of(node_file) },
                      { rows = rows_of(edge_file) }, batch)
    assert.equal(count, #fast, where)
    for i = 1, count do assert.equal(slow[i], fast[i], where) end
end

--- Of 3,000 edges between 10 nodes the one in line 2,500 is bad: `bad` is
-- { line, code, pattern of the message }. What was whole before is there.
function load_ways.check_bad(node_lines, edge_lines, bad, ending)
    edge_lines[2500] = bad[1]
    local found, ok, err = load(
        { file = help.file("n" .. ending, table.concat(node_lines, "\n")) },
        { file = help.file("e" .. ending, table.concat(edge_lines, "\n")) },
        1000)
    assert.is_nil(ok)
    assert.equal(bad[2], err.code, err.message)
    assert.equal(2500, err.line)
    assert.truthy(err.message:find(bad[3]), err.message)
    assert.same({ part = 2, row = 2000 },
                { part = err.resume.part, row = err.resume.row })
    assert.equal(10 + 2000, #found)
end

return load_ways
