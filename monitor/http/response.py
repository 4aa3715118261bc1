"""What does an answer to telemetry look like on the wire?"""

from functools import lru_cache
from http import HTTPStatus

from monitor.http.ingest import Answer
from monitor.http.ingest_routes import PREFLIGHT

_EXPOSED = "Access-Control-Expose-Headers: Retry-After, X-Request-Id\r\n"  # or no script could obey it
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_STARTS = {
    status: f"{line}Content-Type: application/json\r\n{_EXPOSED}".encode() for status, line in _STATUS_LINES.items()
}
_PREFLIGHT = "".join(
    (_STATUS_LINES[204], _EXPOSED, *(f"{name}: {value}\r\n" for name, value in PREFLIGHT.items()))
).encode()

FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nCache-Control: no-store\r\n"
    b"X-Content-Type-Options: nosniff\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\r\n"
    b'{"error":"too many connections"}'
)


def response(answer: Answer, headers: bytes, date: bytes, *, is_last: bool, request_id: str = "") -> bytes:
    """Return an answer, whole, with the headers that every answer has; after the last one the connection is closed."""
    retry = b"" if answer.retry_after_s is None else b"Retry-After: %d\r\n" % answer.retry_after_s
    mark = b"X-Request-Id: %b\r\n" % request_id.encode() if request_id else b""
    return b"%b%b%bContent-Length: %d\r\n%b%b" % (
        _STARTS[answer.status],
        retry,
        mark,
        len(answer.body),
        _end(answer.allowed_origin, headers, date, is_last=is_last),
        answer.body,
    )


def preflight(allowed_origin: str | None, headers: bytes, date: bytes, *, is_last: bool) -> bytes:
    """Return the answer to a browser that asks whether it may post."""
    return _PREFLIGHT + _end(allowed_origin, headers, date, is_last=is_last)


@lru_cache(maxsize=64)  # it changes once a second
def _end(allowed_origin: str | None, headers: bytes, date: bytes, *, is_last: bool) -> bytes:
    connection = b"close" if is_last else b"keep-alive"
    return b"%b%bDate: %b\r\nConnection: %b\r\n\r\n" % (_allow_origin(allowed_origin), headers, date, connection)


def _allow_origin(allowed: str | None) -> bytes:
    if allowed is None:
        return b""
    if allowed == "*":
        return b"Access-Control-Allow-Origin: *\r\n"
    return b"Access-Control-Allow-Origin: %b\r\nVary: Origin\r\n" % allowed.encode("utf-8", "surrogateescape")
