"""A few numbers are remembered of each, and of the latest first of all."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.number_table import NOWHERE, ROWS_A_SET, NumberTable

WIDTH = 3


def put(table: NumberTable, key: int | str, row: tuple[int, ...]) -> None:
    at = table.of(key)
    for place, number in enumerate(row, at):
        table.numbers[place] = number


def got(table: NumberTable, key: int | str) -> tuple[int, ...] | None:
    at = table.find(key)
    return None if at == NOWHERE else tuple(table.numbers[at : at + WIDTH])


def test_of_somebody_new_nothing_is_known_and_to_look_changes_nothing() -> None:
    table = NumberTable(WIDTH)
    assert got(table, "a") is None
    assert [table.numbers[table.of("a") + place] for place in range(WIDTH)] == [0, 0, 0]
    assert got(table, "a") is None


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.tuples(st.integers(1, 50), *[st.integers(-(2**63), 2**63 - 1)] * (WIDTH - 1)))
    )
)
def test_in_each_set_the_earliest_makes_way_and_nobody_else(told: list[tuple[int, tuple[int, ...]]]) -> None:
    sets = 4
    table = NumberTable(WIDTH, sets)
    known: list[dict[int, tuple[int, ...]]] = [{} for _ in range(sets)]
    for key, row in told:
        there = known[hash(key) % sets]
        if key not in there and len(there) == ROWS_A_SET:
            earliest = min(row[0] for row in there.values())
            put(table, key, row)
            gone = [each for each in there if table.find(each) == NOWHERE]
            assert [there.pop(each)[0] for each in gone] == [earliest]
        else:
            put(table, key, row)
        there[key] = row
        assert all(got(table, each) == row for there in known for each, row in there.items())


def test_keys_of_one_set_are_told_apart() -> None:
    table = NumberTable(WIDTH, sets=1)
    for key in range(ROWS_A_SET):
        put(table, f"key {key}", (key + 1, key, -key))
    assert [got(table, f"key {key}") for key in range(ROWS_A_SET)] == [(1, 0, 0), (2, 1, -1), (3, 2, -2), (4, 3, -3)]
