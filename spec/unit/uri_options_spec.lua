-- The parameters of a URI as options of namidb.open.
local namidb = require("namidb")

-- What it raises or returns as text.
local function refusal(uri, options)
    local ok, db, err = pcall(namidb.open, uri, options)
    if not ok then return db end
    if db then
        db:close()
        return "opened"
    end
    return tostring(err)
end

describe("namidb.open", function()
    it("takes a URI's parameters as options", function()
        local db = assert(namidb.open("memory://options", { ns = "one" }))
        assert.matches("memory://options%?ns=one", tostring(db))
        assert(db:write(function(tx)
            assert(tx:put_node("Person", "alice"))
        end))
        local other = assert(namidb.open("memory://options?ns=one",
                                         { read_only = true }))
        assert.truthy(other:node("Person", "alice"))
        other:close()
        db:close()
    end)

    it("writes them into the URI as they are", function()
        local message = refusal("s3://bucket", {
            endpoint = "http://127.0.0.1:1", path_style = true,
            profile = "a b&c=%", read_only = true,
        })
        assert.matches("profile 'a b&c=%%' is in neither", message)
    end)

    it("checks them as it does those of a URI", function()
        assert.matches("region 'EU' is none",
                       refusal("s3://bucket", { region = "EU" }))
        assert.matches("there twice",
                       refusal("s3://bucket?region=a", { region = "a" }))
        assert.matches("option region has no meaning for memory://",
                       refusal("memory://options", { region = "a" }))
        assert.matches("option sse: a string is wanted, not a number",
                       refusal("s3://bucket", { sse = 1 }))
        assert.matches("unknown option 'regoin'",
                       refusal("s3://bucket", { regoin = "a" }))
        assert.matches("control character",
                       refusal("s3://bucket", { profile = "a\0b" }))
    end)
end)
