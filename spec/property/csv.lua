-- LOAD CSV: files by chance, in all the ways that one may be written, and what
-- is in them.
--
-- A clause { k = "csv", var =, has_header =, columns = names, records = lists
-- of texts, "" is null, text = the file's, separator = }.

local value = require("spec.property.value")

local csv = {}

local COLUMNS = { "i", "f", "s", "b" }
local TEXTS = {
    i = { "1", "2", "-3", "0", "007", "1.5", "x", "" },
    f = { "0.5", "-1.25", "2", "1e2", "", "y" },
    s = { "a", "ab", "", "b,c", "d;e", 'say "x"', '"', "two\nlines",
          "three\r\nlines", "\r", " c ", "it's", "null" },
    b = { "true", "false", "TRUE", "", "1" },
}

---------------------------------------------------------------------- a file

local function must_quote(text, separator)
    return text:find('[\r\n"]') ~= nil or text:find(separator, 1, true) ~= nil
end

-- A line of nothing is no record.
local function record_text(random, fields, separator)
    local parts = {}
    for i, text in ipairs(fields) do
        if must_quote(text, separator) or random:one_in(4) or
            #fields == 1 and text == "" then
            text = '"' .. text:gsub('"', '""') .. '"'
        end
        parts[i] = text
    end
    return table.concat(parts, separator)
end

local function file_text(random, node)
    local lines = {}
    if node.has_header then
        lines[1] = record_text(random, node.columns, node.separator)
    end
    for _, record in ipairs(node.records) do
        if random:one_in(10) then lines[#lines + 1] = "" end
        lines[#lines + 1] = record_text(random, record, node.separator)
    end
    local stop = random:pick({ "\n", "\n", "\r\n" })
    local text = table.concat(lines, stop)
    if #lines > 0 and not random:one_in(4) then text = text .. stop end
    return (random:one_in(6) and "\239\187\191" or "") .. text
end

-- Records may have a field less than there are columns, or one more.
local function record(random, columns)
    local fields = {}
    for i, name in ipairs(columns) do fields[i] = random:pick(TEXTS[name]) end
    if #fields > 1 and random:one_in(8) then fields[#fields] = nil end
    if random:one_in(8) then fields[#fields + 1] = "more" end
    return fields
end

--- A clause that reads a file; self: a maker of generate.lua.
function csv.clause(self)
    local random = self.random
    local node = { k = "csv", var = self:fresh("u"), columns = {},
                   records = {}, has_header = not random:one_in(3),
                   separator = random:pick({ ",", ",", ";", "\t" }) }
    local first = random:int(1, #COLUMNS)
    for i = first, random:int(first, #COLUMNS) do
        node.columns[#node.columns + 1] = COLUMNS[i]
    end
    for i = 1, random:int(0, 5) do
        node.records[i] = record(random, node.columns)
    end
    node.text = file_text(random, node)
    self:bring_in({ { name = node.var, columns = node.columns,
                      type = node.has_header and "map" or "record" } })
    return node
end

--- A field of a record in scope, whose column is called so; nil: there is none.
function csv.field(self, name)
    for _, binding in ipairs(self.scope) do
        for i, column in ipairs(binding.columns or {}) do
            local a = { k = "var", name = binding.name }
            if column == name and binding.type == "map" then
                return { k = "prop", name = name, a = a }
            elseif column == name then
                return { k = "index", a = a,
                         b = { k = "lit", v = value.int(i - 1) } }
            end
        end
    end
end

------------------------------------------------------------------- its records

local function field(text)
    return text and text ~= "" and value.str(text) or value.NULL
end

--- What the variable is, record by record.
function csv.values(node)
    local values = {}
    for i, fields in ipairs(node.records) do
        local made = {}
        if node.has_header then
            for c, name in ipairs(node.columns) do
                made[name] = field(fields[c])
            end
            values[i] = value.map(made)
        else
            for c, text in ipairs(fields) do made[c] = field(text) end
            values[i] = value.list(made)
        end
    end
    return values
end

---------------------------------------------------------------------- folders

local folder
local written = {}
local count = 0

--- The name of the file of a text, which is written where it is not there yet.
function csv.file(text)
    if written[text] then return written[text] end
    if not folder then
        folder = os.tmpname()
        os.remove(folder)
        assert(os.execute("mkdir " .. folder))
    end
    count = count + 1
    written[text] = count .. ".csv"
    local file = assert(io.open(folder .. "/" .. written[text], "wb"))
    file:write(text)
    file:close()
    return written[text]
end

--- The folder that all files are in; nil: there are none.
function csv.folder() return folder end

--- Takes the folder away.
function csv.clean()
    if folder then os.execute("rm -r " .. folder) end
    folder, written = nil, {}
end

return csv
