-- Indexes and constraints: the statements about them, and what is declared.

local core = require("namidb.core")
local list_of = require("namidb.value").constructors.list

local schema = {}

-- The core's ways to them are not for users.
local listers, stamps = {}, {}
local declare, undeclare = core.tx.__index.declare, core.tx.__index.undeclare
core.tx.__index.declare, core.tx.__index.undeclare = nil, nil
local survey = core.db.__index.survey
core.db.__index.survey = nil
for _, kind in ipairs({ core.db, core.snapshot, core.tx }) do
    listers[kind.__name] = kind.__index.schema
    stamps[kind.__name] = kind.__index.schema_stamp
    kind.__index.schema, kind.__index.schema_stamp = nil, nil
end

-- All items as the core has them.
local function list(handle)
    local lister = listers[getmetatable(handle)]
    if not lister then
        error("a database, a snapshot or a transaction is wanted", 0)
    end
    return lister(handle)
end

local function fail(code, message, ...)
    return nil, setmetatable({ code = code, retryable = false,
                               message = message:format(...) }, core.error)
end

----------------------------------------------------------------------- types

local TYPES = {
    BOOL = "BOOLEAN", INT = "INTEGER", VARCHAR = "STRING",
    ["TIME WITHOUT TIME ZONE"] = "LOCAL TIME",
    ["TIME WITH TIME ZONE"] = "ZONED TIME",
    ["TIMESTAMP WITHOUT TIME ZONE"] = "LOCAL DATETIME",
    ["TIMESTAMP WITH TIME ZONE"] = "ZONED DATETIME",
}
for _, name in ipairs({ "BOOLEAN", "STRING", "INTEGER", "FLOAT", "DATE",
                        "LOCAL TIME", "ZONED TIME", "LOCAL DATETIME",
                        "ZONED DATETIME", "DURATION", "POINT", "BYTES",
                        "VECTOR" }) do
    TYPES[name] = name
end

-- The kinds of a union without lists; nil and the part that is none.
local function read_union(text)
    local kinds = {}
    for part in (text .. "|"):gmatch("%s*(.-)%s*|") do
        local name = part:gsub("%s+NOT NULL$", "")
        if not TYPES[name] then return nil, part end
        kinds[#kinds + 1] = TYPES[name]
    end
    return kinds
end

-- "INTEGER | LIST<STRING NOT NULL>": the kinds, and those of a list's items.
local function read_type(text)
    text = text:gsub("%s*([<>])%s*", "%1")
    local lists = 0
    local items
    local rest = text:gsub("LIST(%b<>)", function(inner)
        lists = lists + 1
        items = inner:sub(2, -2)
        return "LIST"
    end)
    if lists > 1 then return nil, nil, "more than one list" end
    local kinds, wrong = {}, nil
    for part in (rest .. "|"):gmatch("%s*(.-)%s*|") do
        local name = part:gsub("%s*NOT NULL$", "")
        if name == "LIST" and items then
            kinds[#kinds + 1] = "LIST"
        elseif TYPES[name] then
            kinds[#kinds + 1] = TYPES[name]
        else
            wrong = part
        end
    end
    if wrong then return nil, nil, wrong end
    if not items or items:gsub("%s*NOT NULL$", "") == "ANY" then
        return kinds, {}
    end
    local item_kinds
    item_kinds, wrong = read_union(items)
    return item_kinds and kinds, item_kinds, wrong
end

-- A type as it may be written.
local function type_text(item)
    local parts = {}
    for i, kind in ipairs(item.kinds) do
        if kind == "LIST" then
            local items = table.concat(item.item_kinds, " | ")
            kind = ("LIST<%s NOT NULL>"):format(items ~= "" and items or "ANY")
        end
        parts[i] = kind
    end
    return table.concat(parts, " | ")
end

--------------------------------------------------------------------- listing

local function has_index(item)
    return item.rule == "index" or item.rule == "unique" or item.rule == "key"
end

--- handle:indexes(): an array of { name, entity = "node" | "edge", label,
-- properties, state = "online" | "building", percent, constraint = boolean }.
-- `label` is the type of an edge.
function schema.indexes(handle)
    local found = {}
    for _, item in ipairs(list(handle)) do
        if has_index(item) then
            found[#found + 1] = {
                name = item.name, entity = item.entity, label = item.label,
                properties = item.properties, percent = item.percent,
                state = item.online and "online" or "building",
                constraint = item.rule ~= "index",
            }
        end
    end
    return found
end

--- While it is the same, so is what schema.usable gives.
function schema.stamp(handle)
    return stamps[getmetatable(handle)](handle)
end

--- The indexes that a plan may use: those that are online.
function schema.usable(handle)
    local found = {}
    if schema.stamp(handle) == 0 then return found end
    for _, item in ipairs(list(handle)) do
        if has_index(item) and item.online then
            found[#found + 1] = item
        end
    end
    return found
end

local function is_equal(items, other)
    if #items ~= #other then return false end
    for i, item in ipairs(items) do
        if item ~= other[i] then return false end
    end
    return true
end

--- Whether two lists of usable indexes are the same to a plan.
function schema.are_alike(indexes, others)
    if #indexes ~= #others then return false end
    for i, item in ipairs(indexes) do
        local other = others[i]
        if item.name ~= other.name or item.rule ~= other.rule or
            item.entity ~= other.entity or item.label ~= other.label or
            not is_equal(item.properties, other.properties) then
            return false
        end
    end
    return true
end

--- handle:constraints(): an array of { name, rule = "unique" | "key" |
-- "not_null" | "type", entity, label, properties, type = text }.
function schema.constraints(handle)
    local found = {}
    for _, item in ipairs(list(handle)) do
        if item.rule ~= "index" then
            found[#found + 1] = {
                name = item.name, rule = item.rule, entity = item.entity,
                label = item.label, properties = item.properties,
                type = item.rule == "type" and type_text(item) or nil,
            }
        end
    end
    return found
end

local ENTITY = { node = "NODE", edge = "RELATIONSHIP" }

--- The indexes as CALL db.indexes() gives them.
function schema.index_rows(handle)
    local rows = {}
    for i, index in ipairs(schema.indexes(handle)) do
        rows[i] = { index.name, "RANGE", ENTITY[index.entity],
                    list_of({ index.label }), list_of(index.properties),
                    index.state == "online" and "ONLINE" or "POPULATING",
                    index.percent, index.constraint and index.name or
                        core.null }
    end
    return rows
end

local RULE = { unique = "UNIQUENESS", key = "KEY",
               not_null = "PROPERTY_EXISTENCE", type = "PROPERTY_TYPE" }

--- The constraints as CALL db.constraints() gives them.
function schema.constraint_rows(handle)
    local rows = {}
    for i, item in ipairs(schema.constraints(handle)) do
        rows[i] = { item.name, ENTITY[item.entity] .. "_" .. RULE[item.rule],
                    ENTITY[item.entity], list_of({ item.label }),
                    list_of(item.properties), item.type or core.null }
    end
    return rows
end

------------------------------------------------------------------- declaring

-- index_Person_email, unique_KNOWS_since: what is not named is called that.
local function default_name(item)
    return ("%s_%s_%s"):format(item.rule, item.label,
                               table.concat(item.properties, "_"))
end

local function is_like(item, other)
    if item.rule ~= other.rule or item.entity ~= other.entity or
        item.label ~= other.label or
        #item.properties ~= #other.properties then
        return false
    end
    for i, name in ipairs(item.properties) do
        if other.properties[i] ~= name then return false end
    end
    return true
end

-- Whether the name is taken, or the same thing is declared.
local function is_there(handle, item)
    for _, other in ipairs(list(handle)) do
        if other.name == item.name or is_like(item, other) then return true end
    end
    return false
end

local function create(tx, made, survey_made)
    local item = made.item
    if made.statement.if_not_exists and is_there(tx, item) then return {} end
    local ok, err = declare(tx, item, survey_made)
    if not ok then return nil, err end
    return {}
end

local function drop(tx, made)
    local statement, what = made.statement, made.what
    for _, item in ipairs(list(tx)) do
        if item.name == statement.name then
            local is_index = item.rule == "index"
            if is_index ~= (what == "index") then
                return fail("constraint", "%s is %s, not %s", item.name,
                            is_index and "an index" or "a constraint",
                            what == "index" and "an index" or "a constraint")
            end
            local ok, err = undeclare(tx, item.name)
            if not ok then return nil, err end
            return {}
        end
    end
    if statement.if_exists then return {} end
    return fail("not_found", "there is no %s named %s", what, statement.name)
end

------------------------------------------------------------------ statements

local function item_of(statement)
    local item = {
        rule = statement.rule or "index", entity = statement.entity,
        label = statement.label, properties = statement.properties,
    }
    item.name = statement.name or default_name(item)
    if #item.name > 255 then
        return fail("limit", "a name has at most 255 bytes; %s... has %d",
                    item.name:sub(1, 30), #item.name)
    end
    if (item.rule == "not_null" or item.rule == "type") and
        #item.properties ~= 1 then
        return fail("syntax", "such a constraint is about one property")
    end
    if item.rule == "type" then
        local wrong
        item.kinds, item.item_kinds, wrong = read_type(statement.value_type)
        if not item.kinds then
            return fail("syntax", "no property is of type %s: %s",
                        statement.value_type, wrong)
        end
    end
    return item
end

local RUN = { create_index = create, create_constraint = create,
              drop_index = drop, drop_constraint = drop }

--- What a checked statement of the schema is to be run as; nil and an error.
function schema.plan(ast)
    local statement = ast.parts[1].clauses[1]
    if ast.mode ~= "run" then
        return fail("syntax", "EXPLAIN and PROFILE are for queries")
    end
    local made = {
        schema = RUN[statement.kind], statement = statement, mode = "run",
        writes = true, columns = {},
        what = statement.kind:match("_(%a+)$"),
        uses = 0, next_look = math.huge, -- nothing to plan anew
    }
    if statement.kind:find("^create") then
        local err
        made.item, err = item_of(statement)
        if not made.item then return nil, err end
    end
    return made
end

--- Whether what a database has obeys the constraint that a statement declares,
-- looked at before the statement has its transaction, so that others need not
-- wait for it: a survey for schema.run; nil, if there is nothing to look at,
-- and an error. timeout: seconds, or nil.
function schema.survey(db, made, timeout)
    if not made.item or made.item.rule == "index" or is_there(db, made.item)
    then
        return nil
    end
    return survey(db, made.item, timeout)
end

--- Runs it: rows with `columns`, or nil and an error. What writes is given a
-- transaction, and a survey or nil.
function schema.run(handle, made, survey_made)
    local rows, err = made.schema(handle, made, survey_made)
    if not rows then return nil, err end
    rows.columns = rows.columns or {}
    return rows
end

return schema
