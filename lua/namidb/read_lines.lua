-- Lines of a file, by blocks: io's own lines end at a zero byte in LuaJIT, and
-- take a folder for an empty file.

local read_lines = {}

local BLOCK = 65536

local Reader = {}
Reader.__index = Reader

-- More of the file, false at its end.
local function fill(reader)
    local block, err = reader.file:read(BLOCK)
    if not block then
        if err then
            error({ code = "io", file = reader.name, retryable = false,
                    message = ("%s: %s"):format(reader.name, err) }, 0)
        end
        return false
    end
    reader.block = reader.block:sub(reader.at) .. block
    reader.at = 1
    return true
end

--- The next line without its end, which is in `ending`; nil at the end of the
-- file.
function Reader:next()
    local from = self.at
    local stop = self.block:find("\n", from, true)
    while not stop do
        local searched = #self.block - self.at + 1
        if not fill(self) then break end
        stop = self.block:find("\n", searched + 1, true)
    end
    from = self.at
    if not stop and from > #self.block then return nil end
    local last = stop and stop - 1 or #self.block
    self.at = (stop or last) + 1
    self.number = self.number + 1
    self.bytes = self.bytes + self.at - from
    self.ending = stop and "\n" or ""
    if self.block:byte(last) == 13 and last >= from then
        last, self.ending = last - 1, "\r" .. self.ending
    end
    local line = self.block:sub(from, last)
    if self.number == 1 then line = line:gsub("^\239\187\191", "") end
    return line
end

--- What follows may be looked at in reader.block, from reader.at on; this says
-- that so many whole lines of it are dealt with, up to `at`.
function Reader:pass(lines, at)
    self.number = self.number + lines
    self.bytes = self.bytes + at - self.at
    self.at = at
end

function Reader:close() self.file:close() end

--- Opens a file; nil and a text when it cannot be read.
function read_lines.open(path)
    local file, err = io.open(path, "rb")
    if not file then return nil, err end
    return setmetatable({ file = file, name = path, block = "", at = 1,
                          number = 0, bytes = 0 }, Reader)
end

return read_lines
