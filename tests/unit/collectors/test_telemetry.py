"""What is understood of a post, and what is left out of it."""

from typing import Any

import pytest
from msgspec.structs import astuple

from collectors.base import Malformed
from collectors.observations import Direction, MediaStats, NetworkQuality, unrolled
from collectors.telemetry import MAX_EVENTS, Decoded, decode
from tests.builders import ALICE, BOB, NOW_MS, ROOM, media_series, packed, post, quality

TWO = [NOW_MS, NOW_MS + 10_000]


def decoded(*events: dict[str, Any], **given: Any) -> Decoded:
    return decode(packed(post(*events, **given)), NOW_MS)


def test_a_series_is_its_rows() -> None:
    found = decoded(
        media_series(TWO, rtt_ms=[61.5, None], up={"loss_ratio": [0.0, 0.5]}, down={}),
        {"type": "network_quality_series", "at": TWO, "level": [4, None], "subject": [None, BOB], "stats": [{}, None]},
    )
    assert found.count == 4
    first, second, *levels = unrolled(found.batch.observations)
    assert first == MediaStats(at_ms=TWO[0], rtt_ms=61.5, up=Direction(loss_ratio=0.0), down=Direction())
    assert second == MediaStats(at_ms=TWO[1], up=Direction(loss_ratio=0.5), down=Direction())
    assert [astuple(each)[:3] for each in levels] == [(TWO[0], 4, None), (TWO[1], None, BOB)]
    assert [bytes(each.stats) for each in levels if isinstance(each, NetworkQuality)] == [b"{}", b"null"]


def test_a_series_without_a_column_knows_nothing_of_it() -> None:
    assert list(unrolled(decoded(media_series(TWO)).batch.observations)) == [MediaStats(at_ms=at) for at in TWO]


@pytest.mark.parametrize(
    ("columns", "path"), [({"rtt_ms": [1.0]}, "rtt_ms"), ({"down": {"fps": [1, 2, 3]}}, "down.fps")]
)
def test_a_series_with_an_uneven_column_is_refused_and_its_neighbours_are_taken(columns: Any, path: str) -> None:
    found = decoded(quality(3), media_series(TWO, **columns))
    assert found.count == 1
    (refusal,) = found.refusals
    assert refusal.index == 1
    assert refusal.error == f"events[1].{path}: expected as many values as in events[1].at, got others"


def test_a_bad_value_in_a_series_is_named_by_its_place() -> None:
    (refusal,) = decoded(media_series(TWO, up={"loss_ratio": [0.5, 1.5]})).refusals
    assert refusal.error == "events[0].up.loss_ratio[1]: expected 0..1, got 1.5"


def test_rows_of_series_count_against_the_limit_of_a_post() -> None:
    with pytest.raises(Malformed, match=f"at most {MAX_EVENTS} events"):
        decoded(quality(), media_series([NOW_MS] * MAX_EVENTS))


def test_fields_that_are_not_known_are_left_out_wherever_they_are_and_counted() -> None:
    found = decoded(
        quality(4, colour="red", stats={"anything": "goes"}),
        {"type": "media_stats", "at": NOW_MS, "up": {"fps": 24, "smell": 1}, "taste": {"deep": [1]}},
        client={"browser": "Chrome 156", "mood": "good"},
        weather="fine",
    )
    assert (found.count, found.ignored_fields, found.is_exact) == (2, 5, False)
    assert found.batch.client is not None
    assert found.batch.client.browser == "Chrome 156"
    assert found.batch.observations[1] == MediaStats(at_ms=NOW_MS, up=Direction(fps=24))


def test_only_a_post_that_is_understood_to_the_last_field_is_exact() -> None:
    assert decoded(quality(4), dropped=3).is_exact
    assert not decoded(quality(4), {"type": "teleport", "at": NOW_MS}).is_exact
    assert not decoded(quality(9)).is_exact


def test_who_reports_is_named_by_its_own_sid() -> None:
    assert decoded(quality()).batch.participant_sid == ALICE


MS, SID = "milliseconds since 1970", "32 hexadecimal digits in lower case"
STATES = "one of connected, reconnecting, reconnected, disconnected"


def media(**given: Any) -> dict[str, Any]:
    return {"type": "media_stats", "at": NOW_MS, **given}


def connected(state: Any, **given: Any) -> dict[str, Any]:
    return {"type": "connection", "at": NOW_MS, "state": state, **given}


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (quality(at=NOW_MS // 1000), f".at: expected {MS}, got 1763690000"),
        (quality(at=NOW_MS * 1000), f".at: expected {MS}, got 1763690000000000"),
        (quality(at=NOW_MS + 0.5), f".at: expected whole number ({MS}), got 1763690000000.5"),
        (quality(at="2026-11-21T00:00:00Z"), f'.at: expected whole number ({MS}), got "2026-11-21T00:00:00Z"'),
        (quality(at=None), f".at: expected whole number ({MS}), got null"),
        ({"type": "speaker"}, ".at: expected a value, got nothing"),
        (quality("3"), '.level: expected whole number or null (0..5), got "3"'),
        (quality(3.5), ".level: expected whole number or null (0..5), got 3.5"),
        (quality(6), ".level: expected 0..5, got 6"),
        (quality(subject="alice"), f'.subject: expected PA and {SID}, got "alice"'),
        (media(up={"loss_ratio": 12.5}), ".up.loss_ratio: expected 0..1, got 12.5"),
        (media(rtt_ms="61"), '.rtt_ms: expected number or null, got "61"'),
        (media(rtt_ms=-1), ".rtt_ms: expected number >= 0.0, got -1"),
        (media(up={"width": 640.5}), ".up.width: expected whole number or null, got 640.5"),
        (media(down=[]), ".down: expected object or null, got []"),
        (media_series(NOW_MS), f".at: expected array ({MS}), got 1763690000000"),  # type: ignore[arg-type]
        (media_series([NOW_MS // 1000]), f".at[0]: expected {MS}, got 1763690000"),
        (connected("RECONNECTING"), f'.state: expected {STATES}, got "RECONNECTING"'),
        (connected(None), ".state: expected string, got null"),
        (connected("reconnecting", code="53001"), '.code: expected whole number or null, got "53001"'),
        ({"type": "feedback", "at": NOW_MS, "rating": 0}, ".rating: expected 1..5, got 0"),
        ({"at": NOW_MS, "level": 3}, ".type: expected a value, got nothing"),
        ("network_quality", ': expected object, got "network_quality"'),
    ],
)
def test_a_refused_event_says_where_what_was_expected_and_what_came(event: Any, error: str) -> None:
    (refusal,) = decoded(event).refusals
    assert refusal.error == f"events[0]{error}"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"v": "1"}, 'v: expected whole number (1), got "1"'),
        ({"room_sid": ALICE, "participant_sid": ROOM}, f'room_sid: expected RM and {SID}, got "{ALICE}"'),
        ({"room_sid": "acme:class:1"}, f'room_sid: expected RM and {SID}, got "acme:class:1"'),
        ({"participant_sid": "alice"}, f'participant_sid: expected PA and {SID}, got "alice"'),
        ({"sent_at": NOW_MS / 1000}, f"sent_at: expected whole number or null ({MS}), got 1763690000.0"),
        ({"session": 7}, "session: expected string or null, got 7"),
        ({"sdk": "5.11"}, 'sdk: expected object or null, got "5.11"'),
    ],
)
def test_a_post_of_another_shape_is_refused_whole_in_the_same_words(given: Any, error: str) -> None:
    with pytest.raises(Malformed) as refusal:
        decoded(quality(), **given)
    assert str(refusal.value) == error


def test_a_field_called_type_is_left_out_where_none_belongs() -> None:
    found = decoded(media(up={"type": "camera"}), type="post")
    assert (found.count, found.ignored_fields) == (1, 2)
