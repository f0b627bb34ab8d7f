--- Nodes of the tree that stand for no text, where a clause is said by others.

local synthetic = {}

-- The column of rows that hand nothing on: a query without columns would leave
-- each row as it is.
local NOTHING = " row"

function synthetic.variable(at, name)
    return { kind = "variable", at = at, name = name }
end

--- expression AS name
function synthetic.item(at, name, expression)
    return { kind = "item", at = at, name = name, aliased = true,
             expression = expression }
end

--- WITH *
function synthetic.with_all(at)
    return { kind = "with", at = at, distinct = false, star = true,
             items = {}, order = {} }
end

--- RETURN of an array of items.
function synthetic.return_items(at, items)
    return { kind = "return", at = at, distinct = false, star = false,
             items = items, order = {} }
end

--- RETURN of an array of names; of none a column that nobody knows.
function synthetic.return_of(at, names)
    local items = {}
    for i, name in ipairs(names) do
        items[i] = synthetic.item(at, name, synthetic.variable(at, name))
    end
    if #names == 0 then
        items[1] = synthetic.item(at, NOTHING, { kind = "literal", at = at,
                                                 type = "null" })
    end
    return synthetic.return_items(at, items)
end

return synthetic
