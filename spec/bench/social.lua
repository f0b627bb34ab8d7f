-- The social graph of the Rust engine's own measures, and its queries: text in,
-- rows out. The peer is c/bench/bench_social.c.
--
-- usage: social.lua [SCALE]
--
-- Person 10,000, Post 100,000, Comment 50,000; KNOWS 100,000, HAS_CREATOR
-- 150,000, LIKES 100,000, REPLY_OF 30,000, all ends uniform random. Prints
-- "name value" lines: of each query the median over 21 persons of the median of
-- 15 rounds of 10 runs, warm, in microseconds; its first run after opening, the
-- run for a second person after that, and the first run after opening where
-- another handle had the statement planned (lua/namidb/planned.lua), medians of
-- 21 openings each; and its rows.
-- spec/bench/run puts them beside their goals.

local namidb = require("namidb")
local planned = require("namidb.planned")
local socket = require("socket")

local scale = tonumber(arg[1] or 1)
local persons, posts, comments = 10000 * scale, 100000 * scale, 50000 * scale

-- Numbers that are the same on every interpreter.
local seed = 42
local function random(bound)
    seed = (seed * 16807) % 2147483647
    return seed % bound + 1
end

local function counter(count, make)
    local at = 0
    return function()
        at = at + 1
        if at <= count then return make(at) end
    end
end

local function nodes(label, count, make)
    return { label = label, key = "key", rows = counter(count, make) }
end

local function edges(kind, count, from, to)
    return { type = kind, from = { from[1], "a" }, to = { to[1], "b" },
             rows = counter(count, function()
                 return { a = random(from[2]), b = random(to[2]) }
             end) }
end

local function load(db)
    local person, post = { "Person", persons }, { "Post", posts }
    local comment = { "Comment", comments }
    local function message(i)
        return { key = i, date = random(1000000000), text = "text " .. i }
    end
    assert(db:load({ progress = false, nodes = {
        nodes("Person", persons, function(i)
            return { key = i, name = "person " .. i }
        end),
        nodes("Post", posts, message), nodes("Comment", comments, message),
    }, edges = {
        edges("KNOWS", 100000 * scale, person, person),
        edges("HAS_CREATOR", 100000 * scale, post, person),
        edges("HAS_CREATOR", 50000 * scale, comment, person),
        edges("LIKES", 100000 * scale, person, post),
        edges("REPLY_OF", 30000 * scale, comment, post),
    } }))
    assert(db:flush())
end

local QUERIES = {
    { "IC02", "MATCH (p:Person)-[:KNOWS]->(f)<-[:HAS_CREATOR]-(m:Post) " ..
        "WHERE key(p) = $p RETURN f.name AS name, m.date AS date " ..
        "ORDER BY date DESC LIMIT 20" },
    { "IC07", "MATCH (p:Person)<-[:HAS_CREATOR]-(m:Post)<-[:LIKES]-(f) " ..
        "WHERE key(p) = $p RETURN f.name AS name, m.date AS date " ..
        "ORDER BY date DESC LIMIT 20" },
    { "IC08", "MATCH (p:Person)<-[:HAS_CREATOR]-(m:Post)<-[:REPLY_OF]-(c) " ..
        "WHERE key(p) = $p RETURN c.text AS text, c.date AS date " ..
        "ORDER BY date DESC LIMIT 20" },
    { "IC09", "MATCH (p:Person)-[:KNOWS]->()-[:KNOWS]->(f)" ..
        "<-[:HAS_CREATOR]-(m:Post) " ..
        "WHERE key(p) = $p RETURN f.name AS name, m.date AS date " ..
        "ORDER BY date DESC LIMIT 20" },
}

local function median(values)
    table.sort(values)
    return values[math.floor(#values / 2) + 1]
end

local SAMPLES, ROUNDS, RUNS = 21, 15, 10

local function report(name, value)
    print(("%s %.6g"):format(name, value))
    io.stdout:flush()
end

-- Microseconds of a run, and its rows.
local function run(db, text, person, runs)
    local count = 0
    local started = socket.gettime()
    for _ = 1, runs do
        count = count + #assert(db:query(text, { p = person }))
    end
    return (socket.gettime() - started) * 1e6 / runs, count / runs
end

local function measure(db, text)
    local medians, rows = {}, 0
    for i = 1, SAMPLES do
        local person, times, count = (i * 37) % persons + 1, {}, nil
        for round = 1, ROUNDS do
            times[round], count = run(db, text, person, RUNS)
        end
        medians[i], rows = median(times), rows + count
    end
    return median(medians), rows / SAMPLES
end

local uri = os.getenv("NAMIDB_BENCH_URI") or "memory://social"

-- Medians of the first run after opening, and of the second one; is_planned: of
-- a statement that another handle was asked before.
local function measure_cold(text, is_planned)
    local first, second = {}, {}
    for i = 1, SAMPLES do
        if not is_planned then planned.forget() end
        local db = assert(namidb.open(uri, { read_only = true }))
        first[i] = run(db, text, (i * 37) % persons + 1, 1)
        second[i] = run(db, text, (i * 41) % persons + 1, 1)
        db:close()
    end
    return median(first), median(second)
end

local writer = assert(namidb.open(uri))
local started = socket.gettime()
load(writer)
report("load_per_s", 540000 * scale / (socket.gettime() - started))
writer:close()

for _, query in ipairs(QUERIES) do
    local name, text = query[1], query[2]
    local first, second = measure_cold(text)
    report(name .. "_first_us", first)
    report(name .. "_second_us", second)
    report(name .. "_planned_us", (measure_cold(text, true)))
    local db = assert(namidb.open(uri, { read_only = true }))
    collectgarbage() -- what openings and the load left is not the query's
    local warm, rows = measure(db, text)
    report(name .. "_us", warm)
    report(name .. "_rows", rows)
    db:close()
end
