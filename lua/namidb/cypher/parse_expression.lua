--- Tokens into expressions, by precedence: OR, XOR, AND, NOT, comparisons, then
-- IN, STARTS WITH and their like, + -, * / %, ^, unary signs, and what is
-- behind an atom. The atoms are in namidb.cypher.parse_atom.
--
-- A chain of operators of one level is one node, however long, so depth comes
-- from nesting only; namidb.cypher.cursor counts it.

local cursor = require("namidb.cypher.cursor")
local parse_atom = require("namidb.cypher.parse_atom")
local parse_label = require("namidb.cypher.parse_label")
local parse_type = require("namidb.cypher.parse_type")

local parse_expression = {}

local OR, XOR, AND, COMPARE, PREDICATE, ADD, MULTIPLY, POWER =
    1, 2, 3, 4, 5, 6, 7, 8

local LEVELS = {
    OR = OR, XOR = XOR, AND = AND, ["="] = COMPARE, ["<>"] = COMPARE,
    ["<"] = COMPARE, ["<="] = COMPARE, [">"] = COMPARE, [">="] = COMPARE,
    ["=~"] = PREDICATE, IN = PREDICATE, STARTS = PREDICATE, ENDS = PREDICATE,
    CONTAINS = PREDICATE, IS = PREDICATE, ["::"] = PREDICATE,
    ["+"] = ADD, ["-"] = ADD, ["||"] = ADD,
    ["*"] = MULTIPLY, ["/"] = MULTIPLY, ["%"] = MULTIPLY, ["^"] = POWER,
}
local KINDS = {
    [OR] = "or", [XOR] = "xor", [AND] = "and", [COMPARE] = "compare",
    [ADD] = "arithmetic", [MULTIPLY] = "arithmetic", [POWER] = "arithmetic",
}

local parse_level

-- a.name, a[1], a[1..2] behind an expression.
local function parse_postfix(self, node)
    local kinds = self.kinds
    while true do
        local kind = kinds[self.at]
        if kind == "." then
            self.at = self.at + 1
            node = { kind = "property", at = node.at, operand = node,
                     name = cursor.word(self, "a property's name") }
        elseif kind == "[" then
            node = parse_atom.subscript(self, node)
        elseif kind == ":" then
            local labels = { kind = "has_labels", at = node.at,
                             operand = node }
            parse_label.labels(self, labels)
            return labels
        else
            return node
        end
    end
end

-- An atom with its signs in front and its properties behind.
local function parse_unary(self)
    local kinds, at = self.kinds, self.at
    local kind = kinds[at]
    if kind ~= "-" and kind ~= "+" then
        return parse_postfix(self, parse_atom.atom(self))
    end
    if self.values[at] then cursor.unexpected(self, "an expression") end
    self.at = at + 1
    local following = kinds[at + 1]
    if kind == "-" and (following == "integer" or following == "float") then
        local literal = parse_atom.number(self, true)
        literal.at = self.starts[at]
        return parse_postfix(self, literal)
    end
    cursor.enter(self)
    local operand = parse_unary(self)
    self.depth = self.depth - 1
    return { kind = kind == "-" and "negate" or "plus", at = self.starts[at],
             operand = operand }
end

local function parse_not(self)
    local at = self.at
    self.at = at + 1
    cursor.enter(self)
    local operand = parse_level(self, COMPARE)
    self.depth = self.depth - 1
    return { kind = "not", at = self.starts[at], operand = operand }
end

local WORDS = { STARTS = "starts_with", ENDS = "ends_with",
                CONTAINS = "contains", IN = "in", ["=~"] = "matches" }

local function is_typed(self, left, negated)
    return { kind = "is_typed", at = left.at, operand = left,
             negated = negated, type = parse_type.type(self) }
end

-- Labels behind IS, IS LABELED or IS NOT LABELED.
local function parse_labelled(self, left, negated)
    local node = { kind = "has_labels", at = left.at, operand = left }
    parse_label.bare(self, node)
    return negated and { kind = "not", at = left.at, operand = node } or node
end

-- IS NULL, IS NOT NULL, IS :: INTEGER, IS NOT TYPED INTEGER, and of a variable
-- IS Label, all behind IS.
local function parse_is(self, left)
    local negated = cursor.accept(self, "NOT")
    if cursor.is_named(self, self.at, "LABELED") and
        parse_label.is_next(self, self.at + 1) then
        self.at = self.at + 1
        return parse_labelled(self, left, negated)
    end
    if cursor.accept(self, "::") or cursor.accept(self, "TYPED") then
        return is_typed(self, left, negated)
    elseif not negated and left.kind == "variable" and
        parse_label.is_next(self) then
        return parse_labelled(self, left, false)
    end
    cursor.expect(self, "NULL", negated and "NULL or ::" or
                  "NULL, NOT NULL or ::")
    return { kind = "is_null", at = left.at, operand = left, negated = negated }
end

-- IN, STARTS WITH, IS NULL ... behind `left`.
local function parse_predicate(self, left)
    local kind = self.kinds[self.at]
    self.at = self.at + 1
    if kind == "IS" then return parse_is(self, left) end
    if kind == "::" then return is_typed(self, left, false) end
    if kind == "STARTS" or kind == "ENDS" then cursor.expect(self, "WITH") end
    return { kind = "binary", at = left.at, operator = WORDS[kind],
             left = left, right = parse_level(self, ADD) }
end

-- The rest of a chain of operators of `level` that begins with `first`.
local function parse_chain(self, first, level)
    local kinds = self.kinds
    local operands, operators = { first }, {}
    local count = 1
    local kind = kinds[self.at]
    repeat
        if self.values[self.at] and level > AND then
            cursor.unexpected(self, "an operator")
        end
        operators[count] = kind
        count = count + 1
        self.at = self.at + 1
        operands[count] = parse_level(self, level + 1)
        kind = kinds[self.at]
    until LEVELS[kind] ~= level
    local node = { kind = KINDS[level], at = first.at, operands = operands }
    if level > AND then node.operators = operators end
    return node
end

-- An expression of operators that bind as `lowest` or closer.
function parse_level(self, lowest)
    local left
    if self.kinds[self.at] == "NOT" then
        left = parse_not(self)
    else
        left = parse_unary(self)
    end
    while true do
        local level = LEVELS[self.kinds[self.at]]
        if not level or level < lowest then return left end
        if level == PREDICATE then
            left = parse_predicate(self, left)
        else
            left = parse_chain(self, left, level)
        end
    end
end

--- Reads an atom with its properties, subscripts and labels behind.
function parse_expression.operand(self)
    local node = parse_postfix(self, parse_atom.atom(self))
    if node.kind == "variable" and cursor.accept(self, "IS") then
        node = { kind = "has_labels", at = node.at, operand = node }
        parse_label.bare(self, node)
    end
    return node
end

local COMPARISONS = { ["="] = true, ["<>"] = true, ["<"] = true,
                      ["<="] = true, [">"] = true, [">="] = true }

--- Reads what `left` is asked by a WHEN: a value that it equals, or the rest of
-- a comparison or a predicate, as in WHEN < 3 and WHEN IS NULL.
function parse_expression.test(self, left)
    local kind = self.kinds[self.at]
    if LEVELS[kind] == PREDICATE then return parse_predicate(self, left) end
    local node = { kind = "compare", at = self.starts[self.at],
                   operators = { "=" } }
    if COMPARISONS[kind] then
        self.at = self.at + 1
        node.operators[1] = kind
        node.operands = { left, parse_level(self, PREDICATE) }
    else
        node.operands = { left, self.rules.expression(self) }
    end
    return node
end

--- Reads an expression.
function parse_expression.expression(self)
    cursor.enter(self)
    local node = parse_level(self, OR)
    self.depth = self.depth - 1
    return node
end

return parse_expression
