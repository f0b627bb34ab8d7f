--- Counts of patterns beside the rows that they count, over random graphs of
-- few nodes: so few that edges have others beside them, and against them.
--
-- @module counted_rows
local namidb = require("namidb")

local help = require("spec.help")

local counted_rows = {}

local ROUNDS = 4

-- graph: { random, labels =, types =, of which each is one of a list;
-- loops = of so many nodes one has a loop }.
local function fill(db, graph, count, edges)
    local random = graph.random
    local function pick(list) return random:pick(list) end
    assert(db:write(function(tx)
        local ids = {}
        for i = 1, count do
            ids[i] = tx:create_node(pick(graph.labels),
                                    { n = i, y = random(3) })
        end
        for _ = 1, edges do
            tx:put_edge(pick(graph.types), pick(ids), pick(ids), {})
        end
        for _, id in ipairs(ids) do
            if random:one_in(graph.loops) then
                tx:put_edge(pick({ "R", "S" }), id, id)
            end
        end
    end))
end

local function change(db)
    db:query("MATCH (n {n: 3})-[e]->() DELETE e")
    db:query("MATCH (n {n: 4}) DETACH DELETE n")
    db:query("MATCH (n {n: 5}) SET n:B REMOVE n:A")
end

--- Where the edges of a graph are.
counted_rows.PLACES = { "memory", "packs", "both" }

--- Calls check(db) for some graphs; an error of it tells the seed.
-- @tparam string name of the databases
-- @tparam string where one of PLACES
-- @tparam table graph `random`, a generator; `labels` and `types` to choose
-- from; `loops`: of so many nodes one has a loop; `nodes` and `edges`: how many
-- there are, a third of them again behind the packs
-- @tparam function check
function counted_rows.run(name, where, graph, check)
    local first = graph.random.state
    for round = 1, ROUNDS do
        local db = assert(namidb.open(("memory://%s-%s-%d"):format(name, where,
                                                                   round)))
        fill(db, graph, graph.nodes, graph.edges)
        if where ~= "memory" then assert(db:flush()) end
        if where == "both" then
            change(db)
            fill(db, graph, math.ceil(graph.nodes / 3),
                 math.ceil(graph.edges / 3))
        end
        local ok, err = pcall(check, db)
        db:close()
        assert(ok, ("seed %d: %s"):format(first, tostring(err)))
    end
end

local function rows_of(db, text)
    local lines = {}
    for i, row in ipairs(assert(db:query(text))) do
        lines[i] = ("%s: %d"):format(row.k, row.c)
    end
    table.sort(lines)
    return table.concat(lines, "\n")
end

--- Raises unless the rows of a MATCH are as many, by a key, as are collected.
-- @tparam db db
-- @tparam string match
-- @tparam string key an expression; a name is a node
-- @tparam table edges the names of all edges of the pattern
-- @treturn string the plan of the count
function counted_rows.check(db, match, key, edges)
    local id = key:match("^%a%w*$") and "id(k)" or "k"
    local head = match .. " WITH " .. key .. " AS k, "
    local counted = head .. "count(*) AS c RETURN " .. id .. " AS k, c"
    local collected = rows_of(db, head .. "collect([" ..
        table.concat(edges, ", ") .. "]) AS l RETURN " .. id ..
        " AS k, size(l) AS c")
    local given = rows_of(db, counted)
    assert(given == collected, ("%s\ngives\n%s\nand collects\n%s"):format(
        counted, given, collected))
    if key == "1" then
        local all = assert(db:query(match .. " RETURN count(*) AS c"))
        assert(all[1].c == tonumber(collected:match("(%d+)$") or 0), match)
    end
    return help.plan(db, counted)
end

return counted_rows
