-- Steps of a life in which something is under way: commits that nobody waits
-- for yet, iterators that are read later, statements that run out of memory or
-- time, a writer that is shut out in the middle of its transaction.

local copy = require("spec.support.copy")
local check = require("spec.property.check")
local csv = require("spec.property.csv")
local generate = require("spec.property.generate")
local keys = require("spec.property.keys")
local namidb = require("namidb")
local render = require("spec.property.render")
local rules = require("spec.property.history_rules")
local store = require("spec.property.store")

local steps = {}

------------------------------------------------------------------- tickets

-- Commits in flight; each builds on those before it, and none is lost.
function steps.tickets(self)
    local tickets, held, graph = {}, copy(self.keys), self.graph:clone()
    for i = 1, self.random:int(2, 6) do
        local before, old = graph:clone(), copy(held)
        local function put(tx)
            for _ = 1, self.random:int(1, 2) do
                self:note("in flight: %s",
                          keys.put(self.random, tx, graph, held))
            end
        end
        local is_done, ticket, err = pcall(self.handle.write, self.handle, put,
                                           { wait = false })
        if not is_done or not ticket then
            if not rules.broken(self.rules, graph) then
                self:fail("no ticket: %s", tostring(err or ticket))
            end
            graph, held = before, old
        else
            tickets[#tickets + 1] = ticket
        end
        if i == 2 and self.random:one_in(3) then
            self:note("and a flush")
            self:sure(self.handle:flush())
        end
    end
    for _ = 1, #tickets do
        local at = self.random:int(1, #tickets)
        self:sure(table.remove(tickets, at):wait(30))
    end
    self.graph, self.keys = graph, held
end

------------------------------------------------------------------ iterators

local function sorted(texts)
    table.sort(texts)
    return table.concat(texts, "\n")
end

-- What an iterator over all edges or all nodes will say: of an edge what a node
-- of its properties and its type as label would.
local function all_of(graph, is_edges)
    local texts = {}
    for id in pairs(is_edges and {} or graph.nodes) do
        texts[#texts + 1] = graph:node_text(id)
    end
    local shown = graph.new()
    for _, edge in pairs(is_edges and graph.edges or {}) do
        shown.nodes[1] = { labels = { [edge.type] = true }, props = edge.props }
        texts[#texts + 1] = shown:node_text(1)
    end
    return texts
end

local function open_scan(self)
    local is_edges = self.random:one_in(2)
    local handle = self.handle
    local name = is_edges and "edges" or "nodes"
    local next_one, state = handle[name](handle)
    local texts = store.texts(handle)
    return { wanted = all_of(self.graph, is_edges), given = {},
             name = name, next = function()
        local one = next_one(state)
        if one == nil then return nil end
        return texts.node(is_edges and { labels = { one.type },
                                         props = one.props } or one)
    end }
end

-- Rows of values: nodes would be shown as they are now.
local QUERY = "MATCH (n)-[e]->(m) RETURN e.id AS a, n.id AS b, m.id AS c"

local function open_rows(self)
    local handle = self.handle
    local next_row, state = handle:rows(QUERY)
    local wanted = {}
    for _, edge in pairs(self.graph.edges) do
        local nodes, texts = self.graph.nodes, {}
        for i, props in ipairs({ edge.props, nodes[edge.from].props,
                                 nodes[edge.to].props }) do
            texts[i] = props.id and tostring(props.id.v) or "nil"
        end
        wanted[#wanted + 1] = table.concat(texts, " ")
    end
    return { wanted = wanted, given = {}, name = "rows", next = function()
        local ok, row = pcall(next_row, state)
        if not ok and handle ~= self.handle and
            tostring(row):find("the handle of the query is closed", 1, true)
        then
            return "closed"
        elseif not ok then
            self:fail("an iterator: %s", tostring(row))
        end
        if row == nil then return nil end
        return tostring(row.a) .. " " .. tostring(row.b) .. " " ..
            tostring(row.c)
    end }
end

-- Reads on; at the end all must be there that was when it was opened.
local function read_on(self, open, count)
    for _ = 1, count do
        local text = open.next()
        if text == "closed" then return true end
        if text == nil then
            local given, wanted = sorted(open.given), sorted(open.wanted)
            if given ~= wanted then
                self:fail("%s of step %d:\n%s\nand should be:\n%s", open.name,
                          open.step, given, wanted)
            end
            return true
        end
        table.insert(open.given, text)
    end
    return false
end

--- Opens an iterator, or reads on in one, or leaves it.
function steps.iterate(self)
    local all = self.iterators
    if #all < 3 and self.random:one_in(2) then
        local open = self.random:one_in(2) and open_scan(self) or
            open_rows(self)
        open.step = self.step
        self:note("an iterator over %s", open.name)
        all[#all + 1] = open
    end
    if #all == 0 then return end
    local at = self.random:int(1, #all)
    if self.random:one_in(6) then
        table.remove(all, at)
        collectgarbage()
    elseif read_on(self, all[at], self.random:pick({ 1, 2, 5, 1000 })) then
        table.remove(all, at)
    end
end

--- All iterators are read to their ends.
function steps.finish(self)
    for _, open in ipairs(self.iterators) do read_on(self, open, 1e6) end
    self.iterators = {}
end

-------------------------------------------------------------------- bounds

-- A commit whose end nobody waited for is there, or it is not.
local function find_out(self, wanted)
    self.handle:close()
    self.handle = self:sure(namidb.open(self.uri, self.options))
    local given = store.text(self.handle)
    if given == wanted.graph then
        self.graph = wanted.made
    elseif given ~= self.graph:text() then
        self:fail("a commit that was not known is half there:\n%s", given)
    end
end

local BOUNDED = { limit = true, timeout = true }

-- A statement that may run out of memory or time: it does all or nothing, and
-- the handle is as good as before.
function steps.bounded(self)
    local random = self.random
    local query = generate.query(random, random:one_in(2))
    local wanted = check.expect(self.graph, query)
    if not wanted or wanted.error or query.build then return end
    local options = { csv_folder = csv.folder() }
    if random:one_in(3) then
        options.timeout = random:pick({ 1e-6, 1e-5, 1e-4, 1e-3 })
    else
        options.max_memory = 2 ^ random:int(8, 18)
    end
    if random:one_in(4) then options.max_rows = random:int(0, 5) end
    self:note("within %s: %s", options.timeout and "time" or
        options.max_memory .. " bytes", render.query(query))
    local text, params = render.query(query), check.parameters(query, {})
    local rows, err = self.handle:query(text, params, options)
    if not rows and err.code == "unknown" then
        find_out(self, wanted)
    elseif rows then
        self.graph = query.writes and wanted.made or self.graph
        local is_bound = (options.max_rows or 0) ~= 0 -- 0 is none
        if #rows ~= #wanted.rows or is_bound and #rows > options.max_rows then
            self:fail("%d rows, not %d", #rows, #wanted.rows)
        end
    elseif err.code == "constraint" and
        rules.may_break(self.rules, wanted) then
        return
    elseif not BOUNDED[err.code] then
        self:fail("it failed: %s", tostring(err))
    end
end

----------------------------------------------------------------- take over

--- Another writer, while a transaction of this one is open.
function steps.shut_out(self)
    self:note("another writer in the middle of a transaction")
    local other
    local _, ok, err = pcall(self.handle.write, self.handle, function(tx)
        keys.put(self.random, tx, self.graph:clone(), copy(self.keys))
        other = self:sure(namidb.open(self.uri, self.options))
        assert(tx:create_node("Lost"))
    end)
    if not other then return end -- a constraint was first
    if ok == true or err and err.code ~= "fenced" and
        err.code ~= "constraint" then
        self:fail("the writer that was shut out: %s", tostring(err or ok))
    end
    self.handle:close()
    self.handle = other
end

return steps
