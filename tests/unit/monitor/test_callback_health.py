"""Which callbacks arrive, judged by what polls find."""

from collectors.events import Source
from monitor.callback_health import GRACE_MS, NEWS_FOR_MS, CallbackHealth
from tests.builders import NOW_MS, room


def sid(number: int) -> str:
    return f"RM{number:032x}"


def polled(number: int, status: str = "in-progress", *, at_ms: int = NOW_MS):
    given = {"created_at_ms": at_ms} if status == "in-progress" else {"ended_at_ms": at_ms}
    return room(status, sid=sid(number), at_ms=at_ms, **given)


def told(number: int, status: str = "in-progress", *, at_ms: int = NOW_MS):
    return room(status, sid=sid(number), at_ms=at_ms, source=Source.CALLBACK)


def after(*seen, judged_at_ms: int = NOW_MS + GRACE_MS + 1, since_ms: int = 0) -> CallbackHealth:
    health = CallbackHealth(since_ms)
    for each in seen:
        health.hear(each)
    health.judge(judged_at_ms)
    return health


def test_nothing_is_known_before_anything_happened() -> None:
    health = after()
    assert (health.is_trusted, health.is_silent, health.missed_ratio) == (False, False, None)


def test_callbacks_that_told_everything_are_trusted() -> None:
    health = after(*(each(number) for number in range(6) for each in (told, polled)))
    assert health.is_trusted
    assert health.missed_ratio == 0


def test_a_change_that_only_polls_told_was_missed_once_the_callback_had_time_to_arrive() -> None:
    assert after(polled(1), judged_at_ms=NOW_MS + GRACE_MS).missed == 0
    assert after(polled(1), polled(1)).missed == 1


def test_a_callback_that_comes_after_the_poll_is_not_missed() -> None:
    assert after(polled(1), told(1)).missed == 0


def test_the_end_of_a_room_is_a_change_of_its_own() -> None:
    assert after(told(1), polled(1), polled(1, "completed")).missed == 1


def test_an_account_of_whose_changes_no_callback_tells_is_silent() -> None:
    assert not after(polled(1), polled(2)).is_silent
    assert after(polled(1), polled(2), polled(3)).is_silent


def test_the_first_callback_ends_the_silence() -> None:
    health = after(polled(1), polled(2), polled(3))
    health.hear(told(4))
    assert not health.is_silent


def test_what_happened_before_we_listened_does_not_count() -> None:
    assert after(polled(1), since_ms=NOW_MS + 1).missed == 0


def test_one_callback_lost_in_five_is_not_to_be_trusted() -> None:
    health = after(*(told(number) for number in range(8)), polled(8), polled(9))
    assert health.missed_ratio == 0.2
    assert not health.is_trusted
    assert not health.is_silent


def test_a_poll_that_finds_what_happened_long_ago_says_nothing_of_callbacks() -> None:
    old = room("in-progress", sid=sid(1), at_ms=NOW_MS, created_at_ms=NOW_MS - NEWS_FOR_MS - 1)
    assert after(old).missed == 0
