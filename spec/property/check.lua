-- One case: a graph, a way to store it, a statement; the library against the
-- reference.

local clause = require("spec.property.clause")
local namidb = require("namidb")
local csv = require("spec.property.csv")
local generate = require("spec.property.generate")
local random = require("spec.support.random")
local render = require("spec.property.render")
local shrink = require("spec.property.shrink")
local store = require("spec.property.store")
local value = require("spec.property.value")

local check = {}

local function bag_text(parts)
    table.sort(parts)
    return table.concat(parts, ", ")
end

local function is_bag(type)
    return type:sub(1, 4) == "bag_"
end

local function types_of(query)
    local last = query.parts[1][#query.parts[1]]
    return last.items or {}, last
end

------------------------------------------------------------ what should come

local function expected_cell(graph, v, type)
    if not is_bag(type) or v.t ~= "list" then return value.text(v, graph) end
    local parts = {}
    for i, item in ipairs(v) do parts[i] = value.text(item, graph) end
    return "[" .. bag_text(parts) .. "]"
end

--- What the reference says: { rows =, graph = as text, made = the graph, seen =
-- what there was on the way (graph:watch) }, or { error = }, or nil if it has
-- nothing to say.
local function expect(graph, query)
    local context = { graph = graph:clone() }
    local items, seen = types_of(query), context.graph:watch()
    local ok, _, rows = pcall(clause.run, context, query)
    if not ok then
        local err = _
        if type(err) == "table" and err.failed then
            return { error = err.failed }
        elseif type(err) == "table" then
            return nil
        end
        error(err, 0)
    end
    local texts = {}
    for i, row in ipairs(rows) do
        local cells = {}
        for c, item in ipairs(items) do
            cells[c] = expected_cell(context.graph, row[c], item.type)
        end
        texts[i] = table.concat(cells, " | ")
    end
    return { rows = texts, graph = context.graph:text(), made = context.graph,
             seen = seen }
end
check.expect = expect

------------------------------------------------------------------ what comes

local function parameters(node, found)
    if type(node) ~= "table" then return found end
    if node.k == "param" then found[node.name] = store.lua_value(node.v) end
    for key, field in pairs(node) do
        if key ~= "v" then parameters(field, found) end
    end
    return found
end

check.parameters = parameters

local function given_cell(texts, v, type)
    if not is_bag(type) or v == nil or _G.type(v) ~= "table" then
        return texts.value(v)
    end
    local parts = {}
    for i = 1, #v do parts[i] = texts.value(v[i]) end
    return "[" .. bag_text(parts) .. "]"
end

-- Asks for a query as a text, or as one of the builder.
local function ask(handle, query)
    local params = parameters(query, {})
    if query.build then return query.build(handle):all(params) end
    return handle:query(render.query(query), params,
                        { csv_folder = csv.folder() })
end

local function run(handle, query, writes)
    local items = types_of(query)
    local rows, err = ask(handle, query)
    if not rows then
        return { error = tostring(err), code = err.code,
                 graph = writes and store.text(handle) }
    end
    local texts, made = store.texts(handle), {}
    for i, row in ipairs(rows) do
        local cells = {}
        for c, item in ipairs(items) do
            cells[c] = given_cell(texts, row[item.name], item.type)
        end
        made[i] = table.concat(cells, " | ")
    end
    return { rows = made, graph = writes and store.text(handle) }
end
check.run = run

-- Runs in a transaction of which nothing stays.
local function run_inside(db, query, finish)
    local result
    local ok, err = pcall(db.write, db, function(tx)
        if finish then finish(tx) end
        result = run(tx, query, query.writes)
        error("enough", 0)
    end)
    assert(not ok)
    if err ~= "enough" then error(err, 0) end
    return result
end
check.run_inside = run_inside

-------------------------------------------------------------------- comparing

--- nil, or what is different, and of what kind that is. before: the graph that
-- the statement found.
local function compare(query, before, wanted, given)
    if given.error and given.graph and given.graph ~= before:text() then
        return ("it failed: %s\ngraph before:\n%s\ngraph behind:\n%s"):format(
            given.error, before:text(), given.graph), "half"
    end
    if wanted.error then return nil end
    if given.error then
        local message = given.error:match("^[^\n]*")
        return "it failed: " .. given.error,
            message:gsub("line %d+, column %d+", ""):gsub("%w+%d+", "")
    end
    local _, last = types_of(query)
    if not last.is_total then
        table.sort(wanted.rows)
        table.sort(given.rows)
    end
    local a, b = table.concat(wanted.rows, "\n"), table.concat(given.rows, "\n")
    if a ~= b then
        return ("%d rows expected:\n%s\n%d rows came:\n%s"):format(#wanted.rows,
            a, #given.rows, b), "rows"
    end
    if given.graph and given.graph ~= wanted.graph then
        return ("graph expected:\n%s\ngraph found:\n%s"):format(wanted.graph,
                                                                given.graph),
            "graph"
    end
end
check.compare = compare

-- Runs a statement on a database of its own or on `db`.
local function try(case, query, db, finish)
    local wanted = expect(case.graph, query)
    if not wanted then return nil, "skipped" end
    local own = not db
    if own then
        db, finish = store.open(case.graph, case.way, random.new(case.seed))
    end
    local given
    if finish or query.writes and not case.commits then
        given = run_inside(db, query, finish)
    else
        given = run(db, query, query.writes)
    end
    if own then db:close() end
    local difference, kind = compare(query, case.graph, wanted, given)
    return difference, kind, wanted
end

-- What the builder makes of it cannot be made smaller; as a text it can, if
-- that fails, too.
local function smallest(case, query, kind)
    local function fails(smaller)
        local ok, found, other = pcall(try, case, smaller)
        return ok and found ~= nil and other == kind
    end
    local plain = { parts = query.parts, all = query.all,
                    writes = query.writes }
    if query.build and not fails(plain) then return query end
    return shrink.run(plain, fails)
end

local function report(case, query, difference, kind)
    local best = smallest(case, query, kind)
    local ok, found = pcall(try, case, best)
    return ("seed %d, statement %d, stored as '%s'%s\nstatement:\n%s\n" ..
        "graph:\n%s\n%s\nbefore it was shrunk:\n%s"):format(case.seed,
        case.number, case.way, case.commits and ", committed" or "",
        best.build and best.build(namidb.open("memory://show")):to_cypher() or
            render.query(best), case.graph:text(),
        ok and found or difference, render.query(query))
end

--- Statements over one random graph. Returns a report of what went wrong, or
-- nil, and { cases =, rows =, skipped =, errors = }.
function check.seed(seed, statements)
    local source = random.new(seed)
    local case = { seed = seed, graph = generate.graph(source) }
    case.way = source:pick(store.ways)
    local counts = { cases = 0, rows = 0, skipped = 0, errors = 0 }
    local db, finish = store.open(case.graph, case.way, random.new(seed))
    for number = 1, statements do
        local query = generate.query(source, source:one_in(3))
        case.number = number
        case.commits = query.writes and case.way ~= "tx" and
            source:one_in(4)
        local ok, difference, kind, wanted = pcall(try, case, query,
            not case.commits and db or nil, finish)
        if not ok then
            return report(case, query, tostring(difference)), counts
        elseif difference then
            return report(case, query, difference, kind), counts
        end
        counts.cases = counts.cases + 1
        if kind == "skipped" then counts.skipped = counts.skipped + 1 end
        if wanted and wanted.error then counts.errors = counts.errors + 1 end
        if wanted and wanted.rows then
            counts.rows = counts.rows + (#wanted.rows > 0 and 1 or 0)
        end
    end
    db:close()
    return nil, counts
end

return check
