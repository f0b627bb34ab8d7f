-- Bulk load: rows of files or iterators into nodes and edges, in batches that
-- are atomic, several of them under way at a time.

local blame = require("namidb.blame")
local core = require("namidb.core")
local number = require("namidb.number")
local progress = require("namidb.load_progress")
local read_csv = require("namidb.read_csv")
local read_jsonl = require("namidb.read_jsonl")
local value = require("namidb.value").constructors
local write = require("namidb.write")

local load = {}

local BATCH_ROWS = 10000
local TICKETS_MAX = 4 -- batches under way
local COLUMNS_MAX = 256 -- of JSON lines that the core takes
-- Nodes that say how far a load with a name has come; written with each batch,
-- so that they are true whatever happens.
local BOOKMARK = "namidb.load"

----------------------------------------------------------------------- checking

local OPTIONS = { nodes = "table", edges = "table", batch = "number",
                  progress = true, resume = "table", timeout = "number",
                  name = "string" }
local NODE = { file = "string", rows = "function", format = "string",
               types = "table", label = "string", key = "string",
               merge = "boolean" }
local EDGE = { file = "string", rows = "function", format = "string",
               types = "table", type = "string", from = "table", to = "table" }

local function check_fields(what, fields, allowed)
    if type(fields) ~= "table" then
        error(("load: %s: a table is wanted, not a %s"):format(what,
            type(fields)), 0)
    end
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

local function is_count(count, low)
    return type(count) == "number" and count >= low and
        count == math.floor(count)
end

local function check_numbers(options)
    if options.batch and not is_count(options.batch, 1) then
        error("load: batch is a whole number, at least 1", 0)
    end
    local progress_type = type(options.progress)
    if options.progress ~= nil and progress_type ~= "boolean" and
        progress_type ~= "function" then
        error("load: progress is a function or a boolean, not a " ..
            progress_type, 0)
    end
    local resume = options.resume
    if resume and not (is_count(resume.part, 1) and is_count(resume.row, 0))
    then
        error("load: resume is what an earlier load gave: { part, row }", 0)
    end
end

-- The specs in the order of loading: nodes, then edges.
local function check_options(options)
    check_fields("the options", options, OPTIONS)
    check_numbers(options)
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
    return specs
end

------------------------------------------------------------------------ reading

-- Rows of a Lua iterator: each call gives a table, nil at the end. What it
-- raises is the caller's and stays as it is.
local Iterator = {}
Iterator.__index = Iterator

function Iterator:next()
    self.line = self.line + 1
    local ok, row = pcall(self.rows)
    if not ok then error({ raised = row }, 0) end
    if row ~= nil and type(row) ~= "table" then
        error({ code = "invalid", file = self.name, line = self.line,
                column = 1, retryable = false,
                message = ("%s:%d: a row is a table, not a %s"):format(
                    self.name, self.line, type(row)) }, 0)
    end
    return row
end

function Iterator.place() return 1 end

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
    int = function(text)
        local result = number.integer(text)
        return result and result + 0 -- "-0" is 0
    end,
    float = function(text)
        local result = tonumber(text)
        if result == 0 and text:find("^%s*%-") then result = -0.0 end
        return result and text:find("^[%s%d.eE+-]+$") and
            value.float(result) or nil
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
    plan = { name = name, kind = kind,
             convert = kind and CONVERT[kind] }
    item.columns[column] = plan
    item.column_count = item.column_count + 1
    item.headers[name] = column
    return plan
end

-- `name` is a column's, in the graph or in the header; "": the whole row.
local function bad_row(item, source, name, message, code)
    local column, line = source:place(item.headers[name] or name)
    line = line or source.line
    error({ code = code or "invalid", file = source.name, line = line,
            column = column, retryable = false,
            message = ("%s:%d:%d: %s"):format(source.name, line, column,
                                              message) }, 0)
end

-- An empty field of CSV is absent, and what is to become a number or the like;
-- elsewhere it is a text as any other.
local function is_absent(source, plan, cell)
    return cell == "" and (source.has_fields or
        plan.kind ~= nil and plan.kind ~= "string")
end

-- A row with its columns renamed and converted.
local function convert_row(item, source, row)
    local props = {}
    for column, cell in pairs(row) do
        local plan = plan_column(item, column)
        if not is_absent(source, plan, cell) then
            if plan.convert and type(cell) == "string" then
                local converted = plan.convert(cell)
                if converted == nil then
                    bad_row(item, source, plan.name,
                            ("column %s: '%s' is no %s"):format(
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

-- What the graph refuses is the row's fault; what a store fails to do is not.
local REFUSALS = { constraint = true, not_found = true, limit = true,
                   invalid = true }

local function check(item, source, result, err)
    if result == nil and err then
        if not REFUSALS[err.code] then error(err, 0) end
        bad_row(item, source, "", err.message, err.code)
    end
    return result
end

local function take(item, source, props, column)
    local cell = props[column]
    if cell == nil or cell == core.null or cell == "" then
        bad_row(item, source, column,
                ("column %s is empty or absent, and a key"):format(column))
    end
    return cell
end

local function put_node(item, source, tx, props)
    local spec = item.spec
    if not spec.key then
        return check(item, source, tx:create_node(spec.label, props))
    end
    local key = take(item, source, props, spec.key)
    return check(item, source, tx:put_node(spec.label, key, props,
                                     spec.merge and { merge = true } or nil))
end

-- The node at an end of an edge; ids are remembered while one file is loaded.
local function find_end(item, source, tx, props, tail)
    local label, column = tail[1], tail[2]
    local key = take(item, source, props, column)
    local ids = item.ids[label]
    if not ids then
        ids = {}
        item.ids[label] = ids
    end
    local id = ids[key]
    if not id then
        local node = check(item, source, tx:node(label, key))
        if not node then
            bad_row(item, source, column,
                    ("column %s: there is no %s with the key %s"):format(
                        column, label, tostring(key)), "not_found")
        end
        id = node.id
        -- Of LuaJIT's cdata each is a key of its own.
        if type(key) ~= "cdata" then ids[key] = id end
    end
    return id
end

local function put_edge(item, source, tx, props)
    local spec = item.spec
    local from = find_end(item, source, tx, props, spec.from)
    local to = find_end(item, source, tx, props, spec.to)
    props[spec.from[2]], props[spec.to[2]] = nil, nil
    return check(item, source, tx:put_edge(spec.type, from, to, props))
end

-- The columns of a source's lines: those of its header, or the names that its
-- objects had so far; nil: it has no lines, or too many names.
local function headers_of(item, source)
    if source.separator then return source.columns end
    if not source.lines or item.column_count > COLUMNS_MAX then return nil end
    local headers = {}
    for header in pairs(item.columns) do headers[#headers + 1] = header end
    table.sort(headers)
    return headers
end

-- What the core needs to put plain lines by itself; false: it cannot.
local function lines_of(item, source, tx)
    local spec, columns, seen = item.spec, {}, {}
    local headers = headers_of(item, source)
    if not headers then return false end
    for i, header in ipairs(headers) do
        local plan = plan_column(item, header)
        local column = { name = plan.name, kind = plan.kind or "string",
                         role = "none", member = header }
        if seen[plan.name] then return false end
        seen[plan.name], columns[i] = column, column
    end
    local keys = item.is_node and { key = spec.key } or
        { from = spec.from[2], to = spec.to[2] }
    for role, name in pairs(keys) do
        local column = seen[name]
        if not column or column.role ~= "none" or column.kind ~= "string" and
            column.kind ~= "int" then
            return false
        end
        column.role = role
        if not item.is_node then column.name = nil end
    end
    local ok, lines = pcall(core.lines, tx, {
        edge = not item.is_node, merge = spec.merge,
        separator = source.separator, label = spec.label or spec.type,
        from = spec.from and spec.from[1], to = spec.to and spec.to[1],
        columns = columns })
    return ok and lines -- a bad name is the first row's fault
end

-- Lines that need no thought go the fast way; returns how many.
local function put_lines(item, source, tx, rows_max)
    if item.lines == nil or item.column_count ~= item.line_columns then
        item.lines = lines_of(item, source, tx)
        item.line_columns = item.column_count
    end
    if not item.lines then return 0 end
    local reader = source.lines
    local rows, at = core.put_lines(tx, item.lines, reader.block, reader.at,
                                    rows_max)
    reader:pass(rows, at)
    source.bytes = reader.bytes
    return rows
end

local function put_rows(item, source, tx, rows_max)
    local put, count = item.is_node and put_node or put_edge, 0
    while count < rows_max do
        count = count + put_lines(item, source, tx, rows_max - count)
        if count == rows_max then break end
        item.is_putting = false
        local row = source:next()
        if not row then return count, true end
        local props = convert_row(item, source, row)
        item.is_putting = true
        put(item, source, tx, props)
        count = count + 1
    end
    return count, false
end

-- One batch: returns how many rows, and whether the source is at its end. A
-- value that cannot be stored raises a text, as misuse does: here the row is
-- bad.
local function put_batch(item, source, tx, rows_max)
    local ok, count, is_end = pcall(put_rows, item, source, tx, rows_max)
    if ok then return count, is_end end
    if type(count) == "string" and item.is_putting then
        local message = blame.text(count)
        local name = message:match("^property (.-): ") or
            message:match("^(.-): ")
        bad_row(item, source, name or "", message)
    end
    error(count, 0)
end

------------------------------------------------------------------------ loading

-- Waits until at most `count` batches are under way. What is acknowledged moves
-- the position on. A batch that is still under way at the deadline stays.
local function settle(state, count)
    while #state.tickets > count do
        local first = state.tickets[1]
        local ok, err = first.ticket:wait(state.timeout)
        if not ok then
            if err.code ~= "timeout" then state.tickets = {} end
            error(err, 0)
        end
        table.remove(state.tickets, 1)
        state.position = first.position
    end
end

-- Within the batch that brings a load with a name there.
local function move_bookmark(state, tx, position)
    if not state.name then return end
    local id, err = tx:put_node(BOOKMARK, state.name, position)
    if not id then error(err, 0) end
end

-- Where to begin: where the caller says, where a load of the same name stopped,
-- or at the beginning.
local function first_position(db, options)
    local node, err
    if options.resume then return options.resume end
    if options.name then node, err = db:node(BOOKMARK, options.name) end
    if err then error(err, 0) end
    return node and node.props or { part = 1, row = 0 }
end

local function load_one(state, index, item, skip)
    local source = open_source(item)
    item.columns, item.headers, item.ids = {}, {}, {}
    item.column_count = 0
    state.source = source
    for _ = 1, skip do
        if not source:next() then break end
    end
    local row, is_end = skip, false
    while not is_end do
        local count, position
        local ticket, err = write.write(state.db, function(tx)
            count, is_end = put_batch(item, source, tx, state.batch)
            position = is_end and { part = index + 1, row = 0 } or
                { part = index, row = row + count }
            move_bookmark(state, tx, position)
        end, { wait = false, timeout = state.timeout })
        if not ticket then error(err, 0) end
        row = row + count
        state.rows = state.rows + count
        state.tickets[#state.tickets + 1] = { ticket = ticket,
                                              position = position }
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

-- The end of a load that failed: batches under way count if they are
-- committed; what is not settled even then is not known.
local function give_up(state, err)
    pcall(settle, state, 0)
    state.progress:stop()
    if state.source then state.source:close() end
    if type(err) ~= "table" or err.raised then return err end
    if #state.tickets > 0 then
        err = { code = "unknown", retryable = false,
                message = "batches are still under way: " .. err.message }
    end
    err.resume = state.position
    return setmetatable(err, core.error)
end

local function load_rows(db, options)
    local specs = check_options(options)
    local begun, resume = pcall(first_position, db, options)
    if not begun then return nil, resume end
    local state = {
        db = db, tickets = {}, rows = 0, bytes = 0,
        name = options.name,
        batch = options.batch or BATCH_ROWS, timeout = options.timeout,
        position = { part = resume.part, row = resume.row },
        progress = progress.new(db, options.progress),
    }
    local done, err = pcall(load_all, state, specs)
    if done then return state.progress:finish(state) end
    err = give_up(state, err)
    if type(err) == "table" and not err.raised then return nil, err end
    error(err, 0)
end

--- Loads nodes and edges; see lua/README.md for the fields.
--
-- Returns a summary { rows, seconds, bytes, requests }, or nil and an error
-- whose `resume` is where to go on (as the option of that name): everything
-- before it is durable, nothing after it is in the graph, unless the code is
-- "unknown".
function load.load(db, options)
    local ok, result, err = pcall(load_rows, db, options)
    if ok then return result, err end
    if type(result) == "string" then error(blame.text(result), 2) end
    error(result.raised, 0)
end

return load
