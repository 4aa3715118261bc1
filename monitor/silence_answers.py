"""What is said and answered about silences, whether somebody asks over HTTP or on the command line?

Times are milliseconds since the epoch.  Matchers are text, `severity="critical"`, one each or several with commas.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Annotated

from msgspec import Meta, Struct

from alerts.matchers import Matcher, MatcherError, parse_matchers
from alerts.model import Alert, State
from alerts.rules import RuleError, parse_duration
from alerts.silences import Silence, SilenceError, build_silence, preview
from monitor.http.cursors import written
from monitor.http.views import AlertView, alert_view
from monitor.silencing import Silences

SHOWN_ALERTS = 100
SHOWN_SILENCES = 1000
COUNTED = 50  # of as many active silences it is said what they mute: each is held against everything that fires

Moment = Annotated[int, Meta(ge=0, le=2**53)]


class SilenceAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to be silent: from when (now, where it is not said), and until when or for how long.

    `author` is whoever is logged in, where nobody is named.
    """

    matchers: str | list[str]
    reason: str
    author: str = ""
    starts_at_ms: Moment | None = None
    ends_at_ms: Moment | None = None
    lasts: Annotated[str, Meta(max_length=50)] = ""  # instead of ends_at_ms: 2h, 1h30m


class PreviewAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Which alerts somebody wants to know the effect on."""

    matchers: str | list[str]


class SilenceView(Struct, frozen=True):
    """One silence; `mutes` is how many of the alerts that fire it is about, null where nobody counted."""

    id: str
    state: str  # "pending", "active" or "expired"
    matchers: list[str]
    starts_at_ms: int
    ends_at_ms: int
    author: str
    reason: str
    created_at_ms: int
    ended_by: str  # who ended it before its time; empty if nobody did
    mutes: int | None = None


class AfterSilence(Struct, frozen=True, array_like=True, tag="silences"):
    """Where a page of silences begins: after the one that ends then."""

    ends_at_s: float
    id: str


class SilencesView(Struct, frozen=True):
    """Some silences, in the order in which they end; `next` asks for those after them, and is null without any."""

    silences: list[SilenceView]
    next: str | None


class PreviewView(Struct, frozen=True):
    """The firing alerts that matchers agree with: how many, and the first of them."""

    count: int
    alerts: list[AlertView]


class NoSuchSilence(LookupError):
    """There is none of that name on record."""


class SilenceAnswers:
    """Answers what is asked about silences, and does what is wanted.

    Args:
        silences: those that there are.
        alerts: the pending and the firing ones.
        now_s: what time it is.
    """

    def __init__(self, silences: Silences, alerts: Callable[[], Iterable[Alert]], now_s: Callable[[], float]) -> None:
        self._silences = silences
        self._alerts = alerts
        self._now_s = now_s

    async def list(
        self, *, expired: bool = False, after: AfterSilence | None = None, limit: int = SHOWN_SILENCES
    ) -> SilencesView:
        """Return a page of the silences that are not over, or of the latest thousand of all."""
        now = self._now_s()
        wanted = await self._silences.history(SHOWN_SILENCES) if expired else self._silences.all(now)
        in_order = sorted(wanted, key=attrgetter("ends_at", "id"))
        if after is not None:
            in_order = [each for each in in_order if (each.ends_at, each.id) > (after.ends_at_s, after.id)]
        last = in_order[limit - 1] if len(in_order) > limit else None
        following = None if last is None else written(AfterSilence(last.ends_at, last.id))
        page = in_order[:limit]
        mutes = self._mutes([each for each in page if each.is_active(now)][:COUNTED], now)
        return SilencesView([_view(silence, now, mutes.get(silence.id)) for silence in page], following)

    async def get(self, silence_id: str) -> SilenceView:
        """Return one silence.

        Raises:
            NoSuchSilence: it is not on record.
        """
        return self._found(await self._silences.get(silence_id), silence_id)

    async def add(self, asked: SilenceAsked) -> SilenceView:
        """Make a silence.

        Raises:
            SilenceError: nobody can have meant that; `key` says which part of it.
            StoreFailed: nothing was changed.
        """
        starts_at = self._now_s() if asked.starts_at_ms is None else asked.starts_at_ms / 1000
        silence = await self._silences.add(
            matchers_of(asked.matchers),
            starts_at=starts_at,
            ends_at=_end_of(asked, starts_at),
            author=asked.author,
            reason=asked.reason,
        )
        return self._seen(silence)

    async def expire(self, silence_id: str, by: str) -> SilenceView:
        """End a silence; one that is over stays as it is.

        Raises:
            NoSuchSilence: it is not on record.
            SilenceError: nobody says who ends it.
            StoreFailed: nothing was changed.
        """
        return self._found(await self._silences.expire(silence_id, by), silence_id)

    async def preview(self, asked: PreviewAsked) -> PreviewView:
        """Return what a silence would be about, if there were one.

        Raises:
            SilenceError: nobody can have meant that.
        """
        now = self._now_s()
        silence = build_silence(
            matchers_of(asked.matchers), starts_at=now, ends_at=now + 1, author="nobody", reason="preview", now=now
        )
        meant = preview(silence, self._firing())
        return PreviewView(len(meant), [alert_view(alert) for alert in meant[:SHOWN_ALERTS]])

    def _firing(self) -> Sequence[Alert]:
        return [alert for alert in self._alerts() if alert.state is State.FIRING]

    def _found(self, silence: Silence | None, silence_id: str) -> SilenceView:
        if silence is None:
            raise NoSuchSilence(f"expected a silence on record, got {silence_id[:60]!r}")
        return self._seen(silence)

    def _seen(self, silence: Silence) -> SilenceView:
        now = self._now_s()
        return _view(silence, now, self._mutes([silence], now).get(silence.id))

    def _mutes(self, silences: Sequence[Silence], now: float) -> dict[str, int]:
        firing = self._firing()
        return {each.id: len(preview(each, firing)) for each in silences if each.is_active(now)}


def matchers_of(texts: str | Sequence[str]) -> tuple[Matcher, ...]:
    """Return the matchers of texts.

    Raises:
        SilenceError: one of them cannot be understood; `key` says which.
    """
    matchers: list[Matcher] = []
    for number, text in enumerate([texts] if isinstance(texts, str) else texts):
        try:
            matchers += parse_matchers(text)
        except MatcherError as error:
            raise SilenceError("matchers" if isinstance(texts, str) else f"matchers[{number}]", str(error)) from None
    return tuple(matchers)


def _end_of(asked: SilenceAsked, starts_at: float) -> float:
    if (asked.ends_at_ms is None) is not bool(asked.lasts):
        raise SilenceError("ends_at_ms", "expected either ends_at_ms or lasts, got both or neither")
    if asked.ends_at_ms is not None:
        return asked.ends_at_ms / 1000
    try:
        return starts_at + parse_duration(asked.lasts)
    except RuleError as error:
        raise SilenceError("lasts", str(error)) from None


def _view(silence: Silence, now: float, mutes: int | None) -> SilenceView:
    state = "expired" if silence.ends_at <= now else "active" if silence.is_active(now) else "pending"
    return SilenceView(
        id=silence.id,
        state=state,
        matchers=[str(matcher) for matcher in silence.matchers],
        starts_at_ms=round(silence.starts_at * 1000),
        ends_at_ms=round(silence.ends_at * 1000),
        author=silence.author,
        reason=silence.reason,
        created_at_ms=round(silence.created_at * 1000),
        ended_by=silence.ended_by,
        mutes=mutes,
    )
