"""What can go wrong between a browser and a daemon?

A proxy's worth of it: posts are refused for a while, or their answers are lost on the way back.
"""

import http.server
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from tests.e2e.tools import HANGS_AFTER_S

LONGEST_WAIT_S = 5
OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After, X-Request-Id"}


class Front(http.server.BaseHTTPRequestHandler):
    """What stands before a daemon: it passes on, or refuses, or passes on and then keeps the answer to itself."""

    protocol_version = "HTTP/1.1"
    behind: str
    refuses_until = 0.0
    swallows = 0
    arrivals: list[tuple[float, int, float]]  # when, the answer, and when to come back

    def do_OPTIONS(self) -> None:
        self._pass_on(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        cls, now = type(self), time.monotonic()
        if now < cls.refuses_until:
            wait_s = min(LONGEST_WAIT_S, int(cls.refuses_until - now) + 1)
            cls.arrivals.append((now, HTTPStatus.TOO_MANY_REQUESTS, now + wait_s))
            self._answer(HTTPStatus.TOO_MANY_REQUESTS, b"{}", {**OPEN_TO_ALL, "Retry-After": str(wait_s)})
        elif cls.swallows:
            cls.swallows -= 1
            status, _, _ = self._ask(body)
            cls.arrivals.append((now, -status, now))
            self.close_connection = True
        else:
            cls.arrivals.append((now, self._pass_on(body), now))

    def _pass_on(self, body: bytes | None) -> int:
        status, answer, headers = self._ask(body)
        self._answer(status, answer, headers)
        return status

    def _ask(self, body: bytes | None) -> tuple[int, bytes, dict[str, str]]:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
        request = urllib.request.Request(self.behind + self.path, body, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=HANGS_AFTER_S) as answer:
                return answer.status, answer.read(), kept(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), kept(error.headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def kept(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith(("Access-", "Content-Type", "Retry-"))}
