from alerts.deadlines import Deadlines
from alerts.model import Kind

A, B, C = ((Kind.ROOM, name) for name in "ABC")


def made(**at):
    deadlines = Deadlines()
    for name, moment in at.items():
        deadlines.set((Kind.ROOM, name), moment)
    return deadlines


def test_the_due_are_named_earliest_first_and_stay_due():
    deadlines = made(A=3, B=1, C=2)
    assert deadlines.due(2) == deadlines.due(2) == [B, C]
    assert deadlines.next() == 1


def test_nothing_is_due_where_nothing_is_set():
    assert (made().due(1e12), made().next()) == ([], None)


def test_a_moved_deadline_counts_once_and_where_it_is_now():
    deadlines = made(A=1, B=5)
    deadlines.set(A, 9)
    assert (deadlines.due(8), deadlines.next()) == ([B], 5)
    deadlines.set(A, 1)
    assert deadlines.due(8) == [A, B]


def test_a_deadline_taken_away_is_gone():
    deadlines = made(A=1)
    deadlines.set(A, None)
    assert (deadlines.due(8), deadlines.next()) == ([], None)


def test_deadlines_that_keep_moving_leave_nothing_behind():
    deadlines = made(A=0)
    for moment in range(1, 10_000):
        deadlines.set(B, moment)
    assert len(deadlines._heap) < 100
    assert deadlines.due(9_999) == [A, B]
