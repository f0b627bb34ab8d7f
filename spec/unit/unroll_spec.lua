-- ((a)-[r]->(b)-[s]->(c)){1,3}: groups of several relationships, and of one
-- without a direction.

local help = require("spec.help")
local language = require("spec.support.language")

-- 1 -K-> 2 -L-> 3 -K-> 4 -L-> 5, and 3 -L-> 1.
local CHAIN = "CREATE (a:A {n: 1})-[:K {w: 1}]->(b {n: 2})-[:L {w: 2}]->" ..
    "(c:A {n: 3})-[:K {w: 3}]->(d {n: 4})-[:L {w: 4}]->(e:A:E {n: 5}), " ..
    "(c)-[:L {w: 5}]->(a)"

local KL = "((a)-[r:K]->(b)-[s:L]->(c))"

describe("a group of several relationships", function()
    local db
    setup(function() db = language.open(CHAIN) end)
    teardown(function() db:close() end)

    local function chapter(name, cases)
        it(name, function()
            for _, case in ipairs(cases) do language.check(db, case) end
        end)
    end

    chapter("is walked as often as it says", {
        { "MATCH (x)" .. KL .. "{1}(y) RETURN x.n, y.n", "1 | 3", "3 | 5" },
        { "MATCH (x)" .. KL .. "{1,3}(y) RETURN x.n, y.n", "1 | 3", "3 | 5",
          "1 | 5" },
        { "MATCH (x)" .. KL .. "{2}(y) RETURN x.n, y.n", "1 | 5" },
        { "MATCH (x:E)" .. KL .. "{0,2}(y) RETURN x.n, y.n", "5 | 5" },
        { "MATCH " .. KL .. "{2} RETURN count(*)", "1" },
        { "MATCH ()" .. KL .. "{0}() RETURN count(*)", "5" },
        { "MATCH (x {n: 1}) MATCH (x)(()-->()-->()){1,2}() " ..
            "MATCH (x)(()-->()-->()){1,2}() RETURN *, count(*) AS c",
          "(:A {n: 1}) | 4" },
        { "MATCH (` 1` {n: 1}) MATCH (` 1`)(()-->()-->()){1}() RETURN *",
          "(:A {n: 1})" },
        { "MATCH (x {n: 5}) MATCH (x)(()-->()-->()){1,2}() RETURN count(*)",
          "0" },
        { "MATCH (x:A) RETURN x.n, COUNT { (x)(()-->()-->()){1,2}() }, " ..
            "EXISTS { (x)(()-->()-->()){1,2}() }",
          "1 | 2 | true", "3 | 3 | true", "5 | 0 | false" },
        { "MATCH (x)" .. KL .. "{2,1}(y) RETURN x.n, a" },
        { "MATCH (x {n: 1}) OPTIONAL MATCH (x)" .. KL .. "{2,1}(y) " ..
            "RETURN x.n, y, a, COUNT { (x)(()--()){9,0}() } AS c",
          "1 | null | null | 0" },
        { "MATCH p = (x)" .. KL .. "{2}(y) RETURN [n IN nodes(p) | n.n], " ..
            "[e IN relationships(p) | e.w]",
          "[1, 2, 3, 4, 5] | [1, 2, 3, 4]" },
        { "MATCH (x)-[:L]->(y)" .. KL .. "{1,2}(z)-[:K]->(q) " ..
            "RETURN x.n, y.n, z.n, q.n", "3 | 1 | 3 | 4" },
        { "MATCH (x)((a)-[:K]->(b)-[:L]->(c)){1}((d)-[:K]->()-[:L]->(e))" ..
            "{0,1}(y) RETURN x.n, y.n, size(d), [n IN e | n.n]",
          "1 | 3 | 0 | []", "1 | 5 | 1 | [5]", "3 | 5 | 0 | []" },
    })

    chapter("gives lists of what is in it", {
        { "MATCH (x)" .. KL .. "{2}(y) RETURN [n IN a | n.n] AS a, " ..
            "[e IN r | e.w] AS r, [n IN b | n.n] AS b, [n IN c | n.n] AS c",
          "[1, 3] | [1, 3] | [2, 4] | [3, 5]" },
        { "MATCH (x:E)" .. KL .. "{0,1}(y) RETURN a, r, b, s, c",
          "[] | [] | [] | [] | []" },
        { "MATCH (x)" .. KL .. "{1,2}(y) WHERE size(r) = 2 OR " ..
            "any(n IN b WHERE n.n = 4) RETURN x.n, y.n", "3 | 5", "1 | 5" },
        { "MATCH (x {n: 1})" .. KL .. "{2}(y) RETURN *",
          "[(:A {n: 1}), (:A {n: 3})] | [({n: 2}), ({n: 4})] | " ..
          "[(:A {n: 3}), (:A:E {n: 5})] | [[:K {w: 1}], [:K {w: 3}]] | " ..
          "[[:L {w: 2}], [:L {w: 4}]] | (:A {n: 1}) | (:A:E {n: 5})" },
    })

    chapter("asks each time what stands in it", {
        { "MATCH (x)((a:A)-[r]->(b {n: 4})-[s]->(c:E)){1,2}(y) " ..
            "RETURN x.n, y.n", "3 | 5" },
        { "MATCH (x)((a)-[r WHERE r.w > 1]->(b)-[s]->(c) WHERE s.w < 5 AND " ..
            "a.n < c.n AND all(a IN [a.n] WHERE a > 0)){1,2}(y) " ..
            "RETURN x.n, y.n", "2 | 4", "3 | 5" },
        { "MATCH (x)((a)-[r]->(b)-->(c) WHERE EXISTS { (b)-[:L]->(d:E) })" ..
            "{1,2}(y) RETURN x.n, y.n", "3 | 5" },
        { "MATCH (x)((a)-[:K]->()-[:L]->(b)-[:L]->(a)){1,2}(y) " ..
            "RETURN x.n, y.n", "1 | 1" },
        { "UNWIND [2, 9] AS w MATCH (x)((a)-[r]->(b)-[s {w: w}]->(c)){1,2}" ..
            "(y) RETURN w, x.n, y.n", "2 | 1 | 3" },
    })

    -- x inside is another than (x), which a is.
    chapter("leaves names alone that loops and sub-queries have", {
        { "MATCH (x {n: 1})((a)-->(b)-->(c) WHERE any(x IN [1] WHERE " ..
            "a.n = x)){1}(y) RETURN x.n, y.n", "1 | 3" },
        { "MATCH (x {n: 1})((a)-->(b)-->(c) WHERE EXISTS { MATCH (q {n: 3}) " ..
            "WITH q AS x WHERE x.n > a.n RETURN x }){1}(y) RETURN y.n", "3" },
        { "MATCH (x {n: 1})((a)-->(b)-->(c) WHERE reduce(x = 0, y IN [2] | " ..
            "x + y + c.n) = 5){1}(y) RETURN y.n", "3" },
        { "MATCH (x {n: 1})((a)-->(b)-->(c)){0,2}(y {n: 1} WHERE " ..
            "all(x IN [7] WHERE y.n < x)) RETURN y.n, size(a)", "1 | 0" },
        { "MATCH (x {n: 1})((a {n: last([x IN [2, 1] | x])})-->(b)-->(c))" ..
            "{1}(y) RETURN y.n", "3" },
    })

    chapter("may stand beside one of a single relationship", {
        { "MATCH (x {n: 1})((a)-[r]->(b)){1}(y)((c)-->(d)-->(e)){1}(z) " ..
            "RETURN [n IN a | n.n], size(r), [n IN b | n.n], [n IN c | n.n]",
          "[1] | 1 | [2] | [2]", "[1] | 1 | [2] | [2]" },
    })

    chapter("begins and ends at what is known", {
        { "MATCH (x {n: 1}), (y) MATCH (x)" .. KL .. "{0,2}(y) " ..
            "RETURN x.n, y.n, size(a)", "1 | 1 | 0", "1 | 3 | 1",
          "1 | 5 | 2" },
        { "MATCH (y {n: 3}) MATCH (x)" .. KL .. "{0,1}(y)-[:K]->(z) " ..
            "RETURN x.n, z.n", "3 | 4", "1 | 4" },
        { "MATCH (x)" .. KL .. "{0,1}(y:A)-[:K]->(z), (y)-[:L]->(q) " ..
            "RETURN x.n, y.n, q.n", "3 | 3 | 1", "1 | 3 | 1" },
        { "OPTIONAL MATCH (x:E)" .. KL .. "{1,2}(y) RETURN x, y, a",
          "null | null | null" },
        { "MATCH (x:A) OPTIONAL MATCH (x)" .. KL .. "{2}(y) RETURN x.n, y.n",
          "1 | 5", "3 | null", "5 | null" },
        { "MATCH (x:A) WHERE EXISTS { (x)" .. KL .. "{1,2}(:E) } RETURN x.n",
          "1", "3" },
        { "MATCH (x:A) RETURN x.n, COUNT { (x)" .. KL .. "{1,2}() } AS c",
          "1 | 2", "3 | 1", "5 | 0" },
        { "MATCH (x:A) RETURN COLLECT { MATCH (x)" .. KL .. "{1,2}(y) " ..
            "RETURN y.n ORDER BY y.n } AS l", "[3, 5]", "[5]", "[]" },
    })

    chapter("may be one relationship of any direction", {
        { "MATCH (x {n: 4})((a)-[r]-(b) WHERE a.n > b.n){1,2}(y) " ..
            "RETURN y.n, [n IN b | n.n]", "3 | [3]", "2 | [3, 2]",
          "1 | [3, 1]" },
    })

    it("is refused where it cannot be", function()
        local function refused(text, message, code)
            local rows, err = db:query(text)
            assert.is_nil(rows, text)
            assert.truthy(err.message:find(message, 1, true), err.message)
            assert.equal(code or "unsupported", err.code)
        end
        refused("MATCH (x)" .. KL .. "+(y) RETURN x", "so many times at most")
        refused("MATCH (x)" .. KL .. "{2,}(y) RETURN x", "at most: {1,3}")
        refused("MATCH (x)((a)-[:K*]->(b)-->(c)){1,2}(y) RETURN x",
                "walked once")
        refused("RETURN [(x)" .. KL .. "{1,2}(y) | x.n]", "is for MATCH")
        refused("CREATE (x)" .. KL .. "{1,2}(y)", "is for MATCH")
        refused("MATCH (x)" .. KL .. "{0,99}(y) RETURN x", "in 64 ways",
                "limit")
        refused("MATCH (x)((a)-->(b)-->(c) WHERE EXISTS { (a)((d)-->(e)-->" ..
            "(f)){0,20}() }){0,20}(y) RETURN x", "too many patterns", "limit")
        refused("MATCH (a)" .. KL .. "{1,2}(y) RETURN y", "bound already",
                "syntax")
        refused("MATCH (a) MATCH (x)" .. KL .. "{1,2}(y) RETURN y",
                "bound already", "syntax")
        refused("MATCH (x)" .. KL .. "{1,2}(y) RETURN a.n", "", "syntax")
        refused("MATCH p = shortestPath((x)" .. KL .. "{1,2}(y)) RETURN p",
                "of one relationship pattern", "syntax")
        refused("MATCH p = ANY SHORTEST (x)" .. KL .. "{1,2}(y) RETURN p",
                "of one relationship pattern")
    end)

    it("starts where a pattern would", function()
        local plan = help.plan(db, "MATCH (x:E)" .. KL .. "{1,2}(y) RETURN y")
        assert.truthy(plan:find("NodeScan (x:E)", 1, true), plan)
        assert.falsy(plan:find("NodeScan (y", 1, true), plan)
    end)
end)
