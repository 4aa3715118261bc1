import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.default_inhibitions import DEFAULT_INHIBITIONS
from alerts.inhibition import InhibitionError, Inhibitors, build_inhibition
from alerts.model import Kind
from tests.alert_builders import make_alert

OF_A_REGION = build_inhibition(
    "region", source='alertname="RegionDown"', target='kind=~"room|participant"', equal=["region"]
)


def alert(rule, kind=Kind.ROOM, entity="", **labels):
    entity = entity or rule
    return make_alert(fingerprint=f"f1-{rule}-{entity}", rule=rule, kind=kind, entity=entity, labels=labels)


def inhibitors(*firing, inhibitions=(OF_A_REGION,)):
    known = Inhibitors(inhibitions)
    for each in firing:
        known.add(each)
    return known


DOWN = alert("RegionDown", Kind.ACCOUNT, region="us1")
BAD = alert("RoomBad", region="us1")


@pytest.mark.promise("P21")
def test_an_alert_is_muted_by_the_one_that_explains_it():
    assert inhibitors(DOWN, BAD).muted_by(BAD) == DOWN
    assert inhibitors(BAD).muted_by(BAD) is None


@pytest.mark.promise("P21")
def test_who_asks_why_is_told_the_inhibition_too():
    assert inhibitors(DOWN).muting(BAD) == (OF_A_REGION, DOWN)


@pytest.mark.promise("P21")
def test_it_is_muted_no_longer_once_the_source_clears():
    known = inhibitors(DOWN, BAD)
    known.remove(DOWN)
    assert known.muted_by(BAD) is None
    known.remove(DOWN)  # and once more does no harm


def test_what_is_elsewhere_is_not_muted():
    assert inhibitors(DOWN).muted_by(alert("RoomBad", region="de1")) is None
    assert inhibitors(DOWN).muted_by(alert("Costly", Kind.ACCOUNT, region="us1")) is None


def test_two_alerts_that_know_no_region_have_none_in_common():
    assert inhibitors(alert("RegionDown", Kind.ACCOUNT)).muted_by(alert("RoomBad")) is None


def test_an_alert_that_changed_its_labels_mutes_by_the_new_ones():
    known = inhibitors(DOWN)
    known.add(alert("RegionDown", Kind.ACCOUNT, region="de1"))
    assert known.muted_by(BAD) is None
    assert known.muted_by(alert("RoomBad", region="de1")) is not None


def test_a_second_source_mutes_when_the_first_has_cleared():
    other = alert("RegionDown", Kind.ACCOUNT, entity="other", region="us1")
    known = inhibitors(DOWN, other)
    known.remove(DOWN)
    assert known.muted_by(BAD) == other


BOTH_SIDES = build_inhibition("both", source="severity=critical", target="team=video", equal=["region"])


def test_an_alert_does_not_mute_itself():
    mine = alert("A", region="us1", team="video")
    assert inhibitors(mine, inhibitions=[BOTH_SIDES]).muted_by(mine) is None


def test_two_that_are_meant_by_both_sides_do_not_mute_each_other():
    one, other = alert("A", region="us1", team="video"), alert("B", region="us1", team="video")
    outside = alert("C", region="us1", team="audio")
    known = inhibitors(one, other, inhibitions=[BOTH_SIDES])
    assert known.muted_by(one) is None
    known.add(outside)
    assert known.muted_by(one) == outside


CIRCLE = [build_inhibition(f"{a} {b}", source=f"alertname={a}", target=f"alertname={b}") for a, b in ("AB", "BC", "CA")]


def test_alerts_in_a_circle_are_all_told_of():
    one, two, three = alert("A"), alert("B"), alert("C")
    known = inhibitors(one, two, three, inhibitions=CIRCLE)
    assert [known.muted_by(each) for each in (one, two, three)] == [None, None, None]
    known.remove(one)
    assert [known.muted_by(each) for each in (two, three)] == [None, two]


sides = st.lists(
    st.sampled_from(["a=x", "a=y", "b=x", "b!=y", "b=~x|y", "c=x", "alertname=R1"]), min_size=1, max_size=2
)
any_inhibitions = st.lists(
    st.builds(
        build_inhibition,
        st.just("any"),
        source=sides,
        target=sides,
        equal=st.lists(st.sampled_from(["a", "b", "c"]), max_size=1),
    ),
    max_size=5,
)
any_alerts = st.lists(
    st.tuples(
        st.sampled_from(["R1", "R2"]),
        st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["x", "y"])),
    ),
    max_size=8,
).map(lambda several: [alert(rule, entity=f"E{n}", **labels) for n, (rule, labels) in enumerate(several)])


@pytest.mark.promise("P21")
@given(any_inhibitions, any_alerts)
def test_behind_every_muted_alert_is_one_that_is_told_of(inhibitions, firing):
    known = inhibitors(*firing, inhibitions=inhibitions)
    for each in firing:
        steps, source = 0, each
        while (behind := known.muted_by(source)) is not None:
            source, steps = behind, steps + 1
            assert steps <= len(firing)


@given(any_inhibitions, any_alerts, st.sets(st.integers(0, 7)))
def test_what_came_and_went_leaves_no_trace(inhibitions, firing, gone):
    known = inhibitors(*firing, inhibitions=inhibitions)
    for number in gone:
        if number < len(firing):
            known.remove(firing[number])
    left = [each for number, each in enumerate(firing) if number not in gone]
    anew = inhibitors(*left, inhibitions=inhibitions)
    assert [known.muted_by(each) for each in firing] == [anew.muted_by(each) for each in firing]


@pytest.mark.promise("P21")
@pytest.mark.parametrize(
    ("source", "target"),
    [
        (alert("TwilioUnreachable", Kind.ACCOUNT, account="a"), alert("CallbacksSilent", Kind.ACCOUNT, account="a")),
        (alert("TwilioAuthLost", Kind.ACCOUNT, account="a"), alert("SourceStale", account="a")),
        (alert("TwilioUnreachable", Kind.ACCOUNT, account="a"), alert("RoomZombie", account="a")),
        (alert("TwilioAuthLost", Kind.ACCOUNT, account="a"), alert("CompositionMissing", account="a")),
        (alert("RegionQualityDegraded", region="us1"), alert("RoomQualityDegraded", region="us1")),
        (alert("RegionQualityDegraded", region="us1"), alert("ParticipantQualityDegraded", region="us1")),
        (alert("TenantQualityDegraded", tenant="acme"), alert("RoomQualityDegraded", tenant="acme")),
        (alert("TenantQualityDegraded", tenant="acme"), alert("ParticipantQualityDegraded", tenant="acme")),
        (alert("RoomQualityDegraded", room="RM1"), alert("ParticipantQualityDegraded", room="RM1")),
        (alert("MonitorBlind", Kind.ACCOUNT), alert("RoomZombie")),
        (alert("MonitorBlind", Kind.ACCOUNT), alert("ParticipantQualityDegraded", Kind.PARTICIPANT)),
    ],
)
def test_what_is_shipped_mutes_what_follows_from_it(source, target):
    assert inhibitors(source, inhibitions=DEFAULT_INHIBITIONS).muted_by(target) == source
    assert inhibitors(target, inhibitions=DEFAULT_INHIBITIONS).muted_by(source) is None


def test_what_is_shipped_mutes_nothing_that_was_seen_all_the_same():
    source = alert("TwilioUnreachable", Kind.ACCOUNT, account="a")
    known = inhibitors(source, alert("RegionQualityDegraded", region="us1"), inhibitions=DEFAULT_INHIBITIONS)
    for seen in ("RecordingFailed", "CompositionFailed", "RoomQualityDegraded", "JoinFailures", "TwilioThrottled"):
        assert known.muted_by(alert(seen, account="a", region="de1")) is None


def test_every_shipped_inhibition_has_a_name_of_its_own():
    assert len({each.name for each in DEFAULT_INHIBITIONS}) == len(DEFAULT_INHIBITIONS)


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"source": []}, "source"), ({"target": ["a"]}, "target"), ({"equal": ["my region"]}, "equal")],
)
def test_an_inhibition_at_fault_says_which_part(changes, key):
    with pytest.raises(InhibitionError, match="expected") as error:
        build_inhibition("mine", **{"source": "a=b", "target": "c=d", **changes})
    assert error.value.key == key
