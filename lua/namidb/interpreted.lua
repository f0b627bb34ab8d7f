-- Work that is mostly done once, with LuaJIT's compiler at rest.
--
-- A statement is planned once. Its planner's loops get hot all the same, a few
-- statements later, and are compiled, or given up after they were recorded:
-- the first plans of a process took two to three times as long as with the
-- interpreter, and the four hundredth was still slower. A program that goes on
-- to plan thousands gets them compiled, which then is faster by a quarter.

local jit = rawget(_G, "jit")

local interpreted = {}

local function resume(is_ok, ...)
    jit.on()
    if not is_ok then error((...), 0) end
    return ...
end

--- A function call(fn, ...) that returns fn(...), the first `count` times
--- interpreted; fn does not yield. The compiler is then as it was.
function interpreted.first(count)
    return function(fn, ...)
        if count == 0 or not jit or not jit.status() then return fn(...) end
        count = count - 1
        jit.off()
        return resume(pcall(fn, ...))
    end
end

return interpreted
