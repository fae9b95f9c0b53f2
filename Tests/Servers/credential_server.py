"""Answers as a container's credential endpoint, as AWS's token service, and as EC2's metadata service (version 2). Prints its port; ends with its standard input."""

import json
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, status, text=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def keys(self, name):
        keys = {"AccessKeyId": name, "SecretAccessKey": "secret", "Token": "session", "Expiration": "2099-01-01T00:00:00Z"}
        self.answer(200, json.dumps(keys))

    def do_PUT(self):
        lifetime = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        self.answer(200, "metadata-token") if self.path == "/latest/api/token" and lifetime else self.answer(400)

    def token_service(self, query):
        asked = {name: values[0] for name, values in urllib.parse.parse_qs(query).items()}
        known = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/trainer",
                 "WebIdentityToken": "a.token+/="}
        if any(asked.get(name) != value for name, value in known.items()) or not asked.get("RoleSessionName"):
            return self.answer(403, "<ErrorResponse/>")
        names = {"AccessKeyId": "web", "SecretAccessKey": "secret", "SessionToken": "session/+", "Expiration": "2099-01-01T00:00:00Z"}
        keys = "".join(f"<{name}>{value}</{name}>" for name, value in names.items())
        return self.answer(
            200,
            '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>'
            f"<Credentials>{keys}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        )

    def do_GET(self):
        if self.path.startswith("/sts/?"):
            return self.token_service(self.path.partition("?")[2])
        if self.path == "/container":
            return self.keys("container") if self.headers.get("Authorization") == "good" else self.answer(401)
        if self.headers.get("X-aws-ec2-metadata-token") != "metadata-token":
            return self.answer(401)
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path == roles:
            return self.answer(200, "role-name\n")
        if self.path == roles + "role-name":
            return self.keys("machine")
        if self.path == "/latest/meta-data/placement/region":
            return self.answer(200, "eu-north-1")
        return self.answer(404)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
