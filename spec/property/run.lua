-- The property test for as long as one likes.
--
-- usage: lua spec/property/run.lua [seconds] [first seed]
-- Prints every report and ends with "N passed, N failed".

local check = require("spec.property.check")
local csv = require("spec.property.csv")

local seconds = tonumber(arg[1] or 60)
local seed = tonumber(arg[2] or os.time() % 1000000)
local until_time = os.time() + seconds
local passed, failed = 0, 0
local sums = { cases = 0, rows = 0, skipped = 0, errors = 0 }

print("first seed " .. seed)
while os.time() < until_time do
    local report, counts = check.seed(seed, 25)
    for name, count in pairs(counts) do sums[name] = sums[name] + count end
    if report then
        failed = failed + 1
        print("\n" .. report)
        if failed >= 20 then break end
    else
        passed = passed + 1
    end
    seed = seed + 1
end
csv.clean()
print(("%d statements: %d with rows, %d that must fail, %d without a rule")
    :format(sums.cases, sums.rows, sums.errors, sums.skipped))
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and passed > 0)
