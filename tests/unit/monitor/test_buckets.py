"""Is every sample in its ten seconds, and does a level hold as long as it should?"""

from collections.abc import Sequence

import numpy as np

from collectors.observations import Direction, MediaStats, NetworkQuality
from monitor.history.buckets import TEN_S_MS, Buckets, tens
from monitor.history.gathering import Gathering
from monitor.history.people import DEGRADED, HEARD, RATED, hashed
from monitor.history.samples import Samples
from monitor.history.spans import Who
from tests.builders import ALICE, BOB, NOW_MS

START_MS = NOW_MS // TEN_S_MS * TEN_S_MS


def line(participant: str, *seen: MediaStats | NetworkQuality) -> tuple[Who, Samples]:
    gathering = Gathering()
    gathering.add(seen)
    return Who(hashed("RM", participant), participant, {"room": "RM"}), gathering.samples()


def at(place: int) -> int:
    return START_MS + place * TEN_S_MS


def over(lines: Sequence[tuple[Who, Samples]], buckets: int) -> Buckets:
    return tens(lines, START_MS, at(buckets))


def test_samples_are_counted_in_their_ten_seconds() -> None:
    alice = line(ALICE, MediaStats(at(0), rtt_ms=10), MediaStats(at(1) - 1, rtt_ms=20), MediaStats(at(2), rtt_ms=30))
    bob = line(BOB, MediaStats(at(2) + 5, rtt_ms=50, up=Direction(freezes=1), down=Direction(freezes=2)))
    found = over([alice, bob], 3)
    assert found.count("samples").tolist() == [2, 0, 2]
    assert found.count("freezes").tolist() == [0, 0, 3]
    assert found.mean("rtt_ms")[[0, 2]].tolist() == [15, 40]
    assert found.people[:, HEARD].tolist() == [1, 0, 2]


def test_what_is_outside_is_left_out() -> None:
    found = over([line(ALICE, MediaStats(at(-1)), MediaStats(at(1)), MediaStats(at(2)))], 2)
    assert found.count("samples").tolist() == [0, 1]


def test_a_level_told_before_still_holds() -> None:
    media = [MediaStats(at(place)) for place in range(4)]
    found = over([line(ALICE, NetworkQuality(at(-9), 1), NetworkQuality(at(2), 5), *media)], 4)
    assert found.people[:, RATED].tolist() == [1, 1, 1, 1]
    assert found.people[:, DEGRADED].tolist() == [1, 1, 0, 0]


def test_a_level_that_somebody_else_saw_is_no_level_of_theirs() -> None:
    found = over([line(ALICE, NetworkQuality(at(0), 0, BOB), NetworkQuality(at(1), 0, ALICE))], 2)
    assert found.count("samples").tolist() == [1, 1]
    assert found.count("level_0").tolist() == [0, 1]


def test_of_nobody_there_are_buckets_with_nothing_in_them() -> None:
    found = over([], 3)
    assert found.count("samples").tolist() == [0, 0, 0]
    assert np.isnan(found.mean("rtt_ms")).all()
