-- The annotations of lua/namidb/**/*meta.lua: they declare what there is, and
-- nothing else.

local namidb = require("namidb")
local core = require("namidb.core")

local help = require("spec.help")

local FILES = { "meta", "tx_meta", "told_meta", "builder/meta" }

-- A class is { parent =, fields = { name = true }, methods = { name = number of
-- arguments } }.
local function read_file(path, classes)
    local of_variable, current = {}, nil
    for line in io.lines(path) do
        local class = line:match("^%-%-%-@class ([%w_.]+)")
        if class then
            current = { parent = line:match(": (%S+)$"), fields = {},
                        methods = {} }
            assert.is_nil(classes[class], class)
            classes[class] = current
        end
        local field = line:match("^%-%-%-@field (%S+)")
        if field then current.fields[field:match("^[^?]+")] = true end
        local variable = line:match("^local ([%w_]+) = {}$")
        if variable then of_variable[variable] = current end
        local owner, name, arguments =
            line:match("^function ([%w_]+)[.:]([%w_]+)(%b())")
        if owner then
            local _, count = arguments:gsub("[%w_.]+", "")
            local owning = of_variable[owner]
            owning.methods[name] = count
        end
    end
end

local classes = {}
for _, file in ipairs(FILES) do
    read_file("lua/namidb/" .. file .. ".lua", classes)
end

-- A member of a class or of those that it extends.
local function find(class, kind, name)
    while class do
        if class[kind][name] then return class[kind][name] end
        class = classes[class.parent]
    end
end

-- A function in Lua takes what its annotation says; `self` is one more.
local function check_arguments(where, fn, count, self)
    local info = debug.getinfo(fn, "Su")
    if info.what ~= "C" and not info.isvararg then
        assert.equal(count + self, info.nparams, where)
    end
end

local function check_methods(name, live, self)
    local class = assert(classes[name], name)
    for member, thing in pairs(live) do
        local where = name .. ": " .. member
        local count = find(class, "methods", member)
        if type(thing) ~= "function" then
            assert.is_true(find(class, "fields", member), where)
        else
            assert.is_number(count, where)
            check_arguments(where, thing, count, self)
        end
    end
    while class do
        for member in pairs(class.methods) do
            assert.is_function(live[member], name .. ": " .. member)
        end
        class = classes[class.parent]
    end
end

local function check_fields(name, live)
    local class = assert(classes[name], name)
    for field in pairs(live) do
        if type(field) == "string" then
            assert.is_true(find(class, "fields", field),
                           name .. ": " .. tostring(field))
        end
    end
end

-- All fields that a class must have are there, too.
local function check_whole(name, live)
    check_fields(name, live)
    for field in pairs(classes[name].fields) do
        assert.is_not_nil(live[field], name .. ": " .. field)
    end
end

local function methods_of(thing) return getmetatable(thing).__index end

describe("the annotations", function()
    local db

    setup(function()
        db = help.open()
        help.run(db, "CREATE CONSTRAINT FOR (p:P) REQUIRE p.a IS UNIQUE")
        help.run(db, "CREATE CONSTRAINT FOR (p:P) REQUIRE p.d IS :: DATE")
        assert(db:wait_indexes(30))
        help.run(db, "CREATE (:P {a: 1, d: date('2020-01-01')})" ..
            "-[:R {b: 2}]->(:P {a: 2})")
        assert(db:flush())
    end)
    teardown(function() db:close() end)

    it("have the functions of the module", function()
        check_methods("namidb", namidb, 0)
        check_methods("namidb.json", namidb.json, 0)
    end)

    it("have the methods of every handle", function()
        local client = assert(namidb.Client(help.memory_uri()))
        check_methods("namidb.db", core.db.__index, 1)
        check_methods("namidb.snapshot", core.snapshot.__index, 1)
        check_methods("namidb.tx", core.tx.__index, 1)
        check_methods("namidb.ticket", core.ticket.__index, 1)
        check_methods("namidb.client", methods_of(client), 1)
        check_methods("namidb.builder", methods_of(db:match()), 1)
        check_methods("namidb.result", methods_of(help.run(db, "RETURN 1")), 1)
        client:close()
    end)

    it("have what paths and errors can be asked", function()
        for name in pairs(core.path.__index) do
            assert.is_true(classes["namidb.path"].fields[name], name)
        end
        for _, text in ipairs({ "RETURN", "RETURN 1 / 0" }) do
            local _, err = db:query(text)
            check_fields("namidb.error", err)
        end
    end)

    it("have what is told of a graph", function()
        local counts = db:counts()
        check_whole("namidb.counts", counts)
        check_whole("namidb.spread", counts.degrees.out.R)
        check_fields("namidb.property_count", counts.node_properties.P.a)
        check_whole("namidb.property_count", counts.node_properties.P.d)
        check_whole("namidb.index", db:indexes()[1])
        for _, constraint in ipairs(db:constraints()) do
            check_fields("namidb.constraint", constraint)
        end
    end)

    it("have what is told of a handle", function()
        local stats = assert(db:stats())
        check_whole("namidb.stats", stats)
        check_whole("namidb.requests", stats.requests)
        check_fields("namidb.place", stats.store)
        local cache = assert(db:cache_stats())
        check_whole("namidb.cache_stats", cache)
        check_whole("namidb.segment_stats", cache.segments)
        check_whole("namidb.adjacency_stats", cache.adjacency)
        check_whole("namidb.statement_stats", cache.statements)
        check_whole("namidb.requests", cache.store)
    end)

    it("have what is told of a query and a load", function()
        local result = help.run(db, "PROFILE MATCH (p:P) RETURN p.a AS a")
        check_fields("namidb.result", result)
        check_whole("namidb.step", result.profile[1])
        local summary = assert(db:load({ progress = false, nodes = {
            { rows = function() end, label = "Q" } } }))
        check_whole("namidb.summary", summary)
        check_whole("namidb.position", summary.position)
    end)
end)
