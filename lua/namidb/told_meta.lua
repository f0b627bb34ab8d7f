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

---@class namidb.property_count
---@field values integer how often the property is there
---@field distinct integer how many different ones, about
---@field min? number the range of those that are of one kind
---@field max? number
---@field of? "date" | "local_time" | "local_datetime" | "datetime" absent: of numbers

---@class namidb.counts
---@field nodes integer
---@field labels table<string, integer>
---@field types table<string, integer>
---@field out table<string, table<string, integer>> by type and first label
---@field into table<string, table<string, integer>> by type and first label
---@field node_properties table<string, table<string, namidb.property_count>> by first label
---@field edge_properties table<string, table<string, namidb.property_count>> by type
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

---@class namidb.requests
---@field get integer
---@field put integer each part of an upload is one
---@field delete integer
---@field list integer
---@field copied integer
---@field bytes_read integer
---@field bytes_written integer
---@field rounds integer
---@field hedged integer sent a second time, beside the first
---@field retried integer after a failure
---@field ambiguous integer writes whose answer was lost
---@field uploads integer in parts
---@field aborts_refused integer uploads whose parts were left behind

---@class namidb.place
---@field kind string
---@field is_far boolean a request takes the round trip of a network
---@field endpoint? string
---@field bucket? string
---@field region? string
---@field credentials? string where they came from

---@class namidb.stats
---@field requests namidb.requests
---@field store namidb.place
---@field warnings string[]
---@field manifest_version integer
---@field floor integer slots below it are in packs
---@field slot integer the newest
---@field epoch integer of the writer
---@field memtable_bytes integer
---@field packs integer
---@field pack_bytes integer
---@field nodes integer
---@field edges integer
---@field commits integer
---@field flushes integer
---@field is_writer boolean
---@field is_fenced boolean
---@field is_unknown boolean a commit's fate is

---@class namidb.segment_stats
---@field hits integer
---@field misses integer
---@field evictions integer
---@field bytes integer
---@field bytes_max integer
---@field requests integer
---@field bytes_fetched integer

---@class namidb.adjacency_stats
---@field hits integer
---@field misses integer
---@field evictions integer
---@field bytes integer

---@class namidb.statement_stats
---@field hits integer plans that were there
---@field misses integer those that were made
---@field bytes integer of text

---@class namidb.cache_stats
---@field segments namidb.segment_stats
---@field adjacency namidb.adjacency_stats
---@field statements namidb.statement_stats
---@field store namidb.requests
