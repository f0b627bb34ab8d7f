--- Text into tokens.
--
-- Tokens lie in parallel arrays, so a statement makes four tables and one
-- string per name or literal, and nothing else:
--   kinds   "name", "quoted" (a name in backticks), "parameter", "string",
--           "integer", "float", "number" (digits that run into letters),
--           "end"; a keyword's upper case; or the punctuation itself
--   values  the name or text of a word, a literal's digits, a string's bytes;
--           of a dash or arrow head that is not ASCII its bytes; else false
--   starts, stops   its first and last byte in the text
--
-- Keywords are names, too, wherever the grammar has no use for them: the parser
-- decides. The core reads them (c/exec/lexer.h); what is wrong with a text is
-- said here.

local core = require("namidb.core")
local fault = require("namidb.cypher.fault")

local lexer = {}

--- Longer statements are refused, and ones of more tokens.
lexer.BYTES_MAX, lexer.TOKENS_MAX = 4 * 1024 * 1024, 1000000

--- A set of the keywords, in upper case.
lexer.KEYWORDS = core.keywords

-- Words that are no names of variables, unless in backticks.
lexer.RESERVED = {}
for word in ([[
    AND AS CASE CONTAINS CREATE DELETE DETACH DISTINCT ELSE END ENDS FALSE IN
    IS LIMIT MATCH MERGE NOT NULL ON OPTIONAL OR ORDER REMOVE RETURN SET SKIP
    STARTS THEN TRUE UNION UNWIND WHEN WHERE WITH XOR
]]):gmatch("%u+") do
    lexer.RESERVED[word] = true
end

-- What is said of a character that other languages have.
local FOREIGN = { ["?"] = "; a parameter is $name",
                  ["@"] = "; a parameter is $name",
                  ["#"] = "; a comment begins with //" }
for quote in ("“ ” „ ‘ ’ ‚ « »"):gmatch("%S+") do
    FOREIGN[quote] = "; a text stands between ' or \""
end

-- By the core's names: openCypher's detail, and what is said of it.
local FAULTS = {
    bytes = { "InvalidUnicodeCharacter", "these bytes are not UTF-8" },
    quoted = { "UnexpectedSyntax", "this name has no end: expected `" },
    comment = { "UnexpectedSyntax", "this comment has no end: expected */" },
    escape = { "UnexpectedSyntax", "there is no such escape: expected one " ..
        "of \\b \\f \\n \\r \\t \\' \\\" \\\\ \\uXXXX" },
    unicode = { "InvalidUnicodeLiteral", "this is not a Unicode character" },
    parameter = { "UnexpectedSyntax", "expected a parameter's name after $" },
}

-- Those of which more is to be said: (text, at, code) -> detail, message.
local TOLD = {}

function TOLD.string(text, at)
    return "UnexpectedSyntax", "this string has no end: expected " ..
        text:sub(at, at)
end

function TOLD.digits(_, _, count)
    return "InvalidUnicodeLiteral",
        ("expected %d hexadecimal digits here"):format(count)
end

function TOLD.character(text, at, code)
    local bytes = code < 0x80 and 1 or code < 0x800 and 2 or
        code < 0x10000 and 3 or 4
    local char = text:sub(at, at + bytes - 1)
    local hint = FOREIGN[char] or ""
    if code >= 0x80 then
        return "InvalidUnicodeCharacter", ("%s (U+%04X) has no place here%s")
            :format(char, code, hint)
    elseif code < 32 then
        return "UnexpectedSyntax",
            ("the control character %d has no place here"):format(code)
    end
    return "UnexpectedSyntax", ("%s has no place here%s"):format(char, hint)
end

local function refuse(text, name, at, code)
    if name == "count" then
        fault.limit(text, at, ("a statement may have %d words and signs")
            :format(lexer.TOKENS_MAX))
    end
    local known, tell = FAULTS[name], TOLD[name]
    if known then fault.raise(text, at, known[1], known[2]) end
    fault.raise(text, at, tell(text, at, code))
end

--- The tokens of `text`: kinds, values, starts, stops, ending in one of kind
-- "end" behind the text. Raises faults.
function lexer.read(text)
    if #text > lexer.BYTES_MAX then
        fault.limit(text, lexer.BYTES_MAX, ("a statement may have %d bytes, " ..
            "this one has %d: pass data as parameters")
            :format(lexer.BYTES_MAX, #text))
    end
    local kinds, values, starts, stops = core.tokens(text, lexer.TOKENS_MAX)
    if not kinds then refuse(text, values, starts, stops) end
    return kinds, values, starts, stops
end

return lexer
