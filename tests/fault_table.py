"""What did the faults do to the daemon?  A table, printed at the end of `pytest -m fault`.

A test that bears `@pytest.mark.fault("SIGKILL under load", expected="…")` has a row in it.  What it saw it tells by the
fixture `observed`; what failed is the verdict's business.  All of it travels in the reports of the tests, so that
those that ran in other processes are in the table, too.
"""

import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import pytest

FAULT, EXPECTED, OBSERVED = "fault", "fault expected", "fault observed"
HEAD = ("fault", "expected", "observed", "verdict", "took")
WIDEST = 44  # of what stands in a column of words

Observe = Callable[[str], None]


class Row(NamedTuple):
    """One fault, and how it went."""

    fault: str
    expected: str
    observed: str
    verdict: str
    took_s: float

    def cells(self) -> tuple[str, ...]:
        """Return what is written in the table."""
        return (self.fault, self.expected, self.observed, self.verdict, f"{self.took_s:.1f} s")


@pytest.fixture
def observed(request: pytest.FixtureRequest) -> Observe:
    """Tell what was seen of the daemon, for the table of faults; each is one sentence of it."""
    return lambda sentence: request.node.user_properties.append((OBSERVED, sentence))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write on each test which fault it is about, where its reports take it from."""
    for item in items:
        for marker in item.iter_markers("fault"):
            item.user_properties += [(FAULT, marker.args[0]), (EXPECTED, marker.kwargs["expected"])]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, where faults were asked for."""
    if "fault" not in config.option.markexpr:
        return
    reports = [each for reports in terminalreporter.stats.values() for each in reports if hasattr(each, "nodeid")]
    if rows := list(_rows(each for each in reports if isinstance(each, pytest.TestReport))):
        terminalreporter.section("faults")
        terminalreporter.write_line(table(rows))


def _rows(reports: Iterable[pytest.TestReport]) -> Iterator[Row]:
    """Yield a row for each test, of the report that says how it went; where one says that it failed, that one."""
    of_tests: dict[str, pytest.TestReport] = {}
    for report in reports:
        says_how_it_went = report.when == "call" or not report.passed
        if says_how_it_went and (report.nodeid not in of_tests or report.failed):
            of_tests[report.nodeid] = report
    for report in of_tests.values():
        told = dict(report.user_properties)
        if FAULT in told:
            seen = [str(value) for name, value in report.user_properties if name == OBSERVED]
            verdict = "FAILED" if report.failed else "skipped" if report.skipped else "held"
            yield Row(str(told[FAULT]), str(told[EXPECTED]), "; ".join(seen), verdict, report.duration)


def table(rows: Iterable[Row]) -> str:
    """Return the rows as text, in the order of their names, words wrapped in their columns."""
    blocks: list[list[tuple[str, ...]]] = [[HEAD], *(list(_wrapped(row.cells())) for row in sorted(rows))]
    widths = [max(map(len, column)) for column in zip(*(line for block in blocks for line in block), strict=True)]
    return "\n\n".join("\n".join(_line(line, widths) for line in block) for block in blocks)


def _wrapped(cells: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    columns = [textwrap.wrap(cell, WIDEST) for cell in cells]
    for number in range(max(map(len, columns))):
        yield tuple(column[number] if number < len(column) else "" for column in columns)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
