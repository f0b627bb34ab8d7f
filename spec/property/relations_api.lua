-- What the reading methods and the builder say, beside a statement that means
-- the same. The families of relations.lua that are about them: in a way, a
-- function of a handle, its texts (store.texts) and the parameters stands for
-- one more statement, and returns rows as texts.

local builder = require("spec.property.generate_builder")
local check = require("spec.property.check")
local generate = require("spec.property.generate")
local render = require("spec.property.render")

local families = {}

--- Those that only a small graph is asked for.
families.SMALL = { builder = true }

local function text_of(...)
    local cells = { ... }
    for i, cell in ipairs(cells) do cells[i] = tostring(cell) end
    return table.concat(cells, " | ")
end

-- The first row of a statement about a pinned node, which the methods need.
local function pinned(handle, pin)
    return assert(handle:query("MATCH (a" .. pin .. ") RETURN a"))[1]
end

-- A name and how it stands in a pattern.
local function some_name(random, names)
    local name = random:pick(names)
    return name ~= "" and name or nil, name ~= "" and ":" .. name or ""
end

function families.nodes(self)
    local label, in_pattern = some_name(self.random, { "", "A", "B", "none" })
    local match = "MATCH (a" .. in_pattern .. ")"
    return { { match .. " RETURN a" },
             { function(handle, texts)
                 local rows = {}
                 for node in handle:nodes(label) do
                     rows[#rows + 1] = texts.node(node)
                 end
                 return rows
             end },
             { function(handle, texts)
                 local rows = {}
                 for row in handle:rows(match .. " RETURN id(a) AS id") do
                     rows[#rows + 1] = texts.node(handle:node(row.id))
                 end
                 return rows
             end } }
end

-- An edge as the methods and as a statement say it.
local EDGE = " RETURN e.id AS r, type(e) AS t, startNode(e).id AS f, " ..
    "endNode(e).id AS o, e.i AS i"

local function edge_text(handle, texts, edge)
    return text_of(texts.value(edge.props.id), texts.value(edge.type),
                   texts.value(handle:node(edge.from).props.id),
                   texts.value(handle:node(edge.to).props.id),
                   texts.value(edge.i))
end

function families.all_edges(self)
    local type, in_pattern = some_name(self.random, { "", "R", "S", "none" })
    local match = "MATCH ()-[e" .. in_pattern .. "]->()"
    return { { match .. EDGE },
             { function(handle, texts)
                 local rows = {}
                 for edge in handle:edges(type) do
                     rows[#rows + 1] = edge_text(handle, texts, edge)
                 end
                 return rows
             end },
             { function(handle, texts)
                 local rows = {}
                 for row in handle:rows(match .. " RETURN id(e) AS id") do
                     rows[#rows + 1] = edge_text(handle, texts,
                                               handle:edge(row.id))
                 end
                 return rows
             end } }
end

-- A node's edges; an edge to itself leaves it and comes in, so `both` gives it
-- twice.
local ARROWS = { out = { "-%s->" }, into = { "<-%s-" },
                 both = { "-%s->", "<-%s-" } }
local DIRECTION = { out = "out", into = "in", both = "both" }

function families.around(self)
    local random, pin = self.random, self:pin()
    local type, in_pattern = some_name(random, { "", "R", "S", "none" })
    local way = random:pick({ "out", "into", "both" })
    local statements, is_bare = {}, random:one_in(2)
    for i, arrow in ipairs(ARROWS[way]) do
        statements[i] = "MATCH (a" .. pin .. ")" ..
            arrow:format("[e" .. in_pattern .. "]") .. "(b) RETURN e.id AS r" ..
            (is_bare and "" or ", b AS b")
    end
    return { statements, { function(handle, texts)
        local first, rows = pinned(handle, pin), {}
        local options = { edges_only = is_bare }
        if not first then return rows end
        for edge, other in handle[way](handle, first.a, type, options) do
            local id = texts.value(edge.props.id)
            rows[#rows + 1] = is_bare and id or
                text_of(id, texts.node(other))
        end
        return rows
    end } }
end

function families.degree(self)
    local random, pin = self.random, self:pin()
    local type, in_pattern = some_name(random, { "", "R", "S", "none" })
    local way = random:pick({ "out", "into", "both" })
    local count = {}
    for i, arrow in ipairs(ARROWS[way]) do
        count[i] = "COUNT { (a)" .. arrow:format("[" .. in_pattern .. "]") ..
            "() }"
    end
    return { { "MATCH (a" .. pin .. ") RETURN " ..
               table.concat(count, " + ") .. " AS n" },
             { function(handle, texts)
                 local first = pinned(handle, pin)
                 return { first and texts.value(handle:degree(first.a.id, type,
                                                DIRECTION[way])) }
             end },
             { function(handle, texts)
                 local first, n = pinned(handle, pin), 0
                 if not first then return {} end
                 for _ in handle[way](handle, first.a.id, type) do n = n + 1 end
                 return { texts.value(n) }
             end } }
end

-- What is counted without reading a row.
function families.counts()
    local function rows_of(what, name)
        return { what .. " RETURN count(*) AS n", name }
    end
    local asked = { rows_of("MATCH (a)"), rows_of("MATCH ()-[e]->()") }
    for _, name in ipairs({ "A", "B", "C" }) do
        asked[#asked + 1] = rows_of("MATCH (a:" .. name .. ")", name)
    end
    for _, name in ipairs({ "R", "S", "T" }) do
        asked[#asked + 1] = rows_of("MATCH ()-[e:" .. name .. "]->()", name)
    end
    local statements = {}
    for i, each in ipairs(asked) do statements[i] = each[1] end
    return { statements, { function(handle, texts)
        local counts, rows = handle:counts(), {}
        rows[1], rows[2] = counts.nodes, 0
        for _, count in pairs(counts.types) do rows[2] = rows[2] + count end
        for i = 3, #asked do
            local name = asked[i][2]
            rows[i] = counts.labels[name] or counts.types[name] or 0
        end
        for i, count in ipairs(rows) do rows[i] = texts.value(count) end
        return rows
    end } }
end

-- A query of the builder, and the clauses that it must mean: mostly of many
-- rows.
function families.builder(self)
    local query = builder.query(generate.maker(self.random, {}))
    check.parameters(query, self.params)
    local names = {}
    for i, item in ipairs(query.parts[1][#query.parts[1]].items) do
        names[i] = item.name
    end
    return { { render.query(query) },
             { function(handle, texts, params, options)
                 local given, err = query.build(handle):all(params, options)
                 if not given then return nil, err end
                 local rows = {}
                 for i, row in ipairs(given) do
                     local cells = {}
                     for c, name in ipairs(names) do
                         cells[c] = texts.value(row[name])
                     end
                     rows[i] = table.concat(cells, " | ")
                 end
                 return rows
             end } }
end

return families
