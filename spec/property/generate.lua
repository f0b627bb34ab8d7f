-- Random graphs and random statements that mean something over them.
--
-- Statements are typed, so that nearly all are valid: a scope is a list of
-- { name =, type = } with the types int, float, str, bool, any, ints (a list of
-- int), map, node, edge, nodes, edges, path, and bag_* for lists whose order
-- the rules leave open. generate_write.lua makes what writes.

local builder = require("spec.property.generate_builder")
local plain = require("spec.property.generate_clause")
local csv = require("spec.property.csv")
local expressions = require("spec.property.generate_expression")
local graph = require("spec.property.graph")
local group = require("spec.property.generate_group")
local whole = require("spec.property.generate_inner")
local label = require("spec.property.label")
local search = require("spec.property.generate_search")
local value = require("spec.property.value")
local write = require("spec.property.generate_write")

local generate = {}

local unpack = table.unpack or unpack

local LABELS, TYPES = { "A", "B", "C" }, { "R", "S", "T" }
local TEMPORAL = { "d", "lt", "t", "ld", "dt", "du", "p" }
local WRITTEN_LABELS, WRITTEN_TYPES = { "W", "N", "M" }, { "Z", "R" }

----------------------------------------------------------------------- graphs

function generate.props(random, id)
    local props = { id = value.int(id) }
    for _, name in ipairs({ "i", "f", "s", "b", "l", "m" }) do
        if not random:one_in(4) then
            props[name] = expressions.stored(random, name)
        end
    end
    for _, name in ipairs(TEMPORAL) do
        if random:one_in(4) then
            props[name] = expressions.stored(random, name)
        end
    end
    return props
end

--- A graph of at most nine nodes and fourteen edges.
function generate.graph(random)
    local made, ids = graph.new(), {}
    for id = 1, random:int(0, 9) do
        local labels = {}
        for _, name in ipairs(LABELS) do
            if random:one_in(3) then labels[name] = true end
        end
        ids[id] = made:add_node(labels, generate.props(random, id))
    end
    if #ids == 0 then return made end
    for id = 1, random:int(0, 14) do
        made:add_edge(random:pick(TYPES), random:pick(ids), random:pick(ids),
                      generate.props(random, id))
    end
    return made
end

----------------------------------------------------------------------- scopes

local Maker = {}
Maker.__index = Maker

local function new_maker(random)
    return setmetatable({ random = random, names = 0, scope = {} }, Maker)
end

function Maker:fresh(prefix)
    self.names = self.names + 1
    return prefix .. self.names
end

function Maker:of_type(type)
    local found = {}
    for _, binding in ipairs(self.scope) do
        if binding.type == type then found[#found + 1] = binding end
    end
    return found
end

function Maker:expression(type, depth)
    return expressions.make(self, type, depth or self.random:int(0, 3))
end

-- Items that hand on what is there.
function Maker:forward()
    local items = {}
    for i, binding in ipairs(self.scope) do
        items[i] = { e = { k = "var", name = binding.name },
                     name = binding.name, type = binding.type }
    end
    return items
end

--- A value as a parameter.
function Maker:param(v)
    self.params = (self.params or 0) + 1
    return { k = "param", name = "q" .. self.params, v = v }
end

--- Runs fn with other names in scope.
function Maker:with_scope(scope, fn)
    local outer = self.scope
    self.scope = scope
    local result = fn()
    self.scope = outer
    return result
end

--- Runs fn with these bindings in scope, too.
function Maker:with_more(bindings, fn)
    local scope = { unpack(bindings) }
    for _, binding in ipairs(self.scope) do scope[#scope + 1] = binding end
    return self:with_scope(scope, fn)
end

--------------------------------------------------------------------- patterns

function Maker:props(depth)
    local props = {}
    if self.random:one_in(4) then
        local name = self.random:pick({ "i", "s", "b", "f", "m", "d", "t" })
        local types = { i = "int", s = "str", b = "bool", f = "float",
                        m = "any", d = "date", t = "time" }
        props[name] = self:expression(types[name], depth or 1)
    end
    return props
end

function Maker:labels()
    if not self.random:one_in(3) then return {} end
    local names = write.names(self, LABELS, WRITTEN_LABELS)
    local labels = { self.random:pick(names) }
    if self.random:one_in(5) then
        local other = self.random:pick(names)
        if other ~= labels[1] then labels[2] = other end
    end
    return labels
end

-- WHERE inside an element of a pattern, of what it is called.
function Maker:inner_where(name, type)
    if self.is_plain or not self.random:one_in(8) then return nil end
    return self:with_more({ { name = name, type = type } }, function()
        return self:expression("bool", 1)
    end)
end

-- A node of a pattern: bound before, bound here, or without a name.
function Maker:node_pattern(new, only_bound)
    local random = self.random
    local bound = self:of_type("node")
    for _, binding in ipairs(new) do
        if binding.type == "node" and not only_bound then
            bound[#bound + 1] = binding
        end
    end
    local element = { labels = self:labels(), props = self:props(),
                      is_word = random:one_in(8) }
    if #element.labels > 0 and random:one_in(4) then
        element.only = label.make(random, LABELS, random:int(1, 2))
        element.labels = {}
    end
    if #bound > 0 and random:one_in(2) then
        element.var = random:pick(bound).name
    elseif not only_bound and not random:one_in(4) then
        element.var = self:fresh("n")
        new[#new + 1] = { name = element.var, type = "node" }
        element.where = self:inner_where(element.var, "node")
    end
    return element
end

function Maker:types()
    local types = {}
    if self.random:one_in(2) then
        local names = write.names(self, TYPES, WRITTEN_TYPES)
        types[1] = self.random:pick(names)
        if self.random:one_in(3) then
            local other = self.random:pick(names)
            if other ~= types[1] then types[2] = other end
        end
    end
    return types
end

function Maker:edge_pattern(new, only_bound)
    local random = self.random
    local element = { types = self:types(), props = self:props(),
                      dir = random:pick({ "out", "in", "both" }) }
    if #element.types > 0 and random:one_in(5) then
        element.only = label.make(random, TYPES, random:int(1, 2))
        element.types = {}
    end
    if random:one_in(5) then
        local min = random:int(0, 2)
        element.hops = { min = min, max = random:pick({ min, min + 1, 3 }) }
    end
    local bound = self:of_type("edge")
    if #bound > 0 and random:one_in(5) and not element.hops and
        not self.used_edges[bound[1].name] then
        element.var = bound[1].name
        self.used_edges[element.var] = true
    elseif not only_bound and random:one_in(2) then
        element.var = self:fresh("e")
        new[#new + 1] = { name = element.var,
                          type = element.hops and "edges" or "edge" }
        element.where = self:inner_where(element.var, "edge")
    end
    return element
end

-- What stands between nodes of a path: a relationship or a group.
function Maker:between(new, only_bound, is_of_match)
    if self.random:one_in(6) then
        return group.make(self, not only_bound and new, is_of_match)
    end
    return self:edge_pattern(new, only_bound)
end

-- A node beside a group need not be written.
local function leave_out(self, elements)
    for i = 1, #elements, 2 do
        local is_beside = group.is(elements[i - 1]) or
            group.is(elements[i + 1])
        if is_beside and not elements[i].var and self.random:one_in(2) then
            elements[i] = { labels = {}, props = {}, is_silent = true }
        end
    end
end

--- A path. new: bindings that it brings in; only_bound: it brings in none;
-- is_of_match: it is one of a MATCH's.
function Maker:path(new, only_bound, max, is_of_match)
    local elements = { self:node_pattern(new, only_bound) }
    for _ = 1, self.random:int(only_bound and 1 or 0, max or 2) do
        elements[#elements + 1] = self:between(new, only_bound, is_of_match)
        elements[#elements + 1] = self:node_pattern(new, only_bound)
    end
    if is_of_match then leave_out(self, elements) end
    return { elements = elements, mode = is_of_match and
                 self.random:one_in(10) and self.random:pick({ "ACYCLIC",
                     "SIMPLE", "TRAIL" }) or nil }
end

-- In GQL's words.
local SELECTORS = {
    one = { "ANY SHORTEST ", "SHORTEST 1 PATH " },
    all = { "ALL SHORTEST ", "SHORTEST 1 GROUPS " },
}

-- What is known of one of several shortest paths is its length.
local SHORT = { one = { "short", "short_edges" }, all = { "path", "edges" } }

--- A shortest path, or all of them; is_value: it brings nothing in.
function Maker:shortest_path(new, what, is_value)
    local random = self.random
    local first = self:node_pattern(is_value and {} or new, is_value)
    local edge = { types = self:types(), props = self:props(),
                   dir = random:pick({ "out", "in", "both" }) }
    if #edge.types > 0 and random:one_in(4) then
        edge.only, edge.types = label.make(random, TYPES, 1), {}
    end
    if not random:one_in(6) then
        edge.hops = { min = random:int(0, 1) }
        if random:one_in(2) then edge.hops.max = random:int(1, 3) end
    end
    if not is_value and edge.hops and random:one_in(3) then
        edge.var = self:fresh("e")
    end
    local last = self:node_pattern(is_value and {} or new, is_value)
    if edge.var then
        new[#new + 1] = { name = edge.var, type = SHORT[what][2] }
        edge.where = self:inner_where(edge.var, "edge")
    elseif not is_value and not edge.hops then
        edge.var = self:fresh("e")
        edge.where = self:inner_where(edge.var, "edge")
    end
    if is_value then
        local bound = self:of_type("node")
        first.var, last.var = random:pick(bound).name, random:pick(bound).name
    end
    return { elements = { first, edge, last }, shortest = what }
end

-- What is asked of each node or edge on the way of a shortest path.
function Maker:way(first, edge, last)
    local random = self.random
    if self.is_plain or not random:one_in(3) then return nil end
    local way = { q = random:pick({ "all", "all", "none" }), var =
                  self:fresh("w"), of = random:pick({ "nodes",
                  "relationships", edge.hops and edge.var and "edges" or
                  "relationships" }) }
    local more = { { name = way.var,
                     type = way.of == "nodes" and "node" or "edge" } }
    for _, element in ipairs({ first, last }) do
        if element.var then
            more[#more + 1] = { name = element.var, type = "node" }
        end
    end
    way.where = self:with_more(more, function()
        return self:expression("bool", random:int(1, 2))
    end)
    return way
end

-- Patterns of one MATCH.
function Maker:patterns(new)
    local paths = {}
    self.used_edges = {}
    for i = 1, self.random:weighted({ { 4, 1 }, { 2, 2 } }) do
        local shortest = self.random:one_in(8) and
            self.random:pick({ "one", "all" })
        paths[i] = shortest and self:shortest_path(new, shortest) or
            self:path(new, false, nil, true)
        if shortest or self.random:one_in(5) then
            paths[i].name = self:fresh("p")
            new[#new + 1] = { name = paths[i].name,
                              type = shortest and SHORT[shortest][1] or
                                "path" }
        end
        if shortest then
            local elements = paths[i].elements
            if self.random:one_in(3) then
                paths[i].selector = self.random:pick(SELECTORS[shortest])
            else
                elements[2].way = self:way(unpack(elements))
            end
        end
    end
    return paths
end

function Maker:bring_in(new)
    for _, binding in ipairs(new) do
        self.scope[#self.scope + 1] = binding
    end
end

---------------------------------------------------------------------- reading

local reading = {}

function reading.match(self)
    local new = {}
    local node = { k = "match", patterns = self:patterns(new),
                   optional = self.random:one_in(3) }
    self:bring_in(new)
    if self.random:one_in(2) then node.where = self:expression("bool") end
    return node
end

-- A list of nodes or edges that is there, and of which; nil: there is none.
function Maker:list_of_entities()
    local entity = self.random:pick({ "node", "edge" })
    local lists = self:of_type(entity .. "s")
    if #lists == 0 then return nil end
    return { k = "var", name = self.random:pick(lists).name }, entity
end

function reading.unwind(self)
    local type, of = "ints", "int"
    if self.random:one_in(4) then type, of = "bag_str", "str" end
    local list, entity = self:list_of_entities()
    if list and self.random:one_in(2) then of = entity else list = nil end
    local node = { k = "unwind", list = list or self:expression(type, 2),
                   var = self:fresh("u"), is_for = self.random:one_in(4) }
    self:bring_in({ { name = node.var, type = of } })
    return node
end

local function is_bag(type)
    return type:sub(1, 4) == "bag_"
end

-- Whether the columns can be sorted so that only equal rows are left to chance.
local SORTED = { int = true, float = true, str = true, bool = true,
                 ints = true, date = true, localtime = true, time = true,
                 localdatetime = true, datetime = true, duration = true,
                 point = true }

local COLUMNS = { "int", "int", "str", "bool", "float", "any", "ints", "date",
                  "datetime", "localdatetime", "time", "localtime", "duration",
                  "point", "map" }

function Maker:aggregate()
    local random = self.random
    local kind = random:weighted({ { 3, "count" }, { 2, "sum" }, { 2, "min" },
                                   { 2, "max" }, { 2, "collect" },
                                   { 1, "avg" }, { 2, "star" } })
    if kind == "star" then return { k = "agg", name = "count" }, "int" end
    local types = { count = "any", sum = "int", avg = "int", collect = "int",
                    min = random:pick({ "int", "str", "any", "float",
                                        random:pick(COLUMNS) }) }
    types.max = types.min
    local type = types[kind]
    local node = { k = "agg", name = kind, distinct = random:one_in(3),
                   arg = self:expression(type, 1) }
    local result = { count = "int", sum = "int", avg = "float",
                     collect = "bag_int", min = type, max = type }
    return node, result[kind]
end

function Maker:item(is_last, may_aggregate)
    local random = self.random
    local prefix = is_last and "r" or "x"
    if may_aggregate and random:one_in(2) then
        local e, type = self:aggregate()
        if type == "int" and random:one_in(3) then
            e = { k = "arith", op = "+", a = e,
                  b = { k = "lit", v = value.int(random:int(0, 2)) } }
        end
        return { e = e, name = self:fresh(prefix), type = type }
    end
    local binding = #self.scope > 0 and random:pick(self.scope)
    if binding and random:one_in(2) and not binding.type:find("^short") and
        not (may_aggregate and is_bag(binding.type)) then
        return { e = { k = "var", name = binding.name }, type = binding.type,
                 name = random:one_in(2) and self:fresh(prefix) or
                    binding.name }
    end
    local type = random:pick(COLUMNS)
    return { e = self:expression(type), type = type,
             name = self:fresh(prefix) }
end

local function add_items(self, node, is_last)
    local may_aggregate = self.random:one_in(3)
    local seen = {}
    for _ = 1, self.random:int(1, 3) do
        local item = self:item(is_last, may_aggregate)
        if not seen[item.name] then
            node.items[#node.items + 1] = item
            seen[item.name] = true
        end
    end
end

-- ORDER BY, SKIP and LIMIT; a bound only where the order is total.
local function add_order(self, node)
    local random = self.random
    local is_total = true
    node.order = {}
    for _, item in ipairs(node.items) do
        if SORTED[item.type] or item.type == "any" then
            table.insert(node.order, random:int(1, #node.order + 1),
                { e = { k = "var", name = item.name },
                  desc = random:one_in(2) })
        end
        if not SORTED[item.type] then is_total = false end
    end
    if #node.order == 0 then node.order = nil end
    if not is_total then return end
    node.is_total = true
    if random:one_in(2) then node.limit = random:int(0, 4) end
    if random:one_in(4) then node.skip = random:int(0, 2) end
end

function Maker:project(is_last)
    local random = self.random
    local node = { k = "project", items = {} }
    add_items(self, node, is_last)
    local can_be_distinct = true
    for _, item in ipairs(node.items) do
        if is_bag(item.type) then can_be_distinct = false end
    end
    node.distinct = can_be_distinct and random:one_in(4)
    if random:one_in(3) then add_order(self, node) end
    local scope = {}
    for i, item in ipairs(node.items) do
        scope[i] = { name = item.name, type = item.type }
    end
    self.scope = scope
    if not is_last and random:one_in(3) then
        node.where = self:expression("bool", 2)
    end
    return node
end

function reading.project(self)
    return self:project(false)
end

reading.csv = csv.clause
reading.filter, reading.let = plain.filter, plain.let

function reading.outer(self)
    return plain.outer(self) or reading.match(self)
end

-- The second part of a UNION, of which all but the end is there.
local function second_part(self, query, part)
    local first = query.parts[1][#query.parts[1]]
    local last = { k = "project", items = {} }
    for i, item in ipairs(first.items) do
        if not SORTED[item.type] and item.type ~= "any" then return end
        last.items[i] = { e = self:expression(item.type, 1), name = item.name,
                          type = item.type }
    end
    part[#part + 1] = last
    query.parts[2], query.all = part, self.random:one_in(2)
end

-- Gives the columns names that nothing else has.
local function rename(self, node, columns)
    local names = {}
    for i, item in ipairs(node.items) do
        names[item.name] = self:fresh("c")
        item.name = names[item.name]
        columns[i].name = item.name
    end
    for _, by in ipairs(node.order or {}) do by.e.name = names[by.e.name] end
end

-- CALL { WITH imports ... RETURN ... }
function reading.call(self)
    local random = self.random
    local imports, inner = {}, {}
    for _, binding in ipairs(self.scope) do
        if not is_bag(binding.type) and random:one_in(2) then
            imports[#imports + 1] = binding.name
            inner[#inner + 1] = binding
        end
    end
    local query, columns = { parts = { {} } }, nil
    local outer = { unpack(inner) }
    self:with_scope(inner, function()
        local part = query.parts[1]
        part[1] = reading.match(self)
        part[2] = self:project(true)
        columns = self.scope
        rename(self, part[2], columns)
        if random:one_in(3) then
            self.scope = outer
            second_part(self, query, { reading.match(self) })
        end
    end)
    self:bring_in(columns)
    return { k = "call", imports = imports, query = query,
             optional = random:one_in(3), is_listed = random:one_in(2) }
end

--- A query for a sub-query of an expression; nil: there is one around it.
function Maker:inner_query(type)
    return whole.query(self, type, { reading = reading, add_order = add_order,
                                     can_sort = SORTED[type] })
end

------------------------------------------------------------------- statements

function Maker:clauses(writes)
    local random = self.random
    local clauses = {}
    if writes and random:one_in(2) then clauses[1] = write.begin(self) end
    for _ = 1, random:int(writes and 0 or 1, writes and clauses[1] and 1 or 3)
    do
        local kind = random:weighted({ { 6, "match" }, { 2, "unwind" },
                                       { 2, "outer" }, { 3, "project" },
                                       { 1, "call" },
                                       { 1, "csv" }, { 1, "let" },
                                       { 1, "filter" } })
        clauses[#clauses + 1] = reading[kind](self)
    end
    if not writes then return clauses end
    write.add(self, clauses)
    for _ = 1, random:int(0, 3) do
        if random:one_in(2) and #self.scope > 0 then
            clauses[#clauses + 1] = { k = "project", items = self:forward() }
            local kind = random:weighted({ { 4, "match" }, { 1, "unwind" },
                                           { 1, "project" }, { 1, "call" } })
            clauses[#clauses + 1] = reading[kind](self)
        end
        if random:one_in(2) then write.add(self, clauses) end
    end
    return clauses
end

local function union(self, query)
    local first = query.parts[1][#query.parts[1]]
    first.order, first.limit, first.skip, first.is_total = nil, nil, nil, nil
    self.scope = {}
    second_part(self, query, self:clauses(false))
end

-- Literals, and numbers of rows, that a statement is given beside its text.
local function take_out(self, node)
    for key, field in pairs(node) do
        if key ~= "v" and type(field) == "table" and field.t == nil then
            if field.k == "lit" and self.random:one_in(8) then
                node[key] = self:param(field.v)
            else
                take_out(self, field)
            end
        end
    end
    for _, key in ipairs({ "skip", "limit" }) do
        if node[key] and self.random:one_in(3) then
            node[key .. "_by"] = self:param(value.int(node[key]))
        end
    end
end

--- What makes expressions (maker:expression(type, depth)) of these names, {
-- name =, type = } each. They look at no more of the graph than the names do.
function generate.maker(random, scope)
    local self = new_maker(random)
    self.scope, self.is_plain = scope, true
    return self
end

--- A statement: { parts = { clauses, ... }, all =, types = of the columns,
-- writes = }.
function generate.query(random, writes)
    local self = new_maker(random)
    if not writes and random:one_in(5) then
        return { parts = { search.clauses(self) } }
    end
    if not writes and random:one_in(8) then return builder.query(self) end
    local clauses = self:clauses(writes)
    clauses[#clauses + 1] = self:project(true)
    local query = { parts = { clauses }, writes = writes }
    if not writes and random:one_in(6) then union(self, query) end
    take_out(self, query)
    return query
end

--- A statement about what an index may answer.
function generate.search(random)
    return { parts = { search.clauses(new_maker(random)) } }
end

return generate
