-- A program for s3_spec: kill -9 of real processes over one namespace at
-- NAMIDB_TEST_URI. Prints "done", or what was lost.
--
-- usage: s3_crash.lua NAME-OF-THE-NAMESPACE

package.path = "spec/support/?.lua;" .. package.path

local crash = require("crash")

local uri = os.getenv("NAMIDB_TEST_URI"):gsub("?", "/" .. arg[1] .. "?", 1)
local seed = os.time()
print("seed " .. seed)
crash.run(uri, 20, seed)
print("done")
