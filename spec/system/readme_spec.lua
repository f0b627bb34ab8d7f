-- The README's first script works as it is pasted, and its table is the one
-- that the specs assert.

package.path = "./spec/support/?.lua;" .. package.path

local process = require("process")
local s3_servers = require("s3_servers")

describe("README.md", function()
    local text = process.read("README.md")

    local S3 = "s3://my-bucket/data?ns=prod&region=us-east-1"
    local FOLDER = "file://./graph?ns=prod"
    local script = text:match("```lua\n(.-)```")
    local folder

    before_each(function() folder = process.folder() end)
    after_each(function() process.remove(folder) end)

    -- What the script prints, run in a folder of its own.
    local function run(as_pasted, variables)
        process.write(folder .. "/first.lua", as_pasted)
        local output, ok = process.run(('eval "$(make -s env)"; cd %s && ' ..
            "env %s %s first.lua"):format(folder, variables, process.lua))
        assert.is_true(ok, output)
        return output
    end

    it("has a first script that works as pasted", function()
        assert.is_true(select(2, script:gsub("\n", "")) <= 16)
        assert.is_truthy(script:find(S3, 1, true))
        local server, why = s3_servers.start("minio")
        if not server then return pending(why) end
        assert(os.execute("mkdir " .. server.folder .. "/data/my-bucket"))
        local ok, output = pcall(run, script, server:environment({
            variables = "AWS_ENDPOINT_URL_S3=http://127.0.0.1:" .. server.port,
        }))
        server:stop()
        assert.is_true(ok, output)
        assert.equal("Alice\nBob\t2020\nBob\n", output)
    end)

    it("has a first script that works in a folder", function()
        assert.is_truthy(text:find("`" .. FOLDER .. "`", 1, true))
        local first, last = script:find(S3, 1, true)
        assert.equal("Alice\nBob\t2020\nBob\n", run(script:sub(1, first - 1) ..
            FOLDER .. script:sub(last + 1), ""))
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
