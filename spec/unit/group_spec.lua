-- Groups that are walked several times: ((a)-[e:R]->(b)){1,3}.

local help = require("spec.help")
local language = require("spec.support.language")

local CHAIN = "CREATE (:A {n: 0})-[:R {w: 1}]->(:A {n: 1})-[:R {w: 2}]->" ..
    "(:B {n: 2})-[:R {w: 3}]->(:A {n: 3})-[:S {w: 4}]->(:A {n: 4})"

local function chapter(name, cases)
    it(name, function()
        for _, case in ipairs(cases) do language.check_alone(CHAIN, case) end
    end)
end

describe("a group of a pattern", function()
    chapter("is walked as often as it says", {
        { "MATCH (a {n: 0})((x)-[:R]->(y)){1,2}(b) RETURN b.n", "1", "2" },
        { "MATCH (a {n: 0}) ((x)-[:R]->(y))+ (b) RETURN b.n", "1", "2", "3" },
        { "MATCH (a {n: 0}) (()-[:R]->())* (b) RETURN b.n", "0", "1", "2",
          "3" },
        { "MATCH (a {n: 3}) ((x)<-[:R]-(y)){2} (b) RETURN b.n", "1" },
        { "MATCH (a {n: 0}) ((x)-->(y)){0,1} (b) RETURN b.n", "0", "1" },
        { "MATCH ((x)-[:R]->(y)){3} RETURN [n IN x | n.n] AS l",
          "[0, 1, 2]" },
        { "MATCH (a {n: 0}) ((x)-[:R]->(y)){2} ((u)-->(v)){2} (b) RETURN " ..
            "b.n, size(x), [n IN v | n.n] AS l", "4 | 2 | [3, 4]" },
        { "MATCH (a {n: 0})-[:R]->((x)-[:R]->(y)){1,2}<-[:S]-() RETURN 1" },
        { "MATCH (a {n: 0})-[:R]->()((x)-[:R]->(y)){1,2}(b)-[:S]->(c) " ..
            "RETURN c.n", "4" },
    })

    chapter("has lists of what is in it", {
        { "MATCH (a {n: 0}) ((x)-[e:R]->(y)){2,3} (b) RETURN [n IN x | n.n] " ..
            "AS x, [n IN y | n.n] AS y, [r IN e | r.w] AS e ORDER BY size(x)",
          "[0, 1] | [1, 2] | [1, 2]", "[0, 1, 2] | [1, 2, 3] | [1, 2, 3]" },
        { "MATCH (a {n: 3}) ((x)<-[e:R]-(y)){2} (b) RETURN [n IN x | n.n] " ..
            "AS x, [n IN y | n.n] AS y", "[3, 2] | [2, 1]" },
        { "MATCH p = (a {n: 0}) ((x)-[e:R]->(y)){2} (b) WHERE last(y).n = 2 " ..
            "RETURN length(p), x[0] = a AS o", "2 | true" },
        { "MATCH (b {n: 3}), (a {n: 0}) MATCH (a)((x)-[:R]->(y))+(b) " ..
            "RETURN [n IN y | n.n] AS l", "[1, 2, 3]" },
        { "MATCH (a {n: 0}) ((x)-[e:R]->(y)){0} (b) RETURN x, y, e",
          "[] | [] | []" },
    })

    chapter("asks each relationship and its ends", {
        { "MATCH (a {n: 0}) ((x:A)-[:R]->(y:A))+ (b) RETURN b.n", "1" },
        { "MATCH (a {n: 0}) ((x)-[e WHERE e.w < 3]->(y))+ (b) RETURN b.n", "1",
          "2" },
        { "MATCH (a {n: 0}) ((x)-[e:R]->(y) WHERE x.n + 1 = y.n AND e.w < " ..
            "3)+ (b) RETURN b.n", "1", "2" },
        { "MATCH (a {n: 0}) ((x WHERE x.n < 1)-[{w: 1}]->({n: 1}))+ (b) " ..
            "RETURN b.n", "1" },
        { "MATCH (a {n: 1}) ((x)-->(y) WHERE y.n > a.n)* (b) RETURN b.n",
          "1", "2", "3", "4" },
        { "MATCH (a {n: 4}) ((x)<--(y:B|A WHERE y.n > 1)){1,} (b) RETURN b.n",
          "3", "2" },
        { "MATCH (a {n: 0}) WHERE EXISTS { (a)((x)-[:R]->(y:A))+(b:A) } " ..
            "RETURN a.n", "0" },
        { "MATCH (a {n: 0}) RETURN [(a)((x)-->(y) WHERE y:A)+(b) | b.n] AS l",
          "[1]" },
        { "MATCH (a) RETURN a.n AS n, COUNT { (a)((x)-[:R]->(y))+() } AS c " ..
            "ORDER BY n", "0 | 3", "1 | 2", "2 | 1", "3 | 0", "4 | 0" },
        { "MATCH (a {n: 0}) ((x)-->(y) WHERE EXISTS { (y)-[:R]->(:B) })+ " ..
            "(b) RETURN b.n", "1" },
        { "MATCH (a {n: 4}) RETURN EXISTS { (a)((x)<-[:S]-(y)){1}() } AS e, " ..
            "exists((a)((x)<-[e]-(y) WHERE e.w > 3)+()) AS f, " ..
            "exists((a)((x)<-[e]-(y) WHERE e.w > 4)+()) AS g",
          "true | true | false" },
    })

    it("may be a loop", function()
        local db = language.open(CHAIN .. ", (l {n: 9})-[:L]->(l), " ..
            "(l)-[:L]->(l), (l)-[:L]->()")
        language.check(db, { "MATCH (a)((x)-[e:L]->(x)){1,}(b) RETURN " ..
            "b.n, [n IN x | n.n], size(e)", "9 | [9] | 1", "9 | [9] | 1",
            "9 | [9, 9] | 2", "9 | [9, 9] | 2" })
        language.check(db, { "MATCH (a {n: 0})((x)-[e]->(x)){0,1}(b) " ..
            "RETURN b.n, x", "0 | []" })
        db:close()
    end)

    chapter("has errors with openCypher's names", {
        { "MATCH (x), (a)((x)-[:R]->(y))+(b) RETURN a",
          fault = "SyntaxError.VariableAlreadyBound" },
        { "MATCH ()-[e*2]->() MATCH (a)((x)-[e]->(y))+(b) RETURN a",
          fault = "SyntaxError.VariableAlreadyBound" },
        { "MATCH (a)((x)-[:R]->(y))+(b) RETURN x.n",
          fault = "TypeError.InvalidArgumentType" },
        { "MATCH (a)((x)-[:R]->(y) WHERE z.n = 1)+(b) RETURN a",
          fault = "SyntaxError.UndefinedVariable" },
        { "MATCH (a)((x)-[:R]->(y))(b) RETURN a",
          fault = "SyntaxError.UnexpectedSyntax" },
        { "MATCH (a)((x)-[:R]->(y)-->(z))+(b) RETURN a",
          fault = "SyntaxError.UnsupportedSyntax" },
        { "MATCH (a)((x)-[:R]-(y))+(b) RETURN a",
          fault = "SyntaxError.UnsupportedSyntax" },
        { "MATCH (a)((x)-[:R*]->(y))+(b) RETURN a",
          fault = "SyntaxError.UnsupportedSyntax" },
        { "CREATE (a)((x)-[:R]->(y)){2}(b)",
          fault = "SyntaxError.CreatingVarLength" },
        { "MATCH (a), (b) RETURN shortestPath((a)((x)-[:R]->(y))+(b))",
          fault = "SyntaxError.InvalidRelationshipPattern" },
    })

    it("is a walk that asks each edge on the way", function()
        local db = help.open()
        help.run(db, CHAIN)
        local plan = help.plan(db, "MATCH (a:A {n: 0}) ((x)-[e:R]->(y:A))+ " ..
            "(b) RETURN b.n")
        assert.truthy(plan:find("VarLengthExpand (a)-[:R*1..]->(b) each",
                                1, true), plan)
        local _, err = db:query("MATCH (a)\n((x)-->()-->(y))+(b) RETURN a")
        assert.equal("unsupported", err.code)
        assert.equal("2:1", err.line .. ":" .. err.column)
        db:close()
    end)
end)
