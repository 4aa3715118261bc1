"""Do simulated callbacks carry what Twilio documents, no more and no less?"""

from random import Random

import pytest

from monitor.simulator.callbacks import callback_form
from monitor.simulator.delivery import Overrides, travel_times
from monitor.simulator.entities import Happening
from monitor.simulator.scenarios import SCENARIOS, CallbackPolicy
from monitor.simulator.world import World

T0 = 1_763_690_000.123
TOGETHER = ("demo", "failed-composition", "composition-missing")  # in these scenarios everything happens
ACCOUNT = "AC" + "0" * 32
ALWAYS = {"AccountSid", "RoomSid", "StatusCallbackEvent", "Timestamp"}
CALL = ALWAYS | {"RoomName", "RoomStatus", "RoomType"}
PERSON = {"ParticipantSid", "ParticipantIdentity", "ParticipantStatus"}
TRACK = CALL | PERSON | {"SequenceNumber", "TrackSid", "TrackKind"}
RECORDING = CALL | {"RecordingSid", "RecordingUri", "SourceSid", "ParticipantSid", "ParticipantIdentity", "TrackName"}
RECORDING |= {"Type", "Container", "Codec", "OffsetFromTwilioVideoEpoch"}
COMPOSITION = ALWAYS | {"CompositionSid", "CompositionUri"}
HOOK = {"HookSid", "HookUri", "HookFriendlyName"}
DOCUMENTED = {
    "room-created": CALL | {"SequenceNumber"},
    "room-ended": CALL | {"SequenceNumber", "RoomDuration"},
    "participant-connected": CALL | PERSON | {"SequenceNumber"},
    "participant-disconnected": CALL | PERSON | {"SequenceNumber", "ParticipantDuration"},
    "track-added": TRACK,
    "track-removed": TRACK,
    "track-enabled": TRACK,
    "track-disabled": TRACK,
    "recording-started": RECORDING,
    "recording-completed": RECORDING | {"MediaUri", "Duration", "Size"},
    "recording-failed": RECORDING | {"FailedOperation"},
    "composition-enqueued": COMPOSITION | HOOK,
    "composition-started": COMPOSITION,
    "composition-progress": COMPOSITION | {"PercentageDone", "SecondsRemaining"},
    "composition-available": COMPOSITION | {"MediaUri", "Duration", "Size"},
    "composition-failed": COMPOSITION | {"FailedOperation", "ErrorMessage"},
    "composition-hook-failed": ALWAYS | HOOK | {"FailedOperation", "ErrorMessage"},
}


@pytest.fixture(scope="module")
def happenings() -> list[Happening]:
    worlds = (World(SCENARIOS[name], seed=1, started_at=T0) for name in TOGETHER)
    return [happening for world in worlds for happening in world.advance(T0 + 1200)]


@pytest.mark.parametrize("event", DOCUMENTED)
def test_an_event_has_exactly_its_documented_parameters(happenings, event):
    forms = [callback_form(happening, ACCOUNT) for happening in happenings if happening.event == event]
    assert forms
    assert {frozenset(form) for form in forms} == {frozenset(DOCUMENTED[event])}


def test_what_only_a_browser_notices_has_no_callback(happenings):
    told = {happening.event for happening in happenings if callback_form(happening, ACCOUNT)}
    assert told == set(DOCUMENTED)


def test_timestamps_are_utc_with_milliseconds(happenings):
    assert callback_form(happenings[0], ACCOUNT)["Timestamp"] == "2025-11-21T01:53:20.123Z"


def test_only_the_last_word_of_a_room_says_completed(happenings):
    for happening in happenings:
        form = callback_form(happening, ACCOUNT) or {}
        if form["StatusCallbackEvent"].startswith("room") if form else False:
            assert (form["RoomStatus"] == "completed") is (happening.event == "room-ended")


def test_dropped_means_never_and_repeated_means_twice():
    rng = Random(1)
    assert travel_times(CallbackPolicy(drop_ratio=1.0), rng) == []
    assert len(travel_times(CallbackPolicy(repeat_ratio=1.0), rng)) == 2


def test_one_in_five_is_lost_where_the_scenario_says_so():
    rng, policy = Random(1), SCENARIOS["lost-callbacks"].callbacks
    lost = sum(not travel_times(policy, rng) for _ in range(5000))
    assert lost / 5000 == pytest.approx(0.2, abs=0.02)


def test_by_default_only_a_failed_connection_is_retried_and_only_once():
    assert Overrides.of("") == Overrides(retries=1, policy=frozenset({"ct"}))
    assert not Overrides.of("").allow_retry("5xx")


def test_the_fragment_of_the_url_asks_for_more():
    asked = Overrides.of("rc=5&rp=4xx,5xx")
    assert asked.retries == 5
    assert asked.allow_retry("5xx")
    assert not asked.allow_retry("rt")
    assert Overrides.of("rc=3&rp=all").allow_retry("rt")
