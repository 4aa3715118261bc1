"""How many are in which trouble?

Counted with the same numbers that rules are shown, so that a graph and an alert never tell two stories.  Pure; the
whole picture is looked at, which is for a scrape to do and for nobody else, and so only at what troubles go by.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from collectors.events import RecordingStatus
from monitor.account_readings import of_account
from monitor.entities import Composition, Recording, Room
from monitor.limits import Limits, RoomLimits
from monitor.live import Live
from monitor.metrics import RECORDING_TROUBLES
from monitor.readings import composition_values, occupancy_ratio, of_recording, overdue_s

CROWDED_RATIO = 0.9

Values = Mapping[str, float | None]


class Census(NamedTuple):
    """How many things are in each trouble, what waits for longest, and what rules see of each account, by its SID."""

    rooms: Counter[str]
    compositions: Counter[str]
    recordings: Counter[str]
    accounts: Mapping[str, Values]
    oldest_compositions_ms: Mapping[str, int]  # by status
    oldest_recording_ms: int | None


def take(live: Live, limits: Limits, now_s: float) -> Census:
    """Count."""
    return Census(
        rooms=Counter(trouble for room in live.rooms.values() for trouble in _of_room(room, limits.rooms, now_s)),
        compositions=Counter(
            trouble
            for composition in live.compositions.values()
            for trouble in _of_composition(composition_values(composition, limits.compositions, now_s))
        ),
        recordings=Counter(trouble for each in live.recordings.values() for trouble in _of_recording(each)),
        accounts={
            sid: of_account(account, live.connected(sid), limits.accounts, now_s).values
            for sid, account in live.accounts.items()
        },
        oldest_compositions_ms=_oldest_by_status(live.compositions.values()),
        oldest_recording_ms=min((each.created_at_ms or each.seen_at_ms for each in _captured(live)), default=None),
    )


def _of_room(room: Room, limits: RoomLimits, now_s: float) -> Iterator[str]:
    if (overdue_s(room, limits, now_s) or 0) > 0:
        yield "overdue"
    if (occupancy_ratio(room) or 0) >= CROWDED_RATIO:
        yield "crowded"


def _of_composition(values: Values) -> Iterator[str]:
    if (values["overdue_s"] or 0) > 0:
        yield "stuck"
    yield from (trouble for trouble in ("missing", "failed", "empty") if values[trouble])


def _of_recording(recording: Recording) -> Iterator[str]:
    if recording.status is RecordingStatus.PROCESSING:  # as nearly all of those in the picture are
        return
    values = of_recording(recording).values
    yield from (trouble for trouble in RECORDING_TROUBLES if values[trouble])


def _oldest_by_status(compositions: Iterable[Composition]) -> Mapping[str, int]:
    oldest: dict[str, int] = {}
    for each in compositions:
        since_ms = each.waiting_since_ms or each.created_at_ms or each.seen_at_ms
        if each.status.is_open and not each.is_expected:
            oldest[each.status.value] = min(since_ms, oldest.get(each.status.value, since_ms))
    return oldest


def _captured(live: Live) -> Iterator[Recording]:
    return (each for each in live.recordings.values() if each.status is RecordingStatus.PROCESSING)
