-- kill -9 of real processes over one folder.

package.path = "./spec/support/?.lua;" .. package.path

local crash = require("crash")
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
end)
