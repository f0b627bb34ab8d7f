--- What stands behind CALL { }: IN TRANSACTIONS OF 1000 ROWS ON ERROR CONTINUE
-- REPORT STATUS AS s.

local cursor = require("namidb.cypher.cursor")
local fault = require("namidb.cypher.fault")

local parse_batches = {}

-- Takes a word that is no keyword, if it is next.
local function accept(self, word)
    if not cursor.is_named(self, self.at, word) then return false end
    self.at = self.at + 1
    return true
end

local function expect(self, word, expected)
    if not accept(self, word) then cursor.unexpected(self, expected or word) end
end

-- IN TRANSACTIONS; IN 3 CONCURRENT TRANSACTIONS is refused.
local function parse_head(self)
    self.at = self.at + 1
    if accept(self, "TRANSACTIONS") then return end
    local at = self.starts[self.at]
    if not cursor.is_named(self, self.at, "CONCURRENT") then
        self.rules.expression(self)
    end
    expect(self, "CONCURRENT", "TRANSACTIONS")
    expect(self, "TRANSACTIONS")
    fault.unsupported(self.text, at, "one batch is written at a time: " ..
        "IN TRANSACTIONS")
end

local ON_ERROR = { CONTINUE = "continue", BREAK = "break", FAIL = "fail" }

local function parse_on_error(self)
    expect(self, "ERROR")
    local word = self.kinds[self.at] == "name" and
        self.values[self.at]:upper()
    local choice = ON_ERROR[word]
    if not choice then cursor.unexpected(self, "CONTINUE, BREAK or FAIL") end
    self.at = self.at + 1
    return choice
end

--- Reads what says that a CALL { } is done in batches; nil: nothing does.
function parse_batches.read(self)
    if self.kinds[self.at] ~= "IN" then return nil end
    local batches = { at = self.starts[self.at] }
    parse_head(self)
    while true do
        if not batches.size and accept(self, "OF") then
            batches.size = self.rules.expression(self)
            if not accept(self, "ROW") then expect(self, "ROWS") end
        elseif not batches.on_error and cursor.accept(self, "ON") then
            batches.on_error = parse_on_error(self)
        elseif not batches.status and accept(self, "REPORT") then
            expect(self, "STATUS")
            cursor.expect(self, "AS")
            batches.status = cursor.variable(self)
        else
            return batches
        end
    end
end

return parse_batches
