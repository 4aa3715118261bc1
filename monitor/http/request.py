"""What does a client ask, as far as telemetry needs to know?

httptools calls the `on_…` methods while it is fed; it is strict about what HTTP is.  A head that it lets pass is
understood here.  The posts of one browser differ in their length and in nothing else, so the last head is kept: one
that is the same to the byte, but for the digits of its length, need not be parsed again.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qs

from httptools import HttpRequestParser

from monitor.http.admission import Arrival
from monitor.http.ingest_routes import PATH, bearer

_PATH = PATH.encode()
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_LONGEST_NUMBER = 19  # digits; the parser refuses what is not a number, but lets any number of zeros lead it


class Head(NamedTuple):
    """What a head says, but for the length of the body."""

    is_plain_telemetry: bool  # it is for telemetry, and asks for nothing unusual on the way
    is_preflight: bool  # a browser asks whether it may post
    forwarded_for: str
    content_type: str
    packing: str
    token: str | None
    origin: str
    request_id: str  # that somebody on the way gave it


class Request:
    """The request that a connection is busy with; begun anew for each."""

    __slots__ = ("_headers", "_known", "_parser", "_url", "by", "head", "header_count", "is_complete", "keeps_alive")

    def __init__(self, by: bytes = b"x-forwarded-for") -> None:
        self.by = by  # the header in which proxies say for whom they ask
        self._parser = HttpRequestParser(self)
        self._known: tuple[bytes, bytes] | None = None  # what stands before and behind the length in the last head
        self.head = Head(False, False, "", "", "", None, "", "")
        self.keeps_alive = False
        self.begin()

    def begin(self) -> None:
        """Expect the next request."""
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self.header_count = 0
        self.is_complete = False

    def feed(self, data: bytes) -> None:
        """Read on.

        Raises:
            HttpParserUpgrade: it wants to speak something else than HTTP/1.
            HttpParserError: this is not HTTP/1.
        """
        self._parser.feed_data(data)

    def end(self) -> None:
        """Let go of the parser, which knows our methods: a circle."""
        del self._parser

    # --- httptools calls ----------------------------------------------------------------------------------

    def on_url(self, part: bytes) -> None:
        """Take a piece of the target."""
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one that is repeated is a list."""
        self.header_count += 1
        name = name.lower()
        if name in self._headers:
            value = self._headers[name] + b", " + value
        self._headers[name] = value

    def on_headers_complete(self) -> None:
        """Note what the parser forgets when the request is complete."""
        self.keeps_alive = self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        """Note where the parser sees the end."""
        self.is_complete = True

    # --- once the head is complete ------------------------------------------------------------------------

    def take_content_length(self) -> float:
        """Return how long the body is said to be; it is no longer among the headers then."""
        digits = self._headers.pop(b"content-length", b"0")
        return int(digits) if len(digits) <= _LONGEST_NUMBER else float("inf")

    def understand(self) -> Head:
        """Return what the head says, which stays here as `head`."""
        self.head = self._understood(self._parser.get_method())
        return self.head

    def remember(self, head: bytes) -> None:
        """Keep a head, to know its like again."""
        length = _LENGTH.search(head)
        self._known = None if length is None else (head[: length.start(1)], head[length.end(1) :])

    def recognised(self, data: bytes) -> tuple[int, int] | None:
        """Return where the head ends, and how long the body is, if the head is the last one's like; None otherwise."""
        if self._known is None:
            return None
        before, behind = self._known
        start = len(before)
        end = data.find(b"\r", start, start + _LONGEST_NUMBER + 1)
        if end < 0 or not data.startswith(before) or not data.startswith(behind, end):
            return None
        digits = data[start:end]
        return (end + len(behind), int(digits)) if digits.isdigit() else None

    def arrival(self, peer: str, body: bytes) -> Arrival:
        """Return the post that it is."""
        head = self.head
        return Arrival(peer, head.forwarded_for, head.content_type, head.packing, head.token, head.origin, body)

    def _understood(self, method: bytes) -> Head:
        path, _, query = self._url.partition(b"?")
        is_plain = b"transfer-encoding" not in self._headers and b"expect" not in self._headers
        return Head(
            is_plain_telemetry=is_plain and path == _PATH and method in (b"POST", b"OPTIONS"),
            is_preflight=method == b"OPTIONS",
            forwarded_for=self._text(self.by),
            content_type=self._text(b"content-type"),
            packing=self._text(b"content-encoding"),
            token=self._token(query),
            origin=self._text(b"origin"),
            request_id=self._text(b"x-request-id"),
        )

    def _text(self, header: bytes) -> str:
        return self._headers.get(header, b"").strip().decode("utf-8", "surrogateescape")

    def _token(self, query: bytes) -> str | None:
        token = bearer(self._text(b"authorization"))
        if token is not None:
            return token
        fields = parse_qs(query.decode("utf-8", "surrogateescape"), keep_blank_values=True)
        return fields.get("token", [None])[0]
