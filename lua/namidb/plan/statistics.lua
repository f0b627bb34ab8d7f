-- What the planner knows of a graph: counts, and how old they may be.
--
-- A database counts as it goes (handle:counts()), so asking reads no row. The
-- counts are kept while nothing changed; a plan remembers those that it relied
-- on, and is made anew when one of them is another order of magnitude.

local core = require("namidb.core")

local statistics = {}

-- How much a count may change before a plan that used it is made anew.
local FACTOR, SLACK = 4, 64

-- Not for users.
local stamps, segments = {}, {}
for _, kind in ipairs({ core.db, core.snapshot, core.tx }) do
    stamps[kind.__name] = kind.__index.stamp
    segments[kind.__name] = kind.__index.segments
    kind.__index.stamp, kind.__index.segments = nil, nil
end

local function stamp_of(handle)
    return stamps[getmetatable(handle)](handle)
end

--- The counts of a handle's graph; `kept` holds them for the next time.
function statistics.of(handle, kept)
    local stamp = stamp_of(handle)
    if kept.stamp ~= stamp then
        kept.counts, kept.stamp = handle:counts(), stamp
    end
    return kept.counts
end

local function differs(old, new)
    old, new = old or 0, new or 0
    local low, high = math.min(old, new), math.max(old, new)
    return high > low * FACTOR + SLACK
end

--- What plan/cold.lua asks of what would have to be fetched.
function statistics.segments(handle)
    local ask = segments[getmetatable(handle)]
    return function(of, name) return ask(handle, of, name) end
end

-- Whether there are many more or fewer of a label or type now, or the first is
-- known of its properties.
local function is_other(name, old, new, counts, properties)
    return differs(old[counts][name], new[counts][name]) or
        not old[properties][name] and new[properties][name] ~= nil
end

-- Whether the edges of a type are spread otherwise now, or that is first known.
local function is_spread(name, old, new)
    for _, side in ipairs({ "out", "into" }) do
        local before, now = old.degrees[side][name], new.degrees[side][name]
        if now and (not before or differs(before.at_an_edge, now.at_an_edge))
        then
            return true
        end
    end
    return false
end

-- Each label and type among a plan's names: its text, and where counts have
-- how many there are of it and what is known of its properties.
local TABLES = { [0] = { "labels", "node_properties" },
                 { "types", "edge_properties" } }

--- Of counts what is about these names: a plan's table of names
-- (plan/context.lua).
function statistics.about(names, counts)
    local own = { nodes = counts.nodes, labels = {}, types = {},
                  node_properties = {}, edge_properties = {},
                  degrees = { out = {}, into = {} } }
    for _, name in ipairs(names) do
        local text = name.text
        for _, field in ipairs(TABLES[name.kind] or {}) do
            own[field][text] = counts[field][text]
        end
        if name.kind == 1 then
            own.degrees.out[text] = counts.degrees.out[text]
            own.degrees.into[text] = counts.degrees.into[text]
        end
    end
    return own
end

--- Whether a plan that was made by `old` counts, which statistics.about gave,
-- is worth another look.
function statistics.is_stale(names, old, new)
    if differs(old.nodes, new.nodes) then return true end
    for _, name in ipairs(names) do
        if name.kind == 0 and is_other(name.text, old, new, "labels",
                                       "node_properties") or
            name.kind == 1 and is_other(name.text, old, new, "types",
                                        "edge_properties") or
            name.kind == 1 and is_spread(name.text, old, new) then
            return true
        end
    end
    return false
end

-- Whether other values are there of a property, or one of them is not known.
local function is_other_line(old, new)
    if not old or not new then return old ~= new end
    return differs(old.values, new.values) or
        differs(old.distinct, new.distinct)
end

--- Whether counts of another graph are other than those that a plan was made
-- by: what one graph has of properties hardly changes, and another may have
-- anything.
function statistics.is_other_graph(names, old, new)
    if statistics.is_stale(names, old, new) then return true end
    for _, of in ipairs(names) do
        local field = (TABLES[of.kind] or {})[2]
        local before = field and old[field][of.text]
        local now = field and new[field][of.text] or {}
        for _, name in ipairs(before and names or {}) do
            if name.kind == 2 and
                is_other_line(before[name.text], now[name.text]) then
                return true
            end
        end
    end
    return false
end

return statistics
