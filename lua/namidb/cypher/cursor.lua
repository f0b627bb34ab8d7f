--- The place in a statement's tokens, and what every part of the parser asks
-- of it. A cursor is a table that the parser's functions pass around:
--   text, kinds, values, starts, stops   see namidb.cypher.lexer
--   at       index of the next token
--   depth    how many levels the parser is nested in
--   is_bar_taken   whether `|` ends a label here, as in [x IN y WHERE x:A | x]
--   rules    the functions of the files above: expression, path, query, ...

local ast = require("namidb.cypher.ast")
local fault = require("namidb.cypher.fault")
local lexer = require("namidb.cypher.lexer")

local cursor = {}

local RESERVED, KEYWORDS = lexer.RESERVED, lexer.KEYWORDS

--- A cursor at the first token of `text`.
function cursor.new(text, rules)
    local kinds, values, starts, stops = lexer.read(text)
    return { text = text, kinds = kinds, values = values, starts = starts,
             stops = stops, at = 1, depth = 0, is_bar_taken = false,
             rules = rules }
end

--- Raises a fault at token `at`, or at the next one.
function cursor.fail(self, detail, message, at)
    fault.raise(self.text, self.starts[at or self.at], detail, message)
end

-- A token in words.
local function describe(self, at)
    if self.kinds[at] == "end" then return "the end of the statement" end
    local text = self.text:sub(self.starts[at], self.stops[at])
    if #text > 40 then text = text:sub(1, 37):gsub("[\128-\255]+$", "")
        .. "..." end
    return text
end

--- Raises the fault that the next token is not what was expected.
function cursor.unexpected(self, expected)
    local kind, value = self.kinds[self.at], self.values[self.at]
    if value and (kind == "-" or kind == "<" or kind == ">") then
        cursor.fail(self, "InvalidUnicodeCharacter",
                    ("expected %s, found %s, which is not ASCII's %s")
                        :format(expected, value, kind))
    end
    local hint = require("namidb.cypher.hint")
    cursor.fail(self, "UnexpectedSyntax", ("expected %s, found %s%s")
        :format(expected, describe(self, self.at), hint.of_token(expected, {
            kind = kind, value = value, before = self.kinds[self.at - 1] })))
end

--- Steps over the next token if it is of `kind`; whether it was.
function cursor.accept(self, kind)
    if self.kinds[self.at] ~= kind then return false end
    self.at = self.at + 1
    return true
end

--- Steps over the next token, which has to be of `kind`.
function cursor.expect(self, kind, expected)
    if self.kinds[self.at] ~= kind then
        cursor.unexpected(self, expected or kind)
    end
    self.at = self.at + 1
end

--- Whether token `at` is a word in any sense. Behind the last token there is
-- none, and no word.
function cursor.is_word(self, at)
    local kind = self.kinds[at]
    return kind == "name" or kind == "quoted" or KEYWORDS[kind]
end

--- Whether token `at` may name a variable.
function cursor.is_variable(self, at)
    local kind = self.kinds[at]
    return kind == "name" or kind == "quoted" or
        KEYWORDS[kind] and not RESERVED[kind]
end

--- Steps over a variable's name and returns it.
function cursor.variable(self, expected)
    local at = self.at
    if not cursor.is_variable(self, at) then
        cursor.unexpected(self, expected or "a variable")
    end
    self.at = at + 1
    return self.values[at]
end

--- Steps over a name of a kind that keywords may have, too: a label, a type, a
-- property, an alias.
function cursor.word(self, expected)
    local at = self.at
    if not cursor.is_word(self, at) then cursor.unexpected(self, expected) end
    self.at = at + 1
    return self.values[at]
end

--- Whether token `at` is the word `upper`, which is no keyword.
function cursor.is_named(self, at, upper)
    return self.kinds[at] == "name" and self.values[at]:upper() == upper
end

--- Enters one level of nesting, to be left by `self.depth = self.depth - 1`.
function cursor.enter(self)
    local depth = self.depth + 1
    if depth > ast.DEPTH_MAX then
        fault.limit(self.text, self.starts[self.at],
                    ("a statement may be nested %d levels deep")
                        :format(ast.DEPTH_MAX))
    end
    self.depth = depth
end

return cursor
