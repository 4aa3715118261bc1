"""How does the file become smaller again?

What is deleted leaves free pages in the file, which the next rows fill.  Some are kept for them: to give back what an
hour's retention freed, only to take it again in the next hour, would write everything twice.  What is above that is
given back a few pages at a time, each time in a transaction of its own that is over in milliseconds.
"""

import sqlite3

from monitor.store.database import Database

SLICE_PAGES = 64
KEPT_FREE_RATIO = 0.1  # of the pages of the file
KEPT_FREE_PAGES = 1_000  # 16 MB: less is not worth the writing

_INCREMENTAL = 2  # what SQLite calls it; files of before this was so have 0, and keep their pages


async def give_back(database: Database) -> int:
    """Give pages back to the disk; return how many."""
    given = 0
    while pages := await database.write(_give_a_slice_back):
        given += pages
    return given


def surplus_pages(pages: int, free_pages: int) -> int:
    """Return how many of the free pages of a file are too many."""
    return max(0, free_pages - max(KEPT_FREE_PAGES, int(pages * KEPT_FREE_RATIO)))


def _give_a_slice_back(writer: sqlite3.Connection) -> int:
    auto_vacuum, pages, free_pages = (
        writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("auto_vacuum", "page_count", "freelist_count")
    )
    if auto_vacuum != _INCREMENTAL:
        return 0
    for _ in range(given := min(SLICE_PAGES, surplus_pages(pages, free_pages))):
        writer.execute("PRAGMA incremental_vacuum(1)")  # sqlite3 takes one step of it, and each step is a page
    return given
