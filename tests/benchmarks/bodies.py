"""What do browsers post?  Two hundred of them, in fifty rooms, report their media and what they see of the others."""

import json
import random
from collections.abc import Iterator
from itertools import count, cycle
from typing import Any

ROOMS = 50
PARTICIPANTS_PER_ROOM = 4
BAD_RATIO = 0.005  # of the posts report a bad connection: rare, but somebody is always about to be paged

_VARIANTS = 4
_FIRST_SEQ = 100_000_000  # nine digits to the end, so that every post of one make is equally long
_FIRST_AT_MS = 1_763_690_000_000
_EVENT_EVERY_MS = 2_000


class Browser:
    """One participant and its posts, each with a number of its own."""

    def __init__(self, number: int, events_per_post: int, chance: random.Random) -> None:
        room, place = divmod(number, PARTICIPANTS_PER_ROOM)
        self._room = room
        self._place = place
        self._chance = chance
        self._session = f"{chance.getrandbits(128):032x}"
        self._events_per_post = events_per_post
        self._well = cycle([self._template(5) for _ in range(_VARIANTS)])
        self._badly = cycle([self._template(1)])

    def posts(self) -> Iterator[bytes]:
        """Return one body after the other."""
        for index in count():
            at_ms = _FIRST_AT_MS + index * self._events_per_post * _EVENT_EVERY_MS
            moments = range(at_ms, at_ms + self._events_per_post * _EVENT_EVERY_MS, _EVENT_EVERY_MS)
            template = next(self._badly if self._chance.random() < BAD_RATIO else self._well)
            yield template % (_FIRST_SEQ + index, *moments)

    def _template(self, best_level: int) -> bytes:
        body = {
            "v": 1,
            "session": self._session,
            "seq": "%d",
            "sent_at": _FIRST_AT_MS,
            "room_sid": _sid("RM", self._room),
            "room_name": f"acme:class:{self._room}",
            "participant_sid": self._person(self._place),
            "identity": f"student-{self._room}-{self._place}",
            "sdk": {"name": "twilio-video.js", "version": "2.36.0"},
            "client": {"name": "roomwatch.js", "version": "0.1.0", "browser": "Chrome 156", "os": "macOS 15"},
            "events": [self._event(index, best_level) for index in range(self._events_per_post)],
        }
        return json.dumps(body, separators=(",", ":")).replace('"%d"', "%d").encode()

    def _event(self, index: int, best_level: int) -> dict[str, Any]:
        kind = self._chance.randrange(2) if self._events_per_post == 1 else index % 4
        if best_level == 1 or kind == 0:
            return self._own_level(self._chance.randint(max(best_level - 2, 0), best_level))
        return self._level_of_another() if kind == 2 else self._media_stats()

    def _own_level(self, level: int) -> dict[str, Any]:
        media = {"send": {"level": level, "bandwidth": {"actual": 812_000.5, "available": 1_200_000}, "latency": 0.061}}
        return {"type": "network_quality", "at": "%d", "level": level, "stats": {"level": level, "audio": media}}

    def _level_of_another(self) -> dict[str, Any]:
        subject = self._person(self._place + self._chance.randint(1, PARTICIPANTS_PER_ROOM - 1))
        return {
            "type": "network_quality",
            "at": "%d",
            "subject": subject,
            "level": self._chance.randint(3, 5),
            "stats": None,
        }

    def _media_stats(self) -> dict[str, Any]:
        up = {"bitrate_bps": self._about(812_000), "fps": 24, "width": 640, "height": 360, "limited_by": "bandwidth"}
        down = {"bitrate_bps": self._about(640_000), "fps": 24, "freezes": 1}
        return {
            "type": "media_stats",
            "at": "%d",
            "interval_ms": 10_000,
            "rtt_ms": self._about(61),
            "up": {"loss_ratio": self._about(0.012), "jitter_ms": self._about(4), **up},
            "down": {"loss_ratio": self._about(0.004), "jitter_ms": self._about(8), **down},
        }

    def _about(self, value: float) -> float:
        return round(value * self._chance.uniform(0.8, 1.2), 4)

    def _person(self, place: int) -> str:
        return _sid("PA", self._room * PARTICIPANTS_PER_ROOM + place % PARTICIPANTS_PER_ROOM)


def browsers(events_per_post: int) -> list[Browser]:
    """Return everybody who posts."""
    chance = random.Random()
    return [Browser(number, events_per_post, chance) for number in range(ROOMS * PARTICIPANTS_PER_ROOM)]


def _sid(prefix: str, number: int) -> str:
    return f"{prefix}{number:032x}"
