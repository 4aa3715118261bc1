"""Does the real Twilio client find in the simulator what it would find at Twilio?"""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from monitor.simulator.account import SimulatedAccount
from monitor.simulator.entities import Room
from monitor.simulator.scenarios import SCENARIOS, Episode, RestPolicy, Scenario
from monitor.simulator.simulator import Simulator

# A busy quarter of an hour: short rooms, so that there is something of everything.
BUSY = Scenario("busy", "", rooms=12, participants_per_room=3, room_lasts_s=(60.0, 200.0), recorded_ratio=1.0)
BUSY_FOR_S = 900.0
TIMEOUT = aiohttp.ClientTimeout(total=30)


class Rebased(AsyncTwilioHttpClient):
    """The official transport, sent to the simulator instead of twilio.com."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url
        self.requests = 0

    async def request(self, method, url, params=None, data=None, headers=None, auth=None, **rest):
        self.requests += 1
        parts = urlsplit(url)
        url = self.base_url + parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {**(headers or {}), "Authorization": basic(*auth)}  # aiohttp deprecates its auth argument
        async with asyncio.timeout(30):
            return await super().request(method, url, params, data, headers, **rest)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Desk:
    """A simulator and a real client that talks to it."""

    def __init__(self, simulator: Simulator, http: Rebased) -> None:
        self.simulator = simulator
        self.http = http
        account = simulator.account
        self.twilio = Client(account.api_key, account.api_secret, account.account_sid, http_client=http)
        self.video = self.twilio.video.v1

    @property
    def ended_rooms(self) -> list[Room]:
        return [room for room in self.simulator.world.rooms.values() if not room.is_live]

    async def look(self, path: str) -> dict:
        async with self.http.session.get(self.simulator.base_url + path, timeout=TIMEOUT) as answer:
            assert answer.status == 200
            return await answer.json()

    async def get(self, path: str, authorization: str | None = None) -> tuple[int, dict, dict]:
        account = self.simulator.account
        headers = {"Authorization": authorization or basic(account.account_sid, account.auth_token)}
        url = self.simulator.base_url + path
        async with self.http.session.get(url, headers=headers, timeout=TIMEOUT) as answer:
            return answer.status, await answer.json(), dict(answer.headers)


@asynccontextmanager
async def open_desk(scenario: Scenario, age_s: float) -> AsyncIterator[Desk]:
    simulator = Simulator(scenario, started_at=time.time() - age_s)
    await simulator.start()
    async with Rebased(simulator.base_url) as http:
        yield Desk(simulator, http)
    await simulator.stop()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk(BUSY, BUSY_FOR_S) as desk:
        yield desk


def sids(items) -> list[str]:
    return [item.sid for item in items]


# --- rooms -----------------------------------------------------------------------------------------------


async def test_rooms_without_a_status_are_those_in_progress(desk):
    rooms = await desk.video.rooms.list_async(page_size=50)
    assert set(sids(rooms)) == set(desk.simulator.world.ledger.live)
    assert {room.status for room in rooms} == {"in-progress"}


async def test_a_room_is_told_in_full(desk):
    truth = desk.ended_rooms[0]
    room = await desk.video.rooms(truth.sid).fetch_async()
    assert (room.unique_name, room.status, room.type) == (truth.name, "completed", "group")
    assert room.date_created == datetime.fromtimestamp(int(truth.created_at), UTC)
    assert room.end_time == datetime.fromtimestamp(int(truth.ended_at), UTC)
    assert room.duration == round(truth.ended_at - truth.created_at)
    assert room.account_sid == desk.simulator.account.account_sid
    assert room.media_region in ("us1", "de1", "sg1")
    assert set(room.links) == {"participants", "recordings", "transcriptions", "recording_rules"}


async def test_a_list_in_many_pages_holds_everything_once_and_the_newest_first(desk):
    rooms = await desk.video.rooms.list_async(status="completed", page_size=7)
    assert sorted(sids(rooms)) == sorted(room.sid for room in desk.ended_rooms)
    assert desk.http.requests == -(-len(rooms) // 7) > 3
    created = [room.date_created for room in rooms]
    assert created == sorted(created, reverse=True)


async def test_a_room_that_opens_between_two_pages_shifts_nothing(desk):
    before = set(desk.simulator.world.ledger.live)
    page = await desk.video.rooms.page_async(page_size=4)
    desk.simulator.world.ledger.open_room(desk.simulator.clock(), "newcomer")
    seen = sids(page)
    while page.next_page_url:
        page = await page.next_page_async()
        seen += sids(page)
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


async def test_pages_can_be_turned_back(desk):
    first = await desk.video.rooms.page_async(page_size=4)
    first_sids = sids(first)
    second = await first.next_page_async()
    assert second.previous_page_url
    assert sids(await second.previous_page_async()) == first_sids


async def test_an_ended_room_is_found_by_sid_and_no_longer_by_name(desk):
    live, ended = desk.simulator.world.live_rooms[0], desk.ended_rooms[0]
    assert (await desk.video.rooms(live.name).fetch_async()).sid == live.sid
    assert (await desk.video.rooms(ended.sid).fetch_async()).sid == ended.sid
    with pytest.raises(TwilioRestException) as refusal:
        await desk.video.rooms(ended.name).fetch_async()
    assert (refusal.value.status, refusal.value.code) == (404, 20404)


async def test_date_filters_leave_what_lies_between(desk):
    middle = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=BUSY_FOR_S / 2)
    older = await desk.video.rooms.list_async(status="completed", date_created_before=middle, page_size=50)
    newer = await desk.video.rooms.list_async(status="completed", date_created_after=middle, page_size=50)
    assert older
    assert newer
    assert max(room.date_created for room in older) <= middle <= min(room.date_created for room in newer)
    assert len(older) + len(newer) >= len(desk.ended_rooms)


async def test_a_room_can_be_made_and_ended(desk):
    made = await desk.video.rooms.create_async(
        unique_name="acme:class:made", media_region="de1", record_participants_on_connect=True, empty_room_timeout=7
    )
    assert (made.status, made.media_region, made.empty_room_timeout, made.end_time) == ("in-progress", "de1", 7, None)
    with pytest.raises(TwilioRestException) as refusal:
        await desk.video.rooms.create_async(unique_name="acme:class:made")
    assert (refusal.value.status, refusal.value.code) == (400, 53113)
    ended = await desk.video.rooms(made.sid).update_async("completed")
    assert (ended.status, ended.duration) == ("completed", 0)
    assert desk.simulator.world.rooms[made.sid].end_reason == "room_ended_via_api"


async def test_a_room_has_the_limits_it_was_made_with(desk):
    made = await desk.video.rooms.create_async(max_participants=3, max_participant_duration=600, empty_room_timeout=2)
    assert (made.max_participants, made.max_participant_duration, made.empty_room_timeout) == (3, 600, 2)
    assert (made.unique_name, made.record_participants_on_connect) == (made.sid, False)


async def test_a_room_says_truthfully_whether_it_is_recorded(desk):
    rooms = await desk.video.rooms.list_async(page_size=50)
    assert all(room.record_participants_on_connect for room in rooms)  # as the scenario has it


# --- participants and tracks -----------------------------------------------------------------------------


async def test_participants_without_a_status_are_the_connected_ones_of_a_live_room(desk):
    room = max(desk.simulator.world.live_rooms, key=lambda room: len(room.participants))
    people = await desk.video.rooms(room.sid).participants.list_async(page_size=2)
    assert set(sids(people)) == {who.sid for who in room.present}
    assert {who.status for who in people} == {"connected"}


async def test_participants_without_a_status_are_everybody_of_an_ended_room(desk):
    room = desk.ended_rooms[0]
    people = await desk.video.rooms(room.sid).participants.list_async(page_size=50)
    assert set(sids(people)) == set(room.participants)
    assert all(who.status == "disconnected" and who.end_time and who.duration is not None for who in people)


async def test_a_participant_is_found_by_identity(desk):
    room = next(room for room in desk.simulator.world.live_rooms if room.present)
    truth = room.present[0]
    (found,) = await desk.video.rooms(room.sid).participants.list_async(identity=truth.identity, page_size=50)
    fetched = await desk.video.rooms(room.sid).participants(truth.sid).fetch_async()
    assert found.sid == fetched.sid == truth.sid
    assert fetched.date_created == fetched.start_time


async def test_tracks_are_published_by_one_and_subscribed_by_the_others(desk):
    room = next(room for room in desk.simulator.world.live_rooms if sum(bool(who.tracks) for who in room.present) > 1)
    me, other = [who for who in room.present if who.tracks][:2]
    mine = await desk.video.rooms(room.sid).participants(me.sid).published_tracks.list_async(page_size=50)
    theirs = await desk.video.rooms(room.sid).participants(other.sid).subscribed_tracks.list_async(page_size=50)
    assert {track.kind for track in mine} == {"audio", "video"}
    assert set(sids(mine)) == set(me.tracks)
    assert set(me.tracks) <= {track.sid for track in theirs if track.publisher_sid == me.sid}


# --- recordings, compositions, hooks ---------------------------------------------------------------------


async def test_recordings_of_the_account_and_of_a_room(desk):
    room = next(room for room in desk.ended_rooms if room.recordings)
    of_room = await desk.video.rooms(room.sid).recordings.list_async(page_size=100)
    of_account = await desk.video.recordings.list_async(grouping_sid=[room.sid], page_size=100)
    assert set(sids(of_room)) == set(sids(of_account)) == set(room.recordings)
    recording = of_account[0]
    assert recording.status == "completed"
    assert recording.size > 0
    assert recording.duration >= 0
    assert recording.codec in ("OPUS", "VP8")
    assert recording.grouping_sids["room_sid"] == room.sid
    assert (await desk.video.recordings(recording.sid).fetch_async()).source_sid == recording.source_sid


async def test_recordings_can_be_asked_for_by_kind_and_status(desk):
    audio = await desk.video.recordings.list_async(media_type="audio", page_size=100)
    running = await desk.video.recordings.list_async(status="processing", page_size=100)
    truth = desk.simulator.world.recordings.values()
    assert len(audio) == sum(recording.track.kind == "audio" for recording in truth)
    assert running
    assert all(recording.duration is None for recording in running)


async def test_compositions_of_every_status_and_of_one(desk):
    everything = await desk.video.compositions.list_async(page_size=100)
    done = await desk.video.compositions.list_async(status="completed", page_size=100)
    assert set(sids(everything)) == set(desk.simulator.world.compositions)
    assert 0 < len(done) < len(everything)
    composition = await desk.video.compositions(done[0].sid).fetch_async()
    assert composition.date_completed > composition.date_created
    assert composition.size > 0
    assert not hasattr(composition, "error_message")


async def test_a_composition_can_be_wished_for(desk):
    room = desk.ended_rooms[0]
    made = await desk.video.compositions.create_async(room_sid=room.sid, audio_sources=["*"], format="mp4")
    assert (made.status, made.room_sid, made.format) == ("enqueued", room.sid, "mp4")


async def test_a_deleted_composition_leaves_its_metadata_and_cannot_be_deleted_again(desk):
    (done, *_) = await desk.video.compositions.list_async(status="completed", page_size=100)
    assert await desk.video.compositions(done.sid).delete_async()
    left = await desk.video.compositions(done.sid).fetch_async()
    assert (left.status, left.size) == ("deleted", 0)
    assert left.date_deleted >= left.date_created
    assert done.sid not in sids(await desk.video.compositions.list_async(status="completed", page_size=100))
    with pytest.raises(TwilioRestException) as refusal:
        await desk.video.compositions(done.sid).delete_async()
    assert refusal.value.status == 404


async def test_a_failed_composition_cannot_be_deleted():
    async with open_desk(SCENARIOS["failed-composition"], 600.0) as desk:
        (failed, *_) = await desk.video.compositions.list_async(status="failed", page_size=100)
        with pytest.raises(TwilioRestException) as refusal:
            await desk.video.compositions(failed.sid).delete_async()
        assert refusal.value.status == 400


async def test_a_deleted_recording_leaves_its_metadata(desk):
    (done, *_) = await desk.video.recordings.list_async(status="completed", page_size=100)
    assert await desk.video.recordings(done.sid).delete_async()
    assert (await desk.video.recordings(done.sid).fetch_async()).status == "deleted"
    with pytest.raises(TwilioRestException) as refusal:
        await desk.video.recordings(done.sid).delete_async()
    assert refusal.value.status == 404


async def test_hooks_are_listed_and_made(desk):
    (standing,) = await desk.video.composition_hooks.list_async(page_size=50)
    made = await desk.video.composition_hooks.create_async(friendly_name="second hook", enabled=False)
    enabled = await desk.video.composition_hooks.list_async(enabled=True, page_size=50)
    by_name = await desk.video.composition_hooks.list_async(friendly_name="*hook", page_size=50)
    assert sids(enabled) == [standing.sid]
    assert sids(by_name) == [made.sid]
    assert (await desk.video.composition_hooks(made.sid).fetch_async()).enabled is False


# --- insights and usage ----------------------------------------------------------------------------------


async def test_a_room_appears_in_the_log_analyzer_only_minutes_after_its_end(desk):
    rooms = await desk.twilio.insights.v1.rooms.list_async(page_size=10)
    now = desk.simulator.clock()
    settled = {room.sid for room in desk.ended_rooms if room.ended_at < now - BUSY.rest.summaries_after_s}
    assert 0 < len(settled) < len(desk.ended_rooms)
    assert {room.room_sid for room in rooms} == settled
    latest = max(desk.ended_rooms, key=lambda room: room.ended_at)
    with pytest.raises(TwilioRestException):
        await desk.twilio.insights.v1.rooms(latest.sid).fetch_async()


async def test_summaries_agree_with_the_truth(desk):
    (summary, *_) = await desk.twilio.insights.v1.rooms.list_async(limit=1, page_size=1)
    truth = desk.simulator.world.rooms[summary.room_sid]
    assert (summary.room_name, summary.end_reason) == (truth.name, "room_ended_via_api")
    assert summary.unique_participants == len(truth.participants)
    assert summary.unique_participant_identities == len({who.identity for who in truth.participants.values()})
    assert 0 < summary.concurrent_participants == truth.most_at_once <= summary.unique_participants
    assert summary.duration_sec == round(truth.ended_at - truth.created_at)
    stays = await desk.twilio.insights.v1.rooms(summary.room_sid).participants.list_async(page_size=50)
    assert {stay.participant_sid for stay in stays} == set(truth.participants)
    assert sum(stay.duration_sec for stay in stays) == summary.total_participant_duration_sec
    one = await desk.twilio.insights.v1.rooms(summary.room_sid).participants(stays[0].participant_sid).fetch_async()
    assert one.participant_identity == stays[0].participant_identity
    assert one.publisher_info["sdk_version"] == "2.36.0"


async def test_usage_counts_what_was_used(desk):
    records = await desk.twilio.usage.records.all_time.list_async(page_size=2)
    used = {record.category: float(record.usage) for record in records}
    stays = [who for room in desk.simulator.world.rooms.values() for who in room.participants.values() if who.left_at]
    minutes = sum(who.left_at - who.joined_at for who in stays) / 60
    assert desk.http.requests == 2
    assert used["group-rooms"] >= len(desk.simulator.world.rooms) - 12
    assert used["group-rooms-participant-minutes"] == pytest.approx(minutes, rel=0.05)
    assert used["pv-composition-minutes"] > 0


@pytest.mark.parametrize("period", ["today", "yesterday", "this_month", "last_month"])
async def test_usage_periods_are_whole_days(desk, period):
    records = await getattr(desk.twilio.usage.records, period).list_async(category="group-rooms", page_size=50)
    assert [record.category for record in records] == ["group-rooms"]
    assert records[0].start_date <= records[0].end_date
    assert records[0].price_unit == "usd"


async def test_daily_usage_has_a_record_a_day(desk):
    records = await desk.twilio.usage.records.daily.list_async(
        category="group-rooms", start_date=date(2025, 1, 1), end_date=date(2025, 1, 31), page_size=10
    )
    assert len(records) == 31
    assert records[0].start_date == date(2025, 1, 31)


# --- the word no -----------------------------------------------------------------------------------------


async def test_a_wrong_secret_is_refused_with_401_and_20003(desk):
    status, body, _ = await desk.get("/v1/Rooms", basic(desk.simulator.account.api_key, "wrong"))
    assert status == 401
    assert body == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


@pytest.mark.parametrize("authorization", ["Bearer x", "Basic ***", "Basic", "Basic OjpAQA=="])
async def test_odd_credentials_are_refused_too(desk, authorization):
    assert (await desk.get("/v1/Rooms", authorization))[0] == 401


async def test_the_api_key_and_the_auth_token_both_open(desk):
    account: SimulatedAccount = desk.simulator.account
    for credentials in ((account.api_key, account.api_secret), (account.account_sid, account.auth_token)):
        status, _, headers = await desk.get("/v1/Rooms", basic(*credentials))
        assert status == 200
        assert headers["Twilio-Request-Id"].startswith("RQ")


@pytest.mark.parametrize(
    "path",
    ["/v1/Rooms/RM0", "/v1/Nothing", "/v1/Compositions/CJ0", "/v1/Recordings/RT0", "/v1/Rooms/RM0/Participants"],
)
async def test_what_is_not_there_is_404_and_20404(desk, path):
    status, body, _ = await desk.get(path)
    assert (status, body["code"]) == (404, 20404)
    assert path in body["message"]


@pytest.mark.parametrize(
    "query",
    [
        "Compositions?PageSize=101",
        "Recordings?PageSize=101",
        "Rooms?PageSize=1001",
        "Rooms?PageSize=0",
        "Rooms?PageSize=many",
        "Rooms?Status=sleeping",
        "Rooms?DateCreatedAfter=soon",
        "Rooms?PageToken=PTx",
    ],
)
async def test_what_twilio_would_not_understand_is_400(desk, query):
    status, body, _ = await desk.get(f"/v1/{query}")
    assert (status, body["code"]) == (400, 20001)
    assert query.partition("?")[2].partition("=")[0] in body["message"]


async def test_beyond_the_rate_limit_the_answer_is_429_and_20429():
    async with open_desk(SCENARIOS["throttled"], 0) as desk:
        answers = [await desk.get("/v1/Rooms") for _ in range(6)]
        refused = [body for status, body, _ in answers if status == 429]
        assert len(refused) >= 3
        assert refused[0]["code"] == 20429
        with pytest.raises(TwilioException):
            await desk.video.rooms.list_async(page_size=50)


async def test_seventy_reads_in_a_burst_pass(desk):
    statuses = [(await desk.get("/v1/Rooms?PageSize=1"))[0] for _ in range(70)]
    assert set(statuses) == {200}


async def test_an_account_that_lost_its_credentials_gets_them_back():
    for age_s, expected in ((0, 200), (40, 401), (95, 200)):
        async with open_desk(SCENARIOS["auth-lost"], age_s) as desk:
            assert (await desk.get("/v1/Rooms"))[0] == expected


async def test_a_polite_429_says_when_to_come_back_and_the_usual_one_does_not():
    for name, expected in (("throttled", None), ("throttled-politely", "2")):
        async with open_desk(SCENARIOS[name], 0) as desk:
            answers = [await desk.get("/v1/Rooms") for _ in range(4)]
            refused = [headers for status, _, headers in answers if status == 429]
            assert {headers.get("Retry-After") for headers in refused} == {expected}


async def test_a_revoked_key_opens_nothing_and_the_next_one_always_does():
    for age_s, expected in ((0, 200), (40, 401), (4000, 401)):
        async with open_desk(SCENARIOS["key-rotation"], age_s) as desk:
            account = desk.simulator.account
            assert (await desk.get("/v1/Rooms", basic(account.api_key, account.api_secret)))[0] == expected
            assert (await desk.get("/v1/Rooms", basic(account.next_api_key, account.next_api_secret)))[0] == 200


async def test_a_server_in_trouble_answers_500_and_503_and_recovers():
    async with open_desk(SCENARIOS["server-errors"], 40) as desk:
        answers = [await desk.get("/v1/Rooms") for _ in range(4)]
        assert {(status, body["code"]) for status, body, _ in answers} == {(500, 20500), (503, 20503)}
    async with open_desk(SCENARIOS["server-errors"], 95) as desk:
        assert (await desk.get("/v1/Rooms"))[0] == 200


async def test_garbage_is_a_200_that_no_client_can_use():
    async with open_desk(SCENARIOS["garbage"], 11) as desk:
        for _ in range(2):
            with pytest.raises(ValueError, match=r"Expecting value|Unterminated"):
                await desk.video.rooms.list_async(page_size=50)
        assert set(desk.simulator.site.tally.by_status) == {"200"}


async def test_a_hanging_server_takes_the_connection_and_never_answers():
    async with open_desk(Scenario("stiff", "", rest=RestPolicy(hanging=Episode(0.0, lasts_s=2.0))), 0) as desk:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await desk.get("/v1/Rooms")
        await asyncio.sleep(1.6)
        assert (await desk.get("/v1/Rooms"))[0] == 200


# --- backstage -------------------------------------------------------------------------------------------


async def test_the_tally_counts_requests_by_answer_and_by_resource():
    async with open_desk(SCENARIOS["throttled"], 0) as desk:
        room = desk.simulator.world.ledger.open_room(desk.simulator.clock(), "counted")
        for path in (f"/v1/Rooms/{room.sid}", "/v1/Rooms", "/v1/Rooms", "/v1/Nothing"):
            await desk.get(path)
        tally = await desk.look("/-/tally")
        assert tally["requests"] == sum(tally["by_status"].values()) == 4
        assert tally["by_status"] == {"200": 2, "429": 2}
        assert tally["by_path"] == {"/v1/Rooms": 2, "/v1/Rooms/{room}": 1, "other": 1}


async def test_the_truth_is_who_is_where_and_what_happened_lately(desk):
    live = desk.simulator.world.live_rooms[0]
    desk.simulator.world.ledger.end_room(desk.simulator.clock(), live, "room_ended_via_api")
    await asyncio.sleep(0.3)
    truth = await desk.look("/-/truth")
    world = desk.simulator.world
    assert live.sid not in truth["rooms"]
    assert truth["rooms"] == {
        room.sid: {"name": room.name, "created_at": room.created_at, "participants": [who.sid for who in room.present]}
        for room in world.live_rooms
    }
    (ended,) = [one for one in truth["happenings"] if (one["event"], one["room_sid"]) == ("room-ended", live.sid)]
    assert 0 <= truth["now"] - ended["at"] < 5
    assert set(ended) == {"at", "event", "room_sid", "participant_sid", "composition_sid"}
    assert (await desk.look("/-/tally"))["requests"] == 0


async def test_answers_can_be_slow():
    slow = Scenario("slow", "", rest=RestPolicy(latency_ms=150.0))
    async with open_desk(slow, 0) as desk:
        started = time.perf_counter()
        await desk.get("/v1/Rooms")
        assert time.perf_counter() - started >= 0.15
