-- A program for s3_permissions_spec: the life of a writer, or of a reader, at
-- NAMIDB_TEST_URI. Prints "done", or the failure as "code: message".
--
-- usage: s3_steps writer|reader <name of the namespace>

local namidb = require("namidb")

local role, name = arg[1], arg[2]
local uri = os.getenv("NAMIDB_TEST_URI"):gsub("?", "/" .. name .. "?", 1)
uri = uri:gsub("&probe=off", "")

-- The value, or the end of the program.
local function must(value, err)
    if value == nil then
        print(err.code .. ": " .. err.message)
        os.exit(0)
    end
    return value
end

local db = must(namidb.open(uri, { read_only = role == "reader" }))
if role == "writer" then
    for i = 1, 3 do
        must(db:write(function(tx)
            tx:put_node("Person", "p" .. i, { n = i })
            return true
        end))
        if i == 2 then must(db:flush()) end
    end
end
db:close()

db = must(namidb.open(uri, { read_only = true }))
for i = 1, 3 do
    assert(must(db:node("Person", "p" .. i)).n == i)
end
must(db:refresh())
db:close()
print("done")
