--- The openCypher front end: text into a tree in which every name is resolved
-- and everything is refused that can be before a statement runs.

local check_pattern = require("namidb.cypher.check_pattern")
local check_query = require("namidb.cypher.check_query")
local fault = require("namidb.cypher.fault")
local lexer = require("namidb.cypher.lexer")
local parser = require("namidb.cypher.parser")

local cypher = {}

--- The tree of a statement as it is written (namidb.cypher.ast), or nil, err.
function cypher.parse(text)
    return fault.catch(parser.parse, text)
end

local function check(text, options, node)
    local state = { text = text, options = options or {}, bindings = 0,
                    height = 0, mode = node.mode,
                    parameters = {}, seen_parameters = {}, writes = false,
                    patterns = check_pattern, queries = check_query }
    check_query.check(state, node)
    node.writes, node.parameters = state.writes, state.parameters
    node.bindings, node.batched = state.bindings, state.batched
    return node
end

local function compile(text, options)
    local node = check(text, options, parser.parse(text))
    if node.batched then
        local function parse() return parser.parse(text) end
        local function check_again(tree) return check(text, options, tree) end
        node.stages, node.rest =
            require("namidb.cypher.split").stages(node, parse, check_again)
    end
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

-- The end of the literal that begins at a byte of the text, by its tokens: a
-- text, a number with its sign, or a list of such.
local function literal_end(kinds, starts, stops, at)
    local i = 1
    while starts[i] ~= at do i = i + 1 end
    if kinds[i] == "[" then
        while kinds[i] ~= "]" do i = i + 1 end
    elseif kinds[i] == "-" then
        i = i + 1
    end
    return stops[i]
end

-- The byte of `text` that byte `at` of `key` was: in a key literals are
-- parameters with names of their own (namidb_lift.h).
local function unlifted(text, key, at)
    local kinds, _, starts, stops = lexer.read(text)
    local from, given = 1, 1 -- what is next, in the key and in the text
    while true do
        local first, last = key:find("$`~%d+`", from)
        if not first or first >= at then return given + at - from end
        local literal = given + first - from
        if at <= last then return literal end
        from = last + 1
        given = literal_end(kinds, starts, stops, literal) + 1
    end
end

--- Says in an error of a run that it is about byte `at` of what a statement is
-- kept by: its text, or one without its literals.
function cypher.locate(err, text, key, at)
    fault.locate(err, text, key == text and at or unlifted(text, key, at))
end

--- nil and the error of a bound that byte `at` of a statement is beyond.
function cypher.limit(text, at, message)
    return fault.catch(fault.limit, text, at, message)
end

return cypher
