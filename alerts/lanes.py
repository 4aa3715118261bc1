"""Which words go first, and which need not be said any more?

The words of one incident to one receiver are a lane and stay in their order.  Between lanes the urgent go first: what
wakes somebody, then what lets somebody sleep, then the rest.

What waits may be overtaken.  If an incident is over before the receiver can have heard of it, neither its beginning
nor its end is said: there would be a ghost in the channel.  If it may have heard, only the end is said, whatever else
waits: the pager closes what it may have opened.  And of several words on how the incident stands, only the last one is.
"""

from collections.abc import Iterator, Sequence

from alerts.delivery import Fate, Settled, Settlement
from alerts.model import Notification, NotificationKind, Owed, Severity, Waiting

#: The lower goes first.  An acknowledgement stops others from getting up, as a resolve does.
CALLS, CALMS, WARNS, INFORMS, REMINDS = range(5)

_BY_SEVERITY = {Severity.CRITICAL: CALLS, Severity.WARNING: WARNS, Severity.INFO: INFORMS}
_BY_KIND = {
    NotificationKind.ACKNOWLEDGE: CALMS,
    NotificationKind.RESOLVE: CALMS,
    NotificationKind.REPEAT: REMINDS,
}
_STATES = (NotificationKind.UPDATE, NotificationKind.REPEAT)  # each holds the whole state of the incident

UNHEARD = "it was over before anybody was told that it began"
OVER = "overtaken: the incident is over"
OUTDATED = "overtaken by a later word on the same incident"


def rank(notification: Notification) -> int:
    """Return the place of a word among those of other lanes; of the same rank, the older goes first."""
    return _BY_KIND.get(notification.kind, _BY_SEVERITY[notification.incident.severity])


def needless(owed: Owed, now: float) -> tuple[Settled, ...]:
    """Return those of a lane that need not be said any more, given its head and what waits behind it."""
    if owed.notification.is_test:
        return ()
    head = Waiting(owed.notification.id, owed.notification.kind)
    lane = (head, *owed.behind)
    fates = dict(_fates(lane, may_be_known=owed.is_known or owed.maybe_heard))
    return tuple(
        Settled(word.id, _unsaid(owed, fates[word.id], now, is_head=word is head)) for word in lane if word.id in fates
    )


def _fates(lane: Sequence[Waiting], *, may_be_known: bool) -> Iterator[tuple[str, tuple[Fate, str]]]:
    kinds = [word.kind for word in lane]
    if NotificationKind.RESOLVE in kinds:
        end = kinds.index(NotificationKind.RESOLVE)
        if may_be_known:
            yield from ((word.id, (Fate.SUPERSEDED, OVER)) for word in lane[:end])
        else:
            yield from ((word.id, (Fate.CANCELLED, UNHEARD)) for word in lane[: end + 1])
        return
    last_state = max((place for place, kind in enumerate(kinds) if kind in _STATES), default=-1)
    yield from ((word.id, (Fate.SUPERSEDED, OUTDATED)) for word in lane[: max(last_state, 0)] if word.kind in _STATES)
    if kinds[0] is NotificationKind.ACKNOWLEDGE and not may_be_known:
        yield lane[0].id, (Fate.CANCELLED, UNHEARD)


def _unsaid(owed: Owed, what: tuple[Fate, str], now: float, *, is_head: bool) -> Settlement:
    fate, why = what
    if not is_head:  # nothing was tried of what waits behind
        return Settlement(fate, 0, now, last_error=why)
    return Settlement(fate, owed.attempts, now, last_error=why, maybe_heard=owed.maybe_heard)
