-- Random statements over random graphs against a slow reference that is written
-- straight from the rules of the language (spec/property). `make property` runs
-- it for as long as one likes; NAMIDB_PROPERTY_SEED begins elsewhere.

local check = require("spec.property.check")
local csv = require("spec.property.csv")
local history = require("spec.property.history")
local mutate = require("spec.property.mutate")
local relations = require("spec.property.relations")

local FIRST = tonumber(os.getenv("NAMIDB_PROPERTY_SEED") or 1)
local SEEDS, STATEMENTS = 60, 20

teardown(csv.clean)

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

describe("statements about large graphs", function()
    it("say the same however they are written", function()
        local answered = 0
        for seed = FIRST, FIRST + 2 do
            local report, count = relations.seed(seed, 20, { 30, 300, 1000 })
            assert(report == nil, report)
            answered = answered + count
        end
        assert.is_true(answered > 30)
    end)
end)

describe("a database of any past", function()
    it("holds and finds what the rules say", function()
        for seed = FIRST, FIRST + 2 do
            local report = history.run(seed, 40)
            assert(report == nil, report)
        end
    end)
end)

describe("statements that are nearly right", function()
    it("are refused with their place, or run within their bounds", function()
        mutate.gather()
        for seed = FIRST, FIRST + 9 do
            local report = mutate.run(seed, 200)
            assert(report == nil, report)
        end
    end)

    it("would be reported if they were not", function()
        local function says(rows, err)
            local tx = { query = function()
                if rows == "raise" then error("attempt to index nil") end
                return rows, err
            end }
            return mutate.judge(tx, "")
        end
        assert.is_nil(says({}))
        assert.is_nil(says(nil, { code = "timeout", message = "late" }))
        assert.is_string(says("raise"))
        assert.is_string(says(nil, { code = "corrupt", message = "?" }))
        assert.is_string(says(nil, { code = "syntax", message = "?" }))
        assert.is_string(says(nil, { code = "invalid",
                                     message = "a plan with a hole" }))
    end)
end)
