"""How long was nobody there?"""

from monitor.attendance import KEPT, LEAST_S, Attendance
from tests.alert_builders import START


def attended(*moments_s: float) -> Attendance:
    attendance = Attendance(START)
    for moment_s in moments_s:
        attendance.note(START + moment_s)
    return attendance


def test_who_takes_note_all_the_time_misses_nothing():
    assert attended(1, 2, 3).missed_s(START, START + 4) == 0


def test_an_absence_is_known_to_whoever_asks_first_afterwards():
    assert attended(1).missed_s(START, START + 31) == 30


def test_of_an_absence_counts_what_was_after_the_moment_asked_about():
    attendance = attended(1, 31, 32)
    assert attendance.missed_s(START + 21, START + 33) == 10
    assert attendance.missed_s(START + 31, START + 33) == 0


def test_absences_add_up():
    assert attended(10, 11, 21).missed_s(START, START + 22) == 20


def test_a_busy_moment_is_no_absence():
    assert attended(LEAST_S - 0.1).missed_s(START, START + LEAST_S) == 0


def test_however_often_somebody_is_away_no_more_than_the_last_times_are_remembered():
    attendance = attended(*(10.0 * number for number in range(1, 2 * KEPT + 1)))
    assert attendance.missed_s(START, START + 20 * KEPT) == 10 * KEPT
