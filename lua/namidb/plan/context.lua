-- What a plan under construction hands out: slots, names, parameters,
-- constants. One for each statement.
--
-- A binding of the AST has the slot of its id; slots for what has no name come
-- after them.

local context = {}
context.__index = context

local KINDS = { label = 0, type = 1, property = 2 } -- enum namidb_name_kind

--- bindings: how many ids the checker gave out. options: statistics, host
-- functions; see plan/init.lua.
function context.new(bindings, options)
    return setmetatable({
        slot_count = (bindings or 0) + 1,
        names = {}, name_index = { [0] = {}, {}, {} },
        params = {}, param_index = {},
        constants = { n = 0 }, null_index = nil,
        labels_of = {}, -- by slot of a node: those that a pattern gives it
        types_of = {}, -- by slot of an edge: those that it may have
        has_walks = false, -- of several hops
        cold = { node = {}, out = {}, into = {} }, -- see plan/cold.lua
        options = options or {},
    }, context)
end

function context:new_slot()
    local slot = self.slot_count
    self.slot_count = slot + 1
    return slot
end

--- Notes that the node in a slot has a label where a pattern found it.
function context:label(slot, label)
    local labels = self.labels_of[slot]
    if not labels then
        labels = {}
        self.labels_of[slot] = labels
    end
    labels[#labels + 1] = label
end

--- The number of a name in the plan's table.
function context:name(kind, text)
    local code = KINDS[kind]
    local index = self.name_index[code][text]
    if not index then
        index = #self.names
        self.names[index + 1] = { kind = code, text = text }
        self.name_index[code][text] = index
    end
    return index
end

function context:param(name)
    local index = self.param_index[name]
    if not index then
        index = #self.params
        self.params[index + 1] = name
        self.param_index[name] = index
    end
    return index
end

--- An expression that is always `value`.
function context:constant(value)
    local constants = self.constants
    local index = constants.n
    constants.n = index + 1
    constants[index + 1] = value
    return { kind = "CONST", number = index, value = value }
end

return context
