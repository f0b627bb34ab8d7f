--- Tokens into types of values, as `IS ::` asks for them: INTEGER,
-- LIST<STRING NOT NULL>, INTEGER | FLOAT.
--
-- A type is { any boolean, names [name], items [type], nullable boolean }: any
-- value (any); or one of the kinds that valueType() calls by these names; or a
-- list of which each item is of one of the types in `items`; null if nullable.

local cursor = require("namidb.cypher.cursor")

local parse_type = {}

-- What other words are for the names that valueType() gives. LOCAL, ZONED,
-- SIGNED, ANY and PROPERTY go on with a second word.
local NAMES = {}
for line in ([[
BOOLEAN BOOLEAN BOOL
STRING STRING VARCHAR
INTEGER INTEGER INT INTEGER64 INT64 SIGNED_INTEGER
FLOAT FLOAT FLOAT64
DATE DATE
LOCAL_TIME LOCAL_TIME TIME_WITHOUT_TIMEZONE
ZONED_TIME ZONED_TIME TIME_WITH_TIMEZONE
LOCAL_DATETIME LOCAL_DATETIME TIMESTAMP_WITHOUT_TIMEZONE
ZONED_DATETIME ZONED_DATETIME TIMESTAMP_WITH_TIMEZONE
DURATION DURATION
POINT POINT
BYTES BYTES
VECTOR VECTOR
NODE NODE VERTEX ANY_NODE ANY_VERTEX
RELATIONSHIP RELATIONSHIP EDGE ANY_RELATIONSHIP ANY_EDGE
MAP MAP ANY_MAP
PATH PATH PATHS
]]):gmatch("[^\n]+") do
    local name, spellings = line:match("^(%S+) (.*)$")
    for spelling in spellings:gmatch("%S+") do
        NAMES[spelling] = (name:gsub("_", " "))
    end
end

-- What properties can be; lists of these, too.
local PROPERTY = { "BOOLEAN", "STRING", "INTEGER", "FLOAT", "DATE",
                   "LOCAL TIME", "ZONED TIME", "LOCAL DATETIME",
                   "ZONED DATETIME", "DURATION", "POINT", "BYTES", "VECTOR" }

local function new()
    return { any = false, names = {}, items = {}, nullable = false }
end

local function add(list, others)
    for _, item in ipairs(others) do list[#list + 1] = item end
end

-- What is of the one or of the other.
local function unite(a, b)
    a.any, a.nullable = a.any or b.any, a.nullable or b.nullable
    add(a.names, b.names)
    add(a.items, b.items)
end

local function word_at(self, at)
    return cursor.is_word(self, at) and self.values[at]:upper() or ""
end

-- The words of the name that is next, joined by _, and how many they are.
local function read_name(self)
    local first, second = word_at(self, self.at), word_at(self, self.at + 1)
    if first == "TIME" or first == "TIMESTAMP" then
        local zone = word_at(self, self.at + 2)
        if zone == "TIME" and word_at(self, self.at + 3) == "ZONE" then
            return first .. "_" .. second .. "_TIMEZONE", 4
        end
        return first .. "_" .. second .. "_" .. zone, 3
    end
    if first == "ANY" and second == "PROPERTY" and
        word_at(self, self.at + 2) == "VALUE" then
        return "PROPERTY_VALUE", 3
    end
    local both = first .. "_" .. second
    if NAMES[both] or both == "ANY_VALUE" or both == "PROPERTY_VALUE" then
        return both, 2
    end
    return first, 1
end

local parse

local function parse_in_angles(self)
    local is_bar_taken = self.is_bar_taken
    cursor.expect(self, "<")
    cursor.enter(self)
    self.is_bar_taken = false
    local made = parse(self)
    self.is_bar_taken = is_bar_taken
    self.depth = self.depth - 1
    cursor.expect(self, ">")
    return made
end

local function parse_named(self)
    local made = new()
    local name, words = read_name(self)
    if name == "LIST" or name == "ARRAY" then
        self.at = self.at + 1
        made.items[1] = parse_in_angles(self)
        return made
    elseif name == "ANY" or name == "ANY_VALUE" then
        self.at = self.at + words
        if self.kinds[self.at] == "<" then
            return parse_in_angles(self), "union"
        end
        made.any = true
    elseif name == "PROPERTY_VALUE" then
        add(made.names, PROPERTY)
        made.items[1] = { any = false, names = PROPERTY, items = {},
                          nullable = false }
        self.at = self.at + words
    elseif NAMES[name] then
        made.names[1] = NAMES[name]
        self.at = self.at + words
    elseif name == "NULL" or name == "NOTHING" then
        self.at = self.at + 1
    else
        cursor.unexpected(self, "a type, as in INTEGER or LIST<STRING>")
    end
    return made, name
end

-- NOT NULL behind a type, or nothing: then it may be null. What is in ANY<...>
-- says so itself.
local function parse_nullable(self, made, name)
    if name == "union" then return made end
    local is_not = self.kinds[self.at] == "NOT"
    if is_not then
        self.at = self.at + 1
        cursor.expect(self, "NULL")
    end
    made.nullable = not is_not and name ~= "NOTHING"
    return made
end

-- INTEGER, INTEGER NOT NULL, INTEGER LIST.
local function parse_unit(self)
    local made = parse_nullable(self, parse_named(self))
    while cursor.is_named(self, self.at, "LIST") do
        self.at = self.at + 1
        local list = new()
        list.items[1] = made
        made = parse_nullable(self, list)
    end
    return made
end

function parse(self)
    local made = parse_unit(self)
    while not self.is_bar_taken and cursor.accept(self, "|") do
        unite(made, parse_unit(self))
    end
    return made
end

--- Reads a type.
parse_type.type = parse

return parse_type
