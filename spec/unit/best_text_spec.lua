-- min and max of texts that no dictionary holds: mostly their first bytes tell,
-- and what is the same that far is compared.

local help = require("spec.help")

local random = require("spec.support.random").new(os.time())

-- Byte by byte, whatever the locale.
local function is_before(a, b)
    for i = 1, math.min(#a, #b) do
        local x, y = a:byte(i), b:byte(i)
        if x ~= y then return x < y end
    end
    return #a < #b
end

local STEMS = { "", "a", "abcdefg", "abcdefgh", "abcdefgh12345678",
                "abcdefgh1234567", "abcdefgh12345678xyz", "\195\164bc" }
local TAILS = { "", "\0", "\0\0", "a", "b", "\195\169", "~" }

-- Stems in front of one another's bytes and of zeros, of every length about 8
-- and 16.
local function text()
    return random:pick(STEMS) .. random:pick(TAILS) .. random:pick(TAILS)
end

-- Rows { n, t } with an integer or null now and then, as `others` says.
local function rows_of(count, others)
    local rows, low, high = {}, nil, nil
    for i = 1, count do
        local t = text()
        if others.nulls and random:one_in(5) then
            t = nil
        else
            if not low or is_before(t, low) then low = t end
            if not high or is_before(high, t) then high = t end
        end
        rows[i] = { n = i, t = t }
    end
    return rows, low, high
end

local QUERY = "MATCH (x:X) %s RETURN min(x.t) AS low, max(x.t) AS high, " ..
    "count(x.t) AS c"

describe("min and max of texts", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    local function fill(rows)
        assert(db:write(function(tx)
            for _, row in ipairs(rows) do tx:put_node("X", row.n, row) end
        end))
    end

    for _, others in ipairs({ {}, { nulls = true } }) do
        local name = others.nulls and "with nulls among them" or "alone"
        it("are the first and the last, " .. name, function()
            for _ = 1, 30 do
                local first = random.state
                local rows, low, high = rows_of(random:int(1, 40), others)
                fill(rows)
                for _ = 1, 2 do
                    local row = db:query(QUERY:format(""))[1]
                    assert.equal(low, row.low, "state " .. first)
                    assert.equal(high, row.high, "state " .. first)
                    assert(db:flush())
                end
                db:query("MATCH (x:X) DELETE x")
            end
        end)
    end

    it("are of the rows that a condition leaves, over many chunks", function()
        local rows, low, high = {}, nil, nil
        for i = 1, 5000 do
            rows[i] = { n = i, t = "person-" .. i * 7919 % 5000 }
            if i % 3 == 0 then
                local t = rows[i].t
                if not low or is_before(t, low) then low = t end
                if not high or is_before(high, t) then high = t end
            end
        end
        fill(rows)
        assert(db:flush())
        local row = db:query(QUERY:format("WHERE x.n % 3 = 0"))[1]
        assert.same({ low, high, 1666 }, { row.low, row.high, row.c })
    end)

    it("stand before numbers", function()
        fill({ { n = 1, t = "b" }, { n = 2, t = 7 }, { n = 3, t = "a" },
               { n = 4, t = -7 } })
        local row = db:query(QUERY:format(""))[1]
        assert.same({ "a", 7, 4 }, { row.low, row.high, row.c })
    end)

    it("are null of none", function()
        fill({ { n = 1 } })
        local row = db:query(QUERY:format(""))[1]
        assert.same({ nil, nil, 0 }, { row.low, row.high, row.c })
    end)
end)
