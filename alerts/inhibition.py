"""Which alerts are the fault of another?

When a region is bad, so is every call in it, and nobody needs to hear of each.  An *inhibition* says so: while an
alert fires that its `source` means, the alerts that its `target` means are not told of, if both have the same value of
every label in `equal`.  They go on firing and clearing; whoever looks is told which alert mutes them.

An alert never mutes itself.  If it is meant by both sides of an inhibition, then alerts that are so too do not mute it:
otherwise two equals would mute each other.  Two inhibitions can point at each other as well, and then alerts could
mute each other in a circle, and nobody would hear of any.  So an alert is not muted by one that is muted, be it in
several steps, by itself.  Behind every muted alert, then, there is one that is not.

A label of `equal` that an alert has not got makes the inhibition silent about it.  (Alertmanager takes two labels that
are missing for equal.  Here labels say where something happens, and two alerts that do not know where have nothing in
common.)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.matchers import Matcher, all_match, parse_matchers
from alerts.model import Alert

_Values = tuple[str, ...]
_Shelf = tuple[int, _Values]


class InhibitionError(ValueError):
    """An inhibition that cannot be built; `key` says which part of it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Alerts that all of `source` agree with mute those that all of `target` agree with."""

    name: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()

    def values(self, labels: Mapping[str, str]) -> _Values | None:
        """Return the values that source and target have in common, or None where one of them is missing."""
        values = tuple(labels.get(name, "") for name in self.equal)
        return values if all(values) else None


def build_inhibition(
    name: str,
    *,
    source: str | Iterable[str],
    target: str | Iterable[str],
    equal: Iterable[str] = (),
) -> Inhibition:
    """Return the inhibition that these texts describe.

    Raises:
        InhibitionError: one of them cannot be understood.
    """
    return Inhibition(name, _side("source", source), _side("target", target), _names(equal))


class Inhibitors:
    """The firing alerts that mute others, found by the values that they must share."""

    def __init__(self, inhibitions: Sequence[Inhibition] = ()) -> None:
        self._inhibitions = tuple(inhibitions)
        self._sources: dict[_Shelf, dict[str, Alert]] = {}
        self._shelves: dict[str, list[_Shelf]] = {}

    def add(self, alert: Alert) -> None:
        """Let an alert that fires mute others; one that is there already takes the place of what it was."""
        self.remove(alert)
        shelves = list(self._shelves_of(alert.all_labels))
        for shelf in shelves:
            self._sources.setdefault(shelf, {})[alert.fingerprint] = alert
        if shelves:
            self._shelves[alert.fingerprint] = shelves

    def remove(self, alert: Alert) -> bool:
        """Forget an alert that fires no longer, and say whether it may have muted others."""
        shelves = self._shelves.pop(alert.fingerprint, [])
        for shelf in shelves:
            del self._sources[shelf][alert.fingerprint]
            if not self._sources[shelf]:
                del self._sources[shelf]
        return bool(shelves)

    def muted_by(self, alert: Alert) -> Alert | None:
        """Return the alert that mutes this one, or None: people are to hear of it."""
        found = self.muting(alert)
        return None if found is None else found[1]

    def muting(self, alert: Alert) -> tuple[Inhibition, Alert] | None:
        """Return why an alert is muted: the inhibition, and the alert that is its source."""
        if not self._sources:
            return None
        muting = self._directly(alert)
        return next((each for each in muting if not self._leads_back(each[1], alert)), None)

    def _shelves_of(self, labels: Mapping[str, str]) -> Iterator[_Shelf]:
        for number, inhibition in enumerate(self._inhibitions):
            values = inhibition.values(labels)
            if values is not None and all_match(inhibition.source, labels):
                yield number, values

    def _directly(self, alert: Alert) -> Iterator[tuple[Inhibition, Alert]]:
        """Yield what would mute the alert, if it were not for circles."""
        labels = alert.all_labels
        for number, inhibition in enumerate(self._inhibitions):
            values = inhibition.values(labels)
            sources = None if values is None else self._sources.get((number, values))
            if sources and all_match(inhibition.target, labels):
                for source in _but_equals(inhibition, alert.fingerprint, labels, sources):
                    yield inhibition, source

    def _leads_back(self, source: Alert, alert: Alert) -> bool:
        """Whether `source` is itself muted by `alert`, in however many steps."""
        seen, unseen = {source.fingerprint}, [source]
        while unseen:
            for _, behind in self._directly(unseen.pop()):
                if behind.fingerprint == alert.fingerprint:
                    return True
                if behind.fingerprint not in seen:
                    seen.add(behind.fingerprint)
                    unseen.append(behind)
        return False


def _but_equals(
    inhibition: Inhibition, own: str, labels: Mapping[str, str], sources: Mapping[str, Alert]
) -> Iterator[Alert]:
    """Yield the sources, without those that are meant by both sides if the alert itself is."""
    is_source_too = all_match(inhibition.source, labels)
    for fingerprint, source in sources.items():
        if fingerprint != own and not (is_source_too and all_match(inhibition.target, source.all_labels)):
            yield source


def _side(key: str, texts: str | Iterable[str]) -> tuple[Matcher, ...]:
    try:
        matchers = parse_matchers(texts)
    except ValueError as error:
        raise InhibitionError(key, str(error)) from None
    if not matchers:
        raise InhibitionError(key, "expected at least one matcher, got none: every alert would be meant")
    return matchers


def _names(equal: Iterable[str]) -> tuple[str, ...]:
    names = tuple(equal)
    for name in names:
        if not name.isidentifier():
            raise InhibitionError("equal", f"expected the names of labels such as region, got {name[:60]!r}")
    return names
