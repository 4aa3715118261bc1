"""Who can be told, how does it go with them, and does it work?

    GET  /api/v1/receivers                 all of them, without anything secret
    POST /api/v1/receivers/{name}/test     have one told a trigger and a resolve that are marked as a test

A test goes the way of every other word, through the outbox and the dispatcher; what became of it is asked by the ids of
its notifications (`monitor.http.notifications`).
"""

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web
from msgspec import Struct

from alerts.breaker import Circuit
from alerts.model import Notification, Severity
from alerts.notifiers.base import Attempt, Notifier
from alerts.notifiers.registry import kind_of
from alerts.trial import trial
from monitor.config import Config
from monitor.http.operations import Operation, Operations, in_path
from monitor.http.problems import Refused
from monitor.http.questions import answering, told
from monitor.store.ports import AlertHistory, Standing, StoreFailed


class BudgetView(Struct, frozen=True):
    """How many requests within how many seconds a service takes; who has the same key shares them."""

    requests: int
    per_s: float
    key: str


class ReceiverView(Struct, frozen=True):
    """One receiver.

    `origin` is where its words go, as far as that is no secret; `is_used` whether any route leads to it.  `circuit` is
    closed, open (it has not answered for so long that it is asked seldom) or half_open.  Times are null where nothing
    of the kind is on record; `dead` counts what was given up.
    """

    name: str
    kind: str
    origin: str
    is_used: bool
    circuit: str
    budget: BudgetView | None
    waiting: int
    dead: int
    oldest_waiting_at_ms: int | None
    last_success_at_ms: int | None
    last_failure_at_ms: int | None
    last_error: str


class ReceiversView(Struct, frozen=True):
    """Everybody who can be told, in the order of the configuration."""

    receivers: tuple[ReceiverView, ...]


class TrialAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """How bad the test pretends to be; some receivers wake nobody for what is not critical."""

    severity: Severity = Severity.INFO


class TrialOwed(Struct, frozen=True):
    """What is owed now, by the ids of the notifications, in their order."""

    receiver: str
    notifications: tuple[str, ...]


_decode_asked = msgspec.json.Decoder(TrialAsked)

OPERATIONS: Operations = {
    "/api/v1/receivers": Operation(
        "receivers", "Who can be told, where they are as far as that is no secret, and how it goes.", ReceiversView
    ),
    "POST /api/v1/receivers/{name}/test": Operation(
        "testReceiver",
        "Tell a receiver a trigger and a resolve that are marked as a test; ask for them by their ids.",
        TrialOwed,
        [in_path("name", "The name of a receiver.")],
        {404: "No such receiver is configured."},
        body=TrialAsked,
        status=201,
    ),
}

Owe = Callable[[Callable[[float], tuple[Notification, ...]]], Awaitable[None]]


class ReceiverRoutes:
    """The routes about receivers.

    Args:
        store: what is on record of them.
        config: what is configured at present.
        circuits: whether each is asked.
        owe: has notifications owed, which are made of the time.
        now_s: the time.
    """

    def __init__(
        self,
        store: AlertHistory,
        config: Callable[[], Config],
        circuits: Callable[[], Mapping[str, Circuit]],
        owe: Owe,
        now_s: Callable[[], float],
    ) -> None:
        self._store = store
        self._config = config
        self._circuits = circuits
        self._owe = owe
        self._now_s = now_s

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/receivers", answering(self.list)),
            web.post("/api/v1/receivers/{name}/test", answering(self.test, status=201)),
        ]

    async def list(self, _: web.Request) -> ReceiversView:
        """Answer with everybody who can be told."""
        config, circuits = self._config(), self._circuits()
        used = {*config.routing.receivers(), config.alerts.fallback_receiver}
        return ReceiversView(
            tuple(
                [
                    self._view(
                        name,
                        notifier,
                        await self._store.standing(name),
                        is_used=name in used,
                        circuit=circuits.get(name, Circuit.CLOSED),
                    )
                    for name, notifier in config.notifiers.items()
                ]
            )
        )

    async def test(self, request: web.Request) -> TrialOwed:
        """Have a test owed to a receiver."""
        name, config = request.match_info["name"], self._config()
        if name not in config.notifiers:
            known = ", ".join(config.notifiers) or "none is configured"
            raise Refused.at(404, "name", f"expected a receiver of the daemon's ({known}), got {name[:60]!r}")
        asked = await told(request, _decode_asked)
        words: list[Notification] = []

        def made(now_s: float) -> tuple[Notification, ...]:
            words[:] = trial(name, asked.severity, config.alerts.instance, now_s)
            return tuple(words)

        try:
            await self._owe(made)
        except StoreFailed as error:
            raise Refused(503, f"expected to be able to store it, got {error}; nothing is owed") from None
        return TrialOwed(name, tuple(each.id for each in words))

    def _view(
        self, name: str, notifier: Notifier, standing: Standing, *, is_used: bool, circuit: Circuit
    ) -> ReceiverView:
        budget = notifier.budget
        return ReceiverView(
            name=name,
            kind=kind_of(notifier),
            origin=origin_of(name, notifier, self._now_s()),
            is_used=is_used,
            circuit=circuit.value,
            budget=None if budget is None else BudgetView(budget.requests, budget.per_s, budget.key),
            waiting=standing.waiting,
            dead=standing.dead,
            oldest_waiting_at_ms=_ms(standing.oldest_waiting_at_s),
            last_success_at_ms=_ms(standing.last_success_at_s),
            last_failure_at_ms=_ms(standing.last_failure_at_s),
            last_error=standing.last_error,
        )


def origin_of(name: str, notifier: Notifier, now_s: float) -> str:
    """Return where a receiver's words go, as far as that may be shown."""
    trigger, _ = trial(name, Severity.INFO, "", now_s)
    request = notifier.render(trigger, Attempt(now_s))
    return "" if request is None else request.origin


def _ms(at_s: float | None) -> int | None:
    return None if at_s is None else round(at_s * 1000)
