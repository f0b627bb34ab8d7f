-- ORDER BY ... LIMIT goes below OPTIONAL MATCH where that is the same, and
-- nowhere else.

local help = require("spec.help")

local db = help.open()
assert(db:query("UNWIND range(1, 300) AS i CREATE (:P {n: i, x: CASE " ..
    "WHEN i % 7 = 0 THEN null ELSE i % 5 END})"))
assert(db:query("MATCH (p:P), (q:P) WHERE p.n % 3 = 0 AND q.n IN " ..
    "[p.n - 1, p.n - 2, p.n + 1] CREATE (p)-[:R {w: p.n % 2}]->(q)"))

-- Whether a sort stands below the first OPTIONAL MATCH.
local function is_pushed(text)
    return help.plan(db, text):match("Apply optional.-Sort.*NodeScan") ~= nil
end

local function column(text)
    local values = {}
    for i, row in ipairs(assert(db:query(text))) do
        values[i] = tostring(row.n) .. " " .. tostring(row.x)
    end
    return values
end

-- The same with a condition that keeps the sort above.
local function check(text)
    assert(is_pushed(text), text)
    local other = text:gsub("OPTIONAL MATCH (%S+)",
                            "OPTIONAL MATCH %1 WHERE coalesce(true, false)")
    assert(not is_pushed(other), other)
    assert.same(column(other), column(text))
end

describe("ORDER BY with a LIMIT", function()
    local found = "MATCH (p:P) OPTIONAL MATCH (p)-[r:R]->(q) "

    it("is done before an OPTIONAL MATCH", function()
        for _, order in ipairs({ "p.x, p.n", "p.x DESC, p.n DESC",
                                 "p.n DESC", "n", "x DESC, n" }) do
            for _, bound in ipairs({ "LIMIT 1", "LIMIT 7", "LIMIT 1000",
                                     "LIMIT 0", "SKIP 4 LIMIT 9" }) do
                check(found .. "RETURN p.n AS n, p.x AS x ORDER BY " ..
                    order .. " " .. bound)
                check(found .. "OPTIONAL MATCH (q)-[:R]->(s) WITH p, q, s " ..
                    "RETURN p.n AS n, p.x AS x, s ORDER BY " .. order .. " " ..
                    bound)
            end
        end
    end)

    it("reads no more than it wants", function()
        local rows = assert(db:query("PROFILE " .. found ..
            "RETURN p.n AS n, q ORDER BY p.n LIMIT 3"))
        local hops = tostring(rows.plan):match("Expand[^\n]*")
        assert(hops and not hops:find("300"), tostring(rows.plan))
        assert.equal(3, #rows)
    end)

    it("evaluates SKIP and LIMIT once", function()
        for _ = 1, 60 do
            assert.equal(10, #db:query("UNWIND range(1, 100) AS x WITH x " ..
                "ORDER BY x SKIP toInteger(rand() * 50) LIMIT 10 RETURN x"))
        end
        local seen = {}
        for _ = 1, 60 do
            local rows = db:query("UNWIND range(1, 100) AS x WITH x " ..
                "ORDER BY x LIMIT toInteger(rand() * 2) RETURN x")
            seen[#rows] = true
        end
        assert.same({ [0] = true, true }, seen)
    end)

    it("stays above what it reads, what drops rows and what may raise",
       function()
        for _, text in ipairs({
            found .. "RETURN p.n AS n ORDER BY q.n LIMIT 3",
            found .. "RETURN p.n AS n ORDER BY p.n, r.w LIMIT 3",
            found .. "RETURN p.n AS n ORDER BY p.n",
            found .. "RETURN p.n AS n, count(q) AS c ORDER BY n LIMIT 3",
            found .. "RETURN DISTINCT p.n AS n ORDER BY n LIMIT 3",
            found .. "WITH p, q WHERE q IS NULL " ..
                "RETURN p.n AS n ORDER BY n LIMIT 3",
            found .. "RETURN 1 / p.n AS n ORDER BY p.n LIMIT 3",
            found .. "WITH q AS p RETURN p.n AS n ORDER BY p.n LIMIT 3",
            "MATCH (p:P) OPTIONAL MATCH (p)-[r:R]->(q) WHERE 1 / p.n > 0 " ..
                "RETURN p.n AS n ORDER BY p.n LIMIT 3",
        }) do
            assert(not is_pushed(text), text)
        end
        local _, err = db:query("MATCH (p:P) OPTIONAL MATCH (p)-[:R]->(q) " ..
            "WHERE 1 / (p.n - 300) > 0 RETURN p.n AS n ORDER BY n LIMIT 3")
        assert.equal("invalid", err.code)
    end)
end)
