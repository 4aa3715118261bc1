"""Is the clock of this machine behind what it has seen already?  Pure."""

DAY_MS = 86_400_000


def clock_behind(newest_at_ms: int | None, now_ms: int) -> str:
    """Return in words that the newest thing on record is more than a day ahead of the clock, or nothing."""
    if newest_at_ms is None or newest_at_ms - now_ms <= DAY_MS:
        return ""
    days = (newest_at_ms - now_ms) / DAY_MS
    return (
        f"the database has something that is {days:.1f} days ahead of this machine's clock: set the clock, or retention"
        " and what is shown as present will be wrong until it has caught up"
    )
