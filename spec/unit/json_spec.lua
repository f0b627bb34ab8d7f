local namidb = require("namidb")
local json = namidb.json

describe("namidb.json", function()
    it("reads back what it wrote, without losing digits", function()
        for _, text in ipairs({
            "0", "-1", "9007199254740992", "9007199254740993",
            "-9007199254740992", "-9007199254740993",
            "9223372036854775807", "-9223372036854775808", "0.1", "1e+300",
            "4.94065645841247e-324", "1.7976931348623157e+308",
            "true", "false", "null",
            '""', '"a\\nb\\\\\\"\\u0000\\u007f"', '"Grüße"', "[]", "{}",
            "[1,[2,[]],{}]", '{"a":1,"b":[null,false],"c":{"d":"e"}}',
        }) do
            local decoded, err = json.decode(text)
            assert.is_nil(err)
            assert.equal(text, json.encode(decoded))
        end
    end)

    it("keeps the sign of zero and floats floats", function()
        assert.equal(-math.huge, 1 / json.decode("-0.0"))
        assert.equal(-math.huge, 1 / json.decode(json.encode(-0.0)))
        if math.type then
            assert.equal("float", math.type(json.decode("1.0")))
            assert.equal("1.0", json.encode(1.0))
            assert.equal("integer", math.type(json.decode("1")))
        end
        assert.equal("0.1", json.encode(0.1))
    end)

    it("reads integers beyond 64 bits as floats", function()
        assert.equal(18446744073709551616.0,
                     json.decode("18446744073709551616"))
    end)

    it("reads escapes and surrogate pairs", function()
        local text = '"\\u0041\\u00e9\\ud83d\\uDE00\\/\\b\\f\\r\\t"'
        assert.equal("A\195\169\240\159\152\128/\b\f\r\t",
                     json.decode(text))
    end)

    it("tells null from absence", function()
        local decoded = json.decode('{"a": null}')
        assert.is_true(rawequal(namidb.null, decoded.a))
        assert.equal('{"a":null}', json.encode(decoded))
    end)

    it("is one with cjson about null", function()
        local ok, cjson = pcall(require, "cjson")
        if ok then assert.is_true(rawequal(cjson.null, namidb.null)) end
    end)

    it("writes values by their text, nodes as objects", function()
        local db = assert(namidb.open("memory://json"))
        local id
        assert(db:write(function(tx)
            id = tx:put_node("P", "a", { born = namidb.date(2000, 1, 2),
                                         tags = { "x", "y" } })
        end))
        assert.equal(('{"id":%d,"key":"a","labels":["P"],"props":' ..
            '{"born":"2000-01-02","tags":["x","y"]}}'):format(id),
            json.encode(db:node(id)))
        db:close()
        assert.equal("[0.5,1]", (json.encode(namidb.vector({ 0.5, 1 }))
            :gsub("%.0", "")))
    end)

    -- Text, line, column, part of the message.
    for _, case in ipairs({
        { "", 1, 1, "a value is wanted" },
        { "  \n  x", 2, 3, "a value is wanted" },
        { "[1,]", 1, 4, "a value is wanted" },
        { "[1 2]", 1, 4, "',' or ']' is wanted" },
        { '{"a" 1}', 1, 6, "':' is wanted" },
        { '{"a":1,}', 1, 8, "a name in quotes" },
        { '{a:1}', 1, 2, "a name in quotes" },
        { '{"a":1', 1, 7, "',' or '}' is wanted" },
        { '"abc', 1, 1, "does not end" },
        { '"a\nb"', 1, 3, "control character" },
        { '"a\\x"', 1, 3, "unknown escape" },
        { '"\\u12g4"', 1, 2, "four hex digits" },
        { '"\\ud800"', 1, 2, "surrogate" },
        { '"\\udc00"', 1, 2, "surrogate" },
        { "01", 1, 1, "a value is wanted" },
        { "1.", 1, 1, "not a number" },
        { "+1", 1, 1, "a value is wanted" },
        { "1e", 1, 1, "not a number" },
        { "0x10", 1, 1, "not a number" },
        { "1e999", 1, 1, "beyond" },
        { "nul", 1, 1, "a value is wanted" },
        { "nullx", 1, 1, "a value is wanted" },
        { "1 2", 1, 3, "something follows" },
        { '{\n "a": }', 2, 7, "a value is wanted" },
        { "[1,", 1, 4, "a value is wanted" },
        { "[1}", 1, 3, "',' or ']' is wanted" },
        { "1.e5", 1, 1, "not a number" },
        { ("["):rep(100000), 1, 129, "nested too deeply" },
        { ("["):rep(129), 1, 129, "nested too deeply" },
    }) do
        it("says where it is wrong: " .. case[1]:sub(1, 9):gsub("%c", " "),
           function()
            local decoded, err = json.decode(case[1])
            assert.is_nil(decoded)
            assert.equal("syntax", err.code)
            assert.same({ case[2], case[3] }, { err.line, err.column })
            assert.is_truthy(err.message:find(case[4], 1, true))
        end)
    end

    it("says what it cannot write", function()
        local loop = {}
        loop[1] = loop
        for _, case in ipairs({
            { loop, "nested too deeply" },
            { 0 / 0, "nan" },
            { { [1.5] = 1 }, "a key that is no string" },
            { io.stdout, "userdata" },
        }) do
            local ok, err = pcall(json.encode, case[1])
            assert.is_false(ok)
            assert.is_truthy(err:find(case[2], 1, true), err)
        end
    end)
end)
