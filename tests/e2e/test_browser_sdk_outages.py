"""Does anything get lost, or stored twice, while the daemon is away, refuses, or cannot be heard?

Everything that a call says is compared with what was stored of it, by kind and time.  ROOMWATCH_AWAY_S and
ROOMWATCH_REFUSED_S make the troubles longer than the suite has patience for.
"""

import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.builders import access_token
from tests.e2e.browser_calls import Stage, serving, staged, until
from tests.e2e.front import Front
from tests.e2e.tools import HANGS_AFTER_S

pytestmark = pytest.mark.e2e

AWAY_S = float(os.environ.get("ROOMWATCH_AWAY_S", "2"))
REFUSED_S = float(os.environ.get("ROOMWATCH_REFUSED_S", "2"))
LONGEST_BACKOFF_S = 60


@pytest.fixture
def front(stage: Stage) -> Iterator[Any]:
    """Something that stands before the daemon, at its `address`."""
    handler = type("FrontOfThisTest", (Front,), {"arrivals": [], "behind": stage.watch.url})
    with serving(handler) as handler.address:
        yield handler


class Sent:
    """Every post that a page has tried to send, as often as it tried."""

    def __init__(self, page: Page) -> None:
        self.tries: Counter[tuple[str, int]] = Counter()
        self.contents: dict[tuple[str, int], set[str]] = {}
        page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if request.method == "POST" and (body := request.post_data_buffer):
            post = json.loads(gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)
            name = (post["session"], post["seq"])
            self.tries[name] += 1
            varying = {"sent_at", "dropped"}
            self.contents.setdefault(name, set()).add(json.dumps({k: v for k, v in post.items() if k not in varying}))


def talk(page: Page, lasts_s: float, first: int = 0) -> int:
    """Let things be said and levels change, and return how often."""
    number, end = first, time.monotonic() + lasts_s
    pause_ms = max(100, min(1000, lasts_s * 1000 / 20))
    while time.monotonic() < end:
        page.evaluate("number => { say(`${number}`); played(1 + number % 5) }", number)
        page.wait_for_timeout(pause_ms)
        number += 1
    return number


#: Keeps what the SDK's own listeners hear, and between which two moments.  `room.getStats()` is kept in
#: `readings`, and what was said in `said`.
LISTEN = """
    levels = [];
    room.localParticipant.prependListener("networkQualityLevelChanged", () => levels.push({from: Date.now()}));
    keep = (level, stats) => Object.assign(levels.at(-1), {to: Date.now(), level, stats});
    room.localParticipant.on("networkQualityLevelChanged", keep);
    played = (level) => server.quality({level, audio: {send: level, recv: level, sendStats: null, recvStats: null}});
    null
"""


def begun(stage: Stage, **options: Any) -> tuple[Page, Sent]:
    """Begin a call with sound and pictures, and note what is said in it and sent of it."""
    page = stage.enter(intervalMs=1000, media=True, **options)
    sent = Sent(page)
    page.evaluate(LISTEN)
    return page, sent


def everything_arrives(stage: Stage, page: Page) -> None:
    """Wait until nothing waits any more, and compare every event that there was with what was stored."""
    page.evaluate("leave()")
    arrived(page)
    same(stage.watch.timed("feedback"), page.evaluate("said"))
    same(stage.watch.timed("network_quality"), page.evaluate("levels"))
    chained(stage.watch.timed("media_stats"), page.evaluate("readings"))
    states = [each["state"] for each in stage.watch.told("connection")]
    assert (states.count("connected"), states.count("disconnected")) == (1, 1)


def arrived(page: Page) -> None:
    """Wait until the daemon has answered for everything that the page had to say."""
    page.wait_for_function("watcher.status().waiting === 0", timeout=(LONGEST_BACKOFF_S + HANGS_AFTER_S) * 1000)
    assert page.evaluate("watcher.status().lost") == 0


def same(stored: list[dict[str, Any]], happened: list[dict[str, Any]]) -> None:
    """Compare what was stored of one kind with what happened, event by event, in the order of their time."""
    assert len(stored) == len(happened)
    assert len(stored) > 5
    for one, other in zip(sorted(stored, key=at), happened, strict=True):
        assert other["from"] <= one["at"] <= other["to"]
        assert one | other == other | {"at": one["at"]}


def at(event: dict[str, Any]) -> int:
    return event["at"]


def chained(stored: list[dict[str, Any]], readings: list[dict[str, Any]]) -> None:
    """Compare the intervals that were stored with the readings that begin and end them."""
    assert len(stored) == len(readings) - 1
    for (before, now), each in zip(pairwise(readings), sorted(stored, key=at), strict=True):
        assert now["from"] <= each["at"] <= now["to"]
        assert now["from"] - before["to"] <= each["interval_ms"] <= now["to"] - before["from"]


def each_post_is_stored_once(stage: Stage, sent: Sent) -> None:
    """Compare the posts that left the page with those in the store, whose names tell repeats from news."""
    stored = Counter((post["session"], post["seq"]) for post in stage.watch.posts())
    assert set(stored.values()) == {1}
    assert set(sent.tries) <= set(stored)
    assert all(len(contents) == 1 for contents in sent.contents.values())  # a repeat says what it said before


def test_a_daemon_killed_and_started_again_has_every_event_once(stage: Stage) -> None:
    page, sent = begun(stage)
    said = talk(page, 1)
    stage.watch.kill()
    said = talk(page, AWAY_S, said)
    stage.watch.start()
    talk(page, 1, said)
    everything_arrives(stage, page)
    each_post_is_stored_once(stage, sent)
    assert max(sent.tries.values()) > 1


def test_429_is_obeyed_to_the_second_and_costs_nothing(stage: Stage, front: Any) -> None:
    page, sent = begun(stage, url=front.address)
    said = talk(page, 1)
    front.refuses_until = time.monotonic() + REFUSED_S
    talk(page, REFUSED_S, said)
    everything_arrives(stage, page)
    each_post_is_stored_once(stage, sent)
    assert HTTPStatus.TOO_MANY_REQUESTS in {status for _, status, _ in front.arrivals}
    for (_, _, not_before), (came_at, _, _) in pairwise(front.arrivals):
        assert came_at >= not_before


def test_an_answer_that_is_lost_makes_no_event_twice(stage: Stage, front: Any) -> None:
    page, sent = begun(stage, url=front.address)
    front.swallows = 2
    talk(page, 2)
    everything_arrives(stage, page)
    each_post_is_stored_once(stage, sent)
    assert [status for _, status, _ in front.arrivals].count(-HTTPStatus.ACCEPTED) == 2
    # The SDK tried again; or Chromium did, and told nobody, as it does on a connection that has been of use before.
    assert len(front.arrivals) >= len(stage.watch.posts()) + 2


def test_what_waited_through_a_reload_arrives_once(stage: Stage) -> None:
    page = stage.enter()
    until(stage.watch.posts, "the first post")
    stage.watch.kill()
    for number in range(20):
        page.evaluate("text => say(text)", f"{number}")
    page.wait_for_timeout(300)
    page.reload()  # the script is in the browser's cache, and what waits in the tab's storage
    stage.watch.start()
    stage.join(page)
    page.evaluate("say('back')")
    until(lambda: len(stage.watch.texts()) >= 21, "everything that was said")
    assert sorted(stage.watch.texts()) == sorted([*(f"{number}" for number in range(20)), "back"])
    names = [(post["session"], post["seq"]) for post in stage.watch.posts()]
    assert len(names) == len(set(names))


def test_the_daemons_own_429_is_read_across_origins(tmp_path: Path, chromium: Browser) -> None:
    with staged(tmp_path, chromium, posts_per_s=1, burst_posts=1) as stage:
        page = stage.enter(flushMs=50)
        asked: list[tuple[float, int, float]] = []

        def note(response: Any) -> None:
            if response.request.method == "POST":
                asked.append((time.monotonic(), response.status, float(response.headers.get("retry-after", 0))))

        page.on("response", note)
        for number in range(6):
            page.evaluate("text => say(text)", f"{number}")
            page.wait_for_timeout(200)
        arrived(page)
        assert sorted(stage.watch.texts()) == [f"{number}" for number in range(6)]
    refused = [index for index, (_, status, _) in enumerate(asked) if status == HTTPStatus.TOO_MANY_REQUESTS]
    assert refused
    for index in refused:
        refused_at, _, retry_after_s = asked[index]
        assert asked[index + 1][0] - refused_at > retry_after_s - 0.2


def test_a_token_is_fetched_when_there_is_something_to_send_and_again_when_it_is_refused(stage: Stage) -> None:
    page = stage.open()
    page.evaluate("tokens => (fetchToken = async () => tokens.shift())", ["no token", access_token()])
    page.evaluate("url => join({url, flushMs: 100, token: () => fetchToken()})", stage.watch.url)
    until(lambda: stage.watch.told("connection"), "what was said while there was no token that is taken")
    assert page.evaluate("watcher.status().lost") == 0
