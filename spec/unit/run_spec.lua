-- spec/run: what its lines say, over programs that stand in for tests.

package.path = "./spec/support/?.lua;" .. package.path

local process = require("process")

-- Runs programs of C tests, given as shell scripts by name, `jobs` at once.
-- Returns the lines that are printed, without times, and whether all passed;
-- `see` is called with each as it is.
local function run(programs, jobs, see)
    local folder = process.folder()
    assert(process.run("mkdir " .. folder .. "/test"))
    for name, script in pairs(programs) do
        local path = ("%s/test/test_%s"):format(folder, name)
        process.write(path, "#!/bin/sh\n" .. script .. "\n")
        assert(process.run("chmod 755 " .. path))
    end
    local text, ok = process.run(("BUILD=%s JOBS=%d spec/run c"):format(folder,
        jobs))
    local _, left = process.run("test -z \"$(find " .. folder ..
        " -name 'run-*')\"")
    process.remove(folder)
    assert.is_true(left)
    local lines = {}
    for line in text:gmatch("[^\n]+") do
        if see then see(line) end
        line = line:gsub(", %d+%.%d s, %d+%.%d busy", "")
        lines[#lines + 1] = line:gsub("  +", " ")
    end
    return lines, ok
end

-- Scripts of which one ends only once the other has begun.
local BEGIN = 'touch "${0%/*}/begun"'
local AWAIT = 'timeout 30 sh -c \'until [ -e "$0/begun" ]; do :; done\' ' ..
    '"${0%/*}"'

describe("spec/run", function()
    it("adds up what passed", function()
        local lines, ok = run({ a = "echo ok 1; echo ok 2", b = "echo ok 1" },
                              1)
        assert.same({ "test_a 2 passed, 0 failed", "test_b 1 passed, 0 failed",
                      "3 passed, 0 failed" }, lines)
        assert.is_true(ok)
    end)

    it("shows all that a program with a failure printed", function()
        local lines, ok = run({ a = "echo ok 1; echo not ok 2; echo why",
                                b = "echo ok 1" }, 1)
        assert.same({ "ok 1", "not ok 2", "why", "test_a 1 passed, 1 failed",
                      "test_b 1 passed, 0 failed", "2 passed, 1 failed" },
                    lines)
        assert.is_false(ok)
    end)

    it("counts a program that dies, whatever it printed", function()
        local lines, ok = run({ a = "echo ok 1; kill -SEGV $$",
                                b = "echo 4 passed, 0 failed; exit 1" }, 1)
        assert.equal("test_a 1 passed, 1 failed", lines[#lines - 3])
        assert.equal("test_b 4 passed, 1 failed", lines[#lines - 1])
        assert.equal("5 passed, 2 failed", lines[#lines])
        assert.is_false(ok)
    end)

    it("takes the sum of one that adds up itself", function()
        local lines, ok = run({ a = "echo ok 1; echo 30 passed, 2 failed; " ..
                                "exit 1", b = "echo 1 passed, 0 failed" }, 2)
        assert.equal("31 passed, 2 failed", lines[#lines])
        assert.is_false(ok)
    end)

    it("does not count what is skipped", function()
        local lines, ok = run({ a = "echo 'not ok 1 # SKIP'; echo ok 2" }, 1)
        assert.same({ "test_a 1 passed, 0 failed, 1 skipped",
                      "1 passed, 0 failed" }, lines)
        assert.is_true(ok)
    end)

    it("fails when nothing ran that passed", function()
        local _, ok = run({ a = "true" }, 1)
        assert.is_false(ok)
    end)

    it("runs several at once and reports each when it ends", function()
        local lines, ok = run({
            a = AWAIT .. " && echo ok 1",
            b = BEGIN .. " && echo ok 1; echo ok 2",
        }, 2)
        table.sort(lines)
        assert.same({ "3 passed, 0 failed", "test_a 1 passed, 0 failed",
                      "test_b 2 passed, 0 failed" }, lines)
        assert.is_true(ok)
    end)

    it("begins with what takes longest", function()
        local lines = run({ a = "echo ok 1", writers = "echo ok 1" }, 1)
        assert.same({ "test_writers 1 passed, 0 failed",
                      "test_a 1 passed, 0 failed", "2 passed, 0 failed" },
                    lines)
    end)

    it("says how long a program kept a processor busy", function()
        local BUSY = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; "
        local busy = {}
        run({ a = BUSY .. "echo ok 1", b = "echo ok 1" }, 1, function(line)
            local name, seconds = line:match("^test_(%l) .* (%S+) busy$")
            if name then busy[name] = tonumber(seconds) end
        end)
        assert.is_true(busy.a > busy.b)
    end)
end)
