-- CSV and TSV as RFC 4180 has them: records of fields, fields in quotes where
-- they hold separators, quotes or line ends. The first record names columns.

local read_csv = {}

local BLOCK = 65536

local Reader = {}
Reader.__index = Reader

local function fail(reader, column, message)
    error({ code = "syntax", file = reader.name, line = reader.line,
            column = column, retryable = false,
            message = ("%s:%d:%d: %s"):format(reader.name, reader.line, column,
                                              message) }, 0)
end

-- The next line without its end, nil at the end of the file.
local function read_line(reader)
    local line = reader.file:read("*l")
    if line then
        reader.at = reader.at + 1
        reader.bytes = reader.bytes + #line + 1
        if line:sub(-1) == "\r" then line = line:sub(1, -2) end
    end
    return line
end

-- Fields of a line without a quote.
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
    while true do
        local stop = line:find('"', at, true)
        if not stop then
            parts[#parts + 1] = line:sub(at) .. "\n"
            line, at = read_line(reader), 1
            if not line then
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

local function split_quoted(reader, line)
    local fields, from = {}, 1
    local separator = reader.separator
    while true do
        local at
        if line:sub(from, from) == '"' then
            fields[#fields + 1], line, at = quoted(reader, line, from)
            local char = line:sub(at, at)
            if char ~= "" and char ~= separator then
                fail(reader, at, "something follows the closing quote")
            end
            if char == "" then return fields end
        else
            at = line:find(separator, from, true)
            local field = line:sub(from, (at or 0) - 1)
            local quote = field:find('"', 1, true)
            if quote then
                fail(reader, from + quote - 1, "a quote inside a field")
            end
            fields[#fields + 1] = field
            if not at then return fields end
        end
        from = at + 1
    end
end

local function read_record(reader)
    local line = read_line(reader)
    while line == "" do line = read_line(reader) end
    if not line then return nil end
    reader.line = reader.at
    if line:find('"', 1, true) then return split_quoted(reader, line) end
    return split(line, reader.separator)
end

--- The next row as a table from column to text, nil at the end. Raises a table
-- with file, line and column for a bad record. reader.line is its line.
function Reader:next()
    local fields = read_record(self)
    if not fields then return nil end
    if #fields ~= #self.columns then
        fail(self, 1, ("%d fields, but there are %d columns"):format(
            #fields, #self.columns))
    end
    local row = {}
    for i, column in ipairs(self.columns) do row[column] = fields[i] end
    return row
end

function Reader:close() self.file:close() end

--- Opens a file; nil and a text when it cannot be read.
function read_csv.open(path, separator)
    local file, err = io.open(path, "rb")
    if not file then return nil, err end
    file:setvbuf("full", BLOCK)
    local reader = setmetatable({ file = file, name = path, line = 1, at = 0,
                                  bytes = 0, separator = separator }, Reader)
    reader.columns = read_record(reader) or {}
    if reader.columns[1] then
        reader.columns[1] = reader.columns[1]:gsub("^\239\187\191", "")
    end
    return reader
end

return read_csv
