-- Feature files of openCypher's conformance kit: the part of Gherkin that they
-- use. Scenario outlines come expanded, one scenario for each example.

local feature = {}

local function trim(text)
    return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

-- "| a | b |" as { "a", "b" }; "\|" is a bar.
local function cells(line)
    local row = {}
    local text = trim(line):gsub("\\\\", "\1"):gsub("\\|", "\2")
    for cell in text:sub(2):gmatch("([^|]*)|") do
        row[#row + 1] = (trim(cell):gsub("\2", "|"):gsub("\1", "\\"))
    end
    return row
end

-- Lines between two """, without the indentation of the first.
local function doc_string(lines, at)
    local indent = #lines[at]:match("^%s*")
    local text = {}
    at = at + 1
    while not lines[at]:match('^%s*"""') do
        text[#text + 1] = lines[at]:sub(indent + 1)
        at = at + 1
    end
    return table.concat(text, "\n"), at + 1
end

local function table_rows(lines, at)
    local rows = {}
    while lines[at] and lines[at]:match("^%s*[|#]") do
        if lines[at]:match("^%s*|") then rows[#rows + 1] = cells(lines[at]) end
        at = at + 1
    end
    return rows, at
end

local function skip_blank(lines, at)
    while lines[at] and (lines[at]:match("^%s*$") or lines[at]:match("^%s*#"))
    do
        at = at + 1
    end
    return at
end

local function step_at(lines, at)
    local text = lines[at]:match("^%s*Given%s+(.*)") or
        lines[at]:match("^%s*When%s+(.*)") or
        lines[at]:match("^%s*Then%s+(.*)") or
        lines[at]:match("^%s*And%s+(.*)") or lines[at]:match("^%s*But%s+(.*)")
    if not text then return nil end
    local step = { text = trim(text), line = at }
    at = at + 1
    if lines[at] and lines[at]:match('^%s*"""') then
        step.doc, at = doc_string(lines, at)
    elseif lines[at] and lines[at]:match("^%s*|") then
        step.rows, at = table_rows(lines, at)
    end
    return step, at
end

local function steps_from(lines, at)
    local steps = {}
    while true do
        at = skip_blank(lines, at)
        local step, next_at
        if lines[at] then step, next_at = step_at(lines, at) end
        if not step then return steps, at end
        steps[#steps + 1], at = step, next_at
    end
end

local function replace(text, names, row)
    if not text then return nil end
    for i, name in ipairs(names) do
        local pattern = "<" .. name:gsub("%p", "%%%0") .. ">"
        text = text:gsub(pattern, (row[i]:gsub("%%", "%%%%")))
    end
    return text
end

local function example_of(outline, names, row, number)
    local scenario = { name = outline.name .. " #" .. number, steps = {},
                       line = outline.line }
    for i, step in ipairs(outline.steps) do
        local rows
        if step.rows then
            rows = {}
            for r, cells_of_row in ipairs(step.rows) do
                rows[r] = {}
                for c, cell in ipairs(cells_of_row) do
                    rows[r][c] = replace(cell, names, row)
                end
            end
        end
        scenario.steps[i] = { text = replace(step.text, names, row),
                              doc = replace(step.doc, names, row),
                              rows = rows, line = step.line }
    end
    return scenario
end

local function add_examples(scenarios, outline, rows, count)
    local names = rows[1]
    for i = 2, #rows do
        count = count + 1
        scenarios[#scenarios + 1] = example_of(outline, names, rows[i], count)
    end
    return count
end

--- { name =, scenarios = { { name =, line =, steps = { { text =, doc =, rows =,
-- line = } } } } } of the text of a feature file.
function feature.parse(text)
    local lines, result = {}, { scenarios = {} }
    for line in (text .. "\n"):gmatch("(.-)\r?\n") do
        lines[#lines + 1] = line
    end
    local background, current, examples = {}, nil, 0
    local at = skip_blank(lines, 1)
    while lines[at] do
        local line = lines[at]
        local outline = line:match("^%s*Scenario Outline:%s*(.*)")
        local name = line:match("^%s*Scenario:%s*(.*)")
        if line:match("^%s*Feature:") then
            result.name, at = trim(line:match("Feature:%s*(.*)")), at + 1
        elseif line:match("^%s*Background:") then
            background, at = steps_from(lines, at + 1)
        elseif outline or name then
            local steps
            local begin = at
            steps, at = steps_from(lines, at + 1)
            for i = #background, 1, -1 do
                table.insert(steps, 1, background[i])
            end
            current = { name = trim(outline or name), steps = steps,
                        line = begin }
            examples = 0
            if name then result.scenarios[#result.scenarios + 1] = current end
        elseif line:match("^%s*Examples:") then
            local rows
            rows, at = table_rows(lines, skip_blank(lines, at + 1))
            examples = add_examples(result.scenarios, current, rows, examples)
        elseif line:match("^%s*@") then
            at = at + 1
        else
            error(("line %d: not of a feature file: %s"):format(at, line))
        end
        at = skip_blank(lines, at)
    end
    return result
end

return feature
