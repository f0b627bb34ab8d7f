--- Names and what they are bound to.
--
-- A scope is { names = { name = BINDING }, parent?, before?, outside? }: loops
-- over lists look through to the row around them, a query's clauses hand one
-- flat scope on. `before` is what a WITH saw, `outside` what is around a CALL {
-- }: names are not looked for there, but missed.

local scope = {}

function scope.new(parent)
    return { names = {}, parent = parent }
end

--- A scope with the same names, to which others may be added.
function scope.copy(self)
    local made = scope.new(self.parent)
    made.before, made.outside = self.before, self.outside
    for name, binding in pairs(self.names) do made.names[name] = binding end
    return made
end

function scope.find(self, name)
    while self do
        local binding = self.names[name]
        if binding then return binding end
        self = self.parent
    end
end

--- A new binding; `name` may be nil. It is in no scope yet.
function scope.bind(state, name, kind, type, element)
    state.bindings = state.bindings + 1
    return { id = state.bindings, name = name, kind = kind, type = type,
             element = element }
end

--- A new binding in the scope.
function scope.declare(state, self, name, kind, type, element)
    local binding = scope.bind(state, name, kind, type, element)
    self.names[name] = binding
    return binding
end

--- Whether a name was there before a WITH that did not hand it on ("before"),
-- or is around a CALL { } that did not ask for it ("outside").
function scope.was(self, name)
    while self do
        local before = self.before
        while before do
            if before.names[name] then return "before" end
            before = before.before
        end
        if self.outside and scope.find(self.outside, name) then
            return "outside"
        end
        self = self.parent
    end
end

--- The names of a scope and those around it, sorted.
function scope.all(self)
    local names, seen = {}, {}
    while self do
        for name in pairs(self.names) do
            if not seen[name] then names[#names + 1] = name end
            seen[name] = true
        end
        self = self.parent
    end
    table.sort(names)
    return names
end

--- The names of a scope, sorted.
function scope.names(self)
    local names = {}
    for name in pairs(self.names) do names[#names + 1] = name end
    table.sort(names)
    return names
end

return scope
