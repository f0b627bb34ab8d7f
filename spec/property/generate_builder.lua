-- Queries of the builder, and the clauses that they must mean.
--
-- A query has `build`, a function that makes it of a handle, beside the parts
-- that the reference evaluates.

local expressions = require("spec.property.generate_expression")
local namidb = require("namidb")
local store = require("spec.property.store")
local value = require("spec.property.value")

local builder = {}

local LABELS, TYPES = { "A", "B", "C" }, { "R", "S", "T" }
local PROPERTIES = { "i", "i", "s", "b", "f", "l", "m", "d", "dt" }
local TYPE_OF = { i = "int", s = "str", b = "bool", f = "float", l = "ints",
                  m = "any", d = "date", dt = "datetime" }

local function var(name) return { k = "var", name = name } end

local function property(name, key)
    return { k = "prop", name = key, a = var(name) }
end

local function all_of(a, b)
    return a and { k = "logic", op = "AND", a = a, b = b } or b
end

local Made = {}
Made.__index = Made

local function new(maker)
    return setmetatable({ maker = maker, random = maker.random, steps = {},
                          clauses = {}, known = {}, named = {} }, Made)
end

-- A step of the builder.
function Made:step(name, ...)
    self.steps[#self.steps + 1] = { name = name, count = select("#", ...), ... }
end

local unpack = table.unpack or unpack

local function apply(steps, query)
    for _, each in ipairs(steps) do
        query = query[each.name](query, unpack(each, 1, each.count))
    end
    return query
end

------------------------------------------------------------------- patterns

-- The clause that patterns go into.
function Made:open()
    local last = self.clauses[#self.clauses]
    if not last or last.k ~= "match" or last.optional then
        last = { k = "match", patterns = {} }
        self.clauses[#self.clauses + 1] = last
    end
    return last
end

-- Another variable, of a node or an edge.
function Made:variable(type)
    local name = self.maker:fresh("v")
    self.known[#self.known + 1] = { name = name, type = type }
    return name
end

-- One name, several, or none, as both sides have them.
local function some(random, names)
    if random:one_in(3) then return nil, {} end
    local first = random:pick(names)
    if random:one_in(2) then return first, { first } end
    local second = random:pick(names)
    if first == second then return { first }, { first } end
    return { first, second }, { first, second }
end

function Made:start()
    local given, labels = some(self.random, LABELS)
    local name = self:variable("node")
    local patterns = self:open().patterns
    patterns[#patterns + 1] = { elements = { { var = name, labels = labels,
                                               props = {} } } }
    self.current = name
    return given
end

function Made:name_it(type, name)
    local given = self.maker:fresh("x")
    self.named[#self.named + 1] = { given = given, name = name, type = type }
    return given
end

local function add_hop(self, edge, to)
    local patterns = self:open().patterns
    local last = patterns[#patterns]
    local elements = last and last.elements
    if not elements or elements[#elements].var ~= self.current then
        elements = { { var = self.current, labels = {}, props = {} } }
        patterns[#patterns + 1] = { elements = elements }
    end
    elements[#elements + 1] = edge
    elements[#elements + 1] = { var = to, labels = {}, props = {} }
end

local DIRECTIONS = { out = "out", into = "in", both = "both" }

function Made:hop()
    local random = self.random
    local way = random:pick({ "out", "into", "both" })
    local given, types = some(random, TYPES)
    local options = {}
    local edge = { types = types, props = {}, dir = DIRECTIONS[way] }
    if random:one_in(4) then
        options.min = random:int(0, 2)
        options.max = random:int(options.min, 3)
        edge.hops = { min = options.min, max = options.max }
    elseif random:one_in(3) then
        edge.var = self:variable("edge")
        options.as = self:name_it("edge", edge.var)
    end
    if random:one_in(6) then
        local v = expressions.stored(random, "i")
        options.props, edge.props.i = { i = store.lua_value(v) },
            { k = "lit", v = v }
    end
    local to
    for _, each in ipairs(self.named) do
        if each.type == "node" and random:one_in(6) then
            options.to, to = each.given, each.name
        end
    end
    to = to or self:variable("node")
    add_hop(self, edge, to)
    self.current = to
    self:step(way, given, options)
end

----------------------------------------------------------------- conditions

-- What a step may name: text, the variable, the property.
function Made:field()
    local random = self.random
    local key = random:pick(PROPERTIES)
    if #self.named > 0 and random:one_in(2) then
        local each = random:pick(self.named)
        return each.given .. "." .. key, each.name, key
    end
    return key, self.current, key
end

local OPERATORS = { "=", "<>", "<", "<=", ">", ">=", "in", "is null",
                    "is not null", "starts with", "contains" }

-- The arguments of where, and the expression.
function Made:condition()
    local random = self.random
    local text, name, key = self:field()
    local a, op = property(name, key), random:pick(OPERATORS)
    if op:find("^is") then
        return { text, op }, { k = "isnull", a = a,
                               negated = op == "is not null" }
    end
    if op == "in" then
        local items, values = {}, {}
        for i = 1, random:int(0, 3) do
            local v = expressions.stored(random, key)
            items[i], values[i] = { k = "lit", v = v }, store.lua_value(v)
        end
        return { text, op, namidb.list(values) },
            { k = "in", a = a, b = { k = "listlit", items = items } }
    end
    if op == "starts with" or op == "contains" then
        local v = expressions.stored(random, "s")
        return { text, op, v.v }, { k = "strpred", op = op:upper(), a = a,
                                    b = { k = "lit", v = v } }
    end
    local given, b
    if random:one_in(5) then
        local other, other_name, other_key = self:field()
        given, b = namidb.field(other), property(other_name, other_key)
    else
        local v = expressions.stored(random, key)
        given, b = store.lua_value(v), { k = "lit", v = v }
        if random:one_in(3) then
            b = self.maker:param(v)
            given = namidb.param(b.name)
        end
    end
    return { text, op, given }, { k = "cmp", ops = { op }, items = { a, b } }
end

-- A condition goes to the match that is open; behind an optional one it chooses
-- among the rows.
function Made:add(condition)
    local last = self.clauses[#self.clauses]
    if last.optional then
        last = { k = "project", items = {} }
        for i, each in ipairs(self.known) do
            last.items[i] = { e = var(each.name), name = each.name,
                              type = each.type }
        end
        self.clauses[#self.clauses + 1] = last
    end
    last.where = all_of(last.where, condition)
end

function Made:where()
    local random = self.random
    local given, condition = self:condition()
    if random:one_in(4) then
        self:step("where_not", unpack(given, 1, 3))
        self:add({ k = "not", a = condition })
    elseif random:one_in(4) then
        local other, second = self:condition()
        self:step("where_any", given, other)
        self:add({ k = "logic", op = "OR", a = condition, b = second })
    else
        self:step("where", unpack(given, 1, 3))
        self:add(condition)
    end
end

-- A query that goes on from here in a clause of its own.
local function inner_of(self)
    local inner = new(self.maker)
    inner.current = self.current
    for i, each in ipairs(self.named) do inner.named[i] = each end
    inner:hop()
    if self.random:one_in(2) then inner:where() end
    if self.random:one_in(3) then inner:hop() end
    return inner, function(query) return apply(inner.steps, query) end
end

function Made:exists()
    local inner, fn = inner_of(self)
    local is_absent = self.random:one_in(2)
    local clause = inner.clauses[1]
    local condition = { k = "sub", what = "EXISTS", where = clause.where,
                        patterns = clause.patterns }
    self:step(is_absent and "absent" or "exists", fn)
    self:add(is_absent and { k = "not", a = condition } or condition)
end

function Made:optional()
    local inner, fn = inner_of(self)
    local clause = inner.clauses[1]
    clause.optional = true
    self.clauses[#self.clauses + 1] = clause
    for _, each in ipairs(inner.known) do
        self.known[#self.known + 1] = each
    end
    self.named = inner.named
    self:step("optional", fn)
end

function Made:label()
    local label = self.random:pick(LABELS)
    self:step("label", label)
    self:add({ k = "haslabel", only = { op = "is", name = label },
               a = var(self.current) })
end

function Made:as()
    for _, each in ipairs(self.named) do
        if each.name == self.current then return end
    end
    self:step("as", self:name_it("node", self.current))
end

function Made:at()
    for _, each in ipairs(self.named) do
        if each.type == "node" and self.random:one_in(2) then
            self.current = each.name
            self:step("at", each.given)
            return
        end
    end
end

function Made:match()
    self:step("match", self:start())
end

-------------------------------------------------------------------- columns

function Made:column(name)
    local text, of, key = self:field()
    return text .. " as " .. name, { e = property(of, key), name = name,
                                     type = TYPE_OF[key] }
end

local function aggregate(self, name)
    local kind = self.random:pick({ "count", "star", "min", "max", "sum" })
    if kind == "star" then
        return "count(*) as " .. name, { name = name, type = "int",
                                         e = { k = "agg", name = "count" } }
    end
    local distinct = self.random:one_in(3)
    local inner = (distinct and "distinct " or "") .. "i"
    return kind .. "(" .. inner .. ") as " .. name,
        { name = name, type = "int", e = { k = "agg", name = kind,
            distinct = distinct, arg = property(self.current, "i") } }
end

local function order(self, node)
    local names = {}
    node.order, node.is_total = {}, true
    for i, item in ipairs(node.items) do
        local desc = self.random:one_in(2)
        names[i] = item.name .. (desc and " desc" or "")
        node.order[i] = { e = var(item.name), desc = desc }
        if item.type == "any" then node.is_total = false end
    end
    self:step("order_by", unpack(names))
    if not node.is_total then return end
    for _, key in ipairs({ "skip", "limit" }) do
        if self.random:one_in(3) then
            node[key] = self.random:int(0, 3)
            self:step(key, node[key])
        end
    end
end

-- Columns of values; or of groups, with a condition on one of them.
function Made:columns()
    local random = self.random
    local node = { k = "project", items = {} }
    local is_grouped, texts = random:one_in(3), {}
    for i = 1, random:int(1, 3) do
        texts[i], node.items[i] = self:column("r" .. i)
    end
    self:step(is_grouped and "group" or "select", unpack(texts))
    if is_grouped then
        local at = #node.items + 1
        local text
        text, node.items[at] = aggregate(self, "r" .. at)
        self:step("select", text)
        if random:one_in(2) then
            local v = value.int(random:int(0, 2))
            self:step("having", "r" .. at, ">", v.v)
            node.where = { k = "cmp", ops = { ">" }, items = {
                var("r" .. at), { k = "lit", v = v } } }
            self.clauses[#self.clauses + 1] = node
            local items = {}
            for i, item in ipairs(node.items) do
                items[i] = { e = var(item.name), name = item.name,
                             type = item.type }
            end
            node = { k = "project", items = items }
        end
    elseif random:one_in(4) then
        self:step("distinct")
        node.distinct = true
    end
    if random:one_in(2) then order(self, node) end
    self.clauses[#self.clauses + 1] = node
end

local WEIGHTS = { { 6, "hop" }, { 4, "where" }, { 3, "as" }, { 1, "at" },
                  { 2, "exists" }, { 2, "optional" }, { 1, "label" },
                  { 1, "match" } }

--- A query of the builder. maker: of generate.lua.
function builder.query(maker)
    local self = new(maker)
    local first = self:start()
    for _ = 1, maker.random:int(1, 5) do
        self[maker.random:weighted(WEIGHTS)](self)
    end
    self:columns()
    return { parts = { self.clauses }, build = function(handle)
        return apply(self.steps, handle:match(first))
    end }
end

return builder
