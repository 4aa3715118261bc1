"""Bytes come back as they were, whoever else packs and unpacks at the same time."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard

from monitor.packing import pack, unpack


def test_threads_that_unpack_at_the_same_time_do_not_disturb_each_other() -> None:
    some = random.Random(1)
    bodies = [some.randbytes(20_000) * 5 for _ in range(40)]
    packed = [pack(body, level) for body, level in zip(bodies, [1, 3, 9, 3] * 10, strict=True)]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(10):
            assert list(threads.map(unpack, packed)) == bodies


def test_threads_that_pack_at_the_same_time_do_not_disturb_each_other() -> None:
    some = random.Random(2)
    bodies = [some.randbytes(20_000) * 5 for _ in range(40)]
    with ThreadPoolExecutor(8) as threads:
        assert [unpack(each) for each in threads.map(pack, bodies)] == bodies


def test_what_was_never_packed_is_no_bytes_of_ours() -> None:
    with pytest.raises(zstandard.ZstdError):
        unpack(b"as it came")
