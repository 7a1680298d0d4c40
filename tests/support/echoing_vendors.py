"""Vendors that give back what they are given: every answer is an error whose body repeats the request, secrets and all.

Rule: what came is kept by vendor (the first part of the path), so that a test can look for what was not meant for it.
"""

import gzip
import json
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

HANG_SECONDS = 40.0
OVERSIZE_CHARACTERS = 40_000
"""Far more than we keep of any text: wherever it is cut, it is cut in the middle of something, a secret perhaps."""


class Echo:
    """One such server. `answers` maps a vendor to the status it answers with, or to 0: it never does."""

    def __init__(self, answers: Mapping[str, int], certificate: Path | None = None) -> None:
        self.answers = answers
        self.received: dict[str, list[str]] = defaultdict(list)
        self.ending = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.base = f"{'https' if certificate else 'http'}://127.0.0.1:{self._server.server_address[1]}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        deeds = {f"do_{method}": self._answer for method in ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD")}
        calls = {name: lambda handler, deed=deed: deed(handler) for name, deed in deeds.items()}
        return type("Handler", (BaseHTTPRequestHandler,), {**calls, "log_message": lambda *_: None})

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        data = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        body = gzip.decompress(data) if handler.headers.get("content-encoding") == "gzip" else data
        request = f"{handler.command} {handler.path}\n{handler.headers}\n{body.decode('latin-1')}"
        vendor = handler.path.split("/")[1].partition("?")[0]
        self.received[vendor].append(request)
        status = self.answers.get(vendor, 200)
        if status == 0:
            self.ending.wait(HANG_SECONDS)
            return
        said = {key: f"cannot {key}: {request}" for key in ("message", "detail", "error")}
        said["errors"] = "".join(f"{number}: {request}" for number in range(1 + OVERSIZE_CHARACTERS // len(request)))
        data = json.dumps(said).encode()
        handler.send_response(status, f"no {handler.path[:200]}")
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(data)))
        handler.send_header("x-echo", handler.path[:500])
        handler.end_headers()
        handler.wfile.write(data)

    @contextmanager
    def serving(self) -> Iterator["Echo"]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.ending.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join(timeout=10)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine, and the authority it is trusted by; return both files."""
    authority = trustme.CA()
    own, trusted = folder / "own.pem", folder / "trusted.pem"
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(str(own))
    authority.cert_pem.write_to_path(str(trusted))
    return own, trusted
