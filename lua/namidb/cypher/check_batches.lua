--- Where CALL { } IN TRANSACTIONS may stand, and what it is told.

local check_expression = require("namidb.cypher.check_expression")
local fault = require("namidb.cypher.fault")
local scope = require("namidb.cypher.scope")

local check_batches = {}

local fail = check_expression.fail

local function misplaced(state, clause, why)
    fail(state, clause.batches, "InvalidClauseComposition",
         "CALL { } IN TRANSACTIONS %s", why)
end

-- The names that are there before the call, in order.
local function visible(names)
    local columns = {}
    for i, name in ipairs(scope.names(names)) do
        local binding = names.names[name]
        columns[i] = { name = name, kind = binding.kind, type = binding.type,
                       element = binding.element }
    end
    return columns
end

--- Checks what a call is told, before its query is; is_outermost: it is a
-- clause of the statement itself, has_written: behind one that changes
-- something.
function check_batches.check(state, names, clause, is_outermost, has_written)
    local batches = clause.batches
    if not is_outermost then
        misplaced(state, clause, "stands in no other query and in no UNION")
    elseif has_written then
        misplaced(state, clause, "stands before what changes the graph: " ..
            "that is a batch of its own")
    elseif state.mode == "profile" then
        fault.unsupported(state.text, batches.at,
                          "PROFILE is of one batch, EXPLAIN of several")
    elseif batches.status and (batches.on_error or "fail") == "fail" then
        misplaced(state, clause, "reports a status ON ERROR CONTINUE or " ..
            "BREAK: else there is no other than that of success")
    end
    if batches.size then
        check_expression.check(state, scope.new(), batches.size, {})
    end
    state.batched = true
    clause.visible = visible(names)
end

return check_batches
