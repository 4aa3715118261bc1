"""Which incident is meant by a word, and what it does to it."""

from dataclasses import replace

import pytest

from alerts.acknowledgement import Acknowledgement, Withdrawal
from alerts.group_book import Policy
from alerts.groups import Groups
from alerts.inhibition import Inhibitors
from alerts.model import Group, Step
from alerts.receipts import Receipt
from alerts.reply_codes import reply_code
from alerts.routing import Route
from monitor.acknowledging import Acknowledging
from monitor.config import build
from monitor.metrics import Metrics
from monitor.store.memory import MemoryStore
from tests.alert_builders import START, make_plan
from tests.conftest import settings
from tests.twilio_forms import SENDER, SETTINGS, TO

ANNA = {**SETTINGS, "to": TO, "sender": SENDER}
NOTIFIERS = build(
    settings(
        receivers={
            "anna": {"kind": "twilio_sms", **ANNA},
            "anna-call": {"kind": "twilio_voice", **ANNA},
            "bob": {"kind": "twilio_sms", **ANNA, "to": "+447700900123"},
        },
        routes=[{"receiver": "anna"}],
    )
).notifiers
PLAN = make_plan(steps=(Step(0, ("anna-call",)), Step(300, ("bob",)), Step(900, ("boss",))))
LOST = Receipt("SM1", "undelivered", is_final=True, succeeded=False, at=START)


def incident(number, *receivers, **changes):
    keys = {name: f"rw2-{number}{name.replace('-', '')}" for name in receivers}
    group = Group(f"g1-{number}", {}, PLAN, incident=f"i1-{number}", opened_at=START, receivers=keys, steps_taken=1)
    return replace(group, next_step_at=START + 300, **changes)


class Desk:
    """Open incidents, and what is said of them."""

    def __init__(self, *groups):
        self.groups = Groups(Policy(Route(PLAN), Inhibitors()))
        self.groups.restore(groups, [])
        self.receipts = MemoryStore().receipts
        self.keeper = Acknowledging(self, self.receipts, lambda: NOTIFIERS, Metrics(), lambda: START)

    async def do(self, deed):
        grouped = deed(START)
        if grouped is not None:
            self.groups.adopt(grouped, is_look=False)
        return grouped is not None

    async def text(self, said, by="anna"):
        return await self.keeper.acknowledge(Acknowledgement(by, "sms", START, incident=said))

    def of(self, number):
        return self.groups.open_incident(f"i1-{number}")

    @property
    def taken(self):
        return {
            group.incident: group.acknowledged_by for group in self.groups.open_incidents() if group.acknowledged_by
        }


async def test_ok_means_the_one_incident_that_a_person_was_told_of_on_whichever_phone_line():
    desk = Desk(incident(1, "anna-call"), incident(2, "bob"))
    assert await desk.text("")
    assert desk.taken == {"i1-1": "anna"}


async def test_ok_means_nothing_to_whoever_was_told_of_none_or_of_several():
    desk = Desk(incident(1, "anna"), incident(2, "anna"))
    assert await desk.text("") is None
    assert await desk.text("", by="bob") is None
    assert desk.taken == {}


async def test_a_code_counts_also_from_whoever_was_given_it():
    desk = Desk(incident(1, "anna"), incident(2, "anna"))
    assert await desk.text(reply_code("i1-2"), by="bob")
    assert desk.taken == {"i1-2": "bob"}


async def test_a_code_of_nothing_that_is_open_acknowledges_nothing():
    assert await Desk(incident(1, "anna")).text("0000") is None
    assert await Desk().text("") is None


async def test_an_unknown_key_is_no_reason_to_take_the_only_incident_there_is():
    desk = Desk(incident(1, "anna"))
    assert await desk.keeper.hear(Acknowledgement("Ann", "PagerDuty", START, dedup_key="rw2-9")) is None
    assert desk.taken == {}


async def test_what_runs_out_at_a_pager_does_not_undo_what_was_said_elsewhere():
    desk = Desk(incident(1, "anna", acknowledged_by="Ann", acknowledged_via="Slack"))
    await desk.keeper.hear(Withdrawal("", "PagerDuty", START, incident="i1-1"))
    assert desk.taken == {"i1-1": "Ann"}
    await desk.keeper.hear(Withdrawal("Bob", "PagerDuty", START, incident="i1-1"))
    assert desk.taken == {}


async def test_what_runs_out_where_it_was_said_is_undone():
    desk = Desk(incident(1, "anna", acknowledged_by="Ann", acknowledged_via="PagerDuty"))
    await desk.keeper.hear(Withdrawal("", "PagerDuty", START, incident="i1-1"))
    assert desk.taken == {}


@pytest.mark.promise("P35")
async def test_a_page_that_reached_nobody_brings_the_next_step_forward_and_is_kept():
    desk = Desk(incident(1, "anna-call"))
    await desk.keeper.receive("rw2-1annacall-trigger", LOST)
    assert (desk.of(1).next_step_at, desk.of(1).unreached) == (START, "anna-call")
    assert await desk.receipts.of("rw2-1annacall-trigger") == [LOST]


@pytest.mark.promise("P35")
@pytest.mark.parametrize(
    "receipt",
    [
        replace(LOST, is_final=False, status="sent"),
        replace(LOST, succeeded=True, status="delivered"),
    ],
)
async def test_a_page_that_is_on_its_way_or_arrived_changes_nothing(receipt):
    desk = Desk(incident(1, "anna-call"))
    await desk.keeper.receive("rw2-1annacall-trigger", receipt)
    assert desk.of(1).next_step_at == START + 300


@pytest.mark.promise("P35")
async def test_of_two_messages_about_the_same_the_one_that_arrived_counts():
    desk = Desk(incident(1, "anna-call"))
    arrived = replace(LOST, reference="SM2", succeeded=True, status="delivered")
    await desk.keeper.receive("rw2-1annacall-trigger", arrived)
    await desk.keeper.receive("rw2-1annacall-trigger", LOST)
    assert desk.of(1).next_step_at == START + 300


async def test_what_became_of_a_page_of_yesterday_is_kept_and_changes_nothing():
    desk = Desk()
    await desk.keeper.receive("rw2-0anna-trigger", LOST)
    assert await desk.receipts.of("rw2-0anna-trigger") == [LOST]
