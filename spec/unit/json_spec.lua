local namidb = require("namidb")
local json = namidb.json

describe("json", function()
    for _, text in ipairs({
        "null", "true", "false", "0", "-1", "1.5", '""', '"text"',
        "9007199254740993", "-9223372036854775808", "9223372036854775807",
        "[]", "[1,2,[3]]", "{}", '{"a":1,"b":{"c":[null]}}',
        '"\\"\\\\\\n\\u0001"', '"\195\164"',
    }) do
        it("keeps " .. text, function()
            local decoded, err = json.decode(text)
            assert.is_nil(err)
            assert.equal(text, json.encode(decoded))
        end)
    end

    it("reads escapes", function()
        assert.equal("A\195\164\226\130\172\240\159\144\154/",
                     json.decode('"\\u0041\\u00e4\\u20ac\\ud83d\\udc1a\\/"'))
    end)

    for text, place in pairs({
        ["{\n \"a\": }"] = { 2, 7 }, ["[1,"] = { 1, 4 }, ["01"] = { 1, 1 },
        ["\"a"] = { 1, 1 }, ["[1] 2"] = { 1, 5 }, ["{a:1}"] = { 1, 2 },
        ["\"\\x\""] = { 1, 2 }, ["\"\\ud800\""] = { 1, 2 }, ["nul"] = { 1, 1 },
        ["1.e5"] = { 1, 1 }, [""] = { 1, 1 }, ["[1}"] = { 1, 3 },
    }) do
        it("says where it fails: " .. text:gsub("\n", " "), function()
            local none, err = json.decode(text)
            assert.is_nil(none)
            assert.equal("syntax", err.code)
            assert.same(place, { err.line, err.column })
        end)
    end

    it("survives hostile depth", function()
        local none, err = json.decode(("["):rep(100000))
        assert.is_nil(none)
        assert.matches("nested", err.message)
    end)

    it("refuses what JSON cannot say", function()
        local cycle = {}
        cycle[1] = cycle
        for _, bad in ipairs({ math.huge, 0 / 0, print, cycle,
                               { [true] = 1 } }) do
            assert.is_false(pcall(json.encode, bad))
        end
    end)
end)
