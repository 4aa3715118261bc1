"""How many are in which trouble?

Counted with the same readings that rules are shown, so that a graph and an alert never tell two stories.  Pure; the
whole picture is looked at, which is for a scrape to do and for nobody else.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from monitor.account_readings import of_account
from monitor.limits import Limits
from monitor.live import Live
from monitor.metrics import RECORDING_TROUBLES
from monitor.readings import of_composition, of_recording, of_room

CROWDED_RATIO = 0.9

Values = Mapping[str, float | None]


class Census(NamedTuple):
    """How many things are in each trouble, and what rules see of each account, by its SID."""

    rooms: Counter[str]
    compositions: Counter[str]
    recordings: Counter[str]
    accounts: Mapping[str, Values]


def take(live: Live, limits: Limits, now_s: float) -> Census:
    """Count."""
    rooms = (of_room(room, limits.rooms, now_s).values for room in live.rooms.values())
    compositions = (of_composition(c, limits.compositions, now_s).values for c in live.compositions.values())
    recordings = (of_recording(recording).values for recording in live.recordings.values())
    return Census(
        rooms=Counter(trouble for values in rooms for trouble in _of_room(values)),
        compositions=Counter(trouble for values in compositions for trouble in _of_composition(values)),
        recordings=Counter(trouble for values in recordings for trouble in RECORDING_TROUBLES if values[trouble]),
        accounts={
            sid: of_account(account, live.connected(sid), limits.accounts, now_s).values
            for sid, account in live.accounts.items()
        },
    )


def _of_room(values: Values) -> Iterator[str]:
    if (values["overdue_s"] or 0) > 0:
        yield "overdue"
    if (values["occupancy_ratio"] or 0) >= CROWDED_RATIO:
        yield "crowded"


def _of_composition(values: Values) -> Iterator[str]:
    if (values["overdue_s"] or 0) > 0:
        yield "stuck"
    yield from (trouble for trouble in ("missing", "failed", "empty") if values[trouble])
