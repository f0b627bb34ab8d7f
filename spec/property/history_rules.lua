-- Constraints as the reference knows them.

local value = require("spec.property.value")

local rules = {}

-- What a rule is about: nodes of a label, edges of a type.
local function of_label(label)
    return function(graph, fn)
        for id, node in pairs(graph.nodes) do
            if node.labels[label] and fn(node.props, node.id or id) then
                return true
            end
        end
        return false
    end
end

local function of_type(type)
    return function(graph, fn)
        for id, edge in pairs(graph.edges) do
            if edge.type == type and fn(edge.props, edge.id or id) then
                return true
            end
        end
        return false
    end
end

-- No two have equal values of all of these; in what was seen on the way one may
-- be several times.
local function unique(any, ...)
    local names = { ... }
    return function(graph)
        local seen = {}
        return any(graph, function(props, id)
            local texts = {}
            for i, name in ipairs(names) do
                if not props[name] then return false end
                texts[i] = value.text(props[name])
            end
            local text = table.concat(texts, "\0")
            local first = seen[text] or id
            seen[text] = first
            return first ~= id
        end)
    end
end

local function present(any, ...)
    local names = { ... }
    return function(graph)
        return any(graph, function(props)
            for _, name in ipairs(names) do
                if not props[name] then return true end
            end
            return false
        end)
    end
end

local function typed(any, name, is_type)
    return function(graph)
        return any(graph, function(props)
            return props[name] and not is_type(props[name])
        end)
    end
end

local function is_int_or_text(v) return v.t == "int" or v.t == "str" end

local function is_ints(v)
    if v.t ~= "list" then return false end
    for _, item in ipairs(v) do
        if item.t ~= "int" then return false end
    end
    return true
end

local function never() return false end

-- at_once: what is refused with the change that breaks it; in_the_end: what is
-- looked at when the transaction ends.
local function rule(name, what, at_once, in_the_end)
    return { name = name, at_once = at_once or never,
             in_the_end = in_the_end or never,
             declaration = "CREATE CONSTRAINT " .. name .. " FOR " .. what }
end

local A, C, K, M, N = of_label("A"), of_label("C"), of_label("K"),
    of_label("M"), of_label("N")
local R, S = of_type("R"), of_type("S")

--- { name =, declaration =, at_once = function(graph), in_the_end = likewise }
-- each.
rules.all = {
    rule("one_q", "(n:M) REQUIRE n.q IS UNIQUE", unique(M, "q")),
    rule("one_id", "(n:A) REQUIRE n.id IS UNIQUE", unique(A, "id")),
    rule("one_pair", "(n:K) REQUIRE (n.i, n.s) IS UNIQUE",
         unique(K, "i", "s")),
    rule("some_s", "(n:C) REQUIRE n.s IS NOT NULL", nil, present(C, "s")),
    rule("some_w", "(n:N) REQUIRE n.w IS NOT NULL", nil, present(N, "w")),
    rule("key_k", "(n:K) REQUIRE (n.id, n.b) IS NODE KEY",
         unique(K, "id", "b"), present(K, "id", "b")),
    rule("type_m", "(n:A) REQUIRE n.m IS :: INTEGER | STRING",
         typed(A, "m", is_int_or_text)),
    rule("type_l", "(n:C) REQUIRE n.m IS :: LIST<INTEGER NOT NULL>",
         typed(C, "m", is_ints)),
    rule("edge_id", "()-[r:R]-() REQUIRE r.id IS UNIQUE", unique(R, "id")),
    rule("edge_i", "()-[r:S]-() REQUIRE r.i IS NOT NULL", nil,
         present(S, "i")),
    rule("edge_key", "()-[r:S]-() REQUIRE (r.id, r.s) IS RELATIONSHIP KEY",
         unique(S, "id", "s"), present(S, "id", "s")),
    rule("edge_m", "()-[r:R]-() REQUIRE r.m IS :: STRING | INTEGER",
         typed(R, "m", is_int_or_text)),
}

--- Whether a graph breaks one of those that hold at once: { name = rule }.
function rules.broken_at_once(held, graph)
    for _, held_rule in pairs(held) do
        if held_rule.at_once(graph) then return true end
    end
    return false
end

--- Whether a graph breaks one of those that hold: { name = rule }.
function rules.broken(held, graph)
    for _, held_rule in pairs(held) do
        if held_rule.in_the_end(graph) then return true end
    end
    return rules.broken_at_once(held, graph)
end

--- Whether a statement of which this is wanted (check.expect) may be refused:
-- what must be unique is looked at with each change, so what was there before a
-- later one counts, too. In which order rows are changed is nobody's to say, so
-- two count whenever each of them had the same once.
function rules.may_break(held, wanted)
    return rules.broken(held, wanted.made) or
        rules.broken_at_once(held, wanted.seen)
end

return rules
