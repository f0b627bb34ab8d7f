-- Commits pairs of nodes until it is killed, and says which are acknowledged.
-- An index over what is there already is built meanwhile, anew in each life,
-- and a constraint wants the numbers to be unique.
--
-- usage: crash_writer.lua URI FIRST

local namidb = require("namidb")

local uri, number = arg[1], tonumber(arg[2])
local db = assert(namidb.open(uri, { flush_slots = 8 }))

local function say(...)
    print(table.concat({ ... }, " "))
    io.stdout:flush()
end

local function declare()
    assert(db:query("CREATE CONSTRAINT number IF NOT EXISTS FOR (a:A) " ..
        "REQUIRE a.number IS UNIQUE"))
    assert(db:query("CREATE INDEX weight IF NOT EXISTS FOR ()-[r:PAIR]-() " ..
        "ON (r.weight)"))
    assert(db:query("DROP INDEX rest IF EXISTS"))
    assert(db:query("CREATE INDEX rest FOR (b:B) ON (b.rest, b.number)"))
end

-- One that is there must be refused, whether in memory or in a pack.
local function try_again(tx, taken)
    local id, err = tx:create_node("A", { number = taken })
    assert(not id and err.code == "constraint", "twice " .. taken)
end

say("open")
declare()
say("declared")
while true do
    number = number + 1
    say("try", number)
    assert(db:write(function(tx)
        local a = tx:put_node("A", number, { pad = ("x"):rep(number % 500),
                                             number = number })
        local b = tx:put_node("B", number, { rest = number % 7,
                                             number = number })
        tx:put_edge("PAIR", a, b, { weight = number % 5 })
        try_again(tx, number)
    end))
    say("ack", number)
    assert(db:write(function(tx) try_again(tx, number) end))
end
