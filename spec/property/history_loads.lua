-- Steps of a life that write much at once - columns of a transaction, bulk
-- loads - and those in which what is read goes away meanwhile.

local copy = require("spec.support.copy")
local csv = require("spec.property.csv")
local keys = require("spec.property.keys")
local namidb = require("namidb")
local rules = require("spec.property.history_rules")

local steps = {}

--- Nodes and edges by columns; a call that is refused changes nothing, and the
-- transaction goes on.
function steps.columns(self)
    local random, held = self.random, copy(self.keys)
    local graph = self.graph:clone()
    local is_aborted = random:one_in(4)
    self:note("columns%s:", is_aborted and ", and nothing of them" or "")
    local ok, err = self.handle:begin()
    local tx = self:sure(ok, err)
    for _ = 1, random:int(1, 3) do
        if random:one_in(3) then
            graph = keys.put_edges(self, tx, graph, held)
        else
            graph, held = keys.put_nodes(self, tx, graph, held)
        end
    end
    if is_aborted then return tx:abort() end
    ok, err = tx:commit()
    if rules.broken(self.rules, graph) then
        if ok or err.code ~= "constraint" then
            self:fail("a constraint is broken: %s", tostring(err))
        end
        return
    end
    self:sure(ok, err)
    self.graph, self.keys = graph, held
end

local function write_file(text)
    local name = csv.file(text)
    return csv.folder() .. "/" .. name
end

--- A bulk load: all of it, or the batches before the one with the first bad
-- row.
function steps.load(self)
    local source, rows = keys.source(self.random, write_file)
    local batch = self.random:pick({ 1, 2, 3, 10 })
    self:note("a load of %d rows of %s, %d in a batch, %s%s", #rows,
              source.label, batch, source.format or "rows",
              source.merge and ", merged" or "")
    local graph, held, bad = keys.loaded(self.rules, self.graph, self.keys,
                                         source, rows, batch)
    local summary, err = namidb.load(self.handle, {
        nodes = { source }, batch = batch, progress = false })
    if bad and (summary or err.code ~= "constraint") then
        self:fail("row %d should have ended it: %s", bad, tostring(err))
    elseif not bad then
        self:sure(summary, err)
        if summary.rows ~= #rows then
            self:fail("%d rows were loaded, not %d", summary.rows, #rows)
        end
    end
    self.graph, self.keys = graph, held
end

--- Rows that are left early, or whose snapshot goes away, in a coroutine.
function steps.cut_short(self)
    local random = self.random
    local snapshot = self:sure(self.handle:snapshot())
    local text = random:pick({ "MATCH (n) RETURN n",
        "MATCH (n)-[e]->(m) RETURN n, e, m", "UNWIND range(1, 5000) AS i " ..
        "MATCH (n) RETURN i, n.i AS j" })
    local count, is_closed = random:int(0, 3), random:one_in(2)
    self:note("%d rows of a snapshot that is %s", count,
              is_closed and "closed" or "left")
    local reading = coroutine.wrap(function()
        for row in snapshot:rows(text) do coroutine.yield(row) end
        return nil
    end)
    for _ = 1, count do
        if reading() == nil then break end
    end
    if is_closed then
        snapshot:close()
        local ok, err = pcall(reading)
        local why = tostring(err)
        if not ok and not why:find("closed", 1, true) and
            not why:find("dead coroutine", 1, true) then
            self:fail("rows of a closed snapshot: %s", why)
        end
    end
    reading = nil -- luacheck: ignore
    collectgarbage()
    snapshot:close()
end

local function size(map)
    local count = 0
    for _ in pairs(map) do count = count + 1 end
    return count
end

-- All nodes of the reference whose id is that number.
local function delete_all_of(graph, number)
    for id, node in pairs(graph.nodes) do
        if node.props.id and node.props.id.v == number then
            keys.delete(graph, id)
        end
    end
end

--- Nodes are deleted while they are walked over; the walk shows what was there
-- when it began.
function steps.delete_all(self)
    local handle, seen = self.handle, 0
    local wanted = size(self.graph.nodes)
    local graph = self.graph:clone()
    for node in handle:nodes() do
        seen = seen + 1
        local number = node.props.id
        if type(number) == "number" and self.random:one_in(4) then
            self:note("in a walk all of id %s are deleted", number)
            self:sure(handle:query("MATCH (n) WHERE n.id = $id " ..
                                   "DETACH DELETE n", { id = number }))
            delete_all_of(graph, number)
            self.graph = graph
            if handle:node(node) or
                handle:degree(node, nil, "both") ~= 0 then
                self:fail("%s is still there", tostring(node))
            end
        end
    end
    if seen ~= wanted then
        self:fail("a walk over %d nodes, not %d", seen, wanted)
    end
end

return steps
