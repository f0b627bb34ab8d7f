-- The slow way of inner plans, for specs that compare the fast one with it.

local planned = require("namidb.planned")
local semi = require("namidb.plan.semi")

--- Calls fn(...) while every statement is planned so that its inner plans run
-- once for each row. Returns its first result.
local function row_by_row(fn, ...)
    local of = semi.number_rows
    semi.number_rows = function() return nil end
    planned.forget()
    local ok, result = pcall(fn, ...)
    semi.number_rows = of
    planned.forget()
    return ok and result or error(result, 0)
end

return row_by_row
