-- Steps of a life: CALL { } IN TRANSACTIONS. Each batch of rows does all that
-- it does or nothing, those that are done stay, and which are tried and what is
-- told of them is as ON ERROR and REPORT STATUS say.

local copy = require("spec.support.copy")
local check = require("spec.property.check")
local namidb = require("namidb")
local render = require("spec.property.render")
local rules = require("spec.property.history_rules")
local store = require("spec.property.store")
local value = require("spec.property.value")

local steps = {}

local LABELS, TYPES = { "A", "B", "C", "K" }, { "R", "S", "T" }

local function lit(v) return { k = "lit", v = v } end
local function var(name) return { k = "var", name = name } end

local function arith(op, a, b)
    return { k = "arith", op = op, a = a, b = b }
end

------------------------------------------------------------------- statements

local function node(name, labels, props)
    return { var = name, labels = labels, props = props or {} }
end

local function match(...)
    local patterns = {}
    for i, element in ipairs({ ... }) do
        patterns[i] = { elements = { element } }
    end
    return { k = "match", patterns = patterns }
end

-- By kind: (random, a number that may fail) -> clauses for one number `u`.
local kinds = {}

function kinds.create(random, number)
    return { { k = "create", patterns = { { elements = { node("n",
        { random:pick(LABELS) }, { id = var("u"), i = number }) } } } } }
end

function kinds.set(_, number)
    return { match(node("n", {}, { id = var("u") })),
             { k = "set", items = { { var = "n", name = "i", e = number } } } }
end

function kinds.merge(_, number)
    local w = { { var = "n", name = "w", e = number } }
    return { { k = "merge", path = { elements = { node("n", { "M" },
        { q = var("u") }) } }, on_create = w, on_match = w } }
end

function kinds.delete()
    return { match(node("n", {}, { id = var("u") })),
             { k = "delete", vars = { "n" }, detach = true } }
end

function kinds.edge(random, number)
    local edge = { types = { random:pick(TYPES) }, dir = "out",
                   props = { id = var("u"), i = number } }
    return { match(node("n", {}, { id = var("u") }),
                   node("o", {}, { id = lit(value.int(random:int(1, 9))) })),
             { k = "create", patterns = { { elements = { node("n", {}), edge,
                                                         node("o", {}) } } } } }
end

-- A number of u; of one of the rows, perhaps, there is none.
local function number_of(random, numbers)
    if random:one_in(2) then return arith("+", var("u"), lit(value.int(1))) end
    return arith("/", lit(value.int(12)),
                 arith("-", var("u"), random:pick(numbers)))
end

-- What a statement of numbers is: { numbers, size, on_error, has_status, call,
-- has_value = the call returns v, goes_on = something stands behind it }.
local function make(random)
    local made = { numbers = {}, size = random:int(1, 4),
                   on_error = random:pick({ false, "FAIL", "CONTINUE",
                                            "BREAK" }) }
    for i = 1, random:int(1, 9) do
        made.numbers[i] = lit(value.int(random:int(1, 12)))
    end
    local kind = random:pick({ "create", "set", "merge", "delete", "edge" })
    local inner = kinds[kind](random, number_of(random, made.numbers))
    made.has_value = random:one_in(2)
    if made.has_value then
        local v = random:one_in(2) and { k = "agg", name = "count" } or
            arith("*", var("u"), lit(value.int(2)))
        inner[#inner + 1] = { k = "project", items = {
            { name = "v", type = "int", e = v } } }
    end
    made.goes_on = made.has_value or random:one_in(2)
    made.has_status = made.goes_on and random:one_in(2) and
        (made.on_error == "CONTINUE" or made.on_error == "BREAK")
    made.call = { k = "call", imports = { "u" }, is_listed = true,
                  query = { parts = { inner } } }
    return made
end

local STATUS = { "committed", "started", "transactionId" }

-- The columns of what stands behind the call.
local function columns(made, has_status)
    local items = { { name = "u", type = "int", e = var("u") } }
    if made.has_value then
        items[2] = { name = "v", type = "int", e = var("v") }
    end
    for _, name in ipairs(has_status and STATUS or {}) do
        items[#items + 1] = { name = name, type = "any", e = { k = "prop",
            name = name, a = var("s") } }
    end
    return items
end

-- A statement of some of the numbers, with clauses of its own.
local function query_of(made, numbers, call, has_status)
    local clauses = { { k = "unwind", var = "u",
                        list = { k = "listlit", items = numbers } }, call }
    if made.goes_on then
        clauses[3] = { k = "project", items = columns(made, has_status) }
    end
    return { parts = { clauses }, writes = true }
end

-- The whole statement.
local function statement(random, made)
    local size = lit(value.int(made.size))
    if random:one_in(2) then
        size = { k = "param", name = "size", v = size.v }
    end
    local call = copy(made.call)
    call.batches = { size = size, on_error = made.on_error,
                     status = made.has_status and "s" }
    return query_of(made, made.numbers, call, made.has_status)
end

-------------------------------------------------------------------- reference

local function add_rows(wanted, made, rows, status)
    local tail = ""
    for _, name in ipairs(made.has_status and STATUS or {}) do
        tail = tail .. " | " .. value.text(status[name])
    end
    for _, row in ipairs(rows) do
        wanted.rows[#wanted.rows + 1] = row .. tail
    end
end

-- Rows of a batch that was not done.
local function rows_without(made, batch)
    local rows = {}
    for i, number in ipairs(batch) do
        rows[i] = value.text(number.v) .. (made.has_value and " | " ..
            value.text(value.NULL) or "")
    end
    return rows
end

local function batches_of(made)
    local batches = {}
    for i = 1, #made.numbers, made.size do
        local last = math.min(i + made.size - 1, #made.numbers)
        batches[#batches + 1] = { (table.unpack or unpack)(made.numbers, i,
                                                           last) }
    end
    return batches
end

-- Does batch `number`: whether it is there for good; nil: nobody can say.
local function do_batch(self, made, wanted, batch, number)
    local graph = wanted.graphs[#wanted.graphs]
    local expected = check.expect(graph, query_of(made, batch, made.call))
    if not expected then return nil end
    local is_done = not expected.error
    if is_done then
        local is_broken = rules.broken(self.rules, expected.made)
        if not is_broken and rules.may_break(self.rules, expected) then
            return nil
        end
        is_done = not is_broken
    end
    add_rows(wanted, made, is_done and expected.rows or
        rows_without(made, batch), {
            committed = value.bool(is_done), started = value.bool(true),
            transactionId = value.str(tostring(number)) })
    if is_done then wanted.graphs[#wanted.graphs + 1] = expected.made end
    return is_done
end

-- What it should do: { graphs = there was, behind each batch that is done,
-- rows = texts, fails = it ends with an error }; nil: nobody can say.
local function expect(self, made)
    local wanted = { graphs = { self.graph }, rows = {} }
    for number, batch in ipairs(batches_of(made)) do
        if wanted.is_stopped then
            add_rows(wanted, made, rows_without(made, batch), {
                committed = value.bool(false), started = value.bool(false),
                transactionId = value.NULL })
        else
            local is_done = do_batch(self, made, wanted, batch, number)
            if is_done == nil then return nil end
            if not is_done and made.on_error ~= "CONTINUE" then
                wanted.is_stopped = true
                wanted.fails = made.on_error ~= "BREAK"
                if wanted.fails then return wanted end
            end
        end
    end
    return wanted
end

------------------------------------------------------------------------ steps

local function compare_rows(self, made, wanted, rows)
    local texts, given = store.texts(self.handle), {}
    local items = made.goes_on and columns(made, made.has_status) or {}
    for i, row in ipairs(rows) do
        local cells = {}
        for c, item in ipairs(items) do
            cells[c] = texts.value(row[item.name])
        end
        given[i] = table.concat(cells, " | ")
    end
    table.sort(given)
    table.sort(wanted.rows)
    local a, b = table.concat(wanted.rows, "\n"), table.concat(given, "\n")
    if a ~= b then self:fail("rows expected:\n%s\nrows found:\n%s", a, b) end
end

-- As many batches are there as the error says.
local function count_batches(self, wanted, err)
    local done = err.batches
    if not done or not wanted.graphs[done + 1] then
        self:fail("%s batches are done: %s", tostring(done), tostring(err))
    end
    self.graph = wanted.graphs[done + 1]
    if err.code == "unknown" then -- the one behind them, perhaps
        self.handle:close()
        self.handle = self:sure(namidb.open(self.uri, self.options))
        if store.text(self.handle) ~= self.graph:text() then
            self.graph = wanted.graphs[done + 2] or self.graph
        end
    end
end

local BOUNDED = { limit = true, timeout = true, unknown = true }

-- A time or memory that may not be enough.
local function bounds(random)
    if random:one_in(2) then
        return { timeout = random:pick({ 1e-5, 1e-4, 1e-3 }) }
    end
    return { max_memory = 2 ^ random:int(8, 18) }
end

--- Numbers, each of which is something that is made, changed or deleted.
function steps.batches(self)
    local random = self.random
    local made = make(random)
    local is_bounded = (made.on_error or "FAIL") == "FAIL" and
        random:one_in(3)
    local options = is_bounded and bounds(random) or {}
    local query, wanted = statement(random, made), expect(self, made)
    if not wanted then return end
    local text = render.query(query)
    self:note("%s%s", is_bounded and "bounded: " or "", text)
    local rows, err = self.handle:query(text, check.parameters(query, {}),
                                        options)
    if rows and wanted.fails then self:fail("it did not fail") end
    if rows then
        self.graph = wanted.graphs[#wanted.graphs]
        if made.goes_on then compare_rows(self, made, wanted, rows) end
    elseif is_bounded and BOUNDED[err.code] then
        count_batches(self, wanted, err)
    elseif not wanted.fails then
        self:fail("it failed: %s", tostring(err))
    else
        count_batches(self, wanted, err)
        if self.graph ~= wanted.graphs[#wanted.graphs] then
            self:fail("%d batches, not %d", err.batches, #wanted.graphs - 1)
        end
    end
    local given = store.text(self.handle)
    if given ~= self.graph:text() then
        self:fail("graph expected:\n%s\ngraph found:\n%s", self.graph:text(),
                  given)
    end
end

-- Clauses for one node `n`.
local of_nodes = {
    { { k = "delete", vars = { "n" }, detach = true } },
    { { k = "set", items = { { var = "n", name = "i", e = lit(value.int(1)) } }
    } },
    { { k = "set", items = { { var = "n", labels = { "B" } } } } },
    { { k = "create", patterns = { { elements = { node("m", { "A" }, {
        i = { k = "prop", name = "id", a = var("n") } }) } } } } },
}

--- Nodes that are there when it begins, in whatever order.
function steps.batches_of_nodes(self)
    local random = self.random
    local call = { k = "call", imports = { "n" }, is_listed = true,
                   query = { parts = { random:pick(of_nodes) } } }
    local query = { parts = { { match(node("n", random:one_in(2) and
        { random:pick(LABELS) } or {})), call } }, writes = true }
    local wanted = check.expect(self.graph, query)
    if not wanted or wanted.error or rules.may_break(self.rules, wanted) then
        return
    end
    call.batches = { size = lit(value.int(random:int(1, 3))) }
    local text = render.query(query)
    self:note("%s", text)
    self:sure(self.handle:query(text))
    self.graph = wanted.made
end

return steps
