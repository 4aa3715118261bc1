"""May this post come in, and as what?

Each rule is one line of `admit`, the cheap ones first: what kind of body, whose token, from which page, how many from
this address; only then is the body opened and read.  What comes in leaves with what was found out at the door: the
account, the room's SID, the network it came from, how far its clock is off, and a pseudonym if that is all that may be
kept of a name.
"""

from collections.abc import Hashable
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from collectors.base import Malformed
from collectors.moments import PRESENT_MS, Bounds, span_of, within
from collectors.observations import TelemetryBatch
from collectors.telemetry import Decoded, decode
from monitor.clock_offset import ClockOffsets
from monitor.http.addresses import Addresses, Place
from monitor.http.body import Refused, unpacked
from monitor.http.ingest_auth import Forbidden, Grant, IngestAuthority, Unauthorised, check
from monitor.http.proxies import TrustedProxies
from monitor.http.rate import RateLimit
from monitor.live import Live
from monitor.metrics import Metrics
from monitor.pseudonyms import Pseudonyms
from monitor.settings import Telemetry

CONTENT_TYPES = ("application/json", "text/plain")  # the second so that `sendBeacon` needs no preflight


class Arrival(Struct, frozen=True, gc=False):
    """A post as it arrived, its body still packed; headers as they came, or an empty string."""

    peer: str  # the address at the other end of the connection
    forwarded_for: str  # every `X-Forwarded-For` there is, joined by commas
    content_type: str
    packing: str
    token: str | None
    origin: str
    body: bytes


Admitted = tuple[TelemetryBatch, Decoded, bytes]  # the batch to keep, and what it was made from, unpacked


class ForeignOrigin(Refused):
    """The page that sends may not, so it may not read the answer either."""

    def __init__(self) -> None:
        super().__init__(403, "Origin: expected one that this key or token may be used from, got another")


class Admission:
    """The rules of the door."""

    def __init__(
        self,
        authority: IngestAuthority,
        live: Live,
        metrics: Metrics,
        settings: Telemetry,
        proxies: TrustedProxies,
        addresses: Addresses,
        pseudonyms: Pseudonyms | None,
    ) -> None:
        self._authority = authority
        self._live = live
        self._metrics = metrics
        self._settings = settings
        self._proxies = proxies
        self._addresses = addresses
        self._pseudonyms = pseudonyms
        self._clients = RateLimit(settings.posts_per_s, settings.burst_posts)
        self._networks = RateLimit(settings.address_posts_per_s, settings.address_burst_posts)
        self._clocks = ClockOffsets(int(settings.clock_tolerance_s * 1000))
        self._bounds = Bounds(int(settings.max_age_s * 1000), int(settings.max_ahead_s * 1000))
        self._clock_wrong_after_ms = settings.clock_wrong_after_s * 1000
        self._now_ms = 0

    @property
    def forwarded_header(self) -> str:
        """Return the header in which proxies of ours say for whom they ask."""
        return self._proxies.header

    def admit(self, arrival: Arrival, now_s: float) -> Admitted:
        """Return the post as it is to be kept.

        Raises:
            Refused: it may not come in.
        """
        _check_content_type(arrival.content_type)
        grant = self._granted(arrival, now_s)
        address = self._proxies.client(arrival.peer, arrival.forwarded_for)
        place = self._addresses.place(address)
        if place.counted_as is not None:
            _check_rate(self._networks, place.counted_as, now_s, "this address")
        body = unpacked(arrival.body, arrival.packing, self._settings.max_inflated_bytes)
        decoded = self._understood(body, grant, now_s)
        batch = decoded.batch
        _check_rate(self._clients, (address, batch.session or batch.identity or grant.identity), now_s, "this client")
        offset_ms = self._clocks.offset_ms(batch.session, batch.sent_at_ms, batch.received_at_ms)
        decoded, last_ms = self._in_time(decoded, offset_ms or 0)
        return self._completed(decoded.batch, grant, place, offset_ms, last_ms), decoded, body

    def _granted(self, arrival: Arrival, now_s: float) -> Grant:
        try:
            grant = self._authority.grant(arrival.token, now_s)
        except Unauthorised as error:
            raise Refused(401, str(error)) from None
        if arrival.origin and not grant.origins.allow(arrival.origin):
            raise ForeignOrigin
        return grant

    def _understood(self, body: bytes, grant: Grant, now_s: float) -> Decoded:
        try:
            decoded = decode(body, self._at_ms(now_s))
            check(grant, decoded.batch, self)
            self._check_participant(grant, decoded.batch)
        except Malformed as error:
            raise Refused(400, str(error)) from None
        except Forbidden as error:
            raise Refused(403, str(error)) from None
        return decoded

    def _at_ms(self, now_s: float) -> int:
        """Return when it is, as one and the same number to all who come within a millisecond: they keep it for long."""
        now_ms = int(now_s * 1000)
        if now_ms != self._now_ms:
            self._now_ms = now_ms
        return self._now_ms

    # --- who is it? -----------------------------------------------------------------------------------------

    def name_of(self, room_sid: str | None) -> str | None:
        """Return the name of the room with this SID, live or ended not long ago."""
        room = self._live.room(room_sid)
        return room.name if room else None

    def sid_of(self, room_name: str | None) -> str | None:
        """Return the SID of the live room with this name."""
        return self._live.room_sid(room_name)

    def _check_participant(self, grant: Grant, batch: TelemetryBatch) -> None:
        """Let nobody speak as a participant of whom Twilio has told that it is somebody else; tokens do not say."""
        if grant.identity is None or batch.participant_sid is None:
            return
        room = self._live.room(batch.room_sid)
        known = room and (room.participants.get(batch.participant_sid) or room.left.get(batch.participant_sid))
        if known and known.is_told and known.identity not in (None, self._name(grant.identity)):
            raise Forbidden("participant_sid: expected one of the token's identity, got that of another")

    def _name(self, identity: str | None) -> str | None:
        return identity if self._pseudonyms is None or identity is None else self._pseudonyms.of(identity)

    def _completed(
        self, batch: TelemetryBatch, grant: Grant, place: Place, offset_ms: int | None, last_ms: int
    ) -> TelemetryBatch:
        """Add what the client left out and we know, and keep no more of who it is than may be kept."""
        return replace(
            batch,
            account_sid=grant.account_sid,
            identity=self._name(batch.identity or grant.identity),
            room_sid=batch.room_sid or grant.room_sid or self._room_sid(batch, last_ms - (offset_ms or 0)),
            address=place.kept,
            clock_offset_ms=offset_ms,
        )

    def _room_sid(self, batch: TelemetryBatch, at_ms: int) -> str | None:
        room = self._live.calls.at(batch.room_name, at_ms)
        return room.sid if room else None

    # --- when was it? ---------------------------------------------------------------------------------------

    def _in_time(self, decoded: Decoded, offset_ms: int) -> tuple[Decoded, int]:
        """Return what can have happened when it says, and when the last of it did, by the client's clock."""
        arrived_ms, bounds = decoded.batch.received_at_ms + offset_ms, self._bounds
        first_ms, last_ms = span_of(decoded.batch.observations, arrived_ms)
        if arrived_ms - first_ms > bounds.max_age_ms or last_ms - arrived_ms > bounds.max_ahead_ms:
            decoded = within(decoded, arrived_ms, bounds)
            first_ms, last_ms = span_of(decoded.batch.observations, arrived_ms)
        if arrived_ms - last_ms > PRESENT_MS:
            self._metrics.add("roomwatch_telemetry_late_posts_total")
        if abs(offset_ms) > self._clock_wrong_after_ms:
            self._metrics.add("roomwatch_telemetry_wrong_clock_posts_total")
        return decoded, last_ms


def _check_content_type(content_type: str) -> None:
    if content_type in CONTENT_TYPES:
        return
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in CONTENT_TYPES:
        raise Refused(415, f"Content-Type: expected {' or '.join(CONTENT_TYPES)}, got {media_type[:60]!r}")


def _check_rate(rate: RateLimit, who: Hashable, now_s: float, called: str) -> None:
    wait_s = rate.wait_s(who, now_s)
    if wait_s:
        raise Refused(429, f"expected fewer posts from {called}", retry_after_s=ceil(wait_s))
