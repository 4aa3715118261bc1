"""Which tests begin first, when several processes share them?

Whatever takes long and begins last keeps everybody waiting: the others have nothing left to take over from it.  So each
process ends with tests that take milliseconds, of which pytest-xdist (`--dist worksteal`) moves some to whoever is done
sooner.  Those that take long mostly wait.  So every other process begins with its part of them, and the rest first do
half of what keeps the cores busy.
"""

import os
from collections.abc import Callable, Sequence
from itertools import groupby, islice
from typing import TypeVar

import pytest

#: The longest first; a name that ends with a slash means everything in that folder.
LONG = (
    "tests/crash/test_every_page_arrives.py",
    "tests/crash/test_nothing_acknowledged_is_lost.py",
    "tests/integration/test_tutorial.py",
    "tests/crash/test_kills.py",
    "tests/integration/test_one_page.py",
    "tests/crash/",
    "tests/integration/test_blindness.py",
    "tests/integration/test_benchmarks.py",
    "tests/integration/test_daemon_and_twilio.py",
    "tests/integration/test_twilio_troubles.py",
    "tests/integration/test_replay_agrees.py",
    "tests/integration/test_verdicts.py",
    "tests/integration/test_scrapes_at_scale.py",
    "tests/integration/test_evidence_bundle.py",
    "tests/integration/test_full_disk.py",
    "tests/integration/test_range_export.py",
    "tests/integration/test_abuse.py",
    "tests/integration/test_supervision.py",
    "tests/integration/test_exit_codes.py",
    "tests/integration/",
    "tests/property/",
)

#: Each a file whose tests share what takes long to come about: one process has all of them.
TOGETHER = ("tests/integration/test_verdicts.py",)

T = TypeVar("T")


@pytest.hookimpl(trylast=True)  # when it is known which of them are to run
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put them in order, where there are several processes."""
    shares = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if shares > 1:
        items[:] = dealt(items, shares, lambda item: rank(item.nodeid), lambda item: card(item.nodeid))


def rank(test: str) -> int:
    """Return the place in `LONG` of a test, the length of which means that it is short."""
    return next((place for place, begins in enumerate(LONG) if test.startswith(begins)), len(LONG))


def card(test: str) -> str:
    """Return what a test is dealt with: its file if that is in `TOGETHER`, or else itself."""
    return next((file for file in TOGETHER if test.startswith(file)), test)


def dealt(tests: Sequence[T], shares: int, rank: Callable[[T], int], card: Callable[[T], object]) -> list[T]:
    """Return them in an order of so many equal parts: the long ones dealt like cards, and short ones at every end."""
    long = sorted((test for test in tests if rank(test) < len(LONG)), key=rank)
    cards = [list(alike) for _, alike in groupby(long, key=card)]
    short = iter([test for test in tests if rank(test) == len(LONG)])
    found: list[T] = []
    for share in reversed(range(shares)):
        hand = [test for some in cards[share::shares] for test in some]
        size = (len(tests) - len(found)) // (share + 1)  # as pytest-xdist cuts them
        rest = list(islice(short, max(0, size - len(hand))))
        before = len(rest) // 2 if share % 2 else 0
        found += [*rest[:before], *hand, *rest[before:]]
    return [*found, *short]
