-- Types of values, as `IS ::` asks for them: made, written and decided.
--
-- A type: { union = [{ name = or item = type, nullable = }] }.

local types = {}

-- How the language calls what the reference calls t.
local NAMES = {
    { "BOOLEAN", "bool" }, { "BOOL", "bool" }, { "STRING", "str" },
    { "VARCHAR", "str" }, { "INTEGER", "int" }, { "SIGNED INTEGER", "int" },
    { "FLOAT", "float" }, { "DATE", "date" }, { "DURATION", "duration" },
    { "LOCAL TIME", "localtime" }, { "ZONED TIME", "time" },
    { "LOCAL DATETIME", "localdatetime" }, { "POINT", "point" },
    { "TIMESTAMP WITH TIME ZONE", "datetime" }, { "NODE", "node" },
    { "ZONED DATETIME", "datetime" }, { "ANY VERTEX", "node" },
    { "EDGE", "edge" }, { "RELATIONSHIP", "edge" }, { "MAP", "map" },
    { "PATH", "path" }, { "ANY VALUE", "any" }, { "NOTHING", "nothing" },
    { "NULL", "null" },
}

--- A type, `depth` lists deep at most.
function types.make(random, depth)
    local made = { union = {} }
    for i = 1, random:weighted({ { 3, 1 }, { 2, 2 }, { 1, 3 } }) do
        local part = { nullable = random:one_in(2) }
        if depth > 0 and random:one_in(3) then
            part.item = types.make(random, depth - 1)
        else
            local name = random:pick(NAMES)
            part.name, part.t = name[1], name[2]
        end
        if part.t == "nothing" then part.nullable = false end
        if part.t == "null" then part.nullable = true end
        made.union[i] = part
    end
    return made
end

local function part_text(part)
    local text = part.name or "LIST<" .. types.text(part.item) .. ">"
    local is_said = part.nullable or part.t == "nothing"
    return text .. (is_said and "" or " NOT NULL")
end

--- As it is written between < and >.
function types.text(type)
    local parts = {}
    for i, part in ipairs(type.union) do parts[i] = part_text(part) end
    return table.concat(parts, " | ")
end

--- As it is written where a | may mean something else.
function types.closed(type)
    local text = types.text(type)
    return #type.union > 1 and "ANY VALUE<" .. text .. ">" or text
end

local function part_holds(part, v)
    if v.t == "null" then return part.nullable end
    if part.t == "any" then return true end
    if part.name then return part.t == v.t end
    if v.t ~= "list" then return false end
    for _, item in ipairs(v) do
        if not types.holds(part.item, item) then return false end
    end
    return true
end

--- Whether a value is of a type.
function types.holds(type, v)
    for _, part in ipairs(type.union) do
        if part_holds(part, v) then return true end
    end
    return false
end

return types
