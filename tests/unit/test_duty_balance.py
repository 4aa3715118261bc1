"""Who takes which duties: all are taken, nobody has far more than others, and nothing goes to and fro."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.duties.balance import Share, share
from monitor.store.leases import Roll

DUTIES = ("alerts", "upkeep", *(f"poller:AC{number}" for number in range(10)))


def settled(replicas: list[str], held: dict[str, str]) -> dict[str, str]:
    """Let each replica look in turn until nobody finds anything to do, and return who has what then."""
    for _ in range(50):
        before = dict(held)
        for me in replicas:
            todo = share(DUTIES, [name for name, who in held.items() if who == me], Roll(replicas, dict(held)), me)
            held = {name: who for name, who in held.items() if name not in todo.give_back}
            held |= dict.fromkeys(todo.take, me)
        if held == before:
            return held
    raise AssertionError("duties go to and fro")


def test_one_alone_takes_all() -> None:
    assert set(share(DUTIES, (), Roll((), {}), "ann").take) == set(DUTIES)


def test_what_somebody_has_is_not_tried() -> None:
    todo = share(DUTIES, (), Roll(["ann", "bob"], {"alerts": "bob"}), "ann")
    assert "alerts" not in todo.take


def test_what_one_had_under_the_same_name_is_taken_again() -> None:
    assert "alerts" in share(DUTIES, (), Roll(["ann"], dict.fromkeys(DUTIES, "ann")), "ann").take


def test_the_most_urgent_is_tried_first_by_everybody() -> None:
    assert [share(DUTIES, (), Roll(["ann", "bob"], {}), me).take[0] for me in ("ann", "bob")] == ["alerts", "alerts"]


def test_the_others_are_tried_in_an_order_of_ones_own() -> None:
    first, second = (share(DUTIES, (), Roll(["ann", "bob"], {}), me).take for me in ("ann", "bob"))
    assert first != second


def test_nobody_takes_more_than_their_part_and_one() -> None:
    assert len(share(DUTIES, (), Roll(["ann", "bob", "cid"], {}), "ann").take) == 5


def test_the_most_urgent_is_taken_by_whoever_sees_it_free_however_much_they_have() -> None:
    full, there = DUTIES[1:6], ["ann", "bob", "cid"]  # of whom two may be dead or stopped since the last look
    assert share(DUTIES, full, Roll(there, dict.fromkeys(full, "ann")), "ann") == Share(["alerts"], ())
    more = ("alerts", *full)
    assert share(DUTIES, more, Roll(there, dict.fromkeys(more, "ann")), "ann") == Share([], DUTIES[5:6])


def test_whoever_comes_is_left_a_part_and_never_the_most_urgent() -> None:
    todo = share(DUTIES, DUTIES, Roll(["ann", "bob"], dict.fromkeys(DUTIES, "ann")), "ann")
    assert todo == Share([], DUTIES[7:])


@given(st.integers(1, 8), st.dictionaries(st.sampled_from(DUTIES), st.integers(0, 20)))
def test_everything_is_taken_and_stays_whoever_had_it_before(count: int, before: dict[str, int]) -> None:
    replicas = [f"replica-{number}" for number in range(count)]
    held = settled(replicas, {name: replicas[who] for name, who in before.items() if who < count})
    assert set(held) == set(DUTIES)
    assert max(list(held.values()).count(me) for me in replicas) <= -(-len(DUTIES) // count) + 1
