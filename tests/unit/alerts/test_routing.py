import pytest

from alerts.matchers import from_mapping
from alerts.model import Plan, Step
from alerts.routing import Route, consider, group_labels, key_of, plans
from tests.alert_builders import make_alert, make_plan

CRITICAL = {"alertname": "Bad", "severity": "critical", "kind": "participant"}


def route(receiver, match=None, *below, **changes):
    return Route(make_plan(receiver, route=receiver), from_mapping(match or {}), below, **changes)


TREE = route(
    "mail",
    None,
    route("pager", {"severity": "critical"}, route("video", {"kind": "participant"})),
    route("chat", {"severity": "warning"}, continue_=True),
    route("log", {"severity": "warning"}),
)


def told(labels, tree=TREE):
    return [plan.receivers[0] for plan in plans(labels, tree)]


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"severity": "critical", "kind": "room"}, ["pager"]),
        ({"severity": "critical", "kind": "participant"}, ["video"]),
        ({"severity": "warning"}, ["chat", "log"]),
        ({"severity": "info"}, ["mail"]),
        ({}, ["mail"]),
    ],
)
def test_the_deepest_route_that_agrees_takes_an_alert(labels, receivers):
    assert told(labels) == receivers


def test_every_route_that_was_asked_says_why_it_is_not_for_an_alert():
    asked = [(each.route, each.depth, each.matched, each.why) for each in consider(CRITICAL, TREE)]
    assert asked == [
        ("every alert", 0, True, "it is for every alert, but a route below it took it"),
        ('severity="critical"', 1, True, "every label agrees, but a route below it took it"),
        ('kind="participant"', 2, True, "every label agrees"),
    ]
    refused = [each.why for each in consider({"severity": "info"}, TREE) if not each.matched]
    assert refused == [
        "severity is info, not critical",
        "severity is info, not warning",
        "severity is info, not warning",
    ]


def test_a_route_without_receivers_tells_nobody():
    assert plans(CRITICAL, Route(None)) == ()
    assert plans(CRITICAL, Route(Plan("nobody", (), ()))) == ()


def test_a_plan_names_whoever_may_be_told_once_in_the_order_of_its_steps():
    plan = Plan("r", (Step(0, ("a", "b")), Step(60, ("b", "c"))), ())
    assert plan.receivers == ("a", "b", "c")
    assert list(TREE.receivers()) == ["mail", "pager", "video", "chat", "log"]


def test_groups_are_told_apart_by_the_labels_that_an_alert_has_of_those_named():
    alert = make_alert(labels={"room": "RM1"})
    assert group_labels(alert, make_plan(group_by=("alertname", "room", "region"))) == {
        "alertname": "Bad",
        "room": "RM1",
    }


def test_three_dots_make_every_alert_a_group_by_itself():
    plan = make_plan(group_by=("...",))
    one, other = (make_alert(fingerprint=name) for name in ("f1-1", "f1-2"))
    assert key_of(plan, group_labels(one, plan)) != key_of(plan, group_labels(other, plan))


def test_a_plan_that_tells_somebody_else_has_groups_of_its_own():
    assert key_of(make_plan("a"), {}) != key_of(make_plan("b"), {})
    assert key_of(make_plan("a"), {}) == key_of(make_plan("a", group_wait_s=99), {})
