-- namidb: a property graph whose only durable state is objects in a bucket.
--
-- This module puts the parts together; see lua/README.md for the whole API.

local core = require("namidb.core")
local value = require("namidb.value")
local int64 = require("namidb.int64")
local write = require("namidb.write")
local query = require("namidb.query")
local row = require("namidb.row")
local storage_class = require("namidb.storage_class")
local schema = require("namidb.schema")

-- Puts a function by a name into tables whose module is read when it is first
-- called, and then takes this one's place: a small script is over before it
-- wants most of them.
local function later(tables, name, module, field)
    local function first(...)
        local own = require(module)[field or name]
        for _, holder in ipairs(tables) do
            if holder[name] == first then holder[name] = own end
        end
        return own(...)
    end
    for _, holder in ipairs(tables) do holder[name] = first end
end

core.set_kinds(value.kinds)
if int64.is_needed then core.set_int64(int64.make, int64.read) end
row.install(core.node, core.edge, core.path)
if core.rows then require("namidb.row_jit").install(core.node, core.edge) end
core.db.__index.write = write.write
core.db.__index.register = query.register
core.db.__index.set_storage_class = storage_class.set
for _, reader in ipairs({ core.db, core.snapshot, core.tx }) do
    reader.__index.query = query.query
    reader.__index.rows = query.rows
    reader.__index.indexes = schema.indexes
    reader.__index.constraints = schema.constraints
end

local namidb = {
    _VERSION = "namidb " .. core.version,
    open = core.open,
    parse_uri = core.parse_uri,
    null = core.null,
    json = require("namidb.json"),
}

later({ namidb, core.db.__index }, "load", "namidb.load")
later({ namidb }, "Client", "namidb.client", "new")
later({ namidb }, "param", "namidb.builder")
later({ namidb }, "field", "namidb.builder")
later({ core.db.__index, core.snapshot.__index, core.tx.__index }, "match",
      "namidb.builder")

for name, constructor in pairs(value.constructors) do
    namidb[name] = constructor
end

return namidb
