"""What is kept of benchmarks, and when a figure counts as worse."""

from pathlib import Path

import pytest

from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.records import HISTORY, Record, decoded, encoded, read, recorded
from tests.benchmarks.trend import courses, table

HERE, ELSEWHERE = {"cpu": "A", "cores": "2"}, {"cpu": "B", "cores": "2"}


def figure(*values: float, unit: str = "x bare", name: str = "1 event", is_more_better: bool = False) -> Figure:
    return Figure(name, list(values), ".2f", unit, Goal(1.3, 0.4, is_more_better))


def run(*figures: Figure, bench: str = "ingest", machine: dict[str, str] = HERE, neighbours: float = 0.0) -> Record:
    return Record(bench, "2026-11-22T00:00:00+00:00", "0.1.0", "0" * 40, machine, neighbours, figures)


def verdict(*records: Record) -> str:
    (course,) = courses(records)
    return course.verdict


def test_a_record_is_read_as_it_was_written() -> None:
    record = run(figure(1.0, 1.25), figure(3, unit="posts/s", is_more_better=True))
    assert decoded(encoded(record)) == record


def test_figures_are_appended_where_the_environment_says_so_and_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    measured = [figure(1.0, 1.123456789)]
    assert recorded("ingest", measured, {}) == measured
    for _ in range(2):
        recorded("ingest", measured, {"ROOMWATCH_BENCH_HISTORY": str(file)})
    first, second = read(file)
    assert (first.bench, first.figures[0].values) == ("ingest", [1.0, 1.1235])
    assert (first.revision, first.machine) == (second.revision, second.machine)
    assert {"cpu", "cores", "python"} <= first.machine.keys()


def test_the_history_that_is_kept_can_be_read_and_shown() -> None:
    records = list(read(HISTORY))
    assert records
    assert "verdict" in table(courses(records))


def test_a_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(encoded(run(figure(1.0))) + "\n{}\n")
    with pytest.raises(ValueError, match=r"history\.jsonl:2: expected a record of a benchmark"):
        list(read(file))


@pytest.mark.parametrize(
    ("latest", "expected"),
    [
        ((1.30, 1.31), "WORSE by 28%"),
        ((1.03, 1.31), "as before"),  # its best round is one that was seen
        ((1.06, 1.07), "as before"),  # outside, but hardly
        ((0.70, 0.75), "better by 29%"),
    ],
)
def test_a_figure_is_worse_when_even_its_best_round_is(latest: tuple[float, ...], expected: str) -> None:
    before = [run(figure(1.00, 1.04)), run(figure(1.01, 1.03))]
    assert verdict(*before, run(figure(*latest))) == expected


def test_where_more_is_better_less_is_worse() -> None:
    before, after = (figure(value, unit="posts/s", is_more_better=True) for value in (100.0, 80.0))
    assert verdict(run(before), run(after)) == "WORSE by 20%"


def test_seconds_are_compared_on_one_machine_and_ratios_on_all() -> None:
    slow, fast = figure(9.0, unit="us"), figure(1.0, unit="us")
    assert verdict(run(fast, machine=ELSEWHERE), run(slow)) == "first of its kind"
    assert verdict(run(figure(1.0), machine=ELSEWHERE), run(figure(2.0))) == "WORSE by 100%"


def test_what_was_measured_on_a_busy_machine_is_neither_judged_nor_compared_with() -> None:
    busy = run(figure(9.0), neighbours=1.5)
    assert verdict(run(figure(1.0)), busy) == "not judged, others used 150% of a core"
    assert verdict(run(figure(1.0)), busy, run(figure(1.0))) == "as before"


def test_only_the_last_runs_are_remembered() -> None:
    long_ago = [run(figure(1.0))] * 3
    assert verdict(*long_ago, *[run(figure(2.0))] * 5, run(figure(2.0))) == "as before"


def test_each_benchmark_has_a_course_of_its_own() -> None:
    shown = list(courses([run(figure(1.0)), run(figure(2.0), bench="replay")]))
    assert [(course.bench, course.verdict) for course in shown] == [
        ("ingest", "first of its kind"),
        ("replay", "first of its kind"),
    ]
