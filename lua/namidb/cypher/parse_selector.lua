--- What stands in front of a path to say which of the paths are wanted: ANY
-- SHORTEST, ALL SHORTEST, SHORTEST 1, ACYCLIC, TRAIL ... And behind MATCH: may
-- a relationship occur twice?

local cursor = require("namidb.cypher.cursor")
local fault = require("namidb.cypher.fault")

local parse_selector = {}

local MODES = { TRAIL = true, ACYCLIC = true, SIMPLE = true, WALK = true }
local PATHS = { PATH = true, PATHS = true }
local GROUPS = { GROUP = true, GROUPS = true }

local function unsupported(self, at, message)
    fault.unsupported(self.text, self.starts[at], message)
end

local function accept_named(self, words)
    if self.kinds[self.at] ~= "name" then return nil end
    local word = self.values[self.at]:upper()
    if not words[word] then return nil end
    self.at = self.at + 1
    return word
end

-- The number of paths; nil: none is said. A number other than 1 is refused.
local function accept_one(self)
    local at, kind = self.at, self.kinds[self.at]
    if kind ~= "integer" and kind ~= "parameter" then return false end
    self.at = at + 1
    if kind == "parameter" or tonumber(self.values[at]) ~= 1 then
        unsupported(self, at, "one shortest path is found, or all of the " ..
            "same length: SHORTEST 1, ALL SHORTEST")
    end
    return true
end

local SHORTEST = { SHORTEST = true }

-- ANY, ALL, SHORTEST and what belongs to them -> "one", "all" (shortest paths),
-- "counted" (one, or with GROUPS behind it all) or nil (all paths).
local function parse_choice(self)
    if cursor.accept(self, "ANY") then
        accept_one(self)
        accept_named(self, SHORTEST)
        return "one"
    elseif cursor.accept(self, "ALL") then
        return accept_named(self, SHORTEST) and "all" or nil
    elseif not accept_named(self, SHORTEST) then
        return nil
    end
    accept_one(self)
    return "counted"
end

--- Reads it, if it is next: which of the shortest paths are wanted ("one",
-- "all" or nil), and whether no node may occur twice ("acyclic", or "simple":
-- but for the last, which may be the first).
function parse_selector.path(self)
    local at = self.at
    if self.kinds[at] == "(" then return nil end
    local shortest = parse_choice(self)
    local mode_at, mode = self.at, accept_named(self, MODES)
    if self.at > at then accept_named(self, PATHS) end
    if shortest == "counted" then
        shortest = accept_named(self, GROUPS) and "all" or "one"
    end
    if mode == "WALK" then
        unsupported(self, mode_at, "no relationship occurs twice in a path")
    elseif shortest and (mode == "ACYCLIC" or mode == "SIMPLE") then
        unsupported(self, mode_at, "a shortest path has no cycle, but from " ..
            "a node to itself")
    end
    return shortest, mode and mode ~= "TRAIL" and mode:lower() or nil
end

local DIFFERENT = { DIFFERENT = true }
local REPEATABLE = { REPEATABLE = true }
local ELEMENTS = { RELATIONSHIPS = true, RELATIONSHIP = true, EDGES = true,
                   EDGE = true, ELEMENTS = true, ELEMENT = true }
local BINDINGS = { BINDINGS = true }

--- Reads DIFFERENT RELATIONSHIPS behind MATCH, which is so anyway.
function parse_selector.match(self)
    local at = self.at
    if self.kinds[at] ~= "name" or self.kinds[at + 1] == "=" then return end
    local is_repeatable = accept_named(self, REPEATABLE)
    if not is_repeatable and not accept_named(self, DIFFERENT) then return end
    if self.kinds[self.at] == "RELATIONSHIP" then
        self.at = self.at + 1
    elseif not accept_named(self, ELEMENTS) then
        cursor.unexpected(self, "RELATIONSHIPS")
    end
    accept_named(self, BINDINGS)
    if is_repeatable then
        unsupported(self, at, "no relationship occurs twice in what a MATCH " ..
            "finds: two MATCHes may find it twice")
    end
end

return parse_selector
