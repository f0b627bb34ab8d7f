-- db:set_storage_class: the packs of a cold namespace move into another class.
--
-- C moves a few at a time; what is done between two steps is seen by progress.

local blame = require("namidb.blame")
local core = require("namidb.core")

local storage_class = {}

local OPTIONS = { timeout = "number", progress = "function" }

local function check(class, options)
    if type(class) ~= "string" then
        error("set_storage_class: the name of a class is wanted, not a " ..
              type(class), 0)
    end
    if options ~= nil and type(options) ~= "table" then
        error("set_storage_class: options are a table, not a " ..
              type(options), 0)
    end
    for name, value in pairs(options or {}) do
        if OPTIONS[name] == nil then
            error(("set_storage_class: unknown option '%s'")
                :format(tostring(name)), 0)
        elseif type(value) ~= OPTIONS[name] then
            error(("set_storage_class: option %s: a %s is wanted, not a %s")
                :format(name, OPTIONS[name], type(value)), 0)
        end
    end
end

--- Moves all packs into a storage class of S3's, within the store.
--
-- Packs that are in it already are only looked at, so the same call takes up
-- one that was broken off. `timeout` is that of each step of 8 packs;
-- `progress` is called after each with what is returned at the end: how many
-- `packs` were looked at, how many `moved`, and their `bytes`. An error that it
-- raises ends the move and is raised again.
storage_class.set = blame.wrap(function(db, class, options)
    check(class, options)
    options = options or {}
    local summary = { packs = 0, moved = 0, bytes = 0 }
    local last, done = "", false
    while not done do
        local packs, moved, bytes
        last, packs, moved, bytes, done =
            core.move_class(db, class, last, options.timeout)
        if not last then
            if packs.code == "invalid" then error(packs.message, 0) end
            return nil, packs
        end
        summary.packs = summary.packs + packs
        summary.moved = summary.moved + moved
        summary.bytes = summary.bytes + bytes
        if options.progress then options.progress(summary) end
    end
    return summary
end)

return storage_class
