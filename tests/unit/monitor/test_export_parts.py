"""The small parts of exports: moments, files, how far it is, and who is whom in a redacted bundle."""

from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.observations import Feedback
from monitor.bundle.redaction import Redaction
from monitor.bundle.taking import happenings
from monitor.export.layout import Files, files_at, who
from monitor.export.moments import moment_ms
from monitor.export.progress import Progress, progress_text, share_text
from monitor.failures import CommandFailed
from monitor.store.memory import MemoryLog
from monitor.store.ports import Entry, Series
from tests.builders import ALICE, NOW_MS, ROOM, batch


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("2025-11-21", 1_763_683_200_000),
        ("2025-11-21T01:53:20Z", NOW_MS),
        ("2025-11-21T02:53:20.5+01:00", NOW_MS + 500),
        ("20251121T015320Z", NOW_MS),
    ],
)
def test_a_moment_is_a_date_or_a_time_with_its_zone(text: str, at_ms: int) -> None:
    assert moment_ms(text) == at_ms


@pytest.mark.parametrize("text", ["", "now", "2025-13-01", "2025-11-21T09:00", "1969-12-31", "1763690000000"])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="expected a"):
        moment_ms(text)


@pytest.mark.parametrize(
    ("file", "wanted", "files"),
    [
        ("out", None, ("parquet", "out/media.parquet", "out/levels.parquet")),
        ("out", "csv", ("csv", "out/media.csv", "out/levels.csv")),
        ("a.b.csv.gz", None, ("csv", "a.b.csv.gz", "a.b.levels.csv.gz")),
        ("a.parquet", "parquet", ("parquet", "a.parquet", "a.levels.parquet")),
    ],
)
def test_files_are_named_by_what_is_in_them(file: str, wanted: str | None, files: tuple[str, str, str]) -> None:
    found = files_at(Path(file), wanted)
    assert found == Files(files[0], Path(files[1]), Path(files[2]))
    assert found.is_packed == file.endswith(".gz")


def test_a_name_that_says_another_format_is_refused() -> None:
    with pytest.raises(CommandFailed, match=r"expected a name that ends in \.csv"):
        files_at(Path("x.parquet"), "csv")


def test_who_was_never_known_by_sid_has_none() -> None:
    assert who(Series("name:acme", "identity:alice")) == (None, "acme", None, "alice")
    assert who(Series(ROOM, ALICE, "acme")) == (ROOM, "acme", ALICE, None)


@pytest.mark.parametrize(
    ("rows", "elapsed_s", "said"),
    [
        (0, 5.0, "0 rows, 1 kB, 0%"),
        (250, 0.5, "250 rows, 1 kB, 25%"),
        (250, 30.0, "250 rows, 1 kB, 25%, 1:30 left"),
        (1, 10.0, "1 rows, 1 kB, 0%, 2:46:30 left"),
        (1_500, 10.0, "1,500 rows, 1 kB"),
    ],
)
def test_progress_is_guessed_from_what_is_done(rows: int, elapsed_s: float, said: str) -> None:
    assert progress_text(rows, 1_000, 1_000, elapsed_s) == said


def test_progress_is_told_now_and_then_and_wiped_out() -> None:
    stream, times = StringIO(), iter([0.0, 0.1, 0.3, 0.35, 0.6])
    progress = Progress(stream, 1_000, lambda: next(times))
    for rows in (1, 2, 3, 4):
        progress.tell(rows, lambda: 0)
    progress.end()
    assert [each.split(" rows")[0] for each in stream.getvalue().split("\r")[1:3]] == ["2", "4"]
    assert stream.getvalue().endswith(f"\r{'':<78}\r")


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(1, 5))
async def test_everything_that_happened_is_told_once_in_its_order(times: list[int], at_once: int) -> None:
    log = MemoryLog()
    for at_ms in times:
        await log.append([Entry(batch(Feedback(NOW_MS + at_ms, 3)))], NOW_MS)
    told = [each.at_ms - NOW_MS async for each in happenings(log, ROOM, at_once=at_once)]
    assert told == sorted(times)


@pytest.fixture
def redaction() -> Redaction:
    return Redaction(lambda name: f"p-{len(name)}", "name:standup", ["alice", "al", "standup", "d'Arcy"])


@pytest.mark.parametrize(
    ("field", "value", "redacted"),
    [
        ("identity", "alice", "p-5"),
        ("identity", "somebody new", "p-12"),
        ("room_name", None, None),
        ("key", "identity:alice", "p"),
        ("entity", "name:standup/identity:al", "name:p-7/identity:p-2"),
        ("entity", f"{ROOM}/{ALICE}", f"{ROOM}/{ALICE}"),
        ("participant", "identity:a/b:c", "identity:p-5"),
        ("detail", "alice, not malice, told al of d'Arcy's", "p-5, not malice, told p-2 of p-6's"),
        ("status", "alice", "alice"),
        ("kind", "identity:alice", "identity:alice"),
    ],
)
def test_a_name_is_replaced_wherever_it_stands(
    redaction: Redaction, field: str, value: str | None, redacted: str | None
) -> None:
    expected = "identity:p-5" if redacted == "p" else redacted
    assert redaction.of({"a": [{field: value}]}) == {"a": [{field: expected}]}


def test_what_may_hold_anything_is_left_out_and_names_are_replaced_in_keys(redaction: Redaction) -> None:
    told = {"text": "hello", "dedup_key": "x", "left": {"identity:alice": {"network_address": "::1", "rating": 2}}}
    assert redaction.of(told) == {"left": {"identity:p-5": {"rating": 2}}}


def test_without_names_sentences_stay_as_they_are() -> None:
    assert Redaction(str.upper, ROOM, []).of({"detail": "all is well"}) == {"detail": "all is well"}


@pytest.mark.parametrize(
    ("rows", "elapsed_s", "before", "said"),
    [
        (0, 0.0, 0, "0 of 1,000 samples, 0%"),
        (250, 0.5, 0, "250 of 1,000 samples, 25%"),
        (250, 10.0, 0, "250 of 1,000 samples, 25%, 25 a second, 0:30 left"),
        (500, 10.0, 400, "500 of 1,000 samples, 50%, 10 a second, 0:50 left"),
        (1_000, 10.0, 0, "1,000 of 1,000 samples, 100%, 100 a second"),
    ],
)
def test_what_was_there_before_it_began_makes_it_no_faster(rows: int, elapsed_s: float, before: int, said: str) -> None:
    assert share_text("samples", rows, 1_000, elapsed_s, before) == said
