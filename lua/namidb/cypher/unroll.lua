--- Groups of several relationships, ((a)-[r]->(b)-[s]->(c)){1,3}, as patterns
-- without any: MATCH (x)(...){1,3}(y) WHERE w is
--
--   CALL (*) {
--     MATCH (x)-[r1]->(b1)-[s1]->(y) WITH *, [x] AS a, [r1] AS r, ... WHERE w
--     RETURN x, y, a, r, b, s, c
--     UNION ALL
--     MATCH (x)-[r1]->(b1)-[s1]->(j1)-[r2]->(b2)-[s2]->(y) WITH ... RETURN ...
--     UNION ALL ... }
--
-- Each copy of a group has names of its own. Where one ends and the next
-- begins is one node, to which both say what it is; inside, the group's first
-- and last node go by its name.

local check_pattern = require("namidb.cypher.check_pattern")
local fault = require("namidb.cypher.fault")
local scope = require("namidb.cypher.scope")
local synthetic = require("namidb.cypher.synthetic")

local unroll = {}

-- How many patterns a MATCH may become, and of how many nodes the trees of all
-- may be that a statement becomes: groups may stand in what groups ask.
local ALTERNATIVES_MAX, NODES_MAX = 64, 100000

-- Nodes of the tree whose `name` is that of a variable.
local NAMED = { variable = true, node_pattern = true, edge_pattern = true,
                path_pattern = true, list_comprehension = true,
                quantifier = true, reduce = true, unwind = true, item = true,
                yield = true, load_csv = true, foreach = true }

-- Expressions with names of their own.
local LOCAL = { list_comprehension = true, quantifier = true, reduce = true,
                pattern_comprehension = true, exists = true,
                count_query = true, collect_query = true }

-- A name that neither the clause has nor what is before it.
local function hidden(made)
    local name
    repeat
        made.count = made.count + 1
        name = (" %d"):format(made.count)
    until not made.taken[name] and not scope.find(made.names, name)
    return name
end

-- Whether a name becomes what another becomes.
local function is_taken(name, names)
    local new = names[name] or name
    for from, to in pairs(names) do
        if to == new and from ~= name then return true end
    end
    return false
end

-- The names that are bound in an expression and would be taken for others.
local function captured(node, names, found)
    for key, field in pairs(node) do
        if type(field) == "table" then
            captured(field, names, found)
        elseif key == "accumulator" or
            key == "name" and NAMED[node.kind] and node.kind ~= "variable" then
            found[field] = is_taken(field, names) or nil
        end
    end
    return found
end

local function count_node(made)
    local state = made.state
    state.unrolled = (state.unrolled or 0) + 1
    if state.unrolled > NODES_MAX then
        fault.limit(state.text, made.at, "groups of several relationships " ..
            "make too many patterns, or what they ask is too long")
    end
end

local copy

-- any name in `taken` is another inside: head([other IN [name] | node]).
local function copy_apart(made, node, names, taken)
    local inner, others, at = {}, {}, node.at
    for from, to in pairs(names) do inner[from] = to end
    for name in pairs(taken) do
        inner[name] = hidden(made)
        others[inner[name]] = names[name] or name
    end
    local result = copy(made, node, inner)
    for other, name in pairs(others) do
        result = { kind = "call", at = at, name = "head", distinct = false,
            arguments = { { kind = "list_comprehension", at = at, name = other,
                result = result, list = { kind = "list", at = at,
                    items = { synthetic.variable(at, name) } } } } }
    end
    return result
end

-- A copy in which the variables of `names` have other names.
function copy(made, node, names)
    local taken = LOCAL[node.kind] and captured(node, names, {}) or {}
    count_node(made)
    if next(taken) then return copy_apart(made, node, names, taken) end
    local result = {}
    for key, field in pairs(node) do
        result[key] = type(field) == "table" and copy(made, field, names) or
            field
    end
    if NAMED[node.kind] then result.name = names[node.name] or node.name end
    if node.accumulator then
        result.accumulator = names[node.accumulator] or node.accumulator
    end
    return result
end

--------------------------------------------------------------------- one path

local Path = {}
Path.__index = Path

-- What else is said of the node `name`, a pattern of its own.
function Path:say(element, names, name)
    if check_pattern.is_plain(element) then return end
    local more = copy(self.made, element, names)
    more.name = name
    self.made.patterns[#self.made.patterns + 1] =
        { kind = "path_pattern", at = element.at, elements = { more } }
end

-- A node that begins the path, or is behind what is there.
function Path:node(element, name)
    local node = copy(self.made, element, self.made.aliases)
    node.name = name or node.name or hidden(self.made)
    self.elements[#self.elements + 1] = node
end

-- Notes what a group's names stand for this time.
function Path:collect(group, names)
    local seen = {}
    for _, element in ipairs(group.elements) do
        local name = element.name
        if name and not seen[name] then
            local items = self.made.lists[name].items
            items[#items + 1] = synthetic.variable(element.at, names[name])
            seen[name] = true
        end
    end
end

-- One time through a group. finish, name: the node behind it and what it is
-- called, if this is the last time.
function Path:walk(group, finish, name)
    local made, names, inner = self.made, {}, group.elements
    for from, to in pairs(made.aliases) do names[from] = to end
    local start, count = self.elements[#self.elements].name, #inner
    for i = 1, count do
        if inner[i].name then names[inner[i].name] = hidden(made) end
    end
    name = name or hidden(made)
    if inner[count].name then names[inner[count].name] = name end
    if inner[1].name and inner[1].name == inner[count].name then
        made:equal(group.at, start, name)
    elseif inner[1].name then
        names[inner[1].name] = start
    end
    self:say(inner[1], names, start)
    for i = 2, count - 1 do
        self.elements[#self.elements + 1] = copy(made, inner[i], names)
    end
    self:node(finish or { kind = "node_pattern", at = group.at, labels = {} },
              name)
    self:say(inner[count], names, name)
    self:collect(group, names)
    if group.where then
        made.wheres[#made.wheres + 1] = copy(made, group.where, names)
    end
end

-- The name of node `i` of a path, or of one behind it that is the same, as a
-- group between them is walked no times; nil: it has none.
local function name_of(made, path, i)
    local name = path.elements[i].name
    local group = path.elements[i + 1]
    while not name and group and made.times[group] == 0 do
        i = i + 2
        name, group = path.elements[i].name, path.elements[i + 1]
    end
    return made.aliases[name] or name
end

-- A path with its groups walked as often as made.times says.
local function path_of(made, path)
    local self = setmetatable({ made = made, elements = {} }, Path)
    self:node(path.elements[1], name_of(made, path, 1))
    for i = 2, #path.elements, 2 do
        local edge, node = path.elements[i], path.elements[i + 1]
        local name, times = name_of(made, path, i + 1), made.times[edge]
        if not times then
            self.elements[#self.elements + 1] = copy(made, edge, made.aliases)
            self:node(node, name)
        elseif times == 0 then
            self:say(node, made.aliases, self.elements[#self.elements].name)
        end
        for time = 1, times or 0 do
            local is_last = time == times
            self:walk(edge, is_last and node,
                      is_last and (name or hidden(made)) or nil)
        end
    end
    local result = {}
    for key, field in pairs(path) do result[key] = field end
    result.elements, result.repeats = self.elements, nil
    made.patterns[#made.patterns + 1] = result
end

--------------------------------------------------------------------- the MATCH

-- The groups of several relationships in a MATCH.
local function groups_of(clause)
    local groups = {}
    for _, path in ipairs(clause.patterns) do
        for _, element in ipairs(path.elements) do
            if element.kind == "repeat" then groups[#groups + 1] = element end
        end
    end
    return groups
end

-- No way to walk the groups, as {3,2} has none: once, where nothing is found.
local function never(groups, at)
    local counts = {}
    for g = 1, #groups do counts[g] = 1 end
    counts.where = { kind = "literal", at = at, type = "boolean",
                     value = false }
    return { counts }
end

-- All ways to walk the groups: { { times of each, where = }, ... }.
local function alternatives(state, groups)
    local all = { {} }
    for g, group in ipairs(groups) do
        local longer = {}
        for _, counts in ipairs(all) do
            for times = group.length.min, group.length.max do
                local more = { (table.unpack or unpack)(counts) }
                more[g] = times
                longer[#longer + 1] = more
                if #longer > ALTERNATIVES_MAX then
                    fault.limit(state.text, group.at, ("groups of several " ..
                        "relationships may be walked in %d ways")
                            :format(ALTERNATIVES_MAX))
                end
            end
        end
        all = longer
    end
    return #all > 0 and all or never(groups, groups[1].at)
end

-- What a group has inside that is a list outside.
local function inside(element)
    if element.group then return { element.group.first, element.group.last } end
    return element.elements or {}
end

-- The variables that a MATCH binds, and are not there before, in order.
local function new_names(names, clause)
    local found, seen = {}, {}
    local function add(name)
        if name and not seen[name] and not scope.find(names, name) then
            seen[name], found[#found + 1] = true, name
        end
    end
    for _, path in ipairs(clause.patterns) do
        add(path.name)
        for _, element in ipairs(path.elements) do
            add(element.name)
            for _, inner in ipairs(inside(element)) do add(inner.name) end
        end
    end
    return found
end

local function all_of(at, conditions)
    if #conditions < 2 then return conditions[1] end
    return { kind = "and", at = at, operands = conditions }
end

-- What one of the alternatives is made of.
local Made = {}
Made.__index = Made

function Made:equal(at, a, b)
    self.wheres[#self.wheres + 1] = { kind = "compare", at = at,
        operators = { "=" },
        operands = { synthetic.variable(at, a), synthetic.variable(at, b) } }
end

-- Two names of one node; what is there before keeps its name.
function Made:join(names, at, a, b)
    a, b = self.aliases[a] or a, self.aliases[b] or b
    if a == b then return end
    if scope.find(names, b) then a, b = b, a end
    if scope.find(names, b) then return self:equal(at, a, b) end
    for from, to in pairs(self.aliases) do
        if to == b then self.aliases[from] = a end
    end
    self.aliases[b] = a
end

-- What a group that is walked no times makes one node of.
local function join_ends(made, names, path)
    local last = path.elements[1].name
    for i = 2, #path.elements, 2 do
        local name = path.elements[i + 1].name
        if made.times[path.elements[i]] ~= 0 then
            last = name
        elseif last and name then
            made:join(names, path.at, last, name)
        end
        last = last or name
    end
end

local function new_part(state, names, clause, groups, counts, found)
    local made = setmetatable({ patterns = {}, wheres = {}, lists = {},
                                aliases = {}, times = {}, count = 0,
                                names = names, taken = {}, state = state,
                                at = clause.at }, Made)
    for _, name in ipairs(found) do made.taken[name] = true end
    for i, group in ipairs(groups) do
        made.times[group] = counts[i]
        for _, element in ipairs(group.elements) do
            if element.name then
                made.lists[element.name] =
                    { kind = "list", at = element.at, items = {} }
            end
        end
    end
    for _, path in ipairs(clause.patterns) do join_ends(made, names, path) end
    for _, path in ipairs(clause.patterns) do path_of(made, path) end
    made.wheres[#made.wheres + 1] = counts.where
    return made
end

local function part_of(state, names, clause, groups, counts, found)
    local at = clause.at
    local made = new_part(state, names, clause, groups, counts, found)
    local behind = synthetic.with_all(at)
    for _, name in ipairs(found) do
        local value = made.lists[name] or
            made.aliases[name] and synthetic.variable(at, made.aliases[name])
        if value then
            behind.items[#behind.items + 1] = synthetic.item(at, name, value)
        end
    end
    behind.where = clause.where and copy(made, clause.where, {})
    local clauses = { { kind = "match", at = at, optional = false,
                        patterns = made.patterns,
                        where = all_of(at, made.wheres) },
                      behind, synthetic.return_of(at, found) }
    if next(names.names) or names.parent then
        table.insert(clauses, 1, synthetic.with_all(at))
    end
    return { kind = "single_query", at = at, clauses = clauses }
end

-- A name inside of a group is no other's.
local function check_names(state, names, clause, groups)
    local owners = {}
    local function own(element, owner)
        local name = element.name
        if not name then return end
        if owners[name] and owners[name] ~= owner or
            owner ~= clause and scope.find(names, name) then
            fault.raise(state.text, element.at, "VariableAlreadyBound",
                        name .. " is bound already, and here it is a list")
        end
        owners[name] = owner
    end
    for _, group in ipairs(groups) do
        for _, element in ipairs(group.elements) do own(element, group) end
    end
    for _, path in ipairs(clause.patterns) do
        own(path, clause)
        for _, element in ipairs(path.elements) do own(element, clause) end
    end
end

--- What a MATCH with groups of several relationships is, in the scope `names`:
-- a CALL { }.
function unroll.clause(state, names, clause)
    local groups, parts = groups_of(clause), {}
    check_names(state, names, clause, groups)
    local found = new_names(names, clause)
    for i, counts in ipairs(alternatives(state, groups)) do
        parts[i] = part_of(state, names, clause, groups, counts, found)
    end
    return { kind = "subquery", at = clause.at, optional = clause.optional,
             is_counted = #found == 0,
             query = { kind = "query", at = clause.at, mode = "run",
                       union = #parts > 1 and "all" or nil, parts = parts } }
end

return unroll
