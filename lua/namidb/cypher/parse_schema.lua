--- Tokens into statements about indexes and constraints.

local cursor = require("namidb.cypher.cursor")
local fault = require("namidb.cypher.fault")

local parse_schema = {}

-- IF NOT EXISTS, IF EXISTS
local function accept_if(self, is_not)
    if not cursor.accept(self, "IF") then return false end
    if is_not then cursor.expect(self, "NOT") end
    cursor.expect(self, "EXISTS")
    return true
end

local function optional_name(self, ...)
    for i = 1, select("#", ...) do
        if self.kinds[self.at] == select(i, ...) then return nil end
    end
    return cursor.word(self, "a name")
end

-- (n:Label) or ()-[r:TYPE]-(): the entity, its label, its variable.
local function parse_target(self, node)
    cursor.expect(self, "(")
    node.entity = "node"
    if cursor.accept(self, ")") then
        node.entity = "edge"
        cursor.accept(self, "<")
        cursor.expect(self, "-")
        cursor.expect(self, "[")
    end
    local variable = cursor.variable(self)
    cursor.expect(self, ":")
    node.label = cursor.word(self, "a label or a type")
    if node.entity == "node" then
        cursor.expect(self, ")")
        return variable
    end
    cursor.expect(self, "]")
    cursor.expect(self, "-")
    cursor.accept(self, ">")
    cursor.expect(self, "(")
    cursor.expect(self, ")")
    return variable
end

local function parse_property(self, variable)
    local at = self.at
    if cursor.variable(self) ~= variable then
        cursor.fail(self, "UndefinedVariable",
                    ("%s is expected here"):format(variable), at)
    end
    cursor.expect(self, ".")
    return cursor.word(self, "a property")
end

-- n.a, or (n.a, n.b)
local function parse_properties(self, variable)
    if not cursor.accept(self, "(") then
        return { parse_property(self, variable) }
    end
    local properties = { parse_property(self, variable) }
    while cursor.accept(self, ",") do
        properties[#properties + 1] = parse_property(self, variable)
    end
    cursor.expect(self, ")")
    return properties
end

local function create_index(self, at)
    local node = { kind = "create_index", at = at }
    node.name = optional_name(self, "IF", "FOR", "ON")
    node.if_not_exists = accept_if(self, true)
    if cursor.accept(self, "ON") then -- ON :Label(property)
        cursor.expect(self, ":")
        node.entity, node.label = "node", cursor.word(self, "a label")
        cursor.expect(self, "(")
        node.properties = {}
        repeat
            node.properties[#node.properties + 1] =
                cursor.word(self, "a property")
        until not cursor.accept(self, ",")
        cursor.expect(self, ")")
        return node
    end
    cursor.expect(self, "FOR")
    local variable = parse_target(self, node)
    cursor.expect(self, "ON")
    node.properties = parse_properties(self, variable)
    return node
end

-- INTEGER, LIST<STRING>: as it is written, upper case.
local function parse_type(self)
    local parts = {}
    while self.kinds[self.at] ~= "end" and self.kinds[self.at] ~= ";" do
        parts[#parts + 1] = self.text:sub(self.starts[self.at],
                                          self.stops[self.at]):upper()
        self.at = self.at + 1
    end
    return table.concat(parts, " ")
end

local function parse_rule(self, node)
    if cursor.accept(self, "UNIQUE") then
        node.rule = "unique"
    elseif cursor.accept(self, "NODE") or cursor.accept(self, "RELATIONSHIP")
    then
        cursor.expect(self, "KEY")
        node.rule = "key"
    elseif cursor.accept(self, "NOT") then
        cursor.expect(self, "NULL")
        node.rule = "not_null"
    else
        if not cursor.accept(self, "TYPED") then
            cursor.expect(self, "::", "UNIQUE, KEY, NOT NULL or TYPED")
        end
        node.rule, node.value_type = "type", parse_type(self)
    end
end

local function create_constraint(self, at)
    local node = { kind = "create_constraint", at = at }
    node.name = optional_name(self, "IF", "FOR", "ON")
    node.if_not_exists = accept_if(self, true)
    if not cursor.accept(self, "FOR") then cursor.expect(self, "ON") end
    local variable = parse_target(self, node)
    if not cursor.accept(self, "REQUIRE") then cursor.expect(self, "ASSERT") end
    node.properties = parse_properties(self, variable)
    cursor.expect(self, "IS")
    parse_rule(self, node)
    return node
end

local function drop(self, at, what)
    local node = { kind = "drop_" .. what, at = at }
    node.name = cursor.word(self, "a name")
    node.if_exists = accept_if(self, false)
    return node
end

local WHAT = { INDEX = "index", INDEXES = "index", CONSTRAINT = "constraint",
               CONSTRAINTS = "constraint" }

local OTHER_INDEXES = { TEXT = true, POINT = true, FULLTEXT = true,
                        VECTOR = true, LOOKUP = true }

-- Indexes of kinds that there are elsewhere.
local function refuse_others(self, at)
    if self.kinds[at] ~= "name" or self.kinds[at + 1] ~= "INDEX" or
        not OTHER_INDEXES[self.values[at]:upper()] then
        return
    end
    fault.unsupported(self.text, self.starts[at], "an index is of values in " ..
        "their order: CREATE INDEX FOR (n:Label) ON (n.property). Labels " ..
        "and types need none")
end

--- Reads a statement of the schema; nil when none begins here.
function parse_schema.statement(self)
    local kinds, at = self.kinds, self.at
    if kinds[at] == "CREATE" then refuse_others(self, at + 1) end
    -- CREATE RANGE INDEX is what CREATE INDEX is.
    if kinds[at] == "CREATE" and kinds[at + 2] == "INDEX" and
        cursor.is_named(self, at + 1, "RANGE") then
        at = at + 1
        self.at = at + 2
        return create_index(self, self.starts[at - 1])
    end
    local what = WHAT[kinds[at + 1]]
    if not what then return nil end
    local start = self.starts[at]
    if kinds[at] == "CREATE" then
        self.at = at + 2
        return what == "index" and create_index(self, start) or
            create_constraint(self, start)
    elseif kinds[at] == "DROP" then
        self.at = at + 2
        return drop(self, start, what)
    end
    return nil
end

return parse_schema
