"""When the disk counts as full, and how much of the file is given back."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.store.fullness import checkpoint_pages, has_room_again, is_lack_of_room, wanted_bytes
from monitor.store.shrinking import KEPT_FREE_PAGES, surplus_pages

MB = 1_000_000


def test_a_disk_that_fails_is_not_a_disk_that_is_full() -> None:
    assert is_lack_of_room("SQLITE_FULL")
    assert not is_lack_of_room("SQLITE_IOERR_WRITE")
    assert not is_lack_of_room("")


def test_room_for_the_reserve_alone_is_no_room_again() -> None:
    assert not has_room_again(32 * MB, 32 * MB)
    assert has_room_again(48 * MB, 32 * MB)


def test_without_a_reserve_some_room_is_wanted_all_the_same() -> None:
    assert not has_room_again(500_000, 0)
    assert has_room_again(2 * MB, 0)


@given(st.integers(0, 10**12))
def test_what_was_just_taken_back_is_not_let_go_at_once(reserve_bytes: int) -> None:
    assert wanted_bytes(reserve_bytes) > reserve_bytes


def test_a_tenth_of_the_file_is_kept_for_the_rows_to_come() -> None:
    assert surplus_pages(100_000, 30_000) == 20_000
    assert surplus_pages(100_000, 10_000) == 0


def test_a_small_file_is_left_as_it_is() -> None:
    assert surplus_pages(KEPT_FREE_PAGES, KEPT_FREE_PAGES) == 0


def test_what_waits_in_the_log_fits_into_the_reserve() -> None:
    assert checkpoint_pages(32 * MB, 16_384) * 16_384 < 32 * MB
    assert checkpoint_pages(3 * MB, 16_384) * 16_384 <= 1.5 * MB
    assert checkpoint_pages(1, 16_384) == 1
    assert checkpoint_pages(0, 16_384) == checkpoint_pages(1000 * MB, 16_384)
