-- What the API costs on a uniform graph: nodes with a key and two properties,
-- ten edges with one property from each to random others.
--
-- usage: uniform.lua NODES STORE-URI
--
-- Prints "name value" lines; spec/bench/run puts them beside their goals.

local namidb = require("namidb")
local socket = require("socket")

local NODES, uri = tonumber(arg[1]), arg[2]
local DEGREE = 10
local BATCH = 20000

local state = 42
local function random(bound) -- MINSTD (Park and Miller), exact in doubles
    state = state * 48271 % 2147483647
    return state % bound + 1
end

local function report(name, value)
    print(("%s %.6g"):format(name, value))
    io.stdout:flush()
end

-- Median seconds of one call, over rounds of `calls`.
local function median(calls, fn)
    local rounds = {}
    for round = 1, 9 do
        local started = socket.gettime()
        for i = 1, calls do fn(i) end
        rounds[round] = (socket.gettime() - started) / calls
    end
    table.sort(rounds)
    return rounds[5]
end

local db = assert(namidb.open(uri, { cache_bytes = 4 * 2 ^ 30 }))
local ids = {}

-------------------------------------------------------------------------- load

local function in_batches(count, step)
    local tickets = {}
    for first = 1, count, BATCH do
        local ticket = assert(db:write(function(tx)
            for i = first, math.min(first + BATCH - 1, count) do
                step(tx, i)
            end
        end, { wait = false, timeout = 600 }))
        tickets[#tickets + 1] = ticket
        if #tickets > 4 then assert(table.remove(tickets, 1):wait(600)) end
    end
    for _, ticket in ipairs(tickets) do assert(ticket:wait(600)) end
end

local started = socket.gettime()
in_batches(NODES, function(tx, i)
    ids[i] = tx:put_node("Person", "person-" .. i,
                         { name = "Person " .. i, age = random(90) })
end)
report("load_nodes_per_s", NODES / (socket.gettime() - started))
started = socket.gettime()
in_batches(NODES * DEGREE, function(tx, i)
    tx:put_edge("KNOWS", ids[(i - 1) % NODES + 1], ids[random(NODES)],
                { since = 1990 + random(30) })
end)
assert(db:flush(600))
report("load_edges_per_s", NODES * DEGREE / (socket.gettime() - started))
report("bytes_per_edge", db:stats().pack_bytes / db:stats().edges)
report("packs", db:stats().packs)

------------------------------------------------------- from columns, from CSV

local ROWS = math.min(NODES * DEGREE, 1000000)

-- Arrays of the edges first to last.
local function columns_of(first, last)
    local from, to, since = {}, {}, {}
    for i = 1, last - first + 1 do
        from[i] = ids[(first + i - 2) % NODES + 1]
        to[i], since[i] = ids[random(NODES)], 1990 + random(30)
    end
    return from, to, { since = since }
end

local batches = {}
for first = 1, ROWS, BATCH do
    batches[#batches + 1] = { columns_of(first,
                                         math.min(first + BATCH - 1, ROWS)) }
end
started = socket.gettime()
in_batches(ROWS, function(tx, i)
    if i % BATCH ~= 1 then return end
    local batch = batches[(i - 1) / BATCH + 1]
    assert(tx:put_edges("SEEN", batch[1], batch[2], batch[3]))
end)
report("load_columns_per_s", ROWS / (socket.gettime() - started))
batches = nil
assert(db:flush(600))

-- Loads edges from lines of a form, which wants two keys and a number.
local function load_lines(edge_type, format, header, form)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(header)
    for i = 1, ROWS do
        file:write(form:format((i - 1) % NODES + 1, random(NODES),
                               1990 + random(30)))
    end
    file:close()
    started = socket.gettime()
    assert(db:load({
        edges = { { type = edge_type, file = path, format = format,
                    from = { "Person", "from" }, to = { "Person", "to" } } },
        progress = false,
    }))
    report("load_" .. format .. "_per_s", ROWS / (socket.gettime() - started))
    os.remove(path)
    assert(db:flush(600))
end

load_lines("MET", "csv", "from,to,since:int\n", "person-%d,person-%d,%d\n")
load_lines("HEARD", "jsonl", "",
           '{"from":"person-%d","to":"person-%d","since":%d}\n')
db:close()
collectgarbage()

-------------------------------------------------------------------------- read

local EDGES_ONLY = { edges_only = true }
db = assert(namidb.open(uri, { read_only = true, cache_bytes = 4 * 2 ^ 30 }))
for i = 1, NODES do -- both ways, or nothing of them would be hot
    for edge in db:out(ids[i], "KNOWS", EDGES_ONLY) do assert(edge.id) end
    for edge in db:into(ids[i], "KNOWS", EDGES_ONLY) do assert(edge.id) end
    db:node(ids[i])
end
local caches = db:cache_stats()
report("memory_per_edge", (caches.segments.bytes + caches.adjacency.bytes) /
       (NODES * DEGREE))

for i = 1, NODES do -- what edges hold, too: reads below are warm
    for edge in db:out(ids[i], "KNOWS") do assert(edge.since) end
end
report("node_by_key_us", 1e6 * median(20000, function()
    assert(db:node("Person", "person-" .. random(NODES)).age)
end))
report("node_by_id_us", 1e6 * median(20000, function()
    assert(db:node(ids[random(NODES)]).age)
end))
report("hop_with_property_us", 1e6 * median(5000, function()
    local sum = 0
    for edge in db:out(ids[random(NODES)], "KNOWS", EDGES_ONLY) do
        sum = sum + edge.since
    end
    return sum
end))
report("hop_with_nodes_us", 1e6 * median(5000, function()
    local sum = 0
    for _, friend in db:out(ids[random(NODES)], "KNOWS") do
        sum = sum + friend.age
    end
    return sum
end))
report("degree_us", 1e6 * median(20000, function()
    return db:degree(ids[random(NODES)], "KNOWS")
end))

local function ask(text)
    return function()
        assert(db:query(text, { key = "person-" .. random(NODES) }))
    end
end

report("ask_hop_us", 1e6 * median(5000, ask("MATCH (p:Person)-[r:KNOWS]->() " ..
    "WHERE key(p) = $key RETURN r.since AS since")))
report("ask_2_hops_us", 1e6 * median(1000, ask("MATCH (p:Person)-[:KNOWS]->" ..
    "()-[:KNOWS]->(f) WHERE key(p) = $key RETURN f.age AS age")))
report("ask_3_hops_us", 1e6 * median(300, ask("MATCH (p:Person)-[:KNOWS]->" ..
    "()-[:KNOWS]->()-[:KNOWS]->(f) WHERE key(p) = $key RETURN count(*) AS n")))
started = socket.gettime()
local rows = 0
for _ in db:nodes("Person") do
    rows = rows + 1
    if rows == 200000 then break end
end
report("scan_nodes_per_s", rows / (socket.gettime() - started))
db:close()

------------------------------------------------------------------------ commit

local scratch = assert(namidb.open("memory://commit"))
report("commit_memory_us", 1e6 * median(500, function(i)
    assert(scratch:write(function(tx) tx:put_node("C", i, { n = i }) end))
end))
scratch:close()
