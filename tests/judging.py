"""Engine and groups as one, for tests that care for what is found and owed and not for how."""

from collections.abc import Iterable

from alerts.default_rules import DEFAULT_RULES
from alerts.engine import Engine
from alerts.group_book import Policy
from alerts.groups import Groups
from alerts.inhibition import Inhibitors
from alerts.model import Judgement, Kind, Plan, Reading, Rule
from alerts.routing import Route
from tests.alert_builders import make_plan
from tests.builders import ALICE, ROOM

AT_ONCE = make_plan("pager", group_by=("...",), group_wait_s=0.0, resolve_wait_s=0.0)


class Judge:
    """Looks, believes what it found, and says what is to be made true; by default each alert is an incident at once."""

    def __init__(self, rules: Iterable[Rule], *plans: Plan, instance: str = "test") -> None:
        root, *others = plans or (AT_ONCE,)
        routes = tuple(Route(plan, continue_=True) for plan in others)
        self.engine = Engine(rules)
        self.groups = Groups(Policy(Route(root, routes=routes), Inhibitors(), instance=instance))

    def look(self, *readings: Reading, at: float) -> Judgement:
        """Return what these readings and the time come to."""
        found = self.engine.judge(readings, at)
        grouped = self.groups.judge(found, at)
        self.engine.adopt(grouped.judgement.alerts, found.deadlines)
        self.groups.adopt(grouped)
        return grouped.judgement


def fired(entity: str = f"{ROOM}/{ALICE}", *, at: float = 100.0) -> tuple[Judgement, Judge]:
    """Return what firing comes to, by the real engine and groups."""
    judge = Judge(DEFAULT_RULES)
    reading = Reading(Kind.PARTICIPANT, entity, {"level": 1}, {}, {"identity": "alice"})
    judge.look(reading, at=at - 10)
    return judge.look(reading, at=at), judge
