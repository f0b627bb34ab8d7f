-- Each clause sees all that the clauses before it changed, and nothing of what
-- those behind it change. Rows flow through operators chunk by chunk, so where
-- an operator would read what one below it still changes, or change what one
-- below it still reads, an EAGER stands between the two.
--
-- Operators find (patterns, searches, counts: what any change may change), look
-- (at properties and labels of what is there: what SET and DELETE may change),
-- create, set and delete. `doing` is what the operators of a chain do while
-- rows still flow: { finds =, looks =, creates =, deletes = booleans, sets =
-- { { labels =, name = of a property, nil: all }, ... } }.

local expression = require("namidb.plan.expression")

local barrier = {}

local function nothing()
    return { sets = {} }
end

local function add(doing, more)
    for _, name in ipairs({ "finds", "looks", "creates", "deletes" }) do
        doing[name] = doing[name] or more[name]
    end
    for _, set in ipairs(more.sets) do
        doing.sets[#doing.sets + 1] = set
    end
    return doing
end

local function add_expression(doing, expr)
    if not expr then return end
    doing.finds = doing.finds or expression.finds(expr)
    doing.looks = doing.looks or expression.looks(expr)
end

----------------------------------------------------- what an operator does

local FINDS = { SCAN = true, SCAN_NAMED = true,
                SCAN_EDGES = true, SEEK_KEY = true,
                SEEK_INDEX = true, SEEK_EDGES = true, SEEK_EDGE_ID = true,
                SEEK_ID = true, EXPAND = true, VAR_EXPAND = true,
                SHORTEST = true, CALL = true }

local CHANGES_LABELS = { ADD_LABELS = true, REMOVE_LABELS = true,
                         ADD_NAMED = true, REMOVE_NAMED = true }

local function add_sets(doing, sets)
    for _, set in ipairs(sets or {}) do
        local is_map = set.code == "REPLACE" or set.code == "MERGE"
        local is_labels = CHANGES_LABELS[set.code] == true
        add_expression(doing, set.entity)
        add_expression(doing, set.value)
        -- The map may be a node or an edge.
        if is_map and set.value.kind ~= "MAP" then doing.looks = true end
        doing.sets[#doing.sets + 1] = {
            labels = is_labels,
            name = set.code == "PROPERTY" and set.name or nil,
        }
    end
end

local function add_creates(doing, creates)
    for _, create in ipairs(creates or {}) do
        add_expression(doing, create.props)
        for _, named in ipairs(create.named) do add_expression(doing, named) end
        doing.creates = true
    end
end

-- Whether the inner plan is run once, and not for each row.
local function is_beside(op)
    return op.kind == "UNION" or op.kind == "JOIN"
end

local whole

-- What an operator does itself, or by inner plans that it runs for its rows.
local function own(op)
    local doing = nothing()
    doing.finds = FINDS[op.kind]
    doing.deletes = op.kind == "DELETE"
    add_expression(doing, op.expr)
    for _, expr in ipairs(op.exprs or {}) do add_expression(doing, expr) end
    for _, expr in ipairs(op.arguments or {}) do add_expression(doing, expr) end
    for _, item in ipairs(op.kind == "PROJECT" and op.items or {}) do
        add_expression(doing, item.expr)
    end
    add_creates(doing, op.creates)
    add_sets(doing, op.kind == "SET" and op.items)
    add_sets(doing, op.on_create)
    add_sets(doing, op.on_match)
    if op.inner and not is_beside(op) then add(doing, whole(op.inner)) end
    return doing
end

-- What a plan does, from its first row to its last.
function whole(op)
    local doing = own(op)
    if is_beside(op) then add(doing, whole(op.inner)) end
    if op.child then add(doing, whole(op.child)) end
    return doing
end

------------------------------------------------------------------ conflicts

local function overlap(some, others)
    for _, a in ipairs(some) do
        for _, b in ipairs(others) do
            if a.labels == b.labels and
                (a.labels or not a.name or not b.name or a.name == b.name) then
                return true
            end
        end
    end
    return false
end

-- Whether what `reader` reads may be changed by `writer`.
local function is_read(reader, writer)
    local changes = writer.deletes or #writer.sets > 0
    return reader.finds and (changes or writer.creates) or
        reader.looks and changes
end

local function does_change(doing)
    return doing.creates or doing.deletes or #doing.sets > 0
end

-- Whether all of the one must be done before any of the other.
local function is_conflict(lower, upper)
    return is_read(lower, upper) or is_read(upper, lower) or
        lower.deletes and does_change(upper) or
        upper.deletes and does_change(lower) or
        overlap(lower.sets, upper.sets)
end

------------------------------------------------------------------- the walk

-- They take in all rows before they give any; what they do is done then. DELETE
-- does nothing before it has them.
local STOPS = { EAGER = true, DELETE = true, SORT = true, AGGREGATE = true,
                MERGE = true }

local settle

local function settle_child(op)
    if not op.child then return nothing() end
    local below, doing = settle(op.child), own(op)
    local conflict = is_conflict(below, doing)
    if op.kind == "DELETE" then conflict = is_read(doing, below) end
    if not conflict then return add(below, doing) end
    op.child = { kind = "EAGER", child = op.child }
    return doing
end

-- Puts barriers into a chain; what it does while rows flow from `op`.
function settle(op)
    local inner = op.inner and settle(op.inner)
    local doing = settle_child(op)
    if STOPS[op.kind] then return nothing() end
    -- Its parts run one after the other, the inner plan of a JOIN whole.
    if op.kind == "UNION" then add(doing, inner) end
    return doing
end

--- Puts barriers into the plan of a statement that writes. Returns its root;
-- has_columns: whether rows of it are wanted, of which some may be nodes.
function barrier.add(root, has_columns)
    local doing = settle(root)
    if has_columns and (doing.deletes or #doing.sets > 0) then
        return { kind = "EAGER", child = root }
    end
    return root
end

return barrier
