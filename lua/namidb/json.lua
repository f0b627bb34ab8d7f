-- JSON that loses no digits: integers stay integers up to 64 bits, null is
-- namidb.null, and an empty array stays an array (namidb.list{}).

local core = require("namidb.core")
local number = require("namidb.number")
local value = require("namidb.value")

local json = {}

-- Arrays and objects inside one another: as many as in any value, and in what
-- is encoded some more around one (rows, paths, nodes, their properties).
local DEPTH_MAX = 128
local ENCODED_MAX = DEPTH_MAX + 8

---------------------------------------------------------------------- decoding

local Decoder = {}
Decoder.__index = Decoder

local function fail(decoder, at, message)
    local line, start = 1, 1
    for newline in decoder.text:sub(1, at - 1):gmatch("()\n") do
        line, start = line + 1, newline + 1
    end
    error({ code = "syntax", line = line, column = at - start + 1,
            message = message, retryable = false }, 0)
end

local function skip(decoder)
    decoder.at = decoder.text:find("[^ \t\r\n]", decoder.at) or
        #decoder.text + 1
    return decoder.text:sub(decoder.at, decoder.at)
end

local function utf8_char(code)
    local char = string.char
    if code < 0x80 then return char(code) end
    local tail = char(0x80 + code % 0x40)
    code = math.floor(code / 0x40)
    if code < 0x20 then return char(0xc0 + code) .. tail end
    tail = char(0x80 + code % 0x40) .. tail
    code = math.floor(code / 0x40)
    if code < 0x10 then return char(0xe0 + code) .. tail end
    return char(0xf0 + math.floor(code / 0x40), 0x80 + code % 0x40) .. tail
end

local ESCAPES = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f",
                  n = "\n", r = "\r", t = "\t" }

-- The character of \uXXXX at `at`, and where it ends.
local function read_unicode(decoder, at)
    local code = decoder.text:match("^\\u(%x%x%x%x)", at)
    if not code then fail(decoder, at, "a \\u of four hex digits is wanted") end
    code = tonumber(code, 16)
    if code < 0xd800 or code > 0xdfff then return utf8_char(code), at + 6 end
    local low = decoder.text:match("^\\u([dD][c-fC-F]%x%x)", at + 6)
    if code > 0xdbff or not low then
        fail(decoder, at, "half of a surrogate pair")
    end
    return utf8_char(0x10000 + (code - 0xd800) * 0x400 +
        tonumber(low, 16) - 0xdc00), at + 12
end

local function read_string(decoder)
    local text, at = decoder.text, decoder.at + 1
    local parts = {}
    while true do
        local stop = text:find('["\\%c]', at)
        if not stop then
            fail(decoder, decoder.at, "the string does not end")
        end
        parts[#parts + 1] = text:sub(at, stop - 1)
        local char = text:sub(stop, stop)
        if char == '"' then
            decoder.at = stop + 1
            return table.concat(parts)
        elseif char ~= "\\" then
            fail(decoder, stop, "a control character in a string")
        end
        local escape = text:sub(stop + 1, stop + 1)
        if escape == "u" then
            parts[#parts + 1], at = read_unicode(decoder, stop)
        elseif ESCAPES[escape] then
            parts[#parts + 1], at = ESCAPES[escape], stop + 2
        else
            fail(decoder, stop, "an unknown escape")
        end
    end
end

local function read_number(decoder)
    local text, at = decoder.text, decoder.at
    local whole = text:match("^%-?%d+", at)
    if not whole or whole:find("^%-?0%d") then
        fail(decoder, at, "a value is wanted")
    end
    local fraction = text:match("^%.%d+", at + #whole) or ""
    local exponent = text:match("^[eE][+-]?%d+", at + #whole + #fraction) or ""
    local all = whole .. fraction .. exponent
    if text:find("^[%w.+-]", at + #all) then
        fail(decoder, at, "not a number")
    end
    decoder.at = at + #all
    local integer = #all == #whole and number.integer(all)
    if integer then return integer end
    local float = tonumber(all) * 1.0 -- not + 0.0: -0.0 stays
    if float == math.huge or float == -math.huge then
        fail(decoder, at, "a number beyond what a float can be")
    end
    return float
end

local read_value

local function read_array(decoder, depth)
    local items = {}
    decoder.at = decoder.at + 1
    if skip(decoder) == "]" then
        decoder.at = decoder.at + 1
        return setmetatable(items, value.kinds[13])
    end
    while true do
        items[#items + 1] = read_value(decoder, depth)
        local char = skip(decoder)
        decoder.at = decoder.at + 1
        if char == "]" then return setmetatable(items, value.kinds[13]) end
        if char ~= "," then
            fail(decoder, decoder.at - 1, "',' or ']' is wanted")
        end
    end
end

local function read_object(decoder, depth)
    local object = {}
    decoder.at = decoder.at + 1
    if skip(decoder) == "}" then
        decoder.at = decoder.at + 1
        return object
    end
    while true do
        if skip(decoder) ~= '"' then
            fail(decoder, decoder.at, "a name in quotes is wanted")
        end
        local name = read_string(decoder)
        if skip(decoder) ~= ":" then
            fail(decoder, decoder.at, "':' is wanted")
        end
        decoder.at = decoder.at + 1
        object[name] = read_value(decoder, depth)
        local char = skip(decoder)
        decoder.at = decoder.at + 1
        if char == "}" then return object end
        if char ~= "," then
            fail(decoder, decoder.at - 1, "',' or '}' is wanted")
        end
    end
end

local LITERALS = { ["true"] = true, ["false"] = false, null = core.null }

function read_value(decoder, depth)
    local char = skip(decoder)
    if char == '"' then return read_string(decoder) end
    if depth >= DEPTH_MAX and (char == "{" or char == "[") then
        fail(decoder, decoder.at, "nested too deeply")
    end
    if char == "{" then return read_object(decoder, depth + 1) end
    if char == "[" then return read_array(decoder, depth + 1) end
    local word = decoder.text:match("^%a+", decoder.at)
    if word then
        if LITERALS[word] == nil then
            fail(decoder, decoder.at, "a value is wanted")
        end
        decoder.at = decoder.at + #word
        return LITERALS[word]
    end
    return read_number(decoder)
end

--- What the text says; nil and an error with line and column.
function json.decode(text)
    if type(text) ~= "string" then
        error("json.decode: a string is wanted, not a " .. type(text), 2)
    end
    local decoder = setmetatable({ text = text, at = 1 }, Decoder)
    local ok, result = pcall(function()
        local decoded = read_value(decoder, 0)
        if skip(decoder) ~= "" then
            fail(decoder, decoder.at, "something follows the value")
        end
        return decoded
    end)
    if ok then return result end
    if type(result) ~= "table" then error(result, 0) end
    return nil, setmetatable(result, core.error)
end

---------------------------------------------------------------------- encoding

local CONTROLS = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b",
                   ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r",
                   ["\t"] = "\\t" }

local function encode_string(text)
    return '"' .. text:gsub('[%c"\\\127]', function(char)
        return CONTROLS[char] or ("\\u%04x"):format(char:byte())
    end) .. '"'
end

local function encode_number(item)
    if item ~= item or item == math.huge or item == -math.huge then
        error("json.encode: JSON has no " .. tostring(item), 0)
    end
    local text = number.text(item)
    if math.type and math.type(item) == "float" and
        not text:find("[.eE]") then
        text = text .. ".0"
    end
    return text
end

local encode_value

local function encode_array(items, depth)
    local parts = {}
    for i = 1, #items do parts[i] = encode_value(items[i], depth) end
    return "[" .. table.concat(parts, ",") .. "]"
end

local function encode_object(object, depth)
    local names, parts = {}, {}
    for name in pairs(object) do
        if type(name) ~= "string" then
            error("json.encode: a key that is no string", 0)
        end
        names[#names + 1] = name
    end
    table.sort(names)
    for i, name in ipairs(names) do
        parts[i] = encode_string(name) .. ":" ..
            encode_value(object[name], depth)
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

-- Fields in this order; those that are absent are left out.
local function encode_fields(names, fields)
    local parts = {}
    for _, name in ipairs(names) do
        if fields[name] then
            parts[#parts + 1] = encode_string(name) .. ":" .. fields[name]
        end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

local NODE, EDGE = { "id", "key", "labels", "props" },
    { "id", "type", "from", "to", "props" }

-- A node or an edge as an object: its own fields, and props as one of them.
local function encode_row(row, depth)
    local names = getmetatable(row) == core.node and NODE or EDGE
    local fields = {}
    for _, name in ipairs(names) do
        local field = row[name]
        if name == "props" then
            fields.props = encode_object(field, depth)
        elseif name == "labels" then
            fields.labels = encode_array(field, depth)
        elseif field ~= nil then
            fields[name] = encode_value(field, depth)
        end
    end
    return encode_fields(names, fields)
end

local function encode_path(path, depth)
    return encode_fields({ "nodes", "edges" }, {
        nodes = encode_array(path.nodes, depth),
        edges = encode_array(path.edges, depth),
    })
end

-- A query's rows: objects with every column, in the order of the columns.
local function encode_result(result, depth)
    local rows = {}
    for i, row in ipairs(result) do
        local fields = {}
        for _, name in ipairs(result.columns) do
            fields[name] = encode_value(row[name], depth)
        end
        rows[i] = encode_fields(result.columns, fields)
    end
    return "[" .. table.concat(rows, ",") .. "]"
end

function encode_value(item, depth)
    local kind = type(item)
    if kind == "string" then return encode_string(item) end
    if kind == "number" then return encode_number(item) end
    if kind == "boolean" then return tostring(item) end
    if item == nil or item == core.null then return "null" end
    if kind == "cdata" then return number.text(item) end
    if kind ~= "table" then
        error("json.encode: a " .. kind .. " has no JSON", 0)
    end
    if depth >= ENCODED_MAX then error("json.encode: nested too deeply", 0) end
    local mt = getmetatable(item)
    local of_kind = mt and rawget(mt, "__kind")
    if mt ~= nil and (mt == core.node or mt == core.edge) then
        return encode_row(item, depth + 1)
    elseif mt ~= nil and mt == core.path then
        return encode_path(item, depth + 1)
    elseif mt and rawget(mt, "__name") == "namidb.result" then
        return encode_result(item, depth + 1)
    elseif of_kind == 3 then
        return encode_number(item[1])
    elseif of_kind and of_kind < 13 then
        return encode_string(tostring(item))
    elseif of_kind or #item > 0 then
        return encode_array(item, depth + 1)
    end
    return encode_object(item, depth + 1)
end

--- The value as JSON: nodes, edges and paths as objects, dates and the like as
-- their text, a query's result as an array of objects in the order of its
-- columns, null for what is absent. Names of maps are sorted. Raises for what
-- JSON cannot say.
function json.encode(item)
    local ok, text = pcall(encode_value, item, 0)
    if not ok then error(text, 2) end
    return text
end

return json
