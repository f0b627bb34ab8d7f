-- Whole queries inside expressions: EXISTS, COUNT and COLLECT of several
-- clauses, with groups, an order, a union, that know all that is in scope.

local inner = {}

local unpack = table.unpack or unpack

-- What all rows become one of, of numbers, or a value of each.
local function item_of(self, type, node)
    local random = self.random
    if type == "int" and random:one_in(3) then
        return { k = "agg", name = random:pick({ "count", "sum", "min",
                                                 "max" }),
                 distinct = random:one_in(3), arg = self:expression("int", 1) }
    end
    node.distinct = node.can_sort and random:one_in(3)
    return self:expression(type, 1)
end

-- Clauses that read and end with one column of the type. with = { reading =
-- what makes clauses, add_order =, can_sort = whether the column can be sorted
-- }.
local function part(self, type, name, with)
    local random, clauses = self.random, {}
    for i = 1, random:int(1, 2) do
        local kind = random:weighted({ { 4, "match" }, { 1, "unwind" },
                                       { 1, "outer" } })
        clauses[i] = with.reading[kind](self)
    end
    local node = { k = "project", can_sort = with.can_sort }
    node.items = { { name = name, type = type,
                     e = item_of(self, type, node) } }
    if random:one_in(3) then with.add_order(self, node) end
    clauses[#clauses + 1] = node
    return clauses
end

local function make(self, type, with)
    local outer, name = self.scope, self:fresh("q")
    local query = { parts = {}, all = self.random:one_in(2) }
    for i = 1, with.can_sort and self.random:one_in(4) and 2 or 1 do
        self.scope = { unpack(outer) }
        query.parts[i] = part(self, type, name, with)
    end
    self.scope = outer
    for _, clauses in ipairs(#query.parts > 1 and query.parts or {}) do
        local last = clauses[#clauses]
        last.order, last.limit, last.skip, last.is_total = nil, nil, nil, nil
    end
    return query
end

--- Such a query of one column, with `with` as above; nil: there is one around
-- it.
function inner.query(self, type, with)
    if self.is_inner then return nil end
    local used = self.used_edges
    self.is_inner = true
    local query = make(self, type, with)
    self.is_inner, self.used_edges = false, used
    return query
end

return inner
