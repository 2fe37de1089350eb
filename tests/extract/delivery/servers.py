"""Real servers on loopback: S3 (moto's, over HTTP), files over HTTP with ranges, and a line between that breaks."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "naru", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_REGION": "us-east-1"}


@contextmanager
def environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def s3() -> Iterator[str]:
    """An S3 server with bucket `releases`; gives http://host:port. What it speaks is real, what it holds is in memory."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        httpx.put(f"http://{host}:{port}/releases").raise_for_status()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *args: object) -> None:
        """Say nothing: lines are cut on purpose."""


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """A folder over HTTP, as any web server gives it: whole files and byte ranges."""

    class Files(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, *, body: bool) -> None:
            path = folder / self.path.lstrip("/")
            if not path.is_file():
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            data = path.read_bytes()
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
            self.send_response(206 if "Range" in self.headers else 200)
            if "Range" in self.headers:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Last-Modified", "Thu, 26 Nov 2026 00:00:00 GMT")
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            if body:
                self.wfile.write(data[start:])

        def log_message(self, *args: object) -> None:
            pass

    with _Quiet(("127.0.0.1", 0), Files) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class Line:
    """A line to a server that lets so many bytes through in one direction, then is cut, `cuts` times over."""

    def __init__(self, to: str, *, after: int, cuts: int, upward: bool = False) -> None:
        host, _, port = to.removeprefix("http://").partition(":")
        self._to = (host, int(port))
        self._after, self._left, self._upward = after, cuts, upward
        self.cut = 0
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def mend(self) -> None:
        """No more cuts."""
        self._left = 0

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            far = socket.create_connection(self._to)
            for source, goal, counted in ((near, far, self._upward), (far, near, not self._upward)):
                threading.Thread(target=self._pass_on, args=(source, goal, (near, far), counted), daemon=True).start()

    def _pass_on(
        self, source: socket.socket, goal: socket.socket, both: tuple[socket.socket, ...], counted: bool
    ) -> None:
        passed = 0
        try:
            while data := source.recv(4096):
                goal.sendall(data)
                passed += len(data)
                if counted and passed > self._after and self._take():
                    for end in both:
                        end.shutdown(socket.SHUT_RDWR)  # wakes the thread of the other direction, too
                        end.close()
                    return
            goal.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def _take(self) -> bool:
        with self._lock:
            if self._left <= 0:
                return False
            self._left -= 1
            self.cut += 1
            return True

    def close(self) -> None:
        self._socket.close()
