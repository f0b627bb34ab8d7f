--- What the characters beyond ASCII are to the language: letters of names,
-- spaces, or the dashes and arrow heads that may stand for ASCII's.
--
-- Lua has no character database, so names may hold whatever is not known to be
-- a space, punctuation or a symbol: blocks are listed, not characters.

local unicode = {}

local byte = string.byte

-- Ranges of code points that are no letters, in order: first, last.
local NO_LETTERS = {
    0x0080, 0x00A9, 0x00AB, 0x00B4, 0x00B6, 0x00B9, 0x00BB, 0x00BF,
    0x00D7, 0x00D7, 0x00F7, 0x00F7, 0x1680, 0x1680, 0x180E, 0x180E,
    0x2000, 0x203E, 0x2041, 0x2053, 0x2055, 0x206F, 0x207A, 0x207E,
    0x208A, 0x208E, 0x2190, 0x245F, 0x2500, 0x2BFF, 0x2E00, 0x2E7F,
    0x2FF0, 0x2FFF, 0x3000, 0x3004, 0x3008, 0x3020, 0x3030, 0x3030,
    0xD800, 0xF8FF, 0xFE10, 0xFE1F, 0xFE30, 0xFE32, 0xFE35, 0xFE4C,
    0xFE50, 0xFE6F, 0xFEFF, 0xFF0F, 0xFF1A, 0xFF20, 0xFF3B, 0xFF3E,
    0xFF40, 0xFF40, 0xFF5B, 0xFF65, 0xFFE0, 0xFFFF, 0x1F000, 0x1FBEF,
    0xE0000, 0x10FFFF,
}

local OTHERS = {}
for _, code in ipairs({ 0xA0, 0x1680, 0x180E, 0x2028, 0x2029, 0x202F, 0x205F,
                        0x3000, 0xFEFF }) do
    OTHERS[code] = "space"
end
for code = 0x2000, 0x200A do OTHERS[code] = "space" end
for _, code in ipairs({ 0xAD, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015,
                        0x2212, 0xFE58, 0xFE63, 0xFF0D }) do
    OTHERS[code] = "-"
end
for _, code in ipairs({ 0x27E8, 0x3008, 0xFE64, 0xFF1C }) do
    OTHERS[code] = "<"
end
for _, code in ipairs({ 0x27E9, 0x3009, 0xFE65, 0xFF1E }) do
    OTHERS[code] = ">"
end

-- The value of the continuation byte at `at`, or nil.
local function tail(text, at)
    local value = byte(text, at)
    if value and value >= 0x80 and value < 0xC0 then return value - 0x80 end
end

--- The code point of the UTF-8 sequence at byte `at` and the byte after it;
-- nil where the bytes are none (overlong, a surrogate, too large, cut short).
function unicode.decode(text, at)
    local first = byte(text, at)
    if not first then return nil end
    if first < 0x80 then return first, at + 1 end
    local second = tail(text, at + 1)
    if not second or first < 0xC2 then return nil end
    if first < 0xE0 then return (first - 0xC0) * 64 + second, at + 2 end
    local third = tail(text, at + 2)
    if not third then return nil end
    if first < 0xF0 then
        local code = ((first - 0xE0) * 64 + second) * 64 + third
        if code < 0x800 or (code >= 0xD800 and code < 0xE000) then
            return nil
        end
        return code, at + 3
    end
    local fourth = tail(text, at + 3)
    if not fourth then return nil end
    local code = (((first - 0xF0) * 64 + second) * 64 + third) * 64 + fourth
    if code < 0x10000 or code > 0x10FFFF then return nil end
    return code, at + 4
end

--- The UTF-8 bytes of a code point.
function unicode.encode(code)
    local char, floor = string.char, math.floor
    if code < 0x80 then return char(code) end
    if code < 0x800 then
        return char(0xC0 + floor(code / 64), 0x80 + code % 64)
    end
    if code < 0x10000 then
        return char(0xE0 + floor(code / 4096), 0x80 + floor(code / 64) % 64,
                    0x80 + code % 64)
    end
    return char(0xF0 + floor(code / 262144), 0x80 + floor(code / 4096) % 64,
                0x80 + floor(code / 64) % 64, 0x80 + code % 64)
end

--- What a code point beyond ASCII is: "letter", "space", "-", "<", ">", or nil
-- for what has no place outside of strings.
function unicode.class(code)
    local other = OTHERS[code]
    if other then return other end
    local low, high = 1, #NO_LETTERS / 2
    while low <= high do
        local middle = math.floor((low + high) / 2)
        if code < NO_LETTERS[2 * middle - 1] then
            high = middle - 1
        elseif code > NO_LETTERS[2 * middle] then
            low = middle + 1
        else
            return nil
        end
    end
    return "letter"
end

--- The first byte from `at` to `last` that does not belong to valid UTF-8.
function unicode.find_invalid(text, at, last)
    local part = text:sub(at, last) -- so that nothing behind it is searched
    local from = part:find("[\128-\255]")
    while from do
        local _, after = unicode.decode(part, from)
        if not after then return at + from - 1 end
        from = part:find("[\128-\255]", after)
    end
end

return unicode
