"""What does the house need of a memory?

Small ports, satisfied twice: by SQLite for keeps (`monitor.store.sqlite`) and by plain lists for a daemon that may
forget (`monitor.store.memory`).  One conformance suite holds both to these words.  Two ports more, `AlertStore`
and `SilenceStore`, are declared by the alerts themselves.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from alerts.delivery import AttemptMade
from alerts.model import Alert, Group, Incident, Note, Notification, Transition
from alerts.ports import AlertStore, SilenceStore
from alerts.receipts import Receipt
from collectors.events import Event
from monitor.entities import Account, Composition, Entity, Recording, Room
from monitor.error_budgets import Kept
from monitor.failures import Failure
from monitor.history.answers import Attendance, Percentiles, Selection, Worst
from monitor.history.buckets import Buckets
from monitor.history.samples import Samples
from monitor.roles import Role
from monitor.store.keeping import Keeping


class StoreFailed(Failure):
    """The store could not do what it was asked; nothing of it was kept."""


class Lacking(StoreFailed):
    """A part of the store did not answer; `found` is the answer as far as the others have it."""

    def __init__(self, message: str, found: object) -> None:
        super().__init__(message)
        self.found = found


class NotThere(StoreFailed):
    """Nobody answered who could serve the store, which somebody may soon: it starts, or is about to be promoted."""


class StoreFull(StoreFailed):
    """There was no room on the disk."""


class Happening(NamedTuple):
    """One thing that happened in a room, for its timeline."""

    at_ms: int
    kind: str
    source: str
    participant: str
    body: bytes


class Happened(NamedTuple):
    """Something that happened, and the room as it was told: its SID, `name:NAME`, or an empty string."""

    room: str
    happening: Happening


class OnRecord(NamedTuple):
    """A room as it was saved last, and how many of its recordings are known."""

    room: Room
    recordings: int


class Place(NamedTuple):
    """Where an event belongs; an empty string where that is not known.

    A room is known by its SID, or as `name:NAME`; a participant by its SID, or as `identity:IDENTITY`.
    """

    room: str
    participant: str


class Resolved(NamedTuple):
    """What is known of a place: where it is, by SIDs as far as there are any, and where its room's media is handled."""

    place: Place
    media_region: str | None = None


Resolve = Callable[[Place, int], Resolved]  # what is known by name is given the SID that it had at a moment


class Client(Struct, frozen=True, omit_defaults=True):
    """What a participant's client last said of itself; and where the media of its room is handled, by Twilio's word."""

    sdk: str | None = None
    sdk_version: str | None = None
    name: str | None = None
    version: str | None = None
    browser: str | None = None
    os: str | None = None
    network: str | None = None
    address: str | None = None  # as far as that is kept: 203.0.113.0/24
    edge: str | None = None
    media_region: str | None = None


class Series(Struct, frozen=True):
    """Who measured something, and where."""

    room: str
    participant: str
    room_name: str | None = None
    identity: str | None = None
    account_sid: str | None = None
    client: Client = Client()


class Line(NamedTuple):
    """What one participant measured in one room."""

    series: Series
    samples: Samples


class RoomValues(NamedTuple):
    """The known values of one metric, in no order: `lengths` says how many in a row are of each of the rooms.

    A room may come more than once.
    """

    rooms: Sequence[str]
    lengths: Sequence[int]
    values: NDArray[np.float64]


class Wanted(Struct, frozen=True):
    """Which samples are asked for: those of [from_ms, to_ms).

    Of one room, by its SID or name, or `any_of` several, by what the record calls them (RM…, name:NAME), and of one
    identity; an empty one is all of them.  Where `only` one media field is named, other fields and levels may be left
    out.
    """

    from_ms: int
    to_ms: int
    room: str = ""
    identity: str = ""
    only: str = ""
    any_of: frozenset[str] = frozenset()

    def is_about(self, series: Series) -> bool:
        """Whether somebody's samples are among them, if their time is."""
        rooms = (series.room, series.room_name, series.room.removeprefix("name:"))
        people = (series.identity, series.participant.removeprefix("identity:"))
        if self.any_of and self.any_of.isdisjoint((series.room, f"name:{series.room_name}")):
            return False
        return (not self.room or self.room in rooms) and (not self.identity or self.identity in people)


class Picture(NamedTuple):
    """The live picture as saved, and the log id that it reaches.

    `ended` holds the rooms that ended last, oldest first, and `media` what is open or was finished last, oldest first.
    Rooms have their people in them, also those who left, unless they are sealed.
    """

    rooms: Sequence[Room]
    ended: Sequence[Room]
    media: Sequence[Composition | Recording]
    accounts: Sequence[Account]
    through: int


class Changed(NamedTuple):
    """A change of an alert's state, and the alert as it was then."""

    transition: Transition
    alert: Alert


Ended = Changed  # by this change an episode was over


class OutboxCounts(NamedTuple):
    """How the outbox stands."""

    waiting: int
    dead: int
    oldest_waiting_at_s: float | None


class OutboxEntry(NamedTuple):
    """A notification that was or is owed, and what has become of it; `seq` numbers them in the order they were owed."""

    seq: int
    notification: Notification
    state: str  # waiting, delivered, dead, cancelled or superseded
    attempts: int
    next_at_s: float
    settled_at_s: float | None
    last_error: str
    reference: str
    payload_hash: str
    maybe_heard: bool


class Standing(NamedTuple):
    """How it goes with one receiver; `last_error` is what the last attempt that failed came to, `dead` was given up."""

    waiting: int = 0
    oldest_waiting_at_s: float | None = None
    last_success_at_s: float | None = None
    last_failure_at_s: float | None = None
    last_error: str = ""
    dead: int = 0


class OutboxSearch(NamedTuple):
    """Which notifications are looked for, the latest first; what is empty does not matter.

    Those that were owed in [from_s, to_s).
    """

    incident: str = ""
    receiver: str = ""
    state: str = ""
    before_seq: int | None = None
    limit: int = 50
    from_s: float = 0.0
    to_s: float = float("inf")


class Entry(Struct, frozen=True):
    """Something for the log: an event, and how it is to be kept where somebody has that at hand.

    What `is_known` says only that what is known still stands: nothing happened by it, and it is no repeat.
    """

    event: Event
    kept: bytes | None = None
    is_known: bool = False


class EventLog(Protocol):
    """Everything accepted, in order, each once."""

    async def append(self, entries: Sequence[Entry], now_ms: int) -> Sequence[int | None]:
        """Make the events durable in one transaction; return the log id of each, None for a repeat.

        Raises:
            StoreFailed: none of them was kept.
        """

    async def since(self, log_id: int, limit: int) -> Sequence[tuple[int, Event]]:
        """Return at most `limit` events after `log_id`, oldest first."""

    async def newest_at_ms(self) -> int | None:
        """Return when the newest of what is there was taken in or happened, None where there is nothing."""

    async def happenings(
        self, room: str, from_ms: int, to_ms: int, limit: int, *, kinds: Collection[str] = ()
    ) -> Sequence[Happening]:
        """Return at most `limit` things that happened in a room in [from_ms, to_ms), of these kinds, oldest first.

        Without kinds, of any; what belongs to no room is in the room without a name.
        """


class SharedLog(EventLog, Protocol):
    """A log that several replicas write to; numbers have no gaps, and none is seen before those below it."""

    async def last_id(self) -> int:
        """Return the number that was given last; 0: none was."""


class SampleStore(Protocol):
    """What was measured, for as long as it is kept; first in the log, later in chunks, and always as one."""

    async def settle(self, now_ms: int, older_than_ms: int, resolve: Resolve) -> int:
        """Make chunks of what is in the log, as far as the saved picture reaches, once the oldest of it is old enough.

        Whatever happens meanwhile, each sample is there once.  One at a time: the next must wait for this one.

        Returns:
            How many samples were settled.

        Raises:
            StoreFailed: what was not settled is in the log as before.
        """

    async def merge(self, silent_since_ms: int) -> int:
        """Put together the chunks of those who have not been heard since; return of how many that were."""

    async def timeline(
        self, room: str, from_ms: int, to_ms: int, resolve: Resolve, *, participant: str | None = None
    ) -> Sequence[Line]:
        """Return what was measured in a room in [from_ms, to_ms), by everybody or by one participant."""

    async def timelines(self, rooms: Collection[str], from_ms: int, to_ms: int, resolve: Resolve) -> Sequence[Line]:
        """Return what was measured in rooms in [from_ms, to_ms), by everybody; late posts need not be among it."""

    def lines(self, wanted: Wanted, resolve: Resolve) -> AsyncGenerator[Line]:
        """Yield what was measured, however much that is, in slices that fit into memory.

        It is all of one moment, each sample once, whatever is settled or merged meanwhile.  There may be several lines
        of one series, and their times may overlap.
        """

    def values(self, metric: str, from_ms: int, to_ms: int, resolve: Resolve) -> AsyncGenerator[RoomValues]:
        """Yield the values of one metric in [from_ms, to_ms), of all rooms, in slices that fit into memory.

        It is all of one moment, each value once; `metric` is one of the media fields.
        """

    async def estimate(self, wanted: Wanted) -> int:
        """Return about how many samples that is, without reading them."""


ANY_RULE = "*"  # no rule can be called so


class Found(NamedTuple):
    """A call that a search found; `fired` are the rules of which an alert fired about it or in it."""

    key: str
    room_sid: str | None
    room_name: str | None
    account_sid: str | None
    status: str
    created_at_ms: int
    over_at_ms: int | None
    fired: tuple[str, ...] = ()


class Search(Struct, frozen=True):
    """Which calls are looked for.

    `text` is the SID of a room or a participant, an identity, or how the name of a room begins; without one, any call.
    Only calls that were created in [from_ms, to_ms) count, and those after `after`, the last of the page before; with
    `fired` only those in which an alert of that rule fired, or of any (`ANY_RULE`).
    """

    text: str = ""
    from_ms: int = 0
    to_ms: int = 2**62
    after: tuple[int, str] | None = None  # when it was created, and its key
    limit: int = 50
    fired: str = ""


class Call(NamedTuple):
    """All that is on record of a call, but for its samples and what happened in it.

    Everybody who was in the room is in its `participants` or in its `left`.
    """

    room: Room
    recordings: Sequence[Recording] = ()
    compositions: Sequence[Composition] = ()
    transitions: Sequence[Transition] = ()


class Archive(Protocol):
    """The calls there are and were, as last saved."""

    async def search(self, search: Search) -> Sequence[Found]:
        """Return the calls that were looked for, the latest first."""

    async def call(self, room: str) -> Call | None:
        """Return the call in a room, by its SID, its key, or its name: of several of one name, the latest."""

    async def alerts(self, call: Call) -> Sequence[Changed]:
        """Return the transitions of a call, each with its alert as it was then, oldest first."""

    async def overlapping(self, from_ms: int, to_ms: int, limit: int) -> Sequence[Room]:
        """Return at most `limit` rooms that went on at some time in [from_ms, to_ms), those that began last first.

        Everybody who was in a room is in its `participants` or in its `left`.
        """


class RollupStore(Protocol):
    """What samples add up to, by hour, for each room and for each value of the other scopes.

    It counts what was settled and what is still in the log alike.  Quantiles are within two per cent.  Hours count
    whole, and spans are bounded: `monitor.history.answers.Unanswerable` says what was asked too much.
    """

    @property
    def scopes(self) -> Collection[str]:
        """Return what there is to compare by."""

    async def percentiles(
        self,
        selection: Selection,
        metric: str,
        quantiles: Sequence[float],
        resolve: Resolve,
        *,
        bucket_ms: int | None = None,
    ) -> Sequence[Percentiles]:
        """Return quantiles of a metric, of each key and bucket, or of each key over the whole time."""

    async def attendance(self, selection: Selection, resolve: Resolve) -> Sequence[Attendance]:
        """Return how many people were heard of each key, for how long, and for how long with a bad level."""

    async def worst_rooms(
        self, by: str, from_ms: int, to_ms: int, resolve: Resolve, *, limit: int = 20
    ) -> Sequence[Worst]:
        """Return the rooms that were worst, the worst first, by p95 of a metric or by degraded minutes."""

    async def minutes(self, scope: str, key: str, from_ms: int, to_ms: int, resolve: Resolve) -> Buckets:
        """Return what was counted in each minute."""

    async def rebuild(self, from_ms: int, to_ms: int) -> int:
        """Add up anew what was measured in whole hours, as far as it has been settled.

        Returns:
            How many samples that were; nothing in a store that does not keep rollups.

        Raises:
            Unanswerable: the samples of that time are not all there any more.
        """


class PictureStore(Protocol):
    """The live picture, saved now and then so that a restart need not read the whole log."""

    async def save(self, entities: Iterable[Entity], through: int) -> None:
        """Save what changed, together with the log id that the picture reaches.

        Entities are read slice by slice, and each is made a row before anything else happens: until it is read, whoever
        gives it keeps it as it was at that log id.
        """

    async def load(self) -> Picture:
        """Return the picture as last saved."""


class SharedPicture(PictureStore, Protocol):
    """A saved picture that one of several replicas saves for all."""

    async def reaches(self) -> int:
        """Return the log id that the picture reaches as last saved."""


class IncidentsWanted(Struct, frozen=True):
    """Which incidents are asked for: those that opened in [from_s, to_s).

    `before` is the last of the page before, when it opened and its id.  `rule` is one of those whose alerts were in it
    when it was last spoken of, `severity` how bad it was then; empty, neither matters.
    """

    from_s: float = 0.0
    to_s: float = float("inf")
    is_open_only: bool = False
    before: tuple[float, str] | None = None
    limit: int = 50
    is_over_only: bool = False
    severity: str = ""
    rule: str = ""

    def is_among(self, incident: Incident) -> bool:
        """Whether an incident is one of them."""
        is_in_time = self.from_s <= incident.started_at < self.to_s
        is_after = self.before is None or (incident.started_at, incident.id) < self.before
        is_excluded = self.is_over_only if incident.ended_at is None else self.is_open_only
        return is_in_time and is_after and not is_excluded and self._is_about(incident)

    def _is_about(self, incident: Incident) -> bool:
        has_rule = self.rule == "" or any(alert.rule == self.rule for alert in incident.alerts)
        return self.severity in ("", incident.severity.value) and has_rule


class IncidentHistory(Protocol):
    """The groups that there are, and the incidents that there were."""

    async def load_groups(self) -> Sequence[Group]:
        """Return every group that there is."""

    async def incidents(self, wanted: IncidentsWanted) -> Sequence[Incident]:
        """Return the incidents that are wanted, the latest first, each as it stood when it was last spoken of."""

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, as it stood when something was last said of it."""

    async def incidents_of(self, groups: Collection[str], from_s: float, to_s: float) -> Sequence[Incident]:
        """Return the incidents of groups that went on at some time in [from_s, to_s), oldest first."""

    async def notes(self, fingerprint: str, from_s: float, to_s: float, limit: int) -> Sequence[Note]:
        """Return at most `limit` notes on an alert in [from_s, to_s), oldest first."""


class AlertHistory(AlertStore, Protocol):
    """What alerts need, and what people ask about them afterwards."""

    async def ended(self, since_s: float, limit: int) -> Sequence[Ended]:
        """Return the episodes that ended since, latest first."""

    async def changes_of(self, fingerprint: str, before_s: float, limit: int) -> Sequence[Changed]:
        """Return the last `limit` changes of an alert's state before a moment, oldest first."""

    async def outbox_counts(self) -> OutboxCounts:
        """Return how many notifications wait, and how many were given up."""

    async def drop_said(self, lane: str, before_s: float) -> int:
        """Drop what was owed in a lane before a moment and waits no longer; return how many that were."""

    async def standing(self, receiver: str) -> Standing:
        """Return how it goes with a receiver."""

    async def notifications(self, search: OutboxSearch) -> Sequence[OutboxEntry]:
        """Return the notifications that are looked for, the latest first."""

    async def notification(self, notification_id: str) -> OutboxEntry | None:
        """Return one notification, or None if there is none of this id."""

    async def attempts(self, seq: int) -> Sequence[tuple[int, AttemptMade]]:
        """Return the attempts at a notification, by its number, each with its own; of many the first and the last."""

    async def dead_since(self, since_s: float) -> int:
        """Return how many notifications were given up since."""


class Receipts(Protocol):
    """What became of notifications after they were accepted."""

    async def add(self, notification_id: str, receipt: Receipt) -> bool:
        """Keep a receipt, and say whether it is news: the same status of the same message is told more than once."""

    async def of(self, notification_id: str) -> Sequence[Receipt]:
        """Return what is known of a notification, oldest first."""


class SloStore(Protocol):
    """What error budgets count, saved with the picture."""

    async def save(self, kept: Sequence[Kept], now_s: float) -> None:
        """Save steps as they stand now, and drop those that no window reaches any more.

        Raises:
            StoreFailed: nothing was saved.
        """

    async def load(self) -> Sequence[Kept]:
        """Return the steps that were saved, in the order of time."""


class Secrets(Protocol):
    """What the daemon made up for itself and has to remember."""

    async def secret(self, name: str, fresh: bytes) -> bytes:
        """Return the secret of a name: the one there is, or `fresh`, which it is from now on."""


class Session(Struct, frozen=True):
    """Who logged in, as what, and until when; `proof` ties it to a token, and is empty if it began without one."""

    name: str
    role: Role
    proof: str
    expires_at_s: float


class SessionStore(Protocol):
    """Who is logged in, by the hash of the cookie."""

    async def add_session(self, token_hash: str, session: Session) -> None:
        """Remember a session."""

    async def session(self, token_hash: str, now_s: float) -> Session | None:
        """Return the session, if there is one that has not expired."""

    async def remove_session(self, token_hash: str) -> bool:
        """Forget a session; return whether there was one, which of several who forget it at a time is true of one."""


ERASED = "(erased)"  # in the place of somebody's name in the audit log


class AuditEntry(Struct, frozen=True):
    """That somebody did something, or wanted to.

    `status` is as HTTP has it, also for what was done by a command; it is None for as long as it is not known what came
    of it, and stays so where the daemon ended in between.  `place` is as much of an address as is kept of any.
    """

    at_ms: int
    who: str  # empty: nobody knows
    role: str
    way: str
    place: str
    did: str
    status: int | None = None
    request_id: str = ""


class AuditSearch(Struct, frozen=True):
    """Which entries are looked for, the latest first; what is empty does not matter.

    Those of [from_ms, to_ms) whose deed has `did` in it, and with a number less than `before`; `is_failed_only` asks
    for those that were refused, or failed, or of which nobody knows.
    """

    who: str = ""
    way: str = ""
    did: str = ""
    is_failed_only: bool = False
    from_ms: int = 0
    to_ms: int = 2**53
    before: int | None = None
    limit: int = 100

    def is_for(self, number: int, entry: AuditEntry) -> bool:
        """Whether an entry is among them."""
        return (
            self.from_ms <= entry.at_ms < self.to_ms
            and self.who in ("", entry.who)
            and self.way in ("", entry.way)
            and self.did in entry.did
            and (not self.is_failed_only or entry.status is None or entry.status >= 400)
            and (self.before is None or number < self.before)
        )


class AuditLog(Protocol):
    """Who changed what: entries are added, and of each it is added once what came of it; none is changed otherwise.

    They are dropped when they are old, and somebody who is erased is named in none of them.
    """

    async def add(self, entry: AuditEntry) -> int:
        """Write down that somebody does something; return its number."""

    async def conclude(self, number: int, status: int) -> None:
        """Add what came of it, once."""

    async def find(self, search: AuditSearch) -> Sequence[tuple[int, AuditEntry]]:
        """Return entries with their numbers, the latest first."""


class Share(Struct, frozen=True):
    """A link that shows a call, or what happened in it between two moments, to whoever has its token."""

    id: str
    token_hash: str
    room_sid: str
    from_ms: int | None
    to_ms: int | None
    created_at_ms: int
    expires_at_ms: int


class ShareStore(Protocol):
    """Links that show a call without a login, by the hash of their token.

    A link is over when it expires, when it is ended, when its call is dropped, and when somebody is erased who was in
    the call.
    """

    async def add_share(self, share: Share) -> None:
        """Keep a link."""

    async def share(self, token_hash: str, now_ms: int) -> Share | None:
        """Return the link whose token has this hash, if it is good."""

    async def shares(self, now_ms: int, room_sid: str = "") -> Sequence[Share]:
        """Return the links that are good, of a room or of all, those that end last before others."""

    async def end_share(self, share_id: str) -> bool:
        """End a link; return whether there was one."""


class Erased(Struct, frozen=True):
    """What was erased of a person: in how many stays they were known, and how many rows of which kind it took."""

    stays: int
    rows: Mapping[str, int]


class Size(NamedTuple):
    """What the store takes on disk, in bytes; `free_bytes` of the database wait for further rows; None: no disk."""

    database_bytes: int
    wal_bytes: int
    free_bytes: int = 0
    is_full: bool = False
    disk_free_bytes: int | None = None
    log_began_at_s: float | None = None  # when the write-ahead log was seen to begin anew; None: it was not yet
    damages: int = 0  # how often, since the start, a damaged page was met
    unsettled_since_ms: int | None = None  # when the oldest of a cluster's log was received that is not settled yet


class Writing(NamedTuple):
    """What the one thread that writes does: since when its write runs, by the monotonic clock, and how many wait."""

    waiting: int = 0
    began_s: float | None = None
    thread: int = 0


class Store(Protocol):
    """The whole memory of the daemon."""

    @property
    def log(self) -> EventLog:
        """Return the log of events."""

    @property
    def samples(self) -> SampleStore:
        """Return what was measured."""

    @property
    def archive(self) -> Archive:
        """Return the calls there are and were."""

    @property
    def rollups(self) -> RollupStore:
        """Return what that adds up to."""

    @property
    def picture(self) -> PictureStore:
        """Return the saved picture."""

    @property
    def incidents(self) -> IncidentHistory:
        """Return the groups of alerts, and the incidents."""

    @property
    def alerts(self) -> AlertHistory:
        """Return the alert states and the outbox."""

    @property
    def receipts(self) -> Receipts:
        """Return what became of notifications."""

    @property
    def silences(self) -> SilenceStore:
        """Return what nobody is to be told of."""

    @property
    def slos(self) -> SloStore:
        """Return what error budgets count."""

    @property
    def secrets(self) -> Secrets:
        """Return the secrets of this daemon."""

    @property
    def sessions(self) -> SessionStore:
        """Return the login sessions."""

    @property
    def audit(self) -> AuditLog:
        """Who changed what."""

    @property
    def shares(self) -> ShareStore:
        """Return the links that show a call without a login."""

    @property
    def is_full(self) -> bool:
        """Whether the disk is full: what its sender can send again is to be refused."""

    @property
    def refusal(self) -> str:
        """Why the disk takes nothing that is written, in a few words; empty as long as it takes it."""

    @property
    def writing(self) -> Writing:
        """Return what is written just now, and how much waits to be."""

    async def look_for_room(self) -> None:
        """If the disk was full, see whether it still is."""

    async def try_disk_again(self) -> None:
        """If the disk took nothing the last time, see whether it does now."""

    async def look_for_damage(self, patience_s: float) -> None:
        """Look over every table for which that takes no longer than `patience_s`; `size` counts what is found.

        Raises:
            StoreFailed: nothing can be looked over.
        """

    async def try_writing(self) -> None:
        """See a transaction through that changes nothing: what comes back from it can write.

        Raises:
            StoreFailed: it was refused.
        """

    async def retain(self, now_ms: int, keeping: Keeping) -> Mapping[str, int]:
        """Drop or forget what is older than its class is kept; return of each class how many rows that were."""

    async def erase(self, names: Collection[str], *, is_dry_run: bool = False) -> Erased:
        """Erase everything about the person who had these identities; a dry run only counts it.

        For a store on which no daemon lives: the live picture knows what it knows.

        Raises:
            StoreFailed: nothing was erased, or what was erased has left traces in the file; the error says which.
        """

    async def size(self) -> Size:
        """Return what the store takes on disk."""

    async def close(self) -> None:
        """Finish what is under way and let go of the files."""
