-- Servers that would lose commits are refused before anything is written to
-- them, each with its reason: a racy one, and honest ones behind fronts that
-- are not. probe=off trusts them all, and says so.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local s3_proxy = require("s3_proxy")
local s3_servers = require("s3_servers")

local STEPS = "timeout 60 lua5.4 spec/support/s3_steps.lua writer "
local OPEN = "timeout 60 lua5.4 spec/support/s3_open.lua " ..
    "\"$NAMIDB_TEST_URI\""
local NO_CONDITION = { what = "strip", header = "if-none-match",
                       method = "PUT", count = 1000000 }

describe("the probe of s3", function()
    local server, why, proxy

    setup(function()
        server, why = s3_servers.start("gofakes3") -- checks no signature
        if server then proxy = s3_proxy.start(server.port) end
    end)
    teardown(function()
        if server then
            proxy:stop()
            server:stop()
        end
    end)

    local function refuses(title, rules, reason)
        it("refuses " .. title, function()
            if not server then return pending(why) end
            proxy:plan(rules)
            proxy:forget()
            assert.matches("^unsupported: .*" .. reason,
                           server:run({ port = proxy.port }, STEPS .. "front"))
            for _, request in ipairs(proxy:requests()) do
                if request.method == "PUT" then
                    assert.matches("/front/default/probe/", request.path)
                end
            end
        end)
    end

    refuses("a front that drops If-None-Match", { NO_CONDITION },
            "lose commits: it overwrites in spite of If%-None%-Match")
    refuses("a front that knows no conditional PUT",
            { { what = "answer", status = 501, code = "NotImplemented",
                method = "PUT", count = 1000000 } }, "501 NotImplemented")
    -- The first create succeeds; the second overwrites, and is denied.
    refuses("a server that says 412, and overwrites",
            { { what = "apply_answer", status = 412, method = "PUT", at = 2,
                code = "PreconditionFailed", header = "if-none-match" } },
            "it refuses to overwrite, and overwrites")

    -- Its conditional put looks first and writes then.
    it("refuses versitygw: two racing creates succeed", function()
        local versitygw, reason = s3_servers.start("versitygw")
        if not versitygw then return pending(reason) end
        local output = versitygw:run({}, STEPS .. "refused")
        versitygw:stop()
        assert.matches("^unsupported: .*two racing creates", output)
    end)

    it("can be switched off, which is a warning of the handle", function()
        if not server then return pending(why) end
        proxy:plan({ NO_CONDITION })
        local output = server:run({ port = proxy.port }, "sh -c '" .. OPEN ..
                                  "'")
        assert.matches('^namidb writer of .*"warnings":%["[^"]*probe', output)
    end)
end)
