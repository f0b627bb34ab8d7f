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
        scope.plan.names[node.number + 1].text
end

function show.LABELS(scope, node)
    local parts = { expr_text(scope, node[1]) }
    for _, name in ipairs(node.names) do
        parts[#parts + 1] = scope.plan.names[name + 1].text
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

local function names_text(scope, names)
    local parts = {}
    for i, name in ipairs(names) do
        parts[i] = scope.plan.names[name + 1].text
    end
    return #parts == 0 and "" or ":" .. table.concat(parts, "|")
end

-- An edge of a number and what it leads to.
local function hop_text(scope, hop, to)
    local labels = {}
    for i, name in ipairs(hop.labels or {}) do
        labels[i] = ":" .. scope.plan.names[name + 1].text
    end
    return ("%s[%s]%s(%s%s)"):format(hop.code == "in" and "<-" or "-",
        names_text(scope, hop.names), hop.code == "in" and "-" or "->",
        to or "", table.concat(labels))
end

function show.DEGREE(scope, node)
    return ("degree((%s)%s)"):format(expr_text(scope, node[1]),
                                     hop_text(scope, node))
end

function show.WALKS(scope, node)
    local name = expr_text(scope, node[1])
    return ("walks((%s)%s%s)"):format(name, hop_text(scope, node),
        hop_text(scope, node.second, node.is_closed and name))
end

function show.LOOPS(scope, node)
    local name = expr_text(scope, node[1])
    return ("loops((%s)-[%s]->(%s))"):format(name,
        names_text(scope, node.names), name)
end

function show.COUNTED(scope, node)
    return ("counted(%s%s)"):format(node.code == 0 and "nodes" or "edges",
                                    names_text(scope, node.names))
end

function show.DIFFER(scope, node)
    return "differ(" .. slots_text(scope.names, node.slots) .. ")"
end
function show.PATH(scope, node)
    return "path(" .. slots_text(scope.names, node.slots) .. ")"
end

function show.CASE(scope, node)
    local parts = { "case" }
    for _, branch in ipairs(node.branches) do
        parts[#parts + 1] = ("when %s then %s"):format(
            expr_text(scope, branch[1]), expr_text(scope, branch[2]))
    end
    if node.otherwise then
        parts[#parts + 1] = "else " .. expr_text(scope, node.otherwise)
    end
    parts[#parts + 1] = "end"
    return table.concat(parts, " ")
end

function show.LET(scope, node)
    return ("let %s = %s in %s"):format(slot_name(scope.names, node.number),
        expr_text(scope, node[1]), expr_text(scope, node[2]))
end

function show.SUBPLAN(_, node)
    return node.code:lower() .. " { ... }" .. (node.row and "" or
        " row by row")
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
    return name and ":" .. scope.plan.names[name + 1].text or ""
end

function detail.SCAN(scope, op)
    return "(" .. slot_name(scope.names, op.slot) .. name_text(scope, op.label)
        .. ")"
end

function detail.SCAN_NAMED(scope, op)
    return ("(%s:%s(%s))"):format(slot_name(scope.names, op.slot),
                                  op.is_any and "$any" or "$",
                                  expr_text(scope, op.expr))
end

function detail.SEEK_KEY(scope, op)
    return detail.SCAN(scope, op) .. " key = " .. expr_text(scope, op.expr)
end

local LOW, HIGH = { ">=", ">" }, { "<=", "<" }
local MORE = { "STARTS WITH", "IN" }

-- last = $last, age > 3 in order: what of the index is read, and how.
local function search_text(scope, op)
    local parts, at = {}, 1
    local function add(property, sign)
        parts[#parts + 1] = ("%s %s %s"):format(
            scope.plan.names[property + 1].text, sign,
            expr_text(scope, op.exprs[at]))
        at = at + 1
    end
    for i = 1, op.equal do add(op.properties[i], "=") end
    local next_one = op.properties[op.equal + 1]
    if op.low then add(next_one, LOW[op.low]) end
    if op.high then add(next_one, HIGH[op.high]) end
    if op.more then add(next_one, MORE[op.more]) end
    local text = #parts == 0 and "all" or table.concat(parts, ", ")
    if op.most then return ("%s up to %d rows, else"):format(text, op.most) end
    if op.order then
        text = text .. (op.order == "descending" and " in descending order" or
            " in order")
    end
    if op.first then text = text .. " first " .. expr_text(scope, op.first) end
    return text
end

function detail.SEEK_INDEX(scope, op)
    return detail.SCAN(scope, op) .. " " .. op.index .. ": " ..
        search_text(scope, op)
end

function detail.SEEK_EDGES(scope, op)
    return detail.SCAN_EDGES(scope, op) .. " " .. op.index .. ": " ..
        search_text(scope, op)
end

local function id_text(scope, op)
    return (op.is_list and " id IN " or " id = ") .. expr_text(scope, op.expr)
end

function detail.SEEK_EDGE_ID(scope, op)
    return detail.SCAN_EDGES(scope, op) .. id_text(scope, op)
end

function detail.SEEK_ID(scope, op)
    return "(" .. slot_name(scope.names, op.slot) .. ")" .. id_text(scope, op)
end

function detail.SCAN_EDGES(scope, op)
    return detail.EXPAND(scope, { slot = op.slot, edge = op.edge, to = op.to,
        direction = op.direction, types = op.types or { op.type },
        flags = {} })
end

local LEFT = { out = "-", ["in"] = "<-", both = "-" }
local RIGHT = { out = "->", ["in"] = "-", both = "-" }

function detail.EXPAND(scope, op)
    local types = {}
    for i, name in ipairs(op.types) do
        types[i] = scope.plan.names[name + 1].text
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

-- With what is asked of each edge on the way, here by the name of them all.
function detail.VAR_EXPAND(scope, op)
    local text = detail.EXPAND(scope, op) ..
        (op.flags.ACYCLIC and " acyclic" or "") ..
        (op.flags.SIMPLE and " simple" or "")
    if op.hops then
        text = text .. " hops " .. slot_name(scope.names, op.hops)
    end
    if not op.expr then return text end
    local names = setmetatable({ [op.test] = slot_name(scope.names, op.edge) },
                               { __index = scope.names })
    return text .. " each " .. expr_text(
        setmetatable({ names = names }, { __index = scope }), op.expr)
end
detail.SHORTEST, detail.REACH = detail.VAR_EXPAND, detail.VAR_EXPAND
detail.CYCLES = detail.VAR_EXPAND

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
function detail.JOIN(scope, op)
    if op.is_outer then
        return "optional on " .. slots_text(scope.names, op.keys)
    end
    local parts = {}
    for i, expr in ipairs(op.on) do
        parts[i] = (expr_text(scope, expr):gsub("^%((.*)%)$", "%1"))
    end
    return #parts == 0 and "" or "on " .. table.concat(parts, ", ")
end

function detail.MERGE(_, op)
    return op.keys and "at once" or op.row and "looked up at once" or ""
end

function detail.APPLY(_, op)
    return op.code:lower() .. (op.row and "" or " row by row")
end
function detail.CALL(_, op) return op.text end

local NAMES = { SCAN = "NodeScan", SCAN_NAMED = "NodeScan",
                SCAN_EDGES = "EdgeScan", SEEK_KEY = "NodeByKey",
                SEEK_ID = "NodeById", SEEK_INDEX = "NodeByIndex",
                SEEK_EDGES = "EdgeByIndex", SEEK_EDGE_ID = "EdgeById",
                VAR_EXPAND = "VarLengthExpand", SHORTEST = "ShortestPath",
                REACH = "Reach", CYCLES = "OnCycle",
                EXPAND = "Expand", CALL = "ProcedureCall" }

local function title(op)
    if NAMES[op.kind] then return NAMES[op.kind] end
    return op.kind:sub(1, 1) .. op.kind:sub(2):lower()
end

-- The plans inside an operator's expressions: { { name, plan }, ... }.
local function subplans(node, found, seen)
    for key, field in pairs(node) do
        if type(field) == "table" and key ~= "child" and key ~= "inner" and
            not seen[field] then
            seen[field] = true
            if field.kind == "SUBPLAN" then
                found[#found + 1] = field
            else
                subplans(field, found, seen)
            end
        end
    end
    return found
end

local function add_line(scope, op, depth, name, more)
    scope.lines[#scope.lines + 1] = { op = op, depth = depth, name = name,
                                      detail = more }
end

-- Inner plans stand deeper than what an operator reads from. `when` is said of
-- the first: when it is used.
local function walk(scope, op, depth, when)
    add_line(scope, op, depth, (when or "") .. title(op),
             detail[op.kind] and detail[op.kind](scope, op) or "")
    local found = subplans(op, {}, {})
    table.sort(found, function(a, b) return a.plan.number < b.plan.number end)
    for _, sub in ipairs(found) do
        walk(scope, sub.plan, depth + 2)
        if sub.many then walk(scope, sub.many, depth + 2, "or of many ") end
    end
    if op.inner then walk(scope, op.inner, depth + 2) end
    if op.child then walk(scope, op.child, depth + 1) end
end

local function lines_of(plan)
    local scope = { lines = {}, plan = plan, names = plan.slot_names }
    walk(scope, plan.tree, 0)
    return scope.lines
end

local function line_text(line)
    local text = ("  "):rep(line.depth) .. line.name
    return line.detail == "" and text or text .. " " .. line.detail
end

--- The plan (of plan/init.lua) as lines of text.
function explain.text(plan)
    local lines = lines_of(plan)
    for i, line in ipairs(lines) do lines[i] = line_text(line) end
    return table.concat(lines, "\n")
end

-- What an operator did itself: without what happened below it.
local function own(lines, at)
    local line = lines[at]
    local result = {}
    for _, field in ipairs({ "seconds", "requests", "bytes" }) do
        local total, below = line.total[field], 0
        for i = at + 1, #lines do
            if lines[i].depth <= line.depth then break end
            if lines[i].above == line then
                below = below + lines[i].total[field]
            end
        end
        result[field] = math.max(total - below, 0)
    end
    return result
end

-- The line that each line is directly below.
local function link(lines)
    local path = {}
    for _, line in ipairs(lines) do
        while #path > 0 and path[#path].depth >= line.depth do
            path[#path] = nil
        end
        line.above = path[#path]
        path[#path + 1] = line
    end
end

local function step_text(step)
    local text = ("[%.0f rows, %.3f ms"):format(step.rows, step.seconds * 1000)
    if step.requests > 0 then
        text = ("%s, %.0f requests, %.0f bytes"):format(text, step.requests,
                                                        step.bytes)
    end
    return text .. "]"
end

--- A profiled run: the plan as text with what each operator did, and the same
-- as an array of { operator, detail, depth, rows, chunks, seconds, requests,
-- bytes, total_seconds, total_requests, total_bytes } in the order of the
-- lines. The first stands for the whole, with the rows made into values.
function explain.profile(plan, steps)
    local lines = lines_of(plan)
    for _, line in ipairs(lines) do
        line.depth, line.total = line.depth + 1, steps[line.op.number]
    end
    table.insert(lines, 1, { depth = 0, name = "Result", detail =
        table.concat(plan.columns, ", "), total = steps[#steps] })
    link(lines)
    local texts, rows = {}, {}
    for i, line in ipairs(lines) do
        local self, total = own(lines, i), line.total
        rows[i] = {
            operator = line.name, detail = line.detail, depth = line.depth,
            rows = total.rows, chunks = total.chunks, seconds = self.seconds,
            requests = self.requests, bytes = self.bytes,
            total_seconds = total.seconds, total_requests = total.requests,
            total_bytes = total.bytes,
        }
        texts[i] = line_text(line) .. "  " .. step_text(rows[i])
    end
    return table.concat(texts, "\n"), rows
end

return explain
