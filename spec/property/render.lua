-- A statement as text. Parentheses stand where precedence needs them, and by
-- chance elsewhere.

local csv = require("spec.property.csv")
local group = require("spec.property.generate_group")
local label = require("spec.property.label")
local types = require("spec.property.types")
local temporal = require("spec.property.temporal")
local value = require("spec.property.value")

local render = {}

local OR, XOR, AND, NOT, COMPARE, PREDICATE, ADD, MULTIPLY, POWER, UNARY, ATOM =
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11

local expr, condition

local function list(nodes, fn)
    local parts = {}
    for i, node in ipairs(nodes) do parts[i] = fn(node) end
    return table.concat(parts, ", ")
end

-- The text of a node that must bind as `level` or closer.
local function at_least(node, level)
    local text, own = expr(node)
    if own < level then return "(" .. text .. ")" end
    return text
end

local function plain(node)
    return (expr(node))
end

--- A value as a literal.
function render.literal(v)
    if v.t == "null" then return "null" end
    if v.t == "str" then return "'" .. v.v:gsub("[\\']", "\\%0") .. "'" end
    if v.t == "float" then
        if v.v ~= v.v then return "(0.0 / 0.0)" end
        if math.abs(v.v) == 1 / 0 then
            return v.v > 0 and "(1.0 / 0.0)" or "(-1.0 / 0.0)"
        end
        local text = ("%.17g"):format(v.v)
        return text:find("[.e]") and text or text .. ".0"
    end
    if v.t == "list" then return "[" .. list(v, render.literal) .. "]" end
    if v.t == "int" then return ("%d"):format(v.v) end
    if v.t == "point" then
        return ("point({x: %s, y: %s})"):format(v.x, v.y)
    end
    if temporal.is(v) then return v.t .. "('" .. temporal.text(v) .. "')" end
    return tostring(v.v)
end

local function props(map)
    local names, parts = {}, {}
    for name in pairs(map) do names[#names + 1] = name end
    if #names == 0 then return "" end
    table.sort(names)
    for i, name in ipairs(names) do
        parts[i] = name .. ": " .. plain(map[name])
    end
    return " {" .. table.concat(parts, ", ") .. "}"
end

-- Labels behind a colon, or a value that names them in the `form` of label.lua.
local function labels(names, form, is_word)
    if #names == 0 then return "" end
    return (is_word and " IS " or ":") .. (form and label.named(names, form) or
                   table.concat(names, ":"))
end

-- WHERE inside an element.
local function inner_where(node)
    return node.where and " WHERE " .. condition(node.where, OR) or ""
end

local function node_text(node)
    return "(" .. (node.var or "") ..
        labels(node.labels, node.form, node.is_word) ..
        (node.only and label.text(node.only) or "") ..
        props(node.props) .. inner_where(node) .. ")"
end

local function edge_text(edge)
    local inner = edge.var or ""
    if #edge.types > 0 then
        inner = inner .. ":" .. (edge.form and
            label.named(edge.types, edge.form) or
            table.concat(edge.types, "|"))
    elseif edge.only then
        inner = inner .. label.text(edge.only)
    end
    if edge.hops then
        inner = inner .. "*" .. edge.hops.min .. ".." .. (edge.hops.max or "")
    end
    inner = inner .. props(edge.props) .. inner_where(edge)
    if inner ~= "" then inner = "[" .. inner .. "]" end
    return (edge.dir == "in" and "<-" or "-") .. inner ..
        (edge.dir == "out" and "->" or "-")
end

local SHORTEST = { one = "shortestPath", all = "allShortestPaths" }

-- How often a group is walked: {0,2}, {,2}, {2}, + ...
local function times_text(node)
    local min, max = node.hops.min, node.hops.max
    if node.is_short and min == max then return "{" .. min .. "}" end
    if node.is_short and not max and min < 2 then
        return min == 0 and "*" or "+"
    end
    return "{" .. (node.is_short and min == 0 and max and "" or min) .. "," ..
        (max or "") .. "}"
end

local elements_text

-- ((a)-[e:R]->(b) WHERE condition){1,3}
local function group_text(node)
    return "(" .. elements_text(node.elements) .. inner_where(node) .. ")" ..
        times_text(node)
end

function elements_text(elements)
    local parts = {}
    for i, element in ipairs(elements) do
        local is_beside = group.is(elements[i - 1]) or
            group.is(elements[i + 1])
        if i % 2 == 0 then
            parts[i] = (group.is(element) and group_text or edge_text)(element)
        else
            parts[i] = element.is_silent and is_beside and "" or
                node_text(element)
        end
    end
    return table.concat(parts)
end

local function path_text(path)
    local text = elements_text(path.elements)
    if path.selector then
        text = path.selector .. text
    elseif path.mode then
        text = path.mode .. " " .. text
    elseif path.shortest then
        text = SHORTEST[path.shortest] .. "(" .. text .. ")"
    end
    return (path.name and path.name .. " = " or "") .. text
end

----------------------------------------------------------------- expressions

local rules = {}

function expr(node)
    return rules[node.k](node)
end
render.expression = plain

function rules.lit(node)
    local is_negative = value.is_number(node.v) and node.v.v < 0
    return render.literal(node.v), is_negative and UNARY or ATOM
end

function rules.param(node) return "$" .. node.name, ATOM end
function rules.var(node) return node.name, ATOM end

function rules.prop(node)
    return at_least(node.a, ATOM) .. "." .. node.name, ATOM
end

local ARITHMETIC = { ["+"] = ADD, ["-"] = ADD, ["*"] = MULTIPLY,
                     ["/"] = MULTIPLY, ["%"] = MULTIPLY, ["^"] = POWER }

function rules.arith(node)
    local level = ARITHMETIC[node.op]
    return at_least(node.a, level) .. " " .. node.op .. " " ..
        at_least(node.b, level + 1), level
end

function rules.concat(node)
    return at_least(node.a, ADD) .. " || " .. at_least(node.b, ADD + 1), ADD
end

function rules.typed(node)
    return at_least(node.a, ADD) .. (node.negated and " IS NOT :: " or
        " IS TYPED ") .. types.closed(node.type), PREDICATE
end

function rules.neg(node)
    return "-" .. at_least(node.a, ATOM), UNARY
end

function rules.cmp(node)
    local text = at_least(node.items[1], PREDICATE)
    for i, op in ipairs(node.ops) do
        text = text .. " " .. op .. " " .. at_least(node.items[i + 1],
                                                    PREDICATE)
    end
    return text, COMPARE
end

local LOGIC = { OR = OR, XOR = XOR, AND = AND }

-- A pattern is a condition as it is, and a value by exists().
function condition(node, level)
    if node.k == "patpred" then return path_text(node.pattern) end
    return at_least(node, level)
end

function rules.logic(node)
    local level = LOGIC[node.op]
    return condition(node.a, level) .. " " .. node.op .. " " ..
        condition(node.b, level), level
end

rules["not"] = function(node)
    return "NOT " .. condition(node.a, NOT), NOT
end

function rules.isnull(node)
    return at_least(node.a, ADD) ..
        (node.negated and " IS NOT NULL" or " IS NULL"), PREDICATE
end

rules["in"] = function(node)
    return at_least(node.a, ADD) .. " IN " .. at_least(node.b, ADD), PREDICATE
end

function rules.strpred(node)
    return at_least(node.a, ADD) .. " " .. node.op .. " " ..
        at_least(node.b, ADD), PREDICATE
end

function rules.haslabel(node)
    return at_least(node.a, ATOM) .. label.test(node.only), UNARY
end

function rules.call(node)
    return node.name .. "(" .. list(node.args, plain) .. ")", ATOM
end

-- What WHEN asks of the operand: > 3, IS NULL, STARTS WITH 'a'.
local function test_text(test)
    if test.is_null ~= nil then
        return test.is_null and "IS NULL" or "IS NOT NULL"
    end
    return test.op .. " " .. at_least(test.e, PREDICATE + 1)
end

rules["case"] = function(node)
    local parts = { "CASE" }
    if node.operand then parts[2] = plain(node.operand) end
    for _, when in ipairs(node.whens) do
        local tests = plain(when.c)
        for _, test in ipairs(node.operand and when.tests or {}) do
            tests = tests .. ", " .. test_text(test)
        end
        parts[#parts + 1] = "WHEN " .. tests .. " THEN " .. plain(when.r)
    end
    if node.otherwise then
        parts[#parts + 1] = "ELSE " .. plain(node.otherwise)
    end
    return table.concat(parts, " ") .. " END", ATOM
end

function rules.listlit(node)
    return "[" .. list(node.items, plain) .. "]", ATOM
end

function rules.maplit(node)
    local parts = {}
    for i, key in ipairs(node.keys) do
        parts[i] = key .. ": " .. plain(node.items[i])
    end
    return "{" .. table.concat(parts, ", ") .. "}", ATOM
end

function rules.mapproj(node)
    return at_least(node.a, ATOM) .. " {" .. list(node.items, function(item)
        if item.key then return item.key .. ": " .. plain(item.e) end
        return item.all and ".*" or item.prop and "." .. item.prop or item.var
    end) .. "}", ATOM
end

function rules.index(node)
    return at_least(node.a, ATOM) .. "[" .. plain(node.b) .. "]", ATOM
end

function rules.slice(node)
    return at_least(node.a, ATOM) .. "[" ..
        (node.from and plain(node.from) or "") .. ".." ..
        (node.to and plain(node.to) or "") .. "]", ATOM
end

function rules.comp(node)
    return "[" .. node.var .. " IN " .. plain(node.list) ..
        (node.where and " WHERE " .. condition(node.where, OR) or "") ..
        (node.result and " | " .. plain(node.result) or "") .. "]", ATOM
end

function rules.quant(node)
    return node.q .. "(" .. node.var .. " IN " .. plain(node.list) ..
        " WHERE " .. condition(node.where, OR) .. ")", ATOM
end

function rules.reduce(node)
    return "reduce(" .. node.acc .. " = " .. plain(node.init) .. ", " ..
        node.var .. " IN " .. plain(node.list) .. " | " .. plain(node.e) ..
        ")", ATOM
end

function rules.patpred(node)
    return "exists(" .. path_text(node.pattern) .. ")", ATOM
end

function rules.shortest(node)
    return path_text(node.pattern), ATOM
end

function rules.patcomp(node)
    return "[" .. path_text(node.pattern) ..
        (node.where and " WHERE " .. condition(node.where, OR) or "") ..
        " | " .. plain(node.result) .. "]", ATOM
end

function rules.sub(node)
    if node.query then
        return node.what .. " { " .. render.query(node.query) .. " }", ATOM
    end
    if node.is_bare then
        local text = list(node.patterns, path_text)
        return node.what .. " { " .. (node.result and "MATCH " .. text ..
            " RETURN " .. plain(node.result) or text) .. " }", ATOM
    end
    return node.what .. " { MATCH " .. list(node.patterns, path_text) ..
        (node.where and " WHERE " .. condition(node.where, OR) or "") ..
        " RETURN " .. (node.result and plain(node.result) or "1") ..
        " AS sub }", ATOM
end

function rules.agg(node)
    return node.name .. "(" .. (node.distinct and "DISTINCT " or "") ..
        (node.arg and plain(node.arg) or "*") .. ")", ATOM
end

--------------------------------------------------------------------- clauses

local clauses = {}

local function where(node)
    return node.where and " WHERE " .. condition(node.where, OR) or ""
end

-- What is asked of all that is on the way of a shortest path.
local function way_text(path)
    local way = path.elements[2].way
    local of = way.of == "edges" and path.elements[2].var or
        way.of .. "(" .. path.name .. ")"
    return way.q .. "(" .. way.var .. " IN " .. of .. " WHERE " ..
        condition(way.where, OR) .. ")"
end

function clauses.match(node)
    local ways = {}
    for _, path in ipairs(node.patterns) do
        if path.shortest and path.elements[2].way then
            ways[#ways + 1] = way_text(path)
        end
    end
    local text = where(node)
    if #ways > 0 then
        text = " WHERE " .. table.concat(ways, " AND ") ..
            (node.where and " AND " .. condition(node.where, AND) or "")
    end
    return (node.optional and "OPTIONAL " or "") .. "MATCH " ..
        list(node.patterns, path_text) .. text
end

function clauses.unwind(node)
    if node.is_for then
        return "FOR " .. node.var .. " IN " .. plain(node.list)
    end
    return "UNWIND " .. plain(node.list) .. " AS " .. node.var
end

local SEPARATORS = { [";"] = " FIELDTERMINATOR ';'",
                     ["\t"] = " FIELDTERMINATOR '\\t'" }

function clauses.csv(node)
    return "LOAD CSV " .. (node.has_header and "WITH HEADERS " or "") ..
        "FROM 'file:///" .. csv.file(node.text) .. "' AS " .. node.var ..
        (SEPARATORS[node.separator] or "")
end

function clauses.project(node, is_last)
    local text = (is_last and "RETURN " or "WITH ") ..
        (node.distinct and "DISTINCT " or "") ..
        list(node.items, function(item)
            if item.e.k == "var" and item.e.name == item.name then
                return item.name
            end
            return plain(item.e) .. " AS " .. item.name
        end)
    if node.order then
        text = text .. " ORDER BY " .. list(node.order, function(by)
            return plain(by.e) .. (by.desc and " DESC" or "")
        end)
    end
    for _, key in ipairs({ "skip", "limit" }) do
        local by = node[key .. "_by"]
        if node[key] then
            text = text .. " " .. key:upper() .. " " ..
                (by and plain(by) or node[key])
        end
    end
    return text .. where(node)
end

function clauses.let(node)
    return "LET " .. list(node.items, function(item)
        return item.name .. " = " .. plain(item.e)
    end)
end

function clauses.filter(node)
    return "FILTER " .. condition(node.where, OR)
end

function clauses.create(node)
    return "CREATE " .. list(node.patterns, path_text)
end

local function target(item)
    return item.var .. (item.is_dynamic and "['%s']" or ".%s"):format(item.name)
end

local function set_item(item)
    if item.labels then
        return item.var .. labels(item.labels, item.form)
    end
    if item.remove then return target(item) end
    if item.map then
        local text = props(item.map)
        return item.var .. (item.replace and " = " or " += ") ..
            (text == "" and "{}" or text)
    end
    return target(item) .. " = " .. plain(item.e)
end

function clauses.set(node)
    return (node.items[1].remove and "REMOVE " or "SET ") ..
        list(node.items, set_item)
end

function clauses.merge(node)
    return "MERGE " .. path_text(node.path) ..
        (node.on_create and " ON CREATE SET " ..
            list(node.on_create, set_item) or "") ..
        (node.on_match and " ON MATCH SET " .. list(node.on_match, set_item)
            or "")
end

function clauses.delete(node)
    return (node.detach and "DETACH " or "") .. "DELETE " ..
        table.concat(node.vars, ", ")
end

function clauses.foreach(node)
    local parts = {}
    for i, part in ipairs(node.clauses) do
        parts[i] = clauses[part.k](part)
    end
    return "FOREACH (" .. node.var .. " IN " .. plain(node.list) .. " | " ..
        table.concat(parts, " ") .. ")"
end

-- IN TRANSACTIONS OF 2 ROWS ON ERROR CONTINUE REPORT STATUS AS s
local function batches_text(batches)
    if not batches then return "" end
    return " IN TRANSACTIONS OF " .. plain(batches.size) .. " ROWS" ..
        (batches.on_error and " ON ERROR " .. batches.on_error or "") ..
        (batches.status and " REPORT STATUS AS " .. batches.status or "")
end

function clauses.call(node)
    local names = table.concat(node.imports, ", ")
    local verb = node.optional and "OPTIONAL CALL " or "CALL "
    if node.is_listed then
        return verb .. "(" .. names .. ") { " .. render.query(node.query) ..
            " }" .. batches_text(node.batches)
    end
    return verb .. "{ " .. render.query(node.query,
        names ~= "" and "WITH " .. names .. " " or "") .. " }"
end

--- The text of a query. first: what stands before each of its parts.
function render.query(query, first)
    local parts = {}
    for i, part in ipairs(query.parts) do
        local texts = {}
        for c, node in ipairs(part) do
            texts[c] = clauses[node.k](node, c == #part)
        end
        parts[i] = (first or "") .. table.concat(texts, " ")
    end
    return table.concat(parts, query.all and " UNION ALL " or " UNION ")
end

return render
