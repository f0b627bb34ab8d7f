-- Random statements over random graphs against a slow reference that is written
-- straight from the rules of the language (spec/property). `make property` runs
-- it for as long as one likes; NAMIDB_PROPERTY_SEED begins elsewhere.

local check = require("spec.property.check")

local FIRST = tonumber(os.getenv("NAMIDB_PROPERTY_SEED") or 1)
local SEEDS, STATEMENTS = 60, 20

describe("random statements", function()
    it("give what the rules say", function()
        local rows, cases = 0, 0
        for seed = FIRST, FIRST + SEEDS - 1 do
            local report, counts = check.seed(seed, STATEMENTS)
            assert(report == nil, report)
            rows, cases = rows + counts.rows, cases + counts.cases
        end
        assert.equal(SEEDS * STATEMENTS, cases)
        assert.is_true(rows > cases / 4) -- and most of them find something
    end)
end)
