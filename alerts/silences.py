"""Who is not to be told for a while, because somebody said so?

A silence says which alerts are meant, from when until when, who wants it and why.  It always ends.  Alerts go on
firing and clearing under it as they would without it; only nobody hears of them, and whoever looks is told by which
silence.  When it ends, what still fires is news again.

A silence is never changed, but for its end: to expire one is to move its end to now, and to note who did it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from alerts.fingerprint import silence_id
from alerts.matchers import Matcher, all_match, written
from alerts.model import Alert

MAX_SILENCES = 1000  # that are not over: more is a misunderstanding, and each is asked about each alert
MAX_MATCHERS = 20
AUTHOR_CHARACTERS = 100
REASON_CHARACTERS = 1000
LONGEST_S = 366 * 24 * 60 * 60.0

_Label = tuple[str, str]


class SilenceError(ValueError):
    """A silence that nobody can have meant; `key` says which part of it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that all matchers agree with are not told of, from `starts_at` until just before `ends_at`.

    `ended_by` names who ended it before its time.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    author: str
    reason: str
    created_at: float
    ended_by: str = ""

    def is_active(self, at: float) -> bool:
        """Whether it silences anything at that time."""
        return self.starts_at <= at < self.ends_at

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is meant."""
        return all_match(self.matchers, labels)

    def expired(self, now: float, by: str) -> "Silence":
        """Return the silence as it is once somebody ended it; one that is over stays as it was.

        Raises:
            SilenceError: nobody says who it was.
        """
        by = by.strip()
        _check_text("by", by, AUTHOR_CHARACTERS)
        if self.ends_at <= now:
            return self
        return replace(self, starts_at=min(self.starts_at, now), ends_at=now, ended_by=by)


def build_silence(
    matchers: Sequence[Matcher], *, starts_at: float, ends_at: float, author: str, reason: str, now: float
) -> Silence:
    """Return the silence that somebody asks for.

    Raises:
        SilenceError: nobody can have meant that.
    """
    matchers, author, reason = tuple(matchers), author.strip(), reason.strip()
    _check_matchers(matchers)
    _check_times(starts_at, ends_at, now)
    _check_text("author", author, AUTHOR_CHARACTERS)
    _check_text("reason", reason, REASON_CHARACTERS)
    id_ = silence_id(written(matchers), starts_at, ends_at, author, reason, now)
    return Silence(id_, matchers, starts_at, ends_at, author, reason, created_at=now)


def check_room_for_another(silences: Iterable[Silence], now: float) -> None:
    """Refuse one more silence where there are too many already.

    Raises:
        SilenceError: there are.
    """
    count = sum(silence.ends_at > now for silence in silences)
    if count >= MAX_SILENCES:
        raise SilenceError("silences", f"expected fewer than {MAX_SILENCES} that are not over, got {count} already")


class ActiveSilences:
    """The silences that are active at one moment, arranged so that an alert is asked about few of them.

    Most of them name a label and its value, `account="prod"`.  Those are found by the labels that an alert has; only
    the others are asked about each.
    """

    def __init__(self, silences: Iterable[Silence], now: float) -> None:
        self._by_label: dict[_Label, list[Silence]] = {}
        self._others: list[Silence] = []
        for silence in silences:
            if silence.is_active(now):
                self._shelf(silence).append(silence)

    def silencing(self, labels: Mapping[str, str]) -> Silence | None:
        """Return what silences an alert with these labels: of several the one that does so for longest."""
        candidates = [silence for label in labels.items() for silence in self._by_label.get(label, ())]
        meant = [silence for silence in (*candidates, *self._others) if silence.matches(labels)]
        return max(meant, key=lambda silence: (silence.ends_at, silence.id), default=None)

    def _shelf(self, silence: Silence) -> list[Silence]:
        label = _plain_label(silence.matchers)
        return self._others if label is None else self._by_label.setdefault(label, [])


def next_change(silences: Iterable[Silence], now: float) -> float | None:
    """Return the next moment after `now` at which a silence begins or ends by itself."""
    moments = (at for silence in silences for at in (silence.starts_at, silence.ends_at))
    return min((at for at in moments if at > now), default=None)


def preview(silence: Silence, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Return the alerts that the silence is about, whenever it begins."""
    return tuple(alert for alert in alerts if silence.matches(alert.all_labels))


def _plain_label(matchers: Iterable[Matcher]) -> _Label | None:
    # Only a value that is there can be looked up: `tenant=""` is about labels that an alert has not.
    return next(((each.name, each.value) for each in matchers if each.operator == "=" and each.value), None)


def _check_matchers(matchers: Sequence[Matcher]) -> None:
    if not 1 <= len(matchers) <= MAX_MATCHERS:
        raise SilenceError("matchers", f"expected 1 to {MAX_MATCHERS} matchers, got {len(matchers)}")
    if all(matcher.matches({}) for matcher in matchers):
        raise SilenceError(
            "matchers",
            "expected at least one matcher that asks for a label, "
            f"got {written(matchers)[:200]}, which alerts without any label match",
        )


def _check_times(starts_at: float, ends_at: float, now: float) -> None:
    if not starts_at < ends_at:
        raise SilenceError("ends_at", "expected an end after the beginning, got one that is not")
    if not now < ends_at:
        raise SilenceError("ends_at", "expected an end in the future, got one that has passed")
    if not ends_at - max(starts_at, now) <= LONGEST_S or not starts_at - now <= LONGEST_S:
        raise SilenceError("ends_at", f"expected no more than {LONGEST_S / 86_400:g} days, got more")


def _check_text(key: str, text: str, limit: int) -> None:
    if not 1 <= len(text) <= limit:
        raise SilenceError(key, f"expected 1 to {limit} characters, got {len(text) or 'none'}")
