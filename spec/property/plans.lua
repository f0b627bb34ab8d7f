-- Plans of random statements as files: what the fuzzer of plans begins with,
-- and what that of packs reads by, whose indexes these are.
--
-- usage: lua spec/property/plans.lua FOLDER [count]

local core = require("namidb.core")
local namidb = require("namidb")
local csv = require("spec.property.csv")
local generate = require("spec.property.generate")
local random = require("spec.support.random")
local render = require("spec.property.render")

local folder, count = arg[1], tonumber(arg[2] or 300)
local made = 0

local plan = core.plan
core.plan = function(bytes, ...)
    made = made + 1
    local file = assert(io.open(("%s/plan-%d"):format(folder, made), "wb"))
    file:write(bytes)
    file:close()
    return plan(bytes, ...)
end

local db = assert(namidb.open("memory://plans"))
assert(db:query("CREATE INDEX FOR (n:A) ON (n.i)"))
assert(db:query("CREATE INDEX FOR ()-[r:R]-() ON (r.i)"))
for seed = 1, count do
    local source = random.new(seed)
    local query = source:one_in(4) and generate.search(source) or
        generate.query(source, source:one_in(3))
    db:query("EXPLAIN " .. render.query(query))
end
csv.clean()
print(made .. " plans")
