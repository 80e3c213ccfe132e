"""Serves the cases of a program: GET /call?case=NAME runs one and answers with JSON,
{"ok": true, "value": "..."} or {"ok": false, "error": "..."}."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


def serve(cases):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            if url.path != "/call":
                return self.answer(200, {"cases": sorted(cases)})
            name = parse_qs(url.query).get("case", [""])[0]
            if name not in cases:
                return self.answer(404, {"ok": False, "error": f"no case {name!r}"})
            try:
                self.answer(200, {"ok": True, "value": str(cases[name]() or "")})
            except Exception as error:  # whatever the SDK has to say
                self.answer(200, {"ok": False, "error": f"{type(error).__name__}: {error}"})

        def answer(self, status, body):
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
