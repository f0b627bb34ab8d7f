-- A plan's tree as the bytes that c/exec/plan.h describes.

local core = require("namidb.core")

local encode = {}

local codes = core.opcodes
local expr_codes = codes.expr
local char, floor = string.char, math.floor
local unpack = table.unpack or unpack

-- How many numbers one call makes a string of.
local PIECE = 4096

local DIRECTION = { out = 0, ["in"] = 1, both = 2 } -- enum namidb_direction

-- Of the plan that is encoded: its bytes but for texts, as numbers, of which
-- one call makes a string; its texts; and where in the statement's text each
-- expression is, by its number. Operators and expressions are numbered as the
-- executor numbers them.
local out, size, texts, op_count, places, expr_count

local function u8(code)
    size = size + 1
    out[size] = code
end

local function uint(number)
    while number >= 128 do
        size = size + 1
        out[size] = number % 128 + 128
        number = floor(number / 128)
    end
    size = size + 1
    out[size] = number
end

local function text(value)
    texts[#texts + 1] = value
    uint(#value)
end

local function uints(list)
    uint(#list)
    for i = 1, #list do uint(list[i]) end
end

local op, expr

local function exprs(list)
    uint(#list)
    for i = 1, #list do expr(list[i]) end
end

local function optional_expr(node)
    uint(node and 1 or 0)
    if node then expr(node) end
end

local function optional_uint(number)
    uint(number and 1 or 0)
    if number then uint(number) end
end

------------------------------------------------------------------ expressions

local body = {}

local function number_body(node) uint(node.number) end
local function list_body(node) exprs(node) end
local function operands_body(node)
    for i = 1, #node do expr(node[i]) end
end

body.CONST, body.PARAM, body.SLOT = number_body, number_body, number_body
body.LIST, body.AND, body.OR = list_body, list_body, list_body

function body.PROPERTY(node)
    uint(node.number)
    expr(node[1])
end

function body.SLICE(node)
    expr(node[1])
    optional_expr(node[2])
    optional_expr(node[3])
end

function body.MAP(node)
    uint(#node)
    for i = 1, #node do
        text(node.keys[i])
        expr(node[i])
    end
end

function body.LABELS(node)
    uints(node.names)
    expr(node[1])
end

function body.CALL(node)
    text(node.text)
    exprs(node)
end
body.HOST = body.CALL

function body.CASE(node)
    uint(#node.branches)
    for _, branch in ipairs(node.branches) do
        expr(branch[1])
        expr(branch[2])
    end
    optional_expr(node.otherwise)
end

function body.LET(node)
    uint(node.number)
    expr(node[1])
    expr(node[2])
end

function body.FOR_EACH(node)
    uint(node.number)
    expr(node[1])
    optional_expr(node[2])
    optional_expr(node[3])
end

function body.QUANTIFIER(node)
    u8(codes.quantifier[node.code])
    uint(node.number)
    expr(node[1])
    expr(node[2])
end

function body.REDUCE(node)
    uint(node.accumulator)
    expr(node[1])
    uint(node.number)
    expr(node[2])
    expr(node[3])
end

function body.SUBPLAN(node)
    u8(codes.subplan[node.code])
    optional_uint(node.row)
    uint(node.number or 0)
    op(node.plan)
    uint(node.many and 1 or 0)
    if node.many then op(node.many) end
end

function body.DEGREE(node)
    u8(DIRECTION[node.code])
    uints(node.names)
    uints(node.labels or {})
    expr(node[1])
end

function body.WALKS(node)
    local second = node.second
    u8(DIRECTION[node.code])
    uints(node.names)
    uints(node.labels)
    u8(DIRECTION[second.code])
    uints(second.names)
    uints(second.labels or {})
    u8(node.is_closed and 1 or 0)
    expr(node[1])
end

function body.LOOPS(node)
    u8(DIRECTION[node.code])
    uints(node.names)
    expr(node[1])
end

function body.COUNTED(node)
    u8(node.code)
    uints(node.names)
end

function body.PATH(node) uints(node.slots) end
body.DIFFER = body.PATH

-- These never raise.
local QUIET = { SLOT = true, CONST = true, PARAM = true }

function expr(node)
    local kind = node.kind
    expr_count = expr_count + 1
    if not QUIET[kind] then places[expr_count] = node.at end
    size = size + 1
    out[size] = expr_codes[kind]
    local encode_body = body[kind] or operands_body
    encode_body(node)
end

-------------------------------------------------------------------- operators

local shape = {}

function shape.ARGUMENT(node) optional_uint(node.row) end

function shape.SCAN(node)
    uint(node.slot)
    optional_uint(node.label)
end

function shape.SCAN_NAMED(node)
    uint(node.slot)
    u8(node.is_any and 1 or 0)
    expr(node.expr)
end

function shape.SCAN_EDGES(node)
    uint(node.edge)
    uint(node.slot)
    uint(node.to)
    optional_uint(node.type)
    u8(DIRECTION[node.direction])
end

function shape.SEEK_KEY(node)
    uint(node.slot)
    uint(node.label)
    expr(node.expr)
end

local ORDER = { ascending = 1, descending = 2 }

local function seek(node)
    uints(node.properties)
    uint(node.equal)
    u8(node.low or 0)
    u8(node.high or 0)
    u8(node.more or 0)
    u8(ORDER[node.order] or 0)
    exprs(node.exprs)
    uint(node.first and 1 or 0)
    if node.first then expr(node.first) end
    u8(node.is_for_new and 1 or 0)
    uint(node.most or 0)
end

function shape.SEEK_INDEX(node)
    uint(node.slot)
    uint(node.label)
    seek(node)
end

function shape.SEEK_EDGES(node)
    uint(node.edge)
    uint(node.slot)
    uint(node.to)
    uint(node.type)
    u8(DIRECTION[node.direction])
    seek(node)
end

function shape.SEEK_EDGE_ID(node)
    uint(node.edge)
    uint(node.slot)
    uint(node.to)
    u8(DIRECTION[node.direction])
    u8(node.is_list and 1 or 0)
    expr(node.expr)
end

function shape.SEEK_ID(node)
    uint(node.slot)
    u8(node.is_list and 1 or 0)
    expr(node.expr)
end

function shape.UNWIND(node)
    uint(node.slot)
    expr(node.expr)
end
shape.FOREACH = shape.UNWIND

function shape.EXPAND(node)
    uint(node.slot)
    uint(node.edge)
    uint(node.to)
    u8(DIRECTION[node.direction])
    uints(node.types)
    local flags = 0
    for name in pairs(node.flags) do flags = flags + codes.expand[name] end
    uint(flags)
    if node.kind == "EXPAND" then return end
    uint(node.min)
    optional_uint(node.max)
    uint(node.expr and 1 or 0)
    if node.expr then
        uint(node.test)
        expr(node.expr)
    end
    uints(node.excluded or {})
    if node.kind ~= "SHORTEST" then optional_uint(node.hops) end
end
shape.VAR_EXPAND, shape.SHORTEST = shape.EXPAND, shape.EXPAND
shape.REACH, shape.CYCLES = shape.EXPAND, shape.EXPAND

function shape.FILTER(node) expr(node.expr) end
shape.SKIP, shape.LIMIT = shape.FILTER, shape.FILTER

function shape.PROJECT(node)
    uint(#node.items)
    for _, item in ipairs(node.items) do
        uint(item.slot)
        expr(item.expr)
    end
end

function shape.AGGREGATE(node)
    uints(node.keys)
    uint(#node.aggregates)
    for _, aggregate in ipairs(node.aggregates) do
        u8(codes.aggregate[aggregate.code])
        u8(aggregate.distinct and 1 or 0)
        optional_uint(aggregate.input)
        optional_uint(aggregate.second)
        uint(aggregate.slot)
    end
end

function shape.SORT(node)
    uint(#node.keys)
    for _, key in ipairs(node.keys) do
        uint(key.slot)
        u8(key.descending and 1 or 0)
    end
    optional_expr(node.limit)
end

function shape.DISTINCT(node) uints(node.slots) end
function shape.JOIN(node)
    uints(node.keys)
    u8((node.is_lasting and codes.join.LASTING or 0) +
        (node.is_outer and codes.join.OUTER or 0))
end

function shape.UNION() end
function shape.EAGER() end

function shape.APPLY(node)
    u8(codes.apply[node.code])
    optional_uint(node.row)
    uints(node.slots)
end

local function creates(list)
    uint(#list)
    for _, create in ipairs(list) do
        u8(create.edge and 1 or 0)
        uint(create.slot)
        if create.edge then
            uint(create.type and 1 or 0)
            if create.type then
                uint(create.type)
            else
                expr(create.named[1])
            end
            uint(create.from)
            uint(create.to)
        else
            uints(create.labels)
            exprs(create.named)
        end
        expr(create.props)
    end
end

local function sets(list)
    uint(#list)
    for _, set in ipairs(list) do
        u8(codes.set[set.code])
        expr(set.entity)
        if set.code == "PROPERTY" then uint(set.name) end
        if set.labels then uints(set.labels) else expr(set.value) end
    end
end

function shape.CREATE(node) creates(node.creates) end
function shape.SET(node) sets(node.items) end

function shape.MERGE(node)
    creates(node.creates)
    sets(node.on_create)
    sets(node.on_match)
    uints(node.slots)
    optional_uint(node.row)
    exprs(node.keys or {})
end

function shape.DELETE(node)
    u8(node.detach and 1 or 0)
    exprs(node.exprs)
end

function shape.CALL(node)
    text(node.text)
    exprs(node.arguments)
    uint(#node.yields)
    for _, yield in ipairs(node.yields) do
        uint(yield.column)
        uint(yield.slot)
    end
end

function op(node)
    op_count = op_count + 1
    node.number = op_count
    u8(codes.op[node.kind])
    shape[node.kind](node)
    if node.live then uints(node.live) end
    if node.inner then op(node.inner) end
    if node.child then op(node.child) end
end

-- The bytes that are gathered as a string.
local function gathered()
    local pieces = {}
    for first = 1, size, PIECE do
        local last = math.min(first + PIECE - 1, size)
        pieces[#pieces + 1] = char(unpack(out, first, last))
    end
    return table.concat(pieces)
end

local function head(context, columns)
    uint(context.slot_count)
    uint(#context.names)
    for _, name in ipairs(context.names) do
        u8(name.kind)
        text(name.text)
    end
    uint(#context.params)
    for _, param in ipairs(context.params) do text(param) end
    uint(#columns)
    for _, column in ipairs(columns) do
        text(column.name)
        uint(column.slot)
    end
end

--- The bytes of a plan: its context, the columns { name =, slot = } and the
-- root; and at which byte of the statement its expressions are, by their
-- numbers, as failures tell them (namidb_error.place).
--
-- A finalizer that runs meanwhile may have a statement of its own planned: so
-- what is gathered is put back as it was.
function encode.plan(context, columns, root)
    local was_out, was_size, was_texts, was_op_count, was_places,
        was_expr_count = out, size, texts, op_count, places, expr_count
    out, size, texts, op_count, places, expr_count = {}, 0, {}, 0, {}, 0
    head(context, columns)
    op(root)
    local bytes, named, told = gathered(), table.concat(texts), places
    size = 0
    uint(#named)
    bytes = gathered() .. named .. bytes
    out, size, texts, op_count, places, expr_count = was_out, was_size,
        was_texts, was_op_count, was_places, was_expr_count
    return bytes, told
end

return encode
