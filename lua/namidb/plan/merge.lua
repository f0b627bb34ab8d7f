-- Rows of a MERGE that are told apart by keys: what a row matches is what it
-- matches before any row of its chunk, and what an earlier row with equal keys
-- created.
--
-- So it is where the pattern is one node, or one directed edge between known
-- nodes, with its labels or its type in the text, and where ON CREATE and ON
-- MATCH only set other properties of it than those that the pattern asks for or
-- is made from.

local expression = require("namidb.plan.expression")

local merge = {}

-- The names of properties that are set; nil: something else is changed, too.
local function names_set(context, slot, sets)
    local names = {}
    for _, set in ipairs(sets) do
        if set.code ~= "PROPERTY" or set.entity.kind ~= "SLOT" or
            set.entity.number ~= slot then
            return nil
        end
        names[context.names[set.name + 1].text] = true
    end
    return names
end

-- Whether an expression is the same before and after properties of these names
-- were set.
local function is_fixed(context, expr, names)
    local is_any_set = next(names) ~= nil
    return not expression.reads_more(expr) and
        not expression.any(expr, function(part)
            return part.kind == "PROPERTY" and
                names[context.names[part.number + 1].text] or
                part.kind == "INDEX" and is_any_set
        end)
end

--- The keys of a MERGE: what it creates, the path's elements, ON CREATE and ON
-- MATCH in one list. nil: there are none.
function merge.keys(context, creates, elements, sets)
    local create = creates[1]
    if #creates ~= 1 or #create.named > 0 or
        #elements ~= (create.edge and 3 or 1) or
        create.edge and elements[2].direction == "both" then
        return nil
    end
    local names = names_set(context, create.slot, sets)
    if not names or not is_fixed(context, create.props, names) then
        return nil
    end
    for _, key in ipairs(create.props.keys) do
        if names[key] then return nil end
    end
    if not create.edge then return { create.props } end
    return { expression.slot(create.from), expression.slot(create.to),
             create.props }
end

return merge
