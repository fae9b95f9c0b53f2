"""Good and bad requests in a mixture: soak.py URL FOLDER PID SECONDS. Every answer must be the right one, and memory must not grow."""
import http.client
import json
import pathlib
import random
import sys
import threading
import time
from urllib.parse import urlparse

url, folder, pid, seconds = urlparse(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
pictures = [path.read_bytes() for path in sorted(folder.glob("*.jpg")) + sorted(folder.glob("*.png"))]


def resident():
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024


def ask(connection, body, headers, method="POST", path="/invocations"):
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
truths = [json.loads(ask(connection, picture, {"Content-Type": "application/x-image"})[1]) for picture in pictures]
counts, wrong, lock = {}, [], threading.Lock()
end = time.time() + seconds


def work(seed):
    draw, connection = random.Random(seed), http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    while time.time() < end:
        kind = draw.choice(["good"] * 6 + ["cut", "noise", "empty", "type", "accept", "path", "leave", "large"])
        index = draw.randrange(len(pictures))
        body, headers, expected, path = pictures[index], {"Content-Type": "application/x-image"}, {200, 429}, "/invocations"
        if kind == "cut":
            body, expected = body[:draw.randrange(1, len(body) // 2)], {400}
        elif kind == "noise":
            body, expected = draw.randbytes(draw.randrange(1, 5000)), {400}
        elif kind == "empty":
            body, expected = b"", {400}
        elif kind == "type":
            headers, expected = {"Content-Type": "text/plain"}, {415}
        elif kind == "accept":
            headers, expected = {**headers, "Accept": "text/html"}, {406}
        elif kind == "path":
            path, expected = "/nowhere", {404}
        elif kind == "large":
            body, expected = bytes(6_400_000), {413}
        try:
            if kind == "leave":
                # A client that does not wait for its answer.
                other = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
                other.request("POST", path, body, headers)
                other.close()
                continue
            status, text = ask(connection, body, headers, path=path)
        except (OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
            status = "closed"
            if kind == "large":
                expected = {"closed"}
        right = status in expected | ({429} if kind in ("cut", "noise", "empty", "accept") else set())
        if status == 200:
            right = right and max(abs(a - b) for a, b in zip(json.loads(text), truths[index])) < 0.02
        with lock:
            counts[kind, status] = counts.get((kind, status), 0) + 1
            if not right and len(wrong) < 10:
                wrong.append((kind, status))


threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
for thread in threads:
    thread.start()
memory = []
while time.time() < end:
    time.sleep(min(seconds / 20, 10))
    memory.append(resident())
for thread in threads:
    thread.join()
print("answers:", {f"{kind} {status}": count for (kind, status), count in sorted(counts.items(), key=str)})
# The first third fills caches.
begin, last = memory[len(memory) // 3], sum(memory[-3:]) / 3
print(f"memory: {memory[0]:.0f} MB at first, {begin:.0f} MB after a third, {last:.0f} MB at the end")
print("wrong:", wrong)
sys.exit(1 if wrong or last > begin * 1.1 + 30 else 0)
