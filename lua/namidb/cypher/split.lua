--- CALL { } IN TRANSACTIONS: a statement as several, that are run one behind
-- the other and hand rows on.
--
-- What stands before the call gives `rows`; `each` batch of them is what the
-- call does; `size` is how many a batch has. What stands behind the call goes
-- on with the rows of all batches, and may have such a call again. A clause
-- `rows` begins what goes on: see namidb.cypher.ast.

local synthetic = require("namidb.cypher.synthetic")

local split = {}

local function query_of(node, clauses)
    return { kind = "query", at = node.at, mode = node.mode, parts = {
        { kind = "single_query", at = node.at, clauses = clauses } } }
end

local function return_of(at, columns)
    local names = {}
    for i, column in ipairs(columns) do names[i] = column.name end
    return synthetic.return_of(at, names)
end

local function slice(list, first, last)
    local part = {}
    for i = first, last do part[#part + 1] = list[i] end
    return part
end

-- Where the first such call of a checked statement is, and the clause.
local function find(node)
    for i, clause in ipairs(node.parts[1].clauses) do
        if clause.batches then return i, clause end
    end
end

-- What a call gives: names that were there, and what it returns.
local function columns_behind(call)
    local columns = slice(call.visible, 1, #call.visible)
    for i, name in ipairs(call.query.columns) do
        local binding = call.outputs[i]
        if binding then
            columns[#columns + 1] = { name = name, kind = binding.kind,
                                      type = binding.type,
                                      element = binding.element }
        end
    end
    return columns
end

-- What is in front of the call that is clause `at`.
local function rows_tree(node, at, call)
    local clauses = slice(node.parts[1].clauses, 1, at - 1)
    clauses[at] = return_of(call.at, call.visible)
    return query_of(node, clauses)
end

-- The call, for the rows of a batch; `behind` are its columns, if any are
-- wanted.
local function each_tree(node, at, call, behind)
    local clause = node.parts[1].clauses[at]
    clause.batches = nil
    return query_of(node, {
        { kind = "rows", at = call.at, columns = call.visible }, clause,
        behind and return_of(call.at, behind) })
end

local function size_tree(node, at)
    local size = node.parts[1].clauses[at].batches.size
    return query_of(node, { synthetic.return_items(size.at, {
        synthetic.item(size.at, "size", size) }) })
end

local function rest_tree(node, at, call, behind)
    local clauses = node.parts[1].clauses
    local rest = slice(clauses, at + 1, #clauses)
    table.insert(rest, 1, { kind = "rows", at = call.at, columns = behind,
                            is_told = true, status = call.batches.status })
    return query_of(node, rest)
end

--- Splits a checked statement. tree() gives the same as it was parsed, anew
-- each time; check(tree) checks one.
-- Returns an array of stages { at, on_error, size? , rows, each }, and what
-- stands behind the last call; nil: nothing does.
function split.stages(checked, tree, check)
    local stages = {}
    while checked do
        local at, call = find(checked)
        if not at then return stages, checked end
        local has_more = at < #checked.parts[1].clauses
        local behind = has_more and columns_behind(call) or nil
        local before = tree
        stages[#stages + 1] = {
            at = call.batches.at, on_error = call.batches.on_error,
            size = call.batches.size and check(size_tree(before(), at)),
            rows = check(rows_tree(before(), at, call)),
            each = check(each_tree(before(), at, call, behind)),
        }
        checked = nil
        if has_more then
            tree = function() return rest_tree(before(), at, call, behind) end
            checked = check(tree())
        end
    end
    return stages
end

return split
