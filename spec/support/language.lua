-- Specs of the language: statements with what they give, what they change and
-- how they fail, in the notation of openCypher's conformance kit
-- (spec/tck/text.lua).
--
-- A case is { statement, row, ... }; a row is its values between bars. Rows
-- come in this order if the statement has ORDER BY, otherwise in any. Fields:
--   params    the statement's parameters
--   effects   "+1 nodes, -2 properties": what it changes; nothing unless said
--   fault     "SyntaxError.UndefinedVariable" instead of rows, and nothing is
--             changed; `at` is "runtime", else it is found at compile time

local assert = require("luassert")
local effects = require("spec.tck.effects")
local help = require("spec.help")
local text = require("spec.tck.text")

local language = {}

--- A new graph, made by a statement if one is given.
function language.open(setup)
    local db = help.open({ int64 = true })
    if setup then assert(db:query(setup)) end
    return db
end

local function given_rows(rows)
    local given = {}
    for i, row in ipairs(rows) do
        local parts = {}
        for c, name in ipairs(rows.columns) do
            parts[c] = text.actual(row[name])
        end
        given[i] = table.concat(parts, " | ")
    end
    return given
end

local function expected_rows(case)
    local expected = {}
    for i = 2, #case do
        local parts = {}
        for cell in (case[i] .. " | "):gmatch("(.-) | ") do
            parts[#parts + 1] = text.expected(text.parse(cell))
        end
        expected[i - 1] = table.concat(parts, " | ")
    end
    return expected
end

--- Runs a case's statement and compares its rows.
function language.check(db, case)
    local rows = assert(db:query(case[1], case.params))
    local expected, given = expected_rows(case), given_rows(rows)
    if not case[1]:find("ORDER BY", 1, true) then
        table.sort(expected)
        table.sort(given)
    end
    assert.same(expected, given, case[1])
end

-- Statements that must fail, and how.
local function check_fault(db, case)
    local rows, err = db:query(case[1], case.params)
    assert.is_nil(rows, case[1])
    assert.equal(case.fault, tostring(err.class) .. "." ..
        tostring(err.detail), err.message)
    assert.equal(case.at or "compile", err.phase, case[1])
    if err.phase == "compile" then assert.truthy(err.column, case[1]) end
end

-- The changes that `wanted` names, as effects.between gives them.
local function expected_effects(wanted)
    local expected = {}
    for _, kind in ipairs(effects.KINDS) do
        expected["+" .. kind], expected["-" .. kind] = 0, 0
    end
    for sign, number, kind in (wanted or ""):gmatch("([+-])(%d+) (%a+)") do
        assert(expected[sign .. kind], wanted)
        expected[sign .. kind] = tonumber(number)
    end
    return expected
end

--- Runs a case on a graph of its own and compares all that it says.
function language.check_alone(setup, case)
    local db = language.open(setup)
    local before = effects.observe(db)
    if case.fault then
        check_fault(db, case)
    else
        language.check(db, case)
    end
    assert.same(expected_effects(case.effects),
                effects.between(before, effects.observe(db)), case[1])
    db:close()
end

return language
