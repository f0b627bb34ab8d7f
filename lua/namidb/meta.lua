---@meta namidb
-- For lua-language-server; never loaded. lua/README.md says what things do.

---@class namidb
---@field _VERSION string
---@field null lightuserdata equals cjson.null
---@field json namidb.json
local namidb = {}

---@alias namidb.id integer
---@alias namidb.code
---| "invalid" | "syntax" | "constraint" | "not_found" | "limit" | "io"
---| "timeout" | "busy" | "conflict" | "auth" | "fenced" | "unknown"
---| "corrupt" | "no_memory" | "canceled" | "unsupported"

---@class namidb.error
---@field code namidb.code
---@field message string
---@field retryable boolean the same call may succeed later
---@field object? string key of the object concerned
---@field class? string of a query: "SyntaxError", "TypeError", ...
---@field detail? string of that class, as openCypher calls it
---@field phase? "compile" | "runtime" of a query
---@field file? string of a load
---@field line? integer from 1
---@field column? integer in bytes, from 1
---@field resume? namidb.position of a load
---@field row? integer from 1, of put_nodes and put_edges

---@class namidb.node
---@field id namidb.id
---@field key? string|integer
---@field labels string[]
---@field props table<string, namidb.value>
---@field [string] any a property

---@class namidb.edge
---@field id namidb.id
---@field type string
---@field from namidb.id
---@field to namidb.id
---@field props table<string, namidb.value>
---@field [string] any a property

---@class namidb.path
---@field nodes namidb.node[]
---@field edges namidb.edge[]
---@field length fun(self): integer
---@field first fun(self): namidb.node
---@field last fun(self): namidb.node
---@field steps fun(self): fun(): namidb.edge?, namidb.node?

---@alias namidb.props table<string, namidb.value>
---@alias namidb.value
---| nil | boolean | number | string | lightuserdata | namidb.float
---| namidb.bytes | namidb.date | namidb.local_time | namidb.time
---| namidb.local_datetime | namidb.datetime | namidb.duration | namidb.point
---| namidb.list | namidb.vector | namidb.value[]

------------------------------------------------------------------------- values

---@class namidb.float
---@field value number
---@class namidb.bytes
---@field value string
---@class namidb.date
---@field days integer since 1970-01-01
---@class namidb.local_time
---@field nanoseconds integer since midnight
---@class namidb.time
---@field nanoseconds integer since midnight
---@field offset integer seconds east of UTC
---@class namidb.local_datetime
---@field seconds integer since 1970
---@field nanoseconds integer
---@class namidb.datetime
---@field seconds integer since 1970, UTC
---@field nanoseconds integer
---@field offset integer seconds east of UTC
---@field zone? string
---@class namidb.duration
---@field months integer
---@field days integer
---@field seconds integer
---@field nanoseconds integer 0 .. 999,999,999
---@class namidb.point
---@field srid integer
---@field x number
---@field y number
---@field z? number
---@class namidb.list
---@field [integer] namidb.value
---@class namidb.vector
---@field [integer] number

---@param number number
---@return namidb.float
function namidb.float(number) end

---@param text string
---@return namidb.bytes
function namidb.bytes(text) end

---@param year integer
---@param month integer
---@param day integer
---@return namidb.date
function namidb.date(year, month, day) end

---@param hour integer
---@param minute integer
---@param second? integer
---@param nanosecond? integer
---@return namidb.local_time
function namidb.local_time(hour, minute, second, nanosecond) end

---@param hour integer
---@param minute integer
---@param second? integer
---@param nanosecond? integer
---@param offset? integer seconds
---@return namidb.time
function namidb.time(hour, minute, second, nanosecond, offset) end

---@class namidb.datetime_fields
---@field year integer
---@field month? integer
---@field day? integer
---@field hour? integer
---@field minute? integer
---@field second? integer
---@field nanosecond? integer
---@field offset? integer of datetime, seconds
---@field zone? string of datetime

---@param fields namidb.datetime_fields
---@return namidb.local_datetime
function namidb.local_datetime(fields) end

---@param fields namidb.datetime_fields
---@return namidb.datetime
function namidb.datetime(fields) end

---@param fields { months?: integer, days?: integer, seconds?: integer, nanoseconds?: integer }
---@return namidb.duration
function namidb.duration(fields) end

---@param fields { x?: number, y?: number, z?: number, longitude?: number, latitude?: number, height?: number, srid?: integer }
---@return namidb.point
function namidb.point(fields) end

---@param items namidb.value[]
---@return namidb.list
function namidb.list(items) end

---@param items number[]
---@return namidb.vector
function namidb.vector(items) end

---@class namidb.json
local json = {}

---@param text string
---@return any decoded
---@return namidb.error? err
function json.decode(text) end

---@param value any
---@return string
function json.encode(value) end

------------------------------------------------------------------------ opening

---@class namidb.options
---@field read_only? boolean
---@field create? boolean
---@field takeover? boolean|number
---@field timeout? number seconds
---@field cache_bytes? integer
---@field memtable_bytes? integer
---@field flush_slots? integer
---@field flush_age? number seconds
---@field int64? boolean LuaJIT: every integer property is an int64_t
---@field [string] string|boolean and each parameter of the URI: region, ...

---@param uri string
---@param options? namidb.options
---@return namidb.db? db
---@return namidb.error? err
function namidb.open(uri, options) end

---@param uri string
---@return { scheme: string, bucket?: string, path?: string, ns: string, params: table<string, string> }? parts
---@return namidb.error? err
function namidb.parse_uri(uri) end

------------------------------------------------------------------------ reading

---@class namidb.reader
local reader = {}

---@param label_or_id string|namidb.id|namidb.node
---@param key? string|integer
---@return namidb.node? node
---@return namidb.error? err
function reader:node(label_or_id, key) end

---@param id namidb.id|namidb.edge
---@return namidb.edge? edge
---@return namidb.error? err
function reader:edge(id) end

---@param label? string
---@return fun(): namidb.node?
function reader:nodes(label) end

---@param type? string
---@return fun(): namidb.edge?
function reader:edges(type) end

---@class namidb.expand_options
---@field edges_only? boolean no nodes are read; only edges come

---@param node namidb.id|namidb.node
---@param type? string
---@param options? namidb.expand_options
---@return fun(): namidb.edge?, namidb.node?
function reader:out(node, type, options) end

---@param node namidb.id|namidb.node
---@param type? string
---@param options? namidb.expand_options
---@return fun(): namidb.edge?, namidb.node?
function reader:into(node, type, options) end

---@param node namidb.id|namidb.node
---@param type? string
---@param options? namidb.expand_options
---@return fun(): namidb.edge?, namidb.node?
function reader:both(node, type, options) end

---@param node namidb.id|namidb.node
---@param type? string
---@param direction? "out"|"in"|"both"
---@return integer? degree
---@return namidb.error? err
function reader:degree(node, type, direction) end

---@param kind "label"|"type"|"property"
---@return string[] names in use
function reader:names(kind) end

---@return namidb.index[]
function reader:indexes() end

---@return namidb.constraint[]
function reader:constraints() end

---@return namidb.counts
function reader:counts() end

---@class namidb.query_options
---@field timeout? number seconds
---@field max_rows? integer
---@field max_memory? integer bytes
---@field csv_folder? string

---@class namidb.result
---@field columns string[]
---@field plan? string
---@field profile? namidb.step[]
---@field [integer] table<string, any>
local result = {}

---@return string csv
function result:to_csv() end

---@param text string
---@param params? table<string, any>
---@param options? namidb.query_options
---@return namidb.result? result
---@return namidb.error? err
function reader:query(text, params, options) end

---@param text string
---@param params? table<string, any>
---@param options? namidb.query_options
---@return fun(): table<string, any>? step
function reader:rows(text, params, options) end

---@param label? string|string[]|namidb.id|namidb.node
---@param key? string|integer
---@return namidb.builder
function reader:match(label, key) end

------------------------------------------------------------------------ builder

-- builder/meta.lua has its steps.

---@class namidb.param
---@class namidb.field

---@param name string
---@return namidb.param
function namidb.param(name) end

---@param name string
---@return namidb.field
function namidb.field(name) end

---@class namidb.snapshot: namidb.reader
local snapshot = {}

function snapshot:close() end

---@class namidb.db: namidb.reader
local db = {}

---@class namidb.procedure
---@field arguments? { name: string, type?: string }[]
---@field yields? { name: string, type?: string }[]
---@field call fun(...): any[][]

---@param name string
---@param definition function|namidb.procedure
function db:register(name, definition) end

---@return namidb.snapshot? snapshot
---@return namidb.error? err
function db:snapshot() end

---@param timeout? number seconds
---@return boolean? is_changed
---@return namidb.error? err
function db:refresh(timeout) end

---@param timeout? number seconds
---@return true? done
---@return namidb.error? err
function db:flush(timeout) end

---@class namidb.class_move
---@field packs integer looked at
---@field moved integer of those
---@field bytes integer of what was moved

---@param class string
---@param options? { timeout?: number, progress?: fun(move: namidb.class_move) }
---@return namidb.class_move? move
---@return namidb.error? err
function db:set_storage_class(class, options) end

---@return namidb.stats? stats
---@return namidb.error? err
function db:stats() end

---@return namidb.cache_stats? stats
---@return namidb.error? err
function db:cache_stats() end

--- Waits until every index is online.
---@param timeout? number seconds
---@return true?, namidb.error?
function db:wait_indexes(timeout) end

---@param timeout? number seconds
---@return namidb.tx? tx
---@return namidb.error? err
function db:begin(timeout) end

---@param fn fun(tx: namidb.tx): ...
---@param options? { wait?: boolean, timeout?: number, retries?: integer }
---@return true|namidb.ticket? done
---@return any ... what fn returned, or the error
function db:write(fn, options) end

function db:close() end

---@class namidb.ticket
local ticket = {}

---@param timeout? number seconds
---@return true? done
---@return namidb.error? err
function ticket:wait(timeout) end

function ticket:close() end

------------------------------------------------------------------------ loading

---@class namidb.position
---@field part integer
---@field row integer

---@class namidb.source
---@field file? string
---@field format? "csv"|"tsv"|"jsonl"|"ndjson"
---@field rows? fun(): table?
---@field types? table<string, "string"|"int"|"float"|"bool">

---@class namidb.node_source: namidb.source
---@field label string
---@field key? string
---@field merge? boolean

---@class namidb.edge_source: namidb.source
---@field type string
---@field from { [1]: string, [2]: string } label and column
---@field to { [1]: string, [2]: string } label and column

---@class namidb.summary
---@field rows integer
---@field seconds number
---@field rows_per_second number
---@field bytes integer
---@field requests integer
---@field position namidb.position

---@class namidb.load_options
---@field nodes? namidb.node_source[]
---@field edges? namidb.edge_source[]
---@field batch? integer rows
---@field progress? boolean|fun(now: namidb.summary)
---@field resume? namidb.position
---@field timeout? number seconds
---@field name? string the load happens once, and goes on where it was

---@param database namidb.db
---@param options namidb.load_options
---@return namidb.summary? summary
---@return namidb.error? err
function namidb.load(database, options) end

---@param options namidb.load_options
---@return namidb.summary? summary
---@return namidb.error? err
function db:load(options) end

------------------------------------------------------------------------- client

---@alias namidb.end_of_edge { [1]: string, [2]: string|integer } label and key

---@class namidb.client
local client = {}

---@param uri string
---@param options? namidb.options
---@return namidb.client? client
---@return namidb.error? err
function namidb.Client(uri, options) end

---@param label string
---@param key string|integer
---@param props? namidb.props
---@return true
function client:upsert_node(label, key, props) end

---@param type string
---@param from namidb.end_of_edge
---@param to namidb.end_of_edge
---@param props? namidb.props
---@return true
function client:upsert_edge(type, from, to, props) end

---@param label string
---@param key string|integer
---@return true
function client:tombstone_node(label, key) end

---@param type string
---@param from namidb.end_of_edge
---@param to namidb.end_of_edge
---@return true
function client:tombstone_edge(type, from, to) end

---@return true? done
---@return namidb.error? err
function client:commit() end

---@return true
function client:rollback() end

---@return true? done
---@return namidb.error? err
function client:flush() end

---@param label string
---@param key string|integer
---@return namidb.node? node
---@return namidb.error? err
function client:lookup_node(label, key) end

---@param label? string
---@return fun(): namidb.node?
function client:scan_label(label) end

---@param node namidb.id|namidb.node
---@param type? string
---@return fun(): namidb.edge?, namidb.node?
function client:out_edges(node, type) end

---@param node namidb.id|namidb.node
---@param type? string
---@return fun(): namidb.edge?, namidb.node?
function client:in_edges(node, type) end

---@param type? string
---@return fun(): namidb.edge?
function client:scan_edge_type(type) end

---@param text string
---@param params? table<string, any>
---@return namidb.result? result
---@return namidb.error? err
function client:cypher(text, params) end

---@return namidb.cache_stats? stats
---@return namidb.error? err
function client:cache_stats() end

function client:close() end

return namidb
