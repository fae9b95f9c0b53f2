"""What a hostile client does, while a friendly one goes on asking: abuse.py URL PICTURE PID.

Every attack must leave the server up, within its memory bound, and answering the friendly client."""
import http.client
import json
import pathlib
import resource
import socket
import struct
import sys
import threading
import time
import zlib
from urllib.parse import urlparse

url, picture, pid = urlparse(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes(), int(sys.argv[3])
address = (url.hostname, url.port)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
failures = []


def resident():
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024


def ask(body=picture, kind="application/x-image", timeout=30):
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    connection.request("POST", "/invocations", body, {"Content-Type": kind})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


right = json.loads(ask()[1])
before = resident()


def friendly(stop, results):
    while not stop.is_set():
        begin = time.perf_counter()
        try:
            status, text = ask()
            good = status == 200 and max(abs(a - b) for a, b in zip(json.loads(text), right)) < 0.02
            results.append((good, time.perf_counter() - begin))
        except OSError as error:
            results.append((False, str(error)))
        time.sleep(0.1)


def attack(name, body, limit=300):
    stop, results = threading.Event(), []
    thread = threading.Thread(target=friendly, args=(stop, results))
    thread.start()
    begin = time.perf_counter()
    detail = body()
    stop.set()
    thread.join()
    grown = resident() - before
    bad = [r for r in results if not r[0]]
    slowest = max((r[1] for r in results if r[0]), default=0)
    good = not bad and grown < limit and results
    print(f"{'ok   ' if good else 'WRONG'} {name}: {detail}; {time.perf_counter() - begin:.1f} s, {len(results)} friendly answers, {len(bad)} wrong, slowest {slowest:.2f} s, memory {grown:+.0f} MB")
    if not good:
        failures.append((name, bad[:3]))


def slow_loris():
    connections = []
    for number in range(1000):
        connection = socket.create_connection(address)
        connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: a\r\n" if number % 2 else b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
        connections.append(connection)
    closed = 0
    for _ in range(12):
        time.sleep(1)
        for connection in connections:
            try:
                connection.sendall(b"X: y\r\n")
            except OSError:
                closed += 1
    return f"1,000 connections that trickle, {closed and 'some closed' or 'none closed yet'}"


def idle():
    connections = []
    try:
        for _ in range(10_000):
            connections.append(socket.create_connection(address))
    except OSError as error:
        return f"only {len(connections)} connections: {error}"
    time.sleep(3)
    return f"{len(connections):,} connections that say nothing"


def large():
    with socket.create_connection(address) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nContent-Length: 2147483648\r\n\r\n")
        sent, piece = 0, bytes(1 << 20)
        try:
            while sent < 1 << 31:
                connection.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
        try:
            status = connection.recv(100).split(b" ")[1].decode()
        except (OSError, IndexError):
            status = "closed"
    return f"a body of 2 GB: {status} after {sent >> 20} MB"


def endless():
    with socket.create_connection(address) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent, piece = 0, b"100000\r\n" + bytes(1 << 20) + b"\r\n"
        try:
            while sent < 1 << 31:
                connection.sendall(piece)
                sent += 1 << 20
        except OSError:
            pass
    return f"a body without an end: cut off after {sent >> 20} MB"


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb():
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9))
    statuses = {ask(png, "image/png")[0] for _ in range(50)}
    return f"50 PNG headers of 60,000×60,000 pixels: {statuses}"


def bodies():
    """Many bodies at once, each as large as is allowed, that never end."""
    connections = []
    for _ in range(200):
        connection = socket.create_connection(address)
        connection.settimeout(2)
        try:
            connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Length: 6291456\r\n\r\n" + bytes(6_000_000))
        except OSError:
            pass
        connections.append(connection)
    return "200 bodies of 6 MB that lack their end"


attack("slow-loris", slow_loris)
attack("idle", idle)
attack("large", large)
attack("endless", endless)
attack("bomb", bomb)
attack("bodies", bodies, limit=900)
print(failures or "nothing wrong")
sys.exit(1 if failures else 0)
