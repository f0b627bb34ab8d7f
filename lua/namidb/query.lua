-- db:query, db:rows, db:register: Cypher over what can be read or written.
--
-- A statement is parsed, checked and planned once and kept, for each database
-- (statements.lua); running it is the core's.

local blame = require("namidb.blame")
local core = require("namidb.core")
local cold = require("namidb.plan.cold")
local cypher = require("namidb.cypher")
local interpreted = require("namidb.interpreted")
local plan = require("namidb.plan")
local planned = require("namidb.planned")
local procedures = require("namidb.procedures")
local result = require("namidb.result")
local statements = require("namidb.statements")
local statistics = require("namidb.plan.statistics")
local schema = require("namidb.schema")
local write = require("namidb.write")

local query = {}

-- A plan is looked at again when it was used so often, then when twice as often
-- ..., at last each so many uses.
local LOOK_FIRST, LOOK_EACH = 4, 1024

-- By handle: what is registered and what is cached, shared by a database and
-- its snapshots and transactions.
local homes = setmetatable({}, { __mode = "k" })

-- is_far: what is not at hand takes a round trip.
local function new_home(db)
    return { functions = {}, procedures = {}, counts = {},
             statements = statements.new(),
             is_far = db:stats().store.is_far }
end

local function home_of(handle)
    local home = homes[handle]
    if not home then
        home = new_home(handle)
        homes[handle] = home
    end
    return home
end

procedures.own = home_of

-- Gives a snapshot or a transaction what its database has.
local function adopt(child, parent)
    homes[child] = home_of(parent)
end

----------------------------------------------------------------- registering

local function check_fields(what, fields)
    for i, field in ipairs(fields) do
        if type(field) ~= "table" or type(field.name) ~= "string" then
            error(("register: %s %d has no name"):format(what, i), 0)
        end
    end
end

local function register(db, name, definition)
    local home = home_of(db)
    if type(name) ~= "string" or not name:match("^[%a_][%w_%.]*$") then
        error("register: a name is letters, digits, _ and dots", 0)
    end
    if type(definition) == "function" then
        home.functions[name:lower()] = { call = definition }
    elseif type(definition) == "table" and
        type(definition.call) == "function" then
        check_fields("argument", definition.arguments or {})
        check_fields("yield", definition.yields or {})
        home.procedures[name] = {
            name = name, call = definition.call,
            arguments = definition.arguments or {},
            yields = definition.yields or {},
        }
    else
        error("register: a function, or a table with `call`, is wanted", 0)
    end
    home.statements:clear()
end

--- db:register(name, fn) makes fn(...) a function of queries.
--
-- db:register(name, { arguments = { { name =, type = }, ... }, yields = { {
-- name =, type = }, ... }, call = fn }) makes a procedure: fn(...) returns an
-- array of rows, each an array of values in the order of yields. An error that
-- fn raises is the query's.
function query.register(db, name, definition)
    local ok, err = pcall(register, db, name, definition)
    if not ok then error(blame.text(err), 2) end
end

-------------------------------------------------------------------- planning

-- What the core calls for functions and procedures that are not its own. One of
-- ours may give a stream, which each place in the query has one of at a time.
local function host_of(handle, home, options)
    local streams = {}
    return function(caller, is_more, name, ...)
        if not caller then return home.functions[name].call(...) end
        local procedure = home.procedures[name]
        if procedure then return (procedure.call(...)) end
        if not is_more then
            if streams[caller] then streams[caller]:close() end
            local rows
            rows, streams[caller] = procedures.call(name, handle, options, ...)
            if rows then return rows end
        end
        return streams[caller]:next()
    end
end

-- Collects by the core alone; see result_jit.collector.
local function plain_collector(methods)
    local collect = methods.collect
    return function(handle, made, ...)
        return collect(handle, made.core, ...)
    end
end

-- The core's ways to run a plan are not for users.
local runners, collectors, quick = {}, {}, {}
for _, kind in ipairs({ core.db, core.snapshot, core.tx }) do
    local methods = kind.__index
    runners[kind.__name] = methods.run
    collectors[kind.__name], quick[kind.__name] =
        (methods.more and require("namidb.result_jit").collector or
         plain_collector)(methods)
    methods.run, methods.collect = nil, nil
    methods.more, methods.address = nil, nil
end
local is_jit = next(quick) ~= nil

-- What the planner asks for the values of expressions of constants.
local function evaluate_by(handle)
    local collect = collectors[getmetatable(handle)]
    return function(expr)
        local bytes, constants = plan.value(expr)
        local made = core.plan(bytes, constants, constants.n)
        local rows = made and collect(handle, { core = made,
                                                columns = { "value" } })
        return rows ~= nil, rows and rows[1].value
    end
end

-- What a plan for a handle's graph is made by; see plan.make.
local function options_of(handle, home)
    return { functions = home.functions,
             statistics = statistics.of(handle, home.counts),
             segments = statistics.segments(handle), is_far = home.is_far,
             indexes = schema.usable(handle), evaluate = evaluate_by(handle) }
end

-- Plans a checked tree of a text.
local function make_plan(text, ast, options)
    local made, err = plan.make(ast, options)
    if not made then return cypher.limit(text, err.at, err.message) end
    made.core, err = core.plan(made.bytes, made.constants, made.constants.n)
    if not made.core then return nil, err end
    made.has_host = made.core:has_host()
    made.counts = statistics.about(made.names, options.statistics)
    return made
end

-- A plan for a text that was not planned yet.
local function plan_anew(home, text, options)
    local ast, err = cypher.compile(text, {
        functions = home.functions,
        procedures = setmetatable({}, { __index = function(_, name)
            return home.procedures[name] or procedures.find(name)
        end }),
        procedure_names = function()
            local names = procedures.names()
            for name in pairs(home.procedures) do names[#names + 1] = name end
            return names
        end,
    })
    if not ast then return nil, err end
    if ast.is_schema then return schema.plan(ast) end
    local function make(tree) return make_plan(text, tree, options) end
    if ast.stages then return require("namidb.batches").plan(ast, make) end
    return make(ast)
end

local function has_registered(home)
    return next(home.functions) ~= nil or next(home.procedures) ~= nil
end

-- A plan for a text: another handle's, if one suits, or a new one.
local function plan_of(home, text, options)
    if has_registered(home) then return plan_anew(home, text, options) end
    local shared = planned.find(text, options)
    if shared then return shared end
    local made, err = plan_anew(home, text, options)
    if made and made.mode == "run" and not made.schema and not made.stages then
        planned.keep(text, made, options)
    end
    return made, err
end

local function compile_now(handle, home, text)
    local made, err = plan_of(home, text, options_of(handle, home))
    if not made or made.schema then return made, err end
    made.uses, made.next_look = 0, LOOK_FIRST
    made.stamp = schema.stamp(handle)
    return made
end

local plan_first = interpreted.first(1000)

local function compile(handle, home, text)
    return plan_first(compile_now, handle, home, text)
end

-- The plan of a statement, the values of its literals, and what it is kept by.
-- Ever more seldom it is looked at whether the graph, and what of it is there,
-- is still about what it was when the plan was made; if not, it is made anew.
local function current(handle, home, text)
    local made, values, key = home.statements:get(text, compile, handle, home)
    if not made then return nil, values end
    made.uses = made.uses + 1
    if made.uses < made.next_look then return made, values, key end
    made.next_look = made.uses + math.min(made.uses, LOOK_EACH)
    local counts = statistics.of(handle, home.counts)
    if not statistics.is_stale(made.names, made.counts, counts) and
        not cold.is_stale(made.cold, statistics.segments(handle)) then
        return made, values, key
    end
    home.statements:drop(key)
    return home.statements:get(text, compile, handle, home)
end

-- The same plan if the indexes are those that it was made for, else a new one.
local function freshen(handle, home, text, made, values, key)
    if not made.stamp or made.stamp == schema.stamp(handle) then
        return made, values
    end
    home.statements:drop(key)
    return home.statements:get(text, compile, handle, home)
end

--------------------------------------------------------------------- running

local OPTIONS = { timeout = "number", max_rows = "number",
                  max_memory = "number", csv_folder = "string" }

local function check(text, params, options)
    if type(text) ~= "string" then
        error("a statement is a string, not a " .. type(text), 0)
    end
    if params ~= nil and type(params) ~= "table" then
        error("parameters are a table, not a " .. type(params), 0)
    end
    if options ~= nil and type(options) ~= "table" then
        error("options are a table, not a " .. type(options), 0)
    end
    if options == nil then return end
    for name, value in pairs(options) do
        if OPTIONS[name] == nil then
            error(("unknown option '%s'"):format(tostring(name)), 0)
        elseif type(value) ~= OPTIONS[name] then
            error(("option %s: a %s is wanted, not a %s"):format(name,
                OPTIONS[name], type(value)), 0)
        end
    end
end

-- What the core wants to know beside the plan; nil when there is nothing.
local function settings_of(handle, home, made, options)
    if not options and not made.has_host and made.mode ~= "profile" then
        return nil
    end
    local settings = { profile = made.mode == "profile" }
    if made.has_host then
        settings.host = host_of(handle, home, options or {})
    end
    for name, value in pairs(options or {}) do settings[name] = value end
    return settings
end

-- stamp: of the indexes; false when there are others.
local function start(handle, home, made, params, options, values, stamp)
    return runners[getmetatable(handle)](handle, made.core, params,
        settings_of(handle, home, made, options), values, stamp)
end

local function profile(handle, home, made, params, options)
    local running, err = start(handle, home, made, params, options)
    if not running then return nil, err end
    local rows
    rows, err = running:collect()
    if rows then
        rows.columns = made.columns
        rows.plan, rows.profile =
            require("namidb.plan.explain").profile(made, running:profile())
    end
    running:close()
    return rows and result.new(rows), err
end

local function collect_rows(handle, home, made, params, options, values, stamp)
    local rows, err = collectors[getmetatable(handle)](handle, made, params,
        settings_of(handle, home, made, options), values, stamp)
    if not rows then return rows, err end
    rows.columns = made.columns
    return result.new(rows)
end

local function collect(handle, home, made, params, options, values, survey)
    if made.schema then
        local found, failure = schema.run(handle, made, survey)
        return found and result.new(found), failure
    elseif made.mode == "profile" then
        return profile(handle, home, made, params, options)
    end
    return collect_rows(handle, home, made, params, options, values)
end

-- A statement that writes, outside a transaction: one of its own.
local function collect_writing(db, home, made, params, options, values)
    local rows, err, survey
    local timeout = options and options.timeout
    if made.schema then
        survey, err = schema.survey(db, made, timeout)
        if err then return nil, err end
    end
    local ok, failure = write.write(db, function(tx)
        rows, err = collect(tx, home, made, params, options, values, survey)
        if not rows then error(err, 0) end
    end, timeout and { timeout = timeout })
    if not ok then return nil, failure end
    return rows
end

-- A statement that writes several batches, each in a transaction of its own.
local function run_batches(db, home, text, made, params, options, values)
    if getmetatable(db) ~= "namidb.db" then
        return nil, setmetatable({ code = "syntax", class = "SyntaxError",
            detail = "InvalidClauseComposition", phase = "compile",
            retryable = false, at = made.stages[1].at, message = "CALL { } " ..
                "IN TRANSACTIONS is of a database, not inside a transaction " ..
                "or of a snapshot" }, core.error)
    end
    local is_first = true
    local function latest()
        if not is_first then
            local fresh, err, key = current(db, home, text)
            if not fresh then error(err, 0) end
            made = freshen(db, home, text, fresh, err, key)
        end
        is_first = false
        return made
    end
    return require("namidb.batches").run({
        db = db, params = params, options = options,
        open = function(handle, part, own, settings)
            return start(handle, home, part, own, settings, values)
        end,
        finish = function(part, own)
            local run = part.writes and collect_writing or collect_rows
            return run(db, home, part, own, options, values)
        end }, latest)
end

local function is_database(handle)
    return getmetatable(handle) == "namidb.db"
end

-- Whether a statement only reads, and is to be run: then the core, which knows
-- what it reads, tells whether the plan was made for other indexes.
local function is_plain(made)
    return made.mode == "run" and not made.schema and not made.writes
end

local function run(handle, text, params, options)
    check(text, params, options)
    local home = home_of(handle)
    local made, values, key = current(handle, home, text)
    if not made then return nil, values end
    if is_plain(made) then
        local rows, err = collect_rows(handle, home, made, params, options,
                                       values, made.stamp)
        if rows ~= false then return rows, err end
        home.statements:drop(key)
        return run(handle, text, params, options)
    end
    made, values = freshen(handle, home, text, made, values, key)
    if not made then return nil, values end
    if made.mode == "explain" then
        local plan_text = made.stages and
            require("namidb.batches").explain(made) or
            require("namidb.plan.explain").text(made)
        return result.new({ columns = {}, plan = plan_text })
    elseif made.stages then
        return run_batches(handle, home, text, made, params, options, values)
    end
    if made.writes and is_database(handle) then
        local ok, rows, failure = pcall(collect_writing, handle, home, made,
                                        params, options, values)
        if ok then return rows, failure end
        if getmetatable(rows) == core.error then return nil, rows end
        error(rows, 0)
    end
    return collect(handle, home, made, params, options, values)
end

-- LuaJIT: a statement whose plan is kept and fresh, of plain values. Nothing in
-- here raises, so it needs no pcall, which loops that are compiled cannot
-- return through. Nothing: it is not such a statement.
local function run_quickly(handle, text, params)
    local home = homes[handle]
    if not home then return end
    local made, values = home.statements:kept(text)
    if not made or not is_plain(made) or made.has_host or
        made.uses + 1 >= made.next_look then
        return
    end
    local is_done, rows, err =
        quick[getmetatable(handle)](handle, made, params, values)
    if not is_done then return end
    made.uses = made.uses + 1
    home.statements:count_hit()
    if not rows then return true, nil, err end
    rows.columns = made.columns
    return true, result.new(rows)
end

-- Says in the error of a run which line and column of the statement it is
-- about, if the core knows the expression. made, values: as `current` has them.
local function locate_by(made, values, text, err)
    local at = err.at or made.places and made.places[err.place]
    err.place, err.at = nil, nil
    if not at then return end
    cypher.locate(err, text, values and core.lift(text) or text, at)
end

-- The same, if the plan is still kept.
local function locate(handle, text, err)
    if not err or not (err.place or err.at) then return end
    local made, values = home_of(handle).statements:kept(text)
    locate_by(made or {}, values, text, err)
end

--- handle:query(text, params, options) -> result | nil, err
--
-- The result is an array of rows, tables by the names of the columns, and has
-- `columns`. options: timeout (s), max_rows, max_memory (bytes), csv_folder
-- (where LOAD CSV may read). A statement that writes is one atomic batch, or
-- part of the transaction that it is called on.
function query.query(handle, text, params, options)
    local is_done, rows, err
    if is_jit and options == nil and type(text) == "string" and
        (params == nil or type(params) == "table") then
        is_done, rows, err = run_quickly(handle, text, params)
    end
    if not is_done then
        is_done, rows, err = pcall(run, handle, text, params, options)
    end
    if is_done then
        locate(handle, text, err)
        return rows, err
    end
    if type(rows) == "string" then error(blame.text(rows), 2) end
    error(rows, 0)
end

local function open_rows(handle, text, params, options)
    check(text, params, options)
    local home = home_of(handle)
    local made, values, key = current(handle, home, text)
    if not made then error(values, 0) end
    if made.schema or made.writes then
        local rows, failure = run(handle, text, params, options)
        locate(handle, text, failure)
        if not rows then error(failure, 0) end
        local at = 0
        return function()
            at = at + 1
            return rows[at]
        end
    end
    local running, failure = start(handle, home, made, params, options, values,
                                   made.stamp)
    if running == false then
        home.statements:drop(key)
        return open_rows(handle, text, params, options)
    end
    if not running then error(failure, 0) end
    running:tell(function(err) locate_by(made, values, text, err) end)
    return running.next, running, nil, running
end

--- for row in handle:rows(text, params, options): rows as they are found; of a
-- statement that writes, once all of it is done. A failure is raised.
function query.rows(handle, text, params, options)
    local ok, step, running, control, closing =
        pcall(open_rows, handle, text, params, options)
    if ok then return step, running, control, closing end
    if type(step) == "string" then error(blame.text(step), 2) end
    error(step, 0)
end

-- Every snapshot and transaction shares what its database has registered.
for _, name in ipairs({ "snapshot", "begin" }) do
    local make = core.db.__index[name]
    core.db.__index[name] = function(db, ...)
        local ok, made, err = pcall(make, db, ...)
        if not ok then error(blame.text(made), 2) end
        if made then adopt(made, db) end
        return made, err
    end
end
write.on_begin = adopt

-- What is kept of statements is known here.
local cache_stats = core.db.__index.cache_stats
core.db.__index.cache_stats = function(db)
    local ok, stats, err = pcall(cache_stats, db)
    if not ok then error(blame.text(stats), 2) end
    if stats then stats.statements = home_of(db).statements:stats() end
    return stats, err
end

return query
