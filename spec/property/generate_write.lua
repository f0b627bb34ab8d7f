-- Clauses that write, in the middle of random statements and at their ends.
--
-- They write the properties w and y, the label W, and nodes (N, M) and edges
-- (Z) of kinds of their own; what stands behind them reads all of that
-- (self.has_written). What they write depends on no order of rows: on
-- constants, on what nobody writes, on what is written alone, or on what
-- sub-queries found before the clause.

local label = require("spec.property.label")
local value = require("spec.property.value")

local write = {}

local function lit(v)
    return { k = "lit", v = v }
end

local function var(name)
    return { k = "var", name = name }
end

-- How a label or a type is named that is written: mostly in the text.
local function form(self)
    return self.random:one_in(4) and label.form(self.random) or nil
end

local function entity(self)
    local found = self:of_type("node")
    for _, binding in ipairs(self:of_type("edge")) do
        found[#found + 1] = binding
    end
    return #found > 0 and self.random:pick(found)
end

-- An expression over one node or edge only, which may read what it is to be.
local function own(self, binding, type)
    return self:with_scope({ binding }, function()
        return self:expression(type, 1)
    end)
end

-- Runs fn where sub-queries may be made: in a clause that takes its rows one by
-- one they would see what the rows before wrote.
local function asking(self, fn)
    local outer = self.is_plain
    self.is_plain = self.is_one_by_one
    local result, more = fn()
    self.is_plain = outer
    return result, more
end

-- How many there are of what others write, often.
local function number(self)
    return asking(self, function()
        if self.is_plain or not self.random:one_in(3) then
            return self:expression("int", 1)
        end
        return { k = "sub", what = "COUNT", patterns = { { elements = {
            { labels = { self.random:pick({ "N", "M", "W", "A" }) },
              props = self.random:one_in(2) and
                { w = lit(value.int(self.random:int(0, 3))) } or {} } } } } }
    end)
end

-- Runs fn where nothing that is written is read.
local function without_written(self, fn)
    local outer = self.has_written
    self.has_written = false
    local result, more = fn()
    self.has_written = outer
    return result, more
end

local function increment(name)
    return { k = "arith", op = "+", b = lit(value.int(1)),
             a = { k = "call", name = "coalesce", args = {
                 { k = "prop", name = "w", a = var(name) },
                 lit(value.int(0)) } } }
end

-- It may fail: at some row, when others have been written.
local function division(self, target)
    return { k = "arith", op = "/", a = lit(value.int(self.random:int(1, 5))),
             b = { k = "prop", name = "i", a = var(target.name) } }
end

---------------------------------------------------------------------- SET

local items = {}

function items.own(self, target)
    return { var = target.name, name = "w",
             is_dynamic = self.random:one_in(4),
             e = self:with_scope({ target }, function()
                 return number(self)
             end) }
end

function items.increment(_, target)
    return { var = target.name, name = "w", e = increment(target.name) }
end

function items.divide(self, target)
    return { var = target.name, name = "w", e = division(self, target) }
end

function items.remove(self, target)
    return { var = target.name, name = "w", remove = true,
             is_dynamic = self.random:one_in(3) }
end

function items.map(self, target)
    return { var = target.name,
             replace = self.random:one_in(4) and not self.is_inside,
             map = asking(self, function()
                 return { w = own(self, target, "int"),
                          y = own(self, target, "str") }
             end) }
end

function items.label(self, target)
    if target.type ~= "node" then return items.own(self, target) end
    return { var = target.name, labels = { "W" }, form = form(self),
             remove = self.random:one_in(3) }
end

local function set(self, target)
    local kind = self.random:weighted({ { 3, "own" }, { 2, "increment" },
        { 1, "divide" }, { 1, "remove" }, { 2, "map" }, { 3, "label" } })
    return { k = "set", items = { items[kind](self, target) } }
end

local kinds = {}

function kinds.set(self)
    local target = entity(self)
    return target and set(self, target)
end

------------------------------------------------------------ CREATE and MERGE

function kinds.create(self)
    local random = self.random
    local bound = self:of_type("node")
    local new = {}
    local function node()
        if #bound > 0 and random:one_in(2) then
            return { var = random:pick(bound).name, labels = {}, props = {} }
        end
        local name = self:fresh("k")
        new[#new + 1] = { name = name, type = "node" }
        return { var = name, labels = { "N" }, form = form(self),
                 props = { w = number(self) } }
    end
    local elements = { node() }
    if elements[1].labels[1] == nil or random:one_in(2) then
        local edge = { types = { "Z" }, form = form(self), props = {},
                       dir = random:pick({ "in", "out" }) }
        if random:one_in(2) then
            edge.props.w = number(self)
        end
        if random:one_in(3) then
            edge.var = self:fresh("k")
            new[#new + 1] = { name = edge.var, type = "edge" }
        end
        elements[2], elements[3] = edge, node()
    end
    self:bring_in(new)
    return { k = "create", patterns = { { elements = elements } } }
end

local function bound_end(self, bound)
    return { var = self.random:pick(bound).name, labels = {}, props = {} }
end

-- A node M that is looked for by q.
local function merged_node(self, name)
    return { var = name, labels = { "M" }, form = form(self),
             props = { q = number(self) } }
end

-- What MERGE looks for, and the variable of the node or edge that it brings in.
local function merged(self, bound)
    local random, name = self.random, self:fresh("z")
    if #bound == 0 or random:one_in(3) then
        return { merged_node(self, name) }, { name = name, type = "node" }
    end
    local edge = { types = { "Z" }, props = {},
                   dir = random:pick({ "in", "out" }) }
    if random:one_in(3) then edge.props.q = self:expression("int", 1) end
    local first = bound_end(self, bound)
    if random:one_in(2) then
        return { first, edge, merged_node(self, name) },
            { name = name, type = "node" }
    end
    edge.var = name
    return { first, edge, bound_end(self, bound) },
        { name = name, type = "edge" }
end

function kinds.merge(self)
    local random, bound = self.random, self:of_type("node")
    local elements, binding = asking(self, function()
        return without_written(self, function()
            return merged(self, bound)
        end)
    end)
    local node = { k = "merge", path = { elements = elements } }
    if random:one_in(2) then
        node.on_create = { { var = binding.name, name = "w",
                             e = lit(value.int(1)) } }
    end
    if random:one_in(2) then
        node.on_match = { { var = binding.name, name = "w",
                            e = increment(binding.name) } }
    end
    self:bring_in({ binding })
    return node
end

-------------------------------------------------------------------- FOREACH

local bodies = {}

function bodies.create(self)
    return { k = "create", patterns = { { elements = { { labels = { "N" },
        props = { w = self:expression("int", 1) } } } } } }
end

function bodies.merge(self)
    return without_written(self, function()
        return { k = "merge", path = { elements = { { labels = { "M" },
            props = { q = self:expression("int", 0) } } } } }
    end)
end

function bodies.foreach(self)
    return kinds.foreach(self)
end

-- Changes to a node or an edge, once for each item or if a condition holds.
local function foreach_entity(self, target)
    local name = self:fresh("g")
    local only = { k = "listlit", items = { var(target.name) } }
    local list = { k = "case", otherwise = { k = "listlit", items = {} },
                   whens = { { c = without_written(self, function()
                       return own(self, target, "bool")
                   end), r = only } } }
    return { k = "foreach", var = name, list = list,
             clauses = { set(self, { name = name, type = target.type }) } }
end

function kinds.foreach(self)
    local random, target = self.random, entity(self)
    if target and random:one_in(3) then return foreach_entity(self, target) end
    local name = self:fresh("g")
    local list = without_written(self, function()
        return self:expression("ints", 1)
    end)
    local node = { k = "foreach", var = name, list = list, clauses = {} }
    local scope = { { name = name, type = "int" } }
    if target and random:one_in(2) then
        node.clauses[1] = { k = "set", items = { {
            var = target.name, name = "w", e = increment(target.name) } } }
    end
    self:with_scope(scope, function()
        local kind = random:weighted({ { 3, "create" }, { 2, "merge" },
                                       { 1, "foreach" } })
        node.clauses[#node.clauses + 1] = bodies[kind](self)
    end)
    return node
end

----------------------------------------------------------------- CALL { }

-- A sub-query that writes, with or without a row of its own.
function kinds.call(self)
    local random, imports, inner = self.random, {}, {}
    for _, binding in ipairs(self.scope) do
        if binding.type:sub(1, 4) ~= "bag_" and random:one_in(2) then
            imports[#imports + 1] = binding.name
            inner[#inner + 1] = binding
        end
    end
    local clauses, column = {}, nil
    -- Rows go through one by one: what one replaces another must not read.
    self.is_inside = true
    self:with_scope(inner, function()
        local kind = random:weighted({ { 2, "create" }, { 2, "merge" },
                                       { 2, "set" } })
        clauses[1] = kinds[kind](self) or kinds.create(self)
        if random:one_in(2) then
            column = { name = self:fresh("c"), type = "int" }
            clauses[2] = { k = "project", items = { {
                name = column.name, type = "int",
                e = without_written(self, function()
                    return self:expression("int", 1)
                end) } } }
        end
    end)
    self.is_inside = false
    if column then self:bring_in({ column }) end
    return { k = "call", imports = imports, query = { parts = { clauses } } }
end

-------------------------------------------------------------------- DELETE

local GONE = { edge = true, edges = true, path = true, bag_edges = true }

-- Behind DELETE nothing of what may be gone is read.
local function delete(self, clauses)
    local random, target = self.random, entity(self)
    if not target then return end
    local is_node = target.type == "node"
    -- What may be null cannot be deleted by the reference.
    clauses[#clauses + 1] = { k = "project", items = self:forward(),
        where = { k = "isnull", negated = true, a = var(target.name) } }
    clauses[#clauses + 1] = { k = "delete", vars = { target.name },
                              detach = is_node and not random:one_in(4) }
    local scope = {}
    for _, binding in ipairs(self.scope) do
        if not GONE[binding.type] and not (is_node and binding.type == "node")
        then
            scope[#scope + 1] = binding
        end
    end
    if #scope > 0 and random:one_in(2) then
        self.scope = scope
        clauses[#clauses + 1] = { k = "project", items = self:forward() }
        return
    end
    local name = self:fresh("d")
    clauses[#clauses + 1] = { k = "project", items = { {
        e = { k = "agg", name = "count" }, name = name, type = "int" } } }
    self.scope = { { name = name, type = "int" } }
end

------------------------------------------------------------------ the whole

--- A MATCH of many rows, in which the same nodes come again.
function write.begin(self)
    local first, second = self:fresh("n"), self:fresh("n")
    local elements = {
        { var = first, labels = {}, props = {} },
        { types = {}, props = {}, dir = self.random:pick({ "out", "both" }) },
        { var = second, labels = {}, props = {} },
    }
    self:bring_in({ { name = first, type = "node" },
                    { name = second, type = "node" } })
    if self.random:one_in(3) then
        local name = self:fresh("e")
        elements[2].var = name
        self:bring_in({ { name = name, type = "edge" } })
    end
    return { k = "match", patterns = { { elements = elements } } }
end

--- Adds a clause that writes, and what it needs around it.
function write.add(self, clauses)
    local kind = self.random:weighted({ { 4, "set" }, { 3, "create" },
        { 4, "merge" }, { 2, "foreach" }, { 2, "call" }, { 2, "delete" } })
    self.is_plain = true
    self.is_one_by_one = kind == "foreach" or kind == "call"
    if kind == "delete" then
        delete(self, clauses)
    else
        clauses[#clauses + 1] = kinds[kind](self) or kinds.create(self)
    end
    self.is_plain = false
    self.has_written = true
end

--- The names of what may be read behind a write, beside `names`.
function write.names(self, names, written)
    if not self.has_written or not self.random:one_in(2) then return names end
    return written
end

return write
