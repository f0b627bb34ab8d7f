-- Of the rows, the share for which a condition is thought to hold: from how
-- often a property is there, how many values it takes and between which numbers
-- they lie (handle:counts()), or guesses where that is not known. Wrong shares
-- make slow plans and never wrong ones.
--
-- Values are thought to be spread evenly, and conditions to know nothing of one
-- another (Selinger et al. 1979). A literal is mostly a parameter here, so
-- ranges are told apart by their ends only where an end is a constant. The
-- values that a plan is first run with are not looked at: it is kept for
-- others, and would be as good as the first are typical. What that costs is
-- bounded where it matters most: a search that finds more than a small share
-- gives way to the scan while it runs (plan/index.lua).

local selectivity = {}

local GUESS = { EQ = 0.05, IN = 0.15, LT = 0.3, LE = 0.3, GT = 0.3, GE = 0.3,
                NE = 0.9, STARTS = 0.1, ENDS = 0.1, CONTAINS = 0.1,
                REGEX = 0.1, IS_NULL = 0.1, NOT_NULL = 0.9, LABELS = 1 }

local TURNED = { EQ = "EQ", NE = "NE", LT = "GT", LE = "GE", GT = "LT",
                 GE = "LE" }

-- How many items a list has that is not written out.
local ITEMS = 3

-- Nothing is so rare that it never is: hints may be old.
local LEAST = 1e-3

-- Of names the one of which most values are known: its line of the table, and
-- how many nodes or edges there are of it.
local function best_line(lines, counts, names, property)
    local best, count
    if not names then return nil end
    for _, name in ipairs(names) do
        local line = lines[name] and lines[name][property]
        if line and (not best or line.values > best.values) then
            best, count = line, counts[name] or 0
        end
    end
    return best, count
end

--- What is known of a property of what is in a slot: { present = share of the
-- rows that have it, distinct =, min =, max =, of = (see handle:counts()) };
-- nil: nothing.
function selectivity.property(context, slot, property)
    local statistics = context.options.statistics
    if not statistics then return nil end
    local line, count = best_line(statistics.node_properties,
        statistics.labels, context.labels_of[slot], property)
    if not line then
        line, count = best_line(statistics.edge_properties, statistics.types,
            context.types_of[slot], property)
    end
    if not line then return nil end
    return { present = math.min(1, line.values / math.max(count, 1)),
             distinct = math.max(line.distinct, 1),
             min = line.min, max = line.max, of = line.of }
end

--- The same of an expression that is a property of what is in a slot.
function selectivity.known_of(context, expr)
    if expr.kind ~= "PROPERTY" or expr[1].kind ~= "SLOT" then return nil end
    return selectivity.property(context, expr[1].number,
                                context.names[expr.number + 1].text)
end

-- Where a constant lies among the values of a property: a number that goes with
-- its min and max; nil: that cannot be said.
local function place_of(known, expr)
    local value = expr.kind == "CONST" and expr.value
    if not value or not known.min then return nil end
    if not known.of then return type(value) == "number" and value or nil end
    local kind = type(value) == "table" and getmetatable(value)
    if not kind or kind.__name ~= "namidb." .. known.of then return nil end
    return tonumber(value[1])
end

-- The share of the values between min and max that are below a place.
local function below(known, place)
    local width = known.max - known.min
    local share = width > 0 and (place - known.min) / width or 0.5
    return math.min(1, math.max(share, 0))
end

--- The share of the rows where a property, of which something is known, lies
-- between two expressions; either may be nil: no bound. At least what one value
-- has. And whether that is more than a guess.
function selectivity.between(known, low, high)
    local from, to = low and place_of(known, low), high and
        place_of(known, high)
    local share = (to and below(known, to) or 1) -
        (from and below(known, from) or 0)
    if low and not from then share = share * GUESS.GT end
    if high and not to then share = share * GUESS.LT end
    return known.present * math.max(share, 1 / known.distinct),
        (from or to) ~= nil
end

-- A comparison of a property that something is known of with an expression.
local function compared(known, kind, other)
    local one = known.present / known.distinct
    if kind == "EQ" then return one end
    if kind == "NE" then return math.max(known.present - one, LEAST) end
    local is_low = kind == "GT" or kind == "GE"
    return (selectivity.between(known, is_low and other or nil,
                                not is_low and other or nil))
end

--- The share of the rows where such a property is an item of a list.
function selectivity.among(known, list)
    local items = list.kind == "LIST" and #list or ITEMS
    return known.present * math.min(1, items / known.distinct)
end

local function of_comparison(context, expr)
    local kind = expr.kind
    local known = selectivity.known_of(context, expr[1])
    if known then return compared(known, kind, expr[2]) end
    known = selectivity.known_of(context, expr[2])
    return known and compared(known, TURNED[kind], expr[1])
end

local by_kind = {} -- (context, expr); nil: a guess

for kind in pairs(TURNED) do by_kind[kind] = of_comparison end

function by_kind.IN(context, expr)
    local known = selectivity.known_of(context, expr[1])
    return known and selectivity.among(known, expr[2])
end

function by_kind.IS_NULL(context, expr)
    local known = selectivity.known_of(context, expr[1])
    return known and math.max(1 - known.present, LEAST)
end

function by_kind.NOT_NULL(context, expr)
    local known = selectivity.known_of(context, expr[1])
    return known and known.present
end

by_kind["NOT"] = function(context, expr)
    return math.max(1 - selectivity.of(context, expr[1]), 0.1)
end

by_kind["AND"] = function(context, expr)
    local share = 1
    for _, part in ipairs(expr) do
        share = share * selectivity.of(context, part)
    end
    return share
end

by_kind["OR"] = function(context, expr)
    local share = 0
    for _, part in ipairs(expr) do
        share = share + selectivity.of(context, part)
    end
    return math.min(share, 1)
end

--- The share for which a plan's expression is thought to be true.
function selectivity.of(context, expr)
    local make = by_kind[expr.kind]
    return make and make(context, expr) or GUESS[expr.kind] or 0.5
end

return selectivity
