-- lua/README.md: its blocks are one script that works, and it leaves nothing
-- out.

local namidb = require("namidb")
local core = require("namidb.core")

local load_text = loadstring or load -- luacheck: ignore

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

describe("lua/README.md", function()
    local text = read("lua/README.md")

    it("has blocks that run in a row", function()
        local blocks = {}
        for block in text:gmatch("```lua\n(.-)```") do
            blocks[#blocks + 1] = block
        end
        assert.equal(11, #blocks)
        local printed = {}
        local script = assert(load_text("local print = ...\n" ..
            table.concat(blocks), "=lua/README.md"))
        script(function(thing) printed[#printed + 1] = tostring(thing) end)
        assert.equal(3, #printed)
    end)

    it("names everything there is", function()
        local function check(names)
            for name in pairs(names) do
                assert(text:find("%f[%w_]" .. name .. "%f[^%w_]"), name)
            end
        end
        check(namidb)
        check(core.db.__index)
        check(core.snapshot.__index)
        check(core.tx.__index)
        check(core.ticket.__index)
        check(namidb.json)
    end)
end)
