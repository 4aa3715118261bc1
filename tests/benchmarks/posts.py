"""Which requests does a load send?  Those of many browsers in turn, each post with a number of its own."""

import random
import time
from collections.abc import Iterator, Sequence
from itertools import count, cycle, islice
from typing import Literal

from msgspec import Struct

from tests.benchmarks.bodies import PEOPLE, PEOPLE_PER_ROOM, Event, Reporter, media_stats, mixed, own_level, reporters
from tests.benchmarks.wires import WIRES, Sheet
from tests.builders import INGEST_KEY, access_token

Wire = Literal["rows", "series", "lines"]
Proof = Literal["ingest key", "access token"]

BAD_RATIO = 0.005  # of the posts report a bad connection: rare, but somebody is always about to be paged

_VARIANTS = 4
_PATHS = {"rows": "/v1/telemetry", "series": "/v1/telemetry", "lines": "/write"}
_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://app.example.com\r\n"
    "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36\r\nAccept: */*\r\n"
    "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


class SlowClock(Struct, frozen=True):
    """A clock that went as all others until a moment, and is slower since."""

    since_s: float
    speed: float

    def now_s(self) -> float:
        """Return the time by it."""
        return self.since_s + (time.time() - self.since_s) * self.speed


class Posts(Struct, frozen=True, kw_only=True):
    """What is posted, by whom, and what proves it."""

    wire: Wire = "rows"
    events: int = 1
    only_media: bool = False  # and one level
    proof: Proof = "ingest key"
    people: int = PEOPLE
    people_per_room: int = PEOPLE_PER_ROOM
    talking: int | None = None  # of the people, in whole rooms; None: all of them
    clock: SlowClock | None = None  # of the browsers; None: the time as it is
    anew: bool = False  # each text is made anew, so that those of few are not at hand sooner than those of many
    seed: int | None = None  # the same people in the same order, of the same sessions; otherwise they have just arrived

    def sheets(self, chance: random.Random) -> tuple[Sequence[Sheet], Sheet]:
        """Return posts of people who are well, and one of somebody who is not."""
        write = WIRES[self.wire]
        well = [write(self._seen(chance)) for _ in range(_VARIANTS)]
        return well, write(mixed(self.events, 1, chance))

    def _seen(self, chance: random.Random) -> list[Event]:
        if self.only_media:
            return [own_level(5, chance), *(media_stats(chance) for _ in range(self.events - 1))]
        return mixed(self.events, 5, chance)

    def browsers(self) -> list["Browser"]:
        """Return everybody, in any order."""
        chance = random.Random(self.seed)
        well, badly = self.sheets(random.Random())
        everybody = [Browser(self, each, well, badly) for each in reporters(self.people, self.people_per_room, chance)]
        talking = everybody[: self.talking]
        chance.shuffle(talking)
        return talking


class Browser:
    """One participant and its requests."""

    def __init__(self, posts: Posts, reporter: Reporter, well: Sequence[Sheet], badly: Sheet) -> None:
        self._posts = posts
        self._reporter = reporter
        self._well = cycle(well)
        self._badly = badly
        self._texts: dict[Sheet, bytes] = {}
        self._now_s = time.time if posts.clock is None else posts.clock.now_s

    def requests(self, begun: int = 0) -> Iterator[bytes]:
        """Return one request after the other, after so many of them."""
        head = _HEAD.format(path=_PATHS[self._posts.wire], token=self._token()).encode()
        last_ms = 0
        for index in count(begun):
            sheet = self._badly if random.random() < BAD_RATIO else next(self._well)
            # A millisecond apart and just now: what is late is not the present, and would be cheap.
            now_ms = int(self._now_s() * 1000)
            at_ms = max(last_ms + 1, now_ms - self._posts.events)
            last_ms = at_ms + self._posts.events - 1
            body = self._text(sheet) % sheet.values_of((index, now_ms, *range(at_ms, last_ms + 1)))
            yield head % len(body) + body

    def _text(self, sheet: Sheet) -> bytes:
        if self._posts.anew:
            return sheet.of(self._reporter)
        text = self._texts.get(sheet)
        if text is None:
            text = self._texts[sheet] = sheet.of(self._reporter)
        return text

    def _token(self) -> str:
        if self._posts.proof == "ingest key":
            return INGEST_KEY
        who = self._reporter
        return access_token(grants={"identity": who.identity, "video": {"room": who.room_name}})


def in_turn(browsers: Sequence[Browser], begun: int = 0) -> Iterator[bytes]:
    """Return the requests of several browsers, one of each after the other, without an end, after so many of them."""
    if not browsers:
        return
    rounds, first = divmod(begun, len(browsers))
    requests = [browser.requests(rounds + (place < first)) for place, browser in enumerate(browsers)]
    for each in islice(cycle(requests), first, None):
        yield next(each)


def once_each(browsers: Sequence[Browser], begun: int = 0) -> Iterator[bytes]:
    """Return one request of every browser, after so many of theirs together."""
    return islice(in_turn(browsers, begun), len(browsers))
