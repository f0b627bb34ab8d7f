-- Numbers by chance, the same from the same seed in both interpreters.

local Random = {}
Random.__index = Random

--- An integer within 1 .. bound.
function Random:__call(bound)
    self.seed = (self.seed * 16807 + 11) % 2147483647
    return self.seed % bound + 1
end

--- random.new(seed): call it for a number. Its `seed` is where it has come to:
-- a message says it, and setting it goes back there.
return { new = function(seed) return setmetatable({ seed = seed }, Random) end }
