--- Whether an expression asks the graph: whether there is a sub-query in it.

local asks = {}

local ASKS = { pattern_comprehension = true, pattern_predicate = true,
               shortest_path = true, exists = true, count_query = true,
               collect_query = true }
-- What is no part of an expression, but what the checker found for one.
local SKIPPED = { variable = true, accumulator_variable = true,
                  definition = true, procedure = true, imports = true }

-- Whether `test` is true of a node of the AST or of one inside it.
local function any(node, test)
    if test(node) then return true end
    for key, field in pairs(node) do
        if type(field) == "table" and not SKIPPED[key] and any(field, test) then
            return true
        end
    end
    return false
end

function asks.graph(node)
    return any(node, function(part) return ASKS[part.kind] end)
end

--- Whether a checked node reads a variable of `bindings` (a set).
function asks.uses(node, bindings)
    return any(node, function(part)
        return part.variable and bindings[part.variable]
    end)
end

return asks
