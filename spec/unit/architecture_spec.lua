-- The rules of the house that a machine can check: layers, sizes, banned calls.

local ALL = { "base", "sys", "format", "net", "store", "cache", "engine",
              "exec", "api", "lua", "test", "bench", "fuzz" }
local MAY_INCLUDE = {
    base = {},
    sys = { "base" },
    format = { "base" },
    net = { "base", "sys" },
    store = { "base", "sys", "net" },
    cache = { "base", "sys", "format", "store" },
    engine = { "base", "sys", "format", "store", "cache" },
    exec = { "base", "format", "sys", "engine" },
    api = { "base", "store", "engine", "exec" },
    lua = {},
    test = ALL, bench = ALL, fuzz = ALL,
}
local IS_TOOL = { test = true, bench = true, fuzz = true }
local BANNED = { "strcpy", "strcat", "sprintf", "gets", "strtok", "alloca" }
local ALLOCATORS = { "malloc", "calloc", "realloc", "free", "strdup" }
local TOP = { Makefile = true, rockspec = true, c = true, lua = true,
              spec = true, examples = true, ["README.md"] = true,
              LICENSE = true, ["CHANGELOG.md"] = true }
local LINES_MAX, FUNCTION_LINES_MAX = 600, 70

local function lines_of_command(command)
    local pipe = assert(io.popen(command))
    local lines = {}
    for line in pipe:lines() do lines[#lines + 1] = line end
    pipe:close()
    return lines
end

local function read(path)
    local file = assert(io.open(path))
    local text = file:read("*a")
    file:close()
    return text
end

-- Without comments and string literals, line ends kept.
local function code_of(text)
    text = text:gsub("/%*.-%*/", function(comment)
        return (comment:gsub("[^\n]", ""))
    end)
    return (text:gsub('"[^"\n]*"', '""'))
end

-- Every C file as (path, layer, text).
local function c_files()
    local paths = lines_of_command("find c -name '*.[ch]' | sort")
    local at = 0
    return function()
        at = at + 1
        local path = paths[at]
        if path then return path, path:match("^c/(%a+)/"), read(path) end
    end
end

local function contains(list, item)
    for _, each in ipairs(list) do
        if each == item then return true end
    end
    return false
end

local function assert_none(faults)
    assert(#faults == 0, table.concat(faults, "\n"))
end

describe("the architecture", function()
    it("includes only downwards", function()
        local faults = {}
        for path, layer, text in c_files() do
            for target in text:gmatch('#include "(%a+)/[^"]+"') do
                if layer and target ~= layer and
                    not contains(MAY_INCLUDE[layer], target) then
                    faults[#faults + 1] = path .. " includes " .. target
                end
            end
        end
        assert_none(faults)
    end)

    it("knows nginx only in lua/resty", function()
        local faults = lines_of_command(
            "grep -rlw ngx lua c | grep -v '^lua/resty'")
        assert_none(faults)
    end)

    it("allocates in one place, and calls nothing that is banned", function()
        local faults = {}
        for path, layer, text in c_files() do
            local code = code_of(text)
            for _, name in ipairs(BANNED) do
                if code:find("%f[%w_]" .. name .. "%s*%(") then
                    faults[#faults + 1] = path .. " calls " .. name
                end
            end
            for _, name in ipairs(ALLOCATORS) do
                if path ~= "c/base/mem.c" and not IS_TOOL[layer] and
                    code:find("[^%w_>.]" .. name .. "%s*%(") then
                    faults[#faults + 1] = path .. " calls " .. name
                end
            end
            if path ~= "c/base/prefetch.h" and
                code:find("__builtin_prefetch", 1, true) then
                faults[#faults + 1] = path .. " calls __builtin_prefetch"
            end
        end
        assert_none(faults)
    end)

    it("keeps files and functions small", function()
        local faults = {}
        for path, layer, text in c_files() do
            local _, count = text:gsub("\n", "")
            if count > LINES_MAX and not IS_TOOL[layer] then
                faults[#faults + 1] = ("%s has %d lines"):format(path, count)
            end
            local start, number = nil, 0
            for line in text:gmatch("([^\n]*)\n") do
                number = number + 1
                if line == "{" then start = number end
                if line == "}" and start then
                    if number - start > FUNCTION_LINES_MAX then
                        faults[#faults + 1] = ("%s:%d: %d lines"):format(path,
                            start, number - start)
                    end
                    start = nil
                end
            end
        end
        for _, path in ipairs(lines_of_command("find lua -name '*.lua'")) do
            local _, count = read(path):gsub("\n", "")
            if count > LINES_MAX then
                faults[#faults + 1] = ("%s has %d lines"):format(path, count)
            end
        end
        assert_none(faults)
    end)

    it("is Lua that both interpreters read", function()
        local faults = {}
        local find = "find lua spec examples -name '*.lua'"
        for _, path in ipairs(lines_of_command(find)) do
            local chunk, why = loadfile(path)
            if not chunk then faults[#faults + 1] = why end
        end
        assert_none(faults)
    end)

    it("begins every C file with its licence", function()
        local faults = {}
        for path, _, text in c_files() do
            if not text:find("^/%* SPDX%-License%-Identifier: Apache%-2%.0 %*/")
            then
                faults[#faults + 1] = path
            end
        end
        assert_none(faults)
    end)

    it("adds nothing to the top of the tree", function()
        local faults = {}
        for _, path in ipairs(lines_of_command("git ls-files 2>/dev/null")) do
            local top = path:match("^[^/]+")
            if not TOP[top] and not top:find("^%.") then
                faults[#faults + 1] = path
            end
        end
        assert_none(faults)
    end)
end)
