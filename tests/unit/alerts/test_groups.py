"""Alerts into groups, and groups over time: by the real routes, inhibitions, silences and time windows."""

from dataclasses import replace

import pytest

from alerts.engine import Look as Found
from alerts.fingerprint import dedup_key_of
from alerts.group_book import Policy
from alerts.groups import Groups
from alerts.inhibition import Inhibitors, build_inhibition
from alerts.matchers import parse_matchers
from alerts.model import Kind, NotificationKind, Reason, Severity, State, Step, Transition
from alerts.routing import Route
from alerts.silences import build_silence
from alerts.storms import Limits
from alerts.time_windows import TimeWindows, build_time_window
from tests.alert_builders import START, make_alert, make_plan

TRIGGER, UPDATE, RESOLVE = (NotificationKind(each) for each in ("trigger", "update", "resolve"))
REGION_BAD = build_inhibition("region", source='alertname="RegionBad"', target='alertname="Bad"', equal=("region",))


def change(alert, before, after, reason, at=START):
    return Transition(alert.fingerprint, alert.rule, alert.entity, before, after, at, reason, episode=alert.episode)


class Desk:
    """Groups, and what they say of alerts that begin and end."""

    def __init__(self, *plans, policy=None, **changes):
        root, *others = plans or (make_plan(group_by=("alertname", "room")),)
        tree = Route(root, routes=tuple(Route(plan, continue_=True) for plan in others))
        self.policy = policy or Policy(tree, Inhibitors([REGION_BAD]), instance="here", **changes)
        self.groups = Groups(self.policy)
        self.alerts = {}
        self.owed = []
        self.at = START

    def look(self, *alerts, ends=(), after=0.0):
        self.at += after
        began = [change(each, State.PENDING, State.FIRING, Reason.HELD, self.at) for each in alerts]
        over = [replace(self.alerts[each.fingerprint], state=State.INACTIVE, since=self.at) for each in ends]
        ended = [change(each, State.FIRING, State.INACTIVE, Reason.CLEARED, self.at) for each in over]
        return self._adopt(self.groups.judge(Found((*alerts, *over), (*began, *ended)), self.at))

    def _adopt(self, grouped):
        self.last = grouped.judgement
        self.groups.adopt(grouped)
        self.alerts |= {each.fingerprint: each for each in grouped.judgement.alerts}
        self.owed += grouped.judgement.notifications
        return [(told.kind, told.incident.firing_count) for told in grouped.judgement.notifications]

    def restarted(self):
        """Return the same desk after a restart."""
        desk = Desk(policy=replace(self.policy, inhibitors=Inhibitors([REGION_BAD])))
        desk.groups.restore(self.groups.groups, self.alerts.values())
        desk.alerts, desk.at = dict(self.alerts), self.at
        return desk


def bad(number=1, room="RM1", region="de1", **changes):
    labels = {"room": room, "region": region, "account": "prod"}
    return make_alert(fingerprint=f"f1-{number}", entity=f"{room}/PA{number}", groups=(), labels=labels, **changes)


def region_bad(region="de1"):
    labels = {"region": region, "account": "prod"}
    return make_alert(fingerprint=f"f1-{region}", rule="RegionBad", kind=Kind.ACCOUNT, entity=region, labels=labels)


# --- groups ---


def test_alerts_of_one_room_are_one_incident_and_of_two_rooms_two():
    desk = Desk()
    desk.look(bad(1), bad(2), bad(3, room="RM2"))
    assert sorted(desk.look(after=10)) == [(TRIGGER, 1), (TRIGGER, 2)]


def test_judging_changes_nothing_and_comes_to_the_same_again():
    desk = Desk(make_plan(group_wait_s=0))
    alert = bad()
    found = Found((alert,), (change(alert, State.PENDING, State.FIRING, Reason.HELD),))
    first, second = desk.groups.judge(found, START), desk.groups.judge(found, START)
    assert first == second
    assert desk.groups.groups == ()


def test_an_alert_may_be_in_several_groups_and_each_of_them_hears_of_its_end():
    desk = Desk(make_plan("mail"), make_plan("a", route="a"), make_plan("b", route="b"))
    desk.look(bad())
    assert [told.receiver for told in desk.owed] == []
    desk.look(after=10)
    assert sorted(told.receiver for told in desk.owed) == ["a", "b"]
    desk.look(ends=[bad()], after=1)
    desk.look(after=10)
    assert [told.kind for told in desk.owed[2:]] == [RESOLVE, RESOLVE]
    assert desk.groups.groups == ()


def test_an_alert_that_no_route_is_for_is_kept_and_the_reason_is_noted():
    desk = Desk(policy=Policy(Route(None), Inhibitors()))
    assert desk.look(bad()) == []
    assert [note.text for note in desk.last.notes] == ["no route is for it that has a receiver"]
    assert desk.look(ends=[bad()]) == []


@pytest.mark.promise("P20")
def test_five_hundred_rooms_that_drop_together_are_one_page():
    desk = Desk()
    desk.look(*(bad(number, room=f"RM{number}") for number in range(500)))
    assert desk.look(after=10) == [(TRIGGER, 500)]
    [told] = desk.owed
    assert told.incident.unlisted_count == 500 - len(told.incident.alerts)
    assert told.incident.labels == {
        "alertname": "Bad",
        "severity": "critical",
        "kind": "participant",
        "region": "de1",
        "account": "prod",
    }
    assert told.incident.summary == "alice is cut off, and 499 more. All 500 share region de1."


def test_a_few_groups_that_share_a_region_stay_groups():
    desk = Desk()
    desk.look(*(bad(number, room=f"RM{number}") for number in range(4)))
    assert desk.look(after=10) == [(TRIGGER, 1)] * 4


def test_a_storm_leaves_alone_what_has_nothing_to_do_with_it():
    desk = Desk()
    elsewhere = bad(99, room="RM99", region="us1")
    desk.look(*(bad(number, room=f"RM{number}") for number in range(9)), elsewhere)
    assert sorted(desk.look(after=10)) == [(TRIGGER, 1), (TRIGGER, 9)]


def test_what_joins_a_storm_later_belongs_to_it():
    desk = Desk()
    desk.look(*(bad(number, room=f"RM{number}") for number in range(9)))
    desk.look(after=10)
    desk.look(bad(50, room="RM50"), after=1)
    assert desk.look(after=60) == [(UPDATE, 10)]
    desk.look(ends=list(desk.alerts.values()), after=1)
    assert desk.look(after=10) == [(RESOLVE, 0)]
    assert desk.groups.groups == ()


def test_a_storm_goes_on_after_a_restart():
    desk = Desk()
    desk.look(*(bad(number, room=f"RM{number}") for number in range(9)))
    desk.look(after=10)
    later = desk.restarted()
    assert later.look() == []
    later.look(ends=list(later.alerts.values()), after=1)
    assert later.look(after=10) == [(RESOLVE, 0)]


def test_troubles_of_different_kinds_do_not_make_a_storm():
    desk = Desk(make_plan(group_by=("alertname", "room")))
    others = [bad(number, room=f"RM{number}", rule="Other") for number in range(10, 14)]
    desk.look(*(bad(number, room=f"RM{number}") for number in range(4)), *others)
    assert desk.look(after=10) == [(TRIGGER, 1)] * 8


def test_two_regions_that_go_bad_at_once_are_two_storms():
    desk = Desk()
    desk.look(*(bad(number, room=f"RM{number}", region=f"de{number % 2}") for number in range(20)))
    assert desk.look(after=10) == [(TRIGGER, 20)], "they share the account, and most of them no region"
    desk = Desk()
    desk.look(*(bad(number, room=f"RM{number}", region="de1" if number < 14 else "us1") for number in range(20)))
    assert sorted(desk.look(after=10)) == [(TRIGGER, 6), (TRIGGER, 14)]


def test_alerts_that_are_to_stand_by_themselves_never_make_a_storm():
    desk = Desk(make_plan(group_by=("...",)))
    desk.look(*(bad(number, room=f"RM{number}") for number in range(9)))
    assert desk.look(after=10) == [(TRIGGER, 1)] * 9


def test_without_a_limit_there_are_no_storms():
    desk = Desk(storms=Limits(0))
    desk.look(*(bad(number, room=f"RM{number}") for number in range(9)))
    assert desk.look(after=10) == [(TRIGGER, 1)] * 9


# --- restarts ---


@pytest.mark.promise("P26")
def test_a_restart_says_nothing_by_itself():
    desk = Desk()
    desk.look(bad())
    desk.look(after=10)
    assert desk.restarted().look(after=600) == []


@pytest.mark.promise("P25")
def test_a_restart_keeps_the_timers_of_a_group_that_waits():
    desk = Desk()
    desk.look(bad())
    later = desk.restarted()
    assert later.look(after=9.5) == []
    assert later.look(after=0.5) == [(TRIGGER, 1)]


@pytest.mark.promise("P27")
def test_a_restart_does_not_move_a_repeat():
    desk = Desk(make_plan(group_wait_s=0, repeat_interval_s=3600))
    desk.look(bad())
    desk.look(after=1000)
    later = desk.restarted().restarted()
    assert later.look(after=2599.5) == []
    assert later.look(after=0.5) == [(NotificationKind.REPEAT, 1)]


@pytest.mark.promise("P6")
def test_the_end_goes_to_whoever_got_the_trigger_though_routes_changed():
    desk = Desk()
    desk.look(bad())
    desk.look(after=10)
    desk.groups.use_policy(Policy(Route(make_plan("somebody else")), Inhibitors()))
    desk.look(ends=[bad()], after=1)
    desk.look(after=10)
    assert [(told.kind, told.receiver) for told in desk.owed] == [(TRIGGER, "ops"), (RESOLVE, "ops")]


@pytest.mark.promise("P7")
def test_a_receiver_that_is_removed_hears_the_end_and_todays_routes_say_who_is_told_instead():
    desk = Desk(make_plan("old"))
    desk.look(bad())
    desk.look(after=10)
    desk.groups.use_policy(Policy(Route(make_plan("new")), Inhibitors(), instance="here"))
    desk._adopt(desk.groups.part({"new"}, desk.at))
    desk.look()
    desk.look(after=10)
    desk.look(ends=[bad()], after=1)
    desk.look(after=10)
    told = [(each.kind, each.receiver) for each in desk.owed]
    assert told == [(TRIGGER, "old"), (RESOLVE, "old"), (TRIGGER, "new"), (RESOLVE, "new")]
    assert desk.owed[1].reason == "the receiver was removed"
    assert desk.groups.groups == ()


@pytest.mark.promise("P7")
def test_who_is_left_of_several_receivers_goes_on_being_told():
    desk = Desk(make_plan(steps=(Step(0, ("ops",)), Step(60, ("gone", "lead")))))
    desk.look(bad())
    desk.look(after=10)
    desk._adopt(desk.groups.part({"ops", "lead"}, desk.at))
    desk.look(after=60)
    desk.look(ends=[bad()], after=1)
    desk.look(after=10)
    told = [(each.kind, each.receiver) for each in desk.owed]
    assert told == [(TRIGGER, "ops"), (TRIGGER, "lead"), (RESOLVE, "ops"), (RESOLVE, "lead")]


@pytest.mark.promise("P25")
def test_a_reload_without_a_change_says_nothing_and_keeps_the_timers():
    desk, undisturbed = Desk(), Desk()
    for after in (0, 4, 4, 4, 50, 20, 100, 4000, 14_400):
        for each in (desk, undisturbed):
            each.look(*([bad(after)] if after < 60 else []), after=after)
        desk.groups.use_policy(replace(desk.policy, inhibitors=Inhibitors([REGION_BAD])))
        desk._adopt(desk.groups.part({"ops"}, desk.at))
    assert [told.id for told in desk.owed] == [told.id for told in undisturbed.owed] != []


# --- what mutes ---


@pytest.mark.promise("P21")
def test_the_region_is_told_of_and_not_everybody_in_it():
    desk = Desk()
    desk.look(bad(1), bad(2, room="RM2"))
    desk.look(region_bad(), after=5)
    assert desk.look(after=5) == []
    assert desk.groups.mutes() == dict.fromkeys(("f1-1", "f1-2"), "inhibited by RegionBad de1 (region)")
    assert desk.look(after=5) == [(TRIGGER, 1)]
    assert desk.owed[0].incident.first.rule == "RegionBad"


@pytest.mark.promise("P21")
def test_when_the_region_is_well_again_those_who_are_not_are_told_of_after_the_wait():
    desk = Desk()
    desk.look(region_bad(), bad(1))
    desk.look(after=10)
    assert desk.look(ends=[region_bad()], after=1) == []
    assert desk.look(after=9.5) == []
    assert (TRIGGER, 1) in desk.look(after=0.5)


@pytest.mark.promise("P28")
def test_a_silence_keeps_an_alert_from_being_told_until_it_ends():
    desk = Desk()
    matchers = parse_matchers('alertname="Bad"')
    silence = build_silence(matchers, starts_at=START, ends_at=START + 3600, author="ann", reason="works", now=START)
    desk.groups.use_silences([silence])
    desk.look(bad())
    assert desk.look(after=60) == []
    assert [note.text for note in desk.last.notes] == []
    assert desk.groups.mutes()["f1-1"].startswith("silenced by ann: works (s1-")
    assert desk.groups.next_deadline() == START + 3600
    desk.look(after=3540)
    assert desk.look(after=10) == [(TRIGGER, 1)]


def test_why_an_alert_is_muted_is_noted_once_and_so_is_that_it_no_longer_is():
    desk = Desk()
    notes = []
    for step in (
        lambda: desk.look(region_bad(), bad(1)),
        lambda: desk.look(after=10),
        lambda: desk.look(ends=[region_bad()], after=1),
        lambda: desk.look(after=10),
    ):
        step()
        notes += [note.text for note in desk.last.notes if note.fingerprint == "f1-1"]
    assert notes == ["inhibited by RegionBad de1 (region)", "no longer muted"]


def test_a_group_is_muted_during_its_time_windows_and_told_when_they_end():
    nights = TimeWindows((build_time_window(times=["00:00-06:00"]),))  # START is 01:53:20 UTC
    desk = Desk(make_plan(mute_during=("nights",)), windows={"nights": nights})
    desk.look(bad())
    assert desk.look(after=600) == []
    assert desk.groups.mutes() == {"f1-1": "muted during nights"}
    six = desk.groups.next_deadline()
    assert six % 86_400 == 6 * 3600
    desk.look(after=six - desk.at)
    assert desk.look(after=10) == [(TRIGGER, 1)]


def test_a_group_speaks_only_while_it_is_active_and_always_of_the_end():
    days = TimeWindows((build_time_window(times=["06:00-22:00"]),))
    desk = Desk(make_plan(active_during=("days",)), windows={"days": days})
    desk.look(bad())
    assert desk.look(after=600) == []
    assert desk.groups.mutes() == {"f1-1": "active only during days"}


def test_a_time_window_that_is_configured_no_longer_mutes_nobody():
    nights = TimeWindows((build_time_window(times=["00:00-06:00"]),))
    desk = Desk(make_plan(mute_during=("nights",), active_during=("nights",)), windows={"nights": nights})
    desk.look(bad())
    desk.groups.use_policy(replace(desk.policy, inhibitors=Inhibitors(), windows={}))
    desk.look()
    assert desk.look(after=10) == [(TRIGGER, 1)]


# --- what people do ---


def test_an_incident_is_acknowledged_once_by_the_same_person():
    desk = Desk(make_plan(steps=(Step(0, ("ops",)), Step(60, ("lead",)))))
    desk.look(bad())
    desk.look(after=10)
    incident = desk.owed[0].incident.id
    grouped = desk.groups.acknowledge(incident, "ann", desk.at)
    desk._adopt(grouped)
    assert desk.groups.acknowledge(incident, "ann", desk.at) is None
    assert desk.look(after=1000) == []
    assert desk.groups.unacknowledge(incident, desk.at) is not None


def test_what_is_over_can_be_neither_acknowledged_nor_handed_on():
    desk = Desk()
    assert desk.groups.acknowledge("i1-0", "ann", START) is None
    assert desk.groups.unacknowledge("i1-0", START) is None
    assert desk.groups.hasten("i1-0", START) is None
    assert desk.groups.hand_on("i1-0", "ops", "mail", START) is None


def test_the_worst_of_a_group_makes_its_severity():
    desk = Desk()
    desk.look(bad(1, severity=Severity.INFO), bad(2, severity=Severity.WARNING))
    desk.look(after=10)
    assert desk.owed[0].incident.severity is Severity.WARNING


@pytest.mark.promise("P36")
def test_an_incident_is_known_by_the_key_of_each_receiver_until_it_is_over():
    desk = Desk(make_plan("ops", "lead"))
    desk.look(bad())
    desk.look(after=10)
    keys = [told.dedup_key for told in desk.owed]
    assert len(set(keys)) == 2
    for groups in (desk.groups, desk.restarted().groups):
        assert {groups.known_by(key).incident for key in keys} == {desk.owed[0].incident.id}
        assert [group.incident for group in groups.open_incidents()] == [desk.owed[0].incident.id]
    assert dedup_key_of(desk.owed[0].id) == keys[0]
    desk.look(ends=[bad()], after=1)
    desk.look(after=10)
    assert [desk.groups.known_by(key) for key in keys] == [None, None]
    assert desk.groups.open_incidents() == ()


def test_every_notification_has_the_links_of_its_incident():
    desk = Desk(links_of=lambda incident: {"page": f"https://watch.example.com/{incident.id}"})
    desk.look(bad())
    desk.look(after=10)
    assert [told.links for told in desk.owed] == [{"page": f"https://watch.example.com/{desk.owed[0].incident.id}"}]


def test_a_receiver_that_is_removed_is_known_no_longer():
    desk = Desk(make_plan("ops", "lead"))
    desk.look(bad())
    desk.look(after=10)
    keys = {told.receiver: told.dedup_key for told in desk.owed}
    desk.groups.adopt(desk.groups.part({"ops"}, desk.at))
    assert desk.groups.known_by(keys["ops"])
    assert desk.groups.known_by(keys["lead"]) is None
