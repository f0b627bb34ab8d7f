-- Builds the graph of this machine's Debian packages.
--
-- usage: load.lua URI

package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path

local bill = require("bill")
local namidb = require("namidb")
local rows = require("rows")

local uri = arg[1]
if not uri then
    io.stderr:write("usage: load.lua URI\n")
    os.exit(2)
end

local options = rows.options()
options.progress = true
local db = assert(namidb.open(uri))
local summary = assert(namidb.load(db, options))
assert(db:flush())
local stats = db:stats()
local requests = stats.requests

print(("loaded %.0f nodes and %.0f edges in %.1f s, %.0f rows/s"):format(
    stats.nodes, stats.edges, summary.seconds, summary.rows_per_second))
print(("requests: %.0f PUT, %.0f GET, %.0f LIST; %.1f MB written"):format(
    requests.put, requests.get, requests.list, requests.bytes_written / 1e6))
print(bill.of(requests) .. "; " .. bill.week())
print(("in the store: %.0f packs of %.1f MB, %.1f bytes an edge with nodes")
    :format(stats.packs, stats.pack_bytes / 1e6,
            stats.pack_bytes / stats.edges))
db:close()
