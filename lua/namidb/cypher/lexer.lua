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
-- decides.

local fault = require("namidb.cypher.fault")
local unicode = require("namidb.cypher.unicode")

local lexer = {}

local byte, find, sub = string.byte, string.find, string.sub

--- Longer statements are refused, and ones of more tokens.
lexer.BYTES_MAX, lexer.TOKENS_MAX = 4 * 1024 * 1024, 1000000

-- Upper and lower case spelling -> upper case; others are added as they come,
-- through upper(), without being kept.
local KEYWORDS = {}
for word in ([[
    ALL AND ANY AS ASC ASCENDING ASSERT BY CALL CASE COLLECT CONSTRAINT
    CONSTRAINTS CONTAINS COUNT CREATE CSV DELETE DESC DESCENDING DETACH
    DISTINCT DROP EACH ELSE END ENDS EXISTS EXPLAIN FALSE FIELDTERMINATOR FOR
    FOREACH FROM HEADERS IF IN INDEX INDEXES IS KEY LIMIT LOAD MATCH MERGE NODE
    NONE NOT NULL ON OPTIONAL OR ORDER PROFILE REDUCE RELATIONSHIP REMOVE
    REQUIRE RETURN SET SHOW SINGLE SKIP STARTS THEN TRUE TYPED UNION UNIQUE
    UNWIND USING WHEN WHERE WITH XOR YIELD
]]):gmatch("%u+") do
    KEYWORDS[word], KEYWORDS[word:lower()] = word, word
end

-- Words that are no names of variables, unless in backticks.
lexer.RESERVED = {}
for word in ([[
    AND AS CASE CONTAINS CREATE DELETE DETACH DISTINCT ELSE END ENDS FALSE IN
    IS LIMIT MATCH MERGE NOT NULL ON OPTIONAL OR ORDER REMOVE RETURN SET SKIP
    STARTS THEN TRUE UNION UNWIND WHEN WHERE WITH XOR
]]):gmatch("%u+") do
    lexer.RESERVED[word] = true
end

lexer.KEYWORDS = KEYWORDS

-- Punctuation of two bytes, by its first byte.
local PAIRS = {
    [byte("<")] = { [byte(">")] = "<>", [byte("=")] = "<=" },
    [byte(">")] = { [byte("=")] = ">=" },
    [byte("=")] = { [byte("~")] = "=~" },
    [byte("+")] = { [byte("=")] = "+=" },
    [byte(".")] = { [byte(".")] = ".." },
    [byte("!")] = { [byte("=")] = "!=" },
    [byte("|")] = { [byte("|")] = "||" },
    [byte(":")] = { [byte(":")] = "::" },
}
local ESCAPES = {
    b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ["'"] = "'",
    ['"'] = '"', ["\\"] = "\\", ["`"] = "`", ["/"] = "/",
}

-- The character that \uXXXX or \UXXXXXXXX at `at` is, and the byte after it.
local function read_unicode_escape(text, at)
    local digits = sub(text, at + 1, at + 1) == "u" and 4 or 8
    local hex = sub(text, at + 2, at + 1 + digits)
    if #hex < digits or find(hex, "%X") then
        fault.raise(text, at, "InvalidUnicodeLiteral",
                    ("expected %d hexadecimal digits here"):format(digits))
    end
    local code, after = tonumber(hex, 16), at + 2 + digits
    if code >= 0xD800 and code < 0xDC00 then
        local low = text:match("^\\u([dD][c-fC-F]%x%x)", after)
        if low then
            code = 0x10000 + (code - 0xD800) * 1024 +
                tonumber(low, 16) - 0xDC00
            after = after + 6
        end
    end
    if code > 0x10FFFF or (code >= 0xD800 and code < 0xE000) then
        fault.raise(text, at, "InvalidUnicodeLiteral",
                    "this is not a Unicode character")
    end
    return unicode.encode(code), after
end

-- The bytes of the string whose quote is at `at`, and where it ends.
local function read_string(text, at)
    local quote = sub(text, at, at)
    local special = quote == "'" and "['\\]" or '["\\]'
    local parts, from = nil, at + 1
    while true do
        local found = find(text, special, from)
        if not found then
            fault.raise(text, at, "UnexpectedSyntax",
                        "this string has no end: expected " .. quote)
        end
        if byte(text, found) ~= 92 then
            local rest = sub(text, from, found - 1)
            local wrong = unicode.find_invalid(text, at, found)
            if wrong then
                fault.raise(text, wrong, "InvalidUnicodeCharacter",
                            "these bytes are not UTF-8")
            end
            if not parts then return rest, found end
            parts[#parts + 1] = rest
            return table.concat(parts), found
        end
        parts = parts or {}
        parts[#parts + 1] = sub(text, from, found - 1)
        local letter = sub(text, found + 1, found + 1)
        if letter == "u" or letter == "U" then
            parts[#parts + 1], from = read_unicode_escape(text, found)
        elseif ESCAPES[letter] then
            parts[#parts + 1], from = ESCAPES[letter], found + 2
        else
            fault.raise(text, found, "UnexpectedSyntax",
                        "there is no such escape: expected one of " ..
                        "\\b \\f \\n \\r \\t \\' \\\" \\\\ \\uXXXX")
        end
    end
end

-- The name in backticks at `at`, where two of them are one, and its end.
local function read_quoted(text, at)
    local found = at - 1
    repeat
        found = find(text, "`", found + 2, true)
        if not found then
            fault.raise(text, at, "UnexpectedSyntax",
                        "this name has no end: expected `")
        end
    until byte(text, found + 1) ~= 96
    return (sub(text, at + 1, found - 1):gsub("``", "`")), found
end

-- Where the name ends that may begin at `at`; less than `at` if none does.
local function name_end(text, at)
    local _, last = find(text, "^[%w_]*", at)
    while true do
        local value = byte(text, last + 1)
        if not value or value < 0x80 then return last end
        local code, after = unicode.decode(text, last + 1)
        if not code or unicode.class(code) ~= "letter" then return last end
        _, last = find(text, "^[%w_]*", after)
    end
end

-- The kind of the number at `at`, and its end.
local function read_number(text, at)
    local _, last = find(text, "^0[xX]%x*", at)
    if not last then _, last = find(text, "^0[oO][0-7]*", at) end
    local kind = "integer"
    if last then
        if last == at + 1 then kind = "number" end
    else
        _, last = find(text, "^%d*", at)
        local _, fraction = find(text, "^%.%d+", last + 1)
        if fraction then kind, last = "float", fraction end
        local _, exponent = find(text, "^[eE][+-]?%d+", last + 1)
        if exponent then kind, last = "float", exponent end
    end
    local word = name_end(text, last + 1)
    if word > last then return "number", word end
    return kind, last
end

-- What is said of a character that other languages have.
local FOREIGN = { ["?"] = "; a parameter is $name",
                  ["@"] = "; a parameter is $name",
                  ["#"] = "; a comment begins with //" }
for quote in ("“ ” „ ‘ ’ ‚ « »"):gmatch("%S+") do
    FOREIGN[quote] = "; a text stands between ' or \""
end

local function bad_character(text, at)
    local code, after = unicode.decode(text, at)
    if not code then
        fault.raise(text, at, "InvalidUnicodeCharacter",
                    "these bytes are not UTF-8")
    elseif code >= 0x80 then
        local char = sub(text, at, after - 1)
        fault.raise(text, at, "InvalidUnicodeCharacter", ("%s (U+%04X) " ..
            "has no place here%s"):format(char, code, FOREIGN[char] or ""))
    end
    local char = sub(text, at, at)
    fault.raise(text, at, "UnexpectedSyntax", code < 32 and
        ("the control character %d has no place here"):format(code) or
        ("%s has no place here%s"):format(char, FOREIGN[char] or ""))
end

-- Whether spaces or comments may begin with a byte.
local MAY_SKIP = { [47] = true }
for value = 0, 255 do
    MAY_SKIP[value] = MAY_SKIP[value] or value >= 0xC2 or
        string.char(value):find("[%s\28-\31]") ~= nil
end

-- The byte after the spaces and comments at `at`.
local function skip(text, at)
    while MAY_SKIP[byte(text, at)] do
        local _, last = find(text, "^[%s\28-\31]+", at)
        at = (last or at - 1) + 1
        local first, second = byte(text, at, at + 1)
        if first == 47 and second == 47 then
            at = (find(text, "[\r\n]", at) or #text) + 1
        elseif first == 47 and second == 42 then
            local _, close = find(text, "*/", at + 2, true)
            if not close then
                fault.raise(text, at, "UnexpectedSyntax",
                            "this comment has no end: expected */")
            end
            at = close + 1
        elseif first and first >= 0xC2 then
            local code, after = unicode.decode(text, at)
            if not code or unicode.class(code) ~= "space" then return at end
            at = after
        else
            return at
        end
    end
    return at
end

-- What every byte begins: "word", "number", "string", "quoted", "parameter",
-- "space", "wide" (beyond ASCII) or the punctuation itself.
local CLASSES = {}
for value = 0, 255 do
    local char = string.char(value)
    if char:find("[%a_]") and value < 128 then
        CLASSES[value] = "word"
    elseif value >= 128 then
        CLASSES[value] = "wide"
    elseif char:find("%d") then
        CLASSES[value] = "number"
    elseif char:find("['\"]") then
        CLASSES[value] = "string"
    elseif char:find("[%s\28-\31]") then
        CLASSES[value] = "space"
    elseif char:find("[-(){}%[%],.:;|=<>+*/%%^&!]") then
        CLASSES[value] = char
    end
end
CLASSES[byte("`")], CLASSES[byte("$")] = "quoted", "parameter"

-- A token of the class at `at`: kind, value, last byte.
local READERS = {}

function READERS.word(text, at)
    local _, last = find(text, "^[%w_]+", at)
    if (byte(text, last + 1) or 0) >= 0x80 then
        last = name_end(text, at)
    end
    local word = sub(text, at, last)
    local kind = KEYWORDS[word]
    if not kind and #word < 16 then kind = KEYWORDS[word:upper()] end
    return kind or "name", word, last
end

function READERS.wide(text, at)
    local code, after = unicode.decode(text, at)
    local class = code and unicode.class(code)
    if class == "letter" then
        local last = name_end(text, at)
        return "name", sub(text, at, last), last
    elseif class and class ~= "space" then
        return class, sub(text, at, after - 1), after - 1
    end
    return bad_character(text, at)
end

function READERS.number(text, at)
    local kind, last = read_number(text, at)
    return kind, sub(text, at, last), last
end

function READERS.string(text, at)
    local value, last = read_string(text, at)
    return "string", value, last
end

function READERS.quoted(text, at)
    local name, last = read_quoted(text, at)
    return "quoted", name, last
end

function READERS.parameter(text, at)
    if byte(text, at + 1) == 96 then
        local name, last = read_quoted(text, at + 1)
        return "parameter", name, last
    end
    if byte(text, at + 1) == 40 then return "$", false, at end -- $(...)
    local last = name_end(text, at + 1)
    if last == at then
        fault.raise(text, at, "UnexpectedSyntax",
                    "expected a parameter's name after $")
    end
    return "parameter", sub(text, at + 1, last), last
end

READERS["."] = function(text, at)
    if find(text, "^%d", at + 1) then
        -- After a name or a bracket it is a property that begins with a digit,
        -- which the parser refuses; in a range (1...5) nothing at all.
        local kind, last = read_number(text, at)
        return kind, sub(text, at, last), last
    end
    return nil
end

-- Punctuation: kind, value, last byte.
local function read_punctuation(text, at, class)
    local pairs_of = PAIRS[byte(text, at)]
    local pair = pairs_of and pairs_of[byte(text, at + 1)]
    if pair then return pair, false, at + 1 end
    if not class then bad_character(text, at) end
    return class, false, at
end

--- The tokens of `text`: kinds, values, starts, stops, ending in one of kind
-- "end" behind the text. Raises faults.
function lexer.read(text)
    if #text > lexer.BYTES_MAX then
        fault.limit(text, lexer.BYTES_MAX, ("a statement may have %d bytes, " ..
            "this one has %d: pass data as parameters")
            :format(lexer.BYTES_MAX, #text))
    end
    local kinds, values, starts, stops = {}, {}, {}, {}
    local count, at, length = 0, skip(text, 1), #text
    while at <= length do
        local class = CLASSES[byte(text, at)]
        local reader = READERS[class]
        local kind, value, last
        if reader then kind, value, last = reader(text, at) end
        if not kind then
            kind, value, last = read_punctuation(text, at, class)
        end
        count = count + 1
        if count > lexer.TOKENS_MAX then
            fault.limit(text, at, ("a statement may have %d words and signs")
                :format(lexer.TOKENS_MAX))
        end
        kinds[count], values[count] = kind, value
        starts[count], stops[count] = at, last
        at = skip(text, last + 1)
    end
    count = count + 1
    kinds[count], values[count] = "end", false
    starts[count], stops[count] = length + 1, length
    return kinds, values, starts, stops
end

return lexer
