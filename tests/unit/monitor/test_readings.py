"""What rules get to see."""

import pytest

from monitor.entities import Change, Ref
from monitor.live import Live
from monitor.naming import Naming
from monitor.readings import CompositionLimits, read
from tests.builders import ALICE, BOB, CAROL, COMPOSITION, NOW_MS, ROOM, batch, composition, level, room

NOW_S = NOW_MS / 1000
LIMITS = CompositionLimits(floor_s=600, room_ratio=0.5)
PLAIN = Naming()


def look(live: Live, kind: str, key: str, now_s: float = NOW_S, naming: Naming = PLAIN):
    return read(live, Change(Ref(kind, key)), LIMITS, naming, now_s)


@pytest.mark.parametrize(
    ("levels", "ratio"),
    [([1], None), ([1, 5], 0.5), ([0, 1, 2], 2 / 3), ([None, 1], None), ([None, 1, 3], 0.5), ([4, 5], 0)],
)
def test_the_share_of_a_room_counts_those_whose_level_is_known(levels: list[int | None], ratio: float | None) -> None:
    live = Live()
    for reporter, value in zip((ALICE, BOB, CAROL), levels, strict=False):
        live.apply(batch(level(value), reporter=reporter))
    assert look(live, "room", ROOM).values["degraded_ratio"] == ratio


def test_what_is_not_in_the_picture_any_more_is_gone() -> None:
    assert look(Live(), "participant", "RM/PA").gone == "not_seen_any_more"
    assert read(Live(), Change(Ref("room", "RM"), "room_ended"), LIMITS, PLAIN, NOW_S).gone == "room_ended"


def test_a_participant_is_shown_with_who_and_where_it_is() -> None:
    live = Live()
    live.apply(batch(level(1), identity="alice", room_name="acme:class:1"))
    reading = look(live, "participant", f"{ROOM}/{ALICE}")
    assert reading.values["level"] == 1
    assert reading.values["rtt_ms"] is None
    assert (reading.details["identity"], reading.labels) == ("alice", {"room_name": "acme:class:1"})


@pytest.mark.parametrize(("duration_s", "limit_s"), [(60, 600), (7200, 3600), (None, 600)])
def test_the_limit_of_a_composition_grows_with_its_room_above_a_floor(duration_s: int | None, limit_s: float) -> None:
    live = Live()
    live.apply(room("completed", ended_at_ms=NOW_MS, duration_s=duration_s))
    live.apply(composition())
    reading = look(live, "composition", COMPOSITION)
    assert reading.details["limit_s"] == limit_s
    assert reading.values["overdue_s"] == -limit_s


def test_a_composition_announces_the_moment_at_which_it_will_be_overdue() -> None:
    live = Live()
    live.apply(room("completed", ended_at_ms=NOW_MS))
    live.apply(composition())
    moment = look(live, "composition", COMPOSITION).changes_at
    assert moment is not None
    then = look(live, "composition", COMPOSITION, moment)
    assert then.values["overdue_s"] is not None
    assert then.values["overdue_s"] > 0
    assert then.changes_at is None


def test_a_composition_whose_room_has_not_ended_is_not_known_to_be_late() -> None:
    live = Live()
    live.apply(composition())
    assert look(live, "composition", COMPOSITION, NOW_S + 1e6).values["overdue_s"] is None


NAMING = Naming(tenants=["acme"], kinds=["class"])


@pytest.mark.parametrize(
    ("room_name", "labels"),
    [
        ("acme:class:1", {"room_name": "acme:class:1", "tenant": "acme", "resource_kind": "class"}),
        ("globex:class:1", {"room_name": "globex:class:1", "tenant": "other", "resource_kind": "class"}),
        (None, {"tenant": "unknown", "resource_kind": "unknown"}),
    ],
)
def test_routes_can_match_on_what_the_name_of_the_room_tells(room_name: str | None, labels: dict[str, str]) -> None:
    live = Live()
    live.apply(batch(level(1), room_name=room_name))
    live.apply(composition())
    for kind, key in (("participant", f"{ROOM}/{ALICE}"), ("room", ROOM), ("composition", COMPOSITION)):
        assert look(live, kind, key, naming=NAMING).labels == labels
