"""What becomes of recordings and compositions, whatever the order in which it is told."""

import random

import pytest

from collectors.events import CompositionSeen, CompositionStatus, HookFailed, HookSeen, RecordingsListed, Source
from monitor.live import Live
from monitor.media import FINISHED_KEPT
from tests.builders import ACCOUNT, COMPOSITION, NOW_MS, RECORDING, ROOM, composition, recording, room

HOOK = "HK" + "a" * 32
EXPECTED = f"hook:{ROOM}"


@pytest.fixture
def live() -> Live:
    live = Live([ACCOUNT])
    live.apply(HookSeen(NOW_MS, Source.POLL, HOOK, is_enabled=True, account_sid=ACCOUNT))
    return live


def end_of_a_recorded_room(live: Live) -> None:
    live.apply(room(account_sid=ACCOUNT, room_name="acme:class:1"))
    live.apply(recording())
    live.apply(room("completed", account_sid=ACCOUNT, ended_at_ms=NOW_MS))


def gone(changes) -> dict[str, str]:
    return {change.ref.key: change.gone for change in changes if change.gone}


# --- recordings ---


def test_a_recording_is_in_the_picture_while_it_is_captured(live: Live) -> None:
    live.apply(recording())
    assert RECORDING in live.recordings
    assert gone(live.apply(recording("completed", size_bytes=7))) == {RECORDING: "completed"}
    assert RECORDING not in live.recordings


def test_a_recording_that_failed_stays_until_it_is_old_news(live: Live) -> None:
    live.apply(recording("failed", failed_operation="RecordingUpload"))
    live.apply(recording())
    assert live.recordings[RECORDING].failed_operation == "RecordingUpload"
    assert gone(live.expire(NOW_MS + 10_000, 1_000)) == {RECORDING: "old_news"}
    assert live.apply(recording()) == ()


def test_a_recording_with_nothing_in_it_is_a_trouble(live: Live) -> None:
    live.apply(recording("completed", size_bytes=0))
    assert live.recordings[RECORDING].is_troubled


# --- compositions ---


def test_late_word_does_not_open_a_finished_composition_again(live: Live) -> None:
    live.apply(composition("completed", size_bytes=7))
    assert live.apply(composition("processing", percent_done=30.0)) == ()
    assert not live.compositions


def test_a_composition_with_nothing_in_it_is_a_trouble(live: Live) -> None:
    live.apply(composition("completed", size_bytes=0))
    assert live.compositions[COMPOSITION].is_troubled


def test_progress_is_never_taken_back(live: Live) -> None:
    live.apply(composition("processing", percent_done=60.0, at_ms=NOW_MS + 60))
    live.apply(composition("processing", percent_done=30.0, at_ms=NOW_MS + 30))
    assert (live.compositions[COMPOSITION].percent_done, live.compositions[COMPOSITION].progress_at_ms) == (
        60.0,
        NOW_MS + 60,
    )


def test_whatever_the_order_the_same_words_make_the_same_composition() -> None:
    words: list[CompositionSeen] = [
        composition("enqueued", at_ms=NOW_MS, created_at_ms=NOW_MS),
        composition("processing", at_ms=NOW_MS + 1),
        *(composition("processing", at_ms=NOW_MS + n, percent_done=float(n)) for n in (10, 20, 30)),
        composition("failed", at_ms=NOW_MS + 40, error_message="no media"),
    ]
    found = []
    for seed in range(30):
        live = Live()
        for word in random.Random(seed).sample(words * 2, len(words) * 2):
            live.apply(word)
        found.append(live.compositions[COMPOSITION])
    assert all(each == found[0] for each in found)
    assert found[0].status is CompositionStatus.FAILED


# --- what a hook should make ---


def test_a_hook_is_expected_to_compose_a_recorded_room(live: Live) -> None:
    end_of_a_recorded_room(live)
    expected = live.compositions[EXPECTED]
    assert (expected.is_expected, expected.waiting_since_ms, expected.room_name) == (True, NOW_MS, "acme:class:1")
    assert expected.hook_sid == HOOK


def test_recordings_that_only_a_poll_told_after_the_end_are_to_be_composed_too(live: Live) -> None:
    live.apply(room(account_sid=ACCOUNT))
    live.apply(room("completed", account_sid=ACCOUNT, ended_at_ms=NOW_MS))
    assert not live.compositions
    live.apply(recording("completed", size_bytes=7))
    live.apply(RecordingsListed(NOW_MS, Source.POLL, ROOM, ACCOUNT, recordings=1))
    assert live.compositions[EXPECTED].is_expected


def test_nothing_more_is_expected_of_a_room_that_was_composed_already(live: Live) -> None:
    live.apply(composition("completed", size_bytes=7))
    end_of_a_recorded_room(live)
    assert not live.compositions


def test_nothing_is_expected_of_a_room_that_was_not_recorded(live: Live) -> None:
    live.apply(room(account_sid=ACCOUNT))
    live.apply(room("completed", account_sid=ACCOUNT))
    assert not live.compositions


def test_nothing_is_expected_while_the_hook_is_off(live: Live) -> None:
    live.apply(HookSeen(NOW_MS, Source.POLL, HOOK, is_enabled=False, account_sid=ACCOUNT))
    end_of_a_recorded_room(live)
    assert not live.compositions


def test_the_composition_that_comes_is_the_one_that_was_expected(live: Live) -> None:
    end_of_a_recorded_room(live)
    assert gone(live.apply(composition())) == {EXPECTED: "made"}
    assert list(live.compositions) == [COMPOSITION]


def test_a_room_with_no_recordings_after_all_is_not_composed(live: Live) -> None:
    end_of_a_recorded_room(live)
    listed = RecordingsListed(NOW_MS, Source.POLL, ROOM, ACCOUNT, recordings=0)
    assert gone(live.apply(listed)) == {EXPECTED: "nothing_recorded"}


def test_a_hook_that_failed_says_why(live: Live) -> None:
    end_of_a_recorded_room(live)
    live.apply(HookFailed(NOW_MS, Source.CALLBACK, HOOK, ROOM, ACCOUNT, error_message="no recordings"))
    failed = live.compositions[EXPECTED]
    assert (failed.status, failed.is_expected, failed.error_message) == ("failed", False, "no recordings")


def test_many_recordings_do_not_drive_out_what_is_known_of_compositions(live: Live) -> None:
    live.apply(composition("completed", size_bytes=7))
    for number in range(FINISHED_KEPT + 1):
        live.apply(recording("completed", sid=f"RT{number:032x}", size_bytes=7))
    assert [each.sid for each in live.media.all_compositions()] == [COMPOSITION]
    assert sum(1 for _ in live.media.all_recordings()) == FINISHED_KEPT
