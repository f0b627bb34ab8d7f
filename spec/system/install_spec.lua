-- Installing: by LuaRocks into a tree, by make into a prefix.

package.path = "./spec/support/?.lua;" .. package.path

local process = require("process")

local is_jit = process.lua == "luajit"
local version = is_jit and "5.1" or "5.4"
local SCRIPT = "local db = assert(require('namidb').open('memory://x')) " ..
    "assert(db:write(function(tx) tx:put_node('A', 1) end)) " ..
    "print(db:node('A', 1).key, package.searchpath and 1 or 1)"

-- Runs the script with nothing but what was installed.
local function use(path, cpath)
    local name = is_jit and "LUA_PATH" or "LUA_PATH_5_4"
    local cname = is_jit and "LUA_CPATH" or "LUA_CPATH_5_4"
    local command = 'cd / && env -u LUA_PATH -u LUA_CPATH ' ..
        '%s="%s" %s="%s" %s -e "%s"'
    return process.run(command:format(name, path, cname, cpath, process.lua,
                                      SCRIPT))
end

describe("installing", function()
    local folder
    before_each(function() folder = process.folder() end)
    after_each(function() process.remove(folder) end)

    it("by luarocks gives a tree that works", function()
        -- A clean copy: what is committed and what is new, nothing built.
        local text, ok = process.run(("git ls-files -co --exclude-standard |" ..
            " tar -cf - -T - | tar -xf - -C %s"):format(folder))
        assert.is_true(ok, text)
        local include = is_jit and "/usr/include/luajit-2.1" or
            "/usr/include/lua5.4"
        text, ok = process.run(("cd %s && luarocks --lua-version %s " ..
            "--tree %s/tree make rockspec/namidb-dev-1.rockspec " ..
            "LUA_INCDIR=%s"):format(folder, version, folder, include))
        assert.is_true(ok, text)
        local tree = folder .. "/tree"
        text, ok = use(("%s/share/lua/%s/?.lua;%s/share/lua/%s/?/init.lua")
            :format(tree, version, tree, version),
            ("%s/lib/lua/%s/?.so"):format(tree, version))
        assert.is_true(ok, text)
        assert.equal("1\t1\n", text)
    end)

    it("by make gives a prefix that works", function()
        local text, ok = process.run("make -s install PREFIX=" .. folder)
        assert.is_true(ok, text)
        text, ok = use(("%s/share/lua/%s/?.lua;%s/share/lua/%s/?/init.lua")
            :format(folder, version, folder, version),
            ("%s/lib/lua/%s/?.so"):format(folder, version))
        assert.is_true(ok, text)
        assert.equal("1\t1\n", text)
        assert.is_true(#process.read(folder .. "/include/namidb.h") > 1000)
    end)

    it("names the Debian package of a missing header", function()
        local text, ok = process.run("make -s headers LUA_INCDIR=/nowhere " ..
            "HEADERS='no-such.h:lib-no-such-dev'")
        assert.is_false(ok)
        assert.matches("apt%-get install", text)
        text, ok = process.run("make -s headers " ..
            "HEADERS=no-such.h:libnone-dev LUA_INCDIR=/usr/include/lua5.4")
        assert.is_false(ok)
        assert.matches("no%-such.h is missing.*apt%-get install libnone%-dev",
                       text)
    end)
end)
