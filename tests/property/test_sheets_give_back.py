"""Whatever was measured comes back from rows of text, whoever said it; and what is known already is told from news."""

import csv
from collections.abc import Sequence
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from collectors.observations import NOTHING, Direction, MediaStats, NetworkQuality
from monitor.history.chunks import decode, encode
from monitor.history.differences import lacking, pieces
from monitor.history.gathering import Gathering
from monitor.history.samples import Samples, joined
from monitor.history.sheets import (
    LEVEL_COLUMNS,
    MEDIA_COLUMNS,
    Row,
    Unreadable,
    level_rows,
    media_rows,
    samples_of,
    word_text,
)
from tests.builders import ALICE, BOB, NOW_MS

_MOMENTS = st.integers(NOW_MS - 86_400_000, NOW_MS + 86_400_000)
_COUNTS = st.none() | st.integers(0, 10_000)
_WORDS = st.none() | st.sampled_from(["", "cpu", "=1+1", '"quoted"', 'a "b"\r\n, c', "-", "ünï\x00"])
_STATS = st.sampled_from([NOTHING, Raw(b'{"a": [1,\n 2]}'), Raw('{"ü": "\\n, \\""}'.encode()), Raw(b'"\xff"')])


def _numbers(highest: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(0, highest)


_DIRECTIONS = st.none() | st.builds(
    Direction, _numbers(1), _numbers(30_000), _numbers(1e9), _numbers(240), _COUNTS, _COUNTS, _COUNTS, limited_by=_WORDS
)
_MEDIA = st.builds(MediaStats, _MOMENTS, _COUNTS, _numbers(60_000), _DIRECTIONS, _DIRECTIONS)
_LEVELS = st.builds(
    NetworkQuality, _MOMENTS, st.none() | st.integers(0, 5), st.sampled_from([None, ALICE, BOB]), _STATS
)
_OBSERVATIONS = st.lists(_MEDIA | _LEVELS, max_size=40)

Seen = Sequence[MediaStats | NetworkQuality]


def gathered(observations: Seen) -> Samples:
    gathering = Gathering()
    gathering.add(observations)
    return decode(encode(gathering.samples()))


def as_csv(columns: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Return rows as they are once they were written to a file and read."""
    file = StringIO(newline="")
    csv.writer(file).writerows([columns, *rows])
    file.seek(0)
    return list(csv.reader(file))[1:]


def told(samples: Samples) -> object:
    return list(samples.observations()), samples.stats


@given(_OBSERVATIONS)
def test_what_is_written_as_rows_is_read_as_it_was(observations: Seen) -> None:
    before = gathered(observations)
    media, levels = list(media_rows(before)), list(level_rows(before))
    after = samples_of(as_csv(MEDIA_COLUMNS, media), as_csv(LEVEL_COLUMNS, levels))
    assert told(after) == told(before)
    assert decode(encode(after)).media.tobytes() == after.media.tobytes(), "a chunk would round it again"


@given(_OBSERVATIONS, _OBSERVATIONS)
def test_what_is_known_already_is_not_lacking(known: Seen, new: Seen) -> None:
    ours, theirs = gathered(known), gathered([*reversed(known), *new])
    assert lacking(ours, theirs).count == gathered(new).count
    assert lacking(theirs, ours).count == 0
    assert lacking(gathered([]), theirs).count == theirs.count


@given(_OBSERVATIONS, st.integers(1, 7))
def test_pieces_are_short_and_together_the_whole(observations: Seen, most: int) -> None:
    whole = gathered(observations)
    parts = list(pieces(whole, most))
    assert all(max(len(part.at_ms), len(part.level_at_ms)) <= most for part in parts)
    assert not parts or told(joined(parts))[0] == told(whole)[0]


@pytest.mark.parametrize("word", ["", "=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", '"'])
def test_no_word_is_something_to_do_for_a_spreadsheet(word: str) -> None:
    assert word_text(word).startswith('"')


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["2025-11-21T01:53:20.000Z"], "expected 19 columns, got 1"),
        (["yesterday"], "at: expected times in ISO 8601"),
        (["2025-11-21T01:53:20.000"], "that end in Z"),
        (["1960-11-21T01:53:20.000Z"], "expected times from 1970"),
        (["NaTZ"], "expected times from 1970"),
        (["2025-11-21T01:53:20.000Z", "soon"], "interval_ms: expected a number"),
        (["2025-11-21T01:53:20.000Z", "", "nan"], "rtt_ms: expected numbers from 0 on"),
        (["2025-11-21T01:53:20.000Z", "", "inf"], "rtt_ms: expected numbers from 0 on"),
        (["2025-11-21T01:53:20.000Z", "", "-1"], "rtt_ms: expected numbers from 0 on"),
        (["2025-11-21T01:53:20.000Z", *[""] * 9, '"cpu'], "expected a word as JSON"),
    ],
)
def test_a_row_that_is_none_of_ours_is_told_so(row: list[str], expected: str) -> None:
    padding = [""] * (19 - len(row)) if "columns" not in expected else []
    with pytest.raises(Unreadable, match=expected):
        samples_of([row + padding], [])


def test_rows_have_to_be_in_the_order_of_time() -> None:
    rows = [[f"2025-11-21T01:53:{second}.000Z", *[""] * 18] for second in (20, 10)]
    with pytest.raises(Unreadable, match="in the order of time"):
        samples_of(rows, [])


def test_stats_have_to_be_json() -> None:
    with pytest.raises(Unreadable, match="stats_json: expected JSON"):
        samples_of([], [["2025-11-21T01:53:20.000Z", "3", "", "{"]])
