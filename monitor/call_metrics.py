"""What does Prometheus see of the calls that go on?

Rooms and people by level, whole and by each label that has a list of its values in the configuration; how many of the
people are heard; and how the worst rooms fare.  Of these there are ten, whatever they are called: a name in a label
would be a new series for each room.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from math import nan

from monitor.crowds import Crowds, Share
from monitor.headcount import LEVELS, Headcount, Tally
from monitor.live import Live
from monitor.metrics import RANKS, WORST_ROOMS, Metrics
from monitor.naming import OTHER, UNKNOWN, Naming

_WELL = Share(known=1)  # of a room in which nobody is degraded; how many are in it does not matter
_NAMED = {"tenant": "roomwatch_tenant", "resource_kind": "roomwatch_kind", "media_region": "roomwatch_region"}


def set_calls(metrics: Metrics, live: Live, naming: Naming, regions: Sequence[str], now_ms: float) -> None:
    """Show rooms and people as they are now; `regions` are the media regions that have series of their own."""
    count = Headcount(live.rooms.values(), naming, regions, now_ms)
    everybody = count.everybody
    metrics.set("roomwatch_live_rooms", len(live.rooms))
    for level, people in zip(LEVELS, everybody.levels, strict=True):
        metrics.set("roomwatch_live_participants", people, level)
    metrics.set("roomwatch_reconnecting_participants", count.reconnecting)
    metrics.set("roomwatch_heard_participants", count.heard)
    people = sum(everybody.levels)
    metrics.set("roomwatch_telemetry_coverage_ratio", count.heard / people if people else nan)
    for label, values in _listed(naming, regions).items():
        _set_by(metrics, label, values, count.by(label))
    _set_degraded(metrics, live.crowds)
    _set_open_compositions(metrics, live)


def _listed(naming: Naming, regions: Sequence[str]) -> Mapping[str, Sequence[str]]:
    return {**naming.values, **({"media_region": (*regions, OTHER, UNKNOWN)} if regions else {})}


def _set_by(metrics: Metrics, label: str, values: Sequence[str], tallies: Mapping[str, Tally]) -> None:
    """Show rooms and people by a label, with all of its values and no other."""
    family, nobody = _NAMED[label], Tally()
    for value in values:
        tally = tallies.get(value, nobody)
        metrics.set(f"{family}_live_rooms", tally.rooms, value)
        for level, people in zip(LEVELS, tally.levels, strict=True):
            metrics.set(f"{family}_live_participants", people, value, level)


def _set_degraded(metrics: Metrics, crowds: Crowds) -> None:
    metrics.set("roomwatch_known_rooms", crowds.everybody.known_rooms)
    metrics.set("roomwatch_degraded_rooms", crowds.everybody.degraded_rooms)
    worst = crowds.worst_rooms(WORST_ROOMS)
    well = [_WELL] * min(WORST_ROOMS, crowds.everybody.known_rooms - len(worst))
    for rank, share in zip_longest(RANKS, (*worst, *well)[:WORST_ROOMS]):
        metrics.set("roomwatch_worst_room_degraded_ratio", share.degraded_ratio if share else nan, rank)
        metrics.set("roomwatch_worst_room_degraded_participants", share.degraded if share else nan, rank)


def _set_open_compositions(metrics: Metrics, live: Live) -> None:
    seen = ((each.status.value,) for each in live.compositions.values() if not each.is_expected)
    metrics.set_counts("roomwatch_open_compositions", seen)
