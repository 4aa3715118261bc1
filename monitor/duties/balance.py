"""Which duties does a replica take, and which does it give back?

Every replica answers that for itself, from the same roll.  None has more than its part of them and one, so that those
of one that dies are taken up by all; and as that is one more than would do, nobody gives back what the next look would
bring again.  The most urgent does not wait for somebody with room, who may be dead since the last look: whoever sees it
free takes it, and gives back another one instead.

Pure: who is there is an argument.
"""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple
from zlib import crc32

from monitor.store.leases import Roll

MORE_THAN_ITS_PART = 1


class Share(NamedTuple):
    """What one replica is to try to take, and what it is to leave to others."""

    take: Sequence[str]
    give_back: Sequence[str]


def share(duties: Sequence[str], mine: Sequence[str], roll: Roll, me: str) -> Share:
    """Return what a replica is to do about duties, of which it has `mine` now; those that are urgent come first.

    The very first is tried before any other, and what is less urgent is given back.
    """
    most = ceil(len(duties) / len({me, *roll.holders})) + MORE_THAN_ITS_PART
    free = [name for name in duties if name not in mine and roll.held.get(name, me) == me]
    # Each replica has an order of its own, or all would knock at the same doors.
    free.sort(key=lambda name: (name != duties[0], crc32(f"{me} {name}".encode())))
    by_urgency = sorted(mine, key=duties.index)
    room = max(most - len(mine), int(free[:1] == [duties[0]]))
    return Share(free[: max(0, room)], tuple(by_urgency[most:]))
