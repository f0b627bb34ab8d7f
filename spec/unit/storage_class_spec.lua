-- db:set_storage_class as seen from Lua; on S3: c/test/test_storage_class.c.
local namidb = require("namidb")

describe("db:set_storage_class", function()
    local db

    before_each(function()
        db = assert(namidb.open("memory://storage-class"))
    end)
    after_each(function() db:close() end)

    it("is unsupported where there are no classes", function()
        local done, err = db:set_storage_class("GLACIER_IR")
        assert.is_nil(done)
        assert.equal("unsupported: memory:// has no storage classes",
                     tostring(err))
    end)

    it("refuses a reader at the caller's line", function()
        local reader = assert(namidb.open("memory://storage-class",
                                          { read_only = true }))
        local ok, message = pcall(function()
            reader:set_storage_class("STANDARD")
        end)
        reader:close()
        assert.is_false(ok)
        assert.matches("storage_class_spec.lua:%d+: .*read%-only", message)
    end)

    it("refuses options that it does not know", function()
        assert.has_error(function() db:set_storage_class() end)
        assert.has_error(function()
            db:set_storage_class("STANDARD", { progres = print })
        end)
        assert.has_error(function()
            db:set_storage_class("STANDARD", { progress = 1 })
        end)
    end)
end)
