-- Statements that are nearly right: the front end must refuse them with a line
-- and a column or make a plan of them; what runs must end within its bounds.
--
-- usage: lua spec/property/mutate.lua [seconds] [seed] [folder of features]

local namidb = require("namidb")
local csv = require("spec.property.csv")
local generate = require("spec.property.generate")
local random = require("spec.support.random")
local render = require("spec.property.render")

local mutate = {}

local WORDS = {
    "MATCH", "OPTIONAL", "WHERE", "RETURN", "WITH", "DISTINCT", "ORDER BY",
    "SKIP", "LIMIT", "UNWIND", "AS", "CREATE", "MERGE", "ON CREATE SET", "SET",
    "DELETE", "DETACH", "REMOVE", "UNION", "ALL", "CALL", "YIELD", "CASE",
    "WHEN", "THEN", "ELSE", "END", "IN", "STARTS WITH", "IS NULL", "NOT", "AND",
    "XOR", "EXISTS {", "COUNT {", "FOREACH (", "LOAD CSV", "null", "true", "n",
    "a.b", "count(*)", "collect(", "shortestPath(", "reduce(a = 0, x IN l | a)",
    "all(x IN ", "[x IN l | x]", "$p", "'", "\"", "`", "{", "}", "[", "]", "(",
    ")", "-->", "<-[", "]-", "*", "*1..2", "|", ":", ":A", "&", "!", "%", "^",
    "=~", "<>", "<=", "..", ".", ",", ";", "+", "-", "/", "//", "/*", "*/",
    "0x1F", "1e9", "9223372036854775807", "-1", "0", "1.5", "\\u00e9", "\\",
    "\0", "\255", "é", "😀", "\n", " ",
}

-- Where tokens begin, roughly.
local function cuts(text)
    local places = { 1 }
    for at in text:gmatch("()[%s%p]") do places[#places + 1] = at end
    places[#places + 1] = #text + 1
    return places
end

local function piece(source, text)
    local places = cuts(text)
    local first = source:int(1, #places)
    local last = math.min(first + source:int(0, 6), #places)
    return places[first], places[last]
end

local changes = {
    function(source, text) -- less
        local first, last = piece(source, text)
        return text:sub(1, first - 1) .. text:sub(last)
    end,
    function(source, text) -- twice
        local first, last = piece(source, text)
        return text:sub(1, last - 1) .. text:sub(first)
    end,
    function(source, text) -- another word
        local first = piece(source, text)
        return text:sub(1, first - 1) .. " " .. source:pick(WORDS) .. " " ..
            text:sub(first)
    end,
    function(source, text) -- in place of
        local first, last = piece(source, text)
        return text:sub(1, first - 1) .. " " .. source:pick(WORDS) .. " " ..
            text:sub(last)
    end,
    function(source, text) -- a part of another statement
        local other = source:pick(mutate.statements)
        local first, last = piece(source, text)
        local from, to = piece(source, other)
        return text:sub(1, first - 1) .. other:sub(from, to) .. text:sub(last)
    end,
    function(source, text) -- a byte
        local at = source:int(1, #text + 1)
        return text:sub(1, at - 1) .. string.char(source:int(0, 255)) ..
            text:sub(at + source:int(0, 1))
    end,
}

--- A statement with one to four changes.
function mutate.change(source, text)
    for _ = 1, source:int(1, 4) do text = source:pick(changes)(source, text) end
    return text
end

local function read_features(folder)
    local pipe = assert(io.popen("find " .. folder .. " -name '*.feature'"))
    for path in pipe:lines() do
        local file = assert(io.open(path))
        for text in file:read("*a"):gmatch('"""(.-)"""') do
            mutate.statements[#mutate.statements + 1] = text
        end
        file:close()
    end
    pipe:close()
end

--- Fills mutate.statements: random ones and, if there is a folder, the kit's.
function mutate.gather(folder)
    mutate.statements = {}
    for seed = 1, 300 do
        local source = random.new(seed)
        mutate.statements[seed] = render.query(generate.query(source,
            source:one_in(2)))
    end
    if folder then read_features(folder) end
end

local OPTIONS = { timeout = 0.3, max_memory = 16 * 1024 * 1024,
                  max_rows = 1000 }
local IS_CLEAN = { syntax = true, limit = true, invalid = true, timeout = true,
                   constraint = true, not_found = true, unsupported = true }

--- What is wrong with how the library takes the statement; nil: nothing.
function mutate.judge(tx, text)
    local ok, rows, err = pcall(tx.query, tx, text, {}, OPTIONS)
    if not ok then return "raised " .. tostring(rows) end
    if rows then return nil end
    if not IS_CLEAN[err.code] then return "code " .. tostring(err.code) end
    if err.message:find("a plan with", 1, true) then return err.message end
    if err.code == "syntax" and not (err.line and err.column and
        err.class and err.detail) then
        return "no place: " .. err.message
    end
end

--- Judges `count` statements from a seed; the first report, or nil.
function mutate.run(seed, count)
    local source = random.new(seed)
    local db = assert(namidb.open("memory://mutate-" .. seed))
    assert(db:query("CREATE (a:A {i: 1, s: 'x'})-[:R {i: 2}]->(b:B {i: 2})" ..
        "-[:S]->(a), (b)-[:T]->(:C {l: [1, 2]})"))
    local report
    pcall(db.write, db, function(tx)
        for _ = 1, count do
            local text = mutate.change(source,
                                       source:pick(mutate.statements))
            local wrong = mutate.judge(tx, text)
            if wrong then
                report = ("seed %d: %s\n%s"):format(seed, wrong, text)
                break
            end
        end
        error("enough", 0)
    end)
    db:close()
    return report
end

if arg and arg[0] and arg[0]:find("mutate.lua$") then
    local until_time = os.time() + tonumber(arg[1] or 60)
    local seed, failed, runs = tonumber(arg[2] or 1), 0, 0
    mutate.gather(arg[3])
    print(#mutate.statements .. " statements to begin with")
    while os.time() < until_time and failed < 10 do
        local report = mutate.run(seed, 200)
        if report then
            failed = failed + 1
            print(report)
        end
        seed, runs = seed + 1, runs + 1
    end
    csv.clean()
    print(("%d statements"):format(runs * 200))
    print(("%d passed, %d failed"):format(runs - failed, failed))
    os.exit(failed == 0)
end

return mutate
