-- Values that the reference knows too little of: integers and floats at the
-- ends of all widths, texts of any length in any script, lists of these. Only
-- what is asked in two ways has them (relations.lua).

local value = require("spec.property.value")

local wide = {}

-- An integer of 64 bits by its text, in both interpreters.
local int = rawget(_G, "jit") and function(text)
    local number = tonumber(text)
    if math.abs(number) <= 2 ^ 53 then return number end
    return loadstring("return " .. text .. "LL")()
end or tonumber

local INTS = {}
for text in ([[
-9223372036854775807 -9007199254740993 -9007199254740992 -4294967297
-2147483649 -2147483648 -65537 -32769 -257 -129 -128 -1 0 1 127 128 255 256
32767 32768 65535 65536 2147483647 2147483648 4294967295 4294967296 4294967297
1099511627776 9007199254740991 9007199254740992 9007199254740993
9223372036854775806 9223372036854775807
]]):gmatch("%S+") do INTS[#INTS + 1] = int(text) end

local FLOATS = { 0 / 0, 1 / 0, -1 / 0, -0.0, 0.1, 1 / 3, 2 / 3, 1e-300,
                 4.9406564584124654e-324, 1.7976931348623157e308, 1e15 + 0.25,
                 9007199254740992.0, 9223372036854775808.0,
                 -9223372036854775808.0, 127.5, 1e22, 123456.789, 2.0 }

local TEXTS = { "\195\169", "e\204\129", "\230\151\165\230\156\172",
                "\240\157\132\158", "\239\191\189", "\206\163", "\195\159",
                ("x"):rep(300), ("x"):rep(299) .. "y", ("x"):rep(8),
                "abcdefgh", "abcdefgi", "abcdefg", "abcdefghi", "a%b", "a.b",
                "a\\b", "'", "\"", "\127", "\1", " a ", "\t" }

local of = {}

function of.i(random) return value.int(random:pick(INTS)) end
function of.f(random) return value.float(random:pick(FLOATS)) end
function of.s(random) return value.str(random:pick(TEXTS)) end

function of.l(random)
    local items, kind = {}, random:pick({ "i", "i", "f", "s", "m" })
    for i = 1, random:int(0, 4) do items[i] = of[kind](random) end
    return value.list(items)
end

function of.m(random)
    return of[random:pick({ "i", "f", "s", "l" })](random)
end

--- Such a value for a property of that name; nil: it has none.
function wide.stored(random, name)
    return of[name] and of[name](random)
end

return wide
