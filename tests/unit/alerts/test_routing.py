from dataclasses import replace

import pytest

from alerts.model import NotificationKind, Reason, State, Transition
from alerts.routing import Considered, Route, RoutingTable, consider, judgement, receivers
from tests.alert_builders import START, make_alert

CRITICAL = Route("pager", {"severity": "critical"})
TABLE = RoutingTable((CRITICAL, Route("chat", {"kind": "participant"})), fallback="mail")


def change(alert, before, after, reason, detail="", at=START):
    return Transition(
        alert.fingerprint, alert.rule, alert.entity, before, after, at, reason, detail, episode=alert.episode
    )


def fire(table=TABLE, instance="here", **changes):
    alert = make_alert(receivers=(), **changes)
    held = change(alert, State.PENDING, State.FIRING, Reason.HELD, "level <= 1 for 10 s")
    return judgement([alert], [held], table, instance, START)


def end(alert, table=TABLE, reason=Reason.GONE, detail="room_ended"):
    ended = change(alert, State.FIRING, State.INACTIVE, reason, detail, at=START + 60)
    return judgement([replace(alert, state=State.INACTIVE, since=START + 60)], [ended], table, "here", START + 60)


def test_the_first_route_that_agrees_is_the_only_one():
    assert receivers({"severity": "critical", "kind": "participant"}, TABLE) == ("pager",)


def test_a_route_that_says_continue_lets_the_walk_go_on():
    table = replace(TABLE, routes=(replace(CRITICAL, continue_=True), *TABLE.routes[1:]))
    assert receivers({"severity": "critical", "kind": "participant"}, table) == ("pager", "chat")


def test_the_fallback_hears_of_what_no_route_is_for():
    assert receivers({"severity": "info", "kind": "room"}, TABLE) == ("mail",)


def test_the_fallback_does_not_hear_of_what_a_route_continued():
    table = RoutingTable((replace(CRITICAL, continue_=True),), fallback="mail")
    assert receivers({"severity": "critical"}, table) == ("pager",)


def test_a_route_needs_every_label_it_names():
    table = RoutingTable((Route("pager", {"severity": "critical", "room_name": "class"}),))
    assert receivers({"severity": "critical"}, table) == ()


def test_a_receiver_on_two_routes_is_told_once():
    table = RoutingTable((Route("pager", continue_=True), Route("pager")))
    assert receivers({}, table) == ("pager",)


def test_every_route_that_was_asked_says_why():
    assert consider({"severity": "info", "kind": "room"}, TABLE) == (
        Considered("pager", matched=False, why="severity is info, not critical"),
        Considered("chat", matched=False, why="kind is room, not participant"),
        Considered("mail", matched=True, why="no route matched, and this is the fallback"),
    )


def test_a_label_that_is_missing_is_named():
    assert consider({}, RoutingTable((CRITICAL,)))[0].why == "severity is not set, not critical"


@pytest.mark.parametrize("match", [{"alertname": "Bad"}, {"kind": "participant"}, {"room_name": "class"}])
def test_routes_match_on_what_an_alert_is_and_on_what_it_is_about(match):
    [told] = fire(RoutingTable((Route("here", match),))).judgement.notifications
    assert told.receiver == "here"


def test_an_alert_that_fires_triggers_and_remembers_whom():
    routed = fire().judgement
    [told] = routed.notifications
    assert (told.kind, told.receiver, told.incident.ended_at) == (NotificationKind.TRIGGER, "pager", None)
    assert (told.incident.started_at, told.reason) == (START, "held: level <= 1 for 10 s")
    assert routed.alerts[0].receivers == told.incident.firing[0].receivers == ("pager",)


def test_a_resolve_carries_the_key_of_its_trigger():
    fired = fire().judgement
    ended = end(fired.alerts[0]).judgement
    trigger, resolve = fired.notifications[0], ended.notifications[0]
    assert resolve.kind is NotificationKind.RESOLVE
    assert (resolve.dedup_key, resolve.lane) == (trigger.dedup_key, trigger.lane)
    assert resolve.id != trigger.id
    assert (resolve.incident.started_at, resolve.incident.ended_at, resolve.reason) == (
        START,
        START + 60,
        "gone: room_ended",
    )


def test_a_resolve_goes_to_whoever_got_the_trigger_though_routes_changed():
    fired = fire().judgement
    elsewhere = RoutingTable((), fallback="somebody else")
    assert [told.receiver for told in end(fired.alerts[0], elsewhere).judgement.notifications] == ["pager"]


def test_the_end_of_a_rule_resolves_what_it_opened():
    fired = fire().judgement
    [told] = end(fired.alerts[0], reason=Reason.RULE_REMOVED, detail="").judgement.notifications
    assert told.reason == "rule_removed"


def test_nobody_hears_of_a_pending_alert_and_the_reason_is_given():
    alert = make_alert(state=State.PENDING, receivers=(), episode="")
    routed = judgement([alert], [change(alert, State.INACTIVE, State.PENDING, Reason.RAISED)], TABLE, "here", START)
    assert routed.judgement.notifications == ()
    assert routed.judgement.alerts == (alert,)
    assert routed.withheld[0].why == "pending: it has not held for long enough to tell anyone"


def test_nobody_hears_of_a_flicker():
    alert = make_alert(state=State.INACTIVE, receivers=(), episode="")
    routed = judgement([alert], [change(alert, State.PENDING, State.INACTIVE, Reason.FLICKERED)], TABLE, "here", START)
    assert routed.withheld[0].why == "it ended before anyone was told that it began"


def test_an_alert_that_no_route_is_for_is_kept_and_the_reason_is_given():
    routed = fire(RoutingTable())
    assert routed.judgement.alerts[0].receivers == ()
    assert routed.withheld[0].why == "no route matched, and there is no fallback"
    assert end(routed.judgement.alerts[0]).withheld[0].why == "nobody was told that it began"


def test_an_alert_that_only_moved_its_clear_timer_is_recorded_and_not_told():
    routed = judgement([make_alert(clear_since=START)], [], TABLE, "here", START)
    assert (len(routed.judgement.alerts), routed.judgement.notifications, routed.withheld) == (1, (), ())


def test_the_key_tells_instances_receivers_alerts_and_episodes_apart():
    keys = {
        told.dedup_key
        for routed in (
            fire(),
            fire(instance="there"),
            fire(RoutingTable(fallback="mail")),
            fire(fingerprint="f1-1"),
            fire(fired_at=START + 1),
        )
        for told in routed.judgement.notifications
    }
    assert len(keys) == 5
    assert all(len(key) <= 255 for key in keys)


def test_the_same_transition_makes_the_same_notification_again():
    assert fire() == fire()
