"""Requests at a steady rate, whether or not earlier ones are answered: overload.py URL RATE SECONDS PID PICTURE… Tells the latency of
what was accepted, how much was refused, and the server's memory."""
import asyncio
import json
import pathlib
import sys
import time
from urllib.parse import urlparse

url, rate, seconds, pid = urlparse(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
bodies = [pathlib.Path(path).read_bytes() for path in sys.argv[5:]]
heads = [f"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-image\r\nContent-Length: {len(body)}\r\n\r\n".encode() for body in bodies]
idle, latencies, counts = [], {}, {}


def resident():
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024


async def ask(number):
    begin = time.perf_counter()
    try:
        reader, writer = idle.pop() if idle else await asyncio.open_connection(url.hostname, url.port)
        writer.write(heads[number % len(heads)] + bodies[number % len(bodies)])
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(length)
        idle.append((reader, writer))
    except (OSError, asyncio.IncompleteReadError):
        status = 0
    counts[status] = counts.get(status, 0) + 1
    latencies.setdefault(status, []).append((time.perf_counter() - begin) * 1000)


async def main():
    tasks, start, memory = [], time.perf_counter(), []
    for number in range(int(rate * seconds)):
        wait = start + number / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(ask(number)))
        if number % int(rate) == 0:
            memory.append(resident())
    await asyncio.gather(*tasks)
    taken = time.perf_counter() - start
    accepted, refused = sorted(latencies.get(200, [0])), sorted(latencies.get(429, [0]))
    print(json.dumps({
        "asked_per_second": rate, "per_second": round(len(accepted) / taken, 2), "p50_ms": round(accepted[len(accepted) // 2], 1),
        "p99_ms": round(accepted[int(len(accepted) * 0.99)], 1), "refused_p99_ms": round(refused[int(len(refused) * 0.99)], 1), "statuses": counts,
        "memory_mb": [round(memory[len(memory) // 4]), round(memory[-1])]}))


asyncio.run(main())
