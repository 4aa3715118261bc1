"""Does a simulated browser report what telemetry version 1 asks for?"""

from itertools import pairwise

import msgspec
import orjson
import pytest

from collectors.observations import OBSERVATIONS, Observation
from collectors.telemetry import decode
from monitor.simulator.entities import Participant
from monitor.simulator.scenarios import SCENARIOS
from monitor.simulator.telemetry import Reporter, join_failure
from monitor.simulator.world import World

T0 = 1_763_690_000.0


def live_through(name: str, seconds: int, *, beat_s: int = 5, **size: int) -> tuple[World, dict[str, list[dict]]]:
    """Live in a scenario; return the world and every body, by participant SID."""
    world = World(SCENARIOS[name], seed=1, started_at=T0, **size)
    reporters: dict[str, Reporter] = {}
    bodies: dict[str, list[dict]] = {}
    for second in range(seconds):
        now = T0 + second
        for happening in world.advance(now):
            if happening.event == "participant-connected":
                reporters[happening.participant.sid] = Reporter(happening.participant)
            for reporter in reporters.values():
                left_at = reporter.participant.left_at
                if reporter.participant.room is happening.room and (left_at is None or happening.at <= left_at):
                    reporter.hear(happening)
        for sid, reporter in reporters.items():
            if second % beat_s == 0 and (body := reporter.report(now)):
                bodies.setdefault(sid, []).append(body)
    return world, bodies


def events(bodies: list[dict], kind: str) -> list[dict]:
    return [event for body in bodies for event in body["events"] if event["type"] == kind]


def observe(event: dict) -> Observation:
    return msgspec.json.decode(orjson.dumps(event), type=OBSERVATIONS[event["type"]])


def struck(world: World) -> Participant:
    return next(who for room in world.live_rooms for who in room.present if who.trouble)


@pytest.mark.parametrize("name", ["demo", "bad-region", "reconnect-storm"])
def test_every_event_reads_as_telemetry_version_1(name):
    _, bodies = live_through(name, 120)
    for body in (body for posted in bodies.values() for body in posted):
        assert body["v"] == 1
        assert len(body["room_sid"]) == len(body["participant_sid"]) == 34
        for event in body["events"]:
            observe(event)


def test_whoever_has_joined_tells_where_their_signaling_enters():
    world, bodies = live_through("bad-region", 20)
    regions = {who.sid: room.media_region for room in world.live_rooms for who in room.present}
    told = {sid: posted[0]["client"]["edge"] for sid, posted in bodies.items() if sid in regions}
    assert told == {sid: regions[sid] for sid in told} != {}


def test_sequence_numbers_go_up_by_one_within_a_session():
    _, bodies = live_through("demo", 60)
    for posted in bodies.values():
        assert len({body["session"] for body in posted}) == 1
        assert [body["seq"] for body in posted] == list(range(1, len(posted) + 1))


def test_a_level_is_reported_only_when_it_changed():
    _, bodies = live_through("bad-uplink", 120)
    for posted in bodies.values():
        by_subject: dict[str, list[int]] = {}
        for event in events(posted, "network_quality"):
            by_subject.setdefault(event["subject"], []).append(event["level"])
        for levels in by_subject.values():
            assert all(before != after for before, after in pairwise(levels))


def test_a_bad_uplink_is_reported_by_its_owner_and_seen_by_the_others():
    world, bodies = live_through("bad-uplink", 30)
    victim = struck(world)
    own = [event for event in events(bodies[victim.sid], "network_quality") if event["subject"] == victim.sid]
    assert own[-1]["level"] == own[-1]["stats"]["level"] == 1
    for other in victim.room.present:
        if other is not victim:
            seen = [e["level"] for e in events(bodies[other.sid], "network_quality") if e["subject"] == victim.sid]
            own_level = [e["level"] for e in events(bodies[other.sid], "network_quality") if e["subject"] == other.sid]
            from_victim = [
                e["level"] for e in events(bodies[victim.sid], "network_quality") if e["subject"] == other.sid
            ]
            assert seen[-1] == 1
            assert from_victim[-1] == own_level[-1] - 1 >= 3


def test_the_media_of_a_bad_uplink_are_bad_while_it_lasts():
    world, bodies = live_through("bad-uplink", 40, beat_s=2)
    stats = [observe(event) for event in events(bodies[struck(world).sid], "media_stats")]
    before, during = stats[0], stats[-1]
    assert during.rtt_ms > before.rtt_ms + 300
    assert during.up.loss_ratio > 0.1 > before.up.loss_ratio
    assert during.up.bitrate_bps < before.up.bitrate_bps / 3


def test_losing_the_media_connection_puts_every_level_to_0_until_it_is_back():
    _, bodies = live_through("reconnect-storm", 60)
    for sid, posted in bodies.items():
        own = [event for event in events(posted, "connection") if "subject" not in event]
        codes = [event.get("code") for event in own if event["state"] == "reconnecting"]
        if codes == [53405] and own[-1]["state"] == "reconnected":
            levels = [event for event in events(posted, "network_quality") if event["subject"] == sid]
            assert [event["level"] for event in levels][-2:] != [0, 0]
            assert 0 in [event["level"] for event in levels]
            assert levels[-1]["level"] >= 4
            break
    else:
        pytest.fail("expected somebody to lose its media connection and get it back")


def test_somebody_who_leaves_says_so_last():
    world, bodies = live_through("demo", 400)
    gone = [who for room in world.rooms.values() for who in room.participants.values() if who.left_at]
    assert gone
    for who in gone:
        if who.left_at < T0 + 390:
            assert events(bodies[who.sid], "connection")[-1]["state"] == "disconnected"


def test_a_reporter_keeps_a_bounded_number_of_events():
    world = World(SCENARIOS["healthy"], seed=1, started_at=T0)
    world.advance(T0 + 10)
    who = world.live_rooms[0].present[0]
    reporter = Reporter(who)
    for n in range(1000):
        reporter._note("speaker", T0 + n, subject=None)
    assert len(reporter.report(T0 + 1001)["events"]) == 200


def test_somebody_who_cannot_join_is_known_by_identity_only():
    happenings = World(SCENARIOS["join-failures"], seed=1, started_at=T0).advance(T0 + 60)
    failed = next(one for one in happenings if one.event == "join-failed")
    batch = decode(orjson.dumps(join_failure(failed.room, failed.newcomer, failed.code, failed.at)), 1).batch
    assert (batch.participant_sid, batch.room_sid) == (None, None)
    assert (batch.identity, batch.room_name) == (failed.newcomer.identity, failed.room.name)
    assert [(one.state, one.code, one.subject) for one in batch.observations] == [("disconnected", failed.code, None)]
