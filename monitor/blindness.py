"""What does the daemon not see just now, so that it had better not judge?

A sick monitor and healthy calls look much like sick calls: nothing comes in, clocks run on, and whatever is late by
the clock grows overdue.  So when the daemon itself does not see, alerts that go by it stand still, and one alert,
MonitorBlind, says so.  There are three ways to be blind:

* Twilio tells nothing of an account: its API has failed for `after_s`, and no callback has come for as long.  It tells
  again once the API has worked for `after_s`, by when polls have found what was missed; or as soon as callbacks come.
* Browsers tell nothing: most of those who told regularly fell silent within a minute, though as far as anybody knows
  they are still in their calls; or the daemon itself refuses what they send.  They tell again once half of them do.
* The picture follows a log that several replicas write to, and has not had all of it for `LOG_BEHIND_S`.  It tells
  again as soon as all that there is has been read.

What each of them tells is in `TOLD_BY`; from the log comes everything but what is known of the daemon itself.  A
certain word counts at any time: a room of which a callback says that it has ended has ended.  That something has not
been mentioned for long is no such word while nobody could have been heard.

Pure: the time is an argument.  And the population is not swept: who has fallen silent is asked of the picture only
once posts have become few, of some rooms at first, and of all of them only if those say that it matters.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import NamedTuple, Protocol

from alerts.model import Alert, Kind, Reading
from alerts.rules import VOCABULARY
from collectors.events import Trouble
from monitor.entities import Account, Ref
from monitor.live import Live
from monitor.naming import shortened

LOOK_EVERY_S = 2.0
DAEMON = Ref("daemon", "daemon")

BLINDING = (Trouble.UNREACHABLE, Trouble.AUTH_LOST)
SILENT_RATIO = 0.8
HEARD_RATIO = 0.5
REFUSED_RATIO = 0.8
FEWEST_PEOPLE = 5  # fewer fall silent at once for reasons of their own
FEWEST_ROOMS = 2
FEWEST_POSTS = 5
ROOMS_AT_FIRST = 500  # of which a share can be told to some hundredths
NEARLY = 0.85  # of a share: from there on everybody is looked at

LOG_BEHIND_S = 10.0  # a log that is followed is behind by a moment; this is a store that does not answer

TWILIO, BROWSERS, LOG = "twilio", "browsers", "log"

#: Which values rules would be shown wrongly, or not at all, by who does not tell them.
TOLD_BY: Mapping[str, Mapping[Kind, tuple[str, ...]]] = {
    TWILIO: {
        Kind.ROOM: ("participants", "occupancy_ratio", "overdue_s"),
        Kind.COMPOSITION: ("overdue_s", "missing", "failed", "empty"),
        Kind.RECORDING: ("failed", "empty"),
    },
    BROWSERS: {
        Kind.PARTICIPANT: ("level", "rtt_ms", "jitter_ms", "loss_ratio"),
        Kind.ROOM: ("degraded_ratio",),
        Kind.ACCOUNT: (
            *("join_failures_per_min", "disconnects_per_min", "reconnects_per_min"),
            *("reconnect_ratio", "disconnect_ratio"),
        ),
        Kind.REGION: VOCABULARY[Kind.REGION].values,
        Kind.TENANT: VOCABULARY[Kind.TENANT].values,
        Kind.SLO: VOCABULARY[Kind.SLO].values,
    },
}

#: Ends that only follow from not having heard of something.
UNCERTAIN_ENDS = ("not_seen_any_more", "no_word_of_room")


class Sight(NamedTuple):
    """What is not seen, and why: accounts by their SID of which Twilio tells nothing; what browsers would tell; all."""

    accounts: Mapping[str, str] = {}
    browsers: str = ""
    log: str = ""

    @property
    def is_blind(self) -> bool:
        """Whether there is anything that is not seen."""
        return bool(self.accounts or self.browsers or self.log)

    @property
    def why(self) -> str:
        """Return why, in words."""
        return "; ".join(each for each in (*self.accounts.values(), self.browsers, self.log) if each)


class Posts(NamedTuple):
    """How many posts of browsers were taken since the start, and how many refused because the daemon was behind."""

    taken: float
    refused: float


# --- what rules are shown meanwhile ----------------------------------------------------------------------


def through(sight: Sight, reading: Reading, account_sid: str | None) -> Reading:
    """Return a reading with its values marked that may be anything by now; `account_sid` is whose it is, if known."""
    if reading.gone in UNCERTAIN_ENDS and sight.is_blind:
        everything = dict.fromkeys(VOCABULARY[reading.kind].values, sight.why)
        return Reading(reading.kind, reading.entity, untrusted=everything)
    untrusted = _untrusted(sight, reading.kind, account_sid)
    return replace(reading, untrusted=untrusted) if untrusted and reading.gone is None else reading


def _untrusted(sight: Sight, kind: Kind, account_sid: str | None) -> dict[str, str]:
    if sight.log and kind is not Kind.DAEMON:
        return dict.fromkeys(VOCABULARY[kind].values, sight.log)
    # What belongs to nobody knows which account may belong to any.
    twilio = sight.accounts.get(account_sid, "") if account_sid else "; ".join(sight.accounts.values())
    reasons = {TWILIO: twilio, BROWSERS: sight.browsers}
    return {value: why for who, why in reasons.items() if why for value in TOLD_BY[who].get(kind, ())}


def account_of(live: Live, ref: Ref) -> str | None:
    """Return the SID of the account that something in the picture belongs to, if anybody has told."""
    match ref.kind:
        case "room":
            found = live.rooms.get(ref.key)
        case "participant":
            found = live.rooms.get(ref.key.rpartition("/")[0])
        case "composition":
            return composition.account_sid if (composition := live.compositions.get(ref.key)) else None
        case "recording":
            return recording.account_sid if (recording := live.recordings.get(ref.key)) else None
        case _:
            return ref.key
    return found.account_sid if found else None


# --- does Twilio tell? -----------------------------------------------------------------------------------


class Eyes:
    """Knows of which accounts Twilio tells nothing."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._called_back_at_s: dict[str, float] = {}
        self._troubled_at_s: dict[str, float] = {}  # when a blind account was last seen in trouble

    def hear_callback(self, account_sid: str, now_s: float) -> None:
        """Take note that a callback of an account has come."""
        self._called_back_at_s[account_sid] = now_s

    def look(self, accounts: Mapping[str, Account], now_s: float) -> Mapping[str, str]:
        """Return the accounts of which Twilio tells nothing, and why."""
        blind = {sid for sid, account in accounts.items() if self._is_blind(account, now_s)}
        self._troubled_at_s = {sid: at_s for sid, at_s in self._troubled_at_s.items() if sid in blind}
        return {sid: f"Twilio tells nothing of account {shortened(sid)}" for sid in sorted(blind)}

    def _is_blind(self, account: Account, now_s: float) -> bool:
        since_s = min((account.troubles[each] / 1000 for each in BLINDING if each in account.troubles), default=None)
        if since_s is not None:
            silent_since_s = max(since_s, self._called_back_at_s.get(account.sid, since_s))
            if now_s - silent_since_s >= self._after_s:
                self._troubled_at_s[account.sid] = now_s
                return True
        return self._has_not_caught_up(account.sid, now_s)

    def _has_not_caught_up(self, account_sid: str, now_s: float) -> bool:
        """Whether what was missed may still be missing."""
        troubled_at_s = self._troubled_at_s.get(account_sid)
        if troubled_at_s is None or self._called_back_at_s.get(account_sid, troubled_at_s) > troubled_at_s:
            return False
        return now_s - troubled_at_s < self._after_s


# --- do browsers tell? -----------------------------------------------------------------------------------

Heard = tuple[str, float]  # the room of somebody in a call, and when their browser was last heard


class People(Protocol):
    """Who is in calls and has ever been heard."""

    def __call__(self, rooms: int | None = None) -> Iterable[Heard]:
        """Return those in so many of the rooms or some more, evenly spread, if there are as many; None: in all."""


class Ears:
    """Knows whether browsers are heard."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._counted: deque[tuple[float, Posts]] = deque()
        self._deaf_since_s: float | None = None
        self._why = ""

    def begin_anew(self) -> None:
        """Count what is heard from now on only: there was a time in which nobody could have been."""
        self._counted.clear()

    def listen(self, posts: Posts, people: People, now_s: float) -> str:
        """Return why browsers are not heard, or nothing if they are."""
        self._count(posts, now_s)
        if self._deaf_since_s is None:
            self._why = self._why_deaf(people, now_s)
            self._deaf_since_s = now_s if self._why else None
        elif self._hears_again(people, self._deaf_since_s, now_s):
            self._deaf_since_s, self._why = None, ""
        return self._why

    def _count(self, posts: Posts, now_s: float) -> None:
        self._counted.append((now_s, posts))
        while len(self._counted) > 2 and self._counted[1][0] <= now_s - 2 * self._after_s:
            self._counted.popleft()

    def _lately(self, now_s: float) -> tuple[Posts, Posts]:
        """Return how many posts there were within the last `after_s`, and how many in as long a time before."""
        until_then = [posts for at_s, posts in self._counted if at_s <= now_s - self._after_s]
        first, last = self._counted[0][1], self._counted[-1][1]
        middle = until_then[-1] if until_then else first
        return _between(middle, last), _between(first, middle)

    def _why_deaf(self, people: People, now_s: float) -> str:
        lately, before = self._lately(now_s)
        if _is_refused(lately):
            return "The daemon refuses what browsers tell, since it cannot store it"
        if 2 * lately.taken >= before.taken:
            return ""
        regular, silent = self._silent(people(ROOMS_AT_FIRST), now_s, now_s)
        if len(silent) < NEARLY * SILENT_RATIO * len(regular):
            return ""
        regular, silent = self._silent(people(), now_s, now_s)
        if len(silent) < max(FEWEST_PEOPLE, SILENT_RATIO * len(regular)):
            return ""
        rooms, all_rooms = ({room for room, _ in each} for each in (silent, regular))
        if len(rooms) < min(FEWEST_ROOMS, len(all_rooms)):
            return ""
        return f"{len(silent)} of {len(regular)} browsers in calls fell silent at once"

    def _hears_again(self, people: People, since_s: float, now_s: float) -> bool:
        if _is_refused(self._lately(now_s)[0]):
            return False
        regular, silent = self._silent(people(ROOMS_AT_FIRST), since_s, now_s)  # to some hundredths is well enough
        return len(regular) - len(silent) >= HEARD_RATIO * len(regular)

    def _silent(self, people: Iterable[Heard], since_s: float, now_s: float) -> tuple[list[Heard], list[Heard]]:
        """Return who told regularly until `since_s` or tells now, and who of them is silent now."""
        regular = [each for each in people if each[1] >= since_s - 3 * self._after_s]
        return regular, [each for each in regular if each[1] < now_s - self._after_s]


def _between(earlier: Posts, later: Posts) -> Posts:
    return Posts(later.taken - earlier.taken, later.refused - earlier.refused)


def _is_refused(posts: Posts) -> bool:
    return posts.refused >= FEWEST_POSTS and posts.refused >= REFUSED_RATIO * (posts.taken + posts.refused)


# --- both ------------------------------------------------------------------------------------------------


class Blindness:
    """Knows what the daemon does not see.

    Args:
        after_s: for how long nothing is told before that counts.
    """

    def __init__(self, after_s: float) -> None:
        self.eyes = Eyes(after_s)
        self.ears = Ears(after_s)

    def look(self, live: Live, posts: Posts, now_s: float, behind_s: float = 0.0) -> Sight:
        """Return what is not seen now, by a picture that may be behind what was told."""
        browsers = self.ears.listen(posts, partial(_heard, live), now_s)
        log = "The log that all replicas write to cannot be followed" if behind_s > LOG_BEHIND_S else ""
        return Sight(self.eyes.look(live.accounts, now_s), browsers, log)


def _heard(live: Live, rooms: int | None = None) -> Iterable[Heard]:
    step = 1 if rooms is None else max(1, len(live.rooms) // rooms)
    return (
        (room.key, person.heard_at_ms / 1000)
        for room in islice(live.rooms.values(), None, None, step)
        for person in room.participants.values()
        if person.heard_at_ms is not None
    )


# --- when nobody looked at all ---------------------------------------------------------------------------


def last_seen_s(live: Live, alerts: Iterable[Alert]) -> float | None:
    """Return until when an earlier life of the daemon watched, as far as what it left behind tells."""
    rooms = [*live.rooms.values(), *live.calls.ended.values()]
    moments = [
        *(room.heard_at_ms / 1000 for room in rooms),
        *(account.budget.saved_at_s for account in live.accounts.values() if account.budget),
        *(alert.since for alert in alerts),
    ]
    return max(moments, default=None)
