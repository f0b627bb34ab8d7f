-- A program for the specs of S3: the life of a writer, or of a reader, at
-- NAMIDB_TEST_URI. Prints "done", or the failure as "code: message"; a writer
-- that fails first prints how many of its commits were acknowledged.
--
-- usage: s3_steps writer|reader NAME-OF-THE-NAMESPACE [FIRST]
-- A writer's commits are numbered from FIRST (1); a reader looks for all below.

local namidb = require("namidb")

local role, name, first = arg[1], arg[2], tonumber(arg[3] or 1)
local uri = os.getenv("NAMIDB_TEST_URI"):gsub("?", "/" .. name .. "?", 1)
uri = uri:gsub("&probe=off", "")
local committed = first - 1

-- The value, or the end of the program.
local function must(value, err)
    if value == nil then
        if role == "writer" and committed > 0 then
            print(committed .. " committed")
        end
        print(err.code .. ": " .. err.message)
        os.exit(0)
    end
    return value
end

local function read(db, last)
    for i = 1, last do
        local node = must(db:node("Person", "p" .. i))
        assert(node.n == i)
    end
end

if role == "writer" then
    local db = must(namidb.open(uri))
    for i = first, first + 2 do
        must(db:write(function(tx)
            must(tx:put_node("Person", "p" .. i, { n = i }))
            return true
        end))
        committed = i
        if i == first + 1 then must(db:flush()) end
    end
    read(db, committed)
    db:close()
end

local db = must(namidb.open(uri, { read_only = true }))
must(db:refresh())
read(db, role == "writer" and committed or first - 1)
db:close()
print("done")
