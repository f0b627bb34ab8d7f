-- Edges that are only kept apart are known as loops alone where that is enough.
-- Graphs here have many loops, several at a node, and pairs of equal edges.

local namidb = require("namidb")
local loops = require("namidb.plan.loops")
local random = require("spec.support.random")

local NODES, EDGES = 6, 30

-- Puts a random graph into two packs and a memtable; its edges, in a list.
local function build(db, seed)
    local rand, edges, ids = random.new(seed), {}, {}
    assert(db:write(function(tx)
        for i = 1, NODES do ids[i] = tx:put_node("N", i, { n = i }) end
    end))
    for part = 1, 3 do
        assert(db:write(function(tx)
            for _ = 1, EDGES / 3 do
                local from = rand(NODES)
                local to = rand(3) == 1 and from or rand(NODES)
                local edge = { n = #edges + 1, from = from, to = to,
                               type = rand(3) == 1 and "L" or "K" }
                edges[edge.n] = edge
                tx:put_edge(edge.type, ids[from], ids[to], { n = edge.n })
            end
        end))
        if part < 3 then assert(db:flush()) end
    end
    return edges
end

local LEFT, RIGHT = { out = "-", ["in"] = "<-", both = "-" },
                    { out = "->", ["in"] = "-", both = "-" }

-- "(v0)-[:K]->(v1)<-[e2:L]-(v0)": a step is { direction, types, to, name }.
local function text_of(steps)
    local parts = { "(v0:N)" }
    for i, step in ipairs(steps) do
        parts[#parts + 1] = ("%s[%s%s]%s(v%d)"):format(LEFT[step[1]],
            step[4] or "", step[2] and ":" .. step[2] or "", RIGHT[step[1]],
            step[3] or i)
    end
    return table.concat(parts)
end

-- Calls fn with the nodes and edges of each match from `node` on.
local function match(edges, steps, bound, used, at, fn)
    local step = steps[at]
    if not step then return fn(bound, used) end
    local here, slot = bound[at], step[3] or at
    local function try(edge, from, to)
        if from ~= here or used[edge] or
            step[2] and not step[2]:find(edge.type) or
            step[3] and bound[step[3] + 1] ~= to then
            return
        end
        local old = bound[at + 1]
        bound[at + 1], used[edge], used[at] = to, true, edge.n
        match(edges, steps, bound, used, at + 1, fn)
        bound[at + 1], used[edge], used[at] = old, nil, nil
    end
    assert(slot <= at)
    for _, edge in ipairs(edges) do
        if step[1] ~= "in" then try(edge, edge.from, edge.to) end
        if step[1] == "in" or
            step[1] == "both" and edge.from ~= edge.to then
            try(edge, edge.to, edge.from)
        end
    end
end

local function expected(edges, steps, start)
    local rows = {}
    match(edges, steps, { start }, {}, 1, function(bound, used)
        local cells = {}
        for i = 1, #steps + 1 do cells[i] = bound[i] end
        for i, step in ipairs(steps) do
            if step[4] then cells[#cells + 1] = used[i] end
        end
        rows[#rows + 1] = table.concat(cells, " ")
    end)
    table.sort(rows)
    return rows
end

local function found(db, steps, start)
    local names = { "v0" }
    for i, step in ipairs(steps) do
        names[#names + 1] = "v" .. (step[3] or i)
    end
    for _, step in ipairs(steps) do names[#names + 1] = step[4] end
    local items = {}
    for i, name in ipairs(names) do items[i] = name .. ".n AS c" .. i end
    local rows = {}
    for i, row in ipairs(assert(db:query("MATCH " .. text_of(steps) ..
        " WHERE key(v0) = $start RETURN " .. table.concat(items, ", "),
        { start = start }))) do
        local cells = {}
        for j = 1, #names do cells[j] = row["c" .. j] end
        rows[i] = table.concat(cells, " ")
    end
    table.sort(rows)
    return rows
end

local PATTERNS = {
    { { "out", "K" }, { "out", "K" } },
    { { "in", "K" }, { "in", "K" } },
    { { "out", "K" }, { "in", "K" } },
    { { "in", "K" }, { "out", "K" } },
    { { "both", "K" }, { "out", "K" } },
    { { "out", "K" }, { "both", "K" } },
    { { "out", "K|L" }, { "out", "K|L" } },
    { { "out", "K" }, { "out", "K|L" } },
    { { "out" }, { "out" } },
    { { "out", "K" }, { "out", "K", 0 } },
    { { "out", "K" }, { "out", "K" }, { "out", "K" } },
    { { "out", "K" }, { "out", "K" }, { "in", "K" } },
    { { "out", "K" }, { "out", "K" }, { "out", "K", 0 } },
    { { "out", "K", nil, "e" }, { "out", "K" } },
    { { "out", "K" }, { "out", "K", nil, "e" } },
    { { "out", "K" }, { "out", "K", nil, "e" }, { "out", "K" } },
}

describe("edges that are kept apart", function()
    it("occur once in a match, loops among them", function()
        for seed = 1, 6 do
            local db = assert(namidb.open("memory://loops" .. seed))
            local edges = build(db, seed)
            for _, steps in ipairs(PATTERNS) do
                for start = 1, NODES do
                    assert.same(expected(edges, steps, start),
                                found(db, steps, start), text_of(steps))
                end
            end
            db:close()
        end
    end)
end)

describe("loops.enough", function()
    local function expand(child, slot, edge, to, direction)
        return { kind = "EXPAND", child = child, slot = slot, edge = edge,
                 to = to, direction = direction }
    end

    local function enough(child, ...)
        local slots = {}
        for slot in pairs(loops.enough({ kind = "FILTER", child = child,
            expr = { kind = "DIFFER", slots = { ... } } })) do
            slots[#slots + 1] = slot
        end
        table.sort(slots)
        return slots
    end

    it("is where one begins at the other's end", function()
        local first = expand({ kind = "ARGUMENT" }, 1, 10, 2, "out")
        assert.same({ 10, 11 },
                    enough(expand(first, 2, 11, 3, "out"), 10, 11))
        assert.same({ 10, 11 }, enough(expand({ kind = "FILTER",
            child = first }, 1, 11, 3, "in"), 10, 11))
        assert.same({}, enough(expand(first, 2, 11, 3, "in"), 10, 11))
        assert.same({}, enough(expand(first, 1, 11, 3, "out"), 10, 11))
        assert.same({}, enough(expand(first, 2, 11, 3, "both"), 10, 11))
        assert.same({}, enough(first, 9, 10))
    end)

    it("is of the middle one of three", function()
        local op = { kind = "ARGUMENT" }
        for i = 1, 3 do op = expand(op, i, 10 + i, i + 1, "out") end
        assert.same({ 12 }, enough(op, 11, 12, 13))
    end)
end)
