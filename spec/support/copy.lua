-- copy(table) -> another with the same entries.

return function(map)
    local made = {}
    for key, item in pairs(map) do made[key] = item end
    return made
end
