-- Label expressions: A|B, A&!(B|C), %, $(x), of nodes, and of edges, whose type
-- is their one label. Made, written and decided.
--
-- A tree: { op = "is", name = }, { op = "any" }, { op = "not", a = },
-- { op = "and" or "or", a =, b = } or { op = "named", names = [name], form =
-- of what is written, is_any = for $any }.

local label = {}

-- How a value names labels: by a literal, which the parser sees, or by what
-- only the run knows.
local FORMS = { literal = "[%s]", list = "[%s] + []",
                loop = "[x IN [%s] | x]" }

--- Labels that a value names, as they stand behind a colon.
function label.named(names, form, is_any)
    local quoted = {}
    for i, name in ipairs(names) do quoted[i] = "'" .. name .. "'" end
    return (is_any and "$any(" or "$(") ..
        FORMS[form]:format(table.concat(quoted, ", ")) .. ")"
end

--- One of the forms.
function label.form(random)
    return random:pick({ "literal", "list", "loop" })
end

local function named(random, names)
    local some = {}
    for i = 1, random:int(0, 2) do some[i] = random:pick(names) end
    return { op = "named", names = some, form = label.form(random),
             is_any = random:one_in(2) }
end

--- A tree over some of the names, `depth` operators deep at most.
function label.make(random, names, depth)
    if depth == 0 or random:one_in(5) then
        if random:one_in(8) then return { op = "any" } end
        if random:one_in(5) then return named(random, names) end
        return { op = "is", name = random:pick(names) }
    elseif random:one_in(3) then
        return { op = "not", a = label.make(random, names, depth - 1) }
    end
    return { op = random:pick({ "and", "or", "or" }),
             a = label.make(random, names, depth - 1),
             b = label.make(random, names, depth - 1) }
end

--- Whether a set of labels, { name = true }, is one of those it says.
function label.holds(tree, labels)
    if tree.op == "is" then return labels[tree.name] == true end
    if tree.op == "any" then return next(labels) ~= nil end
    if tree.op == "not" then return not label.holds(tree.a, labels) end
    if tree.op == "named" then
        for _, name in ipairs(tree.names) do
            if tree.is_any == (labels[name] == true) then return tree.is_any end
        end
        return not tree.is_any
    end
    if tree.op == "and" then
        return label.holds(tree.a, labels) and label.holds(tree.b, labels)
    end
    return label.holds(tree.a, labels) or label.holds(tree.b, labels)
end

local OR, AND, NOT, ATOM = 1, 2, 3, 4

local function text(tree, level)
    local made, own
    if tree.op == "is" then
        made, own = tree.name, ATOM
    elseif tree.op == "any" then
        made, own = "%", ATOM
    elseif tree.op == "named" then
        made, own = label.named(tree.names, tree.form, tree.is_any), ATOM
    elseif tree.op == "not" then
        made, own = "!" .. text(tree.a, NOT), NOT
    elseif tree.op == "and" then
        made, own = text(tree.a, AND) .. "&" .. text(tree.b, NOT), AND
    else
        made, own = text(tree.a, OR) .. "|" .. text(tree.b, AND), OR
    end
    return own < level and "(" .. made .. ")" or made
end

--- As it stands in a pattern, with its colon.
function label.text(tree)
    return ":" .. text(tree, OR)
end

--- As it stands in an expression, where a | may mean something else.
function label.test(tree)
    return ":" .. text(tree, AND)
end

return label
