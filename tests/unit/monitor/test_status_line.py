"""What `systemctl status` shows."""

from monitor.supervision.status_line import Standing, status_line


def test_a_quiet_day_is_told_in_numbers() -> None:
    assert status_line(Standing(12, 34, 0)) == "12 rooms, 34 people, no alert"


def test_one_is_not_several() -> None:
    assert status_line(Standing(1, 1, 1)) == "1 room, 1 person, 1 alert firing"


def test_what_is_wrong_comes_first() -> None:
    said = status_line(Standing(0, 0, 2, ["the disk is full"]))
    assert said == "the disk is full; 0 rooms, 0 people, 2 alerts firing"
