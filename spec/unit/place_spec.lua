-- What fails while a statement runs is shown where it stands in the text as it
-- was written, whether its literals were lifted out of it or not.

local help = require("spec.help")

-- Statements with a ^ before the byte that is shown.
local FAILURES = {
    "MATCH (n:N) WHERE n.x / ^0 > 1 RETURN n",
    "MATCH (n:N) WHERE n.s = 'a' AND n.x / ^0 > 1 RETURN n",
    "MATCH (n:N)\nWHERE n.s = 'it\\'s ä' OR n.x = -5 OR\n  n.x % ^0 = 1 " ..
        "RETURN n",
    "MATCH (n:N) WHERE n.x = -1 OR ^substring('a', -1) = n.s RETURN n",
    "MATCH (n:N) WHERE n.x IN [1, 2] AND ^range(1, 'a') = [] RETURN n",
    "MATCH (n:N) WHERE ^date('x') = n.d RETURN n",
    "MATCH (n:N) WHERE ^n.s =~ '(' RETURN n",
    "MATCH (n:N) WHERE ^n.x RETURN n",
    "MATCH (n:N) WHERE n.x = 1 AND ^n.s RETURN n",
    "MATCH (n:N {x: 1, s: 'a'}) RETURN ^[1, 2][1.5]",
    "MATCH (n:N) RETURN ^toInteger([n.x]) AS v, n.x / 1",
    "MATCH (n:N) RETURN n.x + ^labels(n.x)[0]",
    "UNWIND [1, 0] AS x RETURN 1 / ^x AS v",
    "MATCH (n:N) RETURN [x IN [1, 'a'] | ^toUpper(x)] AS l",
    "MATCH (n:N) WITH n.x AS x, count(*) AS c WHERE c / (^x - 1) > 0 RETURN x",
    "MATCH (n:N) RETURN n.x AS x ORDER BY x / ^0",
    "MATCH (n:N) SET n.y = n.x / ^0",
    "CREATE (:P {a: 'b', x: ^toInteger([])})",
    "MATCH (n:N) SET n.s = 'longer than it was', n.y = ^n.s * 2",
    "MATCH (n:N) WHERE 9223372036854775807 > ^9223372036854775807 + n.x " ..
        "RETURN n",
    "RETURN {a: ^duration({day: 1})} AS m",
}

describe("a failure of a run", function()
    local db

    before_each(function()
        db = help.open()
        help.run(db, "CREATE (:N {x: 1, s: 'a'})")
    end)
    after_each(function() db:close() end)

    -- Line and column of a byte; columns are characters.
    local function position(text, at)
        local before = text:sub(1, at - 1)
        local _, lines = before:gsub("\n", "")
        local line = before:match("[^\n]*$")
        return lines + 1, #line:gsub("[\128-\191]", "") + 1
    end

    local ways = {}

    function ways.query(handle, text)
        local rows, err = handle:query(text)
        assert.is_nil(rows, text)
        return err
    end

    function ways.rows(handle, text)
        local is_read, err = pcall(function()
            for _ in handle:rows(text) do end
        end)
        assert.is_false(is_read, text)
        return err
    end

    local function check(handle, marked, pad, way)
        local at = marked:find("^", 1, true)
        local text = (marked:gsub("%^", "", 1))
        local err = ways[way or "query"](handle, (" "):rep(pad) .. text)
        assert.equal("runtime", err.phase, text)
        local line, column = position(text, at)
        if line == 1 then column = column + pad end
        assert.equal(line .. ":" .. column, err.line .. ":" .. err.column,
                     err.message)
        assert.is_nil(err.place)
        assert.equal(("line %d, column %d: "):format(line, column),
                     err.message:match("^line %d+, column %d+: "))
        if #text > 60 then return end -- else no more than a part is shown
        assert.equal((" "):rep(column + 1) .. "^",
                     err.message:match("[^\n]*$"))
    end

    it("is shown in the text, the first time and from a kept plan", function()
        for _, marked in ipairs(FAILURES) do
            for _ = 1, 3 do check(db, marked, 0) end
            check(db, marked, 2)
        end
    end)

    it("is shown inside a transaction, too", function()
        assert(db:write(function(tx)
            for _, marked in ipairs(FAILURES) do check(tx, marked, 1) end
        end))
    end)

    it("is shown when rows are read one by one, too", function()
        for _, marked in ipairs(FAILURES) do check(db, marked, 0, "rows") end
        assert(db:write(function(tx)
            for _, marked in ipairs(FAILURES) do
                check(tx, marked, 1, "rows")
            end
        end))
    end)

    it("is shown behind rows, by the plan that they are of", function()
        local step, rows = db:rows(
            "UNWIND range(5000, 0, -1) AS x RETURN 1 / x AS y")
        assert.equal(0, step(rows).y)
        assert(db:query("CREATE INDEX FOR (n:N) ON (n.x)"))
        local ok, err = pcall(function() while step(rows) do end end)
        assert.is_false(ok)
        assert.same({ 1, 43 }, { err.line, err.column })
        assert.is_nil(step(rows))
    end)

    it("is shown in each text of those that share a plan", function()
        for i = 1, 12 do
            local literal = ("'%s'"):format(("x"):rep(i * 3))
            check(db, "MATCH (n:N) WHERE n.s <> " .. literal ..
                " AND n.x / ^0 > " .. i .. " RETURN n", 0)
        end
    end)

    it("has no place where it is about no expression", function()
        local _, err = db:query("UNWIND range(1, 9) AS x RETURN x", nil,
                                { max_rows = 3 })
        assert.is_nil(err.line)
        assert.is_nil(err.place)
        _, err = db:query("MATCH (n) RETURN n LIMIT $l", { l = -1 })
        assert.equal("NegativeIntegerArgument", err.detail)
        assert.is_nil(err.place)
    end)
end)
