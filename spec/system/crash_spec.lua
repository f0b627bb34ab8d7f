-- kill -9 of real processes over one folder.

package.path = "./spec/support/?.lua;" .. package.path

local crash = require("crash")
local lives = require("spec.property.crash")
local process = require("process")

local ROUNDS = 150

describe("a writer that is killed", function()
    it("loses nothing that it acknowledged", function()
        local folder = process.folder()
        local seed = os.time()
        print("# seed " .. seed)
        crash.run("file://" .. folder .. "?ns=crash", ROUNDS, seed)
        process.remove(folder)
    end)

    it("leaves the graph behind one of its changes, whatever they are",
       function()
        local seed = os.time()
        for i = seed, seed + 2 do
            local report = lives.run(i, 12)
            assert(report == nil, report)
        end
    end)
end)
