--- What is known of a value's type before a statement runs: a name ("integer",
-- "list", "node", ...) or nil. The type of what is in a list comes beside it.

local types = {}

local WORDS = {
    edge = "relationship", edges = "list of relationships",
    entity = "node or a relationship", sized = "string or a list",
    propertied = "node, a relationship or a map",
    joined = "string beside a string, or a list beside a list,",
}

--- The name of a type in messages.
function types.word(given)
    return WORDS[given] or given
end

--- The same with an article in front.
function types.words(given)
    local word = types.word(given)
    return (word:find("^[aeiou]") and "an " or "a ") .. word
end

-- Which types a wanted one admits.
local ADMITS = {
    number = { integer = true, float = true },
    entity = { node = true, edge = true },
    sized = { string = true, list = true, map = true, edges = true },
    list = { list = true, edges = true },
    propertied = { node = true, edge = true, map = true },
}

--- Whether a value that is of type `given` can be of type `wanted`.
function types.may_be(given, wanted)
    if given == nil or given == "null" or wanted == "any" or given == wanted
    then
        return true
    end
    local admits = ADMITS[wanted]
    return admits ~= nil and admits[given] == true
end

local HAVE_PROPERTIES = {
    node = true, edge = true, map = true, date = true, datetime = true,
    localdatetime = true, localtime = true, time = true, duration = true,
    point = true,
}

--- Whether .name can be asked of a value of that type.
function types.has_properties(given)
    return given == nil or given == "null" or HAVE_PROPERTIES[given] == true
end

local NUMBERS = { integer = true, float = true }

-- Kinds of values that + - * / % ^ take: numbers all, some of the others + and
-- more; known to be wrong is only what never can be right.
local NEVER = { boolean = true, map = true, node = true, edge = true,
                path = true }

--- Whether an operator can take an operand of that type.
function types.may_calculate(given, operator)
    if given == nil or given == "null" or NUMBERS[given] then return true end
    if operator == "+" then return not NEVER[given] or false end
    return not NEVER[given] and given ~= "string" and given ~= "list" and
        given ~= "edges"
end

local JOINED = { string = "string", list = "list", edges = "list" }

--- Whether || can join a value of type `given` with one of type `other`.
function types.may_join(given, other)
    if given == nil or given == "null" then return true end
    if other == nil or other == "null" then return JOINED[given] ~= nil end
    return JOINED[given] ~= nil and JOINED[given] == JOINED[other]
end

--- The type of a + b and its like.
function types.of_arithmetic(left, right, operator)
    if operator == "||" then return JOINED[left] or JOINED[right] end
    if left == "integer" and right == "integer" then
        return operator == "^" and "float" or "integer"
    end
    if NUMBERS[left] and NUMBERS[right] then return "float" end
    if operator == "+" and left == "string" and right == "string" then
        return "string"
    end
    return nil
end

return types
