"""What would have arrived of a room, for some evidence to be on record of it?

The way back from `Evidence`: Twilio's words about the room and the people in it, and the posts of their browsers, whose
clocks are off.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from msgspec.structs import replace

from collectors.events import Event, ParticipantSummarySeen, Source
from collectors.observations import ClientInfo, SdkInfo, TelemetryBatch
from monitor.evidence.witnesses import Evidence, Witness
from tests.builders import participant, room

T = TypeVar("T")
POST_MS = 10_000
AHEAD_MS = 7_000  # of every browser's clock


def retold(evidence: Evidence, *, is_over: bool = True) -> list[Event]:
    """Return the events, in the order in which they came."""
    about: dict[str, Any] = {
        "sid": evidence.room,
        "room_name": f"acme:class:{evidence.room[2:8]}",
        "created_at_ms": evidence.from_ms,
        "media_region": evidence.media_region,
    }
    came = {"room_sid": evidence.room, "at_ms": evidence.from_ms, "joined_at_ms": evidence.from_ms}
    events: list[Event] = [room(at_ms=evidence.from_ms, **about)]
    events += [participant(each.sid or "", identity=each.identity, **came) for each in evidence.witnesses]
    posts = [post for each in evidence.witnesses for post in _posts(each, evidence)]
    events += sorted(posts, key=lambda post: post.received_at_ms)
    if is_over:
        events.append(room("completed", at_ms=evidence.to_ms, ended_at_ms=evidence.to_ms, **about))
        events += [_summary(each, evidence) for each in evidence.witnesses]
    return events


def begun_at(evidence: Evidence, began_ms: int) -> Evidence:
    """Return the same at another time."""
    by_ms = began_ms - evidence.from_ms

    def moved(said: Iterable[T]) -> tuple[T, ...]:
        return tuple(replace(each, at_ms=each.at_ms + by_ms) for each in said)

    witnesses = tuple(
        replace(
            each,
            media=moved(each.media),
            levels=moved(each.levels),
            connections=moved(each.connections),
            tracks=moved(each.tracks),
        )
        for each in evidence.witnesses
    )
    return replace(evidence, from_ms=began_ms, to_ms=evidence.to_ms + by_ms, witnesses=witnesses)


def _posts(witness: Witness, evidence: Evidence) -> Iterator[TelemetryBatch]:
    said: defaultdict[int, list[Any]] = defaultdict(list)
    for each in (*witness.media, *witness.levels, *witness.connections, *witness.tracks):
        said[each.at_ms // POST_MS].append(replace(each, at_ms=each.at_ms + AHEAD_MS))
    for seq, (step, observations) in enumerate(sorted(said.items())):
        yield TelemetryBatch(
            received_at_ms=(step + 1) * POST_MS,
            observations=tuple(observations),
            room_sid=evidence.room,
            participant_sid=witness.sid,
            identity=witness.identity,
            session=witness.key,
            seq=seq,
            sdk=SdkInfo("twilio-video.js", witness.sdk_version),
            client=ClientInfo(browser=witness.browser, os=witness.os, network=witness.network),
            address=witness.address,
            clock_offset_ms=AHEAD_MS,
        )


def _summary(witness: Witness, evidence: Evidence) -> ParticipantSummarySeen:
    return ParticipantSummarySeen(
        seen_at_ms=evidence.to_ms,
        source=Source.POLL,
        room_sid=evidence.room,
        participant_sid=witness.sid or "",
        identity=witness.identity,
        edge_location=witness.edge,
    )
