--- SHOW INDEXES YIELD name WHERE ... RETURN ...: a call of a procedure, and
-- what may stand behind one.

local cursor = require("namidb.cypher.cursor")
local fault = require("namidb.cypher.fault")
local synthetic = require("namidb.cypher.synthetic")

local parse_show = {}

local PROCEDURES = {
    INDEX = "db.indexes", INDEXES = "db.indexes",
    CONSTRAINT = "db.constraints", CONSTRAINTS = "db.constraints",
    FUNCTION = "dbms.functions", FUNCTIONS = "dbms.functions",
    PROCEDURE = "dbms.procedures", PROCEDURES = "dbms.procedures",
}
-- What other databases show.
local NOT_HERE = {
    DATABASE = true, DATABASES = true, DEFAULT = true, HOME = true,
    TRANSACTION = true, TRANSACTIONS = true, USER = true, USERS = true,
    CURRENT = true, ROLE = true, ROLES = true, PRIVILEGES = true,
    SETTING = true, SETTINGS = true, SERVER = true, SERVERS = true,
    ALIAS = true, ALIASES = true,
}

local function word_at(self, at)
    local kind = self.kinds[at]
    return kind == "name" and self.values[at]:upper() or kind
end

-- RETURN of what was yielded, where none is written.
local function return_of(node)
    local clause = synthetic.with_all(node.at)
    clause.kind, clause.star = "return", node.star
    for i, yield in ipairs(node.yields) do
        clause.items[i] = synthetic.item(yield.at, yield.name,
            synthetic.variable(yield.at, yield.name))
    end
    return clause
end

--- The clauses of such a statement; nil when none begins here. yields(self,
-- node) reads YIELD and WHERE, clause(self) a clause.
function parse_show.statement(self, yields, clause)
    if self.kinds[self.at] ~= "SHOW" then return nil end
    local node = { kind = "call", at = self.starts[self.at], arguments = {},
                   is_show = true }
    self.at = self.at + 1
    if word_at(self, self.at) == "ALL" then self.at = self.at + 1 end
    local word = word_at(self, self.at)
    node.name = PROCEDURES[word]
    if NOT_HERE[word] then
        fault.unsupported(self.text, self.starts[self.at],
                          "what is shown is INDEXES, CONSTRAINTS, " ..
                              "FUNCTIONS and PROCEDURES")
    elseif not node.name then
        cursor.unexpected(self,
                          "INDEXES, CONSTRAINTS, FUNCTIONS or PROCEDURES")
    end
    self.at = self.at + 1
    node.has_yield = yields(self, node)
    if not node.has_yield then
        node.star = true
        if cursor.accept(self, "WHERE") then
            node.where = self.rules.expression(self)
        end
    end
    local clauses = { node }
    while self.kinds[self.at] ~= "end" and self.kinds[self.at] ~= ";" do
        local found = clause(self)
        if not found then cursor.unexpected(self, "RETURN") end
        clauses[#clauses + 1] = found
    end
    if #clauses > 1 and clauses[#clauses].kind ~= "return" then
        clauses[#clauses + 1] = return_of(node)
    end
    return clauses
end

return parse_show
