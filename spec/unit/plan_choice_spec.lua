-- Whatever the planner believes of a graph, results are the same: the random
-- statements of property_spec, planned by counts that are made up.

local check = require("spec.property.check")
local statistics = require("namidb.plan.statistics")

local FIRST = tonumber(os.getenv("NAMIDB_PROPERTY_SEED") or 5001)
local SEEDS, STATEMENTS = 40, 20
local COUNTS = { 0, 1, 3, 1000, 1e9 }

local seed

local function random(count)
    seed = (seed * 16807 + 5) % 2147483647
    return seed % count + 1
end

-- A count for each name, made up when it is asked for.
local function made_up(make)
    return setmetatable({}, { __index = function(self, name)
        local value = make()
        rawset(self, name, value)
        return value
    end })
end

local function count()
    return COUNTS[random(#COUNTS)]
end

-- By label, with some labels that can be enumerated.
local function ends()
    local result = {}
    for _, label in ipairs({ "", "A", "B", "C" }) do
        if random(2) == 1 then result[label] = count() end
    end
    return result
end

-- What is known of each property; of every second nothing.
local function properties()
    return made_up(function()
        if random(2) == 1 then return nil end
        local low = random(20) - 10
        return { values = count(), distinct = count(), min = low,
                 max = low + random(20) - 1 }
    end)
end

local function spread()
    return made_up(function()
        if random(2) == 1 then return nil end
        return { nodes = count(), at_an_edge = count(), most = count() }
    end)
end

local function counts()
    return { nodes = count(), labels = made_up(count), types = made_up(count),
             out = made_up(ends), into = made_up(ends),
             node_properties = made_up(properties),
             edge_properties = made_up(properties),
             degrees = { out = spread(), into = spread() } }
end

describe("a plan by made up counts", function()
    local of = statistics.of

    setup(function() statistics.of = counts end)
    teardown(function() statistics.of = of end)

    it("gives what the rules say", function()
        local rows, cases = 0, 0
        for number = FIRST, FIRST + SEEDS - 1 do
            seed = number
            local report, found = check.seed(number, STATEMENTS)
            assert(report == nil, report)
            rows, cases = rows + found.rows, cases + found.cases
        end
        assert.equal(SEEDS * STATEMENTS, cases)
        assert.is_true(rows > cases / 4)
    end)
end)
