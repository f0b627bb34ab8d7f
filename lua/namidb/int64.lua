-- 64-bit integers in LuaJIT: int64_t where a number would lose digits.

local int64 = {}

local is_jit, ffi = pcall(require, "ffi")

-- PUC Lua has integers of its own, even when it has an ffi module.
int64.is_needed = is_jit and math.type == nil

if not int64.is_needed then return int64 end

local pointer = ffi.typeof("const int64_t *")
local box = ffi.typeof("int64_t[1]")
local signed = ffi.typeof("int64_t")
local unsigned = ffi.typeof("uint64_t")
local too_large = unsigned(2 ^ 63)

-- The integer that 8 bytes are.
function int64.make(bytes)
    return ffi.cast(pointer, bytes)[0]
end

-- The 8 bytes of an int64_t, or of a uint64_t that fits; nil for other cdata.
function int64.read(cdata)
    if ffi.istype(unsigned, cdata) then
        if cdata >= too_large then return nil end
    elseif not ffi.istype(signed, cdata) then
        return nil
    end
    return ffi.string(box(cdata), 8)
end

return int64
