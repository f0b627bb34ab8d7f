-- Texts that repeat have a dictionary, and what is asked of them is found once
-- for each text: it must be what it is of a text alone.

local namidb = require("namidb")

local SEED = tonumber(os.getenv("CODED_SEED") or 17)
local random = require("spec.support.random").new(SEED)

local TEXTS = { "", "a", "A", "tüv", "true", "FALSE", "12", "-7", "1.5",
                "a-b-c", "x y", "2020-02-29", "zz", "Zz", "ä" }

local EXPRESSIONS = {
    "toUpper(%s)", "toLower(%s)", "size(%s)", "reverse(%s)", "trim(%s)",
    "left(%s, 2)", "substring(%s, 1)", "replace(%s, 'a', 'bb')",
    "split(%s, '-')", "toInteger(%s)", "toFloat(%s)", "toBoolean(%s)",
    "toString(%s)", "coalesce(%s, 'none')", "coalesce(%s, 0)", "%s + '!'",
    "'<' + %s", "%s + 1", "%s IN ['a', 'zz']", "%s IN ['a', null]",
    "%s IN []", "%s =~ '[a-z].*'", "%s =~ null", "%s = 'a'", "%s <> 'a'",
    "%s < 'b'", "%s STARTS WITH 'a'", "%s CONTAINS '-'", "%s IS NULL",
    "%s IS NOT NULL", "CASE WHEN %s > 'a' THEN 1 ELSE 2 END",
    "CASE WHEN %s IS NULL THEN 1 ELSE 0 END", "size(toUpper(%s)) * 2",
    "toUpper(%s) + toLower(%s)", "[%s, 1]", "toUpper(left(%s, 1)) = 'A'",
}

local function show(value)
    if type(value) ~= "table" then return tostring(value) end
    if value.value then return tostring(value.value) end -- namidb.float
    local items = {}
    for i, item in ipairs(value) do items[i] = show(item) end
    return "[" .. table.concat(items, ", ") .. "]"
end

-- The keys of all nodes and their texts; some in packs, some changed, some
-- deleted, some in memory.
local function make(db)
    local texts, count = {}, 3000
    local function put(tx, key)
        texts[key] = TEXTS[random(#TEXTS + 2)] or false
        tx:put_node("P", key, { text = texts[key] or nil, group = key % 7 })
    end
    assert(db:write(function(tx)
        for key = 1, count do put(tx, key) end
    end))
    assert(db:flush())
    assert(db:write(function(tx)
        for _ = 1, 200 do put(tx, random(count)) end
        for _ = 1, 200 do
            local key = random(count)
            local node = texts[key] ~= nil and tx:node("P", key)
            if node then tx:delete_node(node) end
            texts[key] = nil
        end
    end))
    if random(2) == 1 then assert(db:flush()) end
    assert(db:write(function(tx)
        for key = count + 1, count + 50 do put(tx, key) end
    end))
    return texts
end

describe("texts that repeat", function()
    local db, texts

    setup(function()
        db = assert(namidb.open("memory://coded-" .. SEED))
        texts = make(db)
    end)

    teardown(function() db:close() end)

    -- What an expression is of each text alone.
    local function alone(expression)
        local of = {}
        local function ask(text)
            return show(assert(db:query("RETURN " .. expression ..
                " AS v", { t = text }))[1].v)
        end
        for _, text in ipairs(TEXTS) do of[text] = ask(text) end
        of[false] = ask(namidb.null)
        return of
    end

    local function each_expression(check)
        for _, form in ipairs(EXPRESSIONS) do
            local of = alone((form:gsub("%%s", "$t")))
            check((form:gsub("%%s", "n.text")), of)
        end
    end

    it("are what each text is alone", function()
        each_expression(function(expression, of)
            for _, where in ipairs({ "", "WHERE n.group = 3 " }) do
                local rows = assert(db:query("MATCH (n:P) " .. where ..
                    "RETURN key(n) AS k, " .. expression .. " AS v"))
                for _, row in ipairs(rows) do
                    assert.equal(of[texts[row.k]], show(row.v),
                        ("%s of %s, seed %s"):format(expression,
                            tostring(texts[row.k]), SEED))
                end
                assert.is_true(#rows > 300)
            end
        end)
    end)

    it("filter as each text does alone", function()
        each_expression(function(expression, of)
            if of.a ~= "true" and of.a ~= "false" then return end
            local want = 0
            for _, text in pairs(texts) do
                want = want + (of[text] == "true" and 1 or 0)
            end
            assert.equal(want, assert(db:query("MATCH (n:P) WHERE " ..
                expression .. " RETURN count(*) AS v"))[1].v, expression)
        end)
    end)

    it("are grouped and collected as rows are", function()
        for _, form in ipairs({ "n.text", "toUpper(n.text)", "size(n.text)",
                                "n.text + '!'" }) do
            local rows = assert(db:query("MATCH (n:P) RETURN n.group AS g, " ..
                form .. " AS v"))
            local all = { count = 0 }
            local groups = { all = all }
            for _, row in ipairs(rows) do
                local group = groups[row.g] or { count = 0 }
                groups[row.g] = group
                for _, into in ipairs(row.v ~= nil and { group, all } or {}) do
                    into.count = into.count + 1
                    into[into.count] = row.v
                    if into.low == nil or row.v < into.low then
                        into.low = row.v
                    end
                    if into.high == nil or row.v > into.high then
                        into.high = row.v
                    end
                end
            end
            local items = ("count(%s) AS c, min(%s) AS low, max(%s) AS " ..
                "high, collect(%s) AS l"):format(form, form, form, form)
            local got = assert(db:query("MATCH (n:P) RETURN n.group AS g, " ..
                items))
            assert.equal(7, #got)
            got[8] = assert(db:query("MATCH (n:P) RETURN 'all' AS g, " ..
                items))[1]
            for _, row in ipairs(got) do
                local want = groups[row.g]
                assert.equal(want.count, row.c, form)
                assert.equal(want.low, row.low, form)
                assert.equal(want.high, row.high, form)
                assert.equal(show(want), show(row.l), form)
            end
        end
    end)

    it("raise for what a row has, and for nothing else", function()
        local text = "MATCH (n:P) WHERE n.text STARTS WITH '2020' " ..
            "RETURN count(date(n.text)) AS v"
        assert.is_true(assert(db:query(text))[1].v > 0)
        local rows, message = db:query(
            "MATCH (n:P) RETURN count(date(n.text)) AS v")
        assert.is_nil(rows)
        assert.truthy(tostring(message):find("is no value of type", 1, true))
    end)

    it("are chosen by as they are filtered by", function()
        local texts_above = assert(db:query("MATCH (n:P) WHERE n.text > 'a' " ..
            "RETURN count(*) AS v"))[1].v
        local rows = assert(db:query("MATCH (n:P) RETURN count(*) AS c, " ..
            "sum(CASE WHEN n.text > 'a' THEN 10 ELSE -1 END) AS v, " ..
            "sum(CASE n.text WHEN 'a' THEN $x ELSE $y END) AS none",
            { x = namidb.null, y = 2 }))
        local all = rows[1].c
        assert.equal(10 * texts_above - (all - texts_above), rows[1].v)
        local others = assert(db:query("MATCH (n:P) WHERE n.text <> 'a' OR " ..
            "n.text IS NULL RETURN count(*) AS v"))[1].v
        assert.equal(2 * others, rows[1].none)
    end)
end)
