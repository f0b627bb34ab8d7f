-- Values as text that is the same when they are: what the kit expects, as it
-- is written in a feature file, and what a query gave.

local namidb = require("namidb")
local kinds = require("namidb.value").kinds

local text = {}

local List = kinds[13]

------------------------------------------------------------------- expected

-- A reader of the kit's notation. Values are { kind =, ... }.
local reader = {}
reader.__index = reader

function reader:skip()
    self.at = self.source:find("%S", self.at) or #self.source + 1
end

function reader:peek(pattern)
    self:skip()
    return self.source:match("^" .. pattern, self.at)
end

function reader:take(pattern)
    local found = self:peek(pattern)
    if found then self.at = self.at + #found end
    return found
end

function reader:expect(pattern)
    return self:take(pattern) or
        error(("%s: %s expected at %d"):format(self.source, pattern, self.at))
end

local read_value

local function read_string(self)
    local parts = {}
    self:expect("'")
    while true do
        local char = self.source:sub(self.at, self.at)
        if char == "" then error(self.source .. ": a string without end") end
        self.at = self.at + 1
        if char == "'" then break end
        if char == "\\" then
            char = self.source:sub(self.at, self.at)
            self.at = self.at + 1
            local escapes = { n = "\n", t = "\t", r = "\r", b = "\b", f = "\f" }
            char = escapes[char] or char
        end
        parts[#parts + 1] = char
    end
    return { kind = "string", value = table.concat(parts) }
end

local function read_map(self)
    local map = { kind = "map", entries = {} }
    self:expect("{")
    while not self:take("}") do
        local key = self:take("`[^`]*`")
        key = key and key:sub(2, -2) or self:expect("[^%s:{},]+")
        self:expect(":")
        map.entries[key] = read_value(self)
        if not self:take(",") and not self:peek("}") then self:expect("}") end
    end
    return map
end

local function read_items(self, close)
    local items = {}
    while not self:take(close) do
        items[#items + 1] = read_value(self)
        if not self:take(",") and not self:peek(close) then
            self:expect(close)
        end
    end
    return { kind = "list", items = items }
end

local function read_name(self)
    local quoted = self:take("`[^`]*`")
    return quoted and quoted:sub(2, -2) or self:expect("[^%s:{}%(%)%[%]]+")
end

local function read_node(self)
    local node = { kind = "node", labels = {}, props = { entries = {} } }
    self:expect("%(")
    while self:take(":") do node.labels[#node.labels + 1] = read_name(self) end
    if self:peek("{") then node.props = read_map(self) end
    self:expect("%)")
    return node
end

local function read_edge(self)
    local edge = { kind = "edge", props = { entries = {} } }
    self:expect("%[")
    self:expect(":")
    edge.type = read_name(self)
    if self:peek("{") then edge.props = read_map(self) end
    self:expect("%]")
    return edge
end

local function read_path(self)
    local path = { kind = "path" }
    self:expect("<")
    path[1] = read_node(self)
    while not self:take(">") do
        local is_back = self:take("<%-") ~= nil
        if not is_back then self:expect("%-") end
        path[#path + 1] = { edge = read_edge(self), is_back = is_back }
        self:expect(is_back and "%-" or "%->")
        path[#path + 1] = read_node(self)
    end
    return path
end

local WORDS = { ["true"] = { kind = "boolean", value = true },
                ["false"] = { kind = "boolean", value = false },
                null = { kind = "null" },
                NaN = { kind = "float", value = 0 / 0 },
                Inf = { kind = "float", value = math.huge },
                ["-Inf"] = { kind = "float", value = -math.huge } }

function read_value(self)
    if self:peek("'") then return read_string(self) end
    if self:peek("{") then return read_map(self) end
    if self:peek("%[%s*:") then return read_edge(self) end
    if self:take("%[") then return read_items(self, "%]") end
    if self:peek("%(") then return read_node(self) end
    if self:peek("<") then return read_path(self) end
    local word = self:expect("[%w%.%+%-]+")
    if WORDS[word] then return WORDS[word] end
    if word:match("^[%+%-]?%d+$") then return { kind = "int", value = word } end
    local number = tonumber(word)
    if number then return { kind = "float", value = number } end
    error(("%s: %s is no value"):format(self.source, word))
end

--- A value of the kit's notation, as { kind =, ... }.
function text.parse(source)
    local self = setmetatable({ source = source, at = 1 }, reader)
    local value = read_value(self)
    self:skip()
    if self.at <= #source then error(source .. ": more than a value") end
    return value
end

---------------------------------------------------------------------- to text

local function float_text(number)
    if number ~= number then return "NaN" end
    if number == math.huge then return "Inf" end
    if number == -math.huge then return "-Inf" end
    if number == 0 then return "0.0" end -- so is -0.0
    local shown = ("%.14g"):format(number)
    return shown:find("[%.e]") and shown or shown .. ".0"
end

local function int_text(number)
    return (tostring(number):gsub("[UL]+$", ""))
end

local function join(parts, is_sorted)
    if is_sorted then table.sort(parts) end
    return table.concat(parts, ", ")
end

local function props_text(parts)
    if #parts == 0 then return "" end
    return " {" .. join(parts, true) .. "}"
end

local function labels_text(labels)
    local sorted = {}
    for i, label in ipairs(labels) do sorted[i] = ":" .. label end
    table.sort(sorted)
    return table.concat(sorted)
end

local expected_text

local function expected_entries(map, sorts)
    local parts = {}
    for key, value in pairs(map.entries) do
        parts[#parts + 1] = key .. ": " .. expected_text(value, sorts)
    end
    return parts
end

local function expected_path(path, sorts)
    local parts = {}
    for i, part in ipairs(path) do
        if i % 2 == 1 then
            parts[i] = expected_text(part, sorts)
        else
            parts[i] = (part.is_back and "<-" or "-") ..
                expected_text(part.edge, sorts) ..
                (part.is_back and "-" or "->")
        end
    end
    return "<" .. table.concat(parts) .. ">"
end

--- sorts: whether the order of lists does not count.
function expected_text(value, sorts)
    local kind = value.kind
    if kind == "null" then return "null" end
    if kind == "string" then return ("%q"):format(value.value) end
    if kind == "boolean" then return tostring(value.value) end
    if kind == "int" then return (value.value:gsub("^%+", "")) end
    if kind == "float" then return float_text(value.value) end
    if kind == "map" then
        return "{" .. join(expected_entries(value, sorts), true) .. "}"
    end
    if kind == "node" then
        return "(" .. labels_text(value.labels) ..
            props_text(expected_entries(value.props, sorts)) .. ")"
    end
    if kind == "edge" then
        return "[:" .. value.type ..
            props_text(expected_entries(value.props, sorts)) .. "]"
    end
    if kind == "path" then return expected_path(value, sorts) end
    local parts = {}
    for i, item in ipairs(value.items) do
        parts[i] = expected_text(item, sorts)
    end
    return "[" .. join(parts, sorts) .. "]"
end
text.expected = expected_text

local actual_text

local function actual_entries(map, sorts)
    local parts = {}
    for key, value in pairs(map) do
        parts[#parts + 1] = key .. ": " .. actual_text(value, sorts)
    end
    return parts
end

local function actual_path(path, sorts)
    local parts = { actual_text(path.nodes[1], sorts) }
    for i, edge in ipairs(path.edges) do
        local is_back = edge.from ~= path.nodes[i].id
        parts[#parts + 1] = (is_back and "<-" or "-") ..
            actual_text(edge, sorts) .. (is_back and "-" or "->")
        parts[#parts + 1] = actual_text(path.nodes[i + 1], sorts)
    end
    return "<" .. table.concat(parts) .. ">"
end

local function table_text(value, sorts)
    local kind = getmetatable(value)
    local name = kind and kind.__name
    if name == "namidb.node" then
        return "(" .. labels_text(value.labels) ..
            props_text(actual_entries(value.props, sorts)) .. ")"
    elseif name == "namidb.edge" then
        return "[:" .. value.type ..
            props_text(actual_entries(value.props, sorts)) .. "]"
    elseif rawget(value, "nodes") and rawget(value, "edges") then
        return actual_path(value, sorts)
    elseif kind == List then
        local parts = {}
        for i = 1, #value do parts[i] = actual_text(value[i], sorts) end
        return "[" .. join(parts, sorts) .. "]"
    elseif name == "namidb.float" then
        return float_text(value[1])
    elseif kind and kind.__kind then -- a date, a duration, ...
        return ("%q"):format(tostring(value))
    end
    return "{" .. join(actual_entries(value, sorts), true) .. "}"
end

-- The handle was opened with int64 = true: what is a plain number in LuaJIT is
-- a float.
function actual_text(value, sorts)
    local kind = type(value)
    if value == nil or value == namidb.null then return "null" end
    if kind == "string" then return ("%q"):format(value) end
    if kind == "boolean" then return tostring(value) end
    if kind == "number" then
        if math.type and math.type(value) == "integer" then
            return int_text(value)
        end
        return float_text(value)
    end
    if kind == "table" then return table_text(value, sorts) end
    return int_text(value)
end
text.actual = actual_text

----------------------------------------------------------------- as parameter

--- The value as the library takes it.
function text.lua(value)
    local kind = value.kind
    if kind == "null" then return namidb.null end
    if kind == "int" then return math.tointeger and
        math.tointeger(tonumber(value.value)) or tonumber(value.value) end
    if kind == "float" then return namidb.float(value.value) end
    if kind == "list" then
        local items = {}
        for i, item in ipairs(value.items) do items[i] = text.lua(item) end
        return namidb.list(items)
    end
    if kind == "map" then
        local map = {}
        for key, entry in pairs(value.entries) do map[key] = text.lua(entry) end
        return map
    end
    return value.value
end

return text
