-- Opens the graph read-only, as a process that never wrote, and asks.
--
-- usage: questions.lua URI

package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path

local bill = require("bill")
local namidb = require("namidb")
local graph = require("graph")

local db = assert(namidb.open(arg[1], { read_only = true }))

local function names(nodes, separator)
    local list = {}
    for i, node in ipairs(nodes) do list[i] = node.key end
    return table.concat(list, separator)
end

local function ask_why(from, to)
    local source, target = db:node("Package", from), db:node("Package", to)
    local path = source and target and graph.why(db, source, target)
    print(("\nwhy does %s need %s?"):format(from, to))
    print("  " .. (path and names(path, " -> ") or "it does not"))
end

ask_why("git", "libssl3")
ask_why("python3", "libc6")

print("\nmost depended on:")
for _, entry in ipairs(graph.most_needed(db, 10)) do
    print(("%8d  %s"):format(entry[2], entry[1].key))
end

local cycles = graph.cycles(db)
print(("\n%d groups of packages need each other; the largest:"):format(
    #cycles))
for i = 1, math.min(3, #cycles) do
    local nodes = {}
    for j = 1, math.min(6, #cycles[i]) do
        nodes[j] = db:node(cycles[i][j])
    end
    print(("%8d  %s%s"):format(#cycles[i], names(nodes, ", "),
        #cycles[i] > 6 and ", ..." or ""))
end

local requests = db:stats().requests
print(("\nthis reader sent %.0f GET, %.0f LIST, %.0f PUT; it read %.1f MB")
    :format(requests.get, requests.list, requests.put,
            requests.bytes_read / 1e6))
print(bill.of(requests))
db:close()
