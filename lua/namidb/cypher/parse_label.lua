--- Labels and types of patterns: :A, :A:B, :A|B, :A&!(B|C), :%, :$(x).

local cursor = require("namidb.cypher.cursor")

local parse_label = {}

local parse_or

-- The labels that literals in $(...) name: one, or all or any of a list; nil if
-- it is not all literals.
local function literal_labels(node)
    local operand = node.operand
    if operand.kind == "literal" and operand.type == "string" then
        return { kind = "label", at = node.at, name = operand.value }
    end
    if operand.kind ~= "list" or #operand.items == 0 then return nil end
    local made = { kind = node.any and "label_or" or "label_and",
                   at = node.at, operands = {} }
    for i, item in ipairs(operand.items) do
        if item.type ~= "string" then return nil end
        made.operands[i] = { kind = "label", at = item.at, name = item.value }
    end
    return #made.operands == 1 and made.operands[1] or made
end

-- $(x), $all(x) or $any(x), of which the parenthesis is the next token.
local function parse_dynamic(self, at, any)
    local node = { kind = "label_dynamic", at = at, any = any }
    local is_bar_taken = self.is_bar_taken
    cursor.expect(self, "(")
    self.is_bar_taken = false
    node.operand = self.rules.expression(self)
    self.is_bar_taken = is_bar_taken
    cursor.expect(self, ")")
    return literal_labels(node) or node
end

local ALL_OR_ANY = { all = false, any = true }

-- Whether $all or $any of a list is next, not a parameter.
local function is_all_or_any(self)
    return self.kinds[self.at] == "parameter" and
        self.kinds[self.at + 1] == "(" and
        ALL_OR_ANY[self.values[self.at]:lower()] ~= nil
end

local function parse_unit(self)
    local at = self.starts[self.at]
    local node
    cursor.enter(self)
    if cursor.accept(self, "!") then
        node = { kind = "label_not", at = at, operand = parse_unit(self) }
    elseif cursor.accept(self, "(") then
        local is_bar_taken = self.is_bar_taken
        self.is_bar_taken = false
        node = parse_or(self)
        self.is_bar_taken = is_bar_taken
        cursor.expect(self, ")")
    elseif cursor.accept(self, "%") then
        node = { kind = "label_any", at = at }
    elseif cursor.accept(self, "$") then
        node = parse_dynamic(self, at, false)
    elseif is_all_or_any(self) then
        self.at = self.at + 1
        node = parse_dynamic(self, at,
                             ALL_OR_ANY[self.values[self.at - 1]:lower()])
    elseif self.kinds[self.at] == "parameter" then
        cursor.unexpected(self, "a label or a type (one that a parameter " ..
            "names is $($x))")
    else
        node = { kind = "label", at = at,
                 name = cursor.word(self, "a label or a type") }
    end
    self.depth = self.depth - 1
    return node
end

-- Units between separators: & and : make label_and, | makes label_or.
local function parse_chain(self, parse, kind, separator, other)
    local first = parse(self)
    if self.kinds[self.at] ~= separator and self.kinds[self.at] ~= other then
        return first
    end
    local operands = { first }
    while cursor.accept(self, separator) or
        (other and cursor.accept(self, other)) do
        if separator == "|" then cursor.accept(self, ":") end
        operands[#operands + 1] = parse(self)
    end
    return { kind = kind, at = first.at, operands = operands }
end

local function parse_and(self)
    return parse_chain(self, parse_unit, "label_and", "&", ":")
end

function parse_or(self)
    if self.is_bar_taken then return parse_and(self) end
    return parse_chain(self, parse_and, "label_or", "|")
end

-- The names of a plain chain of `kind`, or nil if it is anything else.
local function plain_names(node, kind)
    if node.kind == "label" then return { node.name } end
    if node.kind ~= kind then return nil end
    local names, seen = {}, {}
    for _, operand in ipairs(node.operands) do
        if operand.kind ~= "label" then return nil end
        if not seen[operand.name] then
            names[#names + 1], seen[operand.name] = operand.name, true
        end
    end
    return names
end

-- A conjunction of names and of $(...) as { labels, dynamic }, or nil.
local function split_dynamic(tree)
    local operands = tree.kind == "label_and" and tree.operands or { tree }
    local plain, dynamic = { kind = "label_and", operands = {} }, {}
    for _, operand in ipairs(operands) do
        if operand.kind == "label_dynamic" and not operand.any then
            dynamic[#dynamic + 1] = operand
        else
            plain.operands[#plain.operands + 1] = operand
        end
    end
    local names = #dynamic > 0 and plain_names(plain, "label_and")
    if names then return names, dynamic end
end

-- The colon in front of labels, or IS.
local function expect_colon(self)
    if not cursor.accept(self, "IS") then cursor.expect(self, ":") end
end

local GOES_ON = { ["&"] = true, [":"] = true, ["|"] = true }
local BEGINS = { ["!"] = true, ["%"] = true, ["$"] = true, ["("] = true }

--- Whether labels may begin at the next token, or at token `at`.
function parse_label.is_next(self, at)
    at = at or self.at
    return BEGINS[self.kinds[at]] or cursor.is_variable(self, at)
end

-- The name that is all that stands there, as it mostly is; nil: there is more.
local function lone_name(self)
    local at = self.at
    if not cursor.is_word(self, at) or GOES_ON[self.kinds[at + 1]] then
        return nil
    end
    self.at = at + 1
    return self.values[at]
end

--- Reads labels without a colon in front into `node.labels`, with
-- `node.dynamic` if there is any $(...) among them, or into
-- `node.label_expression`.
function parse_label.bare(self, node)
    local name = lone_name(self)
    if name then
        node.labels = { name }
        return
    end
    local tree = parse_or(self)
    node.labels = plain_names(tree, "label_and")
    if node.labels then return end
    node.labels, node.dynamic = split_dynamic(tree)
    if not node.labels then node.label_expression = tree end
end

--- Reads `:...` or `IS ...` of a node likewise.
function parse_label.labels(self, node)
    expect_colon(self)
    parse_label.bare(self, node)
end

--- Reads `:...` or `IS ...` of an edge into `node.types` or
-- `node.label_expression`.
function parse_label.types(self, node)
    expect_colon(self)
    local name = lone_name(self)
    if name then
        node.types = { name }
        return
    end
    local tree = parse_or(self)
    node.types = plain_names(tree, "label_or")
    if not node.types then node.label_expression = tree end
end

return parse_label
