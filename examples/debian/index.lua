-- The machine's own Debian package index, as apt keeps it.

local index = {}

local LISTS = "/var/lib/apt/lists"

-- The lists of packages that apt has, as paths.
local function list_files()
    local files = {}
    local pipe = assert(io.popen("ls " .. LISTS ..
        "/*_Packages* 2>/dev/null"))
    for path in pipe:lines() do files[#files + 1] = path end
    pipe:close()
    return files
end

-- Fetches the lists when there are none.
local function ensure_files()
    local files = list_files()
    if #files == 0 then
        io.stderr:write("no package lists here: running apt-get update\n")
        os.execute("apt-get update -qq >&2 || sudo apt-get update -qq >&2")
        files = list_files()
    end
    assert(#files > 0, "there is no package index: run apt-get update")
    return files
end

-- "libc6 (>= 2.36) [amd64]" -> "libc6", ">= 2.36"
local function parse_relation(text)
    local name = text:match("^%s*([%w.+-]+)")
    local constraint = text:match("%(%s*(.-)%s*%)")
    return name, constraint
end

-- "a, b | c (>= 1)" as a list of groups of { name, constraint }.
function index.relations(text)
    local groups = {}
    for part in (text or ""):gmatch("[^,]+") do
        local group = {}
        for alternative in part:gmatch("[^|]+") do
            local name, constraint = parse_relation(alternative)
            if name then group[#group + 1] = { name, constraint } end
        end
        if #group > 0 then groups[#groups + 1] = group end
    end
    return groups
end

-- The stanzas of a stream, as tables of fields.
local function stanzas(pipe)
    return function()
        local fields, is_empty, last = {}, true, nil
        for line in pipe:lines() do
            if line == "" then
                if not is_empty then return fields end
            elseif line:find("^[ \t]") then
                if last then fields[last] = fields[last] .. line end
            else
                local name, text = line:match("^([%w-]+):%s*(.*)$")
                if name then
                    fields[name], last, is_empty = text, name, false
                end
            end
        end
        return not is_empty and fields or nil
    end
end

--- All packages, each name once (a later list is newer): a list of tables of
-- fields, in the order of the lists.
function index.packages()
    local packages, places = {}, {}
    for _, path in ipairs(ensure_files()) do
        local pipe = assert(io.popen("/usr/lib/apt/apt-helper cat-file '" ..
            path .. "'"))
        for fields in stanzas(pipe) do
            local place = places[fields.Package] or #packages + 1
            places[fields.Package] = place
            packages[place] = fields
        end
        pipe:close()
    end
    return packages
end

return index
