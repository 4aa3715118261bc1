"""What is said of escalations that are allowed and odd."""

import pytest

from monitor.config import build
from monitor.escalation_warnings import about_escalations
from tests.conftest import settings

RECEIVERS = {
    "hook": {"kind": "webhook", "url": "http://127.0.0.1:9/"},
    "other": {"kind": "webhook", "url": "http://127.0.0.1:9/"},
    "log": {"kind": "log"},
}


def warnings(*steps, is_reachable=True, **route):
    told = [{"after": f"{number * 60}s", "receivers": list(names)} for number, names in enumerate(steps)]
    escalations, routes = {"ladder": {"steps": told}}, [{"escalation": "ladder", "match": {"a": "b"}, **route}]
    config = build(settings(receivers=RECEIVERS, escalations=escalations, routes=routes))
    return list(about_escalations(config.routing, config.notifiers, is_reachable=is_reachable))


def test_a_ladder_on_which_everybody_is_new_is_as_it_should_be():
    assert warnings(["hook"], ["hook", "other"]) == []


@pytest.mark.parametrize(
    ("steps", "warning"),
    [
        ((["hook"], ["hook"]), "step 2 tells nobody new: hook heard of it before, and hears only repeats"),
        ((["log"], ["hook"]), "step 1 wakes nobody: log cannot page"),
        ((["hook"], ["log"]), "step 2 wakes nobody: log cannot page"),
    ],
)
def test_a_rung_that_reaches_nobody_is_told_of(steps, warning):
    assert warnings(*steps) == [f'route a="b": {warning}']


def test_a_log_beside_somebody_who_can_be_woken_is_fine():
    assert warnings(["hook", "log"], ["other"]) == []


def test_what_a_route_has_from_the_one_above_it_is_told_of_once():
    below = [{"match": {"c": "d"}}]
    assert len(warnings(["hook"], ["hook"], routes=below)) == 1


def test_a_ladder_that_nobody_can_stop_from_outside_is_told_of():
    [warning] = warnings(["hook"], ["other"], is_reachable=False)
    assert "public.url" in warning


def test_one_step_is_no_ladder():
    assert warnings(["log"], is_reachable=False) == []
