-- Counts of patterns around one node: products of degrees, less the ways in
-- which an edge would be in two places. Random patterns over random graphs with
-- loops and parallel edges, counted and collected.

local namidb = require("namidb")

local counted_rows = require("spec.support.counted_rows")
local help = require("spec.help")
local random = require("spec.support.random").new(os.time())

local function pick(list) return random:pick(list) end

local GRAPH = { random = random, labels = { "A", "B", { "A", "B" }, {} },
                types = { "R", "R", "S", "T" }, loops = 4, nodes = 10,
                edges = 30 }

local LABELS = { "", "", "", ":A", ":B", ":A:B", ":C" }
local TYPES = { "", ":R", ":R", ":R|S", ":S", ":T|R", ":X", ":R|X" }

local function edge(name)
    local inner = "[" .. name .. pick(TYPES) .. "]"
    if random(2) == 1 then return "-" .. inner .. "->" end
    return "<-" .. inner .. "-"
end

-- Edges at m: one, a path through it, or as many as four of one MATCH or of
-- several.
local function pattern()
    local middle, parts, names = "(m" .. pick(LABELS) .. ")", {}, {}
    for i = 1, pick({ 1, 2, 2, 2, 3, 3, 4 }) do
        names[i] = "e" .. i
        local first, last = middle, "(n" .. i .. pick(LABELS) .. ")"
        if random(2) == 1 then first, last = last, first end
        parts[i] = first .. edge(names[i]) .. last
    end
    local text = "MATCH " .. parts[1]
    for i = 2, #parts do
        text = text .. (random(4) == 1 and " MATCH " or ", ") .. parts[i]
    end
    if random(4) == 1 then text = text .. " WHERE m.y < 3" end
    return text, names
end

local KEYS = { "1", "1", "m", "m.y", "m.n % 2", "n1", "n1.y" }

-- How many plans had degrees, and loops.
local seen = { degree = 0, loops = 0 }

describe("counts around a node", function()
    local function check(db)
        for _ = 1, 40 do
            local match, edges = pattern()
            local plan = counted_rows.check(db, match, pick(KEYS), edges)
            for kind, count in pairs(seen) do
                if plan:find(kind, 1, true) then seen[kind] = count + 1 end
            end
        end
    end

    for _, where in ipairs(counted_rows.PLACES) do
        it("are those of their rows, which are in " .. where, function()
            counted_rows.run("star", where, GRAPH, check)
        end)
    end

    it("were often products of degrees", function()
        assert.is_true(seen.degree > 90 and seen.loops > 3)
    end)

    it("see what their own statement changed", function()
        local db = assert(namidb.open("memory://star-changes"))
        assert.equal(2, db:query("CREATE (a:A)-[:R]->(b)-[:R]->(c), (b)-[:R]" ..
            "->(d) WITH 1 AS one MATCH (:A)-[:R]->(m)-[:R]->() " ..
            "RETURN count(*) AS c")[1].c)
        assert.equal(0, db:query("MATCH (a:A) REMOVE a:A WITH 1 AS one " ..
            "MATCH (:A)-[:R]->(m)-[:R]->() RETURN count(*) AS c")[1].c)
        db:close()
    end)

    it("are what the plan says", function()
        local db = assert(namidb.open("memory://star-plans"))
        local function line(text, wanted)
            local plan = help.plan(db, text)
            assert(plan:find(wanted, 1, true), plan)
        end
        line("MATCH (a)-[:R]->(b)-[:R]->(c) RETURN count(*) AS c",
             "(degree((b)-[:R]->()) * degree((b)<-[:R]-())) - " ..
             "loops((b)-[:R]->(b))")
        line("MATCH (a)-[:R]->(b)-[:S]->(c) RETURN count(*) AS c",
             "= (degree((b)-[:S]->()) * degree((b)<-[:R]-()))")
        line("MATCH (a:A)-[:R]->(b) WITH b, count(*) AS c RETURN b.x, c",
             "= degree((b)<-[:R]-(:A))")
        line("MATCH (b)-[:R]->(a), (b)-[:R]->(c) RETURN b.x, count(*) AS c",
             "(degree((b)-[:R]->()) * degree((b)-[:R]->())) - " ..
             "degree((b)-[:R]->())")
        db:close()
    end)

    it("by that node need no groups, for it is in one row", function()
        local db = assert(namidb.open("memory://star-groups"))
        db:query("CREATE (a:A)-[:R]->(b:B {n: 1}), (a)-[:R]->(b), " ..
                 "(a)-[:R]->(:B {n: 2})")
        local match = "MATCH (a)-[:R]->(b) WITH b, count(*) AS c, "
        assert.is_nil(help.plan(db, match .. "count(a) AS d RETURN b.n, c, d")
            :find("Aggregate", 1, true))
        assert.is_truthy(help.plan(db, match .. "max(b.n) AS d RETURN c, d")
            :find("Aggregate", 1, true))
        local rows = assert(db:query("UNWIND [0, 1, 2] AS i CALL (i) { " ..
            "MATCH (a)-[:R]->(b) WITH i, b AS x, count(*) AS c " ..
            "WHERE c > i RETURN x.n AS n, c } " ..
            "RETURN i, n, c ORDER BY i, n"))
        local found = {}
        for i, row in ipairs(rows) do
            found[i] = ("%d %d %d"):format(row.i, row.n, row.c)
        end
        assert.same({ "0 1 2", "0 2 1", "1 1 2" }, found)
        -- Unless it comes several times.
        rows = assert(db:query("UNWIND [1, 2] AS i MATCH (b:B {n: 1}) WITH " ..
            "b, i LIMIT 9 MATCH (b)<-[:R]-(a) WITH b, count(*) AS c " ..
            "RETURN b.n AS n, c"))
        assert.same({ { n = 1, c = 4 } }, { { n = rows[1].n, c = rows[1].c },
                                            rows[2] })
        db:close()
    end)

    it("ask for no degrees of what a condition leaves out", function()
        local db = assert(namidb.open("memory://star-conditions"))
        local plan = help.plan(db, "MATCH (b:B)-[:R]->(a), (b)-[:R]->(c) " ..
            "WHERE b.y < 3 RETURN count(*) AS c")
        assert.is_truthy(plan:find("Project #%d+ = %b()\nFilter %(b.y < 3%)" ..
            "\nNodeScan"), plan)
        db:close()
    end)

    -- Enough nodes for their tables to be asked: of the ends of R and S they
    -- tell, until something is changed.
    describe("with labels that tables tell", function()
        local PATTERNS = {
            "(l:A)-[:R]->(m:A)-[e:R]->(n:A)", "(l)-[:R]->(m:A)-[e:R]->(n:B)",
            "(l:A)-[:R]->(m:A)-[e:S]->(n:B)", "(l)-[:R]->(m)<-[e:S]-(n:A)",
            "(l:A)-[:S]->(m:B)<-[e:S]-(n:A)", "(l)-[:R]->(m)-[e:R|S]->(n:A)",
            "(l:A)-[:R]->(m:A)-[e]->(n:B)", "(l)-[:R]->(m)-[e:R]->(n:A:B)",
        }
        local db

        before_each(function()
            db = help.open()
            assert(db:write(function(tx)
                local a, b = {}, {}
                for i = 1, 100 do
                    a[i] = tx:create_node("A", { n = i })
                    b[i] = tx:create_node("B", { n = i })
                end
                for _ = 1, 300 do
                    tx:put_edge("R", pick(a), pick(a))
                    tx:put_edge("S", pick(a), pick(b))
                end
            end))
        end)

        after_each(function() db:close() end)

        local function check_patterns(after)
            local stars = 0
            for _, text in ipairs(PATTERNS) do
                local counted = "MATCH " .. text .. " RETURN count(*) AS c"
                local rows = "MATCH " .. text .. " RETURN size(collect(e)) AS c"
                if help.plan(db, counted):find("degree", 1, true) then
                    stars = stars + 1
                end
                assert.equal(db:query(rows)[1].c, db:query(counted)[1].c,
                             counted .. " after " .. after)
            end
            assert.is_true(stars >= #PATTERNS - 2)
        end

        local CHANGES = {
            "MATCH (n:A {n: 1}) REMOVE n:A",
            "MATCH (n:A {n: 2}) SET n:B:C",
            "MATCH (m:A {n: 3}), (n:B {n: 3}) CREATE (m)-[:R]->(n)",
            "MATCH (m:A {n: 4})-[e:S]->(n) DELETE e CREATE (m)-[:R]->(n)",
            "MATCH (m:A {n: 5})-[e:R]->() DELETE e",
            "MATCH (m:A)-[e:R]->(:B) DELETE e",
            "MATCH (n:B {n: 6}) DETACH DELETE n",
        }

        it("are those of their rows, whatever changes", function()
            check_patterns("nothing")
            assert(db:flush())
            check_patterns("a flush")
            for _, change in ipairs(CHANGES) do
                assert(db:query(change))
                check_patterns(change)
            end
            assert(db:flush())
            check_patterns("another flush")
        end)

        for i, change in ipairs(CHANGES) do
            it("are those of their rows after change " .. i, function()
                assert(db:flush())
                assert(db:query(change))
                check_patterns(change)
                assert(db:flush())
                check_patterns(change .. ", flushed")
            end)
        end
    end)

    -- What no list of rows could hold: the numbers are the degrees' alone.
    describe("that are large", function()
        local HUB, FITTING = 60000, 50000
        local db

        setup(function()
            db = help.open()
            assert(db:write(function(tx)
                local ends, from = {}, {}
                local hub = tx:create_node("Hub", { n = 1 })
                for i = 1, HUB do
                    from[i], ends[i] = hub, tx:create_node("End")
                end
                assert(tx:put_edges("R", from, ends))
                for i = HUB, FITTING + 1, -1 do from[i], ends[i] = nil, nil end
                assert(tx:put_edges("S", from, ends))
                hub = tx:create_node("Hub", { n = 2 })
                for i = 1, FITTING do from[i] = hub end
                assert(tx:put_edges("S", from, ends))
            end))
            assert(db:flush())
        end)

        teardown(function() db:close() end)

        local function four(kind, condition, result)
            local parts = {}
            for i = 1, 4 do
                parts[i] = ("(h:Hub)-[:%s]->(n%d:End)"):format(kind, i)
            end
            local rows, message = db:query("MATCH " ..
                table.concat(parts, ", ") .. condition .. " RETURN " .. result)
            return rows and rows[1].c, message
        end

        local FALLING = "count(*) = 50000 * 49999 * 49998 * 49997 AS c"

        it("are exact as long as they are Integers", function()
            assert.is_true(four("S", " WHERE h.n = 1", FALLING))
        end)

        it("are an error beyond, at one node", function()
            local count, message = four("R", "", "count(*) AS c")
            assert.is_nil(count)
            assert.matches("not within the Integers", message)
        end)

        it("are an error beyond, of several nodes together", function()
            local count, message = four("S", "", "count(*) AS c")
            assert.is_nil(count)
            assert.matches("not within the Integers", message)
        end)

        it("are no error of a node that a condition leaves out", function()
            assert.equal(0, four("R", " WHERE h.n = 2", "count(*) AS c"))
        end)
    end)
end)
