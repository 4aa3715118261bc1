"""Is each rule of the verdict what it says?  How often it is right, `tests/integration/test_verdicts.py` tells."""

from typing import Any

import msgspec
import pytest

from collectors.observations import Connection, ConnectionState, Device, Direction, MediaStats, NetworkQuality, Track
from monitor.evidence.surroundings import surroundings_of
from monitor.evidence.symptoms import symptoms_of
from monitor.evidence.witnesses import Crowd, Dimension, Evidence, Surroundings, Unequipped, Witness
from monitor.evidence.wording import people, percent
from monitor.verdict import Cause, judge

BEGAN_MS = 1_763_690_000_000
LASTS_MS = 120_000
WELL = {"loss_ratio": 0.001, "jitter_ms": 5.0, "bitrate_bps": 900_000.0, "fps": 24.0}
LOSSY = WELL | {"loss_ratio": 0.12}


def samples(*, up: dict[str, Any] | None = WELL, down: dict[str, Any] | None = WELL, **given: Any) -> list[MediaStats]:
    """Return a sample every ten seconds; `first` and `last` bound them."""
    first, last = given.pop("first", 0), given.pop("last", LASTS_MS // 10_000)
    ways = {name: None if way is None else Direction(**way) for name, way in (("up", up), ("down", down))}
    return [
        MediaStats(BEGAN_MS + 10_000 * each + 1_000, 10_000, given.get("rtt_ms", 50.0), **ways)
        for each in range(first, last)
    ]


def witness(name: str, media: list[MediaStats] | None = None, **given: Any) -> Witness:
    given = {"sid": f"PA{name}", "identity": name, "address": f"net of {name}", **given}
    return Witness(name, media=tuple(samples() if media is None else media), **given)


def level(value: int, of: str | None = None) -> NetworkQuality:
    return NetworkQuality(BEGAN_MS, value, None if of is None else f"PA{of}")


def room(*witnesses: Witness, around: Surroundings | None = None, **given: Any) -> Evidence:
    given = {"room": "RM1", "media_region": "us1", **given}
    return Evidence(BEGAN_MS, BEGAN_MS + LASTS_MS, witnesses, surroundings=around or Surroundings(), **given)


def lost_at(second: int, code: int = 53405) -> tuple[Connection, ...]:
    at_ms = BEGAN_MS + second * 1000
    return (
        Connection(at_ms, ConnectionState.RECONNECTING, code),
        Connection(at_ms + 15_000, ConnectionState.RECONNECTED),
    )


def crowds(dimension: Dimension, value: str, crowd: Crowd, rest: Crowd) -> Surroundings:
    everybody = Crowd(
        crowd.heard + rest.heard, crowd.bad_network + rest.bad_network, crowd.bad_picture + rest.bad_picture
    )
    return Surroundings(everybody, {(dimension, value): crowd})


# --- one person --------------------------------------------------------------------------------------------


def test_who_loses_what_it_sends_has_a_bad_uplink_and_those_who_miss_it_have_not_a_bad_downlink() -> None:
    missed = WELL | {"loss_ratio": 0.06}
    verdict = judge(
        room(
            witness("Alice", samples(up=LOSSY)),
            witness("Bob", samples(down=missed)),
            witness("Carol", samples(down=missed)),
        )
    )
    assert (verdict.cause, verdict.whom) == (Cause.UPLINK, "Alice")
    assert verdict.sentence == (
        "Alice's uplink: 12 % of what Alice sent was lost for 2 min, while Bob and Carol lost 0.1 % of what they sent."
    )


def test_who_alone_misses_what_others_receive_well_has_a_bad_downlink() -> None:
    verdict = judge(room(witness("Alice", samples(down=LOSSY)), witness("Bob"), witness("Carol")))
    assert (verdict.cause, verdict.whom) == (Cause.DOWNLINK, "Alice")
    assert "12 % of what Alice should receive was lost for 2 min" in verdict.because


def test_who_loses_both_ways_has_a_bad_connection() -> None:
    assert judge(room(witness("Alice", samples(up=LOSSY, down=LOSSY)), witness("Bob"))).cause is Cause.LINK


def test_a_long_way_is_a_bad_connection() -> None:
    assert judge(room(witness("Alice", samples(rtt_ms=900.0)), witness("Bob"))).cause is Cause.LINK


def test_who_loses_the_connection_again_and_again_while_others_keep_it_has_a_bad_connection() -> None:
    verdict = judge(room(witness("Alice", connections=lost_at(10) + lost_at(60)), witness("Bob"), witness("Carol")))
    assert (verdict.cause, verdict.whom) == (Cause.LINK, "Alice")
    assert "lost the connection 2 times" in verdict.sentence


def test_who_is_held_back_by_the_cpu_on_a_good_network_has_a_slow_device() -> None:
    slow = WELL | {"fps": 6.0, "limited_by": "cpu"}
    verdict = judge(room(witness("Alice", samples(up=slow)), witness("Bob")))
    assert (verdict.cause, verdict.whom) == (Cause.DEVICE, "Alice")


def test_who_neither_sends_nor_shows_frames_that_others_show_has_a_slow_device_though_it_names_no_limit() -> None:
    few = WELL | {"fps": 6.0}
    assert judge(room(witness("Alice", samples(up=few, down=few)), witness("Bob"))).cause is Cause.DEVICE


def test_a_cpu_that_still_gets_its_frames_done_is_nobodys_fault() -> None:
    busy = WELL | {"fps": 22.0, "limited_by": "cpu"}
    assert judge(room(witness("Alice", samples(up=busy)), witness("Bob"))).cause is Cause.NOTHING


def test_few_frames_alone_may_be_slides() -> None:
    assert judge(room(witness("Alice", samples(up=WELL | {"fps": 5.0})), witness("Bob"))).cause is Cause.NOT_KNOWN


def test_a_narrow_uplink_is_told_by_what_limits_the_encoder() -> None:
    narrow = WELL | {"bitrate_bps": 90_000.0, "fps": 8.0, "limited_by": "bandwidth"}
    verdict = judge(room(witness("Alice", samples(up=narrow)), witness("Bob")))
    assert (verdict.cause, verdict.because[0]) == (
        Cause.UPLINK,
        "no more than 90 kbit/s got through of what Alice sent for 2 min",
    )


def test_pictures_that_the_application_switched_off_are_no_bad_downlink() -> None:
    off = Track(BEGAN_MS, "switched_off", "MT1", "video", "PABob")
    assert judge(room(witness("Alice", tracks=(off,)), witness("Bob"))).cause is Cause.NOTHING


def test_of_two_bad_ones_among_many_the_one_who_hurts_the_others_is_named_and_the_other_is_considered() -> None:
    others = [witness(name) for name in ("Carol", "Dan", "Erin")]
    verdict = judge(room(witness("Alice", samples(up=LOSSY)), witness("Bob", samples(down=LOSSY)), *others))
    assert (verdict.cause, verdict.whom) == (Cause.UPLINK, "Alice")
    assert [(each.cause, each.whom) for each in verdict.others] == [(Cause.DOWNLINK, "Bob")]


# --- what only the others tell -----------------------------------------------------------------------------


def test_the_one_publisher_who_tells_nothing_is_named_when_all_receivers_miss_something() -> None:
    missed = samples(down=WELL | {"loss_ratio": 0.05})
    around = crowds(Dimension.REGION, "us1", Crowd(heard=6), Crowd(heard=4))
    verdict = judge(room(witness("Alice", []), witness("Bob", missed), witness("Carol", missed), around=around))
    assert (verdict.cause, verdict.whom) == (Cause.PUBLISHER, "Alice")


def test_of_two_silent_publishers_the_one_whom_others_see_at_a_low_level_is_named() -> None:
    missed, sees = samples(down=WELL | {"loss_ratio": 0.05}), (level(1, of="Alice"), level(5, of="Dan"))
    seers = [witness(name, missed, levels=sees) for name in ("Bob", "Carol")]
    assert judge(room(witness("Alice", []), witness("Dan", []), *seers)).whom == "Alice"
    assert (
        judge(
            room(witness("Alice", []), witness("Dan", []), *(witness(name, missed) for name in ("Bob", "Carol")))
        ).cause
        is Cause.NOT_KNOWN
    )


def test_what_a_receiver_misses_of_a_silent_partner_may_be_lost_on_either_side() -> None:
    assert judge(room(witness("Alice", samples(down=LOSSY)), witness("Bob", []))).cause is Cause.NOT_KNOWN


def test_twilios_level_tells_on_which_side_it_was_lost() -> None:
    mine = witness("Alice", samples(down=LOSSY), levels=(level(1),))
    theirs = witness("Alice", samples(down=LOSSY), levels=(level(5), level(1, of="Bob")))
    assert judge(room(mine, witness("Bob", []))).cause is Cause.DOWNLINK
    assert judge(room(theirs, witness("Bob", []))).cause is Cause.PUBLISHER


def test_a_silent_participant_whom_two_see_badly_and_whom_all_receive_well_has_a_bad_connection_somehow() -> None:
    seers = [witness(name, levels=(level(1, of="Alice"),)) for name in ("Bob", "Carol")]
    assert judge(room(witness("Alice", []), *seers)).cause is Cause.LINK
    assert judge(room(witness("Alice", []), seers[0], witness("Carol"))).cause is Cause.NOT_KNOWN


def test_who_is_on_a_bad_link_is_not_believed_about_the_others() -> None:
    alice = witness("Alice", samples(up=LOSSY), levels=(level(1), level(1, of="Bob"), level(1, of="Carol")))
    assert judge(room(alice, witness("Bob"), witness("Carol"))).whom == "Alice"


# --- what many have in common ------------------------------------------------------------------------------

HALF = [witness("Alice", samples(up=LOSSY)), witness("Bob", samples(up=LOSSY, down=LOSSY)), witness("Carol")]


def test_a_region_is_named_when_most_of_its_people_are_bad_from_many_networks_and_others_are_not() -> None:
    bad = Crowd(heard=8, bad_network=7, rooms=3, networks=7)
    verdict = judge(room(*HALF, around=crowds(Dimension.REGION, "us1", bad, Crowd(heard=9, bad_network=1))))
    assert (verdict.cause, verdict.whom) == (Cause.REGION, "us1")
    assert "7 of 8 in other rooms" in verdict.sentence


@pytest.mark.parametrize(
    ("crowd", "rest"),
    [
        (Crowd(heard=8, bad_network=7, rooms=3, networks=1), Crowd(heard=9)),  # one office
        (Crowd(heard=8, bad_network=7, rooms=1, networks=7), Crowd(heard=9)),  # one other room
        (Crowd(heard=8, bad_network=7, rooms=3, networks=7), Crowd(heard=9, bad_network=6)),  # bad everywhere
        (Crowd(heard=8, bad_network=7, rooms=3, networks=7), Crowd()),  # nobody to compare with
        (Crowd(heard=2, bad_network=2, rooms=2, networks=2), Crowd(heard=9)),  # too few
        (Crowd(heard=8, bad_network=3, rooms=3, networks=3), Crowd(heard=9)),  # not most
    ],
)
def test_a_region_is_not_named_on_less(crowd: Crowd, rest: Crowd) -> None:
    assert judge(room(*HALF, around=crowds(Dimension.REGION, "us1", crowd, rest))).cause is Cause.NOT_KNOWN


def test_an_edge_is_named_when_those_on_other_edges_are_well() -> None:
    bad = Crowd(heard=6, bad_network=6, rooms=4, networks=6)
    people = [witness("Alice", samples(up=LOSSY, down=LOSSY), edge="dublin"), witness("Bob", edge="ashburn")]
    verdict = judge(room(*people, around=crowds(Dimension.EDGE, "dublin", bad, Crowd(heard=8))))
    assert (verdict.cause, verdict.whom) == (Cause.EDGE, "dublin")


def test_a_network_is_named_when_colleagues_in_other_rooms_are_bad_too() -> None:
    bad = Crowd(heard=3, bad_network=3, rooms=3, networks=1)
    people = [witness("Alice", samples(up=LOSSY), address="198.51.100.0/24"), witness("Bob"), witness("Carol")]
    verdict = judge(room(*people, around=crowds(Dimension.NETWORK, "198.51.100.0/24", bad, Crowd(heard=12))))
    assert (verdict.cause, verdict.whom) == (Cause.NETWORK, "198.51.100.0/24")


def test_a_browser_is_named_when_its_pictures_are_bad_everywhere_while_networks_are_good() -> None:
    bad = Crowd(heard=6, bad_picture=6, rooms=4, networks=6)
    slow = samples(up=WELL | {"fps": 6.0, "limited_by": "cpu"})
    people = [witness("Alice", slow, browser="Chrome 157"), witness("Bob", browser="Chrome 156")]
    verdict = judge(room(*people, around=crowds(Dimension.BROWSER, "Chrome 157", bad, Crowd(heard=9))))
    assert (verdict.cause, verdict.whom) == (Cause.BROWSER, "Chrome 157")


def test_one_bad_person_in_a_region_where_many_are_bad_but_not_most_is_not_blamed() -> None:
    around = crowds(Dimension.REGION, "us1", Crowd(heard=10, bad_network=4, rooms=3, networks=4), Crowd(heard=5))
    people = [witness("Alice", samples(up=LOSSY)), *(witness(name) for name in ("Bob", "Carol", "Dan"))]
    assert judge(room(*people, around=around)).cause is Cause.NOT_KNOWN


def test_a_whole_room_in_trouble_says_nothing_when_nobody_is_heard_elsewhere() -> None:
    bad = [witness(name, samples(up=LOSSY, down=LOSSY)) for name in ("Alice", "Bob", "Carol")]
    verdict = judge(room(*bad))
    assert verdict.cause is Cause.NOT_KNOWN
    assert "3 of 3 people are bad at the same time" in verdict.sentence


# --- Twilio itself -----------------------------------------------------------------------------------------


def test_twilio_is_named_when_people_of_several_regions_lose_their_connection_at_once() -> None:
    storm = [witness(name, connections=lost_at(30)) for name in ("Alice", "Bob")]
    around = Surroundings(Crowd(heard=12), lost=10, lost_regions=3)
    assert judge(room(*storm, around=around)).cause is Cause.TWILIO
    assert judge(room(*storm, around=Surroundings(Crowd(heard=12), lost=1, lost_regions=1))).cause is Cause.NOT_KNOWN


def test_twilio_is_named_when_its_servers_refuse_people_here_and_elsewhere() -> None:
    busy = [witness(name, connections=lost_at(30, 53006)) for name in ("Alice", "Bob")]
    assert judge(room(*busy, around=Surroundings(server_errors=3))).cause is Cause.TWILIO
    assert judge(room(*busy, around=Surroundings(is_twilio_unreachable=True))).cause is Cause.TWILIO


def test_twilio_out_of_reach_of_ours_is_no_reason_why_a_call_is_bad() -> None:
    people = [witness("Alice", samples(up=LOSSY)), witness("Bob")]
    assert judge(room(*people, around=Surroundings(is_twilio_unreachable=True))).cause is Cause.UPLINK


# --- nothing, and not known --------------------------------------------------------------------------------


def test_nothing_is_wrong_when_most_were_heard_and_all_were_well() -> None:
    verdict = judge(room(witness("Alice"), witness("Bob"), witness("Carol", [])))
    assert verdict.cause is Cause.NOTHING
    assert verdict.sentence.startswith("Nothing wrong: 2 of 3 people were heard")


def test_a_call_where_all_lines_are_well_is_bad_for_want_of_a_camera() -> None:
    without = Unequipped("identity:dave", "dave", Device(BEGAN_MS, "NotFoundError", "video"))
    verdict = judge(room(witness("alice"), witness("bob"), unequipped=(without,)))
    assert (verdict.cause, verdict.whom, verdict.name) == (Cause.DEVICE, "identity:dave", "dave")
    assert verdict.sentence.startswith("dave's device: the camera of dave could not be had (NotFoundError)")


def test_a_line_that_is_bad_weighs_more_than_a_camera_that_is_missing() -> None:
    without = Unequipped("identity:dave", "dave", Device(BEGAN_MS, "NotFoundError", "video"))
    bad = witness("alice", samples(up={**WELL, "loss_ratio": 0.2}))
    assert judge(room(bad, witness("bob"), witness("carol"), unequipped=(without,))).cause is Cause.UPLINK


def test_a_gust_is_nobodys_fault() -> None:
    gust = samples(last=4) + samples(up=LOSSY, first=4, last=6) + samples(first=6)
    assert judge(room(witness("Alice", gust), witness("Bob"))).cause is Cause.NOTHING


def test_where_few_were_heard_it_is_not_known_that_nothing_is_wrong() -> None:
    verdict = judge(room(witness("Alice"), witness("Bob", []), witness("Carol", [])))
    assert (verdict.cause, verdict.confidence) == (Cause.NOT_KNOWN, 0.0)
    assert verdict.sentence == "Not known: 1 of 3 people told how they fared."


def test_a_room_without_anybody_is_not_known() -> None:
    assert judge(room()).cause is Cause.NOT_KNOWN


def test_each_fact_halves_the_doubt() -> None:
    verdict = judge(room(witness("Alice", samples(up=LOSSY)), witness("Bob")))
    assert verdict.confidence == 1 - 0.5 ** len(verdict.because)


# --- what the verdict is made from -------------------------------------------------------------------------


def test_a_level_0_that_is_left_over_from_an_outage_means_nothing() -> None:
    zero = NetworkQuality(BEGAN_MS + 31_000, 0)
    (alone,) = symptoms_of(room(witness("Alice", levels=(level(5), zero), connections=lost_at(30))))
    assert [step.level for step in alone.course[2:6]] == [5, 0, None, None]


def test_an_outage_whose_end_was_never_told_does_not_last_for_ever() -> None:
    (alone,) = symptoms_of(room(witness("Alice", connections=lost_at(10)[:1])))
    assert sum(alone.lost) < len(alone.lost) / 2


def test_statistics_of_an_unknown_shape_are_left_alone() -> None:
    odd = NetworkQuality(BEGAN_MS, 3, None, msgspec.Raw(b'{"audio": 7}'))
    (alone,) = symptoms_of(room(witness("Alice", levels=(odd,))))
    assert (alone.course[1].level, alone.course[1].send_level) == (3, None)


def test_surroundings_count_people_by_what_they_have_in_common() -> None:
    bad = witness("Alice", samples(up=LOSSY), browser="Firefox 150")
    rooms = [room(bad, witness("Bob"), room="RM2"), room(witness("Carol"), witness("Dan", []), room="RM3")]
    around = surroundings_of(rooms)
    assert around.everybody == Crowd(heard=3, bad_network=1, rooms=1, networks=1)
    assert around.alike[Dimension.BROWSER, "Firefox 150"].bad_network == 1
    assert around.alike[Dimension.NETWORK, "net of Carol"] == Crowd(heard=1)


def test_numbers_are_said_as_people_say_them() -> None:
    assert [percent(each) for each in (0.12, 0.001)] == ["12 %", "0.1 %"]
    assert people(["Bob"]) == "Bob"
    assert people(["Bob", "Carol", "Dan", "Erin"]) == "Bob, Carol and 2 others"
