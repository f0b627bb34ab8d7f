-- A program for s3_storage_class_spec: moves the packs of a namespace at
-- NAMIDB_TEST_URI, and prints what came of each call.

local namidb = require("namidb")

local uri = os.getenv("NAMIDB_TEST_URI"):gsub("?", "/class?", 1)
local db = assert(namidb.open(uri))
for i = 1, 3 do
    assert(db:write(function(tx)
        assert(tx:put_node("Person", i, { n = i }))
    end))
    assert(db:flush())
end

local function move(title, class, options)
    local ok, moved, err = pcall(db.set_storage_class, db, class, options)
    if not ok or not moved then
        print(title, (tostring(moved or err):gsub("^.-:%d+: ", "")))
    else
        print(title, moved.packs, moved.moved,
              moved.bytes == db:stats().pack_bytes)
    end
end

local calls = 0
move("moved", "REDUCED_REDUNDANCY",
     { timeout = 30, progress = function(so_far)
         calls = calls + 1
         assert(so_far.packs == 3 and so_far.moved == 3)
     end })
move("again", "REDUCED_REDUNDANCY")
move("raised", "STANDARD", { progress = function() error("enough", 0) end })
move("unknown", "GLACIAL")
print("calls", calls, "copied", db:stats().requests.copied)
db:close()

local reader = assert(namidb.open(uri, { read_only = true }))
for i = 1, 3 do assert(reader:node("Person", i).n == i) end
reader:close()
