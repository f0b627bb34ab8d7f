--- The openCypher front end: text into a tree in which every name is resolved
-- and everything is refused that can be before a statement runs.

local check_pattern = require("namidb.cypher.check_pattern")
local check_query = require("namidb.cypher.check_query")
local fault = require("namidb.cypher.fault")
local parser = require("namidb.cypher.parser")

local cypher = {}

--- The tree of a statement as it is written (namidb.cypher.ast), or nil, err.
function cypher.parse(text)
    return fault.catch(parser.parse, text)
end

local function compile(text, options)
    local node = parser.parse(text)
    local state = { text = text, options = options or {}, bindings = 0,
                    height = 0,
                    parameters = {}, seen_parameters = {}, writes = false,
                    patterns = check_pattern, queries = check_query }
    check_query.check(state, node)
    node.writes, node.parameters = state.writes, state.parameters
    node.bindings = state.bindings
    return node
end

--- The checked tree of a statement, or nil, err.
--
-- options: functions = { lower case name = definition } that the user
-- registered; procedures = { name = { arguments = { { name =, type = } },
-- yields = { { name =, type = } } } }; procedure_names() gives an array of
-- their names, for messages.
function cypher.compile(text, options)
    return fault.catch(compile, text, options)
end

--- nil and the error of a bound that byte `at` of a statement is beyond.
function cypher.limit(text, at, message)
    return fault.catch(fault.limit, text, at, message)
end

return cypher
