-- Plans that a handle made and others may use.
--
-- A program that serves many graphs, or opens one again, asks all of them the
-- same. A plan speaks of names and holds for any graph; whether it is a good
-- one is what a handle asks of its own plans, too, when it looks at them again:
-- are there about as many of each, and is about as much at hand? So it is read,
-- checked and planned once for all graphs that are alike. What a handle has
-- registered is its own, and so are plans with that.
--
-- Each handle has a plan of the core's of its own, which keeps things from run
-- to run.

local cold = require("namidb.plan.cold")
local core = require("namidb.core")
local schema = require("namidb.schema")
local statements = require("namidb.statements")
local statistics = require("namidb.plan.statistics")

local planned = {}

-- Of a text there are a few: what is best for a graph that was just opened is
-- not what is best when all of it is at hand.
local MOST = 3

local texts = statements.new()

-- options: as plan.make has them.
local function suits(made, options)
    return made.is_far == options.is_far and
        not statistics.is_other_graph(made.names, made.counts,
                                      options.statistics) and
        not cold.is_stale(made.cold, options.segments) and
        schema.are_alike(made.indexes, options.indexes)
end

--- A new plan for a text, of one that suits; nil: there is none.
function planned.find(text, options)
    for _, made in ipairs(texts:find(text) or {}) do
        if suits(made, options) then
            local own = {}
            for name, value in pairs(made) do own[name] = value end
            own.core = core.plan(own.bytes, own.constants, own.constants.n)
            return own.core and own
        end
    end
    return nil
end

--- Keeps a plan that was made with these options.
function planned.keep(text, made, options)
    local kept = texts:find(text) or texts:keep(text, {})
    table.insert(kept, 1, {
        bytes = made.bytes, constants = made.constants, places = made.places,
        columns = made.columns, params = made.params, mode = made.mode,
        writes = made.writes, has_host = made.has_host,
        names = made.names, cold = made.cold, counts = made.counts,
        is_far = options.is_far, indexes = options.indexes,
    })
    kept[MOST + 1] = nil
end

--- Forgets all that was kept.
function planned.forget() texts:clear() end

return planned
