---@meta namidb.builder
-- The steps of a query, for lua-language-server; never loaded. lua/README.md
-- says what they do.

---@class namidb.builder
local builder = {}

---@param label? string|string[]|namidb.id|namidb.node
---@param key? string|integer
---@return namidb.builder
function builder:match(label, key) end

---@param name string of a node
---@return namidb.builder
function builder:at(name) end

---@param name string
---@return namidb.builder
function builder:as(name) end

---@param label string|string[]
---@return namidb.builder
function builder:label(label) end

---@class namidb.hop_options
---@field min? integer
---@field max? integer
---@field as? string
---@field to? string
---@field props? namidb.props

---@param type? string|string[]
---@param options? namidb.hop_options
---@return namidb.builder
function builder:out(type, options) end

---@param type? string|string[]
---@param options? namidb.hop_options
---@return namidb.builder
function builder:into(type, options) end

---@param type? string|string[]
---@param options? namidb.hop_options
---@return namidb.builder
function builder:both(type, options) end

---@param name string|table<string, any>
---@param operator? string
---@param value? any
---@return namidb.builder
function builder:where(name, operator, value) end

---@param name string
---@param operator string
---@param value? any
---@return namidb.builder
function builder:where_not(name, operator, value) end

---@param ... { [1]: string, [2]: string, [3]: any }
---@return namidb.builder
function builder:where_any(...) end

---@param fn fun(query: namidb.builder): namidb.builder
---@return namidb.builder
function builder:exists(fn) end

---@param fn fun(query: namidb.builder): namidb.builder
---@return namidb.builder
function builder:absent(fn) end

---@param fn fun(query: namidb.builder): namidb.builder
---@return namidb.builder
function builder:optional(fn) end

---@param ... string
---@return namidb.builder
function builder:select(...) end

---@param ... string
---@return namidb.builder
function builder:group(...) end

---@param column string
---@param operator string
---@param value? any
---@return namidb.builder
function builder:having(column, operator, value) end

---@return namidb.builder
function builder:distinct() end

---@param ... string
---@return namidb.builder
function builder:order_by(...) end

---@param count integer|namidb.param
---@return namidb.builder
function builder:skip(count) end

---@param count integer|namidb.param
---@return namidb.builder
function builder:limit(count) end

---@param other namidb.builder
---@return namidb.builder
function builder:union(other) end

---@param other namidb.builder
---@return namidb.builder
function builder:union_all(other) end

---@param params? table<string, any>
---@param options? namidb.query_options
---@return fun(): table<string, any>? step
function builder:rows(params, options) end

---@param params? table<string, any>
---@param options? namidb.query_options
---@return namidb.result? result
---@return namidb.error? err
function builder:all(params, options) end

---@param params? table<string, any>
---@param options? namidb.query_options
---@return table<string, any>? row
---@return namidb.error? err
function builder:one(params, options) end

---@param params? table<string, any>
---@param options? namidb.query_options
---@return integer? count
---@return namidb.error? err
function builder:count(params, options) end

---@param params? table<string, any>
---@return string? plan
---@return namidb.error? err
function builder:explain(params) end

---@return string text
---@return table<string, any> params
function builder:to_cypher() end

return builder
