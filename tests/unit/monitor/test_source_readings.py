"""When is a source stale, and what do rules get to see of it and of the daemon?"""

import pytest

from alerts.model import Kind, Reading
from alerts.rules import VOCABULARY
from collectors.events import Source
from monitor.blindness import Sight
from monitor.callback_health import GRACE_MS, CallbackHealth
from monitor.daemon_readings import Vitals, of_daemon
from monitor.source_readings import CALLBACKS, TELEMETRY, SourceState, of_source
from tests.builders import ACCOUNT, NOW_MS, room

START_S = NOW_MS / 1000
ROOMS = SourceState("rooms", ACCOUNT, "main", START_S, stale_after_s=60)


@pytest.mark.parametrize(
    ("after_s", "last_success_after_s", "stale_s"),
    [(30, None, None), (60, None, None), (90, None, 30), (90, 20, 10), (90, 80, -50)],
)
def test_a_source_is_stale_by_how_much_it_is_late(
    after_s: float, last_success_after_s: float | None, stale_s: float | None
) -> None:
    last_s = None if last_success_after_s is None else START_S + last_success_after_s
    state = ROOMS._replace(last_success_at_s=last_s)
    assert state.stale_s(START_S + after_s) == stale_s


def test_silence_of_callbacks_proves_nothing() -> None:
    silent = SourceState(CALLBACKS, ACCOUNT, "main", failures_in_a_row=7)
    reading = of_source(silent, START_S)
    assert (reading.values["stale_s"], reading.values["failures_in_a_row"]) == (None, 7)


def test_while_nobody_could_post_browsers_are_not_stale() -> None:
    assert SourceState(TELEMETRY, stale_after_s=120, is_expected=False).stale_s(START_S) == 0


def test_a_source_is_named_as_people_would_name_it() -> None:
    names = [
        of_source(state, START_S).details["source_name"]
        for state in (ROOMS, ROOMS._replace(source="composition_hooks"), SourceState(TELEMETRY))
    ]
    assert names == ["the rooms of main", "the composition hooks of main", "browsers"]


def test_callbacks_that_are_missed_in_a_row_are_counted_until_one_comes() -> None:
    health = CallbackHealth(NOW_MS - 1)
    for number in range(3):
        health.hear(room(sid=f"RM{number:032}", created_at_ms=NOW_MS))
    assert health.missed_in_a_row == 0
    health.judge(NOW_MS + GRACE_MS + 1)
    assert health.missed_in_a_row == 3
    health.hear(room(sid="RM" + "f" * 32, created_at_ms=NOW_MS, source=Source.CALLBACK))
    assert health.missed_in_a_row == 0


@pytest.mark.parametrize(
    "reading",
    [of_source(ROOMS, START_S), of_source(SourceState(TELEMETRY), START_S), of_daemon("here", Vitals(), Sight())],
    ids=["poll", "telemetry", "daemon"],
)
def test_what_is_shown_is_what_rules_may_speak_of(reading: Reading) -> None:
    words = VOCABULARY[Kind(reading.kind)]
    assert set(reading.values) == set(words.values)
    assert set(reading.labels) <= set(words.labels)
    assert set(reading.details) == set(words.details)


def test_what_the_daemon_has_not_looked_at_yet_is_not_known() -> None:
    seen = of_daemon("here", Vitals(), Sight()).values
    assert {name for name, value in seen.items() if value is not None} == {"blind"}
    assert of_daemon("here", Vitals(disk_full=True), Sight()).values["disk_full"] == 1.0
