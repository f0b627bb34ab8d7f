-- Questions to the graph of packages.

local graph = {}

local NEEDS = { "DEPENDS", "PRE_DEPENDS" }

-------------------------------------------------------------------- what breaks

local Removal = {}
Removal.__index = Removal

-- Whether something still offers what the name stands for: the package itself,
-- or one that provides it.
local function is_available(self, node)
    if self.gone[node.id] then return false end
    if node.version then return true end
    for _, provider in self.db:into(node, "PROVIDES") do
        if provider.version and not self.gone[provider.id] then return true end
    end
    return false
end

-- Whether a package loses something that it needs: of some group of
-- alternatives none is there any more.
local function is_broken(self, node)
    for _, edge_type in ipairs(NEEDS) do
        local is_met, order = {}, {}
        for edge, target in self.db:out(node, edge_type) do
            if is_met[edge.group] == nil then
                order[#order + 1] = edge.group
                is_met[edge.group] = false
            end
            if not is_met[edge.group] then
                is_met[edge.group] = is_available(self, target)
            end
        end
        for _, group in ipairs(order) do
            if not is_met[group] then return true end
        end
    end
    return false
end

-- Those that refer to the node, or to what it alone provided.
local function dependents(self, node, visit)
    for _, edge_type in ipairs(NEEDS) do
        for _, dependent in self.db:into(node, edge_type) do
            visit(dependent)
        end
    end
    for _, virtual in self.db:out(node, "PROVIDES") do
        if not self.gone[virtual.id] and not is_available(self, virtual) then
            for _, edge_type in ipairs(NEEDS) do
                for _, dependent in self.db:into(virtual, edge_type) do
                    visit(dependent)
                end
            end
        end
    end
end

--- What cannot stay installed when the package goes: a list of levels, each a
-- list of nodes; and for every broken node the one that broke it.
function graph.impact(db, node)
    local self = setmetatable({ db = db, gone = { [node.id] = true } }, Removal)
    local levels, cause = {}, {}
    local frontier = { node }
    while #frontier > 0 do
        local next_level = {}
        for _, removed in ipairs(frontier) do
            dependents(self, removed, function(dependent)
                if self.gone[dependent.id] or not is_broken(self, dependent)
                then
                    return
                end
                self.gone[dependent.id] = true
                cause[dependent.id] = removed
                next_level[#next_level + 1] = dependent
            end)
        end
        if #next_level > 0 then levels[#levels + 1] = next_level end
        frontier = next_level
    end
    return levels, cause
end

------------------------------------------------------------------ why it is so

--- A shortest chain of dependencies as a list of nodes; nil: there is none.
function graph.why(db, from, to)
    local before, frontier = { [from.id] = from }, { from }
    while #frontier > 0 and not before[to.id] do
        local next_level = {}
        for _, node in ipairs(frontier) do
            for _, edge_type in ipairs(NEEDS) do
                for _, target in db:out(node, edge_type) do
                    if not before[target.id] then
                        before[target.id] = node
                        next_level[#next_level + 1] = target
                    end
                end
            end
        end
        frontier = next_level
    end
    if not before[to.id] then return nil end
    local path, node = { to }, to
    while node.id ~= from.id do
        node = before[node.id]
        table.insert(path, 1, node)
    end
    return path
end

--- The names most others depend on: a list of { node, count }.
function graph.most_needed(db, limit)
    local counts, list = {}, {}
    for edge in db:edges("DEPENDS") do
        counts[edge.to] = (counts[edge.to] or 0) + 1
    end
    for id, count in pairs(counts) do list[#list + 1] = { id, count } end
    table.sort(list, function(a, b)
        return a[2] > b[2] or (a[2] == b[2] and a[1] < b[1])
    end)
    for i = #list, limit + 1, -1 do list[i] = nil end
    for _, entry in ipairs(list) do entry[1] = db:node(entry[1]) end
    return list
end

------------------------------------------------------------------------ cycles

-- id -> list of ids, over all edges of need.
local function adjacency(db)
    local targets = {}
    for _, edge_type in ipairs(NEEDS) do
        for edge in db:edges(edge_type) do
            local list = targets[edge.from]
            if not list then
                list = {}
                targets[edge.from] = list
            end
            list[#list + 1] = edge.to
        end
    end
    return targets
end

--- Packages that need each other: the strongly connected components of more
-- than one, largest first, as lists of ids (Tarjan 1972, without recursion).
function graph.cycles(db)
    local targets = adjacency(db)
    local number, low, on_stack, stack = {}, {}, {}, {}
    local components, count = {}, 0

    local function enter(id)
        count = count + 1
        number[id], low[id] = count, count
        stack[#stack + 1], on_stack[id] = id, true
    end

    local function leave(id)
        if low[id] ~= number[id] then return end
        local component = {}
        repeat
            local member = table.remove(stack)
            on_stack[member] = nil
            component[#component + 1] = member
        until member == id
        if #component > 1 then components[#components + 1] = component end
    end

    local function visit(root)
        local path = { { root, 0 } }
        enter(root)
        while #path > 0 do
            local frame = path[#path]
            local id = frame[1]
            frame[2] = frame[2] + 1
            local target = targets[id] and targets[id][frame[2]]
            if not target then
                leave(id)
                table.remove(path)
                local above = path[#path]
                if above then
                    low[above[1]] = math.min(low[above[1]], low[id])
                end
            elseif not number[target] then
                enter(target)
                path[#path + 1] = { target, 0 }
            elseif on_stack[target] then
                low[id] = math.min(low[id], number[target])
            end
        end
    end

    for id in pairs(targets) do
        if not number[id] then visit(id) end
    end
    table.sort(components, function(a, b)
        return #a > #b or (#a == #b and a[1] < b[1])
    end)
    return components
end

------------------------------------------------------------------ near matches

-- Edits (Levenshtein) between two names, or more than `most`.
local function distance(a, b, most)
    if math.abs(#a - #b) > most then return most + 1 end
    local row = {}
    for j = 0, #b do row[j] = j end
    for i = 1, #a do
        local diagonal, best = row[0], i
        row[0] = i
        for j = 1, #b do
            local above = row[j]
            local change = a:byte(i) == b:byte(j) and 0 or 1
            row[j] = math.min(above + 1, row[j - 1] + 1, diagonal + change)
            diagonal = above
            best = math.min(best, row[j])
        end
        if best > most then return most + 1 end
    end
    return row[#b]
end

--- Names of packages that are like `name`, nearest first.
function graph.near(db, name, limit)
    local found = {}
    for node in db:nodes("Package") do
        local edits = distance(name, node.key, 3)
        if node.key:find(name, 1, true) then edits = math.min(edits, 2) end
        if edits <= 3 then found[#found + 1] = { node.key, edits } end
    end
    table.sort(found, function(a, b)
        if a[2] ~= b[2] then return a[2] < b[2] end
        return #a[1] < #b[1] or (#a[1] == #b[1] and a[1] < b[1])
    end)
    local names = {}
    for i = 1, math.min(limit, #found) do names[i] = found[i][1] end
    return names
end

return graph
