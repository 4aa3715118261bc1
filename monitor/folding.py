"""How does the picture come to have what is durable?

Events are folded into it in the order of the log, each once, and whoever wants to hear of them does so then.  On one
machine the pipeline hands on what it has just stored; where several replicas store events, each follows the log
(`monitor.following`), so that all pictures are made of the same events in the same order.
"""

from collections.abc import Callable, Iterable, Sequence

from collectors.events import Event
from monitor.entities import Change
from monitor.live import Live


class Fold:
    """The one way into the live picture, and how far into the log that reaches.

    Args:
        live: the picture.
        on_change: is told of what changed in it.
        on_event: hears of each event that is durable and in the picture.
    """

    def __init__(
        self,
        live: Live,
        on_change: Callable[[Sequence[Change]], None],
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._live = live
        self._on_change = on_change
        self._on_event = on_event
        self.applied_id = 0  # the log id that the picture has reached

    def apply(self, numbered: Iterable[tuple[int, Event]]) -> None:
        """Change the picture by events of the log that come next in it."""
        changes: list[Change] = []
        for log_id, event in numbered:
            changes += self._live.apply(event)
            self._on_event(event)
            self.applied_id = log_id
        if changes:
            self._on_change(changes)

    def refresh(self, event: Event) -> None:
        """Change the picture by what is not in the log: it says only that what is known still stands."""
        self._on_change(self._live.apply(event))
