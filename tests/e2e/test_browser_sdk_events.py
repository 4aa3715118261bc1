"""Does what happens in a room reach the store, field by field?

Twilio's own SDK is told by its server, over its socket and its data channels; see `browser_calls`.
"""

from typing import Any

import pytest

from tests.builders import ALICE, BOB, ROOM
from tests.e2e.browser_calls import Stage, until

pytestmark = pytest.mark.e2e

MICROPHONE, CAMERA, SCREEN = ("MT" + letter * 32 for letter in "bcd")  # bob's
OWN = (("MT" + "0" * 32, "audio"), ("MT" + "1" * 32, "video"))
OF_CAMERA = {"track_sid": CAMERA, "kind": "video", "subject": BOB}
SENT = {
    "bandwidth": {"actual": 31_800, "available": 1_200_000, "level": 2},
    "fractionLost": {"fractionLost": 0.012, "level": 3},
    "latency": {"jitter": 0.004, "rtt": 0.061, "level": 2},
}
RECEIVED = {"bandwidth": None, "fractionLost": None, "latency": {"jitter": None, "rtt": 0.9, "level": 1}}
SOUND = {"send": 2, "recv": 3, "sendStats": SENT, "recvStats": RECEIVED}
PICTURE = {"send": 4, "recv": 5, "sendStats": None, "recvStats": RECEIVED}
ALICES = {"level": 2, "audio": SOUND, "video": None}
BOBS = {"level": 4, "audio": SOUND, "video": PICTURE}

#: What the SDK hands out of these at each verbosity that may be asked for.
BRIEF: dict[str, Any] = {"sendStats": None, "recvStats": None}
HEARD = {
    1: (None, None),
    2: ({**ALICES, "audio": SOUND | BRIEF}, {**BOBS, "audio": SOUND | BRIEF, "video": PICTURE | BRIEF}),
    3: (ALICES, BOBS),
}


def tell_levels(page: Any, alices: Any = ALICES, bobs: Any = BOBS) -> None:
    page.evaluate("([local, remotes]) => server.quality(local, remotes)", [alices, {BOB: bobs}])


def test_a_level_comes_with_as_much_behind_it_as_was_asked_for(stage: Stage) -> None:
    expected: list[dict[str, Any]] = []
    for local, remote in ((1, 1), (2, 3), (3, 2)):
        page = stage.enter(networkQuality={"local": local, "remote": remote})
        page.evaluate("server.bob()")
        tell_levels(page)
        expected += [{"level": 2, "stats": HEARD[local][0]}, {"level": 4, "stats": HEARD[remote][1], "subject": BOB}]
        until(lambda: len(stage.watch.told("network_quality")) >= len(expected), "both levels")  # noqa: B023 (now)
    assert stage.watch.told("network_quality") == expected


def test_a_level_is_told_when_it_changes_and_without_stats_where_ice_failed(stage: Stage) -> None:
    page = stage.enter()
    page.evaluate("server.bob()")

    def levels() -> list[tuple[int, str | None]]:
        return [(each["level"], each.get("subject")) for each in stage.watch.told("network_quality")]

    tell_levels(page)
    until(lambda: len(levels()) == 2, "the first levels")
    tell_levels(page, ALICES | {"audio": PICTURE}, BOBS)  # other numbers, the same levels: the SDK keeps it to itself
    tell_levels(page, ALICES | {"level": 5}, BOBS)
    until(lambda: len(levels()) == 3, "a better level")
    page.evaluate("ice('failed')")
    until(lambda: len(levels()) == 5, "level 0 of both")
    assert levels() == [(2, None), (4, BOB), (5, None), (0, None), (0, BOB)]
    assert [each["stats"] for each in stage.watch.told("network_quality")[3:]] == [None, None]
    ats = [each["at"] for each in stage.watch.timed("network_quality")]
    assert ats == sorted(ats)


def test_what_befalls_connections_is_stored_in_its_order_with_its_codes(stage: Stage) -> None:
    page = stage.enter()
    expected: list[dict[str, Any]] = [{"state": "connected"}]

    def after(script: str, *then: dict[str, Any]) -> None:
        page.evaluate(script)
        expected.extend(then)
        until(lambda: len(stage.watch.told("connection")) >= len(expected), script)

    after("0")
    after("server.bob()", {"state": "connected", "subject": BOB})
    after("server.bob('reconnecting')", {"state": "reconnecting", "subject": BOB})
    after("server.bob('connected')", {"state": "reconnected", "subject": BOB})
    after("ice('failed')", {"state": "reconnecting", "code": 53405})
    after("ice(undefined)", {"state": "reconnected"})
    after("server.drop()", {"state": "reconnecting", "code": 53001}, {"state": "reconnected"})
    after("server.bob('disconnected')", {"state": "disconnected", "subject": BOB})
    after("server.end(53205)", {"state": "disconnected", "code": 53205})
    assert stage.watch.told("connection") == expected
    page.evaluate("watcher.feedback({rating: 2, text: 'froze'})")  # after the room was left
    until(lambda: stage.watch.told("feedback"), "feedback")
    assert stage.watch.told("feedback") == [{"rating": 2, "text": "froze"}]


def test_tracks_and_speakers_are_stored(stage: Stage) -> None:
    page = stage.enter(media=True)  # what is switched off must have been on
    page.evaluate("sid => server.say('track_switch_off', {off: [sid]})", CAMERA)
    until(lambda: len(stage.watch.told("track")) == 3, "the camera switched off")
    page.evaluate("sid => server.say('track_switch_off', {on: [sid]})", CAMERA)
    until(lambda: len(stage.watch.told("track")) == 4, "the camera switched on")
    page.evaluate("sid => server.say('active_speaker', {participant: sid})", BOB)
    page.evaluate("server.say('active_speaker', {participant: null})")
    until(lambda: len(stage.watch.told("speaker")) == 2, "who speaks")
    page.evaluate("sid => server.bob('connected', [trackOf(sid, 'video')])", SCREEN)
    page.evaluate("sid => server.fails(sid, 53404)", SCREEN)
    until(lambda: len(stage.watch.told("track")) == 8, "what became of the tracks")
    *own, off, on, one, two, three, failed = stage.watch.told("track")
    assert own == [{"state": "published", "track_sid": sid, "kind": kind} for sid, kind in OWN]
    assert (off, on) == ({"state": "switched_off", **OF_CAMERA}, {"state": "switched_on", **OF_CAMERA})
    assert one == {"state": "published", "track_sid": SCREEN, "kind": "video", "subject": BOB}
    gone = sorted((each["state"], each["track_sid"], each["kind"], each["subject"]) for each in (two, three))
    assert gone == [("unpublished", MICROPHONE, "audio", BOB), ("unpublished", CAMERA, "video", BOB)]
    assert failed == {**one, "state": "subscription_failed", "code": 53404}
    assert stage.watch.told("speaker") == [{"subject": BOB}, {}]


def test_a_post_tells_who_where_and_with_what(stage: Stage) -> None:
    stage.enter()
    post = until(stage.watch.posts, "the first post")[0]
    assert (post["room_sid"], post["room_name"]) == (ROOM, "acme:class:1")
    assert (post["participant_sid"], post["identity"]) == (ALICE, "alice")
    assert post["sdk"] == {"name": "twilio-video.js", "version": "2.36.0"}
    assert (post["client"]["name"], post["client"]["os"], post["seq"]) == ("roomwatch.js", "Linux", 0)
    assert post["client"]["browser"].startswith("Chrome ")
