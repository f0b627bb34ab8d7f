-- A proxy between a client of S3 and a real server, that counts and misbehaves.
--
-- It passes requests on unchanged, keeps a record of each, and does what its
-- plan says with some (s3_proxy.lua describes a plan). It is told things, and
-- asked, by lines of JSON on a second port.
--
-- usage: s3_proxy_main PORT-OF-THE-SERVER; prints its two ports.

package.path = "spec/support/?.lua;" .. package.path

local socket = require("socket")
local json = require("namidb").json
local loop = require("loop")

local upstream_port = tonumber(arg[1])

local records, plan = {}, {}
local settings = { gate = 0 }
local in_flight, round, last_arrival = 0, 0, 0
local gated, late = {}, {} -- functions that go on with an answer, a request

-------------------------------------------------------------------- messages

-- A head: its first line, its other lines in order, the values by lower-case
-- name.
local function read_head(peer)
    local first, why = loop.line(peer)
    if not first then return nil, why end
    local head = { first = first, lines = {}, values = {} }
    while true do
        local line = loop.line(peer)
        if not line then return nil, "cut short" end
        if line == "" then return head end
        head.lines[#head.lines + 1] = line
        local name, value = line:match("^([^:]+):%s*(.-)%s*$")
        head.values[name:lower()] = value
    end
end

local function read_chunks(peer)
    local parts = {}
    repeat
        local size = loop.line(peer)
        if not size then return nil end
        local count = tonumber(size:match("^%x+"), 16)
        local data = loop.bytes(peer, count + 2)
        if not data then return nil end
        parts[#parts + 1] = size .. "\r\n" .. data
    until count == 0
    return table.concat(parts)
end

local function text_of(head, body)
    return head.first .. "\r\n" .. table.concat(head.lines, "\r\n") ..
        "\r\n\r\n" .. body
end

local function read_request(peer)
    local head, why = read_head(peer)
    if not head then return nil, why end
    local body = loop.bytes(peer,
                            tonumber(head.values["content-length"] or 0))
    if not body then return nil, "cut short" end
    local method, path, query = head.first:match("^(%u+) ([^ ?]+)%??(%S*)")
    return { head = head, body = body, method = method, path = path,
             query = query }
end

local function read_answer(peer, method)
    local head, why = read_head(peer)
    if not head then return nil, why end
    local status = tonumber(head.first:match("^%S+ (%d+)"))
    local body = ""
    if method ~= "HEAD" and status ~= 204 and status ~= 304 then
        if head.values["transfer-encoding"] then
            body = read_chunks(peer)
        else
            body = loop.bytes(peer,
                              tonumber(head.values["content-length"] or 0))
        end
    end
    if not body then return nil, "cut short" end
    return { head = head, body = body, status = status }
end

-- Without a header, or with another value of it.
local function with_header(head, name, value)
    local lines = {}
    for _, line in ipairs(head.lines) do
        if line:match("^[^:]+"):lower() ~= name then
            lines[#lines + 1] = line
        end
    end
    if value then lines[#lines + 1] = name .. ": " .. value end
    return { first = head.first, lines = lines, values = head.values }
end

------------------------------------------------------------------------ plans

local function matches(rule, request)
    return (not rule.method or rule.method == request.method) and
        (not rule.path or request.path:find(rule.path, 1, true) ~= nil)
end

-- The rule that applies to this request, or nil.
local function rule_for(request)
    local found
    for _, rule in ipairs(plan) do
        if matches(rule, request) then
            rule.seen = rule.seen + 1
            local is_hit = not found
            if rule.chance then
                is_hit = is_hit and math.random() < rule.chance
            else
                is_hit = is_hit and rule.seen >= rule.at and
                    rule.seen < rule.at + rule.count
            end
            if is_hit then
                rule.hits = rule.hits + 1
                found = rule
            end
        end
    end
    return found
end

--------------------------------------------------------------------- the gate

-- Answers wait until nothing new has come for a while: what is sent without
-- having seen them is one round.
local function pass_gate(record)
    if settings.gate > 0 then
        local thread = coroutine.running()
        gated[#gated + 1] = function() coroutine.resume(thread) end
        coroutine.yield()
    end
    record.round = round
end

local function watch_gate()
    while true do
        loop.sleep(0.005)
        local is_quiet = #gated == in_flight and
            socket.gettime() - last_arrival >= settings.gate
        if #gated > 0 and is_quiet then
            local all = gated
            gated, round = {}, round + 1
            for _, go_on in ipairs(all) do go_on() end
        end
    end
end

-------------------------------------------------------------------- the faults

local function reset(peer)
    peer:setoption("linger", { on = true, timeout = 0 })
    peer:close()
end

local function release_late(all)
    for i = #late, 1, -1 do
        late[i].after = late[i].after - 1
        if all or late[i].after < 0 then
            table.remove(late, i).go_on()
        end
    end
end

-- Sends a request to the server; nil when that hung up.
local function forward(connection, request)
    if not connection.upstream then
        connection.upstream = loop.connect(upstream_port)
    end
    local head = request.head
    if request.strip then head = with_header(head, request.strip) end
    loop.send(connection.upstream, text_of(head, request.body))
    local answer = read_answer(connection.upstream, request.method)
    request.record.applied = answer and answer.status
    return answer
end

local function drip(peer, text, seconds)
    for i = 1, #text do
        if not loop.send(peer, text:sub(i, i)) then return nil end
        loop.sleep(seconds)
    end
    return true
end

local function made_answer(rule)
    local body = rule.body or ("<Error><Code>%s</Code><Message>as planned" ..
        "</Message></Error>"):format(rule.code or "")
    local lines = {}
    for line in (rule.headers or ""):gmatch("[^\r\n]+") do
        lines[#lines + 1] = line
    end
    lines[#lines + 1] = "Date: " .. os.date("!%a, %d %b %Y %H:%M:%S GMT")
    lines[#lines + 1] = "Content-Length: " .. #body
    return { head = { first = "HTTP/1.1 " .. rule.status .. " Planned",
                      lines = lines, values = {} },
             body = body, status = rule.status }
end

-- Each returns the answer to send, or nil: the connection ends.
local FAULTS = {}

function FAULTS.drop() return nil end

function FAULTS.apply_drop(connection, request)
    forward(connection, request)
    return nil
end

function FAULTS.answer(_, _, rule) return made_answer(rule) end

function FAULTS.apply_answer(connection, request, rule)
    request.strip = rule.header
    forward(connection, request)
    return made_answer(rule)
end

-- The client gets no answer and hangs up, or is hung up on; the request is
-- applied when `after` others were.
function FAULTS.late(connection, request, rule)
    loop.spawn(function()
        local thread = coroutine.running()
        late[#late + 1] = {
            after = rule.after or 0,
            go_on = function() coroutine.resume(thread) end,
        }
        coroutine.yield()
        local other = {}
        forward(other, request)
        other.upstream:close()
    end)
    if rule.waits then loop.until_gone(connection.peer) end
    return nil
end

function FAULTS.hang(connection, request)
    forward(connection, request)
    loop.until_gone(connection.peer)
    return nil
end

function FAULTS.strip(connection, request, rule)
    request.strip = rule.header
    return forward(connection, request)
end

function FAULTS.rewrite(connection, request, rule)
    local answer = forward(connection, request)
    if answer then
        answer.head = with_header(answer.head, rule.header, rule.value)
    end
    return answer
end

-- An answer that ends early, its length as promised.
function FAULTS.short(connection, request)
    local answer = forward(connection, request)
    if not answer then return nil end
    local text = text_of(answer.head, answer.body)
    loop.send(connection.peer, text:sub(1,
        -2 - math.floor(#answer.body / 2)))
    return nil
end

function FAULTS.drip(connection, request, rule)
    local answer = forward(connection, request)
    if not answer then return nil end
    drip(connection.peer, text_of(answer.head, answer.body), rule.seconds)
    return nil
end

------------------------------------------------------------------ connections

local function record_of(connection, request)
    local is_list = request.method == "GET" and
        request.query:find("list-type=2", 1, true)
    local record = {
        connection = connection.number, method = request.method,
        kind = is_list and "list" or request.method:lower(),
        path = request.path, query = request.query,
        sent = #request.body, received = 0, status = 0,
        is_create = request.head.values["if-none-match"] ~= nil,
        started = socket.gettime(),
    }
    records[#records + 1] = record
    request.record = record
    return record
end

local function answer_to(connection, request, record)
    local rule = rule_for(request)
    if rule then record.fault = rule.what end
    local handler = rule and FAULTS[rule.what] or forward
    local answer = handler(connection, request, rule)
    if answer then
        record.status, record.received = answer.status, #answer.body
        pass_gate(record)
    end
    return answer, rule
end

local function serve(connection)
    while true do
        local request = read_request(connection.peer)
        if not request then break end
        local record = record_of(connection, request)
        last_arrival = socket.gettime()
        in_flight = in_flight + 1
        local answer, rule = answer_to(connection, request, record)
        record.finished = socket.gettime()
        in_flight = in_flight - 1
        release_late(false)
        if not answer then
            if rule and rule.resets then reset(connection.peer) end
            break
        end
        loop.send(connection.peer, text_of(answer.head, answer.body))
    end
    connection.peer:close()
    if connection.upstream then connection.upstream:close() end
end

---------------------------------------------------------------------- control

local COMMANDS = {}

function COMMANDS.plan(rules, seed)
    plan = rules
    for _, rule in ipairs(plan) do
        rule.seen, rule.hits = 0, 0
        rule.at, rule.count = rule.at or 1, rule.count or 1
    end
    if seed then math.randomseed(seed) end
    return true
end

function COMMANDS.plan_state()
    local state = {}
    for i, rule in ipairs(plan) do
        state[i] = { seen = rule.seen, hits = rule.hits }
    end
    return state
end

function COMMANDS.set(name, value)
    settings[name] = value
    return true
end

function COMMANDS.forget()
    records, round = {}, 0
    return true
end

function COMMANDS.records() return records end

-- Late requests are applied now.
function COMMANDS.release()
    release_late(true)
    return true
end

-- Once nothing has been under way for so long.
function COMMANDS.quiet(seconds)
    while in_flight > 0 or socket.gettime() - last_arrival < seconds do
        loop.sleep(0.005)
    end
    return true
end

local function obey(peer)
    while true do
        local line = loop.line(peer)
        if not line then break end
        local command = json.decode(line)
        local result = COMMANDS[command.name](command.a, command.b)
        loop.send(peer, json.encode({ result = result }) .. "\n")
    end
    peer:close()
end

------------------------------------------------------------------------- main

local connections = 0

local function listen(serve_one)
    local server = assert(socket.bind("127.0.0.1", 0, 128))
    server:settimeout(0)
    loop.spawn(function()
        while true do
            local peer = loop.accept(server)
            if peer then loop.spawn(serve_one, peer) end
        end
    end)
    local _, port = server:getsockname()
    return port
end

local port = listen(function(peer)
    connections = connections + 1
    serve({ peer = peer, number = connections })
end)
local control = listen(obey)
loop.spawn(watch_gate)
print(port .. " " .. control)
io.stdout:flush()
loop.run()
