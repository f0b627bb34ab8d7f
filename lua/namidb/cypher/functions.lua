--- The functions of the language: how many arguments they take, of what types,
-- and what they give. The executor has their bodies.

local functions = {}

-- name (as it is shown) minimum [maximum] argument... -> result; `any` is any
-- type, `-` no maximum.
local TABLE = [[
abs 1 1 number -> number
acos 1 1 number -> float
asin 1 1 number -> float
atan 1 1 number -> float
atan2 2 2 number number -> float
btrim 1 2 string string -> string
ceil 1 1 number -> float
ceiling 1 1 number -> float
char_length 1 1 string -> integer
character_length 1 1 string -> integer
coalesce 1 - -> any
cos 1 1 number -> float
cosh 1 1 number -> float
cot 1 1 number -> float
coth 1 1 number -> float
date 0 1 any -> date
datetime 0 1 any -> datetime
degrees 1 1 number -> float
distance 2 2 any any -> float
duration 1 1 any -> duration
e 0 0 -> float
elementId 1 1 entity -> string
endNode 1 1 edge -> node
exp 1 1 number -> float
floor 1 1 number -> float
haversin 1 1 number -> float
head 1 1 list -> any
id 1 1 entity -> integer
isEmpty 1 1 any -> boolean
isNaN 1 1 number -> boolean
key 1 1 node -> any
keys 1 1 propertied -> list
labels 1 1 node -> list
last 1 1 list -> any
left 2 2 string integer -> string
length 1 1 path -> integer
localDatetime 0 1 any -> localdatetime
localTime 0 1 any -> localtime
ln 1 1 number -> float
log 1 1 number -> float
log10 1 1 number -> float
ltrim 1 2 string string -> string
nodes 1 1 path -> list
nullIf 2 2 any any -> any
pi 0 0 -> float
point 1 1 any -> point
properties 1 1 propertied -> map
radians 1 1 number -> float
rand 0 0 -> float
randomUUID 0 0 -> string
range 2 3 any any any -> list
relationships 1 1 path -> list
rels 1 1 path -> list
replace 3 3 string string string -> string
reverse 1 1 any -> any
right 2 2 string integer -> string
round 1 3 number any any -> float
rtrim 1 2 string string -> string
sign 1 1 number -> integer
sin 1 1 number -> float
sinh 1 1 number -> float
size 1 1 sized -> integer
split 2 2 string any -> list
sqrt 1 1 number -> float
startNode 1 1 edge -> node
substring 2 3 string integer integer -> string
tail 1 1 list -> list
tan 1 1 number -> float
tanh 1 1 number -> float
time 0 1 any -> time
timestamp 0 0 -> integer
toBoolean 1 1 any -> boolean
toBooleanList 1 1 list -> list
toBooleanOrNull 1 1 any -> boolean
toFloat 1 1 any -> float
toFloatList 1 1 list -> list
toFloatOrNull 1 1 any -> float
toInteger 1 1 any -> integer
toIntegerList 1 1 list -> list
toIntegerOrNull 1 1 any -> integer
toLower 1 1 string -> string
lower 1 1 string -> string
toString 1 1 any -> string
toStringList 1 1 list -> list
toStringOrNull 1 1 any -> string
toUpper 1 1 string -> string
upper 1 1 string -> string
trim 1 2 string string -> string
type 1 1 edge -> string
valueType 1 1 any -> string
exists 1 1 any -> boolean
date.truncate 1 3 any any any -> date
date.transaction 0 1 any -> date
date.statement 0 1 any -> date
date.realtime 0 1 any -> date
datetime.truncate 1 3 any any any -> datetime
datetime.transaction 0 1 any -> datetime
datetime.statement 0 1 any -> datetime
datetime.realtime 0 1 any -> datetime
datetime.fromEpoch 2 2 any any -> datetime
datetime.fromEpochMillis 1 1 any -> datetime
localdatetime.truncate 1 3 any any any -> localdatetime
localdatetime.transaction 0 1 any -> localdatetime
localdatetime.statement 0 1 any -> localdatetime
localdatetime.realtime 0 1 any -> localdatetime
localtime.truncate 1 3 any any any -> localtime
localtime.transaction 0 1 any -> localtime
localtime.statement 0 1 any -> localtime
localtime.realtime 0 1 any -> localtime
time.truncate 1 3 any any any -> time
time.transaction 0 1 any -> time
time.statement 0 1 any -> time
time.realtime 0 1 any -> time
duration.between 2 2 any any -> duration
duration.inMonths 2 2 any any -> duration
duration.inDays 2 2 any any -> duration
duration.inSeconds 2 2 any any -> duration
point.distance 2 2 any any -> float
point.withinBBox 3 3 any any any -> boolean
]]

local AGGREGATES = [[
count 1 1 any -> integer
sum 1 1 any -> any
avg 1 1 any -> any
min 1 1 any -> any
max 1 1 any -> any
collect 1 1 any -> list
stDev 1 1 any -> float
stDevP 1 1 any -> float
percentileCont 2 2 any any -> float
percentileDisc 2 2 any any -> any
]]

local function read(text, aggregate)
    for line in text:gmatch("[^\n]+") do
        local name, min, max, rest, result =
            line:match("^(%S+) (%d+) (%S+)(.*) %-> (%S+)$")
        local arguments = {}
        for argument in rest:gmatch("%S+") do
            arguments[#arguments + 1] = argument
        end
        functions[name:lower()] = {
            name = name,
            min = tonumber(min), max = tonumber(max), aggregate = aggregate,
            arguments = arguments, result = result ~= "any" and result or nil,
        }
    end
end

read(TABLE, false)
read(AGGREGATES, true)

return functions
