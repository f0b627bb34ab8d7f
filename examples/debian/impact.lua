-- What breaks when a Debian package is removed?
--
-- usage: impact.lua PACKAGE [URI [FOLDER]]
--
-- Prints the packages by depth and writes a picture into FOLDER (here):
-- impact-PACKAGE.dot, and .svg when Graphviz is installed.

package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path

local namidb = require("namidb")
local graph = require("graph")

local SHOWN = 8      -- names per level
local DRAWN = 60     -- packages in the picture

local name = arg[1]
local uri = arg[2] or "file://./build/demo?ns=debian"
local folder = arg[3] or "."
if not name then
    io.stderr:write("usage: impact.lua PACKAGE [URI [FOLDER]]\n")
    os.exit(2)
end

local db = assert(namidb.open(uri, { read_only = true }))
local root = db:node("Package", name)
if not root then
    io.stderr:write(("there is no package %s"):format(name))
    local near = graph.near(db, name, 5)
    io.stderr:write(#near > 0 and "; near it: " .. table.concat(near, ", ")
        or "", "\n")
    os.exit(1)
end

local function print_levels(levels)
    local total = 0
    for depth, level in ipairs(levels) do
        table.sort(level, function(a, b) return a.key < b.key end)
        local names = {}
        for i = 1, math.min(SHOWN, #level) do names[i] = level[i].key end
        local more = #level > SHOWN and ", ..." or ""
        print(("%8d  at depth %d: %s%s"):format(#level, depth,
            table.concat(names, ", "), more))
        total = total + #level
    end
    print(("%8d  in all"):format(total))
end

local function write_dot(path, levels, cause)
    local file = assert(io.open(path, "w"))
    local drawn = 0
    file:write("digraph impact {\n  rankdir = LR; node [shape = box];\n")
    file:write(("  %q [style = bold];\n"):format(root.key))
    for _, level in ipairs(levels) do
        for _, node in ipairs(level) do
            if drawn < DRAWN then
                file:write(("  %q -> %q;\n"):format(cause[node.id].key,
                                                    node.key))
                drawn = drawn + 1
            end
        end
    end
    file:write("}\n")
    assert(file:close())
end

local levels, cause = graph.impact(db, root)
print(("without %s %s these cannot stay installed:"):format(root.key,
    root.version or "(virtual)"))
print_levels(levels)

local path = ("%s/impact-%s.dot"):format(folder, name)
write_dot(path, levels, cause)
print("picture: " .. path)
local svg = path:gsub("%.dot$", ".svg")
local drawn = os.execute(("command -v dot >/dev/null && dot -Tsvg '%s' -o '%s'")
    :format(path, svg))
if drawn == true or drawn == 0 then print("picture: " .. svg) end
db:close()
