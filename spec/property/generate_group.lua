-- Groups: parts of a path that are walked several times,
-- ((a)-[r:R]->(b)-[s]->(c) WHERE a.i < c.i){1,2}. Outside of it their names are
-- lists.

local group = {}

-- How many groups of several relationships a statement has at most: each of
-- them is one pattern for each length.
local GROUPS_MAX = 3

local function property_of(name)
    return { k = "prop", name = "i", a = { k = "var", name = name } }
end

-- A node of a group; names: those in it.
local function node(self, names)
    local random = self.random
    local made = { labels = random:one_in(4) and self:labels() or {},
                   props = random:one_in(6) and self:props() or {} }
    local first = names[1]
    if first and first.type == "node" and random:one_in(8) then
        made.var = first.name
    elseif not random:one_in(3) then
        made.var = self:fresh("g")
        names[#names + 1] = { name = made.var, type = "node" }
        made.where = self:inner_where(made.var, "node")
    end
    return made
end

local function edge(self, names, may_be_both)
    local random = self.random
    local made = { types = self:types(), props = self:props(),
                   dir = random:pick({ "out", "in", may_be_both and "both" or
                                       "out" }) }
    if random:one_in(2) then
        made.var = self:fresh("e")
        names[#names + 1] = { name = made.var, type = "edge" }
        made.where = self:inner_where(made.var, "edge")
    end
    return made
end

-- What is asked each time, of what has a name inside.
local function where(self, names)
    local random, nodes = self.random, {}
    for _, binding in ipairs(names) do
        if binding.type == "node" then nodes[#nodes + 1] = binding.name end
    end
    if #nodes > 1 and (self.is_plain or random:one_in(2)) then
        return { k = "cmp", ops = { random:pick({ "<", "<=", "<>" }) },
                 items = { property_of(nodes[1]), property_of(nodes[#nodes]) } }
    end
    return self:with_more(names, function()
        return self:expression("bool", 1)
    end)
end

-- How often a group of `count` relationships is walked. What is found once may
-- be looked for elsewhere first, so there are not too many walks of any kind,
-- even where all relationships are loops of one node.
local function times(random, count, is_one)
    local max = count == 1 and 3 or random:one_in(6) and 6 / count or 4 / count
    local min = random:int(0, 2)
    if is_one and random:one_in(3) then return { min = min } end
    return { min = min, max = random:int(0, math.max(math.floor(max), min)) }
end

-- One that is no other pattern: of one relationship with a direction.
local function is_one(elements)
    return #elements == 3 and elements[2].dir ~= "both"
end

--- A group, in place of a relationship. new: bindings that it brings in; nil:
-- it brings in none. is_of_match: it is part of a MATCH.
function group.make(self, new, is_of_match)
    local random, names = self.random, {}
    local may_be_long = is_of_match and not self.is_plain and
        (self.groups or 0) < GROUPS_MAX
    local elements = { node(self, names) }
    for _ = 1, may_be_long and random:weighted({ { 3, 1 }, { 4, 2 }, { 1, 3 } })
        or 1 do
        elements[#elements + 1] = edge(self, names, may_be_long)
        elements[#elements + 1] = node(self, names)
    end
    local made = { elements = elements, is_short = random:one_in(2),
                   hops = times(random, (#elements - 1) / 2,
                                 is_one(elements)) }
    if not is_one(elements) then self.groups = (self.groups or 0) + 1 end
    if random:one_in(2) then made.where = where(self, names) end
    for _, binding in ipairs(new and names or {}) do
        new[#new + 1] = { name = binding.name, type = binding.type .. "s" }
    end
    return made
end

--- Whether an element of a path is one.
function group.is(element)
    return element ~= nil and element.elements ~= nil
end

-- A loop over a list of nodes or edges that is there, with an expression of the
-- type about each; nil: there is none.
local function loop(self, type)
    local list, entity = self:list_of_entities()
    if not list then return nil end
    local var = self:fresh("v")
    local made = self:with_more({ { name = var, type = entity } }, function()
        return self:expression(type, 1)
    end)
    return { var = var, list = list }, made
end

--- [x IN list | a number of it]; nil: there is no such list.
function group.ints(self)
    local made, result = loop(self, "int")
    if made then made.k, made.result = "comp", result end
    return made
end

--- all(x IN list WHERE a condition of it), likewise.
function group.bool(self)
    local made, condition = loop(self, "bool")
    if not made then return nil end
    made.k, made.where = "quant", condition
    made.q = self.random:pick({ "all", "any", "none", "single" })
    return made
end

return group
