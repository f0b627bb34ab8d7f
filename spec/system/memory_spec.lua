-- Memory that runs out at every allocation, of Lua's and of the core's, under
-- the address sanitizer: an error, and nothing leaks. Lua 5.4 only; LuaJIT has
-- allocators of its own.

package.path = "./spec/support/?.lua;" .. package.path

local process = require("process")

local FLAGS = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
local COMPILE = "gcc -std=c11 -Wall -Wextra -Werror -D_GNU_SOURCE -Ic " ..
    "$(pkg-config --cflags lua5.4) %s -pthread -rdynamic -o %s " ..
    "spec/support/lua_memory.c build/asan/obj-lua5.4/lua/*.o " ..
    "build/asan/libnamidb.a $(pkg-config --libs lua5.4) %s"

describe("no memory", function()
    if math.type then
        it("is an error wherever it happens, and leaks nothing", function()
            local text, ok = process.run("make -s asan-core")
            assert.is_true(ok, text)
            local makefile = process.read("Makefile")
            local libraries = makefile:match("\nLDLIBS %+= (.-)\n")
            local host = "build/asan/lua_memory"
            text, ok = process.run(COMPILE:format(FLAGS, host, libraries))
            assert.is_true(ok, text)
            text, ok = process.run(('eval "$(make -s env)"; ' ..
                "timeout 300 %s spec/support/memory_script.lua"):format(host))
            assert.is_true(ok, text)
            local _, steps = text:gsub("ok %l+ %l+ %d+\n", "")
            assert.equal(20, steps, text)
        end)
    end
end)
