-- Random expressions of a type that is asked for.

local csv = require("spec.property.csv")
local group = require("spec.property.generate_group")
local label = require("spec.property.label")
local temporal = require("spec.property.generate_temporal")
local types = require("spec.property.types")
local value = require("spec.property.value")
local wide = require("spec.property.wide")

local expressions = {}

local int, float, str, bool = value.int, value.float, value.str, value.bool

local STRINGS = { "", "a", "b", "ab", "ba", "A", "abab", "1", "-2" }
local LABELS, TYPES = { "A", "B", "C" }, { "R", "S", "T" }

local MIXED = { "i", "f", "s", "b", "l", "i", "f", "s", "b", "l", "d", "t",
                "lt", "ld", "dt", "du", "p" }

local function lit(v) return { k = "lit", v = v } end
local function call(name, ...)
    return { k = "call", name = name, args = { ... } }
end

--- A value that can be a property of that name.
-- random.is_wide: half of them of wide.lua.
function expressions.stored(random, name)
    local v = random.is_wide and random:one_in(2) and
        wide.stored(random, name)
    if v then return v end
    if name == "i" then return int(random:int(-2, 3)) end
    if name == "f" then return float(random:int(-6, 6) / 4) end
    if name == "s" then return str(random:pick(STRINGS)) end
    if name == "b" then return bool(random:one_in(2)) end
    if name == "l" then
        local items = {}
        for i = 1, random:int(0, 3) do items[i] = int(random:int(-1, 3)) end
        return value.list(items)
    end
    if name ~= "m" then return temporal.stored(random, name) end
    return expressions.stored(random, random:pick(MIXED))
end

--- { type = the property that holds it }.
local PROPERTY = { int = "i", float = "f", str = "s", bool = "b", ints = "l",
                   any = "m" }
for type, name in pairs(temporal.properties) do PROPERTY[type] = name end

-- What a field of a file, a text, becomes the type by.
local CONVERSIONS = { int = "toInteger", float = "toFloat", bool = "toBoolean",
                      str = "toString" }

--- What needs no operands: a literal, a parameter, a variable, a property.
local function leaf(self, type)
    local random = self.random
    if random:one_in(14) then return lit(value.NULL) end
    local field = CONVERSIONS[type] and random:one_in(3) and
        csv.field(self, PROPERTY[type])
    if field and type == "str" then return field end
    if field then return call(CONVERSIONS[type], field) end
    local variables = self:of_type(type)
    if #variables > 0 and random:one_in(2) then
        return { k = "var", name = random:pick(variables).name }
    end
    local entities = self:of_type("node")
    for _, edge in ipairs(self:of_type("edge")) do
        entities[#entities + 1] = edge
    end
    if #entities > 0 and not random:one_in(3) then
        local name = PROPERTY[type]
        if type == "int" and self.has_written and random:one_in(2) then
            name = "w"
        end
        return { k = "prop", name = name,
                 a = { k = "var", name = random:pick(entities).name } }
    end
    local v = expressions.stored(random, PROPERTY[type])
    return random:one_in(6) and self:param(v) or lit(v)
end

-- More that a WHEN asks of the operand, which is of `type`.
local function tests(self, type, depth)
    local made, random = {}, self.random
    for i = 1, random:int(1, 2) do
        local ops = { "<", ">=", "<>", "=" }
        if type == "str" then ops[5], ops[6] = "STARTS WITH", "CONTAINS" end
        made[i] = random:one_in(4) and { is_null = random:one_in(2) } or
            { op = random:pick(ops), e = self:expression(type, depth) }
    end
    return made
end

local function case(self, type, depth)
    local node = { k = "case", whens = {} }
    local condition = "bool"
    if self.random:one_in(2) then
        condition = self.random:pick({ "int", "str", "any" })
        node.operand = self:expression(condition, depth)
    end
    for i = 1, self.random:int(1, 2) do
        node.whens[i] = { c = self:expression(condition, depth),
                          r = self:expression(type, depth) }
        if node.operand and self.random:one_in(3) then
            node.whens[i].tests = tests(self, condition, depth)
        end
    end
    if self.random:one_in(2) then
        node.otherwise = self:expression(type, depth)
    end
    return node
end

-- Runs fn with a variable of a loop in scope.
local function with(self, name, type, fn)
    local outer = self.scope
    self.scope = {}
    for i, binding in ipairs(outer) do self.scope[i] = binding end
    self.scope[#self.scope + 1] = { name = name, type = type }
    local result = fn()
    self.scope = outer
    return result
end

-- A pattern inside an expression, with what it brings in, in scope.
-- is_of_match: it is one of a MATCH.
local function with_pattern(self, is_of_match, fn)
    local new, outer = {}, self.scope
    local used = self.used_edges
    self.used_edges = {}
    local path = self:path(new, false, 2, is_of_match)
    self.used_edges = used
    if #path.elements < 3 then
        path.elements[2] = { types = {}, props = {}, dir = "out" }
        path.elements[3] = { labels = {}, props = {} }
    end
    self.scope = {}
    for i, binding in ipairs(outer) do self.scope[i] = binding end
    for _, binding in ipairs(new) do
        self.scope[#self.scope + 1] = binding
    end
    local result = fn(path)
    self.scope = outer
    return result
end

local function subquery(self, what, depth, type)
    if self.is_plain then return nil end
    local whole = self.random:one_in(3) and self:inner_query(type or "int")
    if whole then return { k = "sub", what = what, query = whole } end
    return with_pattern(self, true, function(path)
        return { k = "sub", what = what, patterns = { path },
                 where = self.random:one_in(2) and
                    self:expression("bool", depth) or nil,
                 result = type and self:expression(type, depth) or nil }
    end)
end

-- A sub-query of one hop from a node that is there, of which nothing is asked:
-- the planner knows more of it than of others. nil: there is no node.
local function bare_hop(self, what)
    local nodes = self:of_type("node")
    if #nodes == 0 or self.is_plain then return nil end
    local far = self:fresh("n")
    return { k = "sub", is_bare = true, what = what, patterns = { { elements = {
        { var = self.random:pick(nodes).name, labels = {}, props = {} },
        { types = self:types(), props = {},
          dir = self.random:pick({ "out", "in", "both" }) },
        { var = far, labels = {}, props = {} } } } },
        result = what == "COLLECT" and { k = "var", name = far } or nil }
end

local function small(self)
    return lit(int(self.random:int(0, 3)))
end

------------------------------------------------------------------- by type

local makers = {}

makers.int = {
    function(self, d)
        return { k = "arith", op = self.random:pick({ "+", "-", "*" }),
                 a = self:expression("int", d), b = self:expression("int", d) }
    end,
    function(self, d)
        return { k = "arith", op = self.random:pick({ "/", "%" }),
                 a = self:expression("int", d),
                 b = lit(int(self.random:pick({ 2, 3, -2, 5 }))) }
    end,
    function(self, d) return { k = "neg", a = self:expression("int", d) } end,
    function(self, d) return call("size", self:expression("str", d)) end,
    function(self, d) return call("size", self:expression("ints", d)) end,
    function(self, d) return call("abs", self:expression("int", d)) end,
    function(self, d) return call("sign", self:expression("float", d)) end,
    function(self, d) return call("toInteger", self:expression("str", d)) end,
    -- Of what is neither infinite nor NaN, which raise: in which order
    -- conditions are tested is not said.
    function(self)
        return call("toInteger", lit(expressions.stored(self.random, "f")))
    end,
    function(self, d)
        return call("coalesce", self:expression("int", d),
                    self:expression("int", d))
    end,
    function(self, d)
        return call(self.random:pick({ "head", "last" }),
                    self:expression("ints", d))
    end,
    function(self, d)
        return { k = "index", a = self:expression("ints", d),
                 b = self:expression("int", 0) }
    end,
    function(self, d)
        local acc, var = self:fresh("a"), self:fresh("v")
        return { k = "reduce", acc = acc, var = var, init = small(self),
                 list = self:expression("ints", d),
                 e = with(self, acc, "int", function()
                     return with(self, var, "int", function()
                         return self:expression("int", 1)
                     end)
                 end) }
    end,
    function(self, d) return subquery(self, "COUNT", math.min(d, 1)) end,
    function(self)
        if self.random:one_in(2) then return bare_hop(self, "COUNT") end
        local list = bare_hop(self, "COLLECT")
        -- The size alone is planned as a COUNT.
        return list and call("size", self.random:one_in(3) and list or
                             call("tail", list))
    end,
    function(self, d)
        return call("size", self:expression("bag_int", math.min(d, 1)))
    end,
    function(self, d)
        local map = { k = "maplit", keys = { "x", "y" },
                      items = { self:expression("int", d),
                                self:expression("str", d) } }
        return { k = "prop", a = map, name = self.random:pick({ "x", "z" }) }
    end,
    -- A shortest path between two nodes that are there: how long, how many.
    function(self)
        local nodes = self:of_type("node")
        if #nodes == 0 or self.is_plain then return nil end
        local what = self.random:pick({ "one", "all" })
        local path = self:shortest_path({}, what, true)
        local found = { k = "shortest", pattern = path }
        return call(what == "one" and "length" or "size", found)
    end,
    function(self)
        local paths = self:of_type(self.random:pick({ "path", "short" }))
        if #paths == 0 then return nil end
        return call("length", { k = "var",
                                name = self.random:pick(paths).name })
    end,
    function(self)
        local lists = self:of_type(
            self.random:pick({ "nodes", "edges", "short_edges" }))
        if #lists == 0 then return nil end
        return call("size", { k = "var", name = self.random:pick(lists).name })
    end,
}

makers.float = {
    function(self, d)
        return { k = "arith", op = self.random:pick({ "+", "-", "*" }),
                 a = self:expression("float", d),
                 b = self:expression(self.random:pick({ "int", "float" }), d) }
    end,
    function(self, d)
        return { k = "arith", op = "/", a = self:expression("int", d),
                 b = lit(float(self.random:pick({ 0.5, 2, -4, 0 }))) }
    end,
    function(self, d) return call("toFloat", self:expression("int", d)) end,
    function(self, d)
        return call("coalesce", self:expression("float", d),
                    self:expression("float", d))
    end,
}

makers.str = {
    function(self, d)
        return { k = "concat", a = self:expression("str", d),
                 b = self:expression("str", d) }
    end,
    function(self, d)
        return { k = "arith", op = "+", a = self:expression("str", d),
                 b = self:expression(self.random:pick({ "str", "int" }), d) }
    end,
    function(self, d)
        return call(self.random:pick({ "toUpper", "toLower", "reverse",
                                       "trim" }), self:expression("str", d))
    end,
    function(self, d)
        return call(self.random:pick({ "btrim", "ltrim", "rtrim", "trim" }),
                    self:expression("str", d),
                    self.random:one_in(2) and self:expression("str", d) or nil)
    end,
    function(self, d)
        return call("substring", self:expression("str", d), small(self),
                    small(self))
    end,
    function(self, d)
        return call(self.random:pick({ "left", "right" }),
                    self:expression("str", d), small(self))
    end,
    function(self, d)
        return call("replace", self:expression("str", d),
                    lit(str(self.random:pick({ "a", "b", "ab" }))),
                    self:expression("str", d))
    end,
    function(self, d)
        return call("toString", self:expression(
            self.random:pick({ "int", "bool" }), d))
    end,
    function(self, d)
        return { k = "index", b = small(self), a = call("split",
            self:expression("str", d), lit(str("a"))) }
    end,
    function(self, d)
        return call("coalesce", self:expression("str", d),
                    self:expression("str", d))
    end,
    function(self)
        local edges = self:of_type("edge")
        if #edges == 0 then return nil end
        return call("type", { k = "var", name = self.random:pick(edges).name })
    end,
}

local ANY = { "int", "float", "str", "bool", "any", "ints", "date", "datetime",
              "localdatetime", "time", "localtime", "duration", "point" }

local function comparison(self, d)
    local random = self.random
    local type = random:pick(ANY)
    local node = { k = "cmp", ops = {}, items = { self:expression(type, d) } }
    for i = 1, random:one_in(5) and 2 or 1 do
        node.ops[i] = random:pick({ "=", "<>", "<", "<=", ">", ">=" })
        node.items[i + 1] = self:expression(
            random:one_in(5) and random:pick(ANY) or type, d)
    end
    return node
end

local function entities(self, d)
    local nodes = self:of_type("node")
    if #nodes == 0 then return comparison(self, d) end
    local a = { k = "var", name = self.random:pick(nodes).name }
    local b = { k = "var", name = self.random:pick(nodes).name }
    return { k = "cmp", ops = { self.random:pick({ "=", "<>" }) },
             items = { a, b } }
end

makers.bool = {
    comparison, comparison, comparison, entities,
    function(self, d)
        local type = self.random:pick({ "any", "int", "ints", "map", "str" })
        local found = self.random:one_in(2) and
            self:of_type(self.random:pick({ "node", "edge", "path" })) or {}
        return { k = "typed", type = types.make(self.random, 2),
                 negated = self.random:one_in(3),
                 a = #found > 0 and { k = "var", name =
                     self.random:pick(found).name } or
                     self:expression(type, d) }
    end,
    function(self, d)
        return { k = "logic", op = self.random:pick({ "AND", "OR", "XOR" }),
                 a = self:expression("bool", d),
                 b = self:expression("bool", d) }
    end,
    function(self, d)
        return { k = "logic", op = self.random:pick({ "AND", "OR" }),
                 a = self:expression("bool", d),
                 b = self:expression("bool", d) }
    end,
    function(self, d) return { k = "not", a = self:expression("bool", d) } end,
    function(self, d)
        return { k = "isnull", negated = self.random:one_in(2),
                 a = self:expression(self.random:pick(ANY), d) }
    end,
    function(self, d)
        return { k = "in", a = self:expression(
            self.random:pick({ "int", "any" }), d),
            b = self:expression("ints", d) }
    end,
    function(self, d)
        return { k = "in", a = self:expression("str", d),
                 b = { k = "listlit", items = { self:expression("str", d),
                                                self:expression("str", d) } } }
    end,
    function(self, d)
        return { k = "strpred", a = self:expression("str", d),
                 op = self.random:pick({ "STARTS WITH", "ENDS WITH",
                                         "CONTAINS" }),
                 b = self:expression(self.random:pick({ "str", "any" }), d) }
    end,
    function(self, d)
        local kind = self.random:one_in(3) and "edge" or "node"
        local found = self:of_type(kind)
        if #found == 0 then return comparison(self, d) end
        local names = kind == "node" and LABELS or TYPES
        local only = { op = "is", name = self.random:pick(names) }
        if self.random:one_in(2) then
            only = label.make(self.random, names, 2)
        end
        return { k = "haslabel", only = only,
                 a = { k = "var", name = self.random:pick(found).name } }
    end,
    function(self, d)
        local var = self:fresh("v")
        return { k = "quant", var = var,
                 q = self.random:pick({ "any", "all", "none", "single" }),
                 list = self:expression("ints", d),
                 where = with(self, var, "int", function()
                     return self:expression("bool", math.min(d, 1))
                 end) }
    end,
    function(self, d)
        return self.random:one_in(3) and bare_hop(self, "EXISTS") or
            subquery(self, "EXISTS", math.min(d, 1))
    end,
    function(self, d)
        local items = { subquery(self, "COUNT", math.min(d, 1)), small(self) }
        if not items[1] then return nil end
        if self.random:one_in(3) then items = { items[2], items[1] } end
        return { k = "cmp", items = items, ops = {
            self.random:pick({ "=", "<>", "<", "<=", ">", ">=" }) } }
    end,
    function(self, d)
        if self.is_plain or #self:of_type("node") == 0 then
            return comparison(self, d)
        end
        self.used_edges = self.used_edges or {}
        local used = self.used_edges
        self.used_edges = {}
        local pattern = self:path({}, true, 2)
        self.used_edges = used
        return { k = "patpred", pattern = pattern }
    end,
}

makers.ints = {
    function(self, d)
        return { k = "concat", a = self:expression("ints", d),
                 b = self:expression("ints", d) }
    end,
    function(self, d)
        local items = {}
        for i = 1, self.random:int(0, 3) do
            items[i] = self:expression("int", d)
        end
        return { k = "listlit", items = items }
    end,
    function(self)
        return call("range", small(self), small(self))
    end,
    function(self)
        return call("range", small(self), small(self),
                    lit(int(self.random:pick({ 1, 2, -1 }))))
    end,
    function(self, d)
        return call(self.random:pick({ "tail", "reverse" }),
                    self:expression("ints", d))
    end,
    function(self, d)
        return { k = "slice", a = self:expression("ints", d),
                 from = self.random:one_in(2) and self:expression("int", 0) or
                    nil, to = self:expression("int", 0) }
    end,
    function(self, d)
        return { k = "arith", op = "+", a = self:expression("ints", d),
                 b = self:expression(self.random:pick({ "ints", "int" }), d) }
    end,
    function(self, d)
        local var = self:fresh("v")
        local node = { k = "comp", var = var,
                       list = self:expression("ints", d) }
        with(self, var, "int", function()
            if self.random:one_in(2) then
                node.where = self:expression("bool", math.min(d, 1))
            end
            if not node.where or self.random:one_in(2) then
                node.result = self:expression("int", math.min(d, 1))
            end
        end)
        return node
    end,
}

makers.bag_int = {
    function(self, d)
        if self.is_plain then return nil end
        return with_pattern(self, false, function(path)
            return { k = "patcomp", pattern = path,
                     where = self.random:one_in(2) and
                        self:expression("bool", math.min(d, 1)) or nil,
                     result = self:expression("int", math.min(d, 1)) }
        end)
    end,
    function(self, d)
        return subquery(self, "COLLECT", math.min(d, 1), "int")
    end,
}

makers.bag_str = {
    function(self)
        local nodes = self:of_type("node")
        if #nodes == 0 then return nil end
        return call(self.random:pick({ "labels", "keys" }),
                    { k = "var", name = self.random:pick(nodes).name })
    end,
    function(self, d)
        return { k = "listlit", items = { self:expression("str", d),
                                          self:expression("str", d) } }
    end,
}

-- n {.i, .*, k: 1, u}, properties(n), {k: 1}.
makers.map = {
    function(self, d)
        local found = self:of_type(self.random:pick({ "node", "node", "edge",
                                                      "map" }))
        if #found == 0 then return nil end
        local node = { k = "mapproj", items = {},
                       a = { k = "var", name = self.random:pick(found).name } }
        for i = 1, self.random:int(0, 3) do
            local kind = self.random:pick({ "prop", "all", "key", "var" })
            local ints = self:of_type("int")
            if kind == "prop" or kind == "var" and #ints == 0 then
                node.items[i] = { prop = self.random:pick(MIXED) }
            elseif kind == "all" then
                node.items[i] = { all = true }
            elseif kind == "key" then
                node.items[i] = { key = self.random:pick({ "x", "i", "s" }),
                                  e = self:expression("int", d) }
            else
                node.items[i] = { var = self.random:pick(ints).name }
            end
        end
        return node
    end,
    function(self)
        local found = self:of_type(self.random:pick({ "node", "edge" }))
        if #found == 0 then return nil end
        return call("properties", { k = "var",
                                    name = self.random:pick(found).name })
    end,
    function(self, d)
        return { k = "maplit", keys = { "x", "y" }, items = {
            self:expression("int", d), self:expression("ints", d) } }
    end,
}

makers.any = {
    function(self, d)
        return { k = "prop", name = self.random:pick({ "x", "i", "s" }),
                 a = self:expression("map", d) }
    end,
    function(self, d)
        return self:expression(self.random:pick({ "int", "float", "str",
                                                  "bool", "ints" }), d)
    end,
    function(self, d)
        return { k = "index", a = { k = "listlit", items = {
            self:expression("int", d), self:expression("str", d) } },
            b = small(self) }
    end,
}

for type, functions in pairs(temporal.makers) do makers[type] = functions end
for _ = 1, 3 do table.insert(makers.int, temporal.component) end
table.insert(makers.str, temporal.text)
table.insert(makers.ints, group.ints)
table.insert(makers.bool, group.bool)

--- An expression of a type, `depth` operators deep at most.
function expressions.make(self, type, depth)
    local made = makers[type]
    if depth <= 0 and PROPERTY[type] then return leaf(self, type) end
    if self.random:one_in(8) and PROPERTY[type] then
        return case(self, type, depth - 1)
    end
    for _ = 1, 5 do
        local node = self.random:pick(made)(self, depth - 1)
        if node then return node end
    end
    if PROPERTY[type] then return leaf(self, type) end
    return type == "map" and lit(value.NULL) or { k = "listlit", items = {} }
end

return expressions
