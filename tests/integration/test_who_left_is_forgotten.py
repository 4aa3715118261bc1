"""What does a daemon hold on to of people who came and went?

A leak of some bytes for each of them cannot be seen in the memory of a process within an hour.  But whatever is leaked
is in some table, and tables can be counted: hours are lived in seconds, and a table that has become longer by as much
as one entry for every tenth person is found, whatever it is.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from collectors.events import Event, RecordingsListed, RoomSummarySeen, Source
from monitor.http.addresses import Addresses
from monitor.http.admission import Admission, Arrival
from monitor.http.ingest_auth import AllowedOrigins, IngestAuthority
from monitor.http.proxies import TrustedProxies
from tests.builders import ACCOUNT, INGEST_KEY, participant, post, recording, room
from tests.tables import lengths
from tests.virtual_daemon import BEGAN_S, VirtualDaemon, virtual_daemon

PEOPLE = 5
HOURS = 3
GROWS_RATIO = 0.1
RULE = {"name": "Bad", "over": "participant", "raise": "level <= 1", "clear": "level >= 3"}

#: What outlives a room, each with its bound: 10,000 rooms, 10,000 recordings, the recordings of 10,000 rooms, and the
#: beginning and end of 25,000.
REMEMBERED = {
    "Calls.ended",
    "Calls._ended_by_name",
    "Media._finished_recordings",
    "Media._recordings_of",
    "Media._recordings_of[]",
    "CallbackHealth._changes",
}


class Day:
    """Every minute a room opens; its people are there for some minutes, and soon all has been told of it."""

    def __init__(self, daemon: VirtualDaemon) -> None:
        self._daemon = daemon
        self.door = door_of(daemon)
        self.came = 0

    async def go_on(self, minutes: range) -> None:
        for minute in minutes:
            self.came += PEOPLE
            for age in (0, 1, 2, 3, 9):
                await self._daemon.at(BEGAN_S + minute * 60 + age, list(self._told(minute - age, age, minute)))
            await self._daemon.do_chores()

    def _told(self, number: int, age: int, minute: int) -> Iterator[Event]:
        """Yield what is told of a room in a minute of its life."""
        if number < 0:
            return
        at_ms = round((BEGAN_S + minute * 60 + age) * 1000)
        began_ms = round((BEGAN_S + number * 60) * 1000)
        sid, name = f"RM{number:032x}", f"acme:class:{number}"
        about = {"sid": sid, "room_name": name, "at_ms": at_ms, "account_sid": ACCOUNT, "source": Source.CALLBACK}
        numbers = range(number * PEOPLE, (number + 1) * PEOPLE)
        people = [f"PA{each:032x}" for each in numbers]
        tapes = [{"sid": f"RT{who[2:]}", "room_sid": sid, "participant_sid": who} for who in people]
        if age == 0:
            yield room(created_at_ms=began_ms, is_recorded=True, **about)
            yield from (participant(who, room_sid=sid, at_ms=at_ms, account_sid=ACCOUNT) for who in people)
            yield from (recording(at_ms=at_ms, account_sid=ACCOUNT, **tape) for tape in tapes)
        if age < 3:
            yield from (self._posted(sid, name, each, at_ms, age) for each in numbers)
        if age == 3:
            gone = {"room_sid": sid, "at_ms": at_ms, "left_at_ms": at_ms}
            yield from (participant(who, "disconnected", **gone) for who in people)
            yield room("completed", created_at_ms=began_ms, ended_at_ms=at_ms, **about)
            yield from (recording("completed", at_ms=at_ms, account_sid=ACCOUNT, **tape) for tape in tapes)
        if age == 9:
            yield RecordingsListed(at_ms, Source.POLL, sid, ACCOUNT, recordings=PEOPLE)
            yield RoomSummarySeen(at_ms, Source.POLL, sid, ACCOUNT, name, began_ms, at_ms, unique_participants=PEOPLE)

    def _posted(self, sid: str, name: str, number: int, at_ms: int, age: int) -> Event:
        """Return what a browser posts, as the door lets it in: one of the room is badly off in the second minute."""
        level = 0 if age == 1 and number % PEOPLE == 0 else 4
        happened = {"type": "network_quality", "at": at_ms, "level": level}
        said = {
            "room_sid": sid,
            "room_name": name,
            "participant_sid": f"PA{number:032x}",
            "identity": f"person {number}",
        }
        body = post(happened, **said, session=f"s-{number}", seq=age, sent_at=at_ms)
        address = f"192.0.2.{number % 250}"
        packed = msgspec.json.encode(body)
        batch, *_ = self.door.admit(Arrival(address, "", "application/json", "", INGEST_KEY, "", packed), at_ms / 1000)
        return batch


def door_of(daemon: VirtualDaemon) -> Admission:
    """Return the door for telemetry."""
    telemetry, public = daemon.config.telemetry, daemon.config.public
    origins = AllowedOrigins(telemetry.allowed_origins)
    return Admission(
        IngestAuthority(daemon.config.accounts, telemetry.ingest_keys, telemetry.token_grace_s, origins),
        daemon.live,
        daemon.metrics,
        telemetry,
        TrustedProxies(public.trusted_proxies, public.forwarded_by),
        Addresses(daemon.config.privacy.addresses),
        None,
    )


async def test_only_what_is_meant_to_be_remembered_grows_with_those_who_came_and_went(tmp_path: Path) -> None:
    async with virtual_daemon(tmp_path / "roomwatch.db", rules=[RULE]) as daemon:
        day = Day(daemon)
        await day.go_on(range(60))
        before, came = lengths(day), day.came
        await day.go_on(range(60, 60 * HOURS))
        after, people = lengths(day), day.came - came
        turns = Counter(each.after.value for each in await daemon.transitions())
    assert turns["firing"] >= 60, "nobody was badly off, so alerts have not been looked at"
    grown = {name: by for name in after if (by := after[name] - before[name]) >= GROWS_RATIO * people}
    assert grown.keys() == REMEMBERED, grown


def test_a_table_with_one_entry_for_each_is_found_wherever_it_is() -> None:
    class Leaky:
        __slots__ = ("_inner", "on_change")

        def __init__(self) -> None:
            known: list[int] = []
            self._inner = {"rooms": [(set[str](),)]}
            self.on_change = lambda: known

    leaky = Leaky()
    before = lengths([leaky])
    leaky.on_change().extend(range(7))
    leaky._inner["rooms"][0][0].update("abc")
    grown = {name.rpartition(".")[2]: by for name, by in (lengths([leaky]) - before).items()}
    assert grown == {"<lambda>": 7, "_inner[][][]": 3}
