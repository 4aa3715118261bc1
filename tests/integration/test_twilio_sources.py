"""Our collectors, through the real client library, against a Twilio that answers like Twilio."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from aiohttp import web

from collectors.base import CollectError, Collector, Known, Summaries, Unsettled
from collectors.compositions import Compositions
from collectors.ended_rooms import EndedRooms
from collectors.events import (
    CompositionSeen,
    CompositionStatus,
    Event,
    HookSeen,
    HooksListed,
    ParticipantSeen,
    ParticipantStatus,
    ParticipantSummarySeen,
    RecordingSeen,
    RecordingsListed,
    RoomLooked,
    RoomSeen,
    RoomStatus,
    RoomSummarySeen,
    Source,
    StaysListed,
    SummariesListed,
    UsageSeen,
)
from collectors.hooks import CompositionHooks
from collectors.missing import MAX_FETCHES
from collectors.participants import Participants
from collectors.registry import SOURCES
from collectors.rest.budget import Budget, Limits
from collectors.rest.twilio import Credentials, Twilio, connect
from collectors.rooms import Rooms
from collectors.stays import Stays
from collectors.summaries import KEPT_MS, RoomSummaries
from collectors.usage import Usage
from monitor.http.server import Listener
from monitor.simulator.account import SimulatedAccount
from monitor.simulator.entities import Room
from monitor.simulator.scenarios import Scenario
from monitor.simulator.simulator import Simulator
from tests.builders import ALICE, COMPOSITION, NOW_MS, ROOM
from tests.pictures import Picture

DAY_S = 86_400.0
HOUR_MS = 3_600_000
# Nobody comes or goes by themselves, so that a test knows what is there.
STILL = Scenario(
    "still",
    "",
    rooms=8,
    participants_per_room=6,
    recorded_ratio=1.0,
    room_lasts_s=(DAY_S, DAY_S),
    stays_s=(DAY_S, DAY_S),
)
# A quarter of an hour of short rooms, so that there is something of everything.
BUSY = Scenario("busy", "", rooms=6, participants_per_room=3, room_lasts_s=(60.0, 200.0), recorded_ratio=1.0)
AGE_S = {STILL.name: 60.0, BUSY.name: 900.0}


class Counted:
    """Notes what every request came to."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []

    def on_request(self, resource: str, code: str, seconds: float) -> None:
        assert seconds >= 0
        self.requests.append((resource, code))

    @property
    def codes(self) -> list[str]:
        return [code for _, code in self.requests]

    def on_retry(self, resource: str, kind: str) -> None:
        pass

    def on_throttled(self, resource: str, retry_after_s: float | None) -> None:
        pass

    def on_key_changed(self, account_sid: str, now_using: str) -> None:
        pass

    def on_server_date(self, server_s: float, at_s: float) -> None:
        pass


Ask = Callable[..., Twilio]
Simulate = Callable[[Scenario], Awaitable[tuple[Simulator, Twilio]]]
Answer = Callable[..., Awaitable[Twilio]]


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
async def ask(counted: Counted) -> AsyncIterator[Ask]:
    """Connect to a base URL as an account; what was connected is closed at the end."""
    opened: list[Twilio] = []

    def connected(base_url: str, account: SimulatedAccount, *, timeout_s: float = 5) -> Twilio:
        credentials = Credentials(account.account_sid, account.api_key, account.api_secret)
        budget = Budget(Limits(requests_per_s=1000, burst_requests=1000, most_attempts=1))
        opened.append(connect(credentials, budget, counted, timeout_s=timeout_s, base_url=base_url))
        return opened[-1]

    yield connected
    for twilio in opened:
        await twilio.close()


@pytest.fixture
async def simulate(ask: Ask) -> AsyncIterator[Simulate]:
    started: list[Simulator] = []

    async def start(scenario: Scenario) -> tuple[Simulator, Twilio]:
        """Start a Twilio with some time behind it, and connect to it."""
        started.append(Simulator(scenario, started_at=time.time() - AGE_S[scenario.name]))
        await started[-1].start()
        return started[-1], ask(started[-1].base_url, started[-1].account)

    yield start
    for simulator in started:
        await simulator.stop()


@pytest.fixture
async def answer(ask: Ask) -> AsyncIterator[Answer]:
    """Serve one handler for every path, and connect to it."""
    doors: list[Listener] = []

    async def serve(handler, **given: Any) -> Twilio:
        doors.append(await Listener.open("127.0.0.1", 0, [web.route("*", "/{path:.*}", handler)]))
        return ask(f"http://127.0.0.1:{doors[-1].port}", SimulatedAccount.for_seed(1), **given)

    yield serve
    for door in doors:
        await door.close()


async def batches(collector: Collector, known: Known, now_ms: int = NOW_MS) -> list[Sequence[Event]]:
    return [batch async for batch in collector.collect(known, now_ms)]


async def told(collector: Collector, known: Known, now_ms: int = NOW_MS) -> list[Any]:
    return [event for batch in await batches(collector, known, now_ms) for event in batch]


def by_sid(rooms: Sequence[Room]) -> dict[str, int | None]:
    return {room.sid: int(room.created_at * 1000) for room in rooms}


def ended(simulator: Simulator) -> list[Room]:
    return [room for room in simulator.world.rooms.values() if not room.is_live]


def end(simulator: Simulator, rooms: Sequence[Room]) -> None:
    for room in rooms:
        simulator.world.ledger.end_room(simulator.clock(), room, "room_ended_via_api")


def foreign(number: int) -> str:
    return f"RM{number:032x}"


# --- rooms -----------------------------------------------------------------------------------------------


async def test_the_rooms_in_progress_are_told_page_by_page(simulate: Simulate) -> None:
    simulator, twilio = await simulate(STILL)
    pages = await batches(Rooms(twilio, page_size=3), Picture())
    assert [len(page) for page in pages] == [3, 3, 2]
    seen = {room.room_sid: room for page in pages for room in page if isinstance(room, RoomSeen)}
    assert {sid: room.room_name for sid, room in seen.items()} == {r.sid: r.name for r in simulator.world.live_rooms}
    assert {room.status for room in seen.values()} == {RoomStatus.IN_PROGRESS}


async def test_a_room_that_the_sweep_does_not_show_is_asked_for(simulate: Simulate, counted: Counted) -> None:
    simulator, twilio = await simulate(STILL)
    known = Picture(live=by_sid(simulator.world.live_rooms))
    over = simulator.world.live_rooms[0]
    end(simulator, [over])
    *_, last = await told(Rooms(twilio), known)
    assert (last.room_sid, last.status) == (over.sid, RoomStatus.COMPLETED)
    assert last.ended_at_ms == int(over.ended_at or 0) * 1000
    assert counted.requests == [("rooms", "200")] * 2


async def test_many_rooms_that_ended_at_once_cost_one_list(simulate: Simulate, counted: Counted) -> None:
    simulator, twilio = await simulate(STILL)
    known = Picture(live=by_sid(simulator.world.live_rooms))
    over = simulator.world.live_rooms[:6]
    end(simulator, over)
    seen = await told(Rooms(twilio), known)
    assert {room.room_sid for room in seen if room.status is RoomStatus.COMPLETED} == {room.sid for room in over}
    assert len(counted.requests) == 2


async def test_what_the_pages_worth_reading_do_not_hold_is_asked_for_one_by_one(
    simulate: Simulate, counted: Counted
) -> None:
    simulator, twilio = await simulate(BUSY)
    over = ended(simulator)[:10]
    seen = await told(Rooms(twilio, page_size=1), Picture(live=by_sid(over)))
    assert {room.room_sid for room in seen if room.status is RoomStatus.COMPLETED} == {room.sid for room in over}
    assert len(counted.requests) <= len(simulator.world.live_rooms) + 1 + 5 + 10


async def test_rooms_of_unknown_creation_are_asked_for_one_by_one(simulate: Simulate, counted: Counted) -> None:
    simulator, twilio = await simulate(BUSY)
    over = [room.sid for room in ended(simulator)[:4]]
    seen = await told(Rooms(twilio), Picture(live=dict.fromkeys(over)))
    assert {room.room_sid for room in seen if room.status is RoomStatus.COMPLETED} == set(over)
    assert len(counted.requests) == 1 + 4


async def test_the_end_that_a_composition_waits_for_is_asked_for(simulate: Simulate) -> None:
    simulator, twilio = await simulate(BUSY)
    over = ended(simulator)[0]
    *_, last = await told(Rooms(twilio), Picture(in_doubt=[over.sid, simulator.world.live_rooms[0].sid]))
    assert (last.room_sid, last.status) == (over.sid, RoomStatus.COMPLETED)


async def test_a_room_of_another_account_is_asked_for_once_an_hour(simulate: Simulate, counted: Counted) -> None:
    _, twilio = await simulate(STILL)
    rooms, known = Rooms(twilio), Picture(live={foreign(1): None})
    for at_ms in (NOW_MS, NOW_MS + 1, NOW_MS + HOUR_MS - 1):
        await told(rooms, known, at_ms)
    assert counted.codes == ["200", "404", "200", "200"]
    await told(rooms, known, NOW_MS + HOUR_MS)
    assert counted.codes[4:] == ["200", "404"]


async def test_a_sweep_asks_for_so_many_at_most_and_the_next_for_the_rest(simulate: Simulate, counted: Counted) -> None:
    _, twilio = await simulate(STILL)
    rooms, known = Rooms(twilio), Picture(live={foreign(number): None for number in range(MAX_FETCHES + 7)})
    await told(rooms, known)
    assert counted.codes.count("404") == MAX_FETCHES
    await told(rooms, known)
    assert counted.codes.count("404") == MAX_FETCHES + 7


# --- participants ----------------------------------------------------------------------------------------


async def test_who_is_in_a_room_is_told_and_that_this_was_all(simulate: Simulate) -> None:
    simulator, twilio = await simulate(STILL)
    rooms = simulator.world.live_rooms
    told_by_room = await batches(Participants(twilio), Picture(to_look_at=[room.sid for room in rooms]))
    assert len(told_by_room) == len(rooms)
    for room, batch in zip(rooms, told_by_room, strict=True):
        *people, looked = batch
        assert {who.identity for who in people if isinstance(who, ParticipantSeen)} == {
            who.identity for who in room.present
        }
        assert looked == RoomLooked(NOW_MS, Source.POLL, room.sid, twilio.account_sid, participants=len(room.present))


async def test_only_rooms_that_are_due_are_looked_at(simulate: Simulate, counted: Counted) -> None:
    simulator, twilio = await simulate(STILL)
    await told(Participants(twilio), Picture(live=by_sid(simulator.world.live_rooms)))
    assert not counted.requests


async def test_somebody_reconnecting_is_still_there(simulate: Simulate) -> None:
    simulator, twilio = await simulate(STILL)
    room = simulator.world.live_rooms[0]
    known = Picture(to_look_at=[room.sid], connected={room.sid: list(room.participants)})
    lost = room.present[0]
    simulator.world.ledger.lose_connection(simulator.clock(), lost, 53405)
    *people, looked = await told(Participants(twilio), known)
    standing = {who.participant_sid: who.status for who in people}
    assert standing[lost.sid] is ParticipantStatus.RECONNECTING
    assert looked.participants == len(room.present)


async def test_many_who_left_at_once_cost_one_list(simulate: Simulate, counted: Counted) -> None:
    simulator, twilio = await simulate(STILL)
    room = simulator.world.live_rooms[0]
    known = Picture(to_look_at=[room.sid], connected={room.sid: list(room.participants)})
    leaving = room.present[:5]
    for who in leaving:
        simulator.world.ledger.leave(simulator.clock(), who)
    *people, looked = await told(Participants(twilio), known)
    gone = {who.participant_sid: who for who in people if who.status is ParticipantStatus.DISCONNECTED}
    assert set(gone) == {who.sid for who in leaving}
    assert all(who.left_at_ms for who in gone.values())
    assert looked.participants == len(room.present)
    assert len(counted.requests) == 2


async def test_a_storm_costs_two_lists_more_however_many_it_hits(simulate: Simulate, counted: Counted) -> None:
    simulator, twilio = await simulate(STILL)
    room = simulator.world.live_rooms[0]
    known = Picture(to_look_at=[room.sid], connected={room.sid: list(room.participants)})
    for who in room.present:
        simulator.world.ledger.lose_connection(simulator.clock(), who, 53001)
    *people, _ = await told(Participants(twilio), known)
    assert [who.status for who in people] == [ParticipantStatus.RECONNECTING] * len(room.present)
    assert len(counted.requests) == 3


async def test_somebody_of_whom_twilio_knows_nothing_has_left(simulate: Simulate) -> None:
    simulator, twilio = await simulate(STILL)
    room = simulator.world.live_rooms[0]
    known = Picture(to_look_at=[room.sid], connected={room.sid: [ALICE]})
    people = {who.participant_sid: who for who in (await told(Participants(twilio), known))[:-1]}
    assert people[ALICE].status is ParticipantStatus.DISCONNECTED


@pytest.mark.parametrize("collector", [Participants, EndedRooms])
async def test_a_room_that_is_not_there_is_told_of_so_that_nobody_asks_again(simulate: Simulate, collector) -> None:
    _, twilio = await simulate(STILL)
    known = Picture(to_look_at=[ROOM], to_settle=[Unsettled(ROOM, participants=True, recordings=True)])
    seen = await told(collector(twilio), known)
    assert seen
    assert not any(event.is_known for event in seen)


# --- ended rooms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page_size", [2, 1000])
async def test_an_ended_room_is_told_to_the_last_stay_and_recording(simulate: Simulate, page_size: int) -> None:
    simulator, twilio = await simulate(BUSY)
    room = max(ended(simulator)[:-6], key=lambda room: len(room.participants))
    known = Picture(to_settle=[Unsettled(room.sid, participants=True, recordings=True)])
    (*people, looked), (*recordings, listed) = await batches(EndedRooms(twilio, page_size), known)
    assert {who.participant_sid for who in people if isinstance(who, ParticipantSeen)} == set(room.participants)
    assert all(who.joined_at_ms and who.left_at_ms for who in people if isinstance(who, ParticipantSeen))
    assert looked == RoomLooked(
        NOW_MS, Source.POLL, room.sid, twilio.account_sid, participants=len(room.participants), is_final=True
    )
    assert {it.recording_sid for it in recordings if isinstance(it, RecordingSeen)} == set(room.recordings)
    assert listed == RecordingsListed(NOW_MS, Source.POLL, room.sid, twilio.account_sid, len(room.recordings), 0)


async def test_recordings_that_are_still_processing_are_counted(simulate: Simulate) -> None:
    simulator, twilio = await simulate(STILL)
    room = simulator.world.live_rooms[0]
    known = Picture(to_settle=[Unsettled(room.sid, participants=False, recordings=True)])
    *recordings, listed = await told(EndedRooms(twilio), known)
    assert listed.open == listed.recordings == len(recordings) == len(room.recordings) > 0
    assert {it.participant_sid for it in recordings} <= set(room.participants)


@pytest.mark.parametrize("wanted", ["participants", "recordings"])
async def test_of_an_ended_room_only_what_is_wanted_is_asked_for(simulate: Simulate, counted, wanted: str) -> None:
    simulator, twilio = await simulate(BUSY)
    asked = {"participants": False, "recordings": False, wanted: True}
    seen = await told(EndedRooms(twilio), Picture(to_settle=[Unsettled(ended(simulator)[0].sid, **asked)]))
    assert isinstance(seen[-1], RoomLooked if wanted == "participants" else RecordingsListed)
    assert len(counted.requests) == 1


# --- compositions and their hooks ------------------------------------------------------------------------


async def test_the_compositions_that_somebody_waits_for_are_told_page_by_page(simulate: Simulate) -> None:
    simulator, twilio = await simulate(STILL)
    for room in simulator.world.live_rooms[:5]:
        simulator.world.ledger.enqueue_composition(simulator.clock(), room)
    pages = await batches(Compositions(twilio, page_size=2), Picture())
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    seen = [it for page in pages for it in page if isinstance(it, CompositionSeen)]
    assert {it.composition_sid for it in seen} == set(simulator.world.compositions)
    assert {it.status for it in seen} == {CompositionStatus.ENQUEUED}


async def test_many_finished_compositions_cost_one_list_and_a_failed_one_is_found_too(
    simulate: Simulate, counted: Counted
) -> None:
    simulator, twilio = await simulate(STILL)
    ledger, now = simulator.world.ledger, simulator.clock()
    made = [ledger.enqueue_composition(now, room) for room in simulator.world.live_rooms[:6]]
    for composition in made[1:]:
        ledger.complete_composition(now, composition)
    ledger.fail_composition(now, made[0], "CompositionProcess", "no")
    known = Picture(compositions={it.sid: int(it.created_at * 1000) for it in made})
    standing = {it.composition_sid: it.status for it in await told(Compositions(twilio), known)}
    assert standing.pop(made[0].sid) is CompositionStatus.FAILED
    assert set(standing.values()) == {CompositionStatus.COMPLETED}
    assert len(standing) == 5
    assert len(counted.requests) == 2 + 1 + 1, "enqueued, processing, completed, and the one that is none of these"


async def test_a_composition_of_which_twilio_knows_nothing_was_deleted(simulate: Simulate, counted: Counted) -> None:
    _, twilio = await simulate(STILL)
    (seen,) = await told(Compositions(twilio), Picture(compositions={COMPOSITION: NOW_MS}))
    assert (seen.composition_sid, seen.status) == (COMPOSITION, CompositionStatus.DELETED)
    assert counted.codes == ["200", "200", "404"]


async def test_all_hooks_are_told_enabled_or_not(simulate: Simulate) -> None:
    simulator, twilio = await simulate(STILL)
    simulator.world.ledger.add_hook(simulator.clock(), "asleep", enabled=False)
    *hooks, listed = await told(CompositionHooks(twilio, page_size=1), Picture())
    truth = {hook.sid: (hook.enabled, hook.friendly_name) for hook in simulator.world.ledger.hooks.values()}
    assert {it.hook_sid: (it.is_enabled, it.name) for it in hooks if isinstance(it, HookSeen)} == truth
    assert listed == HooksListed(NOW_MS, Source.POLL, twilio.account_sid, tuple(sorted(truth)))


# --- the Log Analyzer ------------------------------------------------------------------------------------


async def test_summaries_are_told_page_by_page_and_agree_with_the_truth(simulate: Simulate) -> None:
    simulator, twilio = await simulate(BUSY)
    now_ms = int(simulator.clock() * 1000)
    wanted = Summaries(now_ms - HOUR_MS, now_ms)
    *pages, (listed,) = await batches(RoomSummaries(twilio, page_size=4), Picture(summaries=wanted), now_ms)
    seen = [it for page in pages for it in page if isinstance(it, RoomSummarySeen)]
    assert len(pages) == -(-len(seen) // 4) > 1
    for summary in seen:
        room = simulator.world.rooms[summary.room_sid]
        assert summary.unique_participants == len(room.participants)
        assert summary.end_reason == room.end_reason
    assert listed == SummariesListed(now_ms, Source.POLL, twilio.account_sid, *wanted, rooms=len(seen))


async def test_while_no_summary_is_wanted_nobody_is_asked(simulate: Simulate, counted: Counted) -> None:
    _, twilio = await simulate(STILL)
    assert await told(RoomSummaries(twilio), Picture(summaries=None)) == []
    assert not counted.requests


async def test_nobody_asks_for_summaries_that_are_forgotten(answer: Answer) -> None:
    asked: list[web.Request] = []

    async def note(request: web.Request) -> web.Response:
        asked.append(request)
        return web.json_response({"rooms": [], "meta": {"key": "rooms", "next_page_url": None}})

    twilio = await answer(note)
    await told(RoomSummaries(twilio), Picture(summaries=Summaries(0, NOW_MS)))
    await told(RoomSummaries(twilio), Picture(summaries=Summaries(0, NOW_MS - KEPT_MS - 1)))
    (request,) = asked
    assert request.query["CreatedAfter"] == "2025-11-14T01:53:20Z"
    assert request.query["CreatedBefore"] == "2025-11-21T01:53:21Z"


async def test_the_stays_of_a_room_that_nobody_watched_are_told(simulate: Simulate) -> None:
    simulator, twilio = await simulate(BUSY)
    room = ended(simulator)[0]
    known, unknown = await batches(Stays(twilio, page_size=2), Picture(stays=[room.sid, ROOM]))
    *stays, listed = known
    assert {it.participant_sid for it in stays if isinstance(it, ParticipantSummarySeen)} == set(room.participants)
    assert listed == StaysListed(NOW_MS, Source.POLL, room.sid, twilio.account_sid, len(room.participants))
    assert unknown == [StaysListed(NOW_MS, Source.POLL, ROOM, twilio.account_sid, is_known=False)]


# --- usage -----------------------------------------------------------------------------------------------


async def test_usage_is_told_by_category_and_day_across_pages(simulate: Simulate, counted: Counted) -> None:
    simulator, twilio = await simulate(BUSY)
    usage, now_ms = Usage(twilio, page_size=7), int(simulator.clock() * 1000)
    seen = [it for it in await told(usage, Picture(), now_ms) if isinstance(it, UsageSeen)]
    assert len(counted.requests) > 1
    assert len({(it.category, it.first_day) for it in seen}) == len(seen)
    assert all(it.first_day == it.last_day for it in seen)
    minutes = [it for it in seen if it.category == "group-rooms-participant-minutes"]
    assert sum(it.usage or 0 for it in minutes) > 0
    assert sum(it.price or 0 for it in minutes) > 0
    assert {it.price_unit for it in seen} == {"usd"}


async def test_the_month_is_read_once_and_then_only_what_may_be_corrected(answer: Answer) -> None:
    asked: list[tuple[str, str, str]] = []

    async def refuse_once(request: web.Request) -> web.Response:
        asked.append(tuple(request.query[name] for name in ("StartDate", "EndDate", "IncludeSubaccounts")))
        return web.json_response({"usage_records": [], "page": 0}, status=400 if len(asked) == 1 else 200)

    usage = Usage(await answer(refuse_once))
    with pytest.raises(CollectError):
        await told(usage, Picture())
    for _ in range(2):
        await told(usage, Picture())
    whole, recent = ("2025-11-01", "2025-11-21", "false"), ("2025-11-19", "2025-11-21", "false")
    assert asked == [whole, whole, recent]


# --- what goes wrong -------------------------------------------------------------------------------------


ANYTHING_DUE = Picture(
    to_look_at=[ROOM],
    to_reconcile=[ROOM],
    to_settle=[Unsettled(ROOM, participants=True, recordings=True)],
    summaries=Summaries(NOW_MS - HOUR_MS, NOW_MS),
    stays=[ROOM],
)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"code": 20003, "message": "Authenticate", "status": 401}, "auth"),
        (429, {"code": 20429, "message": "Too Many Requests", "status": 429}, "throttled"),
        (500, {}, "server"),
        (400, {"code": 20001, "message": "odd", "status": 400}, "refused"),
    ],
)
async def test_a_refusal_is_told_apart_by_kind(answer: Answer, counted: Counted, status, body, kind) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    twilio = await answer(refuse)
    with pytest.raises(CollectError) as caught:
        await told(Rooms(twilio), Picture())
    assert caught.value.kind == kind
    assert counted.requests == [("rooms", str(status))]
    assert SimulatedAccount.for_seed(1).api_secret not in str(caught.value)


async def test_no_answer_is_given_up_after_the_timeout(answer: Answer) -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.Response()

    twilio = await answer(hang, timeout_s=0.2)
    async with asyncio.timeout(30):
        with pytest.raises(CollectError, match=r"expected an answer in 0\.2 s"):
            await told(Rooms(twilio), Picture())


@pytest.mark.parametrize("resource", SOURCES)
@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"meta": {"key": "items"}, "items": [{}]}'])
async def test_an_answer_that_makes_no_sense_is_a_failed_poll_and_nothing_worse(
    answer: Answer, resource: str, body: str
) -> None:
    async def babble(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    collector = SOURCES[resource].build(await answer(babble))
    with pytest.raises(CollectError) as caught:
        await told(collector, ANYTHING_DUE)
    assert caught.value.kind == "garbage"


async def test_nobody_there_is_a_failed_poll(ask: Ask) -> None:
    with pytest.raises(CollectError) as caught:
        await told(Rooms(ask("http://127.0.0.1:9", SimulatedAccount.for_seed(1))), Picture())
    assert caught.value.kind == "network"


async def test_retry_after_empties_the_budget_for_that_long(answer: Answer) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"code": 20429}, status=429, headers={"Retry-After": "7"})

    twilio = await answer(refuse)
    with pytest.raises(CollectError) as caught:
        await told(Rooms(twilio), Picture())
    assert caught.value.retry_after_s == 7
    assert twilio.budget_remaining() == 0


async def test_what_was_seen_before_a_failure_is_told(simulate: Simulate) -> None:
    simulator, twilio = await simulate(STILL)
    pages = Rooms(twilio, page_size=3).collect(Picture(), NOW_MS)
    assert len(await anext(pages)) == 3
    await simulator.stop()
    with pytest.raises(CollectError):
        await anext(pages)
