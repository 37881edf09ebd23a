"""Servers on loopback that answer as told, faults included."""

from __future__ import annotations

import socketserver
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANY = ("127.0.0.1", 0)


@contextmanager
def running(server):
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def http_server(routes):
    """Answers by path: bytes, or a dict of ``status``, ``headers``, ``body``, ``delay_s``, ``cut`` (bytes sent of the
    body), or a list of these, one for each request in turn. ``server.asked`` counts requests by path.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with self.server.lock:
                number = self.server.asked[self.path]
                self.server.asked[self.path] += 1
                self.server.now += 1
                self.server.most = max(self.server.most, self.server.now)
            try:
                self.answer(routes.get(self.path, {"status": 404}), number)
            finally:
                with self.server.lock:
                    self.server.now -= 1

        def answer(self, told, number):
            if isinstance(told, list):
                told = told[min(number, len(told) - 1)]
            if isinstance(told, bytes):
                told = {"body": told}
            time.sleep(told.get("delay_s", 0))
            if told.get("close"):
                self.close_connection = True
                return
            body = told.get("body", b"")
            self.send_response(told.get("status", 200))
            for name, value in {"Content-Length": str(len(body)), **told.get("headers", {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: told.get("cut", len(body))])

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(ANY, Handler)
    server.daemon_threads = True
    server.asked, server.lock, server.now, server.most = Counter(), threading.Lock(), 0, 0
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    with running(server):
        yield server


@contextmanager
def line_server(answer):
    """A TCP server that reads to ``end`` and sends what ``answer(lines)`` gives, as bytes; None closes at once."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.server.connections += 1
            lines = []
            for line in self.rfile:
                lines.append(line.decode().strip())
                if lines[-1] == "end":
                    break
            told = answer(lines)
            if told is not None:
                self.wfile.write(told)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    server = Server(ANY, Handler)
    server.connections = 0
    with running(server):
        yield server


@contextmanager
def udp_server(answer):
    """A UDP server that sends what ``answer(packet)`` gives, as bytes; None is silence."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            packet, socket = self.request
            self.server.asked += 1
            told = answer(packet)
            if told is not None:
                socket.sendto(told, self.client_address)

    class Server(socketserver.ThreadingUDPServer):
        daemon_threads = True

    server = Server(ANY, Handler)
    server.asked = 0
    with running(server):
        yield server
