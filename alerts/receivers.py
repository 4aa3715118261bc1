"""Through which notifier does a word go?

By the name of its receiver, as a rule.  But the configuration changes while incidents are open, and what one receiver
opened another one cannot close: PagerDuty drops a resolve under another key without a word.  So each accepted word
remembers its *target*, a fingerprint of service, address and credential, and the words after it look for that target:
under the receiver's name, under another name (it was renamed), or among those that were configured until a reload.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.model import Owed
from alerts.notifiers.base import Notifier, target_of


@dataclass(frozen=True, slots=True)
class Door:
    """One way to a receiver; `name` is what its pauses, its failures and its hands are counted by."""

    name: str
    notifier: Notifier


class Receivers:
    """The notifiers of today, and those of before that may still be needed."""

    def __init__(self, notifiers: Mapping[str, Notifier]) -> None:
        self._present: Mapping[str, Notifier] = {}
        self._retired: dict[str, Notifier] = {}
        self._by_target: dict[str, Notifier] = {}
        self._remembered: Mapping[str, str] = {}
        self.use(notifiers)

    def use(self, notifiers: Mapping[str, Notifier]) -> None:
        """Have these from now on, and keep the others for what they opened."""
        self._retired = {**self._retired, **self._present}
        self._present = dict(notifiers)
        for notifier in self._present.values():
            target = target_of(notifier)
            if target:
                self._by_target[target] = notifier

    def remember(self, targets: Mapping[str, str]) -> None:
        """Know where receivers of other names were, before this process began."""
        self._remembered = targets

    @property
    def names(self) -> Iterable[str]:
        """Return the receivers of today."""
        return self._present.keys()

    @property
    def targets(self) -> Mapping[str, str]:
        """Return where each receiver of today is, as far as it says."""
        found = {name: target_of(notifier) for name, notifier in self._present.items()}
        return {name: target for name, target in found.items() if target}

    def usual_doors(self) -> Iterable[tuple[str, Door]]:
        """Return the name of each receiver that has a notifier, and where its words go as a rule."""
        return [(name, Door(name, notifier)) for name, notifier in {**self._retired, **self._present}.items()]

    def door(self, owed: Owed) -> Door | None:
        """Return the way for a word, or None if there is none any more."""
        receiver = owed.notification.receiver
        present = self._present.get(receiver)
        if present is not None and owed.target in ("", target_of(present)):
            return Door(receiver, present)
        bound = self._by_target.get(owed.target) if owed.target else None
        if bound is not None:
            # Not under the receiver's own name: if this way is blocked, the one of today is not.
            return Door(f"{receiver} at {owed.target}", bound)
        usual = present or self._retired.get(receiver) or self._by_target.get(self._remembered.get(receiver, ""))
        return None if usual is None else Door(receiver, usual)
