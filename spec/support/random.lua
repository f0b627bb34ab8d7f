-- A generator that gives the same numbers in both interpreters. Its `state`,
-- an integer, is where it has come to: a message says it, and setting it goes
-- back there.

local random = {}
random.__index = random

--- A generator of a seed, an integer from 1.
function random.new(seed)
    local self = setmetatable({ state = (seed * 7919 + 1) % 2147483647 },
                              random)
    if self.state == 0 then self.state = 1 end
    for _ = 1, 4 do self:next() end
    return self
end

function random:next()
    self.state = (self.state * 16807) % 2147483647
    return self.state
end

--- `random(n)`: an integer within 1 .. n.
function random:__call(n) return self:int(1, n) end

--- An integer within first .. last.
function random:int(first, last)
    return first + self:next() % (last - first + 1)
end

--- True once in `n` times.
function random:one_in(n)
    return self:next() % n == 0
end

--- One of a list.
function random:pick(list)
    return list[self:int(1, #list)]
end

--- One key of a table { key = weight }, given as { { weight, value }, ... }.
function random:weighted(list)
    local sum = 0
    for _, item in ipairs(list) do sum = sum + item[1] end
    local at = self:int(1, sum)
    for _, item in ipairs(list) do
        at = at - item[1]
        if at <= 0 then return item[2] end
    end
end

return random
