"""Does what takes long begin first in every process, and does nothing get lost on the way?"""

import pytest

from tests.documentation import ROOT
from tests.starting_order import LONG, TOGETHER, card, dealt, rank


def itself(name: str) -> str:
    return name


def placed(name: str) -> int:
    return int(name.partition("long ")[2] or len(LONG))


def test_every_other_process_begins_with_its_part_of_the_long_ones_and_none_ends_with_it() -> None:
    tests = ["a", "long 3", "b", "c", "long 1", "d", "long 2", "e", "f"]
    assert dealt(tests, 3, placed, itself) == ["long 3", "a", "b", "c", "long 2", "d", "long 1", "e", "f"]


@pytest.mark.parametrize("long", range(12))
@pytest.mark.parametrize("shares", [2, 3, 4, 7])
def test_none_is_lost_and_none_runs_twice(long: int, shares: int) -> None:
    tests = [f"long {number}" for number in range(long)] + [f"short {number}" for number in range(11 - long)]
    assert sorted(dealt(tests, shares, placed, itself)) == sorted(tests)


def test_tests_that_share_what_takes_long_are_dealt_to_one_process() -> None:
    tests = ["long 1", "long 2 of all", "long 2 of them", "long 3", "a", "b"]
    dealt_out = dealt(tests, 2, lambda name: placed(name.partition(" of ")[0]), lambda name: name[:6])
    assert dealt_out == ["long 2 of all", "long 2 of them", "a", "long 1", "long 3", "b"]
    assert card(f"{TOGETHER[0]}::test_x") == card(f"{TOGETHER[0]}::test_y") != card("tests/unit/test_x.py::test_y")


def test_a_test_of_its_own_place_is_longer_than_others_of_its_folder() -> None:
    assert rank("tests/crash/test_kills.py::test_x") < rank("tests/crash/test_x.py::test_y") < len(LONG)
    assert rank("tests/unit/test_x.py::test_y") == len(LONG)


@pytest.mark.parametrize("begins", [*LONG, *TOGETHER])
def test_what_is_said_to_take_long_exists(begins: str) -> None:
    assert (ROOT / begins).exists()
