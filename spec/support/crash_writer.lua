-- Commits pairs of nodes until it is killed, and says which are acknowledged.
--
-- usage: crash_writer.lua URI FIRST

local namidb = require("namidb")

local uri, number = arg[1], tonumber(arg[2])
local db = assert(namidb.open(uri, { flush_slots = 8 }))
print("open")
io.stdout:flush()
while true do
    number = number + 1
    print("try " .. number)
    io.stdout:flush()
    assert(db:write(function(tx)
        local a = tx:put_node("A", number, { pad = ("x"):rep(number % 500) })
        local b = tx:put_node("B", number)
        tx:put_edge("PAIR", a, b)
    end))
    print("ack " .. number)
    io.stdout:flush()
end
