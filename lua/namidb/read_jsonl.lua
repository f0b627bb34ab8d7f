-- JSON lines: one object a line.

local json = require("namidb.json")
local read_lines = require("namidb.read_lines")

local read_jsonl = {}

local Reader = {}
Reader.__index = Reader

local function fail(reader, column, message)
    error({ code = "syntax", file = reader.name, line = reader.line,
            column = column, retryable = false,
            message = ("%s:%d:%d: %s"):format(reader.name, reader.line, column,
                                              message) }, 0)
end

--- The next object, nil at the end; raises as read_csv's does.
function Reader:next()
    local line
    repeat
        line = self.lines:next()
        self.bytes = self.lines.bytes
        if not line then return nil end
    until line:find("%S")
    self.line = self.lines.number
    local row, err = json.decode(line)
    if row == nil then fail(self, err.column, err.message) end
    if type(row) ~= "table" or getmetatable(row) then
        fail(self, 1, "an object is wanted")
    end
    return row
end

--- Where a value of the last row stands: not known within a line.
function Reader.place() return 1 end

function Reader:close() self.lines:close() end

--- Opens a file; nil and a text when it cannot be read.
function read_jsonl.open(path)
    local lines, err = read_lines.open(path)
    if not lines then return nil, err end
    return setmetatable({ lines = lines, name = path, line = 0, bytes = 0 },
                        Reader)
end

return read_jsonl
