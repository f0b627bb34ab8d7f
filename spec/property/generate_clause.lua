-- Clauses of random statements that are made of what is in scope alone, and
-- parts of such: of a Maker, see generate.lua; nil where there is nothing to
-- make them of.

local value = require("spec.property.value")

local clauses = {}

local LABELS = { "A", "B", "C" }

-- OPTIONAL MATCH from a node that is known to one that is told by little: which
-- end to begin at is the planner's choice.
function clauses.outer(self)
    local random, bound = self.random, self:of_type("node")
    if #bound == 0 then return nil end
    local edge = { name = self:fresh("e"), type = "edge" }
    local node = { name = self:fresh("n"), type = "node" }
    local path = { elements = {
        { var = random:pick(bound).name, labels = {}, props = {} },
        { var = edge.name, types = self:types(), props = {},
          dir = random:pick({ "out", "in", "both" }) },
        { var = node.name, labels = { random:pick(LABELS) },
          props = self:props() } } }
    self:bring_in({ edge, node })
    return { k = "match", optional = true, patterns = { path },
             where = random:one_in(3) and { k = "cmp", ops = { "<" }, items = {
                 { k = "prop", name = "i",
                   a = { k = "var", name = node.name } },
                 { k = "lit", v = value.int(random:int(0, 3)) } } } or nil }
end

function clauses.filter(self)
    return { k = "filter", where = self:expression("bool", 2) }
end

function clauses.let(self)
    local node, new = { k = "let", items = {} }, {}
    for i = 1, self.random:int(1, 2) do
        local type = self.random:pick({ "int", "str", "any", "ints" })
        node.items[i] = { name = self:fresh("l"),
                          e = self:expression(type, 2) }
        new[i] = { name = node.items[i].name, type = type }
    end
    self:bring_in(new)
    return node
end

return clauses
