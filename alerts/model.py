"""What was concluded: the one vocabulary of rules, alerts and notifications.

A *rule* looks at one kind of entity.  It is shown a *reading* of an entity and answers with an *alert*, which lives
inactive -> pending -> firing -> inactive again.  One stay in firing is an *episode*.  A change of state is a
*transition*.  Alerts that belong together form a *group*, and a group of which somebody was told is an *incident*,
until it is over.  What is said of an incident is a *notification*, which waits in the outbox as an *owed* row until
an attempt settles it.

All times are seconds since the epoch on the daemon's steady clock: anchored to the wall when the process starts,
and not moved by steps of the wall clock afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Value = str | float | None


class Kind(StrEnum):
    """What a rule can look at."""

    PARTICIPANT = "participant"
    ROOM = "room"
    COMPOSITION = "composition"
    RECORDING = "recording"
    ACCOUNT = "account"
    REGION = "region"  # everybody whose room is in one of Twilio's media regions
    TENANT = "tenant"  # everybody whose room's name tells the same customer of ours
    SOURCE = "source"  # one of the ways by which we learn of an account
    DAEMON = "daemon"  # this process
    SLO = "slo"  # a service level objective, for one account, region or tenant, or for all


class Severity(StrEnum):
    """How badly a person is needed."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANKS[self]


_RANKS = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


class State(StrEnum):
    """Where an alert stands.  Resolved is not a state but the transition from firing to inactive."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class Reason(StrEnum):
    """Why an alert changed its state."""

    RAISED = "raised"  # the raise condition began to hold
    HELD = "held"  # it held for long enough
    FLICKERED = "flickered"  # it stopped before it had held for long enough
    CLEARED = "cleared"  # the clear condition held for long enough
    GONE = "gone"  # the entity is over; the transition's detail says how
    RULE_REMOVED = "rule_removed"
    NO_DATA = "no_data"  # nobody has told the value for so long that the rule has its own word on it
    FLAPPING = "flapping"  # it goes to and fro: it stays firing, and no further end or beginning is told


class NoData(StrEnum):
    """What it means to a rule that nobody has told a value for long."""

    HOLD = "hold"  # nothing
    FIRE = "fire"  # trouble
    RESOLVE = "resolve"  # the end of trouble
    ALERT = "alert"  # trouble of another sort, with an alert of its own


@dataclass(frozen=True, slots=True)
class Reading:
    """One entity as a rule sees it at one moment.

    `values` are what conditions compare, None meaning unknown.  `details` are for the person who gets the page.
    `changes_at` is the next moment at which a value will change though nothing happens (a composition grows overdue).
    `gone` says in a word why the entity is over (`room_ended`); its values no longer count.  `untrusted` names the
    values that may be anything by now, each with the reason: whoever used to tell them cannot be heard.
    """

    kind: Kind
    entity: str
    values: Mapping[str, float | None] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Value] = field(default_factory=dict)
    changes_at: float | None = None
    gone: str | None = None
    untrusted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of one value of a reading with a number, as in `level <= 1`."""

    value: str
    operator: str
    threshold: float

    def __str__(self) -> str:
        """Return the text that reads back as this condition."""
        return f"{self.value} {self.operator} {self.threshold!r}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Rule:
    """When an entity is in trouble, and when it is well again.

    The raise condition must hold for `hold_for_s` before anyone is told.  An alert ends once the clear condition has
    held for `clear_for_s` and trouble was last seen `keep_firing_for_s` ago; between the two conditions nothing
    changes.  An alert that fires again within `bounce_window_s` of its end has to be well for longer the next time, up
    to `clear_for_max_s`.  A value that nobody has told for `no_data_for_s` means what `no_data` says.

    A rule that `watches_silence` is raised by that silence itself; its conditions only name the values.
    """

    name: str
    over: Kind
    raise_when: Condition
    clear_when: Condition
    severity: Severity
    hold_for_s: float = 0.0
    clear_for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    clear_for_max_s: float = 3600.0
    bounce_window_s: float = 3600.0
    damps_flapping: bool = True
    no_data: NoData = NoData.HOLD
    no_data_for_s: float = 300.0
    watches_silence: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    description: str = ""
    runbook_url: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule's opinion of one entity.  Kept are those that are pending or firing, and for a while what ended.

    `since` is when the present state began.  `episode` is empty and `fired_at` None until the alert fires; both outlive
    the firing state, as does `groups`, the keys of the groups it was put into: they, and not today's routes, say who
    hears of its end.

    The timers, each None while it does not run: `clear_since`, since when the clear condition holds, or held when it
    ended; `trouble_until`, when trouble was last seen; `unknown_since`, since when nobody tells the value;
    `paused_since`, since when all timers stand still, because nothing can be trusted.

    What is remembered of how restless it is: `is_well`, on which side it was last seen; `flips`, the minutes up to
    `flipped_at` in which it changed sides, one bit each; `flapping_since`; `clear_after_s`, for how long it has to be
    well by now; `remember_until`, up to when an alert that ended is kept for that.
    """

    fingerprint: str
    rule: str
    kind: Kind
    entity: str
    severity: Severity
    state: State
    since: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Value] = field(default_factory=dict)
    value: float | None = None
    clear_since: float | None = None
    episode: str = ""
    fired_at: float | None = None
    groups: tuple[str, ...] = ()
    trouble_until: float | None = None
    unknown_since: float | None = None
    paused_since: float | None = None
    is_well: bool = False
    flips: int = 0
    flipped_at: float = 0.0
    flapping_since: float | None = None
    clear_after_s: float = 0.0
    remember_until: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is pending or firing."""
        return self.state is not State.INACTIVE

    @property
    def is_kept(self) -> bool:
        """Whether it is to be known after this: it is open, or what ended is remembered for a while."""
        return self.is_open or self.remember_until is not None

    @property
    def all_labels(self) -> Mapping[str, str]:
        """What routes match on and receivers are shown: the labels, and what kind of alert this is."""
        return {**self.labels, "alertname": self.rule, "severity": self.severity.value, "kind": self.kind.value}


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of an alert's state, and why; of one that begins to flap, which stays firing, it says so."""

    fingerprint: str
    rule: str
    entity: str
    before: State
    after: State
    at: float
    reason: Reason
    detail: str = ""
    value: float | None = None
    episode: str = ""

    @property
    def begins_episode(self) -> bool:
        """Whether a person is needed from here on."""
        return self.after is State.FIRING and self.before is not State.FIRING

    @property
    def ends_episode(self) -> bool:
        """Whether a person who was needed no longer is."""
        return self.before is State.FIRING and self.after is not State.FIRING

    @property
    def why(self) -> str:
        """The reason in words, as receivers are given it."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason.value


@dataclass(frozen=True, slots=True)
class Step:
    """Whom to tell of an incident that nobody has acknowledged `after_s` from its beginning."""

    after_s: float
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a route wants done with the groups of its alerts.

    `group_by` names the labels that tell groups apart; `...` stands for every alert by itself.  A group waits for
    `group_wait_s` for others to join before anyone is told, for `group_interval_s` between two words, and for
    `resolve_wait_s` after its last alert ended before anyone is told that it is over; a word is repeated after
    `repeat_interval_s`.  During `mute_during`, and outside of `active_during` where there is one, nothing is said but
    that it is over.
    """

    route: str
    steps: tuple[Step, ...]
    group_by: tuple[str, ...]
    group_wait_s: float = 10.0
    group_interval_s: float = 60.0
    repeat_interval_s: float = 4 * 3600.0
    resolve_wait_s: float = 10.0
    mute_during: tuple[str, ...] = ()
    active_during: tuple[str, ...] = ()

    @property
    def receivers(self) -> tuple[str, ...]:
        """Whoever may be told, each once, in the order of the steps."""
        return tuple(dict.fromkeys(receiver for step in self.steps for receiver in step.receivers))


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts that belong together, and what has been said of them.

    `instance` names the daemon among those that share a pager.  `waiting_since` is when there began to be something
    that nobody was told of (None: there is nothing), `reason` why.

    From the first word to the last a group is an incident: `incident` is its id, `opened_at` its beginning, `receivers`
    those who were told, each with the dedup key they know it by, `told` the fingerprints of the alerts they know of,
    `cause` what they were told is behind it.
    `said_at` is when the last word was owed, `words` how many have been.  `resolved` lists alerts of `told` that ended
    since, `news` is what else there is to say; `cleared_at` is when none was left (None: some are).  `steps_taken` of
    the plan have been, the next falls due at `next_step_at`, which was brought forward because `unreached` was not
    reached, where that names a receiver.  `acknowledged_by` names who looks after it, `acknowledged_via` by which way
    they said so.  `is_storm` marks a group that took the place of many smaller ones.
    """

    key: str
    labels: Mapping[str, str]
    plan: Plan
    instance: str = ""
    waiting_since: float | None = None
    reason: str = ""
    incident: str = ""
    opened_at: float = 0.0
    severity: Severity = Severity.INFO
    receivers: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    cause: str = ""
    said_at: float = 0.0
    words: int = 0
    resolved: tuple[Alert, ...] = ()
    news: str = ""
    cleared_at: float | None = None
    steps_taken: int = 0
    next_step_at: float | None = None
    unreached: str = ""
    acknowledged_by: str = ""
    acknowledged_via: str = ""
    acknowledged_at: float | None = None
    is_storm: bool = False


class NotificationKind(StrEnum):
    """What a receiver is told of an incident."""

    TRIGGER = "trigger"  # it is there
    UPDATE = "update"  # it consists of other alerts now
    REPEAT = "repeat"  # it is there still, and nothing has changed
    ACKNOWLEDGE = "acknowledge"  # somebody looks after it
    RESOLVE = "resolve"  # it is over


@dataclass(frozen=True, slots=True)
class Incident:
    """A group of alerts as it stands when something is said of it.

    `labels` are those by which its alerts were grouped.  `firing` and `resolved` (those that ended since the word
    before) list the worst and earliest; the counts count all.  `cause` says in words what they have in common, where
    that is known; `acknowledged_by` names who looks after it.  There is at least one alert in it, unless whom it was
    about has been erased since.
    """

    id: str
    group: str
    severity: Severity
    started_at: float
    ended_at: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    firing: tuple[Alert, ...] = ()
    resolved: tuple[Alert, ...] = ()
    firing_count: int = 0
    resolved_count: int = 0
    cause: str = ""
    acknowledged_by: str = ""

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Every alert that is listed, those that fire first."""
        return self.firing + self.resolved

    @property
    def first(self) -> Alert:
        """The alert to speak of where there is room for one only."""
        return next(iter(self.alerts), _ERASED)

    @property
    def unlisted_count(self) -> int:
        """How many alerts are counted and not listed."""
        return self.firing_count + self.resolved_count - len(self.alerts)

    @property
    def common_labels(self) -> Mapping[str, str]:
        """The labels that all listed alerts share."""
        return _shared([alert.all_labels for alert in self.alerts])

    @property
    def common_annotations(self) -> Mapping[str, str]:
        """The annotations that all listed alerts share."""
        return _shared([alert.annotations for alert in self.alerts])

    @property
    def summary(self) -> str:
        """What is wrong, how often, and what is behind it."""
        first = self.first.annotations.get("summary") or f"{self.first.rule} {self.first.entity}"
        others = max(self.firing_count, len(self.firing)) - 1 if self.firing else self.resolved_count - 1
        text = f"{first.rstrip('.')}, and {others} more." if others > 0 else first
        return f"{text} {self.cause}" if self.cause else text


_ERASED = Alert("", "erased", Kind.PARTICIPANT, "", Severity.INFO, State.INACTIVE, 0.0, {})


def _shared(each: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    if not each:
        return {}
    first, *others = each
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}


@dataclass(frozen=True, slots=True)
class Notification:
    """One word owed to one receiver.

    `dedup_key` is the same for all that this receiver is told of an incident and for every attempt at it, so a pager
    that hears a word twice opens nothing twice.  `lane` is what must stay in order.  `links` lead to our pages, by
    what they are for: `page`, `acknowledge`.  `is_test` marks a word that only tries the receiver out.
    """

    id: str
    receiver: str
    kind: NotificationKind
    dedup_key: str
    incident: Incident
    created_at: float
    reason: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    is_test: bool = False

    @property
    def lane(self) -> str:
        """Notifications of one lane go out one after the other, in the order they were owed."""
        return f"{self.receiver}/{self.dedup_key}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A word that waits behind another one in its lane."""

    id: str
    kind: NotificationKind


@dataclass(frozen=True, slots=True)
class Owed:
    """A row of the outbox: a notification, and how far its delivery has come.

    `reference` is what the receiver called what it accepted last in this lane.  `maybe_heard` says that an attempt
    ended in nobody knowing whether it was accepted.  `since` is when its time began to run, where that was later than
    its creation: it was replayed.  `is_known` says that the receiver may know of the incident from words before this
    one, `target` where those went, and `behind` what waits in the lane after it.
    """

    notification: Notification
    attempts: int = 0
    next_at: float = 0.0
    last_error: str = ""
    reference: str = ""
    maybe_heard: bool = False
    since: float | None = None
    is_known: bool = False
    target: str = ""
    behind: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Why somebody was not told of an alert, or no longer: what `explain` answers with."""

    at: float
    fingerprint: str
    group: str
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that one look at the world changes, to be made true in one transaction.

    `over` are the keys of groups that there are no more.  `incidents` are those that something was said of, as they
    stand.  `at` is when it was judged.
    """

    alerts: tuple[Alert, ...] = ()
    transitions: tuple[Transition, ...] = ()
    groups: tuple[Group, ...] = ()
    over: tuple[str, ...] = ()
    incidents: tuple[Incident, ...] = ()
    notifications: tuple[Notification, ...] = ()
    notes: tuple[Note, ...] = ()
    at: float = 0.0

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.alerts or self.transitions or self.groups or self.over or self.notifications or self.notes)
