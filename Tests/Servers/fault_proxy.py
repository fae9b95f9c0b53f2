"""A proxy in front of an S3 server that checks signatures and does what networks and servers do on bad days.

fault_proxy.py UPSTREAM_PORT [PORT [PLAN]]: prints the port that it listens on, then serves until its standard input ends.
PUT /__plan with a JSON object sets what goes wrong from then on:
  slow_down   every n-th request is answered 503 SlowDown
  error       every n-th request is answered 500 InternalError
  cut         every n-th body of a GET is cut in its middle
  reset       every n-th request is closed without an answer
  die         in the middle of the n-th body of a GET the whole proxy is killed (SIGKILL)
  secret      the secret key that signatures are checked against (signed requests only)
  region      the only region whose signatures are taken; others are told which it is
GET /__stats answers how often each of them happened.
"""

import json
import os
import signal
import sys
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

upstream = int(sys.argv[1])
lock = threading.Lock()
plan = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
stats = {}
requests = {}


def happens(fault):
    """Whether the fault is due now."""
    with lock:
        every = plan.get(fault, 0)
        requests[fault] = requests.get(fault, 0) + 1
        due = every and requests[fault] % every == 0
        if due:
            stats[fault] = stats.get(fault, 0) + 1
        return due


def count(name):
    with lock:
        stats[name] = stats.get(name, 0) + 1


def error(code, message, extra=""):
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{extra}</Error>".encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def signature_fault(self):
        """What is wrong with the request's signature by botocore's reckoning."""
        field = self.headers.get("Authorization", "")
        if not field.startswith("AWS4-HMAC-SHA256 "):
            return "MissingAuthenticationToken"
        parts = dict(part.strip().split("=", 1) for part in field.split(" ", 1)[1].split(","))
        access, _, region, service, _ = parts["Credential"].split("/")
        if plan.get("region") and region != plan["region"]:
            return "AuthorizationHeaderMalformed"
        signed = parts["SignedHeaders"].split(";")
        host = self.headers["Host"]
        request = AWSRequest(self.command, f"http://{host}{self.path}")
        for name in signed:
            request.headers[name] = self.headers[name]
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        request.context["payload_signing_enabled"] = True
        signer = S3SigV4Auth(Credentials(access, plan["secret"]), service, region)
        signer.headers_to_sign = lambda request: _headers(signed, request)
        canonical = signer.canonical_request(request)
        expected = signer.signature(signer.string_to_sign(request, canonical), request)
        return None if expected == parts["Signature"] else "SignatureDoesNotMatch"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/__plan":
            with lock:
                plan.clear()
                plan.update(json.loads(body))
                stats.clear()
                requests.clear()
            return self.answer(200, b"")
        if self.path == "/__stats":
            with lock:
                return self.answer(200, json.dumps(stats).encode())
        if plan.get("secret"):
            fault = self.signature_fault()
            if fault:
                count(fault)
                status = 400 if fault == "AuthorizationHeaderMalformed" else 403
                extra = f"<Region>{plan.get('region')}</Region>"
                return self.answer(status, error(fault, "by plan", extra), [("x-amz-bucket-region", plan.get("region") or "us-east-1")])
            count("verified")
        if happens("reset"):
            self.close_connection = True
            return None
        if happens("slow_down"):
            return self.answer(503, error("SlowDown", "Please reduce your request rate."), [("Retry-After", "0")])
        if happens("error"):
            return self.answer(500, error("InternalError", "We encountered an internal error."))
        connection = HTTPConnection("127.0.0.1", upstream)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command == "GET" and len(content) > 1 and happens("cut"):
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.close_connection = True
            return None
        if self.command == "GET" and len(content) > 1 and happens("die"):
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any


def _headers(names, request):
    from botocore.compat import HTTPHeaders

    headers = HTTPHeaders()
    for name in names:
        headers[name] = request.headers[name]
    return headers


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, address):
        # Clients that leave are what this program is for.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, address)


server = Server(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
