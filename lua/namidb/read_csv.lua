-- CSV and TSV as RFC 4180 has them: records of fields, fields in quotes where
-- they hold separators, quotes or line ends. The first record names columns.

local read_lines = require("namidb.read_lines")

local read_csv = {}

local Reader = {}
Reader.__index = Reader

local function fail(reader, column, message)
    local line = reader.lines.number
    error({ code = "syntax", file = reader.name, line = line,
            column = column, retryable = false,
            message = ("%s:%d:%d: %s"):format(reader.name, line, column,
                                              message) }, 0)
end

-- Fields of a line without a quote. Where they start is not kept: place finds
-- it again for the one record that is bad.
local function split(line, separator)
    local fields, from = {}, 1
    while true do
        local at = line:find(separator, from, true)
        if not at then break end
        fields[#fields + 1] = line:sub(from, at - 1)
        from = at + 1
    end
    fields[#fields + 1] = line:sub(from)
    return fields
end

-- A field in quotes that begins at `from`; reads on when it holds line ends.
-- Returns the text, the line it ends in, and where it goes on there.
local function quoted(reader, line, from)
    local parts, at = {}, from + 1
    local start = reader.lines.number
    while true do
        local stop = line:find('"', at, true)
        if not stop then
            parts[#parts + 1] = line:sub(at) .. reader.lines.ending
            line, at = reader.lines:next(), 1
            if not line then
                reader.lines.number = start
                fail(reader, from, "the quote is never closed")
            end
        elseif line:sub(stop + 1, stop + 1) == '"' then
            parts[#parts + 1] = line:sub(at, stop)
            at = stop + 2
        else
            parts[#parts + 1] = line:sub(at, stop - 1)
            return table.concat(parts), line, stop + 1
        end
    end
end

-- Fields of a record with quotes, and where each starts: { line, column }.
local function split_quoted(reader, line)
    local fields, places, from = {}, {}, 1
    local separator = reader.separator
    while true do
        local at
        places[#places + 1] = { reader.lines.number, from }
        if line:sub(from, from) == '"' then
            fields[#fields + 1], line, at = quoted(reader, line, from)
            local char = line:sub(at, at)
            if char ~= "" and char ~= separator then
                fail(reader, at, "something follows the closing quote")
            end
            if char == "" then return fields, places end
        else
            at = line:find(separator, from, true)
            local field = line:sub(from, (at or 0) - 1)
            local quote = field:find('"', 1, true)
            if quote then
                fail(reader, from + quote - 1, "a quote inside a field")
            end
            fields[#fields + 1] = field
            if not at then return fields, places end
        end
        from = at + 1
    end
end

--- The next record as an array of fields, nil at the end.
function Reader:record()
    local reader = self
    local line = reader.lines:next()
    while line == "" do line = reader.lines:next() end
    if not line then return nil end
    reader.line, reader.places = reader.lines.number, nil
    local fields
    if line:find('"', 1, true) then
        fields, reader.places = split_quoted(reader, line)
    else
        fields = split(line, reader.separator)
    end
    reader.fields = fields
    return fields
end

--- The next row as a table from column to text, nil at the end. Raises a table
-- with file, line and column for a bad record. reader.line is its line.
function Reader:next()
    local fields = self:record()
    self.bytes = self.lines.bytes
    if not fields then return nil end
    if #fields ~= #self.columns then
        fail(self, 1, ("%d fields, but there are %d columns"):format(
            #fields, #self.columns))
    end
    local row = {}
    for i, column in ipairs(self.columns) do row[column] = fields[i] end
    return row
end

--- Where a column of the last row starts: its column in bytes, and its line.
function Reader:place(column)
    local at = 1
    for i, name in ipairs(self.columns) do
        if name == column then
            local place = self.places and self.places[i]
            if place then return place[2], place[1] end
            return at, self.line
        end
        at = at + #(self.fields[i] or "") + 1
    end
    return 1, self.line
end

function Reader:close() self.lines:close() end

local function read_header(reader)
    reader.columns = reader:record() or {}
    local seen = {}
    for i, column in ipairs(reader.columns) do
        if column == "" then
            fail(reader, reader:place(column), ("column %d has no name")
                :format(i))
        elseif seen[column] then
            fail(reader, 1, ("there are two columns %s"):format(column))
        end
        seen[column] = true
    end
    return reader
end

--- Opens a file whose records are read one by one; nil and a text when it
-- cannot be read.
function read_csv.records(path, separator)
    local lines, err = read_lines.open(path)
    if not lines then return nil, err end
    return setmetatable({ lines = lines, name = path, line = 1, bytes = 0,
                          has_fields = true, separator = separator }, Reader)
end

--- Opens a file and reads its header; nil and a text when it cannot be read,
-- raises as next does.
function read_csv.open(path, separator)
    local reader, err = read_csv.records(path, separator)
    if not reader then return nil, err end
    return read_header(reader)
end

return read_csv
