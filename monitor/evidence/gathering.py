"""How does what is on record of a room become the evidence for a verdict?

Three things are put together for each who was there: who it is (the room's record), what it measured (lines), and what
happened to it (happenings).  Whoever is on record is a witness, those who said nothing as well, since others may have
seen them; only who was there too briefly to be heard, and said nothing, is not.  A level holds until the next, and
ends when whom it is about, or who saw it, has left.

What happened is told by the participant's own clock in its body, and by ours beside it: ours counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce

import msgspec
from msgspec.structs import astuple, replace

from collectors.event_streams import PARTICIPANT_SUMMARIES
from collectors.events import ParticipantSummarySeen
from collectors.observations import Connection, ConnectionState, Device, NetworkQuality, Track
from monitor.entities import Participant, Room
from monitor.evidence import thresholds as at
from monitor.evidence.witnesses import Evidence, Unequipped, Witness
from monitor.store.ports import Client, Happening, Line

Span = tuple[int, int]

_CONNECTION, _TRACK, _DEVICE = "connection", "track", "device"
SAID = (_CONNECTION, _TRACK, _DEVICE)  # kinds of happenings of which browsers tell, and which are evidence
SUMMARIES = (
    "participant_summary",
    *PARTICIPANT_SUMMARIES,
)  # Twilio's own, long after a call, as polls and streams name them

_decode_connection = msgspec.json.Decoder(Connection).decode
_decode_track = msgspec.json.Decoder(Track).decode
_decode_device = msgspec.json.Decoder(Device).decode
_decode_summary = msgspec.json.Decoder(ParticipantSummarySeen).decode


def evidence_of(room: Room, lines: Iterable[Line], happenings: Iterable[Happening], span_ms: Span) -> Evidence:
    """Return what is on record of a room during a window of time.

    Args:
        room: with everybody who was in it.
        lines: what was measured, from some time before the window on, since levels hold until the next.
        happenings: what happened, likewise.
        span_ms: from when to when.
    """
    people = [each for each in room.people() if _was_there(each, span_ms)]
    roll = _Roll(people)
    measured: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        measured[roll.key_of(line.series.participant, span_ms[0])].append(line)
    told = _Told(roll, happenings)
    keys = dict.fromkeys((*roll.people, *measured, *told.refused(span_ms)))
    witnesses = [_witness(key, roll, measured.get(key, ()), told, span_ms) for key in keys]
    return Evidence(
        *span_ms,
        witnesses=tuple(each for each in witnesses if _is_witness(each, roll.people.get(each.key), span_ms)),
        room=room.sid or room.key,
        media_region=room.media_region,
        unequipped=tuple(told.unequipped(span_ms)),
    )


# --- who was there? ----------------------------------------------------------------------------------------


class _Roll:
    """Who is who: a name may stand for one person after another, a SID never does."""

    def __init__(self, people: Sequence[Participant]) -> None:
        self.people = {each.sid or each.key: each for each in people}
        self._by_name: dict[str, list[Participant]] = defaultdict(list)
        for each in people:
            self._by_name[f"identity:{each.identity}"].append(each)

    def left_ms(self, key: str | None) -> int | None:
        """Return when somebody left, if that is known."""
        person = self.people.get(key or "")
        return person.left_at_ms if person else None

    def name_of(self, key: str) -> str:
        """Return what people call somebody."""
        who = self.people.get(key)
        return (who.identity if who else None) or key.removeprefix("identity:")

    def key_of(self, participant: str, at_ms: int) -> str:
        """Return the key of somebody known by SID or by name; of several of one name, of who was there at a moment."""
        named = self._by_name.get(participant, ())
        there = (each for each in named if _was_there(each, (at_ms, at_ms + 1)))
        who = next(there, named[-1] if named else None)
        return participant if who is None else who.sid or who.key


def _was_there(person: Participant, span_ms: Span) -> bool:
    return _presence_ms(person, span_ms) > 0


def _presence_ms(person: Participant, span_ms: Span) -> int:
    """Return for how long somebody was there; where it is not told when somebody came or left, it counts as there."""
    from_ms, to_ms = span_ms
    return min(person.left_at_ms or to_ms, to_ms) - max(person.joined_at_ms or from_ms, from_ms)


def _is_witness(witness: Witness, person: Participant | None, span_ms: Span) -> bool:
    """Whether somebody said something during the window, or was there for long enough to be missed."""
    if person is not None and _presence_ms(person, span_ms) >= at.HEARD_S * 1000:
        return True
    said: list[NetworkQuality | Connection | Track] = [*witness.levels, *witness.connections, *witness.tracks]
    return bool(witness.media) or any(each.at_ms >= span_ms[0] for each in said)


# --- what did they say? ------------------------------------------------------------------------------------


class _Told:
    """What happened, by whom it happened to."""

    def __init__(self, roll: _Roll, happenings: Iterable[Happening]) -> None:
        self.connections: Mapping[str, list[Connection]] = defaultdict(list)
        self.tracks: Mapping[str, list[Track]] = defaultdict(list)
        self.devices: Mapping[str, list[Device]] = defaultdict(list)
        self.edges: dict[str, str] = {}
        self._roll = roll
        for each in happenings:
            self._take(roll.key_of(each.participant, each.at_ms), each)

    def _take(self, key: str, happening: Happening) -> None:
        if happening.kind in SUMMARIES:
            edge = _decode_summary(happening.body).edge_location
            self.edges.update({key: edge} if edge else {})
        elif happening.source == "telemetry" and happening.kind == _CONNECTION:
            self.connections[key].append(replace(_decode_connection(happening.body), at_ms=happening.at_ms))
        elif happening.source == "telemetry" and happening.kind == _TRACK:
            self.tracks[key].append(replace(_decode_track(happening.body), at_ms=happening.at_ms))
        elif happening.source == "telemetry" and happening.kind == _DEVICE:
            self.devices[key].append(replace(_decode_device(happening.body), at_ms=happening.at_ms))

    def unequipped(self, span_ms: Span) -> Iterator[Unequipped]:
        """Return whose device could not be had during the window: of each the last that was not made good."""
        for key, failures in self.devices.items():
            within = [each for each in failures if span_ms[0] <= each.at_ms < span_ms[1]]
            lasting = [each for each in within if not self._is_made_good(key, each)]
            if lasting:
                yield Unequipped(key, self._roll.name_of(key), lasting[-1])

    def _is_made_good(self, key: str, failure: Device) -> bool:
        later = (each for each in self.tracks.get(key, ()) if each.at_ms >= failure.at_ms and each.subject is None)
        return any(each.state == "published" and failure.kind in {None, each.kind} for each in later)

    def refused(self, span_ms: Span) -> Iterator[str]:
        """Return whom Twilio's servers did not let in: nobody has them on record, but their browsers told."""
        for key, said in self.connections.items():
            if any(_is_refusal(each) and span_ms[0] <= each.at_ms < span_ms[1] for each in said):
                yield key


def _is_refusal(said: Connection) -> bool:
    return said.state is ConnectionState.DISCONNECTED and said.code in at.SERVER_CODES


def _witness(key: str, roll: _Roll, lines: Sequence[Line], told: _Told, span_ms: Span) -> Witness:
    who = roll.people.get(key) or _stranger(key, lines)
    client = reduce(_united, (line.series.client for line in lines), Client())
    return Witness(
        key=key,
        sid=who.sid,
        identity=who.identity,
        browser=client.browser or who.browser,
        os=client.os,
        network=client.network or who.network,
        address=client.address or who.network_address,
        sdk_version=client.sdk_version,
        edge=told.edges.get(key),
        media=tuple(each for line in lines for each in line.samples.within(*span_ms).media_stats()),
        levels=tuple(each for line in lines for each in _levels(line, key, roll, span_ms)),
        connections=tuple(each for each in told.connections.get(key, ()) if each.at_ms < span_ms[1]),
        tracks=tuple(each for each in told.tracks.get(key, ()) if each.at_ms < span_ms[1]),
    )


def _united(one: Client, other: Client) -> Client:
    return Client(*(first or second for first, second in zip(astuple(one), astuple(other), strict=True)))


def _stranger(key: str, lines: Sequence[Line]) -> Participant:
    """Return who measured something, or was not let in, and is not on record."""
    if key.startswith("PA"):
        return Participant(key, "", sid=key, identity=lines[0].series.identity if lines else None)
    return Participant(key, "", identity=key.removeprefix("identity:"))


def _levels(line: Line, key: str, roll: _Roll, span_ms: Span) -> Iterator[NetworkQuality]:
    """Return the levels of the window, the last of each subject before it, and where they end for good."""
    from_ms, to_ms = span_ms
    earlier = line.samples.within(0, from_ms).network_qualities()
    levels = [*{each.subject: each for each in earlier}.values()]
    levels += line.samples.within(from_ms, to_ms).network_qualities()
    yield from levels
    for subject in {each.subject for each in levels}:
        left_ms = min(roll.left_ms(key) or to_ms, roll.left_ms(subject) or to_ms)
        if left_ms < to_ms:
            yield NetworkQuality(left_ms, None, subject)
