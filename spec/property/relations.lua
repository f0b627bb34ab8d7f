-- Statements that must say the same, over graphs that are too large for the
-- reference: thousands of rows, so that there are several groups and segments,
-- zones that leave some out, chunks that end in the middle of a list, hubs.
--
-- What a family makes is a list of ways to ask for the same rows, each one or
-- more statements whose rows are put together. All are asked of one graph that
-- lies in several databases in several ways, with indexes and without, and of
-- their snapshots, transactions and readers. In between the graph is changed
-- (relations_change.lua).
--
-- usage: lua spec/property/relations.lua [seconds] [first seed]

local api = require("spec.property.relations_api")
local change = require("spec.property.relations_change")
local check = require("spec.property.check")
local csv = require("spec.property.csv")
local generate = require("spec.property.generate")
local graph = require("spec.property.graph")
local more = require("spec.property.relations_more")
local namidb = require("namidb")
local random = require("spec.support.random")
local render = require("spec.property.render")
local store = require("spec.property.store")
local value = require("spec.property.value")

local relations = {}

local LABELS, TYPES = { "A", "B", "C" }, { "R", "S", "T" }
-- What takes longer, or more memory, is left out.
local OPTIONS = { timeout = 10, max_memory = 2 ^ 28 }

----------------------------------------------------------------------- graphs

-- Properties of number `id` of `count`: in half of the graphs an integer grows
-- with it, so that groups differ in what they hold, and end where literals are.
local function make_props(source, id, count, grows)
    local props = generate.props(source, id)
    if grows then props.i = value.int(math.floor(id * 6 / count) - 2) end
    return props
end

-- Nodes and edges; every tenth edge is at a hub, some are loops or parallel.
local function make_graph(source, size)
    local made, ids, grows = graph.new(), {}, source:one_in(2)
    for id = 1, size do
        local labels = {}
        for _, name in ipairs(LABELS) do
            if source:one_in(3) then labels[name] = true end
        end
        ids[id] = made:add_node(labels, make_props(source, id, size, grows))
    end
    local hub, last = source:pick(ids), nil
    local count = size * source:pick({ 1, 2 })
    for id = 1, count do
        local from, to = source:pick(ids), source:pick(ids)
        if source:one_in(10) then from = hub end
        if source:one_in(20) then to = from end
        if last and source:one_in(20) then from, to = last[1], last[2] end
        last = { from, to }
        made:add_edge(source:pick(TYPES), from, to,
                      make_props(source, id, count, grows))
    end
    return made
end

---------------------------------------------------------------------- texts

-- What families are made with: random texts about a graph of `size` nodes, and
-- the parameters that are in them.
local Maker = {}
Maker.__index = Maker

function Maker:condition(names)
    local scope = {}
    for i, name in ipairs(names) do
        scope[i] = { name = name,
                     type = name:find("^e") and "edge" or "node" }
    end
    local maker = generate.maker(self.random, scope)
    maker.params = self.param_count
    local made = maker:expression("bool", self.random:int(1, 3))
    self.param_count = maker.params
    check.parameters(made, self.params)
    return "(" .. render.expression(made) .. ")"
end

function Maker:label()
    return self.random:pick({ "", "", ":A", ":B", ":A:B", ":A|C", ":!B" })
end

function Maker:type()
    return self.random:pick({ "", ":R", ":R", ":S", ":R|T" })
end

function Maker:direction()
    return self.random:pick({ { "-", "->" }, { "<-", "-" }, { "-", "-" } })
end

-- Where each node has many rows, one is enough to begin with.
function Maker:pin()
    return (" {id: %d}"):format(self.random:int(1, self.size))
end

local BACK = { ["-"] = "-", ["->"] = "<-", ["<-"] = "->" }

-- A chain of so many edges: { names =, forward =, backward =, hops = a text for
-- each edge and its ends }.
function Maker:chain(count)
    local names, nodes, edges = { "a" }, {}, {}
    local is_bare = self.random:one_in(2) -- so that degrees will do
    for i, name in ipairs({ "a", "b", "c", "d" }) do
        nodes[i] = name .. (is_bare and "" or self:label())
        if i > 1 and i <= count + 1 then
            edges[i - 1] = { "[e" .. i - 1 .. self:type() .. "]",
                             self:direction() }
            names[#names + 1] = "e" .. i - 1
            names[#names + 1] = name
        end
    end
    local at = self.random:int(1, count + 1)
    if count > 1 or self.size > 1000 then
        nodes[at] = nodes[at] .. self:pin()
    end
    local chain = { names = names, hops = {} }
    local forward, backward = { "(" .. nodes[1] .. ")" },
        { "(" .. nodes[count + 1] .. ")" }
    for i = 1, count do
        local text, way = edges[i][1], edges[i][2]
        local back = BACK[way[2]] .. text .. BACK[way[1]]
        local one, other = "(" .. nodes[i] .. ")", "(" .. nodes[i + 1] .. ")"
        forward[#forward + 1] = way[1] .. text .. way[2] .. other
        table.insert(backward, 2, back .. one)
        chain.hops[i] = self.random:one_in(2) and other .. back .. one or
            one .. way[1] .. text .. way[2] .. other
    end
    chain.forward, chain.backward = table.concat(forward),
        table.concat(backward)
    return chain
end

-- The ids of all names as columns.
local function ids(names)
    local items = {}
    for i, name in ipairs(names) do items[i] = name .. ".id AS r" .. i end
    return " RETURN " .. table.concat(items, ", ")
end

-- Edges of a path differ; those of two MATCH need not.
local function differ(count)
    local tests = { "true" }
    for i = 1, count do
        for k = i + 1, count do
            tests[#tests + 1] = ("e%d <> e%d"):format(i, k)
        end
    end
    return table.concat(tests, " AND ")
end

-------------------------------------------------------------------- families

local families = {}
for name, fn in pairs(more) do families[name] = fn end

-- Every row meets a condition, or does not, or it is unknown of it.
function families.partition(self)
    local chain = self:chain(self.random:int(1, 2))
    local base, columns = "MATCH " .. chain.forward, ids(chain.names)
    local p = self:condition(chain.names)
    return { { base .. columns },
             { base .. " WHERE " .. p .. columns,
               base .. " WHERE NOT " .. p .. columns,
               base .. " WHERE " .. p .. " IS NULL" .. columns } }
end

function families.filter(self)
    local base, p = "MATCH (a" .. self:label() .. ")", self:condition({ "a" })
    return { { base .. " WHERE " .. p .. " RETURN a.id AS r" },
             { base .. " WITH a, " .. p .. " AS c WHERE c RETURN a.id AS r" },
             { base .. " WITH a SKIP 0 WHERE " .. p .. " RETURN a.id AS r" },
             { base .. " WITH collect(a) AS l UNWIND [a IN l WHERE " .. p ..
               "] AS a RETURN a.id AS r" } }
end

function families.count(self)
    local base, p = "MATCH (a" .. self:label() .. ")", self:condition({ "a" })
    return { { base .. " WHERE " .. p .. " RETURN count(*) AS r" },
             { base .. " RETURN sum(CASE WHEN " .. p ..
               " THEN 1 ELSE 0 END) AS r" },
             { base .. " WHERE " .. p .. " RETURN count(a.id) AS r" },
             { base .. " WITH a SKIP 0 WHERE " .. p ..
               " RETURN size(collect(a)) AS r" } }
end

function families.chain(self)
    local count = self.random:int(1, 3)
    local chain = self:chain(count)
    local p = self.random:one_in(3) and self:condition(chain.names) or "true"
    local columns = self.random:one_in(2) and " RETURN count(*) AS r" or
        ids(chain.names)
    local where = " WHERE " .. p .. columns
    local later = " WITH * WHERE " .. differ(count) .. " AND " .. p .. columns
    return { { "MATCH " .. chain.forward .. where },
             { "MATCH " .. chain.backward .. where },
             { "MATCH " .. table.concat(chain.hops, ", ") .. where },
             { "MATCH " .. table.concat(chain.hops, " MATCH ") .. later },
             { "MATCH " .. chain.forward .. " WITH * SKIP 0" .. where } }
end

function families.edges(self)
    local type, p = self:type(), self:condition({ "e" })
    local after = " WHERE " .. p .. " RETURN e.id AS r"
    return { { "MATCH ()-[e" .. type .. "]->()" .. after },
             { "MATCH (x) MATCH (y)<-[e" .. type .. "]-(x)" .. after },
             { "MATCH ()-[e" .. type .. "]->() WITH e SKIP 0" .. after },
             { "MATCH ()-[e" .. type .. "]-() WHERE " .. p ..
               " WITH DISTINCT e RETURN e.id AS r" } }
end

function families.pieces(self)
    local source = self.random
    local down = source:pick({ "", " DESC" })
    local base = "MATCH (a" .. self:label() .. ") WHERE " ..
        source:pick({ "true", "a.i IS NOT NULL", self:condition({ "a" }) }) ..
        " RETURN a.id AS r ORDER BY a." ..
        source:pick({ "i", "s", "f", "m", "d", "dt" }) .. down .. ", a.id" ..
        source:pick({ "", down })
    local cut = source:int(1, 40)
    return { { base }, { base .. " LIMIT " .. cut,
                         base .. (" SKIP %d LIMIT 9"):format(cut),
                         base .. " SKIP " .. cut + 9 },
             { (base:gsub(" RETURN a.id AS r ", " WITH a SKIP 0%0")) },
             is_ordered = true }
end

function families.groups(self)
    local source = self.random
    local key, of = source:pick({ "i", "s", "b", "d", "l" }),
        source:pick({ "i", "s", "lt", "id" })
    local base = "MATCH (a" .. self:label() .. ") WHERE " ..
        self:condition({ "a" })
    local counts = ("count(*) AS c, count(x) AS n, min(x) AS lo, " ..
        "max(x) AS hi, count(DISTINCT x) AS d")
    local direct = counts:gsub("%(x%)", "(a." .. of .. ")")
        :gsub("DISTINCT x", "DISTINCT a." .. of)
    return { { base .. " RETURN a." .. key .. " AS k, " .. direct },
             { base .. " WITH a." .. key .. " AS k, a." .. of ..
               " AS x SKIP 0 RETURN k, " .. counts },
             { base .. " WITH a." .. key .. " AS k, collect(a) AS l " ..
               "UNWIND l AS a RETURN k, " .. direct } }
end

function families.optional(self)
    local way, label = self:direction(), self:label()
    local pattern = "(a)" .. way[1] .. "[e" .. self:type() .. "]" .. way[2] ..
        "(b" .. self:label() .. ")"
    local some = "MATCH " .. pattern .. " WHERE " ..
        self:condition({ "a", "e", "b" })
    local base = ("MATCH (a%s) WHERE a.id %% %d = 1"):format(label,
        self.random:int(2, 5))
    local columns = " RETURN a.id AS r1, e.id AS r2, b.id AS r3"
    return { { base .. " OPTIONAL " .. some .. columns },
             { base .. " " .. some .. columns,
               base .. " WITH a WHERE NOT EXISTS { " .. some ..
               " } RETURN a.id AS r1, null AS r2, null AS r3" },
             { base .. " CALL { WITH a OPTIONAL " .. some ..
               " RETURN e, b }" .. columns },
             { base .. " WITH a, COLLECT { " .. some ..
               " RETURN [e.id, b.id] } AS l UNWIND CASE l WHEN [] THEN " ..
               "[[null, null]] ELSE l END AS x " ..
               "RETURN a.id AS r1, x[0] AS r2, x[1] AS r3" } }
end

function families.inner(self)
    local way = self:direction()
    local some = "MATCH (a)" .. way[1] .. "[e" .. self:type() .. "]" ..
        way[2] .. "(b" .. self:label() .. ") WHERE " ..
        self:condition(self.random:pick({ { "b" }, { "a", "e", "b" } }))
    local base = "MATCH (a" .. self:label() .. ")"
    if self.random:one_in(2) then
        return { { base .. " WHERE EXISTS { " .. some ..
                   " } RETURN a.id AS r" },
                 { base .. " " .. some .. " RETURN DISTINCT a.id AS r" },
                 { base .. " WITH a, COUNT { " .. some ..
                   " } AS n WHERE n > 0 RETURN a.id AS r" } }
    end
    return { { base .. " RETURN a.id AS r, COUNT { " .. some .. " } AS n" },
             { base .. " OPTIONAL " .. some .. " RETURN a.id AS r, " ..
               "count(e) AS n" },
             { base .. " RETURN a.id AS r, size(COLLECT { " .. some ..
               " RETURN 1 }) AS n" },
             { base .. " CALL { WITH a " .. some ..
               " RETURN count(*) AS n } RETURN a.id AS r, n" } }
end

function families.walk(self)
    local way, type, last = self:direction(), self:type(), self:label()
    local begin, fixed = "MATCH (a" .. self:pin() .. ")", {}
    local function ends(count)
        return "(b" .. last .. ") RETURN b.id AS r, " .. count .. " AS n"
    end
    for count = 1, 2 do
        local hops = {}
        for i = 1, count do
            hops[i] = ("%s[e%d%s]%s"):format(way[1], i, type, way[2])
        end
        fixed[count] = begin .. table.concat(hops, "()") .. ends(count)
    end
    local walk = "[es" .. type .. "*1..2]"
    return { fixed, { begin .. way[1] .. walk .. way[2] .. ends("size(es)") },
             { "MATCH (b" .. last .. ")" .. BACK[way[2]] .. walk ..
               BACK[way[1]] .. begin:sub(7) .. " RETURN b.id AS r, " ..
               "size(es) AS n" } }
end

function families.among(self)
    local source, tests, values = self.random, {}, {}
    local name = source:pick({ "i", "s", "id", "m", "d", "b" })
    for i = 1, source:int(1, 5) do
        local id = source:int(1, self.size)
        local v = generate.props(source, id)[name]
        values[i] = v and render.literal(v) or "null"
        tests[i] = "a." .. name .. " = " .. values[i]
    end
    local list = "[" .. table.concat(values, ", ") .. "]"
    local node = "MATCH (a" .. self:label() .. ")"
    return { { node .. " WHERE a." .. name .. " IN " .. list ..
               " RETURN a.id AS r" },
             { node .. " WHERE " .. table.concat(tests, " OR ") ..
               " RETURN a.id AS r" },
             { "UNWIND " .. list .. " AS v " .. node .. " WHERE a." .. name ..
               " = v RETURN DISTINCT a.id AS r" },
             { node .. " WITH a SKIP 0 WHERE any(v IN " .. list ..
               " WHERE a." .. name .. " = v) RETURN a.id AS r" } }
end

-- What one more of these is about: mostly statements.
local function names_of(all)
    local names = {}
    for name, fn in pairs(all) do
        if type(fn) == "function" then names[#names + 1] = name end
    end
    table.sort(names)
    return names
end

local NAMES, API_NAMES = names_of(families), names_of(api)

local function some_family(source, size)
    if not source:one_in(3) then
        local name = source:pick(NAMES)
        return name, families[name]
    end
    local name = source:pick(API_NAMES)
    if api.SMALL[name] and size > 300 then return "nodes", api.nodes end
    return name, api[name]
end

------------------------------------------------------------------- comparing

local function rows_of(handle, statement, texts, params)
    local rows, err = handle:query(statement, params, OPTIONS)
    if not rows then return nil, err end
    for i, row in ipairs(rows) do
        local cells = {}
        for c, name in ipairs(rows.columns) do
            cells[c] = texts.value(row[name])
        end
        rows[i] = table.concat(cells, " | ")
    end
    return rows
end

-- The rows of a way as texts, or nil: it failed, as what is evaluated in
-- another order may.
local function ask(handle, way, params)
    local texts, made = store.texts(handle), {}
    for _, part in ipairs(way) do
        local rows, err
        if type(part) == "function" then
            rows, err = part(handle, texts, params, OPTIONS)
        else
            rows, err = rows_of(handle, part, texts, params)
        end
        if not rows then return nil, err end
        for _, row in ipairs(rows) do made[#made + 1] = row end
    end
    return made
end

-- The same of what a database can be read through.
local through = {}

function through.db(database, way, params)
    return ask(database.db, way, params)
end

function through.snapshot(database, way, params)
    local snapshot = assert(database.db:snapshot())
    local rows, err = ask(snapshot, way, params)
    snapshot:close()
    return rows, err
end

function through.tx(database, way, params)
    local tx = assert(database.db:begin())
    local rows, err = ask(tx, way, params)
    tx:abort()
    return rows, err
end

function through.reader(database, way, params)
    if not database.reader then
        database.reader = assert(namidb.open(database.uri,
                                             { read_only = true }))
    end
    assert(database.reader:refresh() ~= nil)
    return ask(database.reader, way, params)
end

local HANDLES = { "db", "db", "snapshot", "tx", "reader" }

local function text_of(way)
    local parts = {}
    for i, part in ipairs(way) do
        parts[i] = type(part) == "function" and "methods" or part
    end
    return table.concat(parts, "\n  and ")
end

local FINE = { invalid = true, limit = true, timeout = true }

-- nil, or how the ways differ; and whether all of them had an answer.
local function compare(self, ways, databases)
    local first
    for i, way in ipairs(ways) do
        local asked = i == 1 and databases or { self.random:pick(databases),
                                                self.random:pick(databases) }
        for _, database in ipairs(asked) do
            local handle = database.uri and self.random:pick(HANDLES) or "db"
            local rows, err = through[handle](database, way, self.params)
            local where = ("%s, %s: %s"):format(database.way, handle,
                                                text_of(way))
            if not rows and FINE[err.code] then return nil, false end
            if not rows then return where .. "\n" .. tostring(err) end
            if not ways.is_ordered then table.sort(rows) end
            local text = table.concat(rows, "\n")
            first = first or { text = text, where = where, count = #rows }
            if text ~= first.text then
                return ("%d rows of %s\n%d rows of %s"):format(first.count,
                    first.where, #rows, where)
            end
        end
    end
    return nil, true
end

-- One family, asked of the databases. Returns how its ways differ, and whether
-- they had an answer.
local function question(self, databases)
    self.params = {}
    local name, family = some_family(self.random, self.size)
    local difference, has_answer = compare(self, family(self), databases)
    return difference and name .. "\n" .. difference, has_answer
end

-- Changes the graph, and asks once while nobody else sees that yet.
local function change_all(self, databases)
    local difference
    local ok, what = pcall(change.run, self, databases, function(open)
        difference = question(self, open)
    end)
    if ok and difference then what = "inside of it: " .. difference end
    return difference or not ok, what
end

local function open_all(made, source)
    local databases = {}
    for i, way in ipairs({ "memory", "packs", "mixed" }) do
        local db, _, uri = store.open(made, way, source)
        databases[i] = { way = way, db = db, uri = uri }
    end
    return databases
end

local function close_all(databases)
    for _, database in ipairs(databases) do
        database.db:close()
        if database.reader then database.reader:close() end
    end
end

--- Asks for as many families over one graph. sizes: how many nodes it may
-- have. Returns a report of what went wrong, or nil, and how many had an
-- answer.
function relations.seed(seed, count, sizes)
    local source = random.new(seed)
    local size = source:pick(sizes or { 30, 300, 2000, 5000 })
    source.is_wide = source:one_in(2)
    local made, answered, changes = make_graph(source, size), 0, {}
    local databases = open_all(made, source)
    local self = setmetatable({ random = source, size = size, last_node = size,
                                last_edge = made.last }, Maker)
    local difference
    for number = 1, count do
        local has_answer
        if source:one_in(6) then
            local failed, what = change_all(self, databases)
            changes[#changes + 1] = number .. ": " .. tostring(what)
            difference = failed and tostring(what) or nil
        else
            difference, has_answer = question(self, databases)
        end
        if difference then
            difference = ("seed %d, number %d, %d nodes, %s\nbehind\n%s")
                :format(seed, number, size, difference,
                        table.concat(changes, "\n"))
            break
        end
        answered = answered + (has_answer and 1 or 0)
    end
    close_all(databases)
    return difference, answered
end

if arg and arg[0] and arg[0]:find("relations.lua$") then
    local until_time = os.time() + tonumber(arg[1] or 60)
    local seed, failed, passed = tonumber(arg[2] or os.time() % 1000000), 0, 0
    local answered = 0
    print("first seed " .. seed)
    while os.time() < until_time and failed < 5 do
        local report, count = relations.seed(seed, 40)
        if report then print("\n" .. report) end
        failed, passed = failed + (report and 1 or 0),
            passed + (report and 0 or 1)
        answered, seed = answered + count, seed + 1
    end
    csv.clean()
    print(("%d questions"):format(answered))
    print(("%d passed, %d failed"):format(passed, failed))
    os.exit(failed == 0 and passed > 0)
end

return relations
