--- What is wrong with a statement, said with its line and a caret below it.
--
-- Inside the front end a fault is raised as a table; cypher.parse and
-- cypher.check catch it and return nil, err. Fields of err:
--   code      "syntax"; "limit" for what is too long or nested too deeply;
--             "unsupported" for what there is in other dialects only
--   class     the openCypher error: "SyntaxError", "TypeError", ...
--   detail    its detail: "UndefinedVariable", "UnexpectedSyntax", ...
--   phase     "compile"
--   message   a sentence with the position, the line and a caret
--   line, column   from 1; columns are characters
--   retryable false

local core = require("namidb.core")

local fault = {}

-- How much of a long line is shown on either side of the place.
local SHOWN = 60

-- The number of characters in bytes `first` to `last`; wrong bytes count, too.
local function count_characters(text, first, last)
    local count = 0
    for at = first, last do
        local value = text:byte(at)
        if value < 0x80 or value >= 0xC0 then count = count + 1 end
    end
    return count
end

--- The line and the column of a byte, and where its line begins and ends.
function fault.position(text, at)
    local line, start = 1, 1
    while true do
        local found = text:find("\n", start, true)
        if not found or found >= at then
            local last = (found or #text + 1) - 1
            if text:byte(last) == 13 and last >= at then last = last - 1 end
            return line, count_characters(text, start, math.min(at - 1, #text))
                + 1, start, last
        end
        line, start = line + 1, found + 1
    end
end

-- The line around a byte with a caret below the byte.
local function excerpt(text, at, start, last)
    local from, to = start, last
    local before, after = "", ""
    if at - from > SHOWN then
        from = at - SHOWN
        while from < at and text:find("^[\128-\191]", from) do
            from = from + 1
        end
        before = "..."
    end
    if to - at > SHOWN then
        to = at + SHOWN
        while to > at and text:find("^[\128-\191]", to + 1) do to = to - 1 end
        after = "..."
    end
    local shown = text:sub(from, to):gsub("[%z\1-\31\127]", " ")
    local width = #before + count_characters(text, from,
                                             math.min(at - 1, #text))
    return ("  %s%s%s\n  %s^"):format(before, shown, after,
                                     (" "):rep(width))
end

-- The error table for byte `at` of `text`.
local function new(text, at, code, class, detail, message)
    local line, column, start, last = fault.position(text, at)
    return setmetatable({
        code = code, class = class, detail = detail, phase = "compile",
        line = line, column = column, retryable = false,
        message = ("line %d, column %d: %s\n%s"):format(line, column, message,
            excerpt(text, at, start, last)),
    }, core.error)
end

--- Says in an error of a run that it is about byte `at` of the text.
function fault.locate(err, text, at)
    local line, column, start, last = fault.position(text, at)
    err.line, err.column = line, column
    err.message = ("line %d, column %d: %s\n%s"):format(line, column,
        err.message, excerpt(text, at, start, last))
end

--- Raises a fault of `class` ("SyntaxError" unless said) at byte `at`.
function fault.raise(text, at, detail, message, class)
    error(new(text, at, "syntax", class or "SyntaxError", detail, message), 0)
end

--- Raises a fault about what openCypher has and this does not.
function fault.unsupported(text, at, message)
    error(new(text, at, "unsupported", "SyntaxError", "UnsupportedSyntax",
              message), 0)
end

--- Raises a fault about a bound.
function fault.limit(text, at, message)
    error(new(text, at, "limit", "SyntaxError", "LimitExceeded", message), 0)
end

--- Calls fn(...); its result, or nil and the fault that it raised. Any other
-- error is a mistake of ours and is raised again.
function fault.catch(fn, ...)
    local ok, result = pcall(fn, ...)
    if ok then return result end
    if getmetatable(result) ~= core.error then error(result, 0) end
    return nil, result
end

return fault
