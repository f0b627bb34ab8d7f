-- Changes to a large graph that are said in one way in one database and in
-- another in the next: as a statement, by the methods of a transaction, with
-- columns, while a walk over what is changed goes on. What is asked afterwards
-- must be the same in all of them.
--
-- Around a change there are statements that fail half-way and transactions that
-- are given up, of which nothing may stay; and a snapshot from before it, which
-- must say what it said.

local generate = require("spec.property.generate")
local namidb = require("namidb")
local store = require("spec.property.store")

local change = {}

local LABELS, TYPES = { "A", "B", "C" }, { "R", "S", "T" }
local NAMES = { "i", "s", "f", "m", "b", "l", "d" }

-- Properties as a parameter, without those that say which one it is.
local function some_props(random)
    local props = generate.props(random, 1)
    props.id = nil
    return store.lua_props(props)
end

local function some_nodes(self)
    return { find = ("MATCH (a%s) WHERE a.id %% %d = 1 AND %s"):format(
        self:label(), self.random:pick({ 2, 3, 40 }),
        self:condition({ "a" })), name = "a" }
end

local function some_edges(self)
    return { find = ("MATCH ()-[e%s]->() WHERE e.id %% %d = 1 AND %s"):format(
        self:type(), self.random:pick({ 2, 3, 40 }),
        self:condition({ "e" })), name = "e" }
end

local function some_of_both(self)
    return (self.random:one_in(2) and some_nodes or some_edges)(self)
end

---------------------------------------------------------------------- kinds

-- What is changed where it is found: { find =, name =, statement =, each =
-- function(tx, element) }.
local found = {}

function found.set(self)
    local made, props = some_of_both(self), some_props(self.random)
    self.params.props = props
    made.statement = "SET %s += $props"
    made.each = function(tx, element) assert(tx:set(element, props)) end
    return made
end

function found.unset(self)
    local made = some_of_both(self)
    local one, two = self.random:pick(NAMES), self.random:pick(NAMES)
    made.statement = "REMOVE %s." .. one .. " REMOVE %s." .. two
    made.each = function(tx, element)
        assert(tx:unset(element, one ~= two and { one, two } or one))
    end
    return made
end

function found.null(self)
    local made, name = some_of_both(self), self.random:pick(NAMES)
    made.statement = "SET %s." .. name .. " = null"
    made.each = function(tx, element)
        assert(tx:set(element, { [name] = namidb.null }))
    end
    return made
end

function found.label(self)
    local made, label = some_nodes(self), self.random:pick(LABELS)
    local adds = self.random:one_in(2)
    made.statement = (adds and "SET" or "REMOVE") .. " %s:" .. label
    made.each = function(tx, element)
        assert(tx[adds and "add_label" or "remove_label"](tx, element, label))
    end
    return made
end

function found.delete_edges(self)
    local made = some_edges(self)
    made.statement = "DELETE %s"
    made.each = function(tx, element) assert(tx:delete_edge(element)) end
    return made
end

function found.delete_nodes(self)
    local made = some_nodes(self)
    made.find = made.find .. (" AND a.id %% 9 = %d"):format(
        self.random:int(0, 8))
    made.statement = "DETACH DELETE %s"
    made.each = function(tx, element)
        assert(tx:delete_node(element, { detach = true }))
    end
    return made
end

-- What is made: rows = { { id =, props =, from =, to = }, ... }, the last two
-- as numbers of nodes; statement =, each = function(tx, row, node), columns =
-- function(tx, rows, node); node = function(number) gives an id.
local made_new = {}

local function new_rows(self, first)
    local rows = {}
    for i = 1, self.random:pick({ 1, 7, 300, 3000 }) do
        local id = first + i
        rows[i] = { id = id, from = self.random:int(1, self.size),
                    to = self.random:int(1, self.size),
                    props = store.lua_props(generate.props(self.random, id)) }
        if self.random:one_in(10) then rows[i].to = rows[i].from end
    end
    return rows
end

local function columns_of(rows)
    local columns = {}
    for i, row in ipairs(rows) do
        for name, v in pairs(row.props) do
            columns[name] = columns[name] or {}
            columns[name][i] = v
        end
    end
    return columns
end

-- Some have keys in some databases, which forbids to take the first label away:
-- nobody does that to K.
function made_new.nodes(self)
    local label = self.random:pick(LABELS)
    local rows = new_rows(self, self.last_node)
    self.last_node = self.last_node + #rows
    return { rows = rows,
        statement = "UNWIND $rows AS r CREATE (a:K:" .. label ..
            ") SET a = r.props",
        each = function(tx, row)
            assert(tx:create_node({ "K", label }, row.props))
        end,
        columns = function(tx)
            local keys = {}
            for i, row in ipairs(rows) do keys[i] = row.id end
            local ids = assert(tx:put_nodes("K", keys, columns_of(rows)))
            for _, id in ipairs(ids) do assert(tx:add_label(id, label)) end
        end }
end

function made_new.edges(self)
    local type = self.random:pick(TYPES)
    local rows = new_rows(self, self.last_edge)
    self.last_edge = self.last_edge + #rows
    return { rows = rows,
        statement = "UNWIND $rows AS r MATCH (a {id: r.from}), " ..
            "(b {id: r.to}) CREATE (a)-[e:" .. type .. "]->(b) " ..
            "SET e = r.props",
        each = function(tx, row, node)
            local from, to = node(row.from), node(row.to)
            if from and to then
                assert(tx:put_edge(type, from, to, row.props))
            end
        end,
        columns = function(tx, _, node)
            local kept, from, to = {}, {}, {}
            for _, row in ipairs(rows) do
                local a, b = node(row.from), node(row.to)
                if a and b then
                    kept[#kept + 1], from[#from + 1], to[#to + 1] = row, a, b
                end
            end
            assert(tx:put_edges(type, from, to, columns_of(kept)))
        end }
end

------------------------------------------------------------------ saying it

local function collect(tx, made, params)
    local elements = {}
    for row in tx:rows(made.find .. " RETURN " .. made.name .. " AS x",
                       params) do
        elements[#elements + 1] = row.x
    end
    return elements
end

local say = {}

function say.statement(tx, made, params)
    local text = made.statement:gsub("%%s", made.name or "")
    assert(tx:query((made.find and made.find .. " " or "") .. text, params))
end

function say.each(tx, made, params, node)
    for _, element in ipairs(made.rows or collect(tx, made, params)) do
        made.each(tx, element, node)
    end
end

-- The walk itself goes on while what it gives is changed.
function say.walk(tx, made, params)
    for row in tx:rows(made.find .. " RETURN " .. made.name .. " AS x",
                       params) do
        made.each(tx, row.x)
    end
end

function say.columns(tx, made, _, node)
    made.columns(tx, made.rows, node)
end

-- A function from a node's number to its id.
local function numbered(tx)
    local ids = {}
    for row in tx:rows("MATCH (a) RETURN a.id AS n, id(a) AS id") do
        ids[row.n] = row.id
    end
    return function(number) return ids[number] end
end

------------------------------------------------------------------- undoing

-- Statements that fail at the row of number %d, or so, after others.
local FAILING = {
    "MATCH (a) SET a.i = 1 / (a.id - %d), a.s = 'x' SET a:B",
    "MATCH (a) SET a.s = 'gone' WITH a SET a.i = 1 / (a.id - %d)",
    "MATCH ()-[e]->(b) SET e.i = 1 / (b.id - %d)",
    "MATCH (a) DETACH DELETE a WITH count(*) AS n RETURN 1 / (n - n + 0 * %d)",
    "UNWIND range(1, 3000) AS x CREATE (:A {id: -x, i: 1 / (x - %d)})",
    "UNWIND range(1, 3000) AS x MERGE (a:A {id: x}) " ..
        "SET a.m = 1 / (x - %d)",
    "MATCH (a), (b {id: %d}) CREATE (a)-[e:R {id: -1}]->(b) " ..
        "SET e.i = 1 / (b.id - a.id)",
    "MATCH (a)-[e:R]->(b) DELETE e SET a.i = 1 / (b.id - %d)",
    "MATCH (a) WHERE a.id >= %d DELETE a RETURN 1 / 0",
}

-- What a handle holds, roughly, as text.
local WITNESSES = {
    "MATCH (a) RETURN a.id AS n, a.i AS i, a.s AS s, a:A AS a, a:B AS b, " ..
        "a:C AS c",
    "MATCH (a)-[e]->(b) RETURN type(e) AS t, e.id AS n, a.id AS a, " ..
        "b.id AS b, e.i AS i",
}

local function witness(handle)
    local texts, lines = store.texts(handle), {}
    for _, statement in ipairs(WITNESSES) do
        for row in handle:rows(statement) do
            local cells = {}
            for i, name in ipairs({ "t", "n", "i", "s", "a", "b", "c" }) do
                cells[i] = texts.value(row[name])
            end
            lines[#lines + 1] = table.concat(cells, " ")
        end
    end
    table.sort(lines)
    return table.concat(lines, "\n")
end

local function must_be(text, handle, what)
    if witness(handle) ~= text then error(what, 0) end
end

-- Fails as a whole, or changes nothing because it finds nothing.
local function fail_half_way(tx, text)
    local before = witness(tx)
    if tx:query(text) then
        -- There was no such row; of what it did nothing may be left, either.
        return false
    end
    must_be(before, tx, "something stays of " .. text)
    return true
end

------------------------------------------------------------------- the whole

local MADE = { made_new.nodes, made_new.edges }
local FOUND = { found.set, found.set, found.unset, found.null, found.label,
                found.delete_edges, found.delete_nodes }

local function make(self)
    local random = self.random
    if random:one_in(3) then
        return random:pick(MADE)(self), { "statement", "each", "columns" }
    end
    return random:pick(FOUND)(self), { "statement", "each", "walk" }
end

-- Whether a condition can be evaluated, whatever the order, is not said.
local function can_be_asked(databases, made, params)
    if not made.find then return true end
    for _, database in ipairs(databases) do
        if not database.db:query(made.find .. " WITH " .. made.name ..
                                 " SKIP 0 RETURN count(*) AS n", params) then
            return false
        end
    end
    return true
end

-- One database's: in a transaction, which `inside` is called with. Returns
-- how it was said.
local function change_one(self, database, made, ways, doomed, inside)
    local tx = assert(database.db:begin())
    local failed = doomed and not fail_half_way(tx, doomed)
    if failed then -- it did not fail, so what it did is in the way
        tx:abort()
        tx = assert(database.db:begin())
    end
    local how = self.random:pick(ways)
    local node = made.rows and numbered(tx)
    local ok, err = pcall(say[how], tx, made, self.params, node)
    if not ok then
        tx:abort()
        error(how .. ": " .. tostring(err), 0)
    end
    inside(database, tx)
    return tx, how
end

--- Changes the graph in all databases. self: a maker with random, size, params,
-- last_node, last_edge; inside: called with a list of databases whose `db` is
-- the open transaction. Returns what was done as text.
function change.run(self, databases, inside)
    local random = self.random
    self.params = {}
    local made, ways = make(self)
    self.params.rows = made.rows
    if not can_be_asked(databases, made, self.params) then return "nothing" end
    local doomed = random:one_in(3) and
        random:pick(FAILING):format(random:int(1, self.size))
    local is_kept, log = not random:one_in(4), {}
    local open = {}
    for i, database in ipairs(databases) do
        local before = { snapshot = assert(database.db:snapshot()),
                         text = witness(database.db) }
        local tx, how = change_one(self, database, made, ways, doomed,
            function(_, handle)
                open[i] = { db = handle, way = database.way .. ", inside",
                            before = before, of = database }
            end)
        log[i] = database.way .. " by " .. how
        open[i].tx = tx
    end
    inside(open)
    for _, each in ipairs(open) do
        must_be(each.before.text, each.of.db, "it is seen before it is there")
        if is_kept then assert(each.tx:commit()) else each.tx:abort() end
        must_be(each.before.text, each.before.snapshot, "a snapshot changed")
        each.before.snapshot:close()
        if not is_kept then
            must_be(each.before.text, each.of.db, "an abort left something")
        end
        if random:one_in(4) then assert(each.of.db:flush()) end
    end
    return ("%s: %s%s (%s)%s"):format(is_kept and "changed" or "given up",
        made.find and made.find .. " " or "",
        (made.statement:gsub("%%s", made.name or "")),
        table.concat(log, ", "), doomed and " behind " .. doomed or "")
end

return change
