"""Which rules are there, and when does each fire?

GET /api/v1/rules       all of them, as they are configured at present
"""

from collections.abc import Callable

from aiohttp import web
from msgspec import Struct

from alerts.model import Rule
from monitor.config import Config
from monitor.http.operations import Operation, Operations
from monitor.http.questions import answering


class RuleView(Struct, frozen=True):
    """One rule; conditions are texts such as `level <= 1`."""

    name: str
    over: str
    severity: str
    raise_when: str
    hold_for_s: float
    clear_when: str
    clear_for_s: float
    summary: str
    runbook_url: str


class RulesView(Struct, frozen=True):
    """The rules, in the order of the configuration."""

    rules: tuple[RuleView, ...]


OPERATIONS: Operations = {
    "/api/v1/rules": Operation("rules", "The rules there are, and when each fires.", RulesView),
}


class RuleRoutes:
    """The routes about rules; `config` is asked each time, since a reload makes another."""

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/api/v1/rules", answering(self.list))]

    async def list(self, _: web.Request) -> RulesView:
        """Answer with the rules there are."""
        return RulesView(tuple(rule_view(rule) for rule in self._config().rules))


def rule_view(rule: Rule) -> RuleView:
    """Return a rule as it is shown."""
    return RuleView(
        name=rule.name,
        over=rule.over.value,
        severity=rule.severity.value,
        raise_when=str(rule.raise_when),
        hold_for_s=rule.hold_for_s,
        clear_when=str(rule.clear_when),
        clear_for_s=rule.clear_for_s,
        summary=rule.summary,
        runbook_url=rule.runbook_url,
    )
