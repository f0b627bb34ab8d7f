-- Makes a statement that fails smaller for as long as it still fails.

local value = require("spec.property.value")

local shrink = {}

local function clone(node)
    if type(node) ~= "table" or node == value.NULL then return node end
    local made = {}
    for key, field in pairs(node) do
        made[key] = key == "v" and field or clone(field)
    end
    return made
end

local OPTIONAL = { where = true, order = true, limit = true, skip = true,
                   distinct = true, otherwise = true, result = true,
                   on_match = true, on_create = true, hops = true,
                   operand = true, optional = true, only = true,
                   way = true, mode = true }
local LISTS = { items = true, patterns = true, whens = true, labels = true,
                types = true, order = true, args = true, elements = true,
                parts = true, clauses = true }
local LITERALS = { value.NULL, value.int(0), value.bool(true),
                   value.str("a"), value.list({ value.int(1) }) }

local function is_expression(node)
    return type(node) == "table" and node.k ~= nil and not node.patterns and
        node.k ~= "project" and node.k ~= "match" and node.k ~= "unwind"
end

-- Calls fn(holder, key) for each place at which something may go.
local function each_place(node, fn)
    if node.k == "csv" then return end -- a file is what it is
    for key, field in pairs(node) do
        if key ~= "v" and type(field) == "table" and field.t == nil then
            fn(node, key)
            each_place(field, fn)
        elseif OPTIONAL[key] and field then
            fn(node, key)
        end
    end
end

-- What may stand in place of node[key], as functions that put it there.
local function candidates(node, key)
    local field = node[key]
    local made = {}
    local function put(other)
        made[#made + 1] = function() node[key] = other end
    end
    if OPTIONAL[key] then put(nil) end
    if key == "hops" then put({ min = 1, max = 1 }) end
    if type(field) ~= "table" then return made end
    if LISTS[key] or key == 1 then
        for i = #field, 1, -1 do
            if key == "elements" then i = #field end
            made[#made + 1] = function()
                table.remove(field, i)
                if key == "elements" then table.remove(field, i - 1) end
            end
        end
    end
    if key == "props" or key == "map" then
        for name in pairs(field) do
            made[#made + 1] = function() field[name] = nil end
        end
    end
    if is_expression(field) then
        for _, literal in ipairs(LITERALS) do
            if field.k ~= "lit" then put({ k = "lit", v = literal }) end
        end
        for _, inner in pairs(field) do
            if is_expression(inner) then put(inner) end
            if type(inner) == "table" then
                for _, item in pairs(inner) do
                    if is_expression(item) then put(item) end
                end
            end
        end
    end
    return made
end

local function count_places(query)
    local count = 0
    each_place(query, function(node, key)
        count = count + #candidates(node, key)
    end)
    return count
end

-- A copy of the query with change `number` made.
local function changed(query, number)
    local made, at = clone(query), 0
    local change
    each_place(made, function(node, key)
        for _, candidate in ipairs(candidates(node, key)) do
            at = at + 1
            if at == number then change = candidate end
        end
    end)
    if change then change() end
    return made
end

-- Whether nothing is missing that a statement must have.
local function is_whole(node)
    if type(node) ~= "table" then return true end
    for _, key in ipairs({ "items", "patterns", "whens", "elements" }) do
        if node.k ~= "listlit" and node[key] and #node[key] == 0 then
            return false
        end
    end
    for _, element in ipairs(node.elements or {}) do
        if element.elements and (#element.elements < 3 or not element.hops) then
            return false
        end
    end
    for key, field in pairs(node) do
        if key ~= "v" and not is_whole(field) then return false end
    end
    if not node.parts then return true end
    for _, part in ipairs(node.parts) do
        if #part == 0 or part[#part].k ~= "project" then return false end
    end
    return #node.parts > 0
end

--- The smallest query found for which fails(query) is still true.
function shrink.run(query, fails)
    local tries = 0
    local again = true
    while again and tries < 3000 do
        again = false
        local number = 1
        while number <= count_places(query) and tries < 3000 do
            tries = tries + 1
            local smaller = changed(query, number)
            if is_whole(smaller) and fails(smaller) then
                query, again = smaller, true
            else
                number = number + 1
            end
        end
    end
    return query
end

return shrink
