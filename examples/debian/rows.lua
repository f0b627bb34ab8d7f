-- Packages as rows for namidb.load: nodes first, then typed edges.

local index = require("index")

local rows = {}

-- Fields of the index that name other packages, and the edges they become.
local RELATIONS = {
    { "Depends", "DEPENDS" }, { "Pre-Depends", "PRE_DEPENDS" },
    { "Recommends", "RECOMMENDS" }, { "Suggests", "SUGGESTS" },
    { "Enhances", "ENHANCES" }, { "Provides", "PROVIDES" },
    { "Conflicts", "CONFLICTS" }, { "Breaks", "BREAKS" },
    { "Replaces", "REPLACES" },
}

-- An iterator over a list.
local function each(list)
    local at = 0
    return function()
        at = at + 1
        return list[at]
    end
end

local function package_row(fields)
    return {
        name = fields.Package,
        version = fields.Version,
        section = fields.Section,
        priority = fields.Priority,
        architecture = fields.Architecture,
        maintainer = fields.Maintainer,
        description = fields.Description,
        size = tonumber(fields.Size),
        installed_kib = tonumber(fields["Installed-Size"]),
    }
end

-- The names that are only ever referred to get nodes without a version.
local function nodes_of(packages, edges)
    local list, seen = {}, {}
    for i, fields in ipairs(packages) do
        list[i], seen[fields.Package] = package_row(fields), true
    end
    for _, relation in ipairs(RELATIONS) do
        for _, edge in ipairs(edges[relation[2]]) do
            if not seen[edge.to] then
                seen[edge.to] = true
                list[#list + 1] = { name = edge.to }
            end
        end
    end
    return list
end

-- One edge per alternative; those of one group share its number.
local function add_relations(list, fields, field)
    for group, alternatives in ipairs(index.relations(fields[field])) do
        for _, alternative in ipairs(alternatives) do
            list[#list + 1] = {
                from = fields.Package, to = alternative[1],
                constraint = alternative[2], group = group,
            }
        end
    end
end

local function sources_of(packages)
    local sources, edges, seen = {}, {}, {}
    for _, fields in ipairs(packages) do
        local text = fields.Source or fields.Package
        local name = text:match("^[%w.+-]+")
        if not seen[name] then
            seen[name] = true
            sources[#sources + 1] = { name = name }
        end
        edges[#edges + 1] = {
            from = fields.Package, to = name,
            version = text:match("%((.-)%)") or fields.Version,
        }
    end
    return sources, edges
end

--- What namidb.load takes.
function rows.options()
    local packages = index.packages()
    local edges, specs = {}, {}
    for _, relation in ipairs(RELATIONS) do
        local list = {}
        for _, fields in ipairs(packages) do
            add_relations(list, fields, relation[1])
        end
        edges[relation[2]] = list
        specs[#specs + 1] = {
            type = relation[2], from = { "Package", "from" },
            to = { "Package", "to" }, rows = each(list),
        }
    end
    local sources, built = sources_of(packages)
    specs[#specs + 1] = {
        type = "BUILT_FROM", from = { "Package", "from" },
        to = { "Source", "to" }, rows = each(built),
    }
    return {
        nodes = {
            { label = "Package", key = "name",
              rows = each(nodes_of(packages, edges)) },
            { label = "Source", key = "name", rows = each(sources) },
        },
        edges = specs,
    }
end

return rows
