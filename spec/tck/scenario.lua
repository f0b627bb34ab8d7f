-- One scenario: its steps against a graph of its own.

local namidb = require("namidb")
local effects = require("spec.tck.effects")
local text = require("spec.tck.text")

local scenario = {}

local count = 0

local function open()
    count = count + 1
    return assert(namidb.open("memory://tck-" .. count, { int64 = true }))
end

local function fail(message, ...)
    error({ failed = message:format(...) }, 0)
end

local function check_effects(world, expected)
    local after = effects.observe(world.db)
    local changes = effects.between(world.before, after)
    for _, kind in ipairs(effects.KINDS) do
        local added, removed = changes["+" .. kind], changes["-" .. kind]
        local wanted_added = tonumber(expected["+" .. kind] or 0)
        local wanted_removed = tonumber(expected["-" .. kind] or 0)
        if added ~= wanted_added or removed ~= wanted_removed then
            fail("side effects: +%s %d, -%s %d; expected +%d, -%d", kind, added,
                 kind, removed, wanted_added, wanted_removed)
        end
    end
end

----------------------------------------------------------------------- results

local function error_text(err)
    if type(err) ~= "table" then return tostring(err) end
    return ("%s: %s (%s, %s)"):format(tostring(err.class), tostring(err.detail),
                                      tostring(err.phase), err.message)
end

local function row_text(columns, row, sorts)
    local parts = {}
    for i, name in ipairs(columns) do
        parts[i] = text.actual(row[name], sorts)
    end
    return table.concat(parts, " | ")
end

local function check_columns(result, wanted)
    local given = table.concat(result.columns, " | ")
    if given ~= table.concat(wanted, " | ") then
        fail("columns: %s; expected %s", given, table.concat(wanted, " | "))
    end
end

local function check_result(world, rows, is_ordered, sorts)
    if not world.result then fail("%s", error_text(world.err)) end
    check_columns(world.result, rows[1])
    local expected, given = {}, {}
    for i = 2, #rows do
        local parts = {}
        for c, cell in ipairs(rows[i]) do
            parts[c] = text.expected(text.parse(cell), sorts)
        end
        expected[i - 1] = table.concat(parts, " | ")
    end
    for i, row in ipairs(world.result) do
        given[i] = row_text(world.result.columns, row, sorts)
    end
    if not is_ordered then
        table.sort(expected)
        table.sort(given)
    end
    local wanted, got = table.concat(expected, "\n"), table.concat(given, "\n")
    if wanted ~= got then
        fail("result:\n%s\nexpected:\n%s", got, wanted)
    end
end

local function check_error(world, class, phase, detail)
    if world.result then fail("no error; expected %s: %s", class, detail) end
    local err = world.err
    local is_phase = phase == "any time" or err.phase ==
        (phase == "compile time" and "compile" or "runtime")
    if err.class ~= class or not is_phase or
        detail ~= "*" and err.detail ~= detail then
        fail("%s; expected %s: %s at %s", error_text(err), class, detail, phase)
    end
    check_effects(world, {})
end

-------------------------------------------------------------------- procedures

local function convert(kind, value)
    local lua = text.lua(value)
    if kind:match("^FLOAT") and type(lua) == "number" then
        return namidb.float(lua)
    end
    return lua
end

local function fields_of(list)
    local fields = {}
    for name, kind in list:gmatch("([%w_]+)%s*::%s*([%w%?]+)") do
        fields[#fields + 1] = { name = name, type = kind }
    end
    return fields
end

-- Whether what a call passes stands in the row of the table.
local function matches(row, count_of_arguments, arguments)
    for i = 1, count_of_arguments do
        local wanted = text.expected(text.parse(row[i]))
        local given = text.actual(arguments[i])
        if wanted ~= given and tonumber(wanted) ~= tonumber(given) then
            return false
        end
        if wanted ~= given and not tonumber(wanted) then return false end
    end
    return true
end

local function register(world, declaration, rows)
    local name, takes, gives =
        declaration:match("^([%w%.]+)(%b())%s*::%s*(%b())%s*:?$")
    if not name then fail("a procedure that is none: %s", declaration) end
    local arguments, yields = fields_of(takes), fields_of(gives)
    world.db:register(name, {
        arguments = arguments, yields = yields,
        call = function(...)
            local passed, result = { ... }, {}
            if #yields == 0 then return { {} } end
            for i = 2, #rows do
                if matches(rows[i], #arguments, passed) then
                    local row = {}
                    for c, yield in ipairs(yields) do
                        row[c] = convert(yield.type,
                            text.parse(rows[i][#arguments + c]))
                    end
                    result[#result + 1] = row
                end
            end
            return result
        end,
    })
end

------------------------------------------------------------------------- steps

local steps = {
    { "^an empty graph$", function() end },
    { "^any graph$", function() end },
    { "^the (.+) graph$", function(world, _, name)
        local path = world.graphs .. "/" .. name .. "/" .. name .. ".cypher"
        local file = assert(io.open(path))
        local source = file:read("*a")
        file:close()
        assert(world.db:query(source))
    end },
    { "^having executed:$", function(world, step)
        local result, err = world.db:query(step.doc)
        if not result then fail("having executed: %s", error_text(err)) end
    end },
    { "^parameters are:$", function(world, step)
        for _, row in ipairs(step.rows) do
            world.params[row[1]] = text.lua(text.parse(row[2]))
        end
    end },
    { "^there exists a procedure (.+)$", function(world, step, declaration)
        register(world, declaration, step.rows or {})
    end },
    { "^executing query:$", function(world, step)
        world.before = effects.observe(world.db)
        world.result, world.err = world.db:query(step.doc, world.params)
    end },
    { "^executing control query:$", function(world, step)
        world.result, world.err = world.db:query(step.doc, world.params)
    end },
    { "^the result should be empty$", function(world)
        if not world.result then fail("%s", error_text(world.err)) end
        if #world.result > 0 then fail("%d rows", #world.result) end
    end },
    { "^the result should be, in any order:$", function(world, step)
        check_result(world, step.rows, false, false)
    end },
    { "^the result should be, in order:$", function(world, step)
        check_result(world, step.rows, true, false)
    end },
    { "^the result should be %(ignoring element order for lists%):$",
      function(world, step) check_result(world, step.rows, false, true) end },
    { "^the result should be, in order %(ignoring element order for lists%):$",
      function(world, step) check_result(world, step.rows, true, true) end },
    { "^no side effects$", function(world) check_effects(world, {}) end },
    { "^the side effects should be:$", function(world, step)
        local expected = {}
        for _, row in ipairs(step.rows) do expected[row[1]] = row[2] end
        check_effects(world, expected)
    end },
    { "^an? (%w+) should be raised at (.-): (.+)$",
      function(world, _, class, phase, detail)
          check_error(world, class, phase, detail)
      end },
}

local function run_step(world, step)
    for _, known in ipairs(steps) do
        local captures = { step.text:match(known[1]) }
        if captures[1] then
            return known[2](world, step, (unpack or table.unpack)(captures))
        end
    end
    fail("a step that is not known: %s", step.text)
end

--- Whether every step of a scenario is known.
function scenario.is_known(made)
    for _, step in ipairs(made.steps) do
        local is_known = false
        for _, known in ipairs(steps) do
            if step.text:match(known[1]) then is_known = true end
        end
        if not is_known then return false, step.text end
    end
    return true
end

--- Runs a scenario; nil, or why it failed.
function scenario.run(made, graphs)
    local world = { db = open(), params = {}, graphs = graphs }
    local why
    for _, step in ipairs(made.steps) do
        local ok, err = pcall(run_step, world, step)
        if not ok then
            why = type(err) == "table" and err.failed or tostring(err)
            why = ("%s\n(line %d: %s)"):format(why, step.line, step.text)
            break
        end
    end
    world.db:close()
    return why
end

return scenario
