-- Lists and maps may be 128 deep, wherever they come from and wherever they go:
-- what one part takes, all take, and what was written can be read.

local help = dofile("spec/help.lua")
local namidb = require("namidb")

local MOST = 128

local function nested(depth)
    local value = 7
    for _ = 1, depth do value = { value } end
    return value
end

local function text(depth)
    return ("["):rep(depth) .. "7" .. ("]"):rep(depth)
end

local function depth_of(value)
    local depth = 0
    while type(value) == "table" do value, depth = value[1], depth + 1 end
    return depth
end

local MADE = "WITH reduce(a = 7, x IN range(1, %d) | [a]) AS v "

describe("nesting", function()
    local db

    before_each(function() db = help.open() end)
    after_each(function() db:close() end)
    teardown(help.remove_folders)

    local function depth(statement, params)
        return depth_of(assert(db:query(statement, params))[1].v)
    end

    it("may be 128 deep in queries", function()
        for at = MOST - 1, MOST do
            local value = { v = nested(at) }
            local made = MADE:format(at)
            assert.equal(at, depth("RETURN $v AS v", value))
            assert.equal(at, depth("RETURN " .. text(at) .. " AS v"))
            assert.equal(at, depth(made .. "RETURN v"))
            assert.equal(at, depth(made .. "RETURN DISTINCT v"))
            assert.equal(at, depth(made .. "UNWIND [1, 2] AS x " ..
                "WITH v, x ORDER BY v, x RETURN v"))
            assert.equal(at, depth(made .. "CALL { WITH v RETURN v AS w } " ..
                "WITH w AS v, count(*) AS n RETURN v"))
            assert.is_true(assert(db:query(made ..
                "RETURN v = $v AND v IN [v] AS v", value))[1].v)
            assert.equal(at, depth_of(namidb.json.decode(
                namidb.json.encode(value.v))))
            local inside = 7
            for _ = 1, at do inside = { a = inside } end
            assert(db:query("RETURN $v AS v", { v = inside }))
            assert(namidb.json.encode(assert(db:query(made .. "RETURN v"))))
        end
    end)

    it("cannot be deeper in queries", function()
        local made = MADE:format(MOST + 1)
        for _, statement in ipairs({
            "RETURN " .. text(MOST + 1) .. " AS v",
            "RETURN " .. text(MOST):gsub("7", "[]") .. " AS v",
            made .. "RETURN v", made .. "RETURN DISTINCT v",
            made .. "UNWIND [1, 2] AS x WITH v, x ORDER BY v, x RETURN v",
            made .. "CREATE (n {v: v}) RETURN n.v AS v",
            made .. "RETURN COLLECT { RETURN v }",
            "CREATE (n {v: " .. text(MOST + 1) .. "})",
            MADE:format(MOST) .. "RETURN collect(v)",
        }) do
            local rows, err = db:query(statement)
            assert.is_nil(rows)
            assert.equal("limit", err.code)
            assert.matches("nested deeper than 128", err.message, 1, true)
        end
        assert.has_error(function()
            local _ = db:query("RETURN $v", { v = nested(MOST + 1) })
        end, "v: lists and maps nested deeper than 128")
        local value, err = namidb.json.decode(text(MOST + 1))
        assert.is_nil(value)
        assert.matches("nested too deeply", err.message, 1, true)
        assert.equal(0, db:query("MATCH (n) RETURN count(*) AS n")[1].n)
    end)

    it("is kept by the log, by packs and by indexes", function()
        local uri = help.stores.file()
        local own = assert(namidb.open(uri))
        assert(own:query("CREATE INDEX FOR (n:N) ON (n.v)"))
        for at = MOST - 1, MOST do
            assert(own:write(function(tx)
                tx:create_node({ "N" }, { v = nested(at), at = at })
                tx:put_edge("E", tx:put_node("K", at, { v = nested(at) }),
                            tx:put_node("K", at, {}, { merge = true }),
                            { v = nested(at) })
            end))
        end
        local function check(handle)
            for at = MOST - 1, MOST do
                local rows = assert(handle:query("MATCH (n:N {v: $v}), " ..
                    "(k:K {v: n.v})-[e:E]->() RETURN n.at AS at, n.v AS n, " ..
                    "k.v AS k, e.v AS e", { v = nested(at) }))
                assert.equal(1, #rows)
                assert.same({ at, at, at, at }, { rows[1].at,
                    depth_of(rows[1].n), depth_of(rows[1].k),
                    depth_of(rows[1].e) })
            end
        end
        check(own)
        own:close()
        own = assert(namidb.open(uri)) -- by the log
        check(own)
        assert(own:flush())
        own:close()
        own = assert(namidb.open(uri)) -- by a pack
        check(own)
        own:close()
    end)
end)
