-- Constraints as the reference knows them.

local value = require("spec.property.value")

local rules = {}

local function unique(label, name)
    return function(graph)
        local seen = {}
        for _, node in pairs(graph.nodes) do
            local v = node.labels[label] and node.props[name]
            local text = v and value.text(v)
            if text and seen[text] then return true end
            if text then seen[text] = true end
        end
        return false
    end
end

local function present(label, name)
    return function(graph)
        for _, node in pairs(graph.nodes) do
            if node.labels[label] and not node.props[name] then return true end
        end
        return false
    end
end

--- { name =, declaration =, is_broken = function(graph) } each.
rules.all = {
    { name = "one_q", is_broken = unique("M", "q"), declaration =
        "CREATE CONSTRAINT one_q FOR (n:M) REQUIRE n.q IS UNIQUE" },
    { name = "one_id", is_broken = unique("A", "id"), declaration =
        "CREATE CONSTRAINT one_id FOR (n:A) REQUIRE n.id IS UNIQUE" },
    { name = "some_s", is_broken = present("C", "s"), declaration =
        "CREATE CONSTRAINT some_s FOR (n:C) REQUIRE n.s IS NOT NULL" },
    { name = "some_w", is_broken = present("N", "w"), declaration =
        "CREATE CONSTRAINT some_w FOR (n:N) REQUIRE n.w IS NOT NULL" },
}

--- Whether a graph breaks one of those that hold: { name = rule }.
function rules.broken(held, graph)
    for _, rule in pairs(held) do
        if rule.is_broken(graph) then return true end
    end
    return false
end

local function has_delete(node)
    if type(node) ~= "table" then return false end
    if node.k == "delete" then return true end
    for key, field in pairs(node) do
        if key ~= "v" and has_delete(field) then return true end
    end
    return false
end

--- Whether a statement that makes this graph may be refused: what must be
-- unique is looked at with each change, so what is deleted again counts, too.
function rules.may_break(held, graph, query)
    return rules.broken(held, graph) or next(held) and has_delete(query) or
        false
end

return rules
