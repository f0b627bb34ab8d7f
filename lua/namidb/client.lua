-- The method names of the upstream Python client over ours, for those who come
-- from there. Writes gather until commit().

local blame = require("namidb.blame")
local core = require("namidb.core")
local write = require("namidb.write")

local client = {}

local Client = {}
local Client_mt = { __index = Client, __name = "namidb.client" }

Client_mt.__tostring = function(self)
    return ("namidb client, %d writes pending: %s"):format(#self.pending,
        tostring(self.db))
end

-- Methods of the database that are ours, too; misuse points at the caller.
local db = core.db.__index

local function check_client(self)
    if getmetatable(self) ~= Client_mt then
        error("a client is wanted before the colon, not a " .. type(self), 0)
    end
end

local function method(name, fn)
    Client[name] = blame.wrap(function(self, ...)
        check_client(self)
        return fn(self, ...)
    end)
end

local function later(self, step)
    self.pending[#self.pending + 1] = step
    return true
end

-- What a step finds wrong with the graph; what is wrong with its arguments is
-- text, as everywhere.
local function fail(code, message)
    error({ failure = setmetatable({ code = code, message = message,
                                     retryable = false }, core.error) }, 0)
end

local function check(result, err)
    if result == nil and err then error({ failure = err }, 0) end
    return result
end

local function find(tx, label, key)
    local node = check(tx:node(label, key))
    if node then return node end
    fail("not_found", ("no %s has the key %s"):format(label, tostring(key)))
end

local function check_end(tail)
    if type(tail) ~= "table" or type(tail[1]) ~= "string" or
        tail[2] == nil then
        error("an end of an edge is { label, key }", 0)
    end
    return { tail[1], tail[2] }
end

local function check_name(name, what)
    if type(name) ~= "string" then
        error(("%s: a name is wanted, not a %s"):format(what, type(name)), 0)
    end
end

-- The edges of a type between two nodes.
local function edges_between(tx, edge_type, source, target)
    local found = {}
    for edge in tx:out(source, edge_type) do
        if edge.to == target.id then found[#found + 1] = edge end
    end
    return found
end

method("upsert_node", function(self, label, key, props)
    check_name(label, "label")
    return later(self, function(tx)
        check(tx:put_node(label, key, props))
    end)
end)

-- One edge of a type between two nodes: a second call sets its properties.
method("upsert_edge", function(self, edge_type, from, to, props)
    check_name(edge_type, "type")
    from, to = check_end(from), check_end(to)
    return later(self, function(tx)
        local source = find(tx, from[1], from[2])
        local target = find(tx, to[1], to[2])
        local edge = edges_between(tx, edge_type, source, target)[1]
        if edge then
            check(tx:set(edge, props or {}))
        else
            check(tx:put_edge(edge_type, source, target, props))
        end
    end)
end)

-- The node and its edges; it is no error when there is none.
method("tombstone_node", function(self, label, key)
    check_name(label, "label")
    return later(self, function(tx)
        local node = check(tx:node(label, key))
        if node then check(tx:delete_node(node, { detach = true })) end
    end)
end)

-- All edges of the type from one to the other.
method("tombstone_edge", function(self, edge_type, from, to)
    check_name(edge_type, "type")
    from, to = check_end(from), check_end(to)
    return later(self, function(tx)
        local source = check(tx:node(from[1], from[2]))
        local target = check(tx:node(to[1], to[2]))
        if not (source and target) then return end
        for _, edge in ipairs(edges_between(tx, edge_type, source, target)) do
            check(tx:delete_edge(edge))
        end
    end)
end)

-- Writes everything since the last commit as one batch. When that fails it
-- stays pending, for another commit() or rollback(); when it is not known
-- whether it is in the graph (code "unknown") it does not.
method("commit", function(self)
    local ok, result, err = pcall(write.write, self.db, function(tx)
        for _, step in ipairs(self.pending) do step(tx) end
    end)
    if not ok then
        if type(result) == "table" then return nil, result.failure end
        error(result, 0)
    end
    if result or err.code == "unknown" then self.pending = {} end
    return result, err
end)

-- Forgets what was written since the last commit.
method("rollback", function(self)
    self.pending = {}
    return true
end)

method("flush", function(self) return db.flush(self.db) end)

method("lookup_node", function(self, label, key)
    return db.node(self.db, label, key)
end)

method("scan_label", function(self, label) return db.nodes(self.db, label) end)

method("out_edges", function(self, node, edge_type)
    return db.out(self.db, node, edge_type)
end)

method("in_edges", function(self, node, edge_type)
    return db.into(self.db, node, edge_type)
end)

method("scan_edge_type", function(self, edge_type)
    return db.edges(self.db, edge_type)
end)

-- Cypher over what is committed.
method("cypher", function(self, text, params)
    return db.query(self.db, text, params)
end)

method("cache_stats", function(self) return db.cache_stats(self.db) end)

method("close", function(self)
    self.pending = {}
    return db.close(self.db)
end)
Client_mt.__close = Client.close

--- Opens the namespace of a URI; options as for namidb.open.
client.new = blame.wrap(function(uri, options)
    local opened, err = core.open(uri, options)
    if not opened then return nil, err end
    return setmetatable({ db = opened, pending = {} }, Client_mt)
end)

return client
