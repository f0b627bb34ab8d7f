-- One life of a database: statements that are committed, flushes, indexes
-- and constraints that come and go, other writers and readers, snapshots of any
-- age.
--
-- After each step one of all that is open is asked something, and must say what
-- the reference says of the graph of its time.
--
-- usage: lua spec/property/history.lua [seconds] [first seed]

local copy = require("spec.support.copy")
local namidb = require("namidb")
local check = require("spec.property.check")
local csv = require("spec.property.csv")
local batches = require("spec.property.history_batches")
local changes = require("spec.property.history_changes")
local generate = require("spec.property.generate")
local keys = require("spec.property.keys")
local loads = require("spec.property.history_loads")
local more = require("spec.property.history_more")
local random = require("spec.support.random")
local render = require("spec.property.render")
local rules = require("spec.property.history_rules")
local search = require("spec.property.generate_search")
local store = require("spec.property.store")

local history = {}

-- Builds that take less (make property-chunks) evict all the time.
local CACHE_BYTES_MIN = tonumber(os.getenv("NAMIDB_PROPERTY_CACHE") or 2 ^ 20)

local Life = {}
Life.__index = Life

-- What is open beside the writer: { handle =, graph =, keys = { name of a key =
-- id }, name = } each, of a time that is past.
local function view(handle, name, of)
    return { handle = handle, name = name, graph = of.graph:clone(),
             keys = copy(of.keys) }
end

function Life:fail(what, ...)
    error({ report = ("seed %d, step %d: %s\n%s"):format(self.seed, self.step,
        what:format(...), table.concat(self.log, "\n")) }, 0)
end

function Life:note(text, ...)
    self.log[#self.log + 1] = ("%3d %s"):format(self.step, text:format(...))
end

-- What cannot fail here.
function Life:sure(ok, err)
    if not ok then self:fail("it failed: %s", tostring(err)) end
    return ok
end

---------------------------------------------------------------------- asking

-- All keys by reading, one of them by a query.
local function check_keys(self, of)
    local texts, asked = store.texts(of.handle), self.random:pick(keys.all)
    for _, key in ipairs(keys.all) do
        local node = of.handle:node(key.label, key.key)
        local id = of.keys[key.name]
        local wanted = id and of.graph.nodes[id] and of.graph:node_text(id)
        local given = node and texts.node(node)
        if given ~= wanted or node and
            tostring(node.key) ~= tostring(key.key) then
            self:fail("key %s of %s: %s, not %s", key.name, of.name,
                      tostring(given), tostring(wanted))
        end
        local rows = key == asked and self:sure(of.handle:query(
            ("MATCH (n:%s) WHERE key(n) = $key RETURN n"):format(key.label),
            { key = key.key }))
        if rows and (#rows ~= (node and 1 or 0) or
            node and rows[1].n ~= node) then
            self:fail("%d nodes of the key %s of %s", #rows, key.name,
                      of.name)
        end
    end
end

local function count_labels(graph)
    local counts, nodes = {}, 0
    for _, node in pairs(graph.nodes) do
        nodes = nodes + 1
        for label in pairs(node.labels) do
            counts[label] = (counts[label] or 0) + 1
        end
    end
    return counts, nodes
end

local function check_counts(self, of)
    local counts, wanted, nodes = of.handle:counts(), count_labels(of.graph)
    if counts.nodes ~= nodes then
        self:fail("%s counts %d nodes, not %d", of.name, counts.nodes, nodes)
    end
    for label, count in pairs(counts.labels) do
        if count ~= (wanted[label] or 0) then
            self:fail("%s counts %d %s, not %d", of.name, count, label,
                 wanted[label] or 0)
        end
    end
end

-- Everything about a view.
local function check_all(self, of)
    local given, wanted = store.text(of.handle), of.graph:text()
    if given ~= wanted then
        self:fail("%s holds:\n%s\nand should hold:\n%s", of.name, given,
             wanted)
    end
    check_keys(self, of)
    check_counts(self, of)
end

-- A statement that reads, of a view.
local function ask(self, of)
    local query = self.random:one_in(2) and generate.search(self.random) or
        generate.query(self.random, false)
    local wanted = check.expect(of.graph, query)
    if not wanted then return end
    local difference = check.compare(query, of.graph, wanted,
                                     check.run(of.handle, query))
    if difference then
        self:note("%s is asked: %s", of.name, render.query(query))
        self:fail("%s", difference)
    end
end

----------------------------------------------------------------------- steps

local function views_of(self)
    local views = { self, self, self.reader }
    for _, of in ipairs(self.snapshots) do views[#views + 1] = of end
    return views
end

local steps = {}
for _, others in ipairs({ more, loads, batches }) do
    for name, step in pairs(others) do steps[name] = step end
end

-- Runs a statement that writes. Returns the graph behind it; nil: the reference
-- does not know, because it should have failed.
local function run(self, handle, graph, query, wanted)
    local given = check.run(handle, query, true)
    if given.code == "constraint" and
        (wanted.error or rules.may_break(self.rules, wanted)) then
        wanted = { error = "constraint" }
    end
    local difference = check.compare(query, graph, wanted, given)
    if difference then self:fail("%s", difference) end
    if not wanted.error then return wanted.made end
    return given.error and graph or nil
end

-- Statements of one transaction, and what is done by key; those that fail
-- change nothing.
local function transaction(self, tx, graph, held)
    for _ = 1, self.random:int(2, 4) do
        local query = self.random:one_in(2) and
            generate.query(self.random, true) or
            changes.query(self.random, graph)
        local wanted = check.expect(graph, query)
        if wanted then
            self:note("  %s", render.query(query))
            graph = run(self, tx, graph, query, wanted)
            if not graph then error("enough", 0) end
        end
        if self.random:one_in(4) then
            graph = graph:clone()
            self:note("  %s", keys.put(self.random, tx, graph, held))
        end
    end
    if self.random:one_in(4) then error("enough", 0) end
    return graph
end

function steps.transaction(self)
    local held, graph = copy(self.keys), nil
    self:note("a transaction:")
    local raised, ok, err = pcall(self.handle.write, self.handle, function(tx)
        graph = transaction(self, tx, self.graph, held)
    end)
    raised = not raised
    if not raised and ok then
        self.graph, self.keys = graph, held
        if rules.broken(self.rules, graph) then
            self:fail("a constraint is broken")
        end
    elseif raised and ok ~= "enough" and ok.code ~= "constraint" then
        error(ok, 0)
    elseif not raised and not rules.broken(self.rules, graph) then
        self:fail("it failed: %s", tostring(err))
    end
end

-- Commits a statement, or finds out that nobody can.
local function commit(self, query)
    local wanted = check.expect(self.graph, query)
    if not wanted then return end
    self:note("%s", render.query(query))
    if wanted.error then
        local given = check.run_inside(self.handle, query)
        local difference = check.compare(query, self.graph, wanted, given)
        if difference then self:fail("%s", difference) end
        return
    end
    self.graph = run(self, self.handle, self.graph, query, wanted)
    if rules.broken(self.rules, self.graph) then
        self:fail("a constraint is broken")
    end
end

function steps.write(self)
    commit(self, generate.query(self.random, true))
end

function steps.change(self)
    commit(self, changes.query(self.random, self.graph))
end

-- By key, some of them deleted and made anew in one transaction.
function steps.put(self)
    local held, graph = copy(self.keys), self.graph:clone()
    local _, ok, err = pcall(self.handle.write, self.handle, function(tx)
        for _ = 1, self.random:int(1, 4) do
            self:note("%s", keys.put(self.random, tx, graph, held))
        end
    end)
    if (ok == true) == rules.broken(self.rules, graph) then
        self:fail("it should not: %s", tostring(ok == true or err or ok))
    elseif ok == true then
        self.graph, self.keys = graph, held
    end
end

function steps.abort(self)
    local held, graph = copy(self.keys), self.graph:clone()
    self:note("and nothing of this:")
    pcall(self.handle.write, self.handle, function(tx)
        for _ = 1, self.random:int(1, 4) do
            self:note("  %s", keys.put(self.random, tx, graph, held))
        end
        error("enough", 0)
    end)
end

function steps.flush(self)
    self:note("flush")
    self:sure(self.handle:flush())
end

local function open(self, options)
    return self:sure(namidb.open(self.uri, options))
end

function steps.reopen(self)
    self:note("reopen")
    self.handle:close()
    self.handle = open(self, self.options)
end

-- Another writer; the one that was there must lose.
function steps.take_over(self)
    local other = open(self, self.options)
    self:note("another writer")
    local ok, err = self.handle:query("CREATE (:Lost)")
    if ok or err.code ~= "fenced" then
        self:fail("a second writer: %s", tostring(err))
    end
    self.handle:close()
    self.handle = other
end

-- There may be an index and a constraint about the same already.
local function is_declared(self, ok, err)
    if ok or err.message:find("about the same properties", 1, true) then
        return ok
    end
    return self:sure(ok, err)
end

function steps.declare(self)
    local made = search.declarations(self.random)
    for i = 1, math.min(#made, 3) do
        self:note("%s", made[i])
        is_declared(self, self.handle:query(made[i]))
    end
end

function steps.drop(self)
    for _, index in ipairs(self.handle:indexes()) do
        if not index.constraint and self.random:one_in(2) then
            self:note("DROP INDEX %s", index.name)
            self:sure(self.handle:query("DROP INDEX " .. index.name))
        end
    end
end

function steps.wait(self)
    self:note("indexes are waited for")
    self:sure(self.handle:wait_indexes(30))
end

function steps.constrain(self)
    local rule = self.random:pick(rules.all)
    local is_there = self.rules[rule.name]
    local text = is_there and "DROP CONSTRAINT " .. rule.name or
        rule.declaration
    local would_break = rules.broken({ [rule.name] = rule }, self.graph)
    self:note("%s", text)
    local ok, err = self.handle:query(text)
    if not is_there and would_break then
        if ok or err.code ~= "constraint" then
            self:fail("it should have failed: %s", tostring(err))
        end
        return
    end
    if is_declared(self, ok, err) then
        self.rules[rule.name] = not is_there and rule or nil
    end
end

local function hops_of(handle, node)
    local count = 0
    for _ in handle:both(node) do count = count + 1 end
    return count
end

-- Hops that are hot are answered by folds of the packs.
function steps.walk(self)
    local of = self.random:pick(views_of(self))
    self:note("%s walks", of.name)
    for node in of.handle:nodes() do
        local count = hops_of(of.handle, node)
        for _ = 1, 130 do
            if hops_of(of.handle, node) ~= count then
                self:fail("other hops of the same node: %s", tostring(node))
            end
        end
    end
end

function steps.snapshot(self)
    local of = self.random:one_in(3) and self.reader or self
    self:note("snapshot %d of %s", self.step, of.name)
    local handle = self:sure(of.handle:snapshot())
    table.insert(self.snapshots, view(handle, "snapshot " .. self.step,
                                      of))
    if #self.snapshots > 4 then
        table.remove(self.snapshots, self.random:int(1, 4)).handle:close()
    end
end

function steps.refresh(self)
    self:note("the reader looks again")
    local ok, err = self.reader.handle:refresh()
    if ok == nil then self:fail("it failed: %s", tostring(err)) end
    self.reader = view(self.reader.handle, "the reader", self)
end

local WEIGHTS = { { 6, "write" }, { 6, "change" }, { 3, "transaction" },
                  { 4, "put" }, { 1, "abort" }, { 3, "flush" },
                  { 1, "reopen" }, { 1, "take_over" }, { 2, "declare" },
                  { 1, "drop" }, { 1, "wait" }, { 2, "constrain" },
                  { 2, "snapshot" }, { 2, "refresh" }, { 1, "walk" },
                  { 2, "tickets" }, { 4, "iterate" }, { 3, "bounded" },
                  { 1, "shut_out" }, { 4, "columns" }, { 2, "load" },
                  { 1, "cut_short" }, { 1, "delete_all" }, { 3, "batches" },
                  { 1, "batches_of_nodes" } }

local count = 0

local function born(seed)
    count = count + 1
    local source = random.new(seed)
    local self = setmetatable({
        seed = seed, random = source, step = 0, log = {}, keys = {},
        rules = {}, snapshots = {}, iterators = {}, name = "the writer",
        uri = ("memory://history-%d-%s"):format(count,
            tostring({}):match("%w+$")),
        options = { flush_slots = source:pick({ 0, 0, 1, 2, 5 }),
                    memtable_bytes = source:pick({ 2 ^ 16, 2 ^ 26 }),
                    cache_bytes = source:pick({ CACHE_BYTES_MIN, 2 ^ 28 }) },
        graph = generate.graph(source),
    }, Life)
    self.handle = open(self, self.options)
    store.fill(self.handle, self.graph)
    self.reader = view(open(self, { read_only = true }), "the reader",
                       self)
    return self
end

local function live(self, length)
    for step = 1, length do
        self.step = step
        steps[self.random:weighted(WEIGHTS)](self)
        local views = views_of(self)
        for _ = 1, 3 do ask(self, self.random:pick(views)) end
        check_all(self, self.random:pick(views))
    end
    more.finish(self)
    for _, of in ipairs(views_of(self)) do check_all(self, of) end
end

local function close(self)
    for _, of in ipairs(views_of(self)) do of.handle:close() end
end

--- Lives one life of so many steps. Returns a report of what went wrong; nil:
-- nothing did.
function history.run(seed, length)
    local self = born(seed)
    local ok, err = pcall(live, self, length)
    close(self)
    if ok then return nil end
    if type(err) == "table" and err.report then return err.report end
    return ("seed %d, step %d: %s\n%s"):format(seed, self.step, tostring(err),
        table.concat(self.log, "\n"))
end

if arg and arg[0] and arg[0]:find("history.lua$") then
    local until_time = os.time() + tonumber(arg[1] or 60)
    local seed, failed, passed = tonumber(arg[2] or os.time() % 1000000), 0, 0
    print("first seed " .. seed)
    while os.time() < until_time and failed < 5 do
        local report = history.run(seed, 40)
        if report then print("\n" .. report) end
        failed, passed = failed + (report and 1 or 0),
            passed + (report and 0 or 1)
        seed = seed + 1
    end
    csv.clean()
    print(("%d passed, %d failed"):format(passed, failed))
    os.exit(failed == 0 and passed > 0)
end

return history
