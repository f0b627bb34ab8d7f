-- The method names of the upstream Python client over ours, for those who come
-- from there. Writes gather until commit().

local core = require("namidb.core")
local write = require("namidb.write")

local client = {}

local Client = {}
Client.__index = Client
Client.__name = "namidb.client"

--- Opens the namespace of a URI; options as for namidb.open.
function client.new(uri, options)
    local db, err = core.open(uri, options)
    if not db then return nil, err end
    return setmetatable({ db = db, pending = {} }, Client)
end

local function later(self, step)
    self.pending[#self.pending + 1] = step
    return true
end

local function id_of(tx, label, key)
    local node, err = tx:node(label, key)
    if node then return node.id end
    if err then error(err, 0) end
    error({ code = "not_found",
            message = ("no %s has the key %s"):format(label, tostring(key)),
            retryable = false }, 0)
end

local function check(result, err)
    if result == nil and err then error(err, 0) end
    return result
end

function Client:upsert_node(label, key, props)
    return later(self, function(tx)
        check(tx:put_node(label, key, props))
    end)
end

--- Ends are given as label and key.
function Client:upsert_edge(edge_type, from, to, props)
    return later(self, function(tx)
        check(tx:put_edge(edge_type, id_of(tx, from[1], from[2]),
                          id_of(tx, to[1], to[2]), props))
    end)
end

function Client:tombstone_node(label, key)
    return later(self, function(tx)
        check(tx:delete_node(id_of(tx, label, key), { detach = true }))
    end)
end

--- All edges of the type between the two.
function Client:tombstone_edge(edge_type, from, to)
    return later(self, function(tx)
        local source = id_of(tx, from[1], from[2])
        local target = id_of(tx, to[1], to[2])
        for edge in tx:out(source, edge_type) do
            if edge.to == target then check(tx:delete_edge(edge)) end
        end
    end)
end

--- Writes everything since the last commit as one batch.
function Client:commit()
    local steps = self.pending
    local is_ours
    local ok, result, err = pcall(write.write, self.db, function(tx)
        for _, step in ipairs(steps) do
            local done, failure = pcall(step, tx)
            if not done then
                is_ours = type(failure) == "table"
                error(failure, 0)
            end
        end
    end)
    self.pending = {}
    if ok then return result, err end
    if is_ours then return nil, result end
    error(result, 2)
end

function Client:flush()
    return self.db:flush()
end

function Client:lookup_node(label, key)
    return self.db:node(label, key)
end

function Client:scan_label(label)
    return self.db:nodes(label)
end

function Client:out_edges(node, edge_type)
    return self.db:out(node, edge_type)
end

function Client:in_edges(node, edge_type)
    return self.db:into(node, edge_type)
end

function Client:scan_edge_type(edge_type)
    return self.db:edges(edge_type)
end

function Client:cache_stats()
    return self.db:cache_stats()
end

function Client:close()
    return self.db:close()
end

return client
