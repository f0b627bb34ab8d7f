-- OPTIONAL MATCH from its other end: where few are meant there, they are found
-- once and joined, and the rows are the same.

local check = require("spec.property.check")
local help = require("spec.help")
local match = require("namidb.plan.match")

local NODES = 3000 -- more than a chunk

describe("an OPTIONAL MATCH that leads to few", function()
    local db

    -- Every A has ten neighbours; some of them are Rare, some have the key 7.
    setup(function()
        db = help.open()
        help.run(db, "UNWIND range(0, 299) AS i CREATE (:B {n: i, " ..
            "k: i % 100}) FOREACH (x IN CASE WHEN i % 90 = 0 THEN [1] END | " ..
            "CREATE (:Rare {n: i}))")
        help.run(db, "MATCH (r:Rare) SET r:B")
        help.run(db, "UNWIND range(0, $n - 1) AS i CREATE (a:A {n: i, " ..
            "y: i % 5}) WITH a UNWIND range(0, 9) AS j MATCH (b:B {n: " ..
            "(a.n * 7 + j * 31) % 300}) WHERE NOT b:Rare OR a.y = 0 " ..
            "CREATE (a)-[:R {w: j}]->(b)", { n = NODES })
        help.run(db, "MATCH (a:A {n: 3}), (r:Rare {n: 90}) " ..
            "CREATE (a)-[:R {w: 50}]->(r), (a)-[:S]->(r)")
        assert(db:flush())
    end)
    teardown(function() db:close() end)

    -- The same with a condition that holds and might raise.
    local function follow(text)
        return (text:gsub("OPTIONAL MATCH (.-)%((%w)%)", "OPTIONAL MATCH " ..
            "%1(%2 {n: toInteger(toString(%2.n))})"))
    end

    local function rows_of(text)
        local rows = help.run(db, text)
        local texts = {}
        for i, row in ipairs(rows) do
            local parts = {}
            for c, name in ipairs(rows.columns) do
                parts[c] = tostring(row[name])
            end
            texts[i] = table.concat(parts, " ")
        end
        table.sort(texts)
        return texts
    end

    local JOINED = {
        "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(c:Rare) RETURN a.n, c.n",
        "MATCH (a:A) OPTIONAL MATCH (a)-[r:R]->(c:Rare) WHERE r.w > 2 " ..
            "RETURN a.n, c.n, r.w",
        "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(b)<-[:R]-(d:A {n: 0}) " ..
            "RETURN a.n, count(b)",
        "MATCH (a:A) OPTIONAL MATCH p = (a)-[:R]->(c:Rare) " ..
            "RETURN a.n, length(p)",
        "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(c:Rare) WHERE c.n IN [0, 90] " ..
            "AND a.y = 0 WITH a, c WHERE c IS NULL RETURN a.n",
        "MATCH (a:A), (b:B {n: 1}) OPTIONAL MATCH (a)-[:R]->(c:Rare) " ..
            "RETURN a.n, b.n, c.n",
        "MATCH (x:A) OPTIONAL MATCH (x)-[:R]->(c:Rare) OPTIONAL MATCH " ..
            "(x)-[:R]->(:B)<-[:R]-(d:A {n: 1}) RETURN x.n, c.n, d.n",
    }

    it("is a join of what is found once", function()
        for _, text in ipairs(JOINED) do
            local plan = help.plan(db, text)
            assert.truthy(plan:find("Join optional on", 1, true),
                          text .. "\n" .. plan)
        end
        assert.equal("Project n = a.n, m = c.n\nJoin optional on a\n" ..
            "Expand (c)<-[:R]-(a)\nNodeScan (c:Rare)\nArgument\n" ..
            "NodeScan (a:A)\nArgument",
            help.plan(db, (JOINED[1]:gsub("a.n, c.n", "a.n AS n, c.n AS m"))))
    end)

    it("gives the rows that it gives one by one", function()
        for _, text in ipairs(JOINED) do
            local other = follow(text)
            assert.is_nil(help.plan(db, other):find("Join optional", 1, true),
                          other)
            assert.same(rows_of(other), rows_of(text), text)
        end
        assert.equal(1, #rows_of("MATCH (x:A) OPTIONAL MATCH " ..
            "(x)-[:S]->(a:Rare) WITH x, a WHERE a IS NOT NULL RETURN x.n"))
    end)

    it("keeps the order of the rows", function()
        local last = -1
        for _, row in ipairs(help.run(db, "MATCH (a:A) WITH a ORDER BY a.n " ..
            "OPTIONAL MATCH (a)-[:R]->(c:Rare) RETURN a.n AS n, c.n AS m"))
        do
            assert.truthy(row.n >= last)
            last = row.n
        end
        assert.equal(NODES - 1, last)
    end)

    it("asks each row where that is less, or something else", function()
        for _, text in ipairs({
            -- all of the neighbours are meant
            "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(b:B) RETURN a.n, b.n",
            -- few rows
            "MATCH (a:A {n: 3}) OPTIONAL MATCH (a)-[:R]->(c:Rare) RETURN c.n",
            -- a LIMIT wants few of them
            "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(c:Rare) RETURN a.n, c.n " ..
                "LIMIT 5",
            "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(c:Rare) RETURN a.n, c.n " ..
                "ORDER BY a.n LIMIT 5",
            -- what may raise, or is another each time
            "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(c:Rare) WHERE 1 / c.n > " ..
                "0 RETURN a.n",
            "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(c:Rare) WHERE rand() < " ..
                "0.5 RETURN a.n",
            -- what else the row has
            "MATCH (a:A) WITH a, a.y AS y OPTIONAL MATCH (a)-[:R]->(c:Rare) " ..
                "WHERE c.n = y RETURN a.n",
            -- what the statement changed
            "MATCH (a:A) SET a.q = 1 WITH a OPTIONAL MATCH " ..
                "(a)-[:R]->(c:Rare) RETURN a.n",
            -- what may be no node
            "MATCH (a:A) WITH collect(a) + [null] AS l UNWIND l AS a " ..
                "OPTIONAL MATCH (a)-[:R]->(c:Rare) RETURN a.n",
        }) do
            local plan = help.plan(db, text)
            assert.is_nil(plan:find("Join optional", 1, true),
                          text .. "\n" .. plan)
        end
    end)

    it("still joins where a LIMIT has to see all", function()
        assert.truthy(help.plan(db, "MATCH (a:A) OPTIONAL MATCH " ..
            "(a)-[:R]->(c:Rare) RETURN a.n, c.n ORDER BY c.n LIMIT 5")
            :find("Join optional", 1, true))
    end)

    it("reads less", function()
        local function rows_read(text)
            local read = 0
            for _, line in ipairs(help.run(db, "PROFILE " .. text).profile) do
                read = read + line.rows
            end
            return read
        end
        local text = "MATCH (a:A) OPTIONAL MATCH (a)-[:R]->(c:Rare) " ..
            "RETURN count(c) AS c"
        local few, many = rows_read(text), rows_read(follow(text))
        assert.truthy(few * 1.5 < many, ("%d, %d"):format(few, many))
    end)
end)

describe("an OPTIONAL MATCH from its other end wherever that may be", function()
    local price, asked = match.price, 0

    setup(function()
        match.price = function(_, _, known)
            asked = asked + 1
            return next(known) and 1e9 or 1, 1
        end
    end)
    teardown(function() match.price = price end)

    it("gives what the rules say", function()
        for seed = 7001, 7030 do
            local report = check.seed(seed, 20)
            assert(report == nil, report)
        end
        assert.truthy(asked > 50, asked)
    end)
end)
