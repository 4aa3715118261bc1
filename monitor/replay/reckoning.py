"""What did a replay come to, rule by rule?"""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from alerts.model import Alert, Kind, NotificationKind, Rule, State
from monitor.replay.judging import Found


class Sum(Struct, frozen=True):
    """What became of one rule.

    `subjects` are different people, rooms or other things that its episodes were about.  `pages` are triggers, one for
    each receiver.  `firing` is how many alerts fire at the end.
    """

    rule: str
    over: Kind
    episodes: int = 0
    subjects: int = 0
    pages: int = 0
    firing: int = 0


class Reckoning:
    """Counts what looks have found."""

    def __init__(self) -> None:
        self._episodes: Counter[str] = Counter()
        self._subjects: dict[str, set[str]] = {}
        self._pages: Counter[str] = Counter()

    def add(self, found: Found) -> None:
        """Count what one look has found."""
        for each in found.transitions:
            if each.after is State.FIRING:
                self._episodes[each.rule] += 1
                self._subjects.setdefault(each.rule, set()).add(each.entity)
        for said in found.said:
            if said.what == NotificationKind.TRIGGER:
                self._pages[said.rule] += len(said.receivers)

    def sums(self, rules: Iterable[Rule], alerts: Iterable[Alert]) -> Sequence[Sum]:
        """Return the sum of each rule, also of those that had nothing to say; `alerts` are those at the end."""
        firing = Counter(alert.rule for alert in alerts if alert.state is State.FIRING)
        return [
            Sum(
                rule.name,
                rule.over,
                self._episodes[rule.name],
                len(self._subjects.get(rule.name, ())),
                self._pages[rule.name],
                firing[rule.name],
            )
            for rule in rules
        ]
