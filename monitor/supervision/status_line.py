"""What does `systemctl status` show of this daemon, in one line?  Pure."""

from collections.abc import Sequence
from typing import NamedTuple


class Standing(NamedTuple):
    """How it stands: what is watched, what fires, and in words each thing that is wrong."""

    rooms: int
    people: int
    firing: int
    wrong: Sequence[str] = ()


def status_line(standing: Standing) -> str:
    """Return the line, what is wrong first: the end of a long one is cut off."""
    watched = f"{_counted(standing.rooms, 'room')}, {_people(standing.people)}"
    fires = f"{_counted(standing.firing, 'alert')} firing" if standing.firing else "no alert"
    return "; ".join([*standing.wrong, f"{watched}, {fires}"])


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
