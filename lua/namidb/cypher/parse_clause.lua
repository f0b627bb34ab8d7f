--- Tokens into clauses.

local ast = require("namidb.cypher.ast")
local cursor = require("namidb.cypher.cursor")
local fault = require("namidb.cypher.fault")
local parse_pattern = require("namidb.cypher.parse_pattern")
local synthetic = require("namidb.cypher.synthetic")

local parse_clause = {}

local CLAUSES = {} -- by the kind of their first token
local NAMED = {} -- by their first word, which is no keyword

local function start(self, kind)
    local node = { kind = kind, at = self.starts[self.at] }
    self.at = self.at + 1
    return node
end

local function optional_where(self)
    if cursor.accept(self, "WHERE") then return self.rules.expression(self) end
end

function CLAUSES.MATCH(self)
    local node = start(self, "match")
    node.optional = false
    node.patterns = parse_pattern.patterns(self)
    node.where = optional_where(self)
    return node
end

function CLAUSES.OPTIONAL(self)
    local at = self.starts[self.at]
    local following = self.kinds[self.at + 2]
    self.at = self.at + 1
    local is_call = self.kinds[self.at] == "CALL" and
        (following == "(" or following == "{")
    if not is_call and self.kinds[self.at] ~= "MATCH" then
        cursor.unexpected(self, "MATCH or CALL (...) { }")
    end
    local node = CLAUSES[self.kinds[self.at]](self)
    node.at, node.optional = at, true
    return node
end

function CLAUSES.UNWIND(self)
    local node = start(self, "unwind")
    node.list = self.rules.expression(self)
    cursor.expect(self, "AS")
    node.name = cursor.variable(self)
    return node
end

-- FOR x IN list is UNWIND list AS x.
function CLAUSES.FOR(self)
    local node = start(self, "unwind")
    node.name = cursor.variable(self)
    cursor.expect(self, "IN")
    node.list = self.rules.expression(self)
    return node
end

---------------------------------------------------------------- projections

local function parse_item(self)
    local at, first = self.starts[self.at], self.at
    local node = { kind = "item", at = at, aliased = false,
                   expression = self.rules.expression(self) }
    node.name = self.text:sub(at, self.stops[self.at - 1])
    if node.expression.kind == "variable" and self.at == first + 1 then
        node.name = node.expression.name
    end
    if cursor.accept(self, "AS") then
        node.name, node.aliased = cursor.variable(self, "a name"), true
    end
    return node
end

local DESCENDING = { ASC = false, ASCENDING = false, DESC = true,
                     DESCENDING = true }

-- ORDER BY, SKIP or OFFSET, LIMIT.
local function parse_order(self, node)
    if not cursor.accept(self, "ORDER") then return end
    cursor.expect(self, "BY")
    repeat
        local sort = { kind = "sort", at = self.starts[self.at],
                       expression = self.rules.expression(self) }
        sort.descending = DESCENDING[self.kinds[self.at]]
        if sort.descending ~= nil then self.at = self.at + 1 end
        sort.descending = sort.descending or false
        node.order[#node.order + 1] = sort
    until not cursor.accept(self, ",")
end

local function parse_bounds(self, node)
    node.order = {}
    parse_order(self, node)
    local is_offset = cursor.is_named(self, self.at, "OFFSET")
    if is_offset or self.kinds[self.at] == "SKIP" then
        self.at = self.at + 1
        node.skip = self.rules.expression(self)
    end
    if cursor.accept(self, "LIMIT") then
        node.limit = self.rules.expression(self)
    end
end

local function parse_projection(self, kind)
    local node = start(self, kind)
    node.distinct = cursor.accept(self, "DISTINCT")
    node.items = {}
    node.star = cursor.accept(self, "*")
    if not node.star or cursor.accept(self, ",") then
        repeat
            node.items[#node.items + 1] = parse_item(self)
        until not cursor.accept(self, ",")
    end
    parse_bounds(self, node)
    return node
end

function CLAUSES.RETURN(self)
    return parse_projection(self, "return")
end

function CLAUSES.WITH(self)
    local node = parse_projection(self, "with")
    node.where = optional_where(self)
    return node
end

-- WITH *, of which more is to be said.
local function with_all(self)
    local at = self.starts[self.at]
    self.at = self.at + 1
    return synthetic.with_all(at)
end

-- ORDER BY x LIMIT 3, not behind RETURN or WITH, is WITH * ORDER BY x LIMIT 3.
function CLAUSES.ORDER(self)
    local node = with_all(self)
    self.at = self.at - 1
    parse_bounds(self, node)
    return node
end
CLAUSES.SKIP, CLAUSES.LIMIT, NAMED.OFFSET = CLAUSES.ORDER, CLAUSES.ORDER,
    CLAUSES.ORDER

-- LET x = 1, y = 2 is WITH *, 1 AS x, 2 AS y.
function NAMED.LET(self)
    local node = with_all(self)
    repeat
        local item = { kind = "item", at = self.starts[self.at],
                       name = cursor.variable(self), aliased = true }
        cursor.expect(self, "=")
        item.expression = self.rules.expression(self)
        node.items[#node.items + 1] = item
    until not cursor.accept(self, ",")
    return node
end

-- FILTER condition is WITH * WHERE condition.
function NAMED.FILTER(self)
    local node = with_all(self)
    cursor.accept(self, "WHERE")
    node.where = self.rules.expression(self)
    return node
end

function NAMED.FINISH(self)
    return start(self, "finish")
end

--------------------------------------------------------------------- updates

function CLAUSES.CREATE(self)
    local node = start(self, "create")
    node.patterns = parse_pattern.patterns(self)
    return node
end

NAMED.INSERT = CLAUSES.CREATE

local function parse_set_item(self)
    local at = self.starts[self.at]
    local operand = self.rules.operand(self)
    if operand.kind == "has_labels" and operand.labels then
        return { kind = "set_labels", at = at, operand = operand.operand,
                 labels = operand.labels, dynamic = operand.dynamic }
    end
    if operand.kind == "property" then
        cursor.expect(self, "=")
        return { kind = "set_property", at = at, operand = operand.operand,
                 name = operand.name, value = self.rules.expression(self) }
    end
    if operand.kind == "index" then
        cursor.expect(self, "=")
        return { kind = "set_dynamic", at = at, operand = operand.operand,
                 key = operand.index, value = self.rules.expression(self) }
    end
    if operand.kind ~= "variable" then
        cursor.unexpected(self, "a property or a variable to set")
    end
    local replace = cursor.accept(self, "=")
    if not replace then cursor.expect(self, "+=", "=, += or a label") end
    return { kind = "set_properties", at = at, operand = operand,
             replace = replace, value = self.rules.expression(self) }
end

local function parse_set_items(self)
    local items = { parse_set_item(self) }
    while cursor.accept(self, ",") do
        items[#items + 1] = parse_set_item(self)
    end
    return items
end

function CLAUSES.SET(self)
    local node = start(self, "set")
    node.items = parse_set_items(self)
    return node
end

function CLAUSES.MERGE(self)
    local node = start(self, "merge")
    node.pattern = parse_pattern.pattern(self)
    node.on_create, node.on_match = {}, {}
    while cursor.accept(self, "ON") do
        local into = node.on_create
        if not cursor.accept(self, "CREATE") then
            cursor.expect(self, "MATCH", "CREATE or MATCH")
            into = node.on_match
        end
        cursor.expect(self, "SET")
        for _, item in ipairs(parse_set_items(self)) do
            into[#into + 1] = item
        end
    end
    return node
end

local function parse_remove_item(self)
    local at = self.starts[self.at]
    local operand = self.rules.operand(self)
    if operand.kind == "has_labels" and operand.labels then
        return { kind = "remove_labels", at = at, operand = operand.operand,
                 labels = operand.labels, dynamic = operand.dynamic }
    end
    if operand.kind == "index" then
        return { kind = "remove_dynamic", at = at, operand = operand.operand,
                 key = operand.index }
    end
    if operand.kind ~= "property" then
        cursor.unexpected(self, "a property or a label to remove")
    end
    return { kind = "remove_property", at = at, operand = operand.operand,
             name = operand.name }
end

function CLAUSES.REMOVE(self)
    local node = start(self, "remove")
    node.items = { parse_remove_item(self) }
    while cursor.accept(self, ",") do
        node.items[#node.items + 1] = parse_remove_item(self)
    end
    return node
end

function CLAUSES.DELETE(self)
    local node = start(self, "delete")
    node.detach = false
    node.expressions = { self.rules.expression(self) }
    while cursor.accept(self, ",") do
        node.expressions[#node.expressions + 1] = self.rules.expression(self)
    end
    return node
end

function CLAUSES.DETACH(self)
    local at = self.starts[self.at]
    self.at = self.at + 1
    if self.kinds[self.at] ~= "DELETE" then
        cursor.unexpected(self, "DELETE")
    end
    local node = CLAUSES.DELETE(self)
    node.at, node.detach = at, true
    return node
end

function NAMED.NODETACH(self)
    self.at = self.at + 1
    if self.kinds[self.at] ~= "DELETE" then
        cursor.unexpected(self, "DELETE")
    end
    return CLAUSES.DELETE(self)
end

local UPDATES = { CREATE = true, MERGE = true, SET = true, REMOVE = true,
                  DELETE = true, DETACH = true, FOREACH = true }

function CLAUSES.FOREACH(self)
    local node = start(self, "foreach")
    node.clauses = {}
    cursor.expect(self, "(")
    cursor.enter(self)
    node.name = cursor.variable(self)
    cursor.expect(self, "IN")
    local is_bar_taken = self.is_bar_taken
    self.is_bar_taken = true
    node.list = self.rules.expression(self)
    self.is_bar_taken = is_bar_taken
    cursor.expect(self, "|")
    repeat
        if not UPDATES[self.kinds[self.at]] then
            cursor.unexpected(self, "a clause that changes the graph")
        end
        node.clauses[#node.clauses + 1] = CLAUSES[self.kinds[self.at]](self)
    until self.kinds[self.at] == ")"
    cursor.expect(self, ")")
    self.depth = self.depth - 1
    return node
end

----------------------------------------------------------------------- calls

--- Reads YIELD and WHERE of a call, if they are next; whether they were.
function parse_clause.yields(self, node)
    node.yields, node.star = {}, false
    if not cursor.accept(self, "YIELD") then return false end
    if cursor.accept(self, "*") then
        node.star = true
    elseif not cursor.accept(self, "-") then
        repeat
            local at = self.starts[self.at]
            local field = cursor.word(self, "a field of the procedure")
            local name = field
            if cursor.accept(self, "AS") then name = cursor.variable(self) end
            node.yields[#node.yields + 1] = { kind = "yield", at = at,
                                              field = field, name = name }
        until not cursor.accept(self, ",")
    end
    node.where = optional_where(self)
    return true
end

-- What stands in CALL (a, b) { }: names and where they are, or `star`.
local function parse_imports(self)
    local imports = { at = self.starts[self.at],
                      star = cursor.accept(self, "*") }
    if not imports.star and self.kinds[self.at] ~= ")" then
        repeat
            imports[#imports + 1] = { at = self.starts[self.at],
                                      name = cursor.variable(self) }
        until not cursor.accept(self, ",")
    end
    cursor.expect(self, ")", ", or )")
    return imports
end

-- WITH a, b
local function with_of(imports)
    local node = synthetic.with_all(imports.at)
    node.star = imports.star
    for i, import in ipairs(imports) do
        node.items[i] = synthetic.item(import.at, import.name,
            synthetic.variable(import.at, import.name))
    end
    return node
end

-- CALL { }, and CALL (a) { }: each part of the query begins with WITH a.
local function parse_subquery(self, at, has_imports)
    local imports = has_imports and parse_imports(self) or {}
    local node = { kind = "subquery", at = at,
                   query = self.rules.braced(self) }
    node.batches = require("namidb.cypher.parse_batches").read(self)
    if imports.star or #imports > 0 then
        for _, part in ipairs(node.query.parts) do
            table.insert(part.clauses, 1, with_of(imports))
        end
    end
    return node
end

function CLAUSES.CALL(self)
    local node = start(self, "call")
    if self.kinds[self.at] == "{" then return parse_subquery(self, node.at) end
    if cursor.accept(self, "(") then
        return parse_subquery(self, node.at, true)
    end
    local parts = { cursor.word(self, "a procedure's name") }
    while cursor.accept(self, ".") do
        parts[#parts + 1] = cursor.word(self, "a procedure's name")
    end
    node.name = table.concat(parts, ".")
    if cursor.accept(self, "(") then
        node.arguments = {}
        if self.kinds[self.at] ~= ")" then
            repeat
                node.arguments[#node.arguments + 1] =
                    self.rules.expression(self)
            until not cursor.accept(self, ",")
        end
        cursor.expect(self, ")", ", or )")
    end
    node.has_yield = parse_clause.yields(self, node)
    return node
end

function CLAUSES.LOAD(self)
    local node = start(self, "load_csv")
    cursor.expect(self, "CSV")
    node.headers = cursor.accept(self, "WITH")
    if node.headers then cursor.expect(self, "HEADERS") end
    cursor.expect(self, "FROM")
    node.from = self.rules.expression(self)
    cursor.expect(self, "AS")
    node.name = cursor.variable(self)
    if cursor.accept(self, "FIELDTERMINATOR") then
        node.terminator = self.rules.expression(self)
    end
    return node
end

--- Reads a clause; nil when none begins here.
function parse_clause.clause(self)
    local kind = self.kinds[self.at]
    local parse = CLAUSES[kind]
    if kind == "name" then parse = NAMED[self.values[self.at]:upper()] end
    if not parse then return nil end
    self.clause_count = (self.clause_count or 0) + 1
    if self.clause_count > ast.CLAUSES_MAX then
        fault.limit(self.text, self.starts[self.at],
                    ("a statement may have %d clauses: UNWIND a parameter")
                        :format(ast.CLAUSES_MAX))
    end
    return parse(self)
end

return parse_clause
