-- Bulk load: rows of files or iterators into nodes and edges, in batches that
-- are atomic, several of them under way at a time.

local core = require("namidb.core")
local number = require("namidb.number")
local progress = require("namidb.load_progress")
local read_csv = require("namidb.read_csv")
local read_jsonl = require("namidb.read_jsonl")
local write = require("namidb.write")

local load = {}

local BATCH_ROWS = 10000
local TICKETS_MAX = 4 -- batches under way

----------------------------------------------------------------------- checking

local OPTIONS = { nodes = "table", edges = "table", batch = "number",
                  progress = true, resume = "table", timeout = "number" }
local NODE = { file = "string", rows = "function", format = "string",
               types = "table", label = "string", key = "string",
               merge = "boolean" }
local EDGE = { file = "string", rows = "function", format = "string",
               types = "table", type = "string", from = "table", to = "table" }

local function check_fields(what, fields, allowed)
    for name, item in pairs(fields) do
        local wanted = allowed[name]
        if wanted == nil then
            error(("load: unknown field '%s' of %s"):format(tostring(name),
                                                            what), 0)
        elseif wanted ~= true and type(item) ~= wanted then
            error(("load: %s of %s: a %s is wanted, not a %s"):format(name,
                what, wanted, type(item)), 0)
        end
    end
end

local function check_end(what, name, tail)
    if type(tail) ~= "table" or type(tail[1]) ~= "string" or
        type(tail[2]) ~= "string" then
        error(("load: %s of %s is { label, column }"):format(name, what), 0)
    end
end

-- The specs in the order of loading: nodes, then edges.
local function check_options(options)
    if type(options) ~= "table" then
        error("load: options are a table, not a " .. type(options), 0)
    end
    check_fields("the options", options, OPTIONS)
    local specs = {}
    for i, spec in ipairs(options.nodes or {}) do
        local what = "nodes[" .. i .. "]"
        check_fields(what, spec, NODE)
        if not spec.label then error("load: " .. what .. " has no label", 0) end
        specs[#specs + 1] = { spec = spec, what = what, is_node = true }
    end
    for i, spec in ipairs(options.edges or {}) do
        local what = "edges[" .. i .. "]"
        check_fields(what, spec, EDGE)
        if not spec.type then error("load: " .. what .. " has no type", 0) end
        check_end(what, "from", spec.from)
        check_end(what, "to", spec.to)
        specs[#specs + 1] = { spec = spec, what = what }
    end
    for _, item in ipairs(specs) do
        if (item.spec.file ~= nil) == (item.spec.rows ~= nil) then
            error("load: " .. item.what .. " wants either file or rows", 0)
        end
    end
    if options.batch and options.batch < 1 then
        error("load: batch is at least 1", 0)
    end
    return specs
end

------------------------------------------------------------------------ reading

-- Rows of a Lua iterator: each call gives a table, nil at the end.
local Iterator = {}
Iterator.__index = Iterator

function Iterator:next()
    self.line = self.line + 1
    local row = self.rows()
    if row ~= nil and type(row) ~= "table" then
        error({ code = "invalid", file = self.name, line = self.line,
                column = 1, retryable = false,
                message = ("%s: row %d is a %s, not a table"):format(self.name,
                    self.line, type(row)) }, 0)
    end
    return row
end

function Iterator:close() self.rows = nil end

local function open_source(item)
    local spec = item.spec
    if spec.rows then
        return setmetatable({ rows = spec.rows, name = item.what, line = 0,
                              bytes = 0 }, Iterator)
    end
    local format = spec.format or spec.file:match("%.(%w+)$")
    local source, err
    if format == "csv" then
        source, err = read_csv.open(spec.file, ",")
    elseif format == "tsv" then
        source, err = read_csv.open(spec.file, "\t")
    elseif format == "jsonl" or format == "ndjson" then
        source, err = read_jsonl.open(spec.file)
    else
        err = ("%s: is it csv, tsv or jsonl? say so by format"):format(
            spec.file)
    end
    if not source then
        error({ code = "io", message = err, retryable = false }, 0)
    end
    return source
end

-- How a column's text becomes a value; nil: it cannot.
local CONVERT = {
    string = function(text) return text end,
    int = number.integer,
    float = function(text)
        local result = tonumber(text)
        return result and text:find("^[%s%d.eE+-]+$") and result + 0.0 or nil
    end,
    bool = function(text)
        text = text:lower()
        if text == "true" or text == "1" then return true end
        if text == "false" or text == "0" then return false end
        return nil
    end,
}

-- What to do with each column: its name in the graph and its converter. A
-- header may say the type: "age:int".
local function plan_column(item, column)
    local plan = item.columns[column]
    if plan then return plan end
    local name, kind = column:match("^(.-):(%a+)$")
    if not (kind and CONVERT[kind]) then name, kind = column, nil end
    kind = item.spec.types and item.spec.types[name] or kind
    if kind and not CONVERT[kind] then
        error(("load: %s: unknown type '%s' of column %s"):format(item.what,
            tostring(kind), name), 0)
    end
    plan = { name = name, kind = kind, convert = kind and CONVERT[kind] }
    item.columns[column] = plan
    return plan
end

local function bad_row(source, message)
    error({ code = "invalid", file = source.name, line = source.line,
            column = 1, retryable = false,
            message = ("%s:%d: %s"):format(source.name, source.line, message) },
          0)
end

-- A row with its columns renamed and converted. An empty text is absent.
local function convert_row(item, source, row)
    local props = {}
    for column, cell in pairs(row) do
        local plan = plan_column(item, column)
        if cell ~= "" then
            if plan.convert and type(cell) == "string" then
                local converted = plan.convert(cell)
                if converted == nil then
                    bad_row(source, ("column %s: '%s' is no %s"):format(
                        plan.name, cell, plan.kind))
                end
                cell = converted
            end
            props[plan.name] = cell
        end
    end
    return props
end

------------------------------------------------------------------------ writing

local function check(source, result, err)
    if result == nil and err then bad_row(source, err.message) end
    return result
end

local function take(source, props, column)
    local cell = props[column]
    if cell == nil or cell == core.null then
        bad_row(source, "column " .. column .. " is empty, and a key")
    end
    return cell
end

local function put_node(item, source, tx, props)
    local spec = item.spec
    if not spec.key then
        return check(source, tx:create_node(spec.label, props))
    end
    local key = take(source, props, spec.key)
    return check(source, tx:put_node(spec.label, key, props,
                                     spec.merge and { merge = true } or nil))
end

-- The node at an end of an edge; ids are remembered while one file is loaded.
local function find_end(item, source, tx, props, tail)
    local label, column = tail[1], tail[2]
    local key = take(source, props, column)
    local ids = item.ids[label]
    if not ids then
        ids = {}
        item.ids[label] = ids
    end
    local id = ids[key]
    if not id then
        local node = check(source, tx:node(label, key))
        if not node then
            bad_row(source, ("column %s: there is no %s with the key %s")
                :format(column, label, tostring(key)))
        end
        id = node.id
        ids[key] = id
    end
    return id
end

local function put_edge(item, source, tx, props)
    local spec = item.spec
    local from = find_end(item, source, tx, props, spec.from)
    local to = find_end(item, source, tx, props, spec.to)
    props[spec.from[2]], props[spec.to[2]] = nil, nil
    return check(source, tx:put_edge(spec.type, from, to, props))
end

-- One batch: returns how many rows, and whether the source is at its end. What
-- cannot be stored raises a text, which becomes the error of its row.
local function put_batch(item, source, tx, rows_max)
    local put = item.is_node and put_node or put_edge
    for count = 0, rows_max - 1 do
        local row = source:next()
        if not row then return count, true end
        local props = convert_row(item, source, row)
        local ok, err = pcall(put, item, source, tx, props)
        if not ok then
            if type(err) == "table" then error(err, 0) end
            bad_row(source, (err:gsub("^[^:]*:%d+: ", "")))
        end
    end
    return rows_max, false
end

------------------------------------------------------------------------ loading

-- Waits until at most `count` batches are under way. What is acknowledged moves
-- the position on.
local function settle(state, count)
    while #state.tickets > count do
        local first = state.tickets[1]
        local ok, err = first.ticket:wait(state.timeout)
        if not ok then
            for _, other in ipairs(state.tickets) do other.ticket:close() end
            state.tickets = {}
            error(err, 0)
        end
        table.remove(state.tickets, 1)
        state.position = first.position
    end
end

local function load_one(state, index, item, skip)
    local source = open_source(item)
    item.columns, item.ids = {}, {}
    state.source = source
    for _ = 1, skip do
        if not source:next() then break end
    end
    local row, is_end = skip, false
    while not is_end do
        local count
        local ticket, err = write.write(state.db, function(tx)
            count, is_end = put_batch(item, source, tx, state.batch)
        end, { wait = false, timeout = state.timeout })
        if not ticket then error(err, 0) end
        row = row + count
        state.rows = state.rows + count
        state.tickets[#state.tickets + 1] = {
            ticket = ticket,
            position = is_end and { part = index + 1, row = 0 } or
                { part = index, row = row },
        }
        settle(state, TICKETS_MAX - 1)
        state.progress:update(state)
    end
    source:close()
    state.bytes = state.bytes + source.bytes
    state.source = nil
end

local function load_all(state, specs)
    local resume = state.position
    for index = resume.part, #specs do
        load_one(state, index, specs[index],
                 index == resume.part and resume.row or 0)
    end
    settle(state, 0)
end

--- Loads nodes and edges; see lua/README.md for the fields.
--
-- Returns a summary { rows, seconds, bytes, requests }, or nil and an error
-- whose `resume` is where to go on (as the option of that name): everything
-- before it is durable, nothing after it is in the graph.
function load.load(db, options)
    local ok, specs = pcall(check_options, options)
    if not ok then error(specs, 2) end
    local resume = options.resume or { part = 1, row = 0 }
    local state = {
        db = db, tickets = {}, rows = 0, bytes = 0,
        batch = options.batch or BATCH_ROWS, timeout = options.timeout,
        position = { part = resume.part, row = resume.row },
        progress = progress.new(db, options.progress),
    }
    local done, err = pcall(load_all, state, specs)
    if done then return state.progress:finish(state) end
    pcall(settle, state, 0) -- what is under way counts if it is committed
    if state.source then state.source:close() end
    if type(err) ~= "table" then error(err, 2) end
    err.resume = state.position
    return nil, setmetatable(err, core.error)
end

return load
