"""Packing reads less of a post than the door does.  Does it find the same in it?"""

from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collectors.observations import (
    Connection,
    ConnectionState,
    Direction,
    MediaStats,
    NetworkQuality,
)
from collectors.telemetry import decode, kept
from monitor.store.lines import Lines
from monitor.store.rows import measured_in, row_of
from tests.builders import ALICE, BOB, NOW_MS, ROOM
from tests.stored import as_told

_MOMENTS = st.integers(NOW_MS, NOW_MS + 3_600_000)
_COUNTS = st.none() | st.integers(0, 10**12)
_NUMBERS = st.none() | st.integers(0, 10**6) | st.floats(0, 1e300)
_WORDS = st.none() | st.sampled_from(["cpu", "bandwidth", ""])
_WAYS = st.none() | st.builds(
    Direction, st.none() | st.floats(0, 1), _NUMBERS, _NUMBERS, _NUMBERS, _COUNTS, _COUNTS, _COUNTS, _WORDS
)
_MEDIA = st.builds(MediaStats, _MOMENTS, _COUNTS, _NUMBERS, _WAYS, _WAYS)
_LEVELS = st.builds(NetworkQuality, _MOMENTS, st.none() | st.integers(-1, 5), st.sampled_from([None, ALICE, BOB]))
_OTHERS = st.builds(Connection, _MOMENTS, st.sampled_from(ConnectionState))


def media_series(rows: list[MediaStats]) -> dict[str, Any]:
    """Return rows as columns, as a browser posts them."""
    up, down = (
        {name: [getattr(getattr(row, way), name, None) for row in rows] for name in Direction.__struct_fields__}
        for way in ("up", "down")
    )
    alone = {"at": [row.at_ms for row in rows], "rtt_ms": [row.rtt_ms for row in rows]}
    return {"type": "media_stats_series", **alone, "up": up, "down": down}


def level_series(rows: list[NetworkQuality]) -> dict[str, Any]:
    return {"type": "network_quality_series", "at": [row.at_ms for row in rows], "level": [row.level for row in rows]}


def with_nulls(seen: MediaStats) -> dict[str, Any]:
    """Return a sample that says of everything that it does not know it."""
    ways = {way: msgspec.structs.asdict(told) if (told := getattr(seen, way)) else None for way in ("up", "down")}
    return {"type": "media_stats", "at": seen.at_ms, "interval_ms": seen.interval_ms, "rtt_ms": seen.rtt_ms, **ways}


_EVENTS = st.lists(
    (_MEDIA | _LEVELS | _OTHERS).map(msgspec.to_builtins)
    | _MEDIA.map(with_nulls)
    | st.lists(_MEDIA, min_size=1, max_size=5).map(media_series)
    | st.lists(_LEVELS, min_size=1, max_size=5).map(level_series),
    max_size=10,
)
_POSTS = st.fixed_dictionaries(
    {"v": st.just(1), "room_sid": st.just(ROOM), "events": _EVENTS},
    optional={
        "participant_sid": st.sampled_from([ALICE, BOB]),
        "room_name": st.text(min_size=1, max_size=9),
        "sdk": st.fixed_dictionaries({"name": st.just("twilio-video.js")}, optional={"version": st.just("2.36.0")}),
        "client": st.fixed_dictionaries({}, optional={"network": st.sampled_from(["wifi", "4g", None])}),
    },
).map(lambda post: {"identity": "alice", **post})


@given(st.lists(_POSTS, min_size=1, max_size=6))
def test_what_is_read_to_be_packed_is_what_the_door_took(posts: list[dict[str, Any]]) -> None:
    taken, row = Lines(), []
    for nth, post in enumerate(posts):
        body = msgspec.json.encode(post)
        decoded = decode(body, NOW_MS + nth)
        assert decoded.is_exact, decoded.refusals
        batch = msgspec.structs.replace(decoded.batch, clock_offset_ms=nth * 7 or None, address="203.0.113.0/24")
        taken.add(batch)
        row.append(kept(batch, decoded, body))
    read = Lines()
    for measured in measured_in(row_of(row)):
        read.add(measured)
    assert read.count == taken.count
    for ours, theirs in zip(read.take(as_told), taken.take(as_told), strict=True):
        assert ours.series == theirs.series
        assert (ours.samples.words, ours.samples.stats) == (theirs.samples.words, theirs.samples.stats)
        for name in ("at_ms", "media", "level_at_ms", "levels"):
            np.testing.assert_array_equal(getattr(ours.samples, name), getattr(theirs.samples, name))
