"""When is the disk full, and when is there room again?  Pure."""

ROOM_AGAIN_RATIO = 1.5  # of the reserve must be free before it is taken back, or it would be let go again at once
ROOM_AGAIN_BYTES = 1_048_576  # and this much at least, where there is no reserve

_CHECKPOINT_PAGES = 1_000  # of the write-ahead log, and then they go to where they belong in the file

_LACK_OF_ROOM = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}  # the latter where the index of the write-ahead log has to grow


def is_lack_of_room(error_name: str) -> bool:
    """Whether SQLite failed because the disk is full."""
    return error_name in _LACK_OF_ROOM


def checkpoint_pages(reserve_bytes: int, page_bytes: int) -> int:
    """Return after how many pages the write-ahead log is to begin anew.

    What is in it may be new to the file.  When the disk is full, the file grows into the reserve by as much; so half
    of that is enough, and the other half stays for what is written from then on.
    """
    return _CHECKPOINT_PAGES if reserve_bytes == 0 else min(_CHECKPOINT_PAGES, max(1, reserve_bytes // 2 // page_bytes))


def wanted_bytes(reserve_bytes: int) -> int:
    """Return how much must be free before telemetry is taken again."""
    return max(ROOM_AGAIN_BYTES, int(reserve_bytes * ROOM_AGAIN_RATIO))


def has_room_again(free_bytes: int, reserve_bytes: int) -> bool:
    """Whether there is room for the reserve, and for some telemetry beside it."""
    return free_bytes >= wanted_bytes(reserve_bytes)
