-- Queries over everything: scans, filters, aggregates, joins.
--
-- usage: scan.lua NODES
--
-- The graph is spec/bench/peers.py's, made by the same formulas: nodes with a
-- key, two integers, a float and a string, ten edges from each. Prints "name
-- milliseconds" lines, warm medians, and the sum of what came out as "name=",
-- which must be the peers', too.

local namidb = require("namidb")
local socket = require("socket")

local NODES = tonumber(arg[1])
local DEGREE = 10
local BATCH = 20000
local URI = "memory://scan"

local CACHE = { cache_bytes = 4 * 2 ^ 30 }

local function in_batches(db, count, step)
    local tickets = {}
    for first = 1, count, BATCH do
        tickets[#tickets + 1] = assert(db:write(function(tx)
            for i = first, math.min(first + BATCH - 1, count) do
                step(tx, i)
            end
        end, { wait = false, timeout = 600 }))
        if #tickets > 4 then assert(table.remove(tickets, 1):wait(600)) end
    end
    for _, ticket in ipairs(tickets) do assert(ticket:wait(600)) end
end

local function load()
    local db = assert(namidb.open(URI, CACHE))
    local ids = {}
    in_batches(db, NODES, function(tx, i)
        ids[i] = tx:put_node("Person", i, {
            age = i * 7919 % 90, city = i * 104729 % 100,
            score = namidb.float((i * 15485863) % 1000003 / 8),
            town = "town-" .. i * 104729 % 100, born = i,
            name = "person-" .. i,
        })
    end)
    in_batches(db, NODES * DEGREE, function(tx, at)
        local i, j = math.floor((at - 1) / DEGREE) + 1, (at - 1) % DEGREE + 1
        local to = (i * 48271 + j * 69621 + i * j % 9973 * 16807) % NODES + 1
        tx:put_edge("KNOWS", ids[i], ids[to], { since = 1990 + at % 30 })
    end)
    assert(db:flush(600))
    return db
end

local QUERIES = {
    { "filter_avg", "MATCH (n:Person) WHERE n.age > 30 " ..
        "RETURN avg(n.score) AS v" },
    { "count_filter", "MATCH (n:Person) " ..
        "WHERE n.age > 30 AND n.score < 60000.5 RETURN count(*) AS v" },
    { "sum_arithmetic",
      "MATCH (n:Person) RETURN sum(n.age * 2 + n.city) AS v" },
    { "group_100", "MATCH (n:Person) RETURN n.city AS c, count(*) AS v, " ..
        "avg(n.age) AS a" },
    { "group_100_text", "MATCH (n:Person) " ..
        "RETURN n.town AS c, count(*) AS v, avg(n.age) AS a" },
    { "distinct",
      "MATCH (n:Person) RETURN DISTINCT n.town AS c, 1 AS v" },
    { "order_limit", "MATCH (n:Person) RETURN n.score AS v " ..
        "ORDER BY n.score DESC LIMIT 20" },
    { "order_all", "MATCH (n:Person) RETURN n.score AS v " ..
        "ORDER BY n.score SKIP " .. NODES - 10 },
    { "distinct_ints", "MATCH (n:Person) " ..
        "WITH DISTINCT n.born AS b RETURN sum(b) AS v" },
    { "distinct_texts",
      "MATCH (n:Person) RETURN count(DISTINCT n.name) AS v" },
    { "distinct_towns",
      "MATCH (n:Person) RETURN count(DISTINCT n.town) AS v" },
    { "max_text",
      "MATCH (n:Person) RETURN size(max(n.name) + min(n.name)) AS v" },
    { "starts_with", "MATCH (n:Person) " ..
        "WHERE n.name STARTS WITH 'person-12' RETURN count(*) AS v" },
    { "collect", "MATCH (n:Person) RETURN size(collect(n.born)) AS v" },
    { "collect_groups", "MATCH (n:Person) " ..
        "WITH n.city AS c, collect(n.born) AS l RETURN sum(size(l)) AS v" },
    { "join", "MATCH (a:Person), (b:Person) WHERE a.born = b.born " ..
        "RETURN count(*) AS v" },
    { "group_born", "MATCH (n:Person) " ..
        "WITH n.born AS b, sum(n.age) AS s RETURN sum(s) AS v" },
    { "rank_step", "MATCH (a:Person)-[:KNOWS]->(b) " ..
        "WITH b, sum(a.score) AS s RETURN sum(s) AS v" },
    { "in_degrees", "MATCH (a:Person)-[:KNOWS]->(b) " ..
        "WITH b, count(*) AS n RETURN max(n) AS v" },
    { "zone_range", "MATCH (n:Person) WHERE n.born > " .. NODES * 0.99 ..
        " RETURN count(*) AS v" },
    { "two_hops", "MATCH (a:Person)-[:KNOWS]->(b)-[:KNOWS]->(c) " ..
        "RETURN count(*) AS v", slow = true },
    { "three_hops", "MATCH (a:Person)-[:KNOWS]->(b)-[:KNOWS]->(c)" ..
        "-[:KNOWS]->(d) RETURN count(*) AS v", slow = true },
    { "triangles", "MATCH (a:Person)-[:KNOWS]->(b)-[:KNOWS]->(c)" ..
        "-[:KNOWS]->(a) RETURN count(*) AS v", slow = true },
}

local function once(db, text)
    local begin = socket.gettime()
    local rows = assert(db:query(text, nil, { timeout = 600 }))
    local elapsed = socket.gettime() - begin
    local sum = 0
    for _, row in ipairs(rows) do sum = sum + row.v end
    return elapsed * 1e3, sum
end

local db = load()
for _, query in ipairs(QUERIES) do
    local name, text = query[1], query[2]
    if not arg[2] or name:find(arg[2], 1, true) then
        local _, sum = once(db, text)
        local times = {}
        for i = 1, query.slow and 1 or 9 do times[i] = once(db, text) end
        table.sort(times)
        print(("%s %.4g"):format(name, times[math.floor(#times / 2) + 1]))
        print(("%s= %.10g"):format(name, sum))
        io.stdout:flush()
    end
end
db:close()
