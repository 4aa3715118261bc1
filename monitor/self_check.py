"""How does the house stand?  Whoever is about to say that all is well looks here first (`alerts.audit`)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from alerts.audit import Facts
from alerts.dispatcher import Dispatcher
from alerts.ports import Outbox
from monitor.evaluation import Evaluation
from monitor.pipeline import Pipeline
from monitor.polling import Poll

ALWAYS_ASKED = "rooms"  # other polls have nothing to ask now and then, and so prove nothing


class Watched(Protocol):
    """An account, as far as it is polled."""

    @property
    def name(self) -> str:
        """Return what it is called in the configuration."""

    @property
    def polls(self) -> Sequence[Poll]:
        """Return what is polled of it."""


class SelfCheck:
    """Looks the parts of the daemon over.

    Args:
        outbox: what is owed.
        dispatcher: who says it.
        evaluation: who looks at rules.
        pipeline: who stores what is heard.
        accounts: who is polled.
        outbox_late_s: how long something may be due before it counts.
        polling_silent_s: how long polls may fail before it counts; one that is due more seldom may for longer.
        now_s: the time.
    """

    def __init__(
        self,
        outbox: Outbox,
        dispatcher: Dispatcher,
        evaluation: Evaluation,
        pipeline: Pipeline,
        accounts: Iterable[Watched],
        *,
        outbox_late_s: float,
        polling_silent_s: float,
        now_s: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._evaluation = evaluation
        self._pipeline = pipeline
        self._accounts = accounts
        self._outbox_late_s = outbox_late_s
        self._polling_silent_s = polling_silent_s
        self._started_at_s = now_s()

    async def look(self, now_s: float) -> Facts:
        """Return how it stands.

        Raises:
            StoreFailed: nobody knows what is owed.
        """
        overdue = await self._outbox.due(now_s - self._outbox_late_s, 1, self._dispatcher.blocked)
        looked_at_s, waiting_since_s = self._evaluation.looked_at_s, self._pipeline.waiting_since_s
        return Facts(
            evaluator_silent_s=now_s - max(looked_at_s, self._started_at_s),
            overdue=tuple(dict.fromkeys(each.notification.receiver for each in overdue)),
            events_wait_s=0.0 if waiting_since_s is None else now_s - waiting_since_s,
            polls_silent_s=dict(self._silences(now_s)),
        )

    def _silences(self, now_s: float) -> Iterator[tuple[str, float]]:
        for account in self._accounts:
            for poll in account.polls:
                if poll.resource == ALWAYS_ASKED:
                    heard_s = self._started_at_s if poll.last_success_ms is None else poll.last_success_ms / 1000
                    excused_s = max(0.0, poll.stale_after_s - self._polling_silent_s)
                    yield account.name, now_s - heard_s - excused_s
