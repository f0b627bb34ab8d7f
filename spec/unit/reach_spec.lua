-- Walks of several hops where a row says as much once as often: what they lead
-- to is found, and not all the ways to it.

local help = require("spec.help")
local random = require("spec.support.random")

local DIRECTIONS = { { "-", "->" }, { "<-", "-" }, { "-", "-" } }

describe("walks that need not be told apart", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)

    -- Layers of nodes, each of which leads to all of the next one: of walks
    -- through it there are `width` to the power of `layers`.
    local function layers(count, width)
        help.run(db, [[
            UNWIND range(1, $count) AS l UNWIND range(1, $width) AS i
            CREATE (:P {l: l, i: i})]], { count = count, width = width })
        help.run(db, [[
            MATCH (a:P) WITH collect(a) AS all UNWIND all AS a UNWIND all AS b
            WITH a, b WHERE b.l = a.l + 1 CREATE (a)-[:R]->(b)]])
    end

    local function answers(text, expected, params)
        local rows = assert(db:query(text, params, { timeout = 60 }))
        assert.same(expected, rows[1], text)
        assert.truthy(help.plan(db, text):find("Reach", 1, true), text)
    end

    it("end where there are more than could ever be walked", function()
        layers(40, 4)
        local from = "MATCH (a:P {l: 1, i: 1}) "
        answers(from .. "MATCH (a)-[:R*]->(b) RETURN count(DISTINCT b) AS n",
                { n = 156 })
        answers(from .. "MATCH (b)<-[:R*0..]-(a) WITH DISTINCT b " ..
                "RETURN count(*) AS n", { n = 157 })
        answers(from .. "MATCH p = (a)-[:R*..20]->(b) " ..
                "RETURN max(b.l) AS l, collect(DISTINCT b.i) AS i",
                { l = 21, i = { 1, 2, 3, 4 } })
        answers(from .. "MATCH (b:P {l: 40, i: 2}) " ..
                "RETURN EXISTS { (a)-[:R*]->(b) } AS there, " ..
                "EXISTS { (b)-[:R*]->(a) } AS back",
                { there = true, back = false })
        answers(from .. "CALL (a) { MATCH (a)-[:R*]-(b) RETURN DISTINCT b } " ..
                "RETURN count(b) AS n", { n = 160 })
        answers(from .. "MATCH (a)((x)-[:R]->(y) WHERE y.i < 3)+(b) " ..
                "RETURN DISTINCT count(DISTINCT b) AS n", { n = 78 })
        answers(from .. "OPTIONAL MATCH (a)-[:R*]->(b) WHERE NOT (b)-->() " ..
                "RETURN collect(DISTINCT b.l) AS l", { l = { 40 } })
        answers("MATCH (a:P {l: 1}) MATCH (a)-[:R*]->(b {l: 40}) " ..
                "RETURN a.i AS i, count(DISTINCT b) AS n ORDER BY i",
                { i = 1, n = 4 })
        answers("MATCH p = (a:P {l: 3, i: 2})-[:R*]->(b) " ..
                "RETURN b.l AS l, min(length(p)) AS n ORDER BY n DESC",
                { l = 40, n = 37 })
        answers("MATCH p = (:P {l: 2, i: 3})-->(a:P {l: 3, i: 2})" ..
                "-[r:R*0..]->(b) " ..
                "RETURN min(length(p)) AS n, min(size(r)) AS m, " ..
                "max(b.l) AS l", { n = 1, m = 0, l = 40 })
        answers("MATCH (a:P) WHERE (a)-[:R*]-(a) RETURN count(*) AS n",
                { n = 160 })
    end)

    it("back to where they begin are looked for once for all nodes", function()
        layers(30, 3)
        help.run(db, "MATCH (a:P {l: 10, i: 1}), (b:P {l: 8, i: 2}) " ..
                 "CREATE (a)-[:R {w: 1}]->(b)")
        help.run(db, "MATCH (a:P {l: 20, i: 3}) CREATE (a)-[:R {w: 2}]->(a)")
        local function on_cycle(text, expected)
            local found = {}
            for i, row in ipairs(help.run(db, text)) do
                found[i] = ("%d.%d"):format(row.l, row.i)
            end
            table.sort(found)
            assert.equal(expected, table.concat(found, " "), text)
            assert.truthy(help.plan(db, text):find("OnCycle", 1, true), text)
        end
        local columns = " RETURN a.l AS l, a.i AS i"
        on_cycle("MATCH (a:P) WHERE EXISTS { (a)-[:R*]->(a) }" .. columns,
                 "10.1 20.3 8.2 9.1 9.2 9.3")
        on_cycle("MATCH (a:P)<-[:R*]-(a) RETURN DISTINCT a.l AS l, a.i AS i",
                 "10.1 20.3 8.2 9.1 9.2 9.3")
        on_cycle("MATCH (a:P)-[r:R* WHERE r.w IS NULL OR r.w <> 1]->(a) " ..
                 "RETURN DISTINCT a.l AS l, a.i AS i", "20.3")
        on_cycle("MATCH (a:P) WHERE a.l < 9 AND (a)-[*]->(a)" .. columns, "8.2")
        on_cycle("UNWIND range(1, 3) AS k MATCH (a:P) WHERE a.i = k " ..
                 "CALL (a) { MATCH (a)-[:R*]->(a) RETURN DISTINCT 1 AS x }" ..
                 columns, "10.1 20.3 8.2 9.1 9.2 9.3")
        local last = "MATCH (a:P) WHERE a.l > 15 AND (a)-[:R*]->(a)" .. columns
        on_cycle(last, "20.3")
        help.run(db, "MATCH (a:P {l: 20})-[e:R]->(a) DELETE e")
        on_cycle(last, "")
    end)

    it("are walked where it matters how many or which they are", function()
        layers(3, 2)
        local function is_walked(text)
            local plan = help.plan(db, text)
            assert.truthy(plan:find("VarLengthExpand", 1, true), text)
            assert.is_nil(plan:find("Reach", 1, true), text)
        end
        is_walked("MATCH (a:P)-[:R*]->(b) RETURN count(b) AS n")
        is_walked("MATCH (a:P)-[:R*]->(b) RETURN b")
        is_walked("MATCH (a:P)-[r:R*]->(b) RETURN DISTINCT size(r) AS n")
        is_walked("MATCH p = (a:P)-[:R*]->(b) RETURN DISTINCT length(p) AS n")
        is_walked("MATCH p = (a:P)-[:R*]->(b) RETURN b, max(length(p)) AS n")
        is_walked("MATCH p = (a:P)-[:R*]->(b) " ..
                  "RETURN b, min(length(p)) AS n, max(length(p) % 2) AS m")
        is_walked("MATCH p = (a:P)-[:R*]->(b) WHERE length(p) > 1 " ..
                  "RETURN b, min(length(p)) AS n")
        is_walked("MATCH (a:P)-[r:R*]->(b) WITH b, size(r) AS n " ..
                  "WHERE NOT EXISTS { (b {i: n}) } RETURN b, min(n) AS m")
        is_walked("MATCH (a:P)-[r:R*]->(b) WITH b, size(r) AS n " ..
                  "CALL (n) { RETURN n % 2 AS m } RETURN b, min(n) AS n, " ..
                  "max(m) AS m")
        is_walked("MATCH (a:P)-[:R*2..]->(b) RETURN DISTINCT b")
        is_walked("MATCH (a:P {i: 1})-[:R*]->(b)<-[:R]-(c) " ..
                  "RETURN DISTINCT c, a")
        is_walked("MATCH (a:P)-[:R*]->(b) WITH b LIMIT 3 RETURN DISTINCT b")
        is_walked("MATCH (a:P)-[:R*]->(b) WITH b, rand() AS x " ..
                  "RETURN DISTINCT b, x")
        is_walked("MATCH (a:P)-[:R*]->(b) RETURN b.l AS l, sum(b.i) AS n, " ..
                  "count(DISTINCT a) AS m")
        is_walked("MATCH (a:P)-[:R*]->(b) SET b.x = 1 RETURN DISTINCT b")
    end)

    ------------------------------------- beside what walks give, told apart

    local function graph(choose)
        local nodes, edges = choose:int(2, 6), choose:int(1, 6)
        help.run(db, "MATCH (n) DETACH DELETE n")
        help.run(db, "UNWIND range(1, $nodes) AS i CREATE (:N {i: i})",
                 { nodes = nodes })
        for _ = 1, edges do
            help.run(db, ("MATCH (a:N {i: %d}), (b:N {i: %d}) " ..
                "CREATE (a)-[:%s {w: %d}]->(b)"):format(choose:int(1, nodes),
                choose:int(1, nodes), choose:pick({ "R", "R", "S" }),
                choose:int(1, 3)))
        end
        if choose:one_in(2) then assert(db:flush()) end
    end

    local function hops(choose)
        local direction = choose:pick(DIRECTIONS)
        local inner = choose:pick({ "r", "r:R", "r:R|S" }) .. "*" ..
            choose:pick({ "", "0..", "..2", "..3", "0..3", "1..4", "0..1" })
        if choose:one_in(3) then
            inner = inner .. " WHERE r.w " .. choose:pick({ "< 3", "<> 2" })
        end
        return direction[1] .. "[" .. inner .. "]" .. direction[2]
    end

    -- A pattern in which a and b are the ends of a walk.
    local function pattern(choose)
        local walk = hops(choose)
        return choose:pick({
            "MATCH (a:N)" .. walk .. "(b)",
            "MATCH (a:N)" .. walk .. "(b:N {i: 2})",
            "MATCH (a:N)" .. walk .. "(a), (b:N)",
            "MATCH (a:N), (b:N) MATCH (a)" .. walk .. "(b)",
            "MATCH (a:N)-[e]-(c) MATCH (a)" .. walk .. "(b)",
            "MATCH (a:N) OPTIONAL MATCH (a)" .. walk .. "(b)",
            -- Not reached if the walk is planned before the edge.
            "MATCH (c)-[e:R]-(a:N)" .. walk .. "(b)",
        })
    end

    local function rows_of(text, with_hops)
        local rows = {}
        for i, row in ipairs(help.run(db, text)) do
            rows[i] = row.a .. " " .. tostring(row.b) ..
                (with_hops and " " .. tostring(row.n) or "")
        end
        table.sort(rows)
        return rows
    end

    it("lead to the same nodes by the fewest hops", function()
        local choose = random.new(tonumber(os.getenv("REACH_SEED")) or 1)
        local reaches = 0
        for _ = 1, 25 do
            local seed = choose.state
            graph(choose)
            for _ = 1, 8 do
                local match = pattern(choose)
                local ends = " RETURN DISTINCT a.i AS a, b.i AS b"
                local least = " RETURN a.i AS a, b.i AS b, min(size(r)) AS n"
                local walked = match .. least .. ", count(*) AS c"
                assert.is_nil(help.plan(db, walked):find("Reach", 1, true))
                for _, text in ipairs({ match .. least, match .. ends }) do
                    if help.plan(db, text):find("Reach", 1, true) then
                        reaches = reaches + 1
                    end
                end
                local where = match .. "; state " .. seed
                assert.same(rows_of(walked, true),
                            rows_of(match .. least, true), where)
                assert.same(rows_of(walked), rows_of(match .. ends), where)
            end
        end
        assert.is_true(reaches > 300, reaches)
    end)
end)
