"""What do browsers see?  Their own media, how good they are, and how good they find the others.

Events as a browser writes them into a post, with a slot in the place of every moment, and people to see them: by
default two hundred in fifty rooms.  How a post is written on the wire is told in `tests.benchmarks.wires`.
"""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

PEOPLE = 200
PEOPLE_PER_ROOM = 4
MOMENT = "%d"  # filled in for each post

_NOBODY_ELSES = 1 << 96  # numbers from here on: a history that was put there before is of others

Event = dict[str, Any]


class Reporter(NamedTuple):
    """Somebody whose browser posts, and three others of the room; events name them as `@` and the field."""

    session: str
    room_sid: str
    room_name: str
    participant_sid: str
    identity: str
    first_other: str
    second_other: str
    third_other: str


_OTHERS = ("@first_other", "@second_other", "@third_other")


def reporters(people: int, people_per_room: int, chance: random.Random) -> Iterator[Reporter]:
    """Return everybody who posts."""
    for number in range(people):
        room, place = divmod(number, people_per_room)
        neighbours = (room * people_per_room + (place + step) % people_per_room for step in range(1, 4))
        yield Reporter(
            f"{chance.getrandbits(128):032x}",
            _sid("RM", room),
            f"acme:class:{room}",
            _sid("PA", number),
            f"student-{room}-{place}",
            *(_sid("PA", neighbour) for neighbour in neighbours),
        )


def _sid(prefix: str, number: int) -> str:
    return f"{prefix}{_NOBODY_ELSES + number:032x}"


def mixed(events: int, best_level: int, chance: random.Random) -> list[Event]:
    """Return what a browser saw lately: half of it media, the rest levels, its own and those of others."""
    if best_level == 1:
        return [own_level(chance.randint(0, 1), chance) for _ in range(events)]
    kinds = [chance.randrange(2)] if events == 1 else [index % 4 for index in range(events)]
    return [_of_kind(kind, best_level, chance) for kind in kinds]


def _of_kind(kind: int, best_level: int, chance: random.Random) -> Event:
    match kind:
        case 0:
            return own_level(chance.randint(best_level - 2, best_level), chance)
        case 2:
            return _level_of_another(chance)
        case _:
            return media_stats(chance)


def own_level(level: int, chance: random.Random) -> Event:
    """Return a level that Twilio told a browser of itself."""
    bandwidth = {"actual": _about(812_000, chance), "available": 1_200_000}
    media = {"send": {"level": level, "bandwidth": bandwidth, "latency": 0.061}}
    return {"type": "network_quality", "at": MOMENT, "level": level, "stats": {"level": level, "audio": media}}


def _level_of_another(chance: random.Random) -> Event:
    level = chance.randint(3, 5)
    return {"type": "network_quality", "at": MOMENT, "subject": chance.choice(_OTHERS), "level": level, "stats": None}


def media_stats(chance: random.Random) -> Event:
    """Return what `getStats()` told."""
    up = {"fps": 24, "width": 640, "height": 360, "limited_by": "bandwidth"}
    down = {"fps": 24, "freezes": 1}
    return {
        "type": "media_stats",
        "at": MOMENT,
        "interval_ms": 10_000,
        "rtt_ms": _about(61, chance),
        "up": _direction(0.012, 4, 812_000, chance) | up,
        "down": _direction(0.004, 8, 640_000, chance) | down,
    }


def _direction(loss_ratio: float, jitter_ms: float, bitrate_bps: float, chance: random.Random) -> Event:
    return {
        "loss_ratio": _about(loss_ratio, chance),
        "jitter_ms": _about(jitter_ms, chance),
        "bitrate_bps": _about(bitrate_bps, chance),
    }


def _about(value: float, chance: random.Random) -> float:
    return round(value * chance.uniform(0.8, 1.2), 4)
