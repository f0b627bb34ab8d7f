--- Text into the tree of namidb.cypher.ast, as it is written: names are not
-- resolved yet.

local cursor = require("namidb.cypher.cursor")
local fault = require("namidb.cypher.fault")
local parse_atom = require("namidb.cypher.parse_atom")
local parse_clause = require("namidb.cypher.parse_clause")
local parse_expression = require("namidb.cypher.parse_expression")
local parse_pattern = require("namidb.cypher.parse_pattern")
local parse_schema = require("namidb.cypher.parse_schema")
local parse_show = require("namidb.cypher.parse_show")

local parser = {}

local ENDS = { ["end"] = true, [";"] = true, UNION = true, ["}"] = true }

-- RETURN x NEXT ... is WITH x ...
local function accept_next(self, node, last)
    if last.kind ~= "return" or not cursor.is_named(self, self.at, "NEXT") then
        return false
    end
    if node.is_second then
        fault.unsupported(self.text, self.starts[self.at],
                          "NEXT goes on with one query, not with a UNION: " ..
                              "CALL { } around it does")
    end
    self.at = self.at + 1
    last.kind, node.has_next = "with", true
    return true
end

-- Clauses up to the end of a query; what may follow what is checked here.
-- is_second: behind UNION.
local function parse_single(self, is_second)
    local node = { kind = "single_query", at = self.starts[self.at],
                   clauses = {}, is_second = is_second }
    local clauses = node.clauses
    while not ENDS[self.kinds[self.at]] do
        local last = clauses[#clauses]
        if last and (last.kind == "return" or last.kind == "finish") and
            not accept_next(self, node, last) then
            cursor.unexpected(self, "the end of the statement")
        end
        local clause = parse_clause.clause(self)
        if not clause then cursor.unexpected(self, "a clause") end
        clauses[#clauses + 1] = clause
    end
    if #clauses == 0 then cursor.unexpected(self, "a clause") end
    return node
end

local function parse_query(self)
    local node = { kind = "query", at = self.starts[self.at], mode = "run",
                   parts = { parse_single(self) } }
    while self.kinds[self.at] == "UNION" do
        local at = self.at
        if node.parts[#node.parts].has_next then
            fault.unsupported(self.text, self.starts[at], "what stands " ..
                "behind NEXT is one query; a UNION of several is a CALL { }")
        end
        self.at = at + 1
        local union = cursor.accept(self, "ALL") and "all" or "distinct"
        if union == "distinct" then cursor.accept(self, "DISTINCT") end
        if node.union and node.union ~= union then
            cursor.fail(self, "InvalidClauseComposition",
                        "UNION and UNION ALL cannot be mixed", at)
        end
        node.union = union
        node.parts[#node.parts + 1] = parse_single(self, true)
    end
    return node
end

-- { query }
local function parse_braced(self)
    cursor.expect(self, "{")
    cursor.enter(self)
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = false
    local node = parse_query(self)
    self.is_bar_taken = is_bar_taken
    self.depth = self.depth - 1
    cursor.expect(self, "}")
    return node
end

-- { query } of EXISTS and COUNT, or { pattern WHERE condition }
local function parse_subquery(self, kind)
    local brace = self.at
    cursor.expect(self, "{")
    if kind == "collect_query" or not parse_pattern.is_next(self) then
        self.at = brace
        return parse_braced(self)
    end
    cursor.enter(self)
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = false
    local match = { kind = "match", at = self.starts[self.at], optional = false,
                    patterns = parse_pattern.patterns(self) }
    if cursor.accept(self, "WHERE") then
        match.where = parse_expression.expression(self)
    end
    self.is_bar_taken = is_bar_taken
    self.depth = self.depth - 1
    cursor.expect(self, "}")
    return { kind = "query", at = match.at, mode = "run", parts = {
        { kind = "single_query", at = match.at, clauses = { match } } } }
end

-- What SET, REMOVE read: an atom with its properties and labels.
local function parse_operand(self)
    cursor.enter(self)
    local node = parse_expression.operand(self)
    self.depth = self.depth - 1
    return node
end

local RULES = {
    expression = parse_expression.expression, atom = parse_atom.atom,
    operand = parse_operand, test = parse_expression.test,
    path = parse_pattern.path,
    subquery = parse_subquery, braced = parse_braced,
}

local MODES = { EXPLAIN = "explain", PROFILE = "profile" }

local VERSIONS = { integer = true, float = true, parameter = true }

-- CYPHER 25 runtime=parallel: what another database would run a statement by.
local function skip_options(self)
    if not cursor.is_named(self, 1, "CYPHER") then return end
    self.at = 2
    if VERSIONS[self.kinds[2]] then self.at = 3 end
    while self.kinds[self.at] == "name" and self.kinds[self.at + 1] == "=" do
        self.at = self.at + 2
        cursor.word(self, "the value of an option")
    end
end

--- The tree of a statement. Raises faults.
function parser.parse(text)
    local self = cursor.new(text, RULES)
    skip_options(self)
    local mode = MODES[self.kinds[self.at]]
    if mode then self.at = self.at + 1 end
    local at = self.starts[self.at]
    local schema = parse_schema.statement(self)
    local clauses = schema and { schema } or parse_show.statement(self,
        parse_clause.yields, parse_clause.clause)
    local node
    if clauses then
        node = { kind = "query", at = at, parts = {
            { kind = "single_query", at = at, clauses = clauses } } }
    else
        node = parse_query(self)
    end
    node.mode = mode or "run"
    cursor.accept(self, ";")
    if self.kinds[self.at] ~= "end" then
        cursor.unexpected(self, "the end of the statement")
    end
    return node
end

return parser
