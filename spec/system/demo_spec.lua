-- make demo's script, on this machine's own packages.

package.path = "./spec/support/?.lua;" .. package.path

local process = require("process")

describe("the demo", function()
    local folder = "build/demo-spec-" .. process.lua

    teardown(function() os.execute("rm -rf " .. folder) end)

    it("loads, reopens read-only and answers", function()
        local text, ok = process.run("examples/debian/demo " .. folder)
        assert.is_true(ok, text)
        local nodes, edges = text:match("loaded (%d+) nodes and (%d+) edges")
        assert.is_true(tonumber(nodes) > 60000, text)
        assert.is_true(tonumber(edges) > 400000, text)
        assert.matches("without libssl3 .- at depth 1: ", text)
        assert.matches("git %-> .-%-> libssl3", text)
        assert.matches("most depended on:\n%s+%d+  libc6", text)
        assert.matches("groups of packages need each other", text)
        assert.matches("this reader sent %d+ GET, 2 LIST, 0 PUT", text)
        assert.matches("^digraph", process.read(folder ..
            "/impact-libssl3.dot"))
    end)

    it("runs on S3 as well, and says what that costs", function()
        if process.lua ~= "lua5.4" then return end -- once is enough
        local text, ok = process.run("STORE=s3 examples/debian/demo " .. folder)
        if not ok and (text:find("cannot be installed", 1, true) or
            text:find("is not installed", 1, true)) then
            return pending("MinIO needs Go to be installed")
        end
        assert.is_true(ok, text)
        assert.matches("loading into s3://", text)
        -- S3 Standard's list prices: 5 dollars for a million PUT or LIST, 40
        -- cents for a million GET.
        local puts, gets, lists = text:match("requests: (%d+) PUT, " ..
            "(%d+) GET, (%d+) LIST; [%d.]+ MB written")
        assert.matches(("these requests cost $%.6f; a week of one commit a " ..
            "minute would cost $0.12"):format(
            ((puts + lists) * 5 + gets * 0.4) / 1e6), text, 1, true)
        assert.matches("git %-> .-%-> libssl3", text)
    end)

    it("offers near matches of an unknown package", function()
        local text, ok = process.run(('eval "$(make -s env)"; %s ' ..
            "examples/debian/impact.lua libsssl3 'file://./%s?ns=debian'")
            :format(process.lua, folder))
        assert.is_false(ok)
        assert.matches("there is no package libsssl3; near it: .*libssl3", text)
    end)
end)
