-- Misfortunes between the database and a real server, MinIO, at every request
-- of a life: what a proxy of ours does by the number of the request.

-- What is tested is the core: one interpreter is enough.
if rawget(_G, "jit") then return end

package.path = "spec/support/?.lua;" .. package.path
local s3_proxy = require("s3_proxy")
local s3_servers = require("s3_servers")

-- s3_lives.lua says what each is, and what may come of it. The number: how many
-- requests of it there are at least.
local MISFORTUNES = {
    { "drop", 20 }, { "reset", 20 },
    { "apply then drop", 20 }, { "apply then drop thrice", 8 },
    { "apply then reset", 20 }, { "apply then 500", 20 },
    { "late by one", 8 }, { "late by three", 8 }, { "late by far", 8 },
    { "500", 20 }, { "503", 20 }, { "409", 8 },
    { "clock off", 20 }, { "token expired", 20 },
    { "condition stripped", 8 },
    { "short answer", 20 }, { "no length", 12 },
    { "never answered", 20 }, { "slow drip", 20 },
    { "closing: drop", 5 }, { "closing: never answered", 5 },
    { "reading: drop", 8 }, { "reading: 503", 8 },
    { "reading: short answer", 8 }, { "reading: another range", 8 },
    { "reading: no range", 8 }, { "reading: never answered", 8 },
    { "reading: slow drip", 8 },
}
local STEPS = "timeout 60 lua5.4 spec/support/s3_steps.lua writer "

describe("s3 behind a proxy that misbehaves", function()
    local server, why, proxy

    setup(function()
        server, why = s3_servers.start("minio")
        if server then proxy = s3_proxy.start(server.port) end
    end)
    teardown(function()
        if server then
            proxy:stop()
            server:stop()
        end
    end)

    local function it_on_minio(title, test)
        it(title, function()
            if not server then return pending(why) end
            test()
        end)
    end

    for _, case in ipairs(MISFORTUNES) do
        local name, least = case[1], case[2]
        it_on_minio("loses nothing: " .. name, function()
            proxy:forget()
            local text = server:run({ port = proxy.port },
                ("timeout 300 lua5.4 spec/support/s3_lives.lua %d '%s'"):format(
                    proxy.control_port, name))
            local count = tonumber(text:match("^done (%d+)\n0$"))
            assert.is_truthy(count, text)
            assert.is_true(count >= least, count)
        end)
    end

    for _, method in ipairs({ "GET", "PUT" }) do
        it_on_minio("waits as long as Retry-After asks: " .. method, function()
            proxy:forget()
            proxy:plan({ { what = "answer", status = 503, code = "SlowDown",
                           headers = "Retry-After: 1", method = method } })
            assert.equal("done\n0", server:run({ port = proxy.port },
                                               STEPS .. "wait-" .. method))
            local refused, pause
            for _, request in ipairs(proxy:requests()) do
                if refused and request.path == refused.path and
                    request.query == refused.query then
                    pause = pause or request.started - refused.finished
                end
                if request.fault then refused = request end
            end
            assert.is_true(pause >= 0.99, pause)
        end)
    end
end)
