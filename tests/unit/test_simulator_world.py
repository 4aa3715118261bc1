"""Does the simulated world live as its scenario says, and always in the same way?"""

from collections import Counter

import pytest

from monitor.simulator.entities import NUMBERED, UNTOLD, CompositionStatus, Device, Happening
from monitor.simulator.link import Link, Path, link_at, link_level
from monitor.simulator.scenarios import SCENARIOS, CallbackPolicy, Episode, Scenario, at_speed
from monitor.simulator.world import World

T0 = 1_763_690_000.0
HEALTHY = Link(Path(0.0, 1.0, 20.0, 5_000_000.0), Path(0.0, 1.0, 20.0, 5_000_000.0))


def make_world(name: str = "healthy", *, seed: int = 1, **size: int) -> World:
    return World(SCENARIOS[name], seed=seed, started_at=T0, **size)


def history(happenings: list[Happening]) -> list[tuple]:
    return [
        (one.at, one.event, one.room.name, one.participant and one.participant.sid, one.percent_done)
        for one in happenings
    ]


def own_levels(world: World, at: float) -> dict[str, int]:
    return {
        who.sid: link_level(link_at(who.link, who.trouble, who.phase, at))
        for room in world.live_rooms
        for who in room.present
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_seed_tells_the_same_story(name):
    first, second = make_world(name), make_world(name)
    assert history(first.advance(T0 + 600)) == history(second.advance(T0 + 600))


def test_another_seed_tells_another_story():
    first, second = make_world(seed=1), make_world(seed=2)
    assert history(first.advance(T0 + 60)) != history(second.advance(T0 + 60))


def test_the_size_of_the_steps_changes_nothing():
    stride, stroll = make_world("demo"), make_world("demo")
    steps = [happening for second in range(300) for happening in stroll.advance(T0 + second + 1)]
    assert history(stride.advance(T0 + 300)) == history(steps)


def test_history_is_told_in_order():
    times = [happening.at for happening in make_world("demo").advance(T0 + 900)]
    assert times == sorted(times)


def test_rooms_and_seats_stay_filled():
    world = make_world(rooms=5, participants_per_room=6)
    for minute in range(1, 61):
        world.advance(T0 + 60 * minute)
        assert 3 <= len(world.live_rooms) <= 5
    assert sum(len(room.present) for room in world.live_rooms) > 15


def test_rooms_are_named_tenant_kind_id():
    world = make_world()
    world.advance(T0 + 5)
    assert all(len(room.name.split(":")) == 3 for room in world.rooms.values())


def test_identities_in_a_room_are_unique():
    world = make_world(rooms=1, participants_per_room=50)
    world.advance(T0 + 30)
    identities = [who.identity for who in world.live_rooms[0].present]
    assert len(set(identities)) == len(identities) == 50


def test_ended_rooms_are_forgotten_in_the_end():
    scenario = Scenario("hasty", "", rooms=5, room_lasts_s=(5, 10), recorded_ratio=1.0)
    world = World(scenario, seed=1, started_at=T0, max_ended_rooms=20)
    world.advance(T0 + 1800)
    kept = set(world.rooms)
    assert len(kept) <= 20 + 5 + 5
    assert {recording.room.sid for recording in world.recordings.values()} <= kept
    assert {composition.room.sid for composition in world.compositions.values()} <= kept


def test_in_a_healthy_world_every_level_is_good():
    world = make_world("healthy", rooms=10, participants_per_room=10)
    for second in range(30, 600, 30):
        world.advance(T0 + second)
        assert min(own_levels(world, T0 + second).values()) >= 4


def test_a_bad_uplink_drops_one_level_to_1_and_leaves_the_others_good():
    world = make_world("bad-uplink")
    for second, bad in ((4.5, 0), (6, 1), (49, 1), (51, 0), (109, 0), (111, 1), (154, 1), (156, 0), (216, 1)):
        world.advance(T0 + second)
        levels = sorted(own_levels(world, T0 + second).values())
        assert levels[:bad] == [1] * bad
        assert levels[bad] >= 4


def test_nobody_leaves_in_the_middle_of_a_bad_episode():
    world = make_world("bad-uplink")
    happenings = world.advance(T0 + 7200)
    in_trouble: set[str] = set()
    for happening in happenings:
        if happening.event == "link-changed":
            in_trouble ^= {happening.participant.sid}
        elif happening.event == "participant-disconnected":
            assert happening.participant.sid not in in_trouble
    assert sum(happening.event == "participant-disconnected" for happening in happenings) > 20


def test_a_bad_region_pulls_down_all_of_its_rooms_and_no_other():
    world = make_world("bad-region")
    world.advance(T0 + 60)
    levels = own_levels(world, T0 + 60)
    for room in world.live_rooms:
        for who in room.present:
            assert (levels[who.sid] <= 2) is (room.media_region == "us1")


def test_stuck_compositions_stay_open_for_ever_after_their_room_ended():
    world = make_world("stuck-composition")
    world.advance(T0 + 6 * 3600)
    stuck = [one for one in world.compositions.values() if one.is_open and one.created_at < T0 + 60]
    assert {one.status for one in stuck} == {CompositionStatus.ENQUEUED, CompositionStatus.PROCESSING}
    assert all(one.room.ended_at for one in stuck)


def test_the_composition_of_the_demo_hangs_and_completes_eventually():
    world = make_world("demo")
    world.advance(T0 + 120)
    (hanging,) = [one for one in world.compositions.values() if ":demo:" in one.room.name]
    assert (hanging.status, hanging.percent_done) == (CompositionStatus.PROCESSING, 30.0)
    world.advance(T0 + 400)
    assert hanging.status is CompositionStatus.COMPLETED


def test_the_demo_shows_about_25_people_in_about_6_rooms():
    world = make_world("demo")
    world.advance(T0 + 10)
    assert 6 <= len(world.live_rooms) <= 7
    assert 22 <= sum(len(room.present) for room in world.live_rooms) <= 28


def test_failed_compositions_say_why_in_their_happening():
    failures = [one for one in make_world("failed-composition").advance(T0 + 600) if one.event == "composition-failed"]
    assert failures
    assert all(one.failed_operation and one.error_message for one in failures)


def test_no_composition_is_worked_on_before_its_room_ended():
    for one in make_world("demo").advance(T0 + 3600):
        if one.event == "composition-started":
            assert one.room.ended_at is not None
            assert one.at > one.room.ended_at


def test_a_composition_tells_of_every_ten_percent():
    happenings = make_world("demo").advance(T0 + 3600)
    composition = next(one.composition for one in happenings if one.event == "composition-available")
    told = [one.percent_done for one in happenings if one.composition is composition and one.percent_done is not None]
    assert told == [10.0 * step for step in range(1, 10)]


def test_a_storm_makes_many_reconnect_at_once_and_loses_a_few():
    world = make_world("reconnect-storm", rooms=10, participants_per_room=8)
    happenings = world.advance(T0 + 40)
    lost = [one for one in happenings if one.event == "participant-reconnecting"]
    assert len(lost) > 40
    assert max(one.at for one in lost) - min(one.at for one in lost) <= 2.0
    assert {one.code for one in lost} == {53405, 53001}
    ends = Counter(one.event for one in happenings if one.event == "participant-reconnected" or one.code)
    assert ends["participant-reconnected"] > ends["participant-disconnected"] > 0


def test_a_zombie_room_is_in_progress_for_ever_with_nobody_in_it():
    world = make_world("zombie-room")
    world.advance(T0 + 6 * 3600)
    (zombie,) = [room for room in world.live_rooms if ":zombie:" in room.name]
    assert not zombie.participants


def test_a_room_made_over_rest_times_out_when_nobody_enters():
    world = make_world()
    room = world.ledger.open_room(T0, "quiet", created_method="rest")
    world.advance(T0 + 301)
    assert (room.status, room.end_reason) == ("completed", "timeout")


def test_a_room_made_over_rest_times_out_when_it_was_left():
    world = make_world()
    room = world.ledger.open_room(T0, "brief", created_method="rest", empty_timeout_min=2)
    who = world.ledger.join(T0 + 10, room, "alice", Device("Chrome", "Linux", "wifi"), HEALTHY, 0.0)
    world.advance(T0 + 400)
    assert room.is_live
    room.max_participants = 0  # so that nobody follows
    world.ledger.leave(T0 + 400, who)
    world.advance(T0 + 519)
    assert room.is_live
    world.advance(T0 + 521)
    assert (room.status, room.end_reason, room.ended_at) == ("completed", "timeout", T0 + 520)


def test_the_timeouts_of_rooms_made_over_rest_follow_the_speed():
    world = World(at_speed(SCENARIOS["healthy"], 10), seed=1, started_at=T0)
    room = world.ledger.open_room(T0, "quiet", created_method="rest")
    world.advance(T0 + 31)
    assert room.ended_at == T0 + 30


def test_a_composition_wished_for_in_a_live_room_waits_for_its_end():
    world = make_world()
    room = world.ledger.open_room(T0, "filmed")
    composition = world.ledger.enqueue_composition(T0, room)
    world.advance(T0 + 100)
    assert composition.status is CompositionStatus.ENQUEUED
    world.ledger.end_room(T0 + 100, room, "room_ended_via_api")
    world.advance(T0 + 200)
    assert composition.status is CompositionStatus.COMPLETED


def test_speed_shortens_durations_and_nothing_else():
    fast = at_speed(SCENARIOS["bad-uplink"], 10)
    assert fast.link_troubles[0].when == Episode(0.5, lasts_s=4.5, quiet_s=6.0)
    assert fast.room_lasts_s == (30.0, 90.0)
    assert fast.rest.reads_per_s == 80.0
    assert fast.callbacks.repeat_ratio == CallbackPolicy().repeat_ratio


def test_an_episode_without_a_quiet_time_comes_once():
    once = Episode(10, lasts_s=5)
    assert [once.is_on(at) for at in (9, 10, 14, 15, 1000)] == [False, True, True, False, False]


@pytest.mark.parametrize("name", ["demo", "composition-missing", "join-failures"])
def test_sequence_numbers_have_no_gap_in_a_room(name):
    numbers: dict[str, list[int]] = {}
    for one in make_world(name).advance(T0 + 600):
        if one.event in NUMBERED:
            numbers.setdefault(one.room.sid, []).append(one.sequence)
    assert numbers
    assert all(given == list(range(len(given))) for given in numbers.values())


def test_whatever_is_numbered_is_told():
    assert not NUMBERED & UNTOLD


def test_of_some_recorded_rooms_there_is_no_composition_and_of_others_a_failed_hook():
    world = make_world("composition-missing")
    failed = {one.room.sid for one in world.advance(T0 + 1800) if one.event == "composition-hook-failed"}
    recorded = [
        room for room in world.rooms.values() if room.ended_at and room.ended_at < T0 + 1700 and room.recordings
    ]
    composed = {room.sid for room in recorded if room.compositions}
    silent = {room.sid for room in recorded} - composed - failed
    assert min(len(failed), len(composed), len(silent)) > 5
    assert not failed & composed


def test_an_empty_composition_completes_with_nothing_in_it():
    world = make_world("composition-empty")
    world.advance(T0 + 600)
    done = [one for one in world.compositions.values() if one.status is CompositionStatus.COMPLETED]
    assert done
    assert {(one.size_bytes, one.duration_s) for one in done} == {(0, 0)}


def test_those_who_cannot_join_are_never_in_the_room():
    world = make_world("join-failures")
    failures = [one for one in world.advance(T0 + 300) if one.event == "join-failed"]
    assert {one.code for one in failures} == {53105, 53104, 20104}
    assert all(one.participant is None and one.newcomer is not None for one in failures)


def test_a_full_room_lets_nobody_in_and_one_nearly_full_everybody():
    world = make_world("near-limits")
    happenings = world.advance(T0 + 30)
    panel, webinar = (next(r for r in world.live_rooms if f":{kind}:" in r.name) for kind in ("panel", "webinar"))
    assert (len(panel.present), len(webinar.present)) == (5, 9)
    assert {(one.room, one.code) for one in happenings if one.event == "join-failed"} == {(panel, 53105)}


def test_a_deleted_composition_stays_deleted():
    world = make_world()
    room = world.ledger.open_room(T0, "filmed")
    composition = world.ledger.enqueue_composition(T0, room)
    world.ledger.end_room(T0 + 60, room, "room_ended_via_api")
    world.advance(T0 + 61)
    world.ledger.delete_composition(T0 + 61, composition)
    world.advance(T0 + 600)
    assert (composition.status, composition.size_bytes) == (CompositionStatus.DELETED, 0)
