--- Tokens into patterns: nodes, edges, paths.

local cursor = require("namidb.cypher.cursor")
local fault = require("namidb.cypher.fault")
local parse_label = require("namidb.cypher.parse_label")
local parse_selector = require("namidb.cypher.parse_selector")

local parse_pattern = {}

-- {properties} and WHERE of a node or an edge.
local function parse_inner(self, node)
    local kind = self.kinds[self.at]
    if kind == "{" or kind == "parameter" then
        node.properties = self.rules.atom(self)
    end
    if cursor.accept(self, "WHERE") then
        local is_bar_taken = self.is_bar_taken
        self.is_bar_taken = false
        node.where = self.rules.expression(self)
        self.is_bar_taken = is_bar_taken
    end
end

local BEFORE_LABELS = { [":"] = true, IS = true }

local function parse_node(self)
    local node = { kind = "node_pattern", at = self.starts[self.at],
                   labels = {} }
    cursor.expect(self, "(", "a node, as in (n)")
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = false
    if cursor.is_variable(self, self.at) then
        node.name = cursor.variable(self)
    end
    if BEFORE_LABELS[self.kinds[self.at]] then
        node.labels = nil
        parse_label.labels(self, node)
    end
    parse_inner(self, node)
    self.is_bar_taken = is_bar_taken
    cursor.expect(self, ")", "the end of the node, )")
    return node
end

-- The number of hops that is the next token.
local function parse_hops(self)
    if self.kinds[self.at] ~= "integer" then return nil end
    local number = tonumber(self.values[self.at])
    if not number or number > 1e9 then
        cursor.fail(self, "IntegerOverflow", "too many hops")
    end
    self.at = self.at + 1
    return number
end

-- {2}, {1,3}, {,3}, {2,}: hops behind a relationship.
local function parse_braced_hops(self)
    self.at = self.at + 1
    local length = { min = parse_hops(self) }
    if cursor.accept(self, ",") then
        length.min = length.min or 0
        length.max = parse_hops(self)
    elseif length.min then
        length.max = length.min
    else
        cursor.unexpected(self, "a number of hops, as in {1,3}")
    end
    cursor.expect(self, "}")
    return length
end

-- +, * or {1,3} behind a relationship: how often it is walked.
local function parse_quantifier(self, edge)
    local at, kind, length = self.at, self.kinds[self.at], nil
    if kind == "{" then
        length = parse_braced_hops(self)
    elseif cursor.accept(self, "*") then
        length = { min = 0 }
    elseif cursor.accept(self, "+") then
        length = { min = 1 }
    end
    if length and edge.length then
        cursor.fail(self, "InvalidRelationshipPattern",
                    "the number of hops is said already", at)
    end
    edge.length = length or edge.length
end

-- *, *2, *1..3, *..3, *2..
local function parse_length(self)
    local length = { min = parse_hops(self) }
    if cursor.accept(self, "..") then
        length.max = parse_hops(self)
    else
        length.max = length.min
    end
    local kind = self.kinds[self.at]
    if kind == "parameter" then
        cursor.fail(self, "InvalidRelationshipPattern", "a number of hops " ..
            "is a number in the text, as in *1..3, and no parameter")
    elseif kind == "-" and length.min and length.max or
        kind == "," then
        cursor.fail(self, "InvalidRelationshipPattern",
                    "a range of hops is written *1..3")
    elseif kind == "-" then
        cursor.fail(self, "InvalidRelationshipPattern",
                    "a number of hops cannot be negative")
    end
    return length
end

local BEGINS_LENGTH = { [".."] = true, integer = true, float = true,
                        ["-"] = true }

-- Whether what is next goes on behind a ] that was forgotten.
local function is_arrow(self)
    local following = self.kinds[self.at + 1]
    return self.kinds[self.at] == "-" and
        (following == ">" or following == "(")
end

local function parse_edge_inner(self, edge)
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = false
    if cursor.is_variable(self, self.at) then
        edge.name = cursor.variable(self)
    end
    if BEFORE_LABELS[self.kinds[self.at]] then
        parse_label.types(self, edge)
    end
    if cursor.accept(self, "*") then
        edge.length = parse_length(self)
    elseif BEGINS_LENGTH[self.kinds[self.at]] and not is_arrow(self) then
        cursor.fail(self, "InvalidRelationshipPattern",
                    "a number of hops stands behind *")
    end
    parse_inner(self, edge)
    self.is_bar_taken = is_bar_taken
    cursor.expect(self, "]", "the end of the relationship, ]")
end

-- A dash; other characters that look like one are refused.
local function expect_sign(self, kind, expected)
    if self.kinds[self.at] ~= kind or self.values[self.at] then
        cursor.unexpected(self, expected or kind)
    end
    self.at = self.at + 1
end

local function accept_sign(self, kind)
    if self.kinds[self.at] ~= kind then return false end
    expect_sign(self, kind)
    return true
end

local function parse_edge(self)
    local edge = { kind = "edge_pattern", at = self.starts[self.at] }
    local is_left = accept_sign(self, "<")
    expect_sign(self, "-")
    local is_bare = not cursor.accept(self, "[")
    if not is_bare then parse_edge_inner(self, edge) end
    expect_sign(self, "-", is_bare and
        "a relationship, as in (a)-->(b) or (a)-[:KNOWS]->(b)" or
        "- or -> behind the relationship")
    local is_right = accept_sign(self, ">")
    edge.direction = "both"
    if is_left and not is_right then edge.direction = "in" end
    if is_right and not is_left then edge.direction = "out" end
    parse_quantifier(self, edge)
    return edge
end

-- Whether a group that is walked several times is next: ((a)-[:R]->(b)){1,3}.
local function is_group(self)
    return self.kinds[self.at] == "(" and self.kinds[self.at + 1] == "("
end

local parse_elements

-- What stands in ((a)-[e:R]->(b) WHERE condition){1,3}.
local function parse_group_inner(self, at)
    local elements, where = parse_elements(self), nil
    if #elements == 1 then
        fault.raise(self.text, at, "UnexpectedSyntax", "what is walked " ..
            "several times has a relationship: ((a)-[:R]->(b)){1,3}")
    end
    for i = 2, #elements, 2 do
        if elements[i].length then
            fault.unsupported(self.text, at, "what is walked several times " ..
                "is of relationships that are walked once: " ..
                "((a)-[:R]->(b)){1,3}")
        end
    end
    if cursor.accept(self, "WHERE") then
        where = self.rules.expression(self)
    end
    return elements, where
end

-- How often what is no single relationship with a direction is walked.
local function check_times(self, node)
    if node.length.max then return end
    fault.unsupported(self.text, node.at, "several relationships, or one " ..
        "without a direction, are walked so many times at most: {1,3}")
end

-- A group: of one relationship with a direction that one, which has a length
-- and the `group` around it; else a `repeat`.
local function parse_group(self)
    local at = self.starts[self.at]
    self.at = self.at + 1
    cursor.enter(self)
    local elements, where = parse_group_inner(self, at)
    self.depth = self.depth - 1
    cursor.expect(self, ")", "WHERE or )")
    local node = elements[2]
    local is_one = #elements == 3 and node.direction ~= "both"
    if is_one then
        node.group = { at = at, first = elements[1], last = elements[3],
                       where = where }
    else
        node = { kind = "repeat", at = at, elements = elements, where = where }
    end
    parse_quantifier(self, node)
    if not node.length then
        cursor.unexpected(self, "how often it is walked: {1,3}, + or *")
    end
    if not is_one then check_times(self, node) end
    return node
end

-- A node that only stands between groups.
local function no_node(self)
    return { kind = "node_pattern", at = self.starts[self.at], labels = {} }
end

local function node_or_none(self)
    if self.kinds[self.at] == "(" and not is_group(self) then
        return parse_node(self)
    end
    return no_node(self)
end

-- Nodes and what is between them; whether there is a `repeat` among that.
function parse_elements(self)
    local elements = { is_group(self) and no_node(self) or parse_node(self) }
    local repeats
    while true do
        local kind = self.kinds[self.at]
        if kind == "-" or kind == "<" then
            elements[#elements + 1] = parse_edge(self)
            elements[#elements + 1] = is_group(self) and no_node(self) or
                parse_node(self)
        elseif is_group(self) then
            local group = parse_group(self)
            repeats = repeats or group.kind == "repeat" or nil
            elements[#elements + 1] = group
            elements[#elements + 1] = node_or_none(self)
        else
            return elements, repeats
        end
    end
end

local SHORTEST = { SHORTESTPATH = "one", ALLSHORTESTPATHS = "all" }

local function shortest_at(self, at)
    if self.kinds[at] ~= "name" or self.kinds[at + 1] ~= "(" then return nil end
    return SHORTEST[self.values[at]:upper()]
end

-- A path that is chosen among others: ANY SHORTEST (a)-->+(b).
local function parse_selected(self)
    local at = self.starts[self.at]
    local shortest, mode = parse_selector.path(self)
    local elements, repeats = parse_elements(self)
    local path = { kind = "path_pattern", at = at, elements = elements,
                   repeats = repeats }
    path.shortest, path.mode = shortest, mode
    path.is_chosen_first = shortest and true
    if shortest and (#elements ~= 3 or repeats) then
        fault.unsupported(self.text, at, "a shortest path is of one " ..
            "relationship pattern, as in (a)-[:R]->+(b)")
    end
    return path
end

--- Reads a path without a name: a chain, or a shortest path.
function parse_pattern.path(self)
    local at = self.starts[self.at]
    local shortest = shortest_at(self, self.at)
    if not shortest then return parse_selected(self) end
    self.at = self.at + 2
    local elements, repeats = parse_elements(self)
    if #elements ~= 3 or repeats or elements[2].group then
        cursor.fail(self, "InvalidRelationshipPattern",
                    "a shortest path is of one relationship pattern")
    end
    cursor.expect(self, ")")
    return { kind = "path_pattern", at = at, shortest = shortest,
             elements = elements }
end

--- Reads a path with or without a name in front.
function parse_pattern.pattern(self)
    local at, name = self.starts[self.at], nil
    if cursor.is_variable(self, self.at) and self.kinds[self.at + 1] == "=" then
        name = cursor.variable(self)
        self.at = self.at + 1
    end
    local path = parse_pattern.path(self)
    path.name, path.at = name, at
    return path
end

--- Reads patterns between commas.
function parse_pattern.patterns(self)
    parse_selector.match(self)
    local patterns = { parse_pattern.pattern(self) }
    while cursor.accept(self, ",") do
        patterns[#patterns + 1] = parse_pattern.pattern(self)
    end
    return patterns
end

--- Whether a pattern, not a query, begins at the next token.
function parse_pattern.is_next(self)
    local at = self.at
    if cursor.is_variable(self, at) and self.kinds[at + 1] == "=" then
        return true
    end
    return self.kinds[at] == "(" or shortest_at(self, at) ~= nil
end

return parse_pattern
