-- db:set_storage_class on MinIO, which knows two classes; what goes wrong on
-- the way is in c/test/test_storage_class.c.

-- The module is the same C for both interpreters.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local s3_servers = require("s3_servers")

local KNOWN = "STANDARD, STANDARD_IA, ONEZONE_IA, GLACIER_IR, " ..
    "INTELLIGENT_TIERING, REDUCED_REDUNDANCY and the archives GLACIER and " ..
    "DEEP_ARCHIVE"

describe("db:set_storage_class on MinIO", function()
    it("moves packs, tells how far it is, and skips what was moved", function()
        local server, why = s3_servers.start("minio")
        if not server then return pending(why) end
        local output = server:run({},
            "timeout 60 lua5.4 spec/support/s3_class.lua")
        server:stop()
        local lines = {}
        for line in output:gmatch("[^\n]+") do lines[#lines + 1] = line end
        assert.same({
            "moved\t3\t3\ttrue",
            "again\t3\t0\tfalse",
            "raised\tenough",
            "unknown\tstorage class 'GLACIAL': known are " .. KNOWN,
            -- 3 there, and 3 back again before it was told to stop.
            "calls\t1\tcopied\t6",
            "0",
        }, lines)
    end)
end)
