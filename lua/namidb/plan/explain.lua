-- A plan as text: one operator a line, what it reads from below it.
--
-- The text is stable: the same statement over the same statistics gives the
-- same lines, so specs compare them.

local explain = {}

local detail = {}

-- Slots by the names that variables had; others by their number.
local function slot_name(names, slot)
    return names[slot] or "#" .. slot
end

local function slots_text(names, slots)
    local parts = {}
    for i, slot in ipairs(slots) do parts[i] = slot_name(names, slot) end
    return table.concat(parts, ", ")
end

local OPERATORS = { EQ = "=", NE = "<>", LT = "<", LE = "<=", GT = ">",
                    GE = ">=", ADD = "+", SUB = "-", MUL = "*", DIV = "/",
                    MOD = "%", POW = "^", AND = "AND", OR = "OR", XOR = "XOR",
                    IN = "IN", STARTS = "STARTS WITH", ENDS = "ENDS WITH",
                    CONTAINS = "CONTAINS", REGEX = "=~" }

local expr_text

local function join(scope, nodes, separator)
    local parts = {}
    for i = 1, #nodes do
        parts[i] = nodes[i] and expr_text(scope, nodes[i]) or ""
    end
    return table.concat(parts, separator)
end

local show = {}

function show.CONST(_, node)
    if type(node.value) == "string" then return ("%q"):format(node.value) end
    if type(node.value) == "userdata" then return "null" end
    return tostring(node.value)
end

function show.PARAM(_, node) return "$" .. node.name end
function show.SLOT(scope, node) return slot_name(scope.names, node.number) end

function show.PROPERTY(scope, node)
    return expr_text(scope, node[1]) .. "." ..
        scope.context.names[node.number + 1].text
end

function show.LABELS(scope, node)
    local parts = { expr_text(scope, node[1]) }
    for _, name in ipairs(node.names) do
        parts[#parts + 1] = scope.context.names[name + 1].text
    end
    return table.concat(parts, ":")
end

function show.CALL(scope, node)
    return node.text .. "(" .. join(scope, node, ", ") .. ")"
end
show.HOST = show.CALL

show["NOT"] = function(scope, node)
    return "NOT " .. expr_text(scope, node[1])
end
function show.IS_NULL(scope, node)
    return expr_text(scope, node[1]) .. " IS NULL"
end
function show.NOT_NULL(scope, node)
    return expr_text(scope, node[1]) .. " IS NOT NULL"
end
function show.NEG(scope, node) return "-" .. expr_text(scope, node[1]) end
function show.LIST(scope, node) return "[" .. join(scope, node, ", ") .. "]" end

function show.MAP(scope, node)
    local parts = {}
    for i, key in ipairs(node.keys) do
        parts[i] = key .. ": " .. expr_text(scope, node[i])
    end
    return "{" .. table.concat(parts, ", ") .. "}"
end

function show.DIFFER(scope, node)
    return "differ(" .. slots_text(scope.names, node.slots) .. ")"
end
function show.PATH(scope, node)
    return "path(" .. slots_text(scope.names, node.slots) .. ")"
end

function show.SUBPLAN(_, node)
    return node.code:lower() .. " { ... }"
end

function expr_text(scope, node)
    local special = show[node.kind]
    if special then return special(scope, node) end
    local operator = OPERATORS[node.kind]
    if operator then
        return "(" .. join(scope, node, " " .. operator .. " ") .. ")"
    end
    return node.kind:lower() .. "(" .. join(scope, node, ", ") .. ")"
end

-------------------------------------------------------------------- operators

local function name_text(scope, name)
    return name and ":" .. scope.context.names[name + 1].text or ""
end

function detail.SCAN(scope, op)
    return "(" .. slot_name(scope.names, op.slot) .. name_text(scope, op.label)
        .. ")"
end

function detail.SEEK_KEY(scope, op)
    return detail.SCAN(scope, op) .. " key = " .. expr_text(scope, op.expr)
end

function detail.SEEK_ID(scope, op)
    return "(" .. slot_name(scope.names, op.slot) .. ") id = " ..
        expr_text(scope, op.expr)
end

local LEFT = { out = "-", ["in"] = "<-", both = "-" }
local RIGHT = { out = "->", ["in"] = "-", both = "-" }

function detail.EXPAND(scope, op)
    local types = {}
    for i, name in ipairs(op.types) do
        types[i] = scope.context.names[name + 1].text
    end
    local length = ""
    if op.min then
        length = ("*%d..%s"):format(op.min, op.max and ("%d"):format(op.max)
            or "")
    end
    local inner = (op.flags.NO_EDGE and "" or slot_name(scope.names, op.edge))
        .. (#types > 0 and ":" .. table.concat(types, "|") or "") .. length
    return ("(%s)%s[%s]%s(%s)%s"):format(slot_name(scope.names, op.slot),
        LEFT[op.direction], inner, RIGHT[op.direction],
        slot_name(scope.names, op.to), op.flags.INTO and " into" or "")
end
detail.VAR_EXPAND, detail.SHORTEST = detail.EXPAND, detail.EXPAND

function detail.FILTER(scope, op) return expr_text(scope, op.expr) end
detail.SKIP, detail.LIMIT = detail.FILTER, detail.FILTER

function detail.UNWIND(scope, op)
    return expr_text(scope, op.expr) .. " AS " ..
        slot_name(scope.names, op.slot)
end
detail.FOREACH = detail.UNWIND

function detail.PROJECT(scope, op)
    local parts = {}
    for i, item in ipairs(op.items) do
        parts[i] = slot_name(scope.names, item.slot) .. " = " ..
            expr_text(scope, item.expr)
    end
    return table.concat(parts, ", ")
end

function detail.AGGREGATE(scope, op)
    local parts = {}
    for i, aggregate in ipairs(op.aggregates) do
        local input = aggregate.input and
            slot_name(scope.names, aggregate.input) or "*"
        parts[i] = ("%s(%s%s)"):format(aggregate.code:lower(),
            aggregate.distinct and "distinct " or "", input)
    end
    return ("by [%s]: %s"):format(slots_text(scope.names, op.keys),
                                  table.concat(parts, ", "))
end

function detail.SORT(scope, op)
    local parts = {}
    for i, key in ipairs(op.keys) do
        parts[i] = slot_name(scope.names, key.slot) ..
            (key.descending and " DESC" or "")
    end
    return table.concat(parts, ", ") ..
        (op.limit and " first " .. expr_text(scope, op.limit) or "")
end

function detail.DISTINCT(scope, op) return slots_text(scope.names, op.slots) end
function detail.APPLY(_, op) return op.code:lower() end
function detail.CALL(_, op) return op.text end

local NAMES = { SCAN = "NodeScan", SCAN_EDGES = "EdgeScan",
                SEEK_KEY = "NodeByKey", SEEK_ID = "NodeById",
                VAR_EXPAND = "VarLengthExpand", SHORTEST = "ShortestPath",
                EXPAND = "Expand", CALL = "ProcedureCall" }

local function title(op)
    if NAMES[op.kind] then return NAMES[op.kind] end
    return op.kind:sub(1, 1) .. op.kind:sub(2):lower()
end

-- Operators are numbered as the core numbers them: each before its inner one,
-- that before its child.
local function walk(scope, op, depth)
    local number = scope.count + 1
    scope.count = number
    local text = ("  "):rep(depth) .. title(op)
    local more = detail[op.kind] and detail[op.kind](scope, op) or ""
    if more ~= "" then text = text .. " " .. more end
    local step = scope.steps and scope.steps[number]
    if step then
        text = ("%s  [%d rows, %.3f ms]"):format(text, step.rows,
                                                 step.seconds * 1000)
    end
    scope.lines[#scope.lines + 1] = text
    if op.inner then walk(scope, op.inner, depth + 2) end
    if op.child then walk(scope, op.child, depth + 1) end
end

--- The plan (of plan/init.lua) as lines of text; with the rows and times of a
-- profiled run if `steps` are given.
function explain.text(plan, steps)
    local scope = { lines = {}, count = 0, steps = steps,
                    context = plan.context, names = plan.slot_names }
    walk(scope, plan.tree, 0)
    return table.concat(scope.lines, "\n")
end

return explain
