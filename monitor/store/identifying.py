"""By what is a repeat of an event told from news?

Posts are numbered by whoever sends them, so little needs to be remembered of a session (`monitor.store.numbering`).
Callbacks come by the dozen, not by the thousand, and have a key each.
"""

from collectors.events import Event
from collectors.observations import TelemetryBatch

Post = tuple[str, int]  # a session, and the number of a post in it


def post_of(event: Event) -> Post | None:
    """Return the session and the number of a post that has both."""
    if type(event) is TelemetryBatch and event.session is not None and event.seq is not None:
        return event.session, event.seq
    return None


def key_of(event: Event) -> str | None:
    """Return the key of what is no numbered post."""
    return None if type(event) is TelemetryBatch else event.dedup_key
