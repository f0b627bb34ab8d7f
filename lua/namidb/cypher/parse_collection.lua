--- Tokens into lists and maps and what is said over them: comprehensions of
-- lists and of patterns, all/any/none/single, reduce, map projections.

local cursor = require("namidb.cypher.cursor")

local parse_collection = {}

local OPENING = { ["("] = true, ["["] = true, ["{"] = true }
local CLOSING = { [")"] = true, ["]"] = true, ["}"] = true }

-- The token that closes the bracket which is token `at`, or nil.
local function find_close(self, at)
    local kinds, depth = self.kinds, 0
    while true do
        local kind = kinds[at]
        if OPENING[kind] then
            depth = depth + 1
        elseif CLOSING[kind] then
            depth = depth - 1
            if depth == 0 then return at end
        elseif kind == "end" then
            return nil
        end
        at = at + 1
    end
end

local BEGINS_INNER = { [":"] = true, ["{"] = true, parameter = true,
                       WHERE = true }

-- What may be behind an arrow: a node, or how often the edge is walked.
local BEHIND_ARROW = { ["("] = true, ["+"] = true, ["*"] = true, ["{"] = true }

-- Whether an edge's inner part begins with the bracket that is token `at`: in
-- `(a) - [1]` a list does.
local function is_edge(self, at)
    local kinds, close = self.kinds, find_close(self, at)
    if not close or kinds[close + 1] ~= "-" then return false end
    return kinds[close + 2] == "(" or
        kinds[close + 2] == ">" and BEHIND_ARROW[kinds[close + 3]] == true
end

-- Whether IS that is token `at` is of a label, not of NULL or a type.
local function is_label(kinds, at)
    local following = kinds[at + 1]
    return kinds[at] == "IS" and following ~= "NULL" and following ~= "NOT" and
        following ~= "::" and following ~= "TYPED"
end

--- Whether the parenthesis that is token `at` is the first node of a pattern:
-- what is in it looks like a node, and an edge follows it.
function parse_collection.is_pattern(self, at)
    local kinds = self.kinds
    local close = at + 1
    if cursor.is_variable(self, close) then close = close + 1 end
    if kinds[close] ~= ")" then
        if not BEGINS_INNER[kinds[close]] and
            not is_label(kinds, close) then
            return false
        end
        close = find_close(self, at)
        if not close then return false end
    end
    local first, second = kinds[close + 1], kinds[close + 2]
    local third = kinds[close + 3]
    if first == "(" then return second == "(" end -- (a)((b)-->(c))+
    if first == "<" then
        return second == "-" and (third == "-" or
            third == "[" and is_edge(self, close + 3))
    end
    if first ~= "-" then return false end
    if second == "[" then return is_edge(self, close + 2) end
    return second == "-" and (third == "(" or third == ">")
end

-- `x IN list WHERE condition` into node.name, node.list, node.where; whether a
-- bar may follow.
local function parse_filter(self, node, has_bar)
    local expression = self.rules.expression
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = has_bar
    node.name = cursor.variable(self)
    cursor.expect(self, "IN")
    node.list = expression(self)
    if cursor.accept(self, "WHERE") then node.where = expression(self) end
    self.is_bar_taken = is_bar_taken
end

-- The expression that stands alone in brackets: `|` is its own there.
local function parse_inner(self)
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = false
    local node = self.rules.expression(self)
    self.is_bar_taken = is_bar_taken
    return node
end

-- The rest of a list of which `items` are read.
local function parse_items(self, at, items)
    while cursor.accept(self, ",") do
        items[#items + 1] = parse_inner(self)
    end
    cursor.expect(self, "]", ", or ]")
    return { kind = "list", at = at, items = items }
end

-- [x IN list WHERE condition | result]; if a comma follows it was the first
-- item of a list.
local function parse_comprehension(self, at)
    local first = self.starts[self.at]
    local node = { kind = "list_comprehension", at = at }
    parse_filter(self, node, true)
    if cursor.accept(self, "|") then
        node.result = parse_inner(self)
    elseif not node.where and self.kinds[self.at] == "," then
        local left = { kind = "variable", at = first, name = node.name }
        return parse_items(self, at, { { kind = "binary", operator = "in",
            at = first, left = left, right = node.list } })
    end
    cursor.expect(self, "]", node.result and "]" or "WHERE, | or ]")
    return node
end

-- [p = (a)-->(b) WHERE condition | result]; without the bar it was a pattern as
-- an item of a list.
local function parse_pattern_comprehension(self, at)
    local first = self.starts[self.at]
    local node = { kind = "pattern_comprehension", at = at }
    local name
    if self.kinds[self.at] ~= "(" then
        name = cursor.variable(self)
        cursor.expect(self, "=")
    end
    node.pattern = self.rules.path(self)
    node.pattern.name = name
    if not name and (self.kinds[self.at] == "," or
        self.kinds[self.at] == "]") then
        return parse_items(self, at, { { kind = "pattern_predicate",
            at = first, pattern = node.pattern } })
    end
    if cursor.accept(self, "WHERE") then
        local is_bar_taken = self.is_bar_taken
        self.is_bar_taken = true
        node.where = self.rules.expression(self)
        self.is_bar_taken = is_bar_taken
    end
    cursor.expect(self, "|")
    node.result = parse_inner(self)
    cursor.expect(self, "]")
    return node
end

--- Reads a list or a comprehension.
function parse_collection.list(self)
    local at = self.starts[self.at]
    self.at = self.at + 1
    local kinds, first = self.kinds, self.at
    if kinds[first] == "]" then
        self.at = first + 1
        return { kind = "list", at = at, items = {} }
    end
    if cursor.is_variable(self, first) then
        local following = kinds[first + 1]
        if following == "IN" then return parse_comprehension(self, at) end
        if following == "=" and kinds[first + 2] == "(" and
            parse_collection.is_pattern(self, first + 2) then
            return parse_pattern_comprehension(self, at)
        end
    elseif kinds[first] == "(" and
        parse_collection.is_pattern(self, first) then
        return parse_pattern_comprehension(self, at)
    end
    return parse_items(self, at, { parse_inner(self) })
end

--- Reads a map. Of two values for one key the later one counts.
function parse_collection.map(self)
    local names, values, places = {}, {}, {}
    local node = { kind = "map", at = self.starts[self.at], names = names,
                   values = values }
    self.at = self.at + 1
    if cursor.accept(self, "}") then return node end
    repeat
        local name = cursor.word(self, "a key or }")
        cursor.expect(self, ":")
        local place = places[name] or #names + 1
        places[name], names[place] = place, name
        values[place] = parse_inner(self)
    until not cursor.accept(self, ",")
    cursor.expect(self, "}", ", or }")
    return node
end

-- One part of a map projection: .a, .*, a: 1, or a variable's name.
local function parse_projected(self)
    local item = { kind = "projected", at = self.starts[self.at],
                   all = false }
    if cursor.accept(self, ".") then
        if cursor.accept(self, "*") then
            item.all = true
        else
            item.name = cursor.word(self, "a property or *")
        end
        return item
    end
    item.name = cursor.word(self, "a property, a key or *")
    if cursor.accept(self, ":") then
        item.expression = parse_inner(self)
    else
        item.expression = { kind = "variable", at = item.at,
                            name = item.name }
    end
    return item
end

--- Reads the {...} of a map projection of `operand`.
function parse_collection.projection(self, operand)
    local items = {}
    cursor.expect(self, "{")
    if not cursor.accept(self, "}") then
        repeat
            items[#items + 1] = parse_projected(self)
        until not cursor.accept(self, ",")
        cursor.expect(self, "}", ", or }")
    end
    return { kind = "map_projection", at = operand.at, operand = operand,
             items = items }
end

local QUANTIFIERS = { ALL = "all", ANY = "any", NONE = "none",
                      SINGLE = "single" }

-- reduce(accumulator = initial, x IN list | expression)
local function parse_reduce(self)
    local node = { kind = "reduce", at = self.starts[self.at] }
    self.at = self.at + 2
    node.accumulator = cursor.variable(self)
    cursor.expect(self, "=")
    node.initial = parse_inner(self)
    cursor.expect(self, ",")
    node.name = cursor.variable(self)
    cursor.expect(self, "IN")
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = true
    node.list = self.rules.expression(self)
    self.is_bar_taken = is_bar_taken
    cursor.expect(self, "|")
    node.expression = parse_inner(self)
    cursor.expect(self, ")")
    return node
end

--- Reads a quantifier or a reduce, if that is what the word here is.
function parse_collection.quantified(self)
    local kinds, at = self.kinds, self.at
    local quantifier = QUANTIFIERS[kinds[at]]
    if quantifier and cursor.is_variable(self, at + 2) and
        kinds[at + 3] == "IN" then
        local node = { kind = "quantifier", at = self.starts[at],
                       quantifier = quantifier }
        self.at = at + 2
        parse_filter(self, node, false)
        cursor.expect(self, ")", node.where and ")" or "WHERE or )")
        return node
    end
    if kinds[at] == "REDUCE" and cursor.is_variable(self, at + 2) and
        kinds[at + 3] == "=" then
        return parse_reduce(self)
    end
end

return parse_collection
