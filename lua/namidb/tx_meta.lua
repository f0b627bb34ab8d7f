---@meta namidb.tx
-- What a transaction does, for lua-language-server; never loaded.

---@class namidb.tx: namidb.reader
local tx = {}

---@param label string
---@param key string|integer
---@param props? namidb.props
---@param options? { merge?: boolean }
---@return namidb.id? id
---@return namidb.error? err
function tx:put_node(label, key, props, options) end

---@param labels? string|string[]
---@param props? namidb.props
---@return namidb.id? id
---@return namidb.error? err
function tx:create_node(labels, props) end

---@param thing namidb.id|namidb.node|namidb.edge an id is a node's
---@param props namidb.props
---@return true? done
---@return namidb.error? err
function tx:set(thing, props) end

---@param edge namidb.id|namidb.edge
---@param props namidb.props
---@return true? done
---@return namidb.error? err
function tx:set_edge(edge, props) end

---@param thing namidb.id|namidb.node|namidb.edge an id is a node's
---@param names string|string[]
---@return true? done
---@return namidb.error? err
function tx:unset(thing, names) end

---@param edge namidb.id|namidb.edge
---@param names string|string[]
---@return true? done
---@return namidb.error? err
function tx:unset_edge(edge, names) end

---@param node namidb.id|namidb.node
---@param label string
---@return true? done
---@return namidb.error? err
function tx:add_label(node, label) end

---@param node namidb.id|namidb.node
---@param label string
---@return true? done
---@return namidb.error? err
function tx:remove_label(node, label) end

---@param node namidb.id|namidb.node
---@param options? { detach?: boolean }
---@return boolean? was_there
---@return namidb.error? err
function tx:delete_node(node, options) end

---@param type string
---@param from namidb.id|namidb.node
---@param to namidb.id|namidb.node
---@param props? namidb.props
---@return namidb.id? id
---@return namidb.error? err
function tx:put_edge(type, from, to, props) end

---@param edge namidb.id|namidb.edge
---@return boolean? was_there
---@return namidb.error? err
function tx:delete_edge(edge) end

--- Many nodes by key; `columns` has an array of values for each property.
---@param label string
---@param keys (string|integer)[]
---@param columns? table<string, namidb.value[]>
---@param options? { merge?: boolean }
---@return namidb.id[]? ids
---@return namidb.error? err its `row` is the first bad one
function tx:put_nodes(label, keys, columns, options) end

--- Many edges; `from[i]` and `to[i]` are the ends of the i-th.
---@param type string
---@param from (namidb.id|namidb.node)[]
---@param to (namidb.id|namidb.node)[]
---@param columns? table<string, namidb.value[]>
---@return namidb.id[]? ids
---@return namidb.error? err its `row` is the first bad one
function tx:put_edges(type, from, to, columns) end

---@param timeout? number seconds
---@return true? done
---@return namidb.error? err
function tx:commit(timeout) end

function tx:abort() end
