-- Plans that are kept, by the text of their statements.
--
-- A statement whose literals can be lifted out is kept by what is left of it,
-- so that a program that pastes values into its text has one plan, not
-- thousands.
-- Two generations: what is used moves to the young one, and when that is full
-- the old one goes. Full is a number of statements, or of bytes of their text:
-- plans are a few dozen times as large.

local core = require("namidb.core")

local statements = {}

local COUNT_MAX, BYTES_MAX, TEXT_MAX = 512, 2 ^ 19, 2 ^ 16

local Statements = {}
Statements.__index = Statements

--- An empty cache.
function statements.new()
    return setmetatable({ young = {}, old = {}, count = 0, bytes = 0,
                          hits = 0, misses = 0 }, Statements)
end

--- Forgets all.
function Statements:clear()
    self.young, self.old, self.count, self.bytes = {}, {}, 0, 0
end

function Statements:keep(key, made)
    if #key > TEXT_MAX then return made end
    if self.count >= COUNT_MAX or self.bytes + #key > BYTES_MAX then
        self.old, self.young, self.count, self.bytes = self.young, {}, 0, 0
    end
    self.young[key] = made
    self.count, self.bytes = self.count + 1, self.bytes + #key
    return made
end

-- What is kept of a key: a plan, false (its literals cannot be lifted), or nil.
function Statements:find(key)
    local made = self.young[key]
    if made ~= nil then return made end
    made = self.old[key]
    if made ~= nil then
        self.old[key] = nil
        self:keep(key, made)
    end
    return made
end

function Statements:drop(key)
    self.young[key], self.old[key] = nil, nil
end

--- { hits, misses, bytes }: plans that were there, that were made, and bytes of
-- the texts of the young generation.
function Statements:stats()
    return { hits = self.hits, misses = self.misses, bytes = self.bytes }
end

--- The plan that is kept of a statement, and values of its literals; nil when
-- there is none. It counts when it is used: count_hit.
function Statements:kept(text)
    local made = self.young[text]
    if made then return made end
    local key, values = core.lift(text)
    return key and self.young[key], values
end

function Statements:count_hit()
    self.hits = self.hits + 1
end

-- By its whole text.
function Statements:plain(text, compile, handle, home)
    local made = self:find(text)
    if made then
        self.hits = self.hits + 1
        return made, nil, text
    end
    self.misses = self.misses + 1
    local err
    made, err = compile(handle, home, text)
    if not made then return nil, err end
    return self:keep(text, made), nil, text
end

--- The plan of a statement: made, values of its literals, key; or nil and an
-- error. compile(handle, home, text) makes one.
--
-- Errors speak of the text as it was written: what does not compile without its
-- literals is compiled with them.
function Statements:get(text, compile, handle, home)
    local made = self.young[text]
    if made then
        self.hits = self.hits + 1
        return made, nil, text
    end
    local key, values = core.lift(text)
    if not key then return self:plain(text, compile, handle, home) end
    made = self:find(key)
    if made then
        self.hits = self.hits + 1
        return made, values, key
    end
    if made == nil then
        self.misses = self.misses + 1
        made = compile(handle, home, key)
        self:keep(key, made or false)
        if made then return made, values, key end
    end
    return self:plain(text, compile, handle, home)
end

return statements
