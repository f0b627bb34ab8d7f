-- What db:query gives: an array of rows, with what can be done to all of them.

local core = require("namidb.core")
local json = require("namidb.json")

local result = {}

local methods = {}
local Result = { __name = "namidb.result", __index = methods }

--- Makes a result of an array of rows that has `columns`.
function result.new(rows)
    setmetatable(rows, Result) -- LuaJIT compiles no tail call of it
    return rows
end

local LIST = 13 -- kind; those below are one value each

-- What has parts is JSON (where JSON can say it); else its text.
local function cell(value)
    local mt = type(value) == "table" and getmetatable(value)
    local of_kind = mt and rawget(mt, "__kind")
    if type(value) == "table" and not (of_kind and of_kind < LIST) then
        local ok, text = pcall(json.encode, value)
        if ok then return text end
    end
    return tostring(value)
end

local function quote(value)
    if value == nil or value == core.null then return "" end
    local text = cell(value)
    if text:find('[",\r\n]') then
        return '"' .. text:gsub('"', '""') .. '"'
    end
    return text
end

--- The rows as CSV (RFC 4180), the names of the columns first. Null is empty;
-- nodes, edges, paths, lists and maps are JSON.
function methods:to_csv()
    local lines, cells = {}, {}
    for i, name in ipairs(self.columns) do cells[i] = quote(name) end
    lines[1] = table.concat(cells, ",")
    for number, row in ipairs(self) do
        for i, name in ipairs(self.columns) do cells[i] = quote(row[name]) end
        lines[number + 1] = table.concat(cells, ",")
    end
    return table.concat(lines, "\r\n") .. "\r\n"
end

-- "name | age" over its rows, in columns as wide as their widest cell.
function Result.__tostring(self)
    if self.plan then return self.plan end
    local widths, lines = {}, {}
    local function measure(get)
        for i, name in ipairs(self.columns) do
            widths[i] = math.max(widths[i] or 1, #get(name))
        end
    end
    local function show(row, name)
        local value = row[name]
        if value == nil then return "null" end
        local is_map = type(value) == "table" and getmetatable(value) == nil
        local text = is_map and cell(value) or tostring(value)
        return (text:gsub("[%c]", " "))
    end
    local function line(get)
        local cells = {}
        for i, name in ipairs(self.columns) do
            local text = get(name)
            cells[i] = text .. (" "):rep(widths[i] - #text)
        end
        lines[#lines + 1] = (table.concat(cells, " | "):gsub("%s+$", ""))
    end
    measure(function(name) return name end)
    for _, row in ipairs(self) do
        measure(function(name) return show(row, name) end)
    end
    line(function(name) return name end)
    for _, row in ipairs(self) do
        line(function(name) return show(row, name) end)
    end
    return table.concat(lines, "\n")
end

return result
