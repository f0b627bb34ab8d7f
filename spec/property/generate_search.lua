-- Statements that an index may answer: a node or an edge, conditions on its
-- properties, and an order.

local expressions = require("spec.property.generate_expression")

local search = {}

-- Some more often than others, so that indexes are about what is asked for.
local LABELS, TYPES = { "A", "A", "A", "B", "C" }, { "R", "R", "R", "S", "T" }
local PROPERTIES = { "i", "i", "i", "m", "m", "m", "id", "id", "s", "f", "b",
                     "l", "d", "dt", "t", "du", "p", "lt", "ld" }
local COMPARISONS = { "=", "=", "<", "<=", ">", ">=", "<>" }

local function property(of, name)
    return { k = "prop", name = name, a = { k = "var", name = of } }
end

-- A literal or a parameter, mostly of the property's kind.
local function operand(self, name)
    local random = self.random
    local kind = random:one_in(6) and "m" or name == "id" and "i" or name
    local v = expressions.stored(random, kind)
    if not random:one_in(3) then return { k = "lit", v = v } end
    return self:param(v)
end

local function condition(self, of)
    local random = self.random
    local name = random:pick(PROPERTIES)
    local a = property(of, name)
    local kind = random:weighted({ { 5, "cmp" }, { 3, "there" }, { 1, "null" },
                                   { 2, "in" }, { 2, "between" },
                                   { 1, "starts" } })
    if kind == "cmp" then
        local items = { a, operand(self, name) }
        if random:one_in(4) then items = { items[2], items[1] } end
        return { k = "cmp", ops = { random:pick(COMPARISONS) }, items = items }
    elseif kind == "between" then
        return { k = "cmp", ops = { random:pick({ "<", "<=" }), "<=" },
                 items = { operand(self, name), a, operand(self, name) } }
    elseif kind == "in" then
        local items = {}
        for i = 1, random:int(0, 3) do items[i] = operand(self, name) end
        return { k = "in", a = a, b = { k = "listlit", items = items } }
    elseif kind == "starts" then
        return { k = "strpred", op = "STARTS WITH", a = property(of, "s"),
                 b = operand(self, "s") }
    end
    return { k = "isnull", negated = kind == "there", a = a }
end

local function conjunction(node, other)
    return node and { k = "logic", op = "AND", a = node, b = other } or other
end

-- Conditions, mostly such that what it is sorted by is there.
local function where(self, of, names)
    local node
    for _ = 1, self.random:int(0, 2) do
        node = conjunction(node, condition(self, of))
    end
    for _, name in ipairs(self.random:one_in(4) and {} or names) do
        node = conjunction(node, { k = "isnull", negated = true,
                                   a = property(of, name) })
    end
    return node
end

local function elements(self)
    local random = self.random
    if random:one_in(3) then
        return { { labels = {}, props = {} },
                 { var = "x", types = { random:pick(TYPES) }, props = {},
                   dir = random:pick({ "out", "in", "both" }) },
                 { labels = random:one_in(4) and { "A" } or {}, props = {} } }
    end
    local node = { var = "x", labels = { random:pick(LABELS) }, props = {} }
    if not random:one_in(6) then return { node } end
    return { node, { types = {}, props = {}, dir = "both" },
             { labels = {}, props = {} } }
end

-- One or two properties and maybe the id.
local function keys(random)
    local names = { random:pick(PROPERTIES) }
    if random:one_in(4) then names[2] = random:pick(PROPERTIES) end
    if random:one_in(2) or names[1] == "m" or names[2] == "m" then
        names[#names + 1] = "id"
    end
    return names
end

-- They as columns, in their order: what is left to chance are rows that are the
-- same.
local function project(self, names)
    local random = self.random
    local node = { k = "project", items = {}, is_total = true, order = {} }
    local descending = random:one_in(2)
    for i, name in ipairs(names) do
        node.items[i] = { e = property("x", name), name = "r" .. i,
                          type = name == "m" and "any" or "int" }
        if random:one_in(12) then descending = not descending end
        node.order[i] = { e = { k = "var", name = "r" .. i },
                          desc = descending }
    end
    if random:one_in(2) then node.limit = random:int(0, 5) end
    if random:one_in(5) then node.skip = random:int(0, 2) end
    node.distinct = random:one_in(6)
    return node
end

--- The clauses of such a statement. self: a maker of generate.lua.
function search.clauses(self)
    local names = keys(self.random)
    local match = { k = "match", patterns = { { elements = elements(self) } } }
    match.where = where(self, "x", names)
    return { match, project(self, names) }
end

--- Some indexes as statements that declare them.
function search.declarations(random)
    local made = {}
    for i = 1, random:int(0, 12) do
        local names = { "x." .. random:pick(PROPERTIES) }
        local other = "x." .. random:pick({ "id", random:pick(PROPERTIES) })
        if random:one_in(2) and other ~= names[1] then names[2] = other end
        local pattern = random:one_in(3) and
            "()-[x:" .. random:pick(TYPES) .. "]-()" or
            "(x:" .. random:pick(LABELS) .. ")"
        made[i] = ("CREATE INDEX IF NOT EXISTS FOR %s ON (%s)"):format(pattern,
            table.concat(names, ", "))
    end
    return made
end

return search
