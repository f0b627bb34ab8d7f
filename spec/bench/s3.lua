-- S3, beside the Rust engine's wheel and curl, on one MinIO: ratios of one run.
-- Each figure is the median of a few, ours and theirs in turn.
--
-- usage: s3.lua [COMMITS]; `make bench-setup` installs the wheel

package.path = "spec/support/?.lua;" .. package.path
local process = require("process")
local s3_proxy = require("s3_proxy")
local s3_servers = require("s3_servers")
local toxiproxy = require("toxiproxy")

local COMMITS = tonumber(arg[1] or 200)
local ROUNDS = 5
local LATENCY_MS = 20
local VENV = os.getenv("NAMIDB_BENCH_VENV") or
    os.getenv("HOME") .. "/.cache/namidb-bench/venv"
local PYTHON = VENV .. "/bin/python"
local OURS = "luajit spec/bench/s3_ours.lua "
local LARGE_MIB = 256

local server = assert(s3_servers.start("minio"))
local proxy = s3_proxy.start(server.port)
local far = assert(toxiproxy.start(server.port))
far:set({ { type = "latency", attributes = { latency = LATENCY_MS } } })
local has_peer = select(2, process.run(PYTHON .. " -c 'import namidb'"))

local number = 0
local function fresh_name()
    number = number + 1
    return "bench" .. number
end

-- The figures that a command prints, by name.
local function figures_of(port, command)
    local text = server:run({ port = port }, command)
    assert(text:find("%f[%d]0$"), command .. ": " .. text)
    local figures = {}
    for name, value in text:gmatch("([%w_]+) (%d[%d.]*)\n") do
        figures[name] = tonumber(value)
    end
    return figures
end

local function median(values)
    table.sort(values)
    return values[math.floor((#values + 1) / 2)]
end

local function peer_command(port, name, measure, count)
    return ("%s spec/bench/s3_peer.py 's3://bucket/%s?ns=x&region=us-east-1" ..
        "&allow_http=true&endpoint=http://127.0.0.1:%d' %s %d"):format(PYTHON,
        name, port, measure, count)
end

local SIDES = {
    ours = function(port, name, measure, count)
        return figures_of(port, OURS .. name .. " " ..
            measure:gsub("(%l+) ?(%l*)", "%1 " .. count .. " %2"))
    end,
    theirs = function(port, name, measure, count)
        return figures_of(port, peer_command(port, name,
            measure:match("%l+"), count))
    end,
}

-- Median seconds of a measure on each side, in turn; nil without the peer.
local function in_turn(port, measure, count, prepare)
    local seconds = { ours = {}, theirs = {} }
    for _ = 1, ROUNDS do
        for side, run in pairs(SIDES) do
            if side == "ours" or has_peer then
                local name = fresh_name()
                if prepare then run(server.port, name, "commits", count) end
                local figures = run(port, name, measure, count)
                table.insert(seconds[side], figures[measure:match("%l+")])
            end
        end
    end
    return median(seconds.ours), has_peer and median(seconds.theirs)
end

local function print_row(title, ours, theirs, ratio, goal)
    if type(ratio) == "number" then ratio = ("%.2f"):format(ratio) end
    print(("| %-41s | %9s | %9s | %6s | %7s |"):format(title, ours,
        theirs or "-", ratio or "-", goal or ""))
    io.stdout:flush()
end

local function rate(count, seconds)
    return seconds and ("%.0f/s"):format(count / seconds)
end

local function ms(seconds)
    return seconds and ("%.1f ms"):format(seconds * 1e3)
end

local function us(microseconds) return ("%.0f us"):format(microseconds) end

local function ratio_of(theirs, ours) return theirs and theirs / ours end

local function measure_commits(port, title, count)
    local ours, theirs = in_turn(port, "commits", count)
    print_row("commits in a row" .. title, rate(count, ours),
              rate(count, theirs), ratio_of(theirs, ours), ">= 3")
    local tickets = median({
        SIDES.ours(port, fresh_name(), "tickets", count * 10).tickets,
        SIDES.ours(port, fresh_name(), "tickets", count * 10).tickets,
        SIDES.ours(port, fresh_name(), "tickets", count * 10).tickets,
    })
    print_row("commits, many in flight" .. title, rate(count * 10, tickets),
              rate(count, theirs), theirs and theirs * 10 / tickets, ">= 20")
end

local function measure_opens(port, title)
    local ours, theirs = in_turn(port, "open", 5, true)
    print_row("open to write, 5 not flushed" .. title, ms(ours), ms(theirs),
              ratio_of(theirs, ours))
    ours, theirs = in_turn(port, "open reader", 5, true)
    print_row("open to read, 5 not flushed" .. title, ms(ours), ms(theirs),
              ratio_of(theirs, ours))
end

-- How many times the latency a measure waits: what being far away adds to it.
local function rounds_of(measure, count, prepared)
    local name = fresh_name()
    if prepared then SIDES.ours(server.port, name, "commits", 5) end
    local function seconds_at(port)
        if not prepared then name = fresh_name() end
        return SIDES.ours(port, name, measure, count)[measure:match("%l+")]
    end
    local near, distant = {}, {}
    for i = 1, ROUNDS do
        near[i], distant[i] = seconds_at(server.port), seconds_at(far.port)
    end
    return (median(distant) - median(near)) * 1e3 / LATENCY_MS
end

local function measure_rounds()
    local count = math.floor(COMMITS / 5)
    local commit = rounds_of("commits", count) / count
    print_row("20 ms that a commit waits", ("%.2f"):format(commit), nil, nil,
              "<= 1.1")
    print_row("20 ms that an open to read waits",
              ("%.2f"):format(rounds_of("open reader", 5, true)), nil, nil,
              "<= 2.2")
end

-- The requests of a measure, less those of what comes before it.
local function requests_of(run, measure, count, prepared)
    local name = fresh_name()
    if prepared then run(server.port, name, "commits", count) end
    local _, all = proxy:cost_of(function()
        run(proxy.port, name, measure, count)
    end)
    return #all
end

local function measure_requests()
    local function per_commit(run)
        return (requests_of(run, "commits", 25) -
            requests_of(run, "commits", 5)) / 20
    end
    local ours = per_commit(SIDES.ours)
    local theirs = has_peer and per_commit(SIDES.theirs)
    print_row("requests of a commit", ours, theirs, ratio_of(theirs, ours))
    ours = requests_of(SIDES.ours, "open reader", 5, true)
    theirs = has_peer and requests_of(SIDES.theirs, "open", 5, true)
    print_row("requests to open, 5 not flushed", ours, theirs,
              ratio_of(theirs, ours))
end

local function measure_client()
    local bench = "build/bench/bench_s3 \"$NAMIDB_TEST_URI\" "
    local function run(what)
        return figures_of(server.port, "sh -c '" .. bench .. what .. "'")
    end
    run("put " .. LARGE_MIB)
    local ours, theirs = {}, {}
    for i = 1, ROUNDS do
        ours[i] = run("get").get_s
        theirs[i] = figures_of(server.port, server:curl(
            "tests/default/pack/large",
            '-o /dev/null -w "get_s %{time_total}\\n"')).get_s
    end
    local our_s, their_s = median(ours), median(theirs)
    print_row(("GET of %d MiB, beside curl"):format(LARGE_MIB),
              ("%.0f MB/s"):format(LARGE_MIB * 1.048576 / our_s),
              ("%.0f MB/s"):format(LARGE_MIB * 1.048576 / their_s),
              their_s / our_s, ">= 0.95")
    local small = run("small 2000")
    local alone = figures_of(server.port, ("build/bench/bench_s3 " ..
        "http://127.0.0.1:%d/bucket/tests/default/log/1-1-0 curl 2000"):format(
        server.port)).get_cpu_us
    local busy = run("busy 3200")
    print_row("CPU of a small PUT, 16 in flight", us(busy.put_cpu_us), nil, nil,
              "< 60 us")
    print_row("CPU of a small GET, 16 in flight", us(busy.get_cpu_us), nil, nil,
              "< 60 us")
    print_row("CPU of a small PUT, alone", us(small.put_cpu_us))
    print_row("CPU of a small GET, alone, beside libcurl's",
              us(small.get_cpu_us), us(alone), alone / small.get_cpu_us)
end

local function measure()
    print_row("", "namidb", "Rust 2.6", "ratio", "goal")
    measure_commits(server.port, "", COMMITS)
    measure_opens(server.port, "")
    measure_requests()
    measure_commits(far.port, ", 20 ms away", math.floor(COMMITS / 5))
    measure_opens(far.port, ", 20 ms away")
    measure_rounds()
    measure_client()
end

local ok, why = pcall(measure)
far:stop()
proxy:stop()
server:stop()
if not ok then error(why, 0) end
