-- The module inside nginx: loaded in the master, used by two workers, over a
-- reload and a graceful quit, without a word in the error log.

package.path = "./spec/support/?.lua;" .. package.path

local http = require("socket.http")
local process = require("process")

local CONF = [[
%suser
daemon off;
worker_processes 2;
pid %prefix/nginx.pid;
error_log %prefix/error.log warn;
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path %prefix/body;
    proxy_temp_path %prefix/proxy;
    fastcgi_temp_path %prefix/fastcgi;
    uwsgi_temp_path %prefix/uwsgi;
    scgi_temp_path %prefix/scgi;
    lua_package_path "%path";
    lua_package_cpath "%cpath";
    init_by_lua_block { require("namidb") }
    server {
        listen 127.0.0.1:%port reuseport;
        location / {
            content_by_lua_block {
                local app = package.loaded.app
                if not app then
                    local namidb = require("namidb")
                    app = {}
                    package.loaded.app = app
                    app.uri = "file://%prefix?ns=worker" .. ngx.worker.id()
                    app.db = assert(namidb.open(app.uri))
                end
                local key = ngx.var.arg_key
                assert(app.db:write(function(tx)
                    local id = tx:put_node("K", key, { n = 1 })
                    tx:put_edge("SELF", id, id)
                end))
                local count = 0
                for node in app.db:nodes("K") do count = count + node.n end
                if key == "flush" then assert(app.db:flush()) end
                ngx.say(ngx.worker.pid(), " ", ngx.worker.id(), " ", count,
                        " ", app.db:degree(app.db:node("K", key), "SELF"))
            }
        }
    }
}
]]

describe("nginx", function()
    local prefix, port, master

    setup(function()
        prefix = process.folder()
        port = process.port()
        local fields = {
            suser = process.run("id -u"):match("^0") and "user root;" or "",
            prefix = prefix, port = tostring(port),
            path = os.getenv("LUA_PATH"), cpath = os.getenv("LUA_CPATH"),
        }
        process.write(prefix .. "/nginx.conf",
                      (CONF:gsub("%%(%a+)", fields)))
        master = process.start(("nginx -p %s -e %s/error.log -c %s/nginx.conf")
            :format(prefix, prefix, prefix), prefix .. "/out")
    end)
    teardown(function()
        process.signal(master, "KILL")
        process.remove(prefix)
    end)

    -- One request: pid, id of the worker, nodes there, loops at the key.
    local function get(key)
        local body, status = http.request(("http://127.0.0.1:%d/?key=%s")
            :format(port, key))
        if status ~= 200 then
            return nil, tostring(body) .. process.read(prefix .. "/error.log")
        end
        local pid, id, nodes, loops = body:match("(%d+) (%d+) (%d+) (%d+)")
        return tonumber(pid), id, tonumber(nodes), tonumber(loops)
    end

    -- Asks until both workers have answered; returns their pids.
    local function both_workers(prefix_of_key)
        local pids, seen, number = {}, 0, 0
        process.await("answers of both workers", function()
            number = number + 1
            local pid, id, nodes, loops = get(prefix_of_key .. number)
            assert(pid, id)
            assert.is_true(nodes > 0)
            assert.equal(1, loops)
            if not pids[id] then seen = seen + 1 end
            pids[id] = pid
            return seen == 2 and number >= 50
        end)
        return pids
    end

    it("loads it, writes and reads in two workers", function()
        process.await("server", function() return get("first") end)
        local old = both_workers("a")
        assert.is_not.equal(old["0"], old["1"])
        assert(get("flush"))
    end)

    it("goes on after a reload", function()
        local old = both_workers("b")
        process.signal(master, "HUP")
        process.await("end of the old workers", function()
            return not process.is_alive(old["0"]) and
                not process.is_alive(old["1"])
        end)
        local new = both_workers("c")
        for _, pid in pairs(new) do
            assert.is_true(pid ~= old["0"] and pid ~= old["1"])
        end
    end)

    it("quits gracefully", function()
        local workers = both_workers("d")
        process.signal(master, "QUIT")
        process.await("end", function()
            return not process.is_alive(master) and
                not process.is_alive(workers["0"]) and
                not process.is_alive(workers["1"])
        end)
    end)

    it("finds no fault in the error log", function()
        local log = process.read(prefix .. "/error.log")
        assert.is_nil(log:match("%[error%][^\n]*"))
        assert.is_nil(log:match("%[alert%][^\n]*"))
        assert.is_nil(log:match("%[crit%][^\n]*"))
        assert.is_nil(log:match("signal %d+[^\n]*"))
    end)
end)
