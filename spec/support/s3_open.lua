-- A program for s3_bad_input_spec: opens a URI to write, and prints either all
-- that the handle says of itself, or what went wrong.
--
-- usage: s3_open.lua URI [TIMEOUT-IN-SECONDS]

local namidb = require("namidb")

local ok, db, err = pcall(namidb.open, arg[1],
                          { timeout = tonumber(arg[2] or 10) })
if not ok then
    print("raised: " .. tostring(db))
elseif not db then
    print(tostring(err))
    print(namidb.json.encode({ code = err.code, message = err.message,
                               object = err.object }))
else
    print(tostring(db))
    print(namidb.json.encode(db:stats()))
    print(namidb.json.encode(db:cache_stats()))
    db:close()
    print(tostring(db))
end
