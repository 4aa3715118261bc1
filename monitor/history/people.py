"""How many people was that, and in which minutes were they heard?

Of everybody in an hour a hash is kept, and four masks of sixty bits, one for each minute: in which they were heard, in
which a level of theirs was bad, in which the last level was good, and in which it was bad.  The same person in two
parts of an hour is the same hash, so nothing is counted twice however the hour was cut.

A level is told when it changes, and holds until the next: `standing` says in which minutes it was known, and bad.

Of more than `KEPT` people those with the lowest hashes are kept: a fair sample, the same whichever way the parts were
put together.  How close together hashes lie then tells how many people there are, to about one and a half per cent.
"""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.history.counters import Malformed, Whole, starts_of

KEPT = 4096
HASH_BITS = 48
MINUTES = 60
HEARD, BAD, ENDS_WELL, ENDS_BADLY = range(4)
MASKS = 4
RATED, DEGRADED = 1, 2  # beside HEARD, in what `standing` returns
STANDINGS = 3


class People(NamedTuple):
    """Who was there, by owners and then by hashes, each once.

    `minutes` has a row of masks for each, one for each of HEARD, BAD, ENDS_WELL, ENDS_BADLY.
    """

    owner: Whole
    person: Whole
    minutes: Whole


NOBODY = People(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, MASKS), np.int64))


def hashed(room: str, participant: str) -> int:
    """Return who somebody is, for counting; it tells nobody who that was without the whole list of people."""
    digest = blake2b(f"{room}/{participant}".encode(), digest_size=HASH_BITS // 8).digest()
    return int.from_bytes(digest, "little")


def united(owner: Whole, person: Whole, minutes: Whole) -> People:
    """Return people out of entries in any order: of one that is there twice, both count."""
    order = np.lexsort((person, owner))
    owner, person = owner[order], person[order]
    is_new = np.ones(len(owner), bool)
    is_new[1:] = (owner[1:] != owner[:-1]) | (person[1:] != person[:-1])
    starts = np.flatnonzero(is_new)
    if len(starts) < len(owner):
        minutes = np.bitwise_or.reduceat(minutes[order], starts, axis=0)
        owner, person = owner[starts], person[starts]
    else:
        minutes = minutes[order]
    is_kept = _place_in_owner(owner) < KEPT
    return People(owner[is_kept], person[is_kept], minutes[is_kept])


def _place_in_owner(owner: Whole) -> Whole:
    first = starts_of(owner)
    return np.arange(len(owner)) - np.repeat(first, np.diff(first, append=len(owner)))


def number(persons: Whole) -> float:
    """Return how many people there are, given those who are kept; an estimate where not all of them are."""
    if len(persons) < KEPT:
        return float(len(persons))
    share: float = int(persons.max()) / 2**HASH_BITS
    return max((KEPT - 1) / share, float(KEPT))


def numbers(people: People, owners: int) -> NDArray[np.float64]:
    """Return how many people each owner has."""
    kept = np.bincount(people.owner, minlength=owners).astype(np.float64)
    for full in np.flatnonzero(kept == KEPT).tolist():
        kept[full] = number(people.person[people.owner == full])
    return kept


def weights(people: People, owners: int) -> NDArray[np.float64]:
    """Return for how many people each one stands who is kept."""
    kept = np.bincount(people.owner, minlength=owners)
    return (numbers(people, owners) / np.maximum(kept, 1))[people.owner]


def standing(people: People) -> Whole:
    """Return three masks of each: in which minutes they were heard (HEARD), and then RATED, and then DEGRADED."""
    heard, bad, ends_well, ends_badly = people.minutes.T
    told = ends_well | ends_badly
    is_well, is_ill = _held(ends_well & ~ends_badly, told), _held(ends_badly & ~ends_well, told)
    return np.column_stack((heard, heard & (is_well | is_ill | told), heard & (is_ill | bad)))


def _held(masks: Whole, told: Whole) -> Whole:
    """Return the masks, with each bit carried on up to the next minute in which something was told.

    By twice as many places each time, past minutes that are free: six steps for sixty minutes of everybody.
    """
    free = ~told
    for places in (1, 2, 4, 8, 16, 32):
        masks = masks | (free & (masks << places))
        free = free & (free << places)
    return masks


def expected_minutes(people: People) -> Whole:
    """Return how many minutes there are from the first in which each was heard to the last, both counted."""
    heard = people.minutes[:, HEARD]
    after_last, before_first = _length(heard), np.bitwise_count((heard & -heard) - 1)
    return np.where(heard == 0, 0, after_last - before_first).astype(np.int64)


def _length(masks: Whole) -> NDArray[np.uint8]:
    """Return the place after the highest bit of each mask, by setting all bits below it."""
    for places in (1, 2, 4, 8, 16, 32):
        masks = masks | masks >> places
    return np.bitwise_count(masks)


# --- as bytes ---------------------------------------------------------------------------------------------


def pack(people: People, owners: int) -> list[bytes]:
    """Return the people of each owner as bytes."""
    bounds = np.searchsorted(people.owner, np.arange(owners + 1)).tolist()
    table = np.column_stack((people.person, people.minutes)).astype("<i8")
    return [table[start:end].T.tobytes() for start, end in pairwise(bounds)]


def unpack(bodies: Sequence[bytes]) -> People:
    """Return the people in bytes, owned by number.

    Raises:
        Malformed: there are none in them.
    """
    row_bytes = 8 * (1 + MASKS)
    if any(len(body) % row_bytes for body in bodies):
        raise Malformed(f"expected people as {row_bytes} bytes each, got a part of one")
    tables = [np.frombuffer(body, "<i8").reshape(1 + MASKS, -1).T for body in bodies]
    table = np.concatenate([np.empty((0, 1 + MASKS), np.int64), *tables])
    owner = np.repeat(np.arange(len(bodies)), [len(each) for each in tables])
    return People(owner, table[:, 0], table[:, 1:])
