--- Tokens into what operators stand between: literals, names, calls, CASE,
-- parentheses, and the patterns and queries that are values.

local cursor = require("namidb.cypher.cursor")
local literal = require("namidb.cypher.literal")
local parse_collection = require("namidb.cypher.parse_collection")

local parse_atom = {}

--- Reads the number that is the next token, `negative` by a sign in front.
function parse_atom.number(self, negative)
    local at = self.at
    local kind, text = self.kinds[at], self.values[at]
    local value = literal[kind](text, negative)
    if value == nil then
        cursor.fail(self, kind == "integer" and "IntegerOverflow" or
            "FloatingPointOverflow", ("%s does not fit into 64 bits")
            :format(negative and "-" .. text or text))
    end
    self.at = at + 1
    return { kind = "literal", at = self.starts[at], type = kind,
             value = value }
end

-- A node of `kind` that is the next token alone.
local function take(self, node)
    local at = self.at
    node.at = self.starts[at]
    self.at = at + 1
    return node
end

local ATOMS = { integer = parse_atom.number, float = parse_atom.number,
                ["["] = parse_collection.list, ["{"] = parse_collection.map }

function ATOMS.number(self)
    cursor.fail(self, "InvalidNumberLiteral", ("%s is not a number")
        :format(self.values[self.at]))
end

function ATOMS.string(self)
    return take(self, { kind = "literal", type = "string",
                        value = self.values[self.at] })
end

function ATOMS.parameter(self)
    return take(self, { kind = "parameter", name = self.values[self.at] })
end

function ATOMS.TRUE(self)
    return take(self, { kind = "literal", type = "boolean", value = true })
end

function ATOMS.FALSE(self)
    return take(self, { kind = "literal", type = "boolean", value = false })
end

function ATOMS.NULL(self)
    return take(self, { kind = "literal", type = "null" })
end

-- WHEN 1, 2, > 5: any of the tests of the operand.
local function parse_tests(self)
    local subject = { kind = "subject", at = self.starts[self.at] }
    local first = self.rules.test(self, subject)
    if self.kinds[self.at] ~= "," then return first end
    local tests = { first }
    while cursor.accept(self, ",") do
        tests[#tests + 1] = self.rules.test(self, subject)
    end
    return { kind = "or", at = first.at, operands = tests }
end

-- CASE [operand] WHEN ... THEN ... [ELSE ...] END
function ATOMS.CASE(self)
    local node = take(self, { kind = "case", whens = {} })
    local expression = self.rules.expression
    if self.kinds[self.at] ~= "WHEN" then node.operand = expression(self) end
    while self.kinds[self.at] == "WHEN" do
        local when = take(self, { kind = "when" })
        when.condition = (node.operand and parse_tests or expression)(self)
        cursor.expect(self, "THEN")
        when.result = expression(self)
        node.whens[#node.whens + 1] = when
    end
    if #node.whens == 0 then cursor.unexpected(self, "WHEN") end
    if cursor.accept(self, "ELSE") then node.otherwise = expression(self) end
    cursor.expect(self, "END", "WHEN, ELSE or END")
    return node
end

ATOMS["("] = function(self)
    local at = self.starts[self.at]
    if parse_collection.is_pattern(self, self.at) then
        return { kind = "pattern_predicate", at = at,
                 pattern = self.rules.path(self) }
    end
    self.at = self.at + 1
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = false
    local node = self.rules.expression(self)
    self.is_bar_taken = is_bar_taken
    cursor.expect(self, ")")
    return node
end

-- The token of the last name of a call that begins here, as in a.b.c(...).
local function find_call(self)
    local kinds, at = self.kinds, self.at
    while cursor.is_word(self, at) do
        local following = kinds[at + 1]
        if following == "(" then return at end
        if following ~= "." then return nil end
        at = at + 2
    end
end

-- The arguments from the next on, to the parenthesis that closes them.
local function parse_more(self, call)
    local arguments = call.arguments
    repeat
        arguments[#arguments + 1] = self.rules.expression(self)
    until not cursor.accept(self, ",")
    cursor.expect(self, ")", ", or )")
end

local TRIMS = { BOTH = "btrim", LEADING = "ltrim", TRAILING = "rtrim" }
-- What such a word is before; else it is a variable.
local TRIMMED = { FROM = true, string = true, parameter = true, name = true,
                  quoted = true }

-- FROM text) behind what is to be trimmed of it, if anything.
local function parse_trimmed(self, call, name, characters)
    cursor.expect(self, "FROM", "FROM, as in trim(BOTH 'x' FROM text)")
    call.name = name
    call.arguments = { self.rules.expression(self), characters }
    cursor.expect(self, ")")
end

-- trim(text), or trim([BOTH | LEADING | TRAILING] [characters] FROM text).
local function parse_trim(self, call)
    local at, characters = self.at, nil
    local name = self.kinds[at] == "name" and TRIMMED[self.kinds[at + 1]] and
        TRIMS[self.values[at]:upper()]
    if name then
        self.at = at + 1
        if self.kinds[self.at] ~= "FROM" then
            characters = self.rules.expression(self)
        end
        return parse_trimmed(self, call, name, characters)
    end
    local first = self.rules.expression(self)
    if self.kinds[self.at] == "FROM" then
        return parse_trimmed(self, call, "btrim", first)
    end
    call.arguments[1] = first
    if cursor.accept(self, ",") then return parse_more(self, call) end
    cursor.expect(self, ")", ", or )")
end

local function parse_arguments(self, call)
    if cursor.accept(self, ")") then return end
    if self.kinds[self.at] == "*" and call.name == "count" then
        self.at = self.at + 1
        call.star = true
        return cursor.expect(self, ")")
    end
    call.distinct = cursor.accept(self, "DISTINCT")
    if call.name == "trim" then return parse_trim(self, call) end
    parse_more(self, call)
end

-- exists(n.p) is n.p IS NOT NULL, and exists(<pattern>) the pattern.
local function simplify_exists(call)
    local argument = call.arguments[1]
    if argument.kind == "pattern_predicate" then
        argument.explicit = true
        return argument
    end
    return { kind = "is_null", at = call.at, operand = argument,
             negated = true }
end

local SHORTEST = { shortestpath = "one", allshortestpaths = "all" }

-- name(arguments), the last part of the name being token `last`.
local function parse_call(self, last)
    local at = self.starts[self.at]
    local parts = {}
    for i = self.at, last, 2 do parts[#parts + 1] = self.values[i] end
    local name = table.concat(parts, "."):lower()
    if SHORTEST[name] then
        return { kind = "shortest_path", at = at,
                 pattern = self.rules.path(self) }
    end
    self.at = last + 2
    local call = { kind = "call", at = at, name = name, arguments = {},
                   distinct = false }
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = false
    parse_arguments(self, call)
    self.is_bar_taken = is_bar_taken
    if name == "exists" and #call.arguments == 1 then
        return simplify_exists(call)
    end
    return call
end

local SUBQUERIES = { EXISTS = "exists", COUNT = "count_query",
                     COLLECT = "collect_query" }

-- A name: a quantifier, reduce, a sub-query, a call, or a variable.
local function parse_name(self)
    local at, kind = self.at, self.kinds[self.at]
    local following = self.kinds[at + 1]
    if following == "{" and SUBQUERIES[kind] then
        self.at = at + 1
        return { kind = SUBQUERIES[kind], at = self.starts[at],
                 query = self.rules.subquery(self, SUBQUERIES[kind]) }
    end
    if following == "(" then
        local special = parse_collection.quantified(self)
        if special then return special end
    end
    local last = (following == "(" or following == ".") and find_call(self)
    if last then return parse_call(self, last) end
    local name = cursor.variable(self, "an expression")
    local node = { kind = "variable", at = self.starts[at], name = name }
    if following == "{" then
        return parse_collection.projection(self, node)
    end
    return node
end

--- Reads an atom.
function parse_atom.atom(self)
    local kind = self.kinds[self.at]
    local parse = ATOMS[kind]
    if parse then return parse(self) end
    if not cursor.is_variable(self, self.at) then
        cursor.unexpected(self, "an expression")
    end
    return parse_name(self)
end

--- Reads [index] or [from..to] behind `operand`.
function parse_atom.subscript(self, operand)
    local expression = self.rules.expression
    local from, to
    self.at = self.at + 1
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = false
    if self.kinds[self.at] ~= ".." then from = expression(self) end
    local node
    if cursor.accept(self, "..") then
        if self.kinds[self.at] ~= "]" then to = expression(self) end
        node = { kind = "slice", at = operand.at, operand = operand,
                 from = from, to = to }
    else
        node = { kind = "index", at = operand.at, operand = operand,
                 index = from }
    end
    self.is_bar_taken = is_bar_taken
    cursor.expect(self, "]", from and not to and ".. or ]" or "]")
    return node
end

return parse_atom
