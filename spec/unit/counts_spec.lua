-- counts(): what a graph has, without a look at any row.

local namidb = require("namidb")

local random = require("spec.support.random").new(os.time())

local function add(counts, name)
    counts[name] = (counts[name] or 0) + 1
end

-- The same by scans.
local function counted(reader)
    local counts = { nodes = 0, labels = {}, types = {}, out = {}, into = {} }
    for node in reader:nodes() do
        counts.nodes = counts.nodes + 1
        for _, label in ipairs(node.labels) do add(counts.labels, label) end
    end
    for edge in reader:edges() do
        add(counts.types, edge.type)
        for side, id in pairs({ out = edge.from, into = edge.to }) do
            counts[side][edge.type] = counts[side][edge.type] or {}
            add(counts[side][edge.type], reader:node(id).labels[1] or "")
        end
    end
    return counts
end

local function positive(map)
    local result = {}
    for name, count in pairs(map) do
        if count > 0 then result[name] = count end
    end
    return result
end

local LABELS, TYPES = { "A", "B", "C" }, { "R", "S" }

local function change(tx, nodes, edges, may_delete)
    local what = random(may_delete and 8 or 5)
    if what <= 2 or #nodes == 0 then
        local labels = { LABELS[random(4)] }
        if may_delete and labels[1] == "A" then labels[2] = "B" end
        nodes[#nodes + 1] = assert(tx:create_node(labels, {}))
    elseif what <= 5 then
        edges[#edges + 1] = assert(tx:put_edge(TYPES[random(2)],
            nodes[random(#nodes)], nodes[random(#nodes)], {}))
    elseif what == 6 and #edges > 0 then
        assert(tx:delete_edge(table.remove(edges, random(#edges))) ~= nil)
    elseif what == 7 then
        tx:add_label(nodes[random(#nodes)], LABELS[random(3)])
    end
end

local function compare(reader, may_delete)
    local counts, wanted = reader:counts(), counted(reader)
    assert.equal(wanted.nodes, counts.nodes)
    assert.same(wanted.labels, positive(counts.labels))
    assert.same(wanted.types, positive(counts.types))
    if may_delete then return end
    assert.same(wanted.out, counts.out)
    assert.same(wanted.into, counts.into)
end

describe("counts", function()
    for _, may_delete in ipairs({ false, true }) do
        it("are what scans find, over rollbacks and flushes" ..
            (may_delete and ", with deletions" or ""), function()
            local first = random.state
            local db = assert(namidb.open("memory://counts-" ..
                tostring(may_delete)))
            local nodes, edges = {}, {}
            local ok, err = pcall(function()
                for round = 1, 120 do
                    local before = { #nodes, #edges }
                    local is_lost = random(3) == 1
                    pcall(db.write, db, function(tx)
                        for _ = 1, random(8) do
                            change(tx, nodes, edges,
                                   may_delete and not is_lost)
                        end
                        if random(2) == 1 then compare(tx, may_delete) end
                        if is_lost then error("lost") end
                    end)
                    if is_lost then
                        for i = #nodes, before[1] + 1, -1 do nodes[i] = nil end
                        for i = #edges, before[2] + 1, -1 do edges[i] = nil end
                    end
                    local snapshot = db:snapshot()
                    compare(db, may_delete)
                    if round % 20 == 0 then assert(db:flush()) end
                    compare(snapshot, may_delete)
                    snapshot:close()
                end
            end)
            db:close()
            assert(ok, ("seed %d: %s"):format(first, tostring(err)))
        end)
    end

    it("of a snapshot are its own", function()
        local db = assert(namidb.open("memory://counts-snapshot"))
        db:query("CREATE (:A)-[:R]->(:B)")
        local snapshot = db:snapshot()
        db:query("MATCH (a:A) CREATE (a)-[:R]->(:B), (:A)")
        assert.equal(4, db:counts().nodes)
        assert.equal(2, snapshot:counts().nodes)
        assert.equal(1, snapshot:counts().labels.A)
        assert.equal(1, snapshot:counts().out.R.A)
        assert.same({ B = 2 }, db:counts().into.R)
        snapshot:close()
        db:close()
    end)

    local function about(wanted, found)
        assert.is_true(math.abs(found - wanted) <= wanted / 2,
                       ("%s instead of %s"):format(found, wanted))
    end

    it("tell what values properties have, of what is flushed", function()
        local db = assert(namidb.open("memory://counts-properties"))
        assert(db:query("UNWIND range(1, 1000) AS i CREATE (a:A {i: i, " ..
            "few: i % 5, half: CASE WHEN i % 2 = 0 THEN 1.5 END, " ..
            "text: 't' + toString(i)})-[:R {w: -i}]->(:B)"))
        assert.same({}, db:counts().node_properties)
        assert(db:flush())
        local reader = assert(namidb.open("memory://counts-properties",
                                          { read_only = true }))
        local counts = reader:counts()
        local a, r = counts.node_properties.A, counts.edge_properties.R
        assert.is_nil(counts.node_properties.B)
        assert.same({ 1000, 1, 1000 }, { a.i.values, a.i.min, a.i.max })
        assert.same({ 1000, 5 }, { a.few.values, a.few.distinct })
        assert.same({ values = 500, distinct = 1, min = 1.5, max = 1.5 },
                    a.half)
        assert.same({ 1000, -1000, -1 }, { r.w.values, r.w.min, r.w.max })
        assert.is_nil(a.text.min)
        for _, line in ipairs({ a.i, a.text, r.w }) do
            about(1000, line.distinct)
        end
        reader:close()

        assert(db:query("UNWIND range(1, 500) AS i CREATE (:A {i: 2000 + i})"))
        assert(db:flush())
        a = db:counts().node_properties.A
        assert.same({ 1500, 1, 2500 }, { a.i.values, a.i.min, a.i.max })
        about(1500, a.i.distinct)
        assert.equal(5, a.few.distinct)
        db:close()
    end)
end)
