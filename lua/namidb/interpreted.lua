-- Work that is done once, with LuaJIT's compiler at rest.
--
-- A statement is planned once. Its planner's loops get hot all the same, a few
-- statements later, and are compiled, or given up after they were recorded:
-- the first plans of a process took two to three times as long as with the
-- interpreter, and the four hundredth was still slower.

local jit = rawget(_G, "jit")

local interpreted = {}

local function resume(is_ok, ...)
    jit.on()
    if not is_ok then error((...), 0) end
    return ...
end

--- fn(...), interpreted; fn does not yield. The compiler is then as it was.
function interpreted.call(fn, ...)
    if not jit or not jit.status() then return fn(...) end
    jit.off()
    return resume(pcall(fn, ...))
end

return interpreted
