-- Random histories against a model: what scans, filters and aggregates say must
-- not depend on where the rows are.

local namidb = require("namidb")

local null = namidb.null
local SEEDS = tonumber(os.getenv("SCAN_SEEDS") or 4)

local random = require("spec.support.random").new(1)

-- Values on both sides of every width and kind that a column may have.
local MAKE = {
    small = function() return random(100) - 50 end,
    wide = function() return (random(2000) - 1000) * 4294967296 * 1024 end,
    middle = function() return 100000 + random(1000000) end,
    float = function() return namidb.float((random(1000) - 500) / 8) end,
    text = function() return "t" .. random(20) end,
    flag = function() return random(2) == 1 end,
    mixed = function()
        local kind = random(3)
        return kind == 1 and random(9) or kind == 2 and "t" .. random(9) or
            namidb.float(random(9) / 2)
    end,
}
local NAMES = { "small", "wide", "middle", "float", "text", "flag", "mixed" }

local function number_of(value)
    if type(value) == "number" then return value end
    if type(value) == "table" then return value.value end -- namidb.float
end

local function make_props(nulls)
    local props = {}
    for _, name in ipairs(NAMES) do
        if random(100) > nulls then props[name] = MAKE[name]() end
    end
    return props
end

-- Changes both; `flush` says after which rounds.
local function history(db, rounds, size)
    local model, keys = {}, 0
    for round = 1, rounds do
        assert(db:write(function(tx)
            for _ = 1, random(size) do
                if keys == 0 or random(3) == 1 then
                    keys = keys + 1
                    model[keys] = make_props(round % 3 == 0 and 50 or 5)
                    tx:put_node("P", keys, model[keys])
                elseif random(8) == 1 then
                    local key = random(keys)
                    local node = model[key] and tx:node("P", key)
                    if node then tx:delete_node(node) end
                    model[key] = nil
                else
                    local key = random(keys)
                    model[key] = make_props(20)
                    tx:put_node("P", key, model[key])
                end
            end
        end))
        if random(3) == 1 then assert(db:flush()) end
    end
    return model, keys
end

local COMPARE = {
    ["<"] = function(a, b) return a < b end,
    ["<="] = function(a, b) return a <= b end,
    [">"] = function(a, b) return a > b end,
    [">="] = function(a, b) return a >= b end,
    ["="] = function(a, b) return a == b end,
    ["<>"] = function(a, b) return a ~= b end,
}
local OPERATORS = { "<", "<=", ">", ">=", "=", "<>" }

-- Whether a condition is true: unlike kinds are equal to nothing, and compare
-- as null. Numbers are compared as doubles, which hold all of ours.
local function is_true(operator, left, right)
    if left == nil then return false end
    local a, b = number_of(left) or left, number_of(right) or right
    if type(a) ~= type(b) then return operator == "<>" end
    if type(a) == "boolean" then
        a, b = a and 1 or 0, b and 1 or 0
    end
    return COMPARE[operator](a, b)
end

local function expect(model, keys, test, name)
    local count, sum, seen, low, high, distinct = 0, 0, 0, nil, nil, {}
    local kinds, mixes = 0, 0
    for key = 1, keys do
        local props = model[key]
        if props and test(props) then
            count = count + 1
            mixes = mixes + (props.mixed ~= nil and 1 or 0)
            local value = number_of(props[name])
            if value then
                sum, seen = sum + value, seen + 1
                low = math.min(low or value, value)
                high = math.max(high or value, value)
                if not distinct[value] then kinds = kinds + 1 end
                distinct[value] = true
            end
        end
    end
    return { count = count, sum = sum, seen = seen, low = low, high = high,
             kinds = kinds, mixes = mixes }
end

-- Of each kind of column: what takes it whole, and what goes row by row.
local AGGREGATES = {
    count = "count(*)", sum = "sum(n.%s)", seen = "count(n.%s)",
    low = "min(n.%s)", high = "max(n.%s)", kinds = "count(DISTINCT n.%s)",
    mixes = "size(collect(n.mixed))",
}
local FIELDS = { "count", "sum", "seen", "low", "high", "kinds", "mixes" }

-- Some of them, of one property: { field, ... } and the text.
local function some_aggregates(name)
    local fields, items = {}, {}
    for _, field in ipairs(FIELDS) do
        if random(3) > 1 then
            fields[#fields + 1] = field
            items[#items + 1] = AGGREGATES[field]:format(name) .. " AS " ..
                field
        end
    end
    if #fields == 0 then return some_aggregates(name) end
    return fields, table.concat(items, ", ")
end

local function check_conditions(db, model, keys)
    for _ = 1, 40 do
        local name, other = NAMES[random(#NAMES)], NAMES[random(#NAMES)]
        local operator, second = OPERATORS[random(6)], OPERATORS[random(6)]
        local x, y = MAKE[name](), MAKE[other]()
        local join = ({ "AND", "OR", "ONLY" })[random(3)]
        local summed = ({ "small", "middle", "float" })[random(3)]
        local fields, items = some_aggregates(summed)
        local where = ("n.%s %s $x"):format(name, operator)
        if join ~= "ONLY" then
            where = ("%s %s n.%s %s $y"):format(where, join, other, second)
        end
        local text = "MATCH (n:P) WHERE " .. where .. " RETURN " .. items
        local want = expect(model, keys, function(props)
            local a = is_true(operator, props[name], x)
            local b = is_true(second, props[other], y)
            if join == "ONLY" then return a end
            if join == "AND" then return a and b end
            return a or b
        end, summed)
        local got = assert(db:query(text, { x = x, y = y }))[1]
        for _, field in ipairs(fields) do
            assert.equal(want[field], number_of(got[field]),
                         field .. " of " .. text .. " x=" .. tostring(x) ..
                         " y=" .. tostring(y))
        end
    end
end

local function check_groups(db, model, keys)
    for _, name in ipairs({ "small", "text", "float", "flag", "mixed" }) do
        local want, groups = {}, 0
        for key = 1, keys do
            local props = model[key]
            if props and (props.middle or 0) > 300000 then
                local value = props[name]
                if value == nil then value = null end
                local by = type(value) == "boolean" and tostring(value) or
                    number_of(value) or tostring(value)
                if not want[by] then
                    want[by], groups = { 0, 0 }, groups + 1
                end
                want[by][1] = want[by][1] + 1
                want[by][2] = want[by][2] + (number_of(props.small) or 0)
            end
        end
        local rows = assert(db:query(("MATCH (n:P) WHERE n.middle > 300000 " ..
            "RETURN n.%s AS k, count(*) AS c, sum(n.small) AS s"):format(name)))
        assert.equal(groups, #rows, name)
        for _, row in ipairs(rows) do
            local value = row.k
            if value == nil then value = null end
            local by = type(value) == "boolean" and tostring(value) or
                number_of(value) or tostring(value)
            assert.equal(want[by][1], row.c, name)
            assert.equal(want[by][2], row.s, name)
        end
    end
end

-- The first rows are those of all rows: what is left out early could not have
-- been among them.
local function check_first(db)
    for _ = 1, 20 do
        local limit = ({ 1, 3, 20, 200 })[random(4)]
        local text = ("MATCH (n:P) %s RETURN key(n) AS k, n.%s AS v " ..
            "ORDER BY v %s, k %s"):format(
                random(2) == 1 and "WHERE n.small > 0" or "",
                NAMES[random(#NAMES)], random(2) == 1 and "DESC" or "ASC",
                random(2) == 1 and "DESC" or "ASC")
        local all = assert(db:query(text))
        local first = assert(db:query(text .. " LIMIT " .. limit))
        assert.equal(math.min(limit, #all), #first, text)
        for i, row in ipairs(first) do
            assert.equal(all[i].k, row.k,
                         ("row %d of %s LIMIT %d"):format(i, text, limit))
        end
    end
end

local function check_values(db, model, keys)
    local rows = assert(db:query("MATCH (n:P) RETURN key(n) AS k, " ..
        "n.small + 1 AS small, n.middle * 2 - n.small AS sum, " ..
        "n.float / 2 AS half, n.text AS text, n.flag AS flag, labels(n) AS l"))
    local alive = 0
    for key = 1, keys do alive = alive + (model[key] and 1 or 0) end
    assert.equal(alive, #rows)
    for _, row in ipairs(rows) do
        local props = model[row.k]
        assert.equal(props.small and props.small + 1, row.small)
        assert.equal(props.small and props.middle and
            props.middle * 2 - props.small, row.sum)
        assert.equal(props.float and number_of(props.float) / 2, row.half)
        assert.equal(props.text, row.text)
        assert.equal(props.flag, row.flag)
        assert.equal("P", row.l[1])
    end
end

describe("scans", function()
    local function run(begin, settle)
        for number = 1, SEEDS do
            local seed = begin + number
            random.state = seed
            local name = "seed " .. seed
            local db = assert(namidb.open("memory://scan-query-" .. seed))
            local model, keys = history(db, 6 + number, 400)
            settle(db)
            local ok, message = pcall(function()
                check_conditions(db, model, keys)
                check_groups(db, model, keys)
                check_values(db, model, keys)
                check_first(db)
            end)
            db:close()
            if not ok then error(name .. ": " .. tostring(message), 0) end
        end
    end

    it("say the same over packs and memtables mixed", function()
        run(1000, function() end)
    end)

    it("say the same over packs", function()
        run(2000, function(db) assert(db:flush()) end)
    end)

    -- Groups whose rows have been changed, deleted, and changed again: what a
    -- zone rules out in a newer layer still hides what an older one holds.
    it("leave out what zones rule out, and nothing else", function()
        local rows = 20000
        local db = assert(namidb.open("memory://scan-query-zones"))
        local model = {}
        local function write(first, last, step, change)
            assert(db:write(function(tx)
                for i = first, last, step do
                    model[i] = change(i)
                    local node = tx:node("Z", i)
                    if model[i] then
                        tx:put_node("Z", i, model[i])
                    elseif node then
                        tx:delete_node(node)
                    end
                end
            end))
            assert(db:flush())
        end
        write(1, rows, 1, function(i)
            return { at = i, text = ("t%05d"):format(i),
                     rare = i > 19000 and i or nil }
        end)
        write(5000, 12000, 1, function(i) return { at = -i } end)
        write(7000, 9000, 3, function() return nil end)
        write(1, rows, 4000, function(i)
            return { at = namidb.float(i), text = "x" }
        end)
        write(100, 19900, 1, function(i)
            return model[i] and i % 5 == 0 and { at = "text" } or model[i]
        end)
        assert(db:write(function(tx)
            model[6000] = { at = 6000 }
            tx:put_node("Z", 6000, model[6000])
        end))
        local function check(condition, test)
            local want = 0
            for i = 1, rows do
                if model[i] and test(model[i]) then want = want + 1 end
            end
            assert.equal(want, assert(db:query("MATCH (z:Z) WHERE " ..
                condition .. " RETURN count(*) AS c"))[1].c, condition)
        end
        for _, x in ipairs({ -12001, -9000, -1, 0, 1, 4999, 6000, 12001, 19999,
                             20001 }) do
            for _, operator in ipairs(OPERATORS) do
                check("z.at " .. operator .. " " .. x, function(props)
                    return is_true(operator, props.at, x)
                end)
            end
        end
        check("z.at IN [3, 6000, 'text']", function(props)
            local at = number_of(props.at)
            return at == 3 or at == 6000 or props.at == "text"
        end)
        check("z.text >= 't19990' AND 't19995' > z.text", function(props)
            return props.text and props.text >= "t19990" and
                props.text < "t19995"
        end)
        check("z.rare IS NOT NULL", function(props) return props.rare end)
        check("z.rare IS NULL", function(props) return not props.rare end)
        check("z.nothing = 1", function() return false end)
        db:close()
    end)

    it("fetch no group that zones rule out", function()
        local uri = "memory://scan-query-cold"
        local db = assert(namidb.open(uri))
        assert(db:write(function(tx)
            for i = 1, 100000 do tx:put_node("Z", i, { at = i }) end
        end))
        assert(db:flush())
        db:close()
        local function cost(text)
            -- So small a cache that the pack is not fetched whole.
            local reader = assert(namidb.open(uri,
                { read_only = true, cache_bytes = 2 ^ 20 }))
            local before = reader:stats().requests
            local row = assert(reader:query(text))[1]
            local after = reader:stats().requests
            reader:close()
            return row.c, after.get - before.get,
                after.bytes_read - before.bytes_read
        end
        local all, gets, bytes = cost("MATCH (z:Z) RETURN sum(z.at) AS c")
        assert.equal(5000050000, all)
        local some, some_gets, some_bytes = cost(
            "MATCH (z:Z) WHERE z.at > 99000 RETURN count(*) AS c")
        assert.equal(1000, some)
        assert.equal(2, some_gets) -- the zones, one range
        assert.is_true(gets > 2 and bytes > 8 * some_bytes)
        -- What is found when the plan is made rules out as a literal does.
        some, some_gets = cost("MATCH (z:Z) WHERE z.at > 98000 + 500 * 2 " ..
            "RETURN count(*) AS c")
        assert.same({ 1000, 2 }, { some, some_gets })
        local none, no_gets = cost(
            "MATCH (z:Z) WHERE z.at > 100000 RETURN count(*) AS c")
        assert.equal(0, none)
        assert.equal(1, no_gets)
    end)

    it("find the least and the greatest of texts that repeat", function()
        local db = assert(namidb.open("memory://scan-query-texts"))
        local least, greatest, count = "z", "", 0
        assert(db:write(function(tx)
            for i = 1, 9000 do
                local text = i % 7 ~= 0 and
                    ("town %d"):format(i * 7919 % 90) or nil
                tx:put_node("T", i, { text = text, i = i,
                    none = i > 8000 and "x" or nil })
                if text and i % 10 > 3 then
                    least = text < least and text or least
                    greatest = text > greatest and text or greatest
                    count = count + 1
                end
            end
        end))
        for _ = 1, 2 do
            local row = assert(db:query("MATCH (t:T) WHERE t.i % 10 > 3 " ..
                "RETURN min(t.text) AS a, max(t.text) AS b, " ..
                "count(t.text) AS c, count(DISTINCT t.text) AS d"))[1]
            assert.same({ least, greatest, count },
                { row.a, row.b, row.c })
            assert.equal(9 * 6, row.d)
            row = assert(db:query("MATCH (t:T) WHERE t.i <= 8000 " ..
                "RETURN min(t.none) AS a, count(t.none) AS c"))[1]
            assert.is_nil(row.a)
            assert.equal(0, row.c)
            assert(db:flush())
        end
        db:close()
    end)

    it("decode the columns that they touch, within the budget", function()
        local uri = "memory://scan-query-columns"
        local db = assert(namidb.open(uri))
        assert(db:write(function(tx)
            for i = 1, 50000 do
                tx:put_node("C", "key " .. i, { a = i, text = "text " .. i })
            end
        end))
        assert(db:flush())
        db:close()
        local function bytes_of(reader)
            return reader:cache_stats().segments.bytes
        end
        local reader = assert(namidb.open(uri, { read_only = true }))
        assert(reader:query("MATCH (c:C) RETURN sum(c.a) AS s"))
        local one = bytes_of(reader)
        assert(reader:query("MATCH (c:C) RETURN max(c.text) AS s"))
        local two = bytes_of(reader)
        -- Texts of at least 6 bytes, and an offset for each.
        assert.is_true(two - one > 50000 * 10)
        assert(reader:query("MATCH (c:C) RETURN sum(c.a), max(c.text)"))
        assert.equal(two, bytes_of(reader))
        reader:close()
        local small = assert(namidb.open(uri,
            { read_only = true, cache_bytes = 2 ^ 20 }))
        local row = assert(small:query("MATCH (c:C) " ..
            "RETURN sum(c.a) AS s, max(c.text) AS t"))[1]
        assert.equal(1250025000, row.s)
        assert.equal("text 9999", row.t)
        assert.is_true(bytes_of(small) <= 2 ^ 20)
        small:close()
    end)

    it("show a transaction what it wrote", function()
        local db = assert(namidb.open("memory://scan-query-tx"))
        assert(db:write(function(tx)
            for i = 1, 3000 do tx:put_node("P", i, { n = i }) end
        end))
        assert(db:flush())
        assert(db:write(function(tx)
            assert(tx:query("MATCH (p:P) WHERE p.n > 1000 SET p.n = -p.n"))
            local row = assert(tx:query("MATCH (p:P) WHERE p.n < 0 " ..
                "RETURN count(*) AS c, min(p.n) AS low"))[1]
            assert.equal(2000, row.c)
            assert.equal(-3000, row.low)
            tx:delete_node(tx:node("P", 3000), {})
            row = assert(tx:query("MATCH (p:P) RETURN min(p.n) AS low"))[1]
            assert.equal(-2999, row.low)
        end))
        -- Each row reads what the rows before it wrote.
        assert(db:query("MATCH (p:P) WHERE p.n < 0 SET p.n = 1, p.m = p.n"))
        assert.equal(1999, assert(db:query(
            "MATCH (p:P) WHERE p.m = 1 RETURN count(*) AS c"))[1].c)
        db:close()
    end)

    it("tell what texts begin with, however long they are", function()
        local db = assert(namidb.open("memory://scan-query-starts"))
        local letters, texts = "abcdefghijklmnop", {}
        assert(db:write(function(tx)
            for i = 1, 5000 do
                texts[i] = letters:sub(1, i % 17) .. (i > 20 and i or "")
                tx:create_node({ "P" }, { text = texts[i], n = i })
            end
        end))
        local function check_all()
            for length = 0, #letters do
                for _, ending in ipairs({ "", "4", "\0", "17" }) do
                    local start, wanted = letters:sub(1, length) .. ending, 0
                    for i, text in ipairs(texts) do
                        if i % 3 ~= 0 and text:sub(1, #start) == start then
                            wanted = wanted + 1
                        end
                    end
                    assert.equal(wanted, assert(db:query("MATCH (p:P) " ..
                        "WHERE p.n % 3 <> 0 AND p.text STARTS WITH $start " ..
                        "RETURN count(*) AS c", { start = start }))[1].c,
                        start)
                end
            end
            assert.equal(0, assert(db:query("MATCH (p:P) WHERE p.n " ..
                "STARTS WITH 'a' OR p.text STARTS WITH null OR " ..
                "p.none STARTS WITH '' RETURN count(*) AS c"))[1].c)
        end
        check_all()
        assert(db:flush())
        check_all()
        db:close()
    end)
end)
