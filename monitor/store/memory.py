"""What if nothing needs to outlive the process?

A true second store, on plain lists and dictionaries, held to the same conformance suite as SQLite.  It serves
`storage.path = ":memory:"`, for looking around and for tests that are about something else.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from operator import attrgetter
from typing import TypeVar

import msgspec

from alerts.model import Alert, State
from collectors.events import Event
from collectors.observations import TelemetryBatch
from monitor.calls import ENDED_ROOMS_KEPT
from monitor.entities import Account, Composition, Entity, Participant, Recording, Ref, Room
from monitor.history.answers import Selection
from monitor.history.rollup_rows import Part, Row, packed
from monitor.history.rollups import ROOM, bounded, rolled, selected
from monitor.store.answering import Answering
from monitor.store.changing import changed_by
from monitor.store.forgotten import (
    TELEMETRY,
    alert_of_nobody,
    entity_from_nowhere,
    entity_of_nobody,
    event_from_nowhere,
    event_of_nobody,
    happening_of_nobody,
    is_about_a_name,
)
from monitor.store.keeping import Keeping
from monitor.store.lines import Lines
from monitor.store.memory_alerts import MemoryAlerts
from monitor.store.memory_audit import MemoryAudit
from monitor.store.memory_incidents import MemoryIncidents
from monitor.store.memory_receipts import MemoryReceipts
from monitor.store.memory_secrets import MemorySecrets
from monitor.store.memory_shares import MemoryShares
from monitor.store.memory_silences import MemorySilences
from monitor.store.memory_slo import MemorySlos
from monitor.store.person import (
    Person,
    entity_without,
    event_without,
    happening_without,
    is_alert_about,
    sids_beside,
)
from monitor.store.ports import (
    ANY_RULE,
    ERASED,
    Call,
    Changed,
    Entry,
    Erased,
    Found,
    Happening,
    Line,
    Picture,
    Place,
    Resolve,
    Resolved,
    RoomValues,
    Search,
    Series,
    Session,
    Size,
    Wanted,
    Writing,
)
from monitor.store.room_values import values_in_lines
from monitor.store.rows import happenings_of, place_of
from monitor.store.scopes import SCOPES, Scopes, placed
from monitor.store.stand_ins import new_stand_in

T = TypeVar("T")

E = TypeVar("E", Room, Participant, Composition, Recording)


class _Logged(msgspec.Struct):
    id: int
    received_at_ms: int
    event: Event


class MemoryLog:
    """The event log in memory (`monitor.store.ports.EventLog`)."""

    def __init__(self) -> None:
        self.entries: list[_Logged] = []
        self.happened: list[tuple[str, Happening]] = []  # with the room
        self.seen: dict[str, int] = {}
        self._last_id = 0

    async def append(self, entries: Sequence[Entry], now_ms: int) -> Sequence[int | None]:
        """Keep the events; return the id of each, None for a repeat."""
        return [self._append(entry.event, now_ms) for entry in entries]

    def _append(self, event: Event, now_ms: int) -> int | None:
        if event.dedup_key is not None:
            if event.dedup_key in self.seen:
                return None
            self.seen[event.dedup_key] = now_ms
        self._last_id += 1
        self.entries.append(_Logged(self._last_id, now_ms, event))
        place = place_of(event)
        self.happened += [(place.room, happening) for happening in happenings_of(event, place)]
        return self._last_id

    async def since(self, log_id: int, limit: int) -> Sequence[tuple[int, Event]]:
        """Return at most `limit` events after `log_id`, oldest first."""
        return [(entry.id, entry.event) for entry in self.entries if entry.id > log_id][:limit]

    async def newest_at_ms(self) -> int | None:
        """Return when the newest of what is there was taken in or happened, None where there is nothing."""
        taken_in = (each.received_at_ms for each in self.entries)
        return max((*taken_in, *self.seen.values(), *(each.at_ms for _, each in self.happened)), default=None)

    async def happenings(
        self, room: str, from_ms: int, to_ms: int, limit: int, *, kinds: Collection[str] = ()
    ) -> Sequence[Happening]:
        """Return at most `limit` things that happened in a room in [from_ms, to_ms), of these kinds, oldest first."""
        found = [each for at, each in self.happened if at == room and from_ms <= each.at_ms < to_ms]
        return sorted((h for h in found if not kinds or h.kind in kinds), key=lambda h: h.at_ms)[:limit]

    def lines(self, resolve: Resolve) -> Iterator[Line]:
        """Return everything that was measured."""
        lines = Lines()
        for entry in self.entries:
            if isinstance(entry.event, TelemetryBatch):
                lines.add(entry.event)
        return lines.take(resolve)

    def drop_before(self, bound_ms: float, through: int) -> int:
        """Drop what is older, as far as the saved picture reaches."""
        kept = [entry for entry in self.entries if entry.received_at_ms >= bound_ms or entry.id > through]
        dropped = len(self.entries) - len(kept) + self.drop_keys_before(bound_ms)
        self.entries = kept
        return dropped

    def drop_keys_before(self, bound_ms: float) -> int:
        """Drop older keys by which repeats are known."""
        seen = {key: at_ms for key, at_ms in self.seen.items() if at_ms >= bound_ms}
        dropped, self.seen = len(self.seen) - len(seen), seen
        return dropped

    def change(self, change: Callable[[Event], Event | None], is_due: Callable[[int, int], bool]) -> int:
        """Change the events that are due by number and time; return how many became others, or none."""

        def changed(entry: _Logged) -> _Logged | None:
            event = change(entry.event) if is_due(entry.id, entry.received_at_ms) else entry.event
            if event is None:
                return None
            return entry if event is entry.event else _Logged(entry.id, entry.received_at_ms, event)

        self.entries, count = changed_by(self.entries, changed)
        return count

    def change_happenings(self, change: Callable[[Happening], Happening | None]) -> int:
        """Change what happened; return how much became other, or nothing."""

        def changed(entry: tuple[str, Happening]) -> tuple[str, Happening] | None:
            happening = change(entry[1])
            return happening and (entry[0], happening)

        self.happened, count = changed_by(self.happened, changed)
        return count

    def drop_happenings_before(self, bound_ms: float) -> int:
        """Drop what happened before."""
        kept = [(room, each) for room, each in self.happened if each.at_ms >= bound_ms]
        dropped, self.happened = len(self.happened) - len(kept), kept
        return dropped


def _as_told(place: Place, at_ms: int) -> Resolved:  # noqa: ARG001  # at no time anything else
    return Resolved(place)


class MemorySamples:
    """What was measured, in memory (`monitor.store.ports.SampleStore`): it stays where it is, in the log."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    async def settle(self, now_ms: int, older_than_ms: int, resolve: Resolve) -> int:  # noqa: ARG002  # see above
        """Do nothing."""
        return 0

    async def merge(self, silent_since_ms: int) -> int:  # noqa: ARG002  # see above
        """Do nothing."""
        return 0

    async def timeline(
        self, room: str, from_ms: int, to_ms: int, resolve: Resolve, *, participant: str | None = None
    ) -> Sequence[Line]:
        """Return what was measured in a room in [from_ms, to_ms), by everybody or by one participant."""
        lines = await self.timelines([room], from_ms, to_ms, resolve)
        return [line for line in lines if participant in (None, line.series.participant)]

    async def timelines(self, rooms: Collection[str], from_ms: int, to_ms: int, resolve: Resolve) -> Sequence[Line]:
        """Return what was measured in rooms in [from_ms, to_ms), by everybody."""
        found = [
            Line(series, samples.within(from_ms, to_ms))
            for series, samples in self._log.lines(resolve)
            if series.room in rooms
        ]
        return sorted(
            (line for line in found if line.samples.count), key=lambda line: (line.series.room, line.series.participant)
        )

    async def lines(self, wanted: Wanted, resolve: Resolve) -> AsyncGenerator[Line]:
        """Yield what was measured, which is in memory already."""
        for series, samples in self._log.lines(resolve):
            within = samples.within(wanted.from_ms, wanted.to_ms)
            if within.count and wanted.is_about(series):
                yield Line(series, within)

    async def values(self, metric: str, from_ms: int, to_ms: int, resolve: Resolve) -> AsyncGenerator[RoomValues]:
        """Yield the values of one metric, of all rooms."""
        async for some in values_in_lines(self.lines(Wanted(from_ms, to_ms), resolve), metric):
            yield some

    async def estimate(self, wanted: Wanted) -> int:
        """Return how many samples that is."""
        return sum([line.samples.count async for line in self.lines(wanted, _as_told)])

    def series(self) -> Iterator[Series]:
        """Return who has measured anything, and where."""
        return (line.series for line in self._log.lines(_as_told))


class MemoryRollups(Answering):
    """What samples add up to, in memory (`monitor.store.ports.RollupStore`): each question adds them up anew."""

    def __init__(self, log: MemoryLog, scopes: Scopes) -> None:
        super().__init__(scopes)
        self._log = log

    async def _fold(
        self,
        selection: Selection,
        part: Part,  # noqa: ARG002  # both are at hand
        resolve: Resolve,
        fold: Callable[[Iterator[Row]], T],
    ) -> T:
        found = selected(rolled(placed(line, self.scopes) for line in self._log.lines(resolve)), selection.is_about)
        return fold(iter(sorted(packed(bounded(found, {})), key=attrgetter("key", "from_ms"))))

    async def rebuild(self, from_ms: int, to_ms: int) -> int:
        """Do nothing: see above."""
        Selection(ROOM, from_ms, to_ms).checked()
        return 0


class MemoryPicture:
    """The saved picture in memory (`monitor.store.ports.PictureStore`)."""

    def __init__(self) -> None:
        self._entities: dict[Ref, bytes] = {}
        self._kinds: dict[Ref, type[Entity]] = {}
        self.through = 0

    async def save(self, entities: Iterable[Entity], through: int) -> None:
        """Save what changed, as it is now: the records go on changing."""
        saved = [(entity.ref, type(entity), msgspec.json.encode(entity)) for entity in entities]
        self._entities |= {ref: body for ref, _, body in saved}
        self._kinds |= {ref: kind for ref, kind, _ in saved}
        self.through = through

    async def load(self) -> Picture:
        """Return the picture as last saved."""
        entities = self.entities()
        entities.sort(key=lambda entity: _over_at_ms(entity) or 0)
        rooms = [entity for entity in entities if isinstance(entity, Room)]
        return Picture(
            [room for room in rooms if room.is_live],
            [room for room in rooms if not room.is_live][-ENDED_ROOMS_KEPT:],
            [e for e in entities if isinstance(e, Composition | Recording)],
            [e for e in entities if isinstance(e, Account)],
            self.through,
        )

    def entities(self) -> list[Entity]:
        """Return everything as last saved."""
        return [msgspec.json.decode(body, type=self._kinds[ref]) for ref, body in self._entities.items()]

    def change(self, change: Callable[[Entity], Entity | None]) -> int:
        """Change records; return how many became others, or none."""
        before, (entities, _) = self._entities, changed_by(self.entities(), change)
        self._entities = {entity.ref: msgspec.json.encode(entity) for entity in entities}
        self._kinds = {entity.ref: type(entity) for entity in entities}
        return len(before) - sum(before.get(ref) == body for ref, body in self._entities.items())

    def drop_before(self, bound_ms: float) -> int:
        """Drop what was over before the bound."""
        over = [
            ref
            for ref, body in self._entities.items()
            if (at_ms := _over_at_ms(msgspec.json.decode(body, type=self._kinds[ref]))) is not None and at_ms < bound_ms
        ]
        for ref in over:
            del self._entities[ref], self._kinds[ref]
        return len(over)


def _over_at_ms(entity: Entity) -> int | None:
    match entity:
        case _ if entity.is_live:
            return None
        case Account():
            return None
        case Recording():
            return entity.seen_at_ms
        case Room():
            return entity.ended_at_ms or entity.heard_at_ms
        case Participant():
            return entity.left_at_ms
        case Composition():
            return entity.completed_at_ms or entity.seen_at_ms


class MemoryArchive:
    """The calls there are and were, in memory (`monitor.store.ports.Archive`)."""

    def __init__(self, picture: MemoryPicture, alerts: MemoryAlerts, samples: MemorySamples) -> None:
        self._picture = picture
        self._alerts = alerts
        self._samples = samples

    async def search(self, search: Search) -> Sequence[Found]:
        """Return the calls that were looked for, the latest first."""
        measured = {(series.room, series.participant, series.identity) for series in self._samples.series()}
        rooms = [room for room in self._of(Room) if room.created_at_ms is not None]
        wanted = [room for room in rooms if search.from_ms <= (room.created_at_ms or 0) < search.to_ms]
        found = [self._found(room) for room in wanted if self._is_about(room, search.text, measured)]
        found = [each for each in found if not search.fired or _has_fired(each, search.fired)]
        found.sort(key=lambda each: (each.created_at_ms, each.key), reverse=True)
        return [each for each in found if search.after is None or (each.created_at_ms, each.key) < search.after][
            : search.limit
        ]

    def _is_about(self, room: Room, text: str, measured: Collection[tuple[str, str, str | None]]) -> bool:
        if not text or text in (room.key, room.sid) or (room.name or "").startswith(text):
            return True
        people = [*room.people(), *(each for each in self._of(Participant) if each.room_key == room.key)]
        return any(text in (each.sid, each.identity) for each in people) or any(
            text in names for at, *names in measured if at in (room.key, room.sid)
        )

    def _found(self, room: Room) -> Found:
        over_at_ms = None if room.is_live else room.ended_at_ms or room.heard_at_ms
        about = {room.key, *(each.sid for each in self._of(Composition) if room.sid and each.room_sid == room.sid)}
        fired = {
            each.transition.rule
            for each in self._alerts.changes()
            if each.transition.after is State.FIRING and each.transition.entity.partition("/")[0] in about
        }
        told = (room.key, room.sid, room.name, room.account_sid, room.status.value, room.created_at_ms or 0)
        return Found(*told, over_at_ms, tuple(sorted(fired)))

    async def call(self, room: str) -> Call | None:
        """Return the call in a room, by its SID, its key, or its name: of several of one name, the latest."""
        rooms = self._of(Room)
        found = next((each for each in rooms if room in (each.key, each.sid)), None) or max(
            (each for each in rooms if each.name == room), key=lambda each: each.created_at_ms or 0, default=None
        )
        if found is None:
            return None
        self._bring_back(found)
        recordings = [each for each in self._of(Recording) if each.room_sid == found.sid]
        call = Call(found, recordings, [each for each in self._of(Composition) if each.room_sid == found.sid])
        return call._replace(transitions=[each.transition for each in await self.alerts(call)])

    async def alerts(self, call: Call) -> Sequence[Changed]:
        """Return the transitions of a call, each with its alert as it was then, oldest first."""
        about = {call.room.key, *(each.sid for each in call.compositions)}
        changes = [each for each in self._alerts.changes() if each.transition.entity.partition("/")[0] in about]
        return sorted(changes, key=lambda each: each.transition.at)

    async def overlapping(self, from_ms: int, to_ms: int, limit: int) -> Sequence[Room]:
        """Return at most `limit` rooms that went on at some time in [from_ms, to_ms), those that began last first."""
        begun = [room for room in self._of(Room) if room.created_at_ms is not None and room.created_at_ms < to_ms]
        found = [room for room in begun if (over_at_ms := _over_at_ms(room)) is None or over_at_ms > from_ms]
        found.sort(key=lambda room: (room.created_at_ms or 0, room.key), reverse=True)
        for room in found[:limit]:
            self._bring_back(room)
        return found[:limit]

    def _bring_back(self, room: Room) -> None:
        """Put those who have left back into the record of their room."""
        for person in self._of(Participant):
            if person.room_key == room.key and person.key not in room.participants:
                room.left.setdefault(person.sid or person.key, person)

    def _of(self, kind: type[E]) -> list[E]:
        return [entity for entity in self._picture.entities() if isinstance(entity, kind)]


def _has_fired(found: Found, rule: str) -> bool:
    return bool(found.fired) if rule == ANY_RULE else rule in found.fired


class MemorySessions:
    """Login sessions in memory (`monitor.store.ports.SessionStore`)."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    async def add_session(self, token_hash: str, session: Session) -> None:
        """Remember a session."""
        self._sessions[token_hash] = session

    async def session(self, token_hash: str, now_s: float) -> Session | None:
        """Return the session, if there is one that has not expired."""
        session = self._sessions.get(token_hash)
        return session if session is not None and session.expires_at_s > now_s else None

    async def remove_session(self, token_hash: str) -> bool:
        """Forget a session; return whether there was one."""
        return self._sessions.pop(token_hash, None) is not None

    def drop_before(self, now_s: float) -> int:
        """Drop what has expired."""
        over = [key for key, session in self._sessions.items() if session.expires_at_s < now_s]
        for key in over:
            del self._sessions[key]
        return len(over)


class MemoryStore:
    """The whole memory of a daemon that may forget (`monitor.store.ports.Store`)."""

    def __init__(self, scopes: Scopes = SCOPES) -> None:
        self.log = MemoryLog()
        self.samples = MemorySamples(self.log)
        self.rollups = MemoryRollups(self.log, scopes)
        self.picture = MemoryPicture()
        self.incidents = MemoryIncidents()
        self.alerts = MemoryAlerts(self.incidents)
        self.receipts = MemoryReceipts()
        self.silences = MemorySilences()
        self.slos = MemorySlos()
        self.secrets = MemorySecrets()
        self.sessions = MemorySessions()
        self.shares = MemoryShares()
        self.audit = MemoryAudit()
        self.archive = MemoryArchive(self.picture, self.alerts, self.samples)
        self._stand_in = new_stand_in()

    async def retain(self, now_ms: int, keeping: Keeping) -> Mapping[str, int]:
        """Drop or forget what is older than its class is kept; return of each class how many entries that were."""
        bounds_ms = keeping.bounds_ms(now_ms)
        history_ms = bounds_ms["history"]
        dropped = self._rooms_to_drop(history_ms)
        return {
            "raw": self.log.drop_before(bounds_ms["raw"], self.picture.through),
            "events": self.log.drop_happenings_before(bounds_ms["events"]),
            "history": self.picture.drop_before(history_ms)
            + self.alerts.drop_before(history_ms / 1000)
            + self.receipts.drop_before(history_ms / 1000)
            + self.silences.drop_before(history_ms / 1000)
            + self.sessions.drop_before(history_ms / 1000)
            + self.shares.drop(lambda share: share.expires_at_ms < history_ms or share.room_sid in dropped),
            "audit": self.audit.drop_before(bounds_ms["audit"]),
            "rollups": 0,  # they are added up anew for each question
            "identities": self._forget_who(bounds_ms["identities"]),
            "addresses": self._forget_where(bounds_ms["addresses"]),
        }

    def _rooms_to_drop(self, before_ms: int) -> frozenset[str | None]:
        """Return the SIDs of the rooms that are dropped."""
        rooms = (each for each in self.picture.entities() if isinstance(each, Room))
        return frozenset(each.sid for each in rooms if (over_at_ms := _over_at_ms(each)) and over_at_ms < before_ms)

    def _forget_who(self, before_ms: int) -> int:
        stand_in = self._stand_in

        def of_nobody(each: Happening) -> Happening:
            if each.at_ms >= before_ms:
                return each
            participant, body = happening_of_nobody(each.participant, each.source, each.body, stand_in)
            return each._replace(participant=participant, body=body)

        return (
            self.log.drop_keys_before(before_ms)
            + self.log.change(lambda event: event_of_nobody(event, stand_in), self._is_logged_before(before_ms))
            + self.log.change_happenings(of_nobody)
            + self.picture.change(_if_over(before_ms, lambda entity: entity_of_nobody(entity, stand_in)))
            + self.alerts.change(_alert_of_nobody, before_ms / 1000)
        )

    def _forget_where(self, before_ms: int) -> int:
        return self.log.change(event_from_nowhere, self._is_logged_before(before_ms)) + self.picture.change(
            _if_over(before_ms, entity_from_nowhere)
        )

    def _is_logged_before(self, before_ms: int) -> Callable[[int, int], bool]:
        return lambda log_id, received_at_ms: log_id <= self.picture.through and received_at_ms < before_ms

    async def erase(self, names: Collection[str], *, is_dry_run: bool = False) -> Erased:
        """Erase everything about the person who had these identities; a dry run only counts it."""
        if is_dry_run:
            return await deepcopy(self).erase(names)
        names = frozenset(names)
        person = Person(names, frozenset(self._sids(names)))
        keys = [entry.event.dedup_key for entry in self.log.entries if event_without(entry.event, person) is None]

        def without(each: Happening) -> Happening | None:
            left = happening_without(each.participant, each.source, each.body, person)
            return left and each._replace(participant=left[0], body=left[1])

        rooms = frozenset(self._rooms_of(person))
        rows = {
            "audit log": self.audit.forget(names, ERASED),
            "shared links": self.shares.drop(lambda share: share.room_sid in rooms),
            "events in the log": self.log.change(lambda event: event_without(event, person), lambda *_: True),
            "events": self.log.change_happenings(without),
            "keys": sum(self.log.seen.pop(key or "", None) is not None for key in keys),
            "records": self.picture.change(lambda entity: entity_without(entity, person)),
            "alerts": self.alerts.change(lambda alert: None if is_alert_about(alert, person) else alert),
        }
        return Erased(len(person.sids), {kind: count for kind, count in rows.items() if count})

    def _rooms_of(self, person: Person) -> Iterator[str | None]:
        """Return the SIDs of the rooms that somebody was in."""
        yield from (place_of(each.event).room for each in self.log.entries if event_without(each.event, person) is None)
        entities = [*self.picture.entities()]
        stays = {each.room_key for each in entities if isinstance(each, Participant) and _is_of(each, person)}
        for room in (each for each in entities if isinstance(each, Room)):
            if room.key in stays or any(_is_of(each, person) for each in room.people()):
                yield room.sid

    def _sids(self, names: frozenset[str]) -> Iterator[str]:
        """Return the participant SIDs under which somebody is known, wherever one stands beside a name of theirs."""
        told = [*(entry.event for entry in self.log.entries), *self.picture.entities(), *self.alerts.all_alerts()]
        yield from sids_beside(msgspec.json.decode(msgspec.json.encode(told)), names)
        for _, each in self.log.happened:
            if each.source != TELEMETRY:
                yield from sids_beside(msgspec.json.decode(each.body), names)

    @property
    def writing(self) -> Writing:
        """Return that nothing waits: what is written is there at once."""
        return Writing()

    @property
    def is_full(self) -> bool:
        """Never: there is no disk."""
        return False

    @property
    def refusal(self) -> str:
        """Nothing: memory takes whatever comes."""
        return ""

    async def look_for_room(self) -> None:
        """Nothing to look for."""

    async def try_disk_again(self) -> None:
        """Nothing to try."""

    async def look_for_damage(self, patience_s: float) -> None:
        """Nothing that could be damaged."""

    async def try_writing(self) -> None:
        """Nothing that could be in the way."""

    async def size(self) -> Size:
        """Return zeroes: nothing is on disk."""
        return Size(0, 0)

    async def close(self) -> None:
        """Nothing to let go of."""


def _is_of(participant: Participant, person: Person) -> bool:
    """Whether a stay was this person's."""
    return person.is_known_as(participant.identity, participant.sid)


def _if_over(before_ms: int, change: Callable[[Entity], Entity]) -> Callable[[Entity], Entity]:
    """Return a change of only what was over before."""

    def changed(entity: Entity) -> Entity:
        at_ms = _over_at_ms(entity)
        return entity if at_ms is None or at_ms >= before_ms else change(entity)

    return changed


def _alert_of_nobody(alert: Alert) -> Alert | None:
    return None if is_about_a_name(alert.entity) else alert_of_nobody(alert)
