"""What a service is answered that tells what people did, over real HTTP."""

import hmac
import json
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from alerts.group_book import Grouped, Policy
from alerts.groups import Groups
from alerts.inhibition import Inhibitors
from alerts.model import Group
from alerts.routing import Route
from monitor.acknowledging import Acknowledging
from monitor.config import build
from monitor.http.receivers import ReceiverDoor
from monitor.http.server import Listener
from monitor.metrics import Metrics
from monitor.store.memory import MemoryStore
from monitor.store.ports import StoreFailed
from tests.alert_builders import START, make_plan
from tests.conftest import settings

SECRET = "webhook-s3cret"
KEY = "rw2-" + "0" * 32
RECEIVERS = {
    "pager": {"kind": "pagerduty", "routing_key": "k" * 32, "webhook_secret": SECRET},
    "deaf": {"kind": "pagerduty", "routing_key": "k" * 32},
    "hook": {"kind": "webhook", "url": "http://127.0.0.1:9/"},
}
OPEN = Group("g1-1", {}, make_plan("pager"), incident="i1-1", opened_at=START, receivers={"pager": KEY}, steps_taken=1)


class Deeds:
    """One open incident, and a disk that may be full."""

    def __init__(self) -> None:
        self.groups = Groups(Policy(Route(make_plan("pager")), Inhibitors()))
        self.groups.restore([OPEN], [])
        self.is_full = False

    async def do(self, deed: Callable[[float], Grouped | None]) -> bool:
        if self.is_full:
            raise StoreFailed("no room")
        grouped = deed(START)
        if grouped is not None:
            self.groups.adopt(grouped, is_look=False)
        return grouped is not None

    @property
    def by(self) -> str:
        [group] = self.groups.open_incidents()
        return group.acknowledged_by


class PagerDuty:
    """Posts what it has to say, signed."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def post(self, receiver: str, body: bytes, secret: str = SECRET) -> int:
        signature = f"v1={hmac.digest(secret.encode(), body, 'sha256').hex()}"
        headers = {"X-PagerDuty-Signature": signature}
        async with self._http.post(f"{self._url}/callbacks/receivers/{receiver}", data=body, headers=headers) as said:
            return said.status


@pytest.fixture
def deeds() -> Deeds:
    return Deeds()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def pagerduty(deeds: Deeds, metrics: Metrics) -> AsyncIterator[PagerDuty]:
    config = build(settings(receivers=RECEIVERS, routes=[{"receiver": "pager"}]))
    keeper = Acknowledging(deeds, MemoryStore().receipts, lambda: config.notifiers, metrics, lambda: START)
    listener = await Listener.open(
        "127.0.0.1", 0, ReceiverDoor(lambda: config.notifiers, keeper, metrics, lambda: START).routes()
    )
    async with aiohttp.ClientSession() as http:
        yield PagerDuty(f"http://127.0.0.1:{listener.port}", http)
    await listener.close()


def event(key: str = KEY, by: str | None = "Ann", what: str = "acknowledged") -> bytes:
    agent = None if by is None else {"type": "user_reference", "summary": by}
    told = {"event_type": f"incident.{what}", "occurred_at": "2025-11-21T01:54:20Z", "agent": agent}
    return json.dumps({"event": {**told, "data": {"incident_key": key}}}).encode()


@pytest.mark.promise("P36")
async def test_what_is_signed_counts(pagerduty: PagerDuty, deeds: Deeds, metrics: Metrics) -> None:
    assert await pagerduty.post("pager", event()) == 200
    assert deeds.by == "Ann"
    assert metrics.values["roomwatch_acknowledgements_total"][("PagerDuty",)] == 1
    assert metrics.values["roomwatch_acknowledgements_missed_total"][("PagerDuty",)] == 0
    assert metrics.values["roomwatch_receipts_total"][("event",)] == 1


async def test_what_is_not_signed_is_answered_403(pagerduty: PagerDuty, deeds: Deeds, metrics: Metrics) -> None:
    assert await pagerduty.post("pager", event(), secret="another") == 403
    assert await pagerduty.post("deaf", event(), secret="") == 403
    assert deeds.by == ""
    assert metrics.values["roomwatch_receipts_refused_total"][("signature",)] == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"event": 7}', event(key="rw2-of-yesterday")])
async def test_what_says_nothing_or_of_nothing_is_taken_all_the_same(
    pagerduty: PagerDuty, deeds: Deeds, body: bytes
) -> None:
    assert await pagerduty.post("pager", body) == 200
    assert deeds.by == ""


@pytest.mark.parametrize("receiver", ["hook", "nobody", "x" * 500])
async def test_who_hears_nothing_is_answered_404(pagerduty: PagerDuty, receiver: str) -> None:
    assert await pagerduty.post(receiver, event()) == 404


async def test_too_much_is_answered_413(pagerduty: PagerDuty) -> None:
    assert await pagerduty.post("pager", b" " * 300_000) == 413


async def test_what_could_not_be_stored_is_asked_for_again_and_counts_then(pagerduty: PagerDuty, deeds: Deeds) -> None:
    deeds.is_full = True
    assert await pagerduty.post("pager", event()) == 503
    deeds.is_full = False
    assert await pagerduty.post("pager", event()) == 200
    assert deeds.by == "Ann"


async def test_what_a_pager_closes_by_itself_nobody_has_looked_at(pagerduty: PagerDuty, deeds: Deeds) -> None:
    assert await pagerduty.post("pager", event(by=None, what="resolved")) == 200
    assert deeds.by == ""
    assert await pagerduty.post("pager", event(what="resolved")) == 200
    assert deeds.by == "Ann"
