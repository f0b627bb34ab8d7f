--- The functions of the language: how many arguments they take, of what types,
-- and what they give. The executor has their bodies.

local functions = {}

-- name minimum [maximum] argument... -> result; `any` is any type, `-` no
-- maximum.
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
elementid 1 1 entity -> string
endnode 1 1 edge -> node
exp 1 1 number -> float
floor 1 1 number -> float
haversin 1 1 number -> float
head 1 1 list -> any
id 1 1 entity -> integer
isempty 1 1 any -> boolean
isnan 1 1 number -> boolean
key 1 1 node -> any
keys 1 1 propertied -> list
labels 1 1 node -> list
last 1 1 list -> any
left 2 2 string integer -> string
length 1 1 path -> integer
localdatetime 0 1 any -> localdatetime
localtime 0 1 any -> localtime
ln 1 1 number -> float
log 1 1 number -> float
log10 1 1 number -> float
ltrim 1 2 string string -> string
nodes 1 1 path -> list
nullif 2 2 any any -> any
pi 0 0 -> float
point 1 1 any -> point
properties 1 1 propertied -> map
radians 1 1 number -> float
rand 0 0 -> float
randomuuid 0 0 -> string
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
startnode 1 1 edge -> node
substring 2 3 string integer integer -> string
tail 1 1 list -> list
tan 1 1 number -> float
tanh 1 1 number -> float
time 0 1 any -> time
timestamp 0 0 -> integer
toboolean 1 1 any -> boolean
tobooleanlist 1 1 list -> list
tobooleanornull 1 1 any -> boolean
tofloat 1 1 any -> float
tofloatlist 1 1 list -> list
tofloatornull 1 1 any -> float
tointeger 1 1 any -> integer
tointegerlist 1 1 list -> list
tointegerornull 1 1 any -> integer
tolower 1 1 string -> string
lower 1 1 string -> string
tostring 1 1 any -> string
tostringlist 1 1 list -> list
tostringornull 1 1 any -> string
toupper 1 1 string -> string
upper 1 1 string -> string
trim 1 2 string string -> string
type 1 1 edge -> string
valuetype 1 1 any -> string
exists 1 1 any -> boolean
date.truncate 1 3 any any any -> date
date.transaction 0 1 any -> date
date.statement 0 1 any -> date
date.realtime 0 1 any -> date
datetime.truncate 1 3 any any any -> datetime
datetime.transaction 0 1 any -> datetime
datetime.statement 0 1 any -> datetime
datetime.realtime 0 1 any -> datetime
datetime.fromepoch 2 2 any any -> datetime
datetime.fromepochmillis 1 1 any -> datetime
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
duration.inmonths 2 2 any any -> duration
duration.indays 2 2 any any -> duration
duration.inseconds 2 2 any any -> duration
point.distance 2 2 any any -> float
point.withinbbox 3 3 any any any -> boolean
]]

local AGGREGATES = [[
count 1 1 any -> integer
sum 1 1 any -> any
avg 1 1 any -> any
min 1 1 any -> any
max 1 1 any -> any
collect 1 1 any -> list
stdev 1 1 any -> float
stdevp 1 1 any -> float
percentilecont 2 2 any any -> float
percentiledisc 2 2 any any -> any
]]

local function read(text, aggregate)
    for line in text:gmatch("[^\n]+") do
        local name, min, max, rest, result =
            line:match("^(%S+) (%d+) (%S+)(.*) %-> (%S+)$")
        local arguments = {}
        for argument in rest:gmatch("%S+") do
            arguments[#arguments + 1] = argument
        end
        functions[name] = {
            min = tonumber(min), max = tonumber(max), aggregate = aggregate,
            arguments = arguments, result = result ~= "any" and result or nil,
        }
    end
end

read(TABLE, false)
read(AGGREGATES, true)

return functions
