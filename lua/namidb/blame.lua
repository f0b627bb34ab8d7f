-- Misuse that is found deeper down is raised at the line of the caller.

local blame = {}

--- A message without the position in front.
function blame.text(message)
    return (message:gsub("^[^:\n]*:%d+: ", "", 1))
end

-- Called as a tail: level 2 is who called the wrapped function.
local function finish(ok, ...)
    if ok then return ... end
    local raised = ...
    if type(raised) == "string" then error(blame.text(raised), 2) end
    error(raised, 0)
end

--- fn, but texts that it raises point at its caller. Tables stay as they are.
function blame.wrap(fn)
    return function(...) return finish(pcall(fn, ...)) end
end

return blame
