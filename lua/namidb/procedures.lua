-- The procedures that every database has.

local core = require("namidb.core")
local functions = require("namidb.cypher.functions")
local read_csv = require("namidb.read_csv")
local schema = require("namidb.schema")

-- own(handle), when set, gives what a database's program has registered:
-- { functions = { name = ... }, procedures = { name = definition } }.
local procedures = { own = nil }

-- Names of a kind that the database has, one row each.
local function names_of(kind)
    return function(handle)
        local rows = {}
        for i, name in ipairs(handle:names(kind)) do rows[i] = { name } end
        return rows
    end
end

-- All names, and how many nodes have the label or edges the type.
local function names_in_use(handle)
    local rows, counts = {}, handle:counts()
    local numbers = { label = counts.labels, type = counts.types }
    for _, kind in ipairs({ "label", "type", "property" }) do
        for _, name in ipairs(handle:names(kind)) do
            local count = numbers[kind] and numbers[kind][name] or core.null
            rows[#rows + 1] = { kind, name, count }
        end
    end
    return rows
end

local function field(name, type)
    return { name = name, type = type or "STRING" }
end

local function by_name(a, b) return a[1] < b[1] end

-- name(type, ...) -> type
local function signature(definition)
    local arguments = { (table.unpack or unpack)(definition.arguments) }
    if not definition.max then arguments[#arguments + 1] = "..." end
    return ("%s(%s) -> %s"):format(definition.name,
        table.concat(arguments, ", "), definition.result or "any")
end

local function all_functions(handle)
    local rows = {}
    for _, definition in pairs(functions) do
        rows[#rows + 1] = { definition.name, definition.aggregate and
            "aggregate" or "scalar", signature(definition), true }
    end
    for name in pairs(procedures.own(handle).functions) do
        rows[#rows + 1] = { name, "scalar", name .. "(...)", false }
    end
    table.sort(rows, by_name)
    return rows
end

local KNOWN

local function fields_text(fields)
    local parts = {}
    for i, part in ipairs(fields) do
        parts[i] = ("%s :: %s"):format(part.name, part.type or "ANY")
    end
    return table.concat(parts, ", ")
end

local function all_procedures(handle)
    local rows = {}
    for kind, set in pairs({ ours = KNOWN,
                             own = procedures.own(handle).procedures }) do
        for name, definition in pairs(set) do
            rows[#rows + 1] = { name, ("%s(%s) :: (%s)"):format(name,
                fields_text(definition.arguments),
                fields_text(definition.yields)), kind == "ours" }
        end
    end
    table.sort(rows, by_name)
    return rows
end

KNOWN = {
    ["db.labels"] = { yields = { field("label") },
                      call = names_of("label") },
    ["db.relationshipTypes"] = { yields = { field("relationshipType") },
                                 call = names_of("type") },
    ["db.propertyKeys"] = { yields = { field("propertyKey") },
                            call = names_of("property") },
    ["db.schema"] = { yields = { field("kind"), field("name"),
                                 { name = "count", type = "INTEGER" } },
                      call = names_in_use },
    ["db.indexes"] = { call = schema.index_rows, yields = {
        field("name"), field("type"), field("entityType"),
        field("labelsOrTypes", "LIST"), field("properties", "LIST"),
        field("state"), field("populationPercent", "INTEGER"),
        field("owningConstraint") } },
    ["db.constraints"] = { call = schema.constraint_rows, yields = {
        field("name"), field("type"), field("entityType"),
        field("labelsOrTypes", "LIST"), field("properties", "LIST"),
        field("propertyType") } },
    ["dbms.functions"] = { call = all_functions, yields = {
        field("name"), field("category"), field("signature"),
        field("isBuiltIn", "BOOLEAN") } },
    ["dbms.procedures"] = { call = all_procedures, yields = {
        field("name"), field("signature"), field("isBuiltIn", "BOOLEAN") } },
}
for name, procedure in pairs(KNOWN) do
    procedure.name, procedure.arguments = name, {}
end

-- file:///people.csv below the folder that the caller allows; %20 is a space.
local function csv_path(url, folder)
    if not folder then
        error("LOAD CSV is not allowed: the option csv_folder names the " ..
            "folder that it may read", 0)
    end
    local path = type(url) == "string" and url:match("^file:///(.+)$")
    if not path then
        error("LOAD CSV reads file:///..., below csv_folder", 0)
    end
    path = path:gsub("%%(%x%x)", function(hex)
        return string.char(tonumber(hex, 16))
    end)
    if path:find("\0", 1, true) then -- where C would end it
        error("LOAD CSV: no path has a NUL in it", 0)
    end
    for part in (path .. "/"):gmatch("([^/]*)/") do
        if part == ".." then
            error("LOAD CSV: the path leaves the folder", 0)
        end
    end
    return folder .. "/" .. path
end

-- A record as a map by the header, or as a list; an empty field is null.
local function csv_value(record, header)
    local row = {}
    for i, name in ipairs(header or record) do
        local value = record[i]
        if value == nil or value == "" then value = core.null end
        row[header and name or i] = value
    end
    return row
end

-- A piece of a file: so many rows, or, of long ones, about so many bytes.
local PIECE_ROWS, PIECE_BYTES = 1024, 262144

-- The records of a file, a piece at a time.
local Stream = {}
Stream.__index = Stream

local function read_piece(stream)
    local reader, rows = stream.reader, {}
    local stop = reader.lines.bytes + PIECE_BYTES
    if stream.has_headers and not stream.header then
        stream.header = reader:record() or {}
    end
    while #rows < PIECE_ROWS and reader.lines.bytes < stop do
        local record = reader:record()
        if not record then return rows, false end
        rows[#rows + 1] = { csv_value(record, stream.header) }
    end
    return rows, true
end

--- The next rows, and whether there may be more.
function Stream:next()
    local ok, rows, has_more = pcall(read_piece, self)
    if not ok then
        self:close()
        error("LOAD CSV: " .. (type(rows) == "table" and rows.message or
            tostring(rows)), 0)
    end
    if not has_more then self:close() end
    return rows, has_more
end

--- May be called twice.
function Stream:close()
    if self.reader then self.reader:close() end
    self.reader = nil
end

-- Rows of a CSV file, as a stream: lists, or maps by its header.
local function load_csv(options, url, has_headers, separator)
    local path = csv_path(url, options.csv_folder)
    if type(separator) ~= "string" or #separator ~= 1 then
        error("LOAD CSV: FIELDTERMINATOR is one character", 0)
    end
    local reader, err = read_csv.records(path, separator)
    if not reader then error("LOAD CSV: " .. tostring(err), 0) end
    return setmetatable({ reader = reader, has_headers = has_headers }, Stream)
end

--- The signature of a procedure: { name, arguments, yields }, or nil.
function procedures.find(name)
    return KNOWN[name]
end

--- The names that CALL may call.
function procedures.names()
    local names = {}
    for name in pairs(KNOWN) do
        if name:find("^db") then names[#names + 1] = name end
    end
    return names
end

--- Calls a procedure for a handle; its rows, arrays in the order of yields, or
-- nil and a stream of them.
function procedures.call(name, handle, options, ...)
    if name == "namidb.load_csv" then return nil, load_csv(options, ...) end
    return KNOWN[name].call(handle, ...)
end

return procedures
