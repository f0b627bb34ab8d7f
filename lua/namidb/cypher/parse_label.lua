--- Labels and types of patterns: :A, :A:B, :A|B, :A&!(B|C), :%.

local cursor = require("namidb.cypher.cursor")

local parse_label = {}

local parse_or

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
    elseif self.kinds[self.at] == "parameter" then
        cursor.unexpected(self, "a label or a type in the text (WHERE " ..
            "$x IN labels(n) and type(r) = $x ask by a parameter)")
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

--- Reads `:...` of a node into `node.labels` or `node.label_expression`.
function parse_label.labels(self, node)
    cursor.expect(self, ":")
    local tree = parse_or(self)
    node.labels = plain_names(tree, "label_and")
    if not node.labels then node.label_expression = tree end
end

--- Reads `:...` of an edge into `node.types` or `node.label_expression`.
function parse_label.types(self, node)
    cursor.expect(self, ":")
    local tree = parse_or(self)
    node.types = plain_names(tree, "label_or")
    if not node.types then node.label_expression = tree end
end

--- Reads one or more `:Label`, as SET and REMOVE have them; their names.
function parse_label.names(self)
    local names = {}
    while cursor.accept(self, ":") do
        names[#names + 1] = cursor.word(self, "a label")
    end
    return names
end

return parse_label
