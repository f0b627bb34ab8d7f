-- What a clause that writes asks of the graph, it asks before it writes
-- anything.
--
-- A sub-query in CREATE, in SET or in what MERGE looks for sees the graph as
-- the clause found it, for every row. So an expression with one in it becomes a
-- column of a PROJECT below the clause, and the barrier between the two
-- (plan/barrier.lua) has all rows of it made before the first is written. Other
-- expressions stay in the clause and are made when a row's turn comes:
-- `SET n.x = n.x + 1` counts the rows of a node. So are those of ON CREATE and
-- ON MATCH, sub-queries among them, since a row of MERGE sees what the rows
-- before it did.

local asks = require("namidb.cypher.asks")
local expression = require("namidb.plan.expression")

local ahead = {}
ahead.__index = ahead

--- For one clause over `op`.
function ahead.new(context, op)
    return setmetatable({ context = context, op = op, items = {} }, ahead)
end

--- A node of the AST that reads what `node` is before the clause: `node` itself
-- if it asks the graph nothing.
function ahead:node(node)
    if not asks.graph(node) then return node end
    local slot = self.context:new_slot()
    self.items[#self.items + 1] = {
        slot = slot, expr = expression.make(self.context, node) }
    return { kind = "variable", at = node.at, variable = { id = slot } }
end

--- The same for what is properties, each value of a map for itself.
function ahead:properties(node)
    if node.kind ~= "map" then return self:node(node) end
    local values = {}
    for i, value in ipairs(node.values) do values[i] = self:node(value) end
    return setmetatable({ values = values }, { __index = node })
end

-- A label_dynamic, its operand as `node` gives it.
local function label(self, dynamic)
    return { kind = dynamic.kind, at = dynamic.at, any = dynamic.any,
             operand = self:node(dynamic.operand) }
end

--- The same for an array of label_dynamic, or nil.
function ahead:labels(dynamics)
    if not dynamics then return nil end
    local made = {}
    for i, dynamic in ipairs(dynamics) do made[i] = label(self, dynamic) end
    return made
end

--- A path that is created or merged: its labels, types and properties as `node`
-- gives them.
function ahead:path(path)
    local elements = {}
    for i, element in ipairs(path.elements) do
        local type_of = element.label_expression
        elements[i] = setmetatable({
            properties = element.properties and
                self:properties(element.properties),
            dynamic = self:labels(element.dynamic),
            label_expression = type_of and label(self, type_of),
        }, { __index = element })
    end
    return { kind = path.kind, variable = path.variable, elements = elements }
end

--- What the clause stands upon.
function ahead:below()
    if #self.items == 0 then return self.op end
    return { kind = "PROJECT", items = self.items, child = self.op }
end

return ahead
