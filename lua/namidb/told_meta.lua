---@meta namidb.told
-- What readers and queries tell of a graph and of themselves, for
-- lua-language-server; never loaded.

---@class namidb.index
---@field name string
---@field entity "node" | "edge"
---@field label string an edge's type
---@field properties string[]
---@field state "online" | "building"
---@field percent integer of it that is built
---@field constraint boolean it belongs to one of the same name

---@class namidb.constraint
---@field name string
---@field rule "unique" | "key" | "not_null" | "type"
---@field entity "node" | "edge"
---@field label string an edge's type
---@field properties string[]
---@field type? string of rule "type"

---@class namidb.spread
---@field nodes integer that have such edges, about
---@field at_an_edge number how many the node at the end of a random one has
---@field most integer of one node; 0: none has many

---@class namidb.counts
---@field nodes integer
---@field labels table<string, integer>
---@field types table<string, integer>
---@field out table<string, table<string, integer>> by type and first label
---@field into table<string, table<string, integer>> by type and first label
---@field degrees table<"out" | "into", table<string, namidb.spread>> by type

---@class namidb.step
---@field operator string
---@field detail string
---@field depth integer
---@field rows integer
---@field chunks integer
---@field seconds number
---@field requests integer
---@field bytes integer
---@field total_seconds number
---@field total_requests integer
---@field total_bytes integer
