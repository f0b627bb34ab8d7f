-- The README's first script works as it is pasted, and its table is the one
-- that the specs assert.

package.path = "./spec/support/?.lua;" .. package.path

local process = require("process")

describe("README.md", function()
    local text = process.read("README.md")

    it("has a first script that works as pasted", function()
        local folder = process.folder()
        local script = text:match("```lua\n(.-)```")
        assert.is_string(script)
        local _, lines = script:gsub("\n", "")
        assert.is_true(lines <= 16)
        process.write(folder .. "/first.lua", script)
        local root = process.run("pwd"):match("%S+")
        local output, ok = process.run(('eval "$(make -s env)"; cd %s && ' ..
            "%s first.lua"):format(folder, process.lua))
        process.remove(folder)
        assert.is_true(ok, output)
        assert.equal("Alice\nBob\t2020\nBob\n", output)
        assert.is_string(root)
    end)

    it("names only targets that the Makefile has", function()
        local makefile = process.read("Makefile")
        for target in text:gmatch("`make (%l+)") do
            assert.is_true(makefile:find("\n" .. target .. ":", 1, true) ~= nil,
                           target)
        end
    end)

    it("links to files that are there", function()
        for path in text:gmatch("%]%(([%w/._-]+)%)") do
            assert.is_true(process.read(path) ~= "" or
                select(2, process.run("test -d " .. path)), path)
        end
    end)
end)
