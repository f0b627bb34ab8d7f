-- Runs openCypher's conformance kit: lua spec/tck/run.lua FOLDER [PATTERN]
--
-- FOLDER holds features/ and graphs/, or is the folder of features itself.
-- PATTERN picks scenarios by "feature: name". Prints failures, then
-- `N passed, N failed`. What spec/tck/known.txt names may fail; when it does
-- not, that is a failure as well.

local feature = require("spec.tck.feature")
local scenario = require("spec.tck.scenario")

local folder, wanted = arg[1], arg[2]

local function lines_of(command)
    local pipe = assert(io.popen(command))
    local lines = {}
    for line in pipe:lines() do lines[#lines + 1] = line end
    pipe:close()
    return lines
end

local function read(path)
    local file = assert(io.open(path))
    local content = file:read("*a")
    file:close()
    return content
end

local function known_failures()
    local known = {}
    for line in read("spec/tck/known.txt"):gmatch("[^\n]+") do
        local name = line:match("^([^#].-)%s*$")
        if name then known[name] = true end
    end
    return known
end

local quoted = "'" .. folder:gsub("'", "'\\''") .. "'"
local files = lines_of("find " .. quoted .. " -name '*.feature' | sort")
local graphs = folder .. "/graphs"
local known = known_failures()
local passed, failed, expected = 0, 0, 0

for _, path in ipairs(files) do
    local made = feature.parse(read(path))
    for _, case in ipairs(made.scenarios) do
        local name = made.name .. ": " .. case.name
        if not wanted or name:find(wanted) then
            local why = scenario.run(case, graphs)
            if why and known[name] then
                expected = expected + 1
            elseif why then
                failed = failed + 1
                print("not ok " .. name)
                print("    " .. why:gsub("\n", "\n    "))
            elseif known[name] then
                failed = failed + 1
                print("not ok " .. name .. "\n    passes, though known.txt " ..
                    "names it")
            else
                passed = passed + 1
            end
        end
    end
end

if expected > 0 then print(expected .. " known failures") end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and passed > 0 and 0 or 1)
