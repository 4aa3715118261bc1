"""How many bytes of memory does one person in a call take?  Counted object by object: the same on every machine."""

import sys
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from collectors.observations import Direction, MediaStats
from monitor.entities import Participant, Room
from monitor.good_minutes import NO_MINUTES
from monitor.live import Live
from monitor.rings import SAMPLES
from monitor.store.numbering import Numbering
from tests.builders import NOW_MS, batch, level

MOST_BYTES = 2_300  # for everything together; places in tables are another 200 or so
_SMALL = range(-5, 257)  # numbers that Python has once
_WORDS = {"bandwidth"}  # that are there once, however many people have them


def parts_of(thing: object) -> Iterator[object]:
    """Return what an object of ours refers to, and its parts, less the room, which many are in."""
    yield thing
    if isinstance(thing, Struct):
        for name in thing.__struct_fields__:
            if not isinstance(value := getattr(thing, name), Room):
                yield from parts_of(value)
    elif isinstance(thing, dict):
        for item in thing.items():
            yield from parts_of(item[0])
            yield from parts_of(item[1])
    elif isinstance(thing, tuple | list):
        for each in thing:
            yield from parts_of(each)


def bytes_of(*things: object) -> int:
    """Return what things take with all their parts, each counted once and rounded up as Python does."""
    once = {id(part): part for thing in things for part in parts_of(thing)}
    return sum(-(-sys.getsizeof(part) // 16) * 16 for part in once.values() if not _is_shared(part))


def _is_shared(part: object) -> bool:
    if isinstance(part, int):
        return part in _SMALL
    if isinstance(part, str):
        return part in _WORDS or isinstance(part, Enum)
    return part is None or part == () or part is NO_MINUTES


def reported() -> tuple[Live, Numbering, Participant]:
    """Return the picture after somebody filled a ring, as a browser does that tells all it knows."""
    live, numbering = Live(), Numbering()
    up = {"fps": 24.5, "width": 640, "height": 360, "limited_by": "bandwi" + "dth"}
    for number in range(SAMPLES):
        at_ms = NOW_MS + number * 10_000
        ways = [Direction(0.001 * number, 3.5 + number, 812_000.5 + number, **given) for given in (up, {})]
        seen = MediaStats(at_ms, 10_000, 60.5 + number, *ways)
        live.apply(batch(level(5, at_ms=at_ms - 1), seen, at_ms=at_ms + 50, identity="alice-of-some-class"))
        numbering.add("0123456789abcdef0123456789abcdef", number + 1000, at_ms + 60)
    live.judge_minutes()
    (alice,) = live.participants()
    return live, numbering, alice


def test_a_person_with_a_full_ring_takes_little_more_than_the_ring() -> None:
    live, numbering, alice = reported()
    ring = live.rings.find(alice)
    numbers = numbering._sessions._young
    assert bytes_of(alice, ring, *numbers.keys(), *numbers.values()) <= MOST_BYTES


def test_of_the_numbers_that_a_post_changes_only_when_it_came_is_an_object() -> None:
    live, _, alice = reported()
    ring = live.rings.find(alice)
    parts = [*parts_of(alice), *parts_of(ring)]
    numbers = [part for part in parts if isinstance(part, int | float) and part not in _SMALL]
    # All share the one who posted in the same millisecond, and the other whose rings began on the same day.
    assert ring is not None
    assert numbers == [alice.heard_at_ms, ring.since_ms]
