"""How does telemetry come in fast?

Every connection begins here.  As long as it brings nothing but telemetry, its bytes go through httptools to `Ingest`
and the answer back in one write: no task, no future.  The first request that is anything else, or is told in an
unusual way (chunked, `Expect`, an upgrade), gives the connection to aiohttp for good, from the first byte of that
request on.  So one path is known here, and everything else in one other place.

One request at a time: what a client sends ahead of our answer waits until the answer is out, and each turn of the loop
takes one request of each connection.
"""

import asyncio
from typing import cast

import msgspec
from aiohttp import web
from httptools import HttpParserError, HttpParserUpgrade

from monitor.http.answer_headers import on_the_wire
from monitor.http.body import Refused
from monitor.http.connections import Connections, Stage
from monitor.http.ingest import TAKEN, Answer, Ingest, note_refusal
from monitor.http.proxies import TrustedProxies
from monitor.http.request import Request
from monitor.http.response import preflight, response
from monitor.http.served import Served
from monitor.request_ids import answering, kept_or_new

IDLE, HEAD, BODY, ANSWER, READER, END = Stage  # a global costs less than a member of a class

_HEAD_END = b"\r\n\r\n"
_encode = msgspec.json.Encoder().encode


class Front:
    """The way in where every connection begins here, and ends with aiohttp if it brings more than telemetry."""

    def __init__(
        self,
        server: web.Server,
        connections: Connections,
        ingest: Ingest,
        *,
        proxies: TrustedProxies = TrustedProxies(),  # noqa: B008 - knows none, and nothing changes it
        hsts_s: int = 0,
    ) -> None:
        limits = connections.bounds.limits
        self.server = server
        self.ingest = ingest
        self._proxies = proxies
        self.max_body_bytes, self.max_head_bytes, self.max_headers = (
            ingest.max_body_bytes,
            limits.head_bytes,
            limits.headers,
        )
        self.connections = connections
        self.forwarded_header = ingest.forwarded_header.lower().encode()
        self.headers = on_the_wire(hsts_s=hsts_s)

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return Connection(self)

    def mark(self, answer: Answer, peer: str, given: str) -> str:
        """Return the id of a request that is refused, and log why under it; what a proxy of ours has given is kept."""
        request_id = kept_or_new(given if given and self._proxies.has(peer) else "")
        with answering(request_id):
            note_refusal(answer)
        return request_id


class Connection(asyncio.Protocol):
    """One connection, for as long as it brings telemetry."""

    __slots__ = (
        *("_body", "_connections", "_front", "_held", "_is_clogged", "_is_half_closed", "_is_parsed"),
        *("_missing_bytes", "_peer", "_request", "_seen", "counted_as", "since_s", "stage", "transport"),
    )

    transport: asyncio.Transport

    def __init__(self, front: Front) -> None:
        self._front = front
        self._connections = front.connections
        self._request = Request(front.forwarded_header)
        self._is_clogged = False  # the client does not read what it was answered
        self._is_half_closed = False  # the client will send nothing more, but may wait for an answer
        self._body = bytearray()  # of a body that comes in pieces
        self._held = b""  # sent ahead of our answer
        self.counted_as: str | None = None
        self._begin()

    def _begin(self) -> None:
        self.stage = IDLE
        self.since_s = self._connections.now_s
        self._seen = b""  # everything from the first byte of the request, until its head is complete
        self._is_parsed = True  # the parser has seen the head, so it has to see the body
        self._request.begin()

    @property
    def kept_bytes(self) -> int:
        """How much of the request is in memory."""
        return len(self._seen) + len(self._body) + len(self._held)

    # --- asyncio calls ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if there is room."""
        self.transport = cast("asyncio.Transport", transport)
        self._peer: str = (transport.get_extra_info("peername") or ("",))[0]
        if not self._connections.admit(self):
            self.stage = END

    def data_received(self, data: bytes) -> None:
        """Read on, or leave it for after the answer."""
        stage = self.stage
        if stage is IDLE or stage is HEAD:
            self._read_head(data)
        elif stage is BODY:
            self._read_body(data)
        elif stage is not END:
            self._held += data
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """Stay for the answer where one is owed; TLS cannot be half closed."""
        self._is_half_closed = True
        return self.stage in (ANSWER, READER) and self.transport.can_write_eof()

    def pause_writing(self) -> None:
        """Take no further request from a client that does not read its answers."""
        self._is_clogged = True

    def resume_writing(self) -> None:
        """Take up what was left."""
        self._is_clogged = False
        if self.stage is READER:
            self._go_on()

    def connection_lost(self, _: Exception | None) -> None:
        """Forget it; an answer that is still to come goes nowhere."""
        self.stage = END
        self._connections.leave(self)
        self._request.end()

    # --- reading ------------------------------------------------------------------------------------------

    def _read_head(self, data: bytes) -> None:
        known = None if self._seen else self._request.recognised(data)
        if known is not None and known[1] <= self._front.max_body_bytes:
            end, self._missing_bytes = known
            self._is_parsed = False
            self._read_body(data[end:])
        else:
            self._parse_head(data)

    def _parse_head(self, data: bytes) -> None:
        fed = len(self._seen)
        self._seen = seen = self._seen + data
        found = seen.find(_HEAD_END, max(0, fed - 3))
        end = len(seen) if found < 0 else found + 4
        if end > self._front.max_head_bytes:
            self._connections.bounds.count("head_bytes")
            self._break_off(431, f"head: expected at most {self._front.max_head_bytes} bytes, got more")
            return
        try:
            self._request.feed(seen[fed:end])
        except HttpParserUpgrade:
            self._hand_over()
        except HttpParserError:
            self._break_off(400, "expected a request of HTTP/1.1, got something else")
        else:
            if found < 0:
                self._wait_for(HEAD)
            else:
                self._route(seen[end:])

    def _route(self, rest: bytes) -> None:
        request, limit_bytes = self._request, self._front.max_body_bytes
        length = request.take_content_length()
        if request.header_count > self._front.max_headers:
            self._connections.bounds.count("headers")
            self._break_off(431, f"head: expected at most {self._front.max_headers} headers, got more")
            return
        if not request.understand().is_plain_telemetry:
            self._hand_over()
            return
        if length > limit_bytes:
            self._refuse(413, f"body: expected at most {limit_bytes} bytes, got more")
        elif request.is_complete != (length == 0):
            self._break_off(400, "expected one request, got something else")
        else:
            request.remember(self._seen[: len(self._seen) - len(rest)])
            self._seen = b""
            self._missing_bytes = int(length)
            self._read_body(rest)

    def _read_body(self, data: bytes) -> None:
        part = data[: self._missing_bytes]
        self._missing_bytes -= len(part)
        if part and self._is_parsed:
            self._request.feed(part)
        if self._missing_bytes:
            self._body += part
            self._wait_for(BODY)
            return
        self._held = data[len(part) :]
        if self._body:
            part = bytes(self._body + part)
            self._body.clear()
        self._take(part)

    def _wait_for(self, stage: Stage) -> None:
        if self.stage is IDLE or stage is READER:  # a request has begun with its first byte
            self.since_s = self._connections.now_s
        self.stage = stage

    def _hand_over(self) -> None:
        handler = Served(self._front.server, self._connections)
        self._connections.replace(self, handler)
        self._request.end()
        self.transport.resume_reading()
        self.transport.set_protocol(handler)
        handler.connection_made(self.transport)
        handler.data_received(self._seen)

    # --- answering ----------------------------------------------------------------------------------------

    def _take(self, body: bytes) -> None:
        self.stage = ANSWER
        request, ingest = self._request, self._front.ingest
        head = request.head
        if head.is_preflight:
            allowed_origin, is_last = ingest.allowed_origin(head.origin), self._is_last()
            answer = preflight(allowed_origin, self._front.headers, self._connections.date, is_last=is_last)
            self._send(answer, is_last=is_last)
        else:
            ingest.take(request.arrival(self._peer, body), self._reply)

    def _reply(self, answer: Answer) -> None:
        if not self.transport.is_closing():
            is_last = self._is_last()
            # What was taken needs no id, and each would cost: nothing is logged of it.
            mark = "" if answer.status == TAKEN else self._front.mark(answer, self._peer, self._request.head.request_id)
            headers, date = self._front.headers, self._connections.date
            self._send(response(answer, headers, date, is_last=is_last, request_id=mark), is_last=is_last)

    def _is_last(self) -> bool:
        nothing_follows = self._is_half_closed and not self._held
        return nothing_follows or not self._request.keeps_alive or self._connections.is_closing

    def _send(self, answer: bytes, *, is_last: bool) -> None:
        self.transport.write(answer)
        if is_last:
            self.stage = END
            self.transport.close()
        elif self._is_clogged:
            self._wait_for(READER)
        elif self._held:
            asyncio.get_running_loop().call_soon(self._go_on)  # the others come in between
        else:
            self._begin()

    def _go_on(self) -> None:
        """Take up what was sent ahead of our answer."""
        if self.transport.is_closing():
            return
        self._begin()
        held, self._held = self._held, b""
        if held:
            self.data_received(held)
        if not self._held and self.transport.get_protocol() is self:
            self.transport.resume_reading()

    # --- parting ------------------------------------------------------------------------------------------

    def expire(self) -> None:
        """End it, since the time of its stage is used up."""
        stage, connections = self.stage, self._connections
        if stage is BODY:
            self._refuse(408, f"expected {BODY.value} within {connections.limits_s[BODY]:g} s")
        elif stage is HEAD:
            connections.bounds.count("head_time")
            self._break_off(408, f"expected {HEAD.value} within {connections.limits_s[HEAD]:g} s")
        elif stage is IDLE:
            self.transport.close()
        else:
            if stage is READER:
                connections.bounds.count("reading_time")
            self.transport.abort()

    def finish(self) -> None:
        """End it, after the answer that is owed."""
        if self.stage is not ANSWER:
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        """Give a post up before its body is whole; it counts, and the page may read why."""
        self._connections.bounds.count_status(status)
        self._front.ingest.refuse(Refused(status, message), self._request.head.origin, self._part)

    def _break_off(self, status: int, message: str) -> None:
        """Refuse what may be no post at all."""
        self._part(Answer(status, _encode({"error": message}), None, None))

    def _part(self, answer: Answer) -> None:
        """Answer for the last time, and let the client close: were we to, the answer might be lost on the way."""
        mark = self._front.mark(answer, self._peer, "")
        headers, date = self._front.headers, self._connections.date
        self.transport.write(response(answer, headers, date, is_last=True, request_id=mark))
        self._begin()
        self._body.clear()
        self.stage = END
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
