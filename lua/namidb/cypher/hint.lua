--- What somebody may have meant who wrote what is no openCypher: a name that is
-- nearly one that is there, or the word of another language.

local hint = {}

-- In how many places two words differ: letters that are put in, left out, put
-- in place of others, or exchanged with the next one (Damerau's distance, of
-- neighbours that are not changed again); by the rows of a table, of which the
-- last three are kept.
local function distance(a, b)
    local before, last, row = {}, {}, {}
    for j = 0, #b do last[j] = j end
    for i = 1, #a do
        row[0] = i
        for j = 1, #b do
            local same = a:byte(i) == b:byte(j)
            local least = math.min(last[j] + 1, row[j - 1] + 1,
                                   last[j - 1] + (same and 0 or 1))
            if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and
                a:byte(i - 1) == b:byte(j) then
                least = math.min(least, before[j - 2] + 1)
            end
            row[j] = least
        end
        before, last, row = last, row, before
    end
    return last[#b]
end

-- Longer names are not compared, nor more of them.
local LENGTH_MAX, NAMES_MAX = 40, 500

--- The one of `names` (an array) that differs from `name` the least and not by
-- more than a third of its letters, in any case; nil: none does.
function hint.near(name, names)
    if #name > LENGTH_MAX then return nil end
    local lower = name:lower()
    local best, found = math.floor(#name / 3) + 0.5, nil
    for i = 1, math.min(#names, NAMES_MAX) do
        local other = names[i]
        if #other <= LENGTH_MAX then
            local far = distance(lower, other:lower())
            if far < best then best, found = far, other end
        end
    end
    return found
end

-- Functions of other languages.
local FUNCTIONS = {}
for names, meant in pairs({
    ["average mean"] = "avg()", ["len strlen count_chars"] = "size()",
    substr = "substring()", ["concat concat_ws"] = "a + b",
    ["ifnull nvl isnull"] = "coalesce()", lcase = "toLower()",
    ucase = "toUpper()", ["mod modulo"] = "a % b", ["pow power"] = "a ^ b",
    ["now getdate current_timestamp"] = "datetime()",
    ["today current_date"] = "date()", ["instr indexof strpos"] =
        "a CONTAINS b", ["group_concat array_agg string_agg collect_list"] =
        "collect()", random = "rand()", ["first"] = "head()",
    ["int integer"] = "toInteger()", ["str string"] = "toString()",
    ["cast convert"] = "toInteger(), toFloat(), toString()",
    ["array_length list_size"] = "size()",
    property_exists = "n.x IS NOT NULL", all_different = "a <> b",
    same = "a = b", any_value = "head(collect(x))",
    elements = "nodes() and relationships()",
    ["list_concat list_append apoc.coll.union"] = "a + b",
    ["apoc.create.uuid uuid gen_random_uuid"] = "randomUUID()",
    ["coll.max coll.min apoc.coll.max apoc.coll.min apoc.coll.sum"] =
        "COLLECT { UNWIND list AS x RETURN max(x) }[0]",
    ["coll.sort apoc.coll.sort list_sort"] =
        "COLLECT { UNWIND list AS x RETURN x ORDER BY x }",
    ["coll.distinct apoc.coll.toset list_distinct"] =
        "COLLECT { UNWIND list AS x RETURN DISTINCT x }",
    ["coll.flatten apoc.coll.flatten"] =
        "reduce(all = [], x IN list | all + x)",
    ["coll.indexof apoc.coll.indexof list_position"] =
        "[i IN range(0, size(list) - 1) WHERE list[i] = x][0]",
    ["coll.insert coll.remove"] = "list[..i] + x + list[i..]",
    ["apoc.coll.contains list_contains"] = "x IN list",
    ["apoc.text.join"] = "reduce(s = '', x IN list | s + x)",
    ["apoc.map.merge"] = "m {.*, a: 1}",
}) do
    for name in names:gmatch("%S+") do FUNCTIONS[name] = meant end
end

-- Functions that a program has to bring.
local OWN = {}
for name in ([[
    normalize lpad rpad ascii chr format md5 sha1 sha256 soundex levenshtein
    vector vector.similarity.cosine vector.similarity.euclidean
]]):gmatch("%S+") do OWN[name] = true end
local OWN_FAMILIES = { apoc = true, gds = true, ["algo"] = true,
                       genai = true }

local function suggest(meant)
    return meant and ("; did you mean %s?"):format(meant) or ""
end

-- Procedures of other databases.
local PROCEDURES = {}
for names, meant in pairs({
    ["apoc.periodic.iterate apoc.periodic.commit"] =
        "CALL { } IN TRANSACTIONS",
    ["db.schema.visualization db.schema.nodeTypeProperties " ..
        "db.schema.relTypeProperties apoc.meta.schema"] = "db.schema",
    ["db.awaitIndex db.awaitIndexes"] = "db:wait_indexes()",
    ["apoc.load.csv"] = "LOAD CSV", ["apoc.load.json"] = "namidb.load",
    ["dbms.listTransactions dbms.queryJmx"] = "db:stats()",
}) do
    for name in names:gmatch("%S+") do PROCEDURES[name] = meant end
end

--- What is said behind "there is no procedure <name>" where `names` (an array,
-- which is sorted) are.
function hint.of_procedure(name, names)
    table.sort(names)
    local meant = PROCEDURES[name] or hint.near(name, names)
    if not meant and OWN_FAMILIES[name:match("^%a+")] then
        return "; db:register() makes one of your own"
    end
    return suggest(meant)
end

--- What is said behind "there is no function <name>()"; definitions: of ours,
-- by names, and of the program's own, if any.
function hint.of_function(name, definitions, own)
    if FUNCTIONS[name] then return suggest(FUNCTIONS[name]) end
    if OWN[name] or OWN_FAMILIES[name:match("^(%a+)%.")] then
        return "; db:register() makes one of your own"
    end
    local names = {}
    for _, definition in pairs(definitions) do
        names[#names + 1] = definition.name
    end
    for known in pairs(own or {}) do names[#names + 1] = known end
    table.sort(names)
    local meant = hint.near(name, names)
    return suggest(meant and meant .. "()")
end

--- What is said behind "<name> is not defined" where `names` (an array) are.
function hint.of_variable(name, names)
    local meant = hint.near(name, names)
    if meant then return suggest(meant) end
    if #names == 0 then return "" end
    local shown = table.concat(names, ", ", 1, math.min(#names, 8))
    return ("; there is %s%s"):format(shown, #names > 8 and ", ..." or "")
end

-- Words and signs of other languages, where something else is expected.
local WORDS = {
    SELECT = "MATCH finds, and RETURN says what of it",
    USE = "a database is one graph, and namidb.open says which",
    TERMINATE = "a statement ends by its timeout at the latest",
    BEGIN = "db:write and db:begin make transactions",
    COMMIT = "db:write and tx:commit end transactions",
    ROLLBACK = "tx:abort ends a transaction",
    EXCEPT = "NOT EXISTS { } leaves rows out",
    INTERSECT = "EXISTS { } keeps rows that are elsewhere",
    OTHERWISE = "coalesce() and COUNT { } tell where there is nothing",
    NULLS = "null is the largest: last, or first with DESC",
    UPDATE = "SET changes properties",
    DROP = "DELETE takes nodes and relationships away, REMOVE properties",
    JOIN = "patterns join: (a)-[:KNOWS]->(b)",
    LIKE = "STARTS WITH, ENDS WITH, CONTAINS and =~ compare texts",
    ILIKE = "in any case, toLower(a) CONTAINS 'b' compares texts",
    BETWEEN = "a range is written 1 <= x <= 3",
    GROUP = "rows are grouped by the columns beside an aggregate",
    HAVING = "WITH ... WHERE asks of groups",
    USING = "which index to use is the planner's choice",
    CONTAIN = "it is CONTAINS", START = "it is STARTS WITH",
    ["!="] = "unequal is <>",
    ["+="] = "n += {x: 1} is of all properties, n.x = n.x + 1 of one",
}

-- What stands where an expression is expected.
local NO_EXPRESSION = {
    ["!"] = "it is NOT", [":"] = "a parameter is $name",
    ["/"] = "a pattern of =~ is a text: 'a.*'",
}

-- The same by what stands before it.
local BEHIND = {
    ["="] = { ["="] = "equal is a single =", [">"] = "it is >=",
              ["<"] = "it is <=" },
    ["-"] = { [">"] = "an arrow is of patterns, and EXISTS { (a)-->(b) } " ..
              "asks for one" },
}

-- What cannot stand where a statement should have ended.
local LATE = {
    WHERE = "WHERE stands before RETURN, or behind WITH",
    ORDER = "the order is ORDER BY, SKIP, LIMIT",
    SKIP = "the order is ORDER BY, SKIP, LIMIT",
    MATCH = "WITH hands rows on to the next clause",
    CREATE = "what changes the graph stands before RETURN",
    SET = "what changes the graph stands before RETURN",
    DELETE = "what changes the graph stands before RETURN",
    string = "a quote inside a text is \\'",
    IF = "a condition stands in WHERE, or in CASE WHEN ... THEN ... END",
}

-- Where a map's : or a key is expected.
local IN_MAP = { ["="] = "as in {name: 'x'}", ["}"] = "a parameter is $name",
                 string = "a key stands without quotes" }

local BACKTICKS_OR_BARE =
    "a name stands without quotes, or in `backticks`"
local BACKTICKS = "a name of several words stands in `backticks`"

local CLAUSES = { "MATCH", "OPTIONAL", "RETURN", "WITH", "UNWIND", "CREATE",
                  "MERGE", "SET", "DELETE", "DETACH", "REMOVE", "FOREACH",
                  "CALL", "WHERE", "ORDER", "SKIP", "LIMIT", "UNION", "LOAD" }

local function of_clause(word, token)
    if token.kind == "NOT" then return "NOT stands in front: NOT x IN list" end
    if token.kind == "&" then return "it is AND" end
    if token.kind ~= "name" then return nil end
    local meant = hint.near(word, CLAUSES)
    if meant then return ("did you mean %s?"):format(meant) end
    return token.before == "name" and BACKTICKS
end

-- By what was expected: (word, token) -> a hint or nil.
local EXPECTED = { ["a clause"] = of_clause }

EXPECTED["the end of the statement"] = function(word, token)
    if token.before == ";" then return "a call runs one statement" end
    return LATE[word] or of_clause(word, token)
end

EXPECTED["an expression"] = function(word, token)
    local behind = BEHIND[token.before]
    return behind and behind[word] or NO_EXPRESSION[word]
end

EXPECTED[":"] = function(word, token)
    return IN_MAP[word] or token.kind == "name" and BACKTICKS
end

EXPECTED["a key or }"] = function(word)
    return word == "string" and IN_MAP.string
end

EXPECTED["the end of the node, )"] = function(word, token)
    if token.kind == "name" or token.kind == "number" or word == "-" then
        return BACKTICKS
    end
end

EXPECTED["a node, as in (n)"] = function(_, token)
    if token.kind == "name" and token.before == "-" then
        return "a comment begins with //"
    end
end

EXPECTED["a name"] = function(word)
    return word == "string" and BACKTICKS_OR_BARE
end

EXPECTED[")"] = function(word)
    return word == "," and "a list stands in brackets: [1, 2]"
end

local function equal(word)
    return word ~= "end" and "= compares with a value"
end
EXPECTED["NULL or ::"], EXPECTED["NULL, NOT NULL or ::"] = equal, equal

--- What is said behind "expected <expected>, found ...". token: { kind, value
-- } of what was found, and of the one before it the kind, `before`.
function hint.of_token(expected, token)
    local word = token.kind == "name" and token.value:upper() or token.kind
    local find = EXPECTED[expected]
    local why = WORDS[word] or find and find(word, token)
    return why and "; " .. why or ""
end

return hint
