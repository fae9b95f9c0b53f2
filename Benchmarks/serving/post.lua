-- wrk's requests: the JPEGs that the environment variable PICTURES lists, one after the other; answers are counted by status.
local bodies = {}
for path in os.getenv("PICTURES"):gmatch("%S+") do
    local file = assert(io.open(path, "rb"))
    bodies[#bodies + 1] = file:read("*a")
    file:close()
end
local requests, at = {}, 0
local threads = {}

function setup(thread) threads[#threads + 1] = thread end

function init()
    good, refused, other = 0, 0, 0
    for i, body in ipairs(bodies) do
        requests[i] = wrk.format("POST", "/invocations", {["Content-Type"] = "application/x-image"}, body)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function response(status)
    if status == 200 then good = good + 1 elseif status == 429 then refused = refused + 1 else other = other + 1 end
end

function done(summary, latency)
    local counts = {good = 0, refused = 0, other = 0}
    for _, thread in ipairs(threads) do
        for name in pairs(counts) do counts[name] = counts[name] + thread:get(name) end
    end
    local seconds = summary.duration / 1e6
    io.write(string.format('{"per_second": %.2f, "p50_ms": %.1f, "p99_ms": %.1f, "max_ms": %.1f, "good": %d, "refused": %d, "other": %d, "errors": %d}\n',
        counts.good / seconds, latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000, counts.good, counts.refused,
        counts.other, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
