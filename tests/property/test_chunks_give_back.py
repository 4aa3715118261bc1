"""Whatever was measured comes back from a chunk, to the resolution of its field."""

import contextlib
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from collectors.observations import Direction, MediaStats, NetworkQuality
from monitor.history.chunks import Malformed, column_of, decode, encode, encoded, media_in, moments_of
from monitor.history.gathering import Gathering
from monitor.history.gathering import gathered as gathered_by_all
from monitor.history.samples import LEVEL_FIELDS, MEDIA_FIELDS, Samples, joined
from monitor.packing import pack
from tests.builders import ALICE, BOB, NOW_MS

_MOMENTS = st.integers(NOW_MS - 86_400_000, NOW_MS + 86_400_000)
_COUNTS = st.none() | st.integers(0, 10_000)
_WORDS = st.none() | st.sampled_from(["cpu", "bandwidth", "other"])


def _numbers(highest: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(0, highest)


_DIRECTIONS = st.none() | st.builds(
    Direction,
    _numbers(1),
    _numbers(30_000),
    _numbers(1e8),
    _numbers(240),
    _COUNTS,
    _COUNTS,
    _COUNTS,
    limited_by=_WORDS,
)
_MEDIA = st.builds(MediaStats, _MOMENTS, _COUNTS, _numbers(60_000), _DIRECTIONS, _DIRECTIONS)
_LEVELS = st.builds(NetworkQuality, _MOMENTS, st.none() | st.integers(0, 5), st.sampled_from([None, ALICE, BOB]))
_OBSERVATIONS = st.lists(_MEDIA | _LEVELS, max_size=40)


def gathered(observations: Sequence[MediaStats | NetworkQuality]) -> Samples:
    gathering = Gathering()
    gathering.add(observations)
    return gathering.samples()


def alike(one: Samples, other: Samples) -> None:
    assert one.at_ms.tolist() == other.at_ms.tolist()
    assert one.level_at_ms.tolist() == other.level_at_ms.tolist()
    for ours, theirs, fields in ((one.media, other.media, MEDIA_FIELDS), (one.levels, other.levels, LEVEL_FIELDS)):
        for place, field in enumerate(fields):
            if not field.is_word:
                exactly = 2e-7 * np.nan_to_num(ours[:, place])  # what four bytes hold
                np.testing.assert_allclose(
                    theirs[:, place], ours[:, place], rtol=0, atol=0.5 / field.steps + exactly.max(initial=0)
                )


@given(_OBSERVATIONS)
def test_what_went_into_a_chunk_comes_out_of_it(observations: Sequence[MediaStats | NetworkQuality]) -> None:
    before = gathered(observations)
    after = decode(encode(before))
    alike(before, after)
    words = [
        (each.up.limited_by if isinstance(each, MediaStats) and each.up else None) for each in before.observations()
    ]
    assert [
        (each.up.limited_by if isinstance(each, MediaStats) and each.up else None) for each in after.observations()
    ] == words


@given(st.lists(_OBSERVATIONS, max_size=4), st.sampled_from([each.name for each in MEDIA_FIELDS]))
def test_one_field_of_many_chunks_is_as_it_is_in_each(
    parts: Sequence[Sequence[MediaStats | NetworkQuality]], name: str
) -> None:
    bodies = [encode(gathered(part)) for part in parts]
    each, together = [decode(body) for body in bodies], [media_in(body) for body in bodies]
    assert [media.rows for media in together] == [len(samples.at_ms) for samples in each]
    assert moments_of(together).tolist() == [at_ms for samples in each for at_ms in samples.at_ms.tolist()]
    expected = [value for samples in each for value in samples.column(name).tolist()]
    np.testing.assert_array_equal(column_of(together, name), np.array(expected, np.float64))


@given(st.lists(_OBSERVATIONS, min_size=1, max_size=5))
def test_a_chunk_that_is_made_among_others_is_as_it_is_alone(
    people: list[Sequence[MediaStats | NetworkQuality]],
) -> None:
    gatherings = [Gathering() for _ in people]
    for gathering, observations in zip(gatherings, people, strict=True):
        gathering.add(observations)
    together = encoded(gathered_by_all(gatherings))
    assert together == [encode(gathering.samples()) for gathering in gatherings]


@given(st.lists(_OBSERVATIONS, min_size=1, max_size=4))
def test_several_chunks_together_are_as_one(parts: Sequence[Sequence[MediaStats | NetworkQuality]]) -> None:
    together = joined([decode(encode(gathered(part))) for part in parts])
    at_once = decode(encode(gathered([each for part in parts for each in part])))
    assert list(together.observations()) == list(at_once.observations())


def test_the_sdks_own_object_stays_with_its_level() -> None:
    levels = [NetworkQuality(NOW_MS + place, place, stats=Raw(b'{"n":%d}' % place)) for place in (2, 0, 1)]
    parts = [
        encode(gathered(levels[:2])),
        encode(gathered([NetworkQuality(NOW_MS + 5, 5)])),
        encode(gathered(levels[2:])),
    ]
    together = joined([decode(part) for part in parts])
    assert together.stats == (b'{"n":0}', b'{"n":1}', b'{"n":2}', b"null")
    assert [bytes(each.stats) for each in together.observations()] == [*together.stats]


def test_levels_of_which_the_sdk_said_no_more_come_back_without_more() -> None:
    level = NetworkQuality(NOW_MS, 4)
    assert list(decode(encode(gathered([level]))).observations()) == [level]


def test_a_clock_that_is_ahead_is_set_back() -> None:
    gathering = Gathering()
    assert gathering.add([MediaStats(NOW_MS), NetworkQuality(NOW_MS + 1, 3)], ahead_ms=1_000) == 2
    assert gathering.samples().span_ms == (NOW_MS - 1_000, NOW_MS - 999)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_chunk_are_called_so(body: bytes) -> None:
    for read in (decode, media_in):
        with pytest.raises(Malformed):
            read(body)


@given(_OBSERVATIONS, st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_chunk_breaks_nothing_but_itself(
    observations: Sequence[MediaStats | NetworkQuality], where: int, change: int
) -> None:
    body = bytearray(encode(gathered(observations)))
    body[where % len(body)] ^= change
    with contextlib.suppress(Malformed):  # what a checksum would find is for the file system to prevent
        decode(bytes(body))
    with contextlib.suppress(Malformed):
        media = media_in(bytes(body))
        assert len(column_of([media], "rtt_ms")) == media.rows


@pytest.mark.parametrize(
    "said",
    [
        (2, [0] * 19, b"\0" * 18, b""),
        (2, [0] * 18, b"\0" * 19, b""),
        (2, [0] * 19, b"\0" * 18 + b"\x80", b"\0"),
        (2, [2**63] * 19, b"\0" * 19, b""),
        (2**40, [0] * 19, b"\0" * 19, b""),
    ],
    ids=["too few planes", "too few columns", "bytes missing", "a number too large", "too many rows"],
)
def test_what_cannot_be_is_found_before_it_is_read_with_others(said: tuple[object, ...]) -> None:
    with pytest.raises(Malformed):
        media_in(pack(msgspec.msgpack.encode([said, [[], [], []], [], []])))
