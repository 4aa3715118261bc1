"""How do CloudEvents of Twilio's Event Streams become summaries of rooms and stays?

`decode` is pure: the body of one delivery in, what it tells out.  A delivery is an array of events, or one; those that
are no summary of a room or of a stay are counted and ignored, whatever else the account subscribed to.

The fields are those of the Log Analyzer's REST API, though nobody promises it: names are taken in snake_case and in
camelCase, numbers also as text, times as ISO 8601 or as a number since the epoch, and whatever is missing is unknown.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from collectors.base import Malformed
from collectors.events import ParticipantSummarySeen, RoomSummarySeen, Source
from collectors.observations import AtMs

Summary = RoomSummarySeen | ParticipantSummarySeen

MAX_EVENTS = 1000
EVENT_NAMES = ("room-summary", "participant-summary")  # for a metric label

_INSIGHTS = "com.twilio.video.insights."
_FIRST_MS = 100_000_000_000  # a number since the epoch below this is in seconds: they reach it in the year 5138
_LAST_MS = 4_102_444_800_000  # as far as the vocabulary of events goes
_LARGEST = 1e15


class Decoded(Struct, frozen=True):
    """A delivery as it was understood: the summaries to keep, and how often each other type came."""

    summaries: tuple[Summary, ...] = ()
    ignored: dict[str, int] = {}


def decode(body: bytes, received_at_ms: AtMs) -> Decoded:
    """Return what a delivery tells; an event without a time counts as seen when it was received.

    Raises:
        Malformed: the body is not JSON, or an event in it is none, or lacks what such a summary always has.
    """
    summaries: list[Summary] = []
    ignored: Counter[str] = Counter()
    for event in _events(body):
        kind = event.required("type")
        read = _READERS.get(kind)
        if read is None:
            ignored[kind] += 1
        else:
            summaries.append(read(event.inside("data"), _told(event, kind, received_at_ms)))
    return Decoded(tuple(summaries), dict(ignored))


def event_name(summary: Summary) -> str:
    """Return what a summary is called in a metric label."""
    return "room-summary" if isinstance(summary, RoomSummarySeen) else "participant-summary"


class _Fields(NamedTuple):
    """A JSON object, and where in the body it stands."""

    where: str
    values: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        value = self._value(name)
        if value is None or isinstance(value, str):
            return value or None
        raise self._malformed(name, "text", value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise Malformed(self._path(name), "a value", "nothing")
        return value

    def whole(self, name: str) -> int | None:
        number = self._number(name, "a number")
        return None if number is None else int(number)

    def at_ms(self, name: str) -> int | None:
        value = self._value(name)
        at_ms = _iso_ms(value) if isinstance(value, str) else None
        if at_ms is None:
            number = self._number(name, "ISO 8601 time")
            if number is None:
                return None
            at_ms = int(number if number >= _FIRST_MS else number * 1000)
        if not 0 <= at_ms <= _LAST_MS:
            raise self._malformed(name, "a time from 1970 to 2100", value)
        return at_ms

    def inside(self, name: str) -> "_Fields":
        return _fields(self._path(name), self._value(name))

    def inside_or_empty(self, name: str) -> "_Fields":
        value = self._value(name)
        return _Fields(self._path(name), value if isinstance(value, dict) else {})

    def first_text(self, names: Iterable[str]) -> str | None:
        found = (self._value(name) for name in names)
        return next((value for value in found if isinstance(value, str) and value), None)

    def _number(self, name: str, expected: str) -> float | None:
        value = self._value(name)
        if value is None or value == "":
            return None
        try:
            number = float(value) if isinstance(value, str | int | float) else -1.0
        except (ValueError, OverflowError):
            number = -1.0
        if isinstance(value, bool) or not 0 <= number < _LARGEST:  # also refuses nan and inf
            raise self._malformed(name, expected, value)
        return number

    def _value(self, name: str) -> Any:
        return self.values.get(name, self.values.get(_camel(name)))

    def _path(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def _malformed(self, name: str, expected: str, value: object) -> Malformed:
        return Malformed(self._path(name), expected, _shown(value))


def _events(body: bytes) -> list[_Fields]:
    try:
        delivered = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Malformed("body", "well-formed JSON", str(error) or type(error).__name__) from None
    if not isinstance(delivered, list):
        return [_fields("", delivered)]
    if len(delivered) > MAX_EVENTS:
        raise Malformed("body", f"at most {MAX_EVENTS} events", str(len(delivered)))
    return [_fields(f"[{index}]", event) for index, event in enumerate(delivered)]


def _fields(where: str, value: object) -> _Fields:
    if not isinstance(value, dict):
        raise Malformed(where or "body", "an object", "nothing" if value is None else _shown(value))
    return _Fields(where, value)


def _told(event: _Fields, kind: str, received_at_ms: int) -> dict[str, Any]:
    """Return what every summary by stream has: when, by whom, how a repeat is known, and of which type it was."""
    seen_at_ms = event.at_ms("time")
    return {
        "seen_at_ms": received_at_ms if seen_at_ms is None else seen_at_ms,
        "source": Source.STREAM,
        "dedup_key": f"s:{event.text('source') or ''}:{event.required('id')}",
        "cause": kind,
    }


def _room_summary(data: _Fields, told: dict[str, Any]) -> RoomSummarySeen:
    return RoomSummarySeen(
        **told,
        room_sid=data.required("room_sid"),
        account_sid=data.required("account_sid"),
        room_name=data.text("room_name"),
        created_at_ms=data.at_ms("create_time"),
        ended_at_ms=data.at_ms("end_time"),
        end_reason=data.text("end_reason"),
        duration_s=data.whole("duration_sec"),
        unique_participants=data.whole("unique_participants"),
        unique_identities=data.whole("unique_participant_identities"),
        concurrent_participants=data.whole("concurrent_participants"),
        participants_duration_s=data.whole("total_participant_duration_sec"),
        recordings_duration_s=data.whole("total_recording_duration_sec"),
        room_type=data.text("room_type"),
        media_region=data.text("media_region"),
        edge_location=data.text("edge_location"),
        processing_state=data.text("processing_state"),
    )


def _participant_summary(data: _Fields, told: dict[str, Any]) -> ParticipantSummarySeen:
    return ParticipantSummarySeen(
        **told,
        room_sid=data.required("room_sid"),
        participant_sid=data.required("participant_sid"),
        account_sid=data.required("account_sid"),
        identity=data.text("participant_identity"),
        joined_at_ms=data.at_ms("join_time"),
        left_at_ms=data.at_ms("leave_time"),
        duration_s=data.whole("duration_sec"),
        end_reason=data.text("end_reason"),
        error_code=data.whole("error_code") or None,  # 0: there was none
        media_region=data.text("media_region"),
        edge_location=data.text("edge_location"),
        sdk=_sdk(data.inside_or_empty("publisher_info")),
    )


def _sdk(publisher: _Fields) -> str | None:
    """Return name and version of an SDK, as far as they are told."""
    name = publisher.first_text(("sdk_name", "sdk_type", "name"))
    version = publisher.first_text(("sdk_version", "version"))
    return " ".join(part for part in (name, version) if part) or None


def _iso_ms(text: str) -> int | None:
    if text.isdigit():  # seconds or milliseconds, some of which would also read as a date without dashes
        return None
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."


_READERS: dict[str, Callable[[_Fields, dict[str, Any]], Summary]] = {
    _INSIGHTS + "log-analyzer.room-summary": _room_summary,
    _INSIGHTS + "log-analyzer.participant-summary": _participant_summary,
    _INSIGHTS + "room-summary.complete": _room_summary,
    _INSIGHTS + "participant-summary.complete": _participant_summary,
}
PARTICIPANT_SUMMARIES = tuple(kind for kind, read in _READERS.items() if read is _participant_summary)  # by their types
