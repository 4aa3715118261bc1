"""What does a client ask, as far as telemetry needs to know?

httptools calls the `on_…` methods while it is fed; it is strict about what HTTP is.  What it lets pass is understood
here if it is told plainly, and is `is_plain_telemetry` only then.
"""

from urllib.parse import parse_qs

from httptools import HttpRequestParser

from monitor.http.ingest import Arrival
from monitor.http.ingest_routes import PATH, bearer

_PATH = PATH.encode()
_LONGEST_NUMBER = 19  # digits; the parser refuses what is not a number, but lets any number of zeros lead it


class Request:
    """The request that a connection is busy with; begun anew for each."""

    __slots__ = ("_headers", "_parser", "_url", "is_complete", "keeps_alive")

    def __init__(self) -> None:
        self._parser = HttpRequestParser(self)
        self.keeps_alive = False
        self.begin()

    def begin(self) -> None:
        """Expect the next request."""
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
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

    @property
    def is_plain_telemetry(self) -> bool:
        """Whether it is for telemetry and asks for nothing unusual on the way."""
        path, _, _ = self._url.partition(b"?")
        if path != _PATH or b"transfer-encoding" in self._headers or b"expect" in self._headers:
            return False
        return self._parser.get_method() in (b"POST", b"OPTIONS")

    @property
    def is_preflight(self) -> bool:
        """Whether a browser asks if it may post."""
        return self._parser.get_method() == b"OPTIONS"

    @property
    def content_length(self) -> float:
        """How long the body is said to be."""
        digits = self._headers.get(b"content-length", b"0")
        return int(digits) if len(digits) <= _LONGEST_NUMBER else float("inf")

    @property
    def origin(self) -> str:
        """Where the page is from that asks, or an empty string."""
        return self._text(b"origin")

    def arrival(self, peer: str, body: bytes) -> Arrival:
        """Return the post that it is."""
        return Arrival(
            peer=peer,
            forwarded_for=self._text(b"x-forwarded-for"),
            content_type=self._text(b"content-type"),
            packing=self._text(b"content-encoding"),
            token=self._token(),
            origin=self._text(b"origin"),
            body=body,
        )

    def _text(self, header: bytes) -> str:
        value = self._headers.get(header)
        return "" if value is None else value.strip().decode("utf-8", "surrogateescape")

    def _token(self) -> str | None:
        token = bearer(self._text(b"authorization"))
        if token is not None:
            return token
        _, _, query = self._url.partition(b"?")
        fields = parse_qs(query.decode("utf-8", "surrogateescape"), keep_blank_values=True)
        return fields.get("token", [None])[0]
