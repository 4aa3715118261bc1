"""Whoever acknowledges, and by whichever way: nobody further is told, and everybody who was told hears of it."""

import asyncio
import hmac
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest
from twilio.request_validator import RequestValidator
from yarl import URL

from alerts.model import Group
from monitor.cli import main
from monitor.commands.options import OK
from monitor.config import build
from tests.asking import TOKEN
from tests.builders import ACCOUNT, AUTH_TOKEN
from tests.conftest import Running, Start, settings
from tests.paged import People, ladder, opened, people, tell, the_group, until
from tests.twilio_forms import SENDER, TO

PUBLIC_URL = "https://watch.example.com"
SECRET = "webhook-s3cret"
pytestmark = pytest.mark.promise("P36")


class Paged:
    """A daemon that told the first of the ladder, those who were told, and the incident."""

    def __init__(self, running: Running, them: People, group: Group, config: Path) -> None:
        self.running, self.them, self.group, self.config = running, them, group, config

    async def post(self, path: str, body: bytes, **headers: str) -> int:
        """Post to the public listener."""
        url = URL(f"{self.running.public}{path}", encoded=True)
        async with self.running.http.post(url, data=body, headers=headers) as answer:
            return answer.status

    async def sign_and_post(self, url: str, form: dict[str, str]) -> int:
        """Post a form as Twilio does to an address that it was given."""
        form = {"AccountSid": ACCOUNT, **form}
        asked = url.partition("#")[0]
        signature = RequestValidator(AUTH_TOKEN).compute_signature(asked, form)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        parts = urlsplit(asked)
        return await self.post(f"{parts.path}?{parts.query}", urlencode(form).encode(), **headers)

    def sent(self, what: str) -> dict[str, str]:
        """Return the form that Twilio was sent."""
        body = next(body for path, body in self.them.others if path.endswith(what))
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def settings_of(them: People, folder: Path) -> dict[str, Any]:
    phone = {"account_sid": ACCOUNT, "auth_token": AUTH_TOKEN, "to": TO, "sender": SENDER, "base_url": them.url}
    receivers = {
        **them.receivers("first", "last"),
        "pager": {"kind": "pagerduty", "routing_key": "k" * 32, "base_url": them.url, "webhook_secret": SECRET},
        "chat": {
            "kind": "slack", "token": "xoxb-1", "channel": "C1", "base_url": them.url, "signing_secret": SECRET,
        },
        "anna": {"kind": "twilio_sms", **phone},
        "anna-call": {"kind": "twilio_voice", **phone},
    }  # fmt: skip
    given = ladder(("0s", "first"), ("90s", "last"), receivers=receivers)
    given["escalations"]["ladder"]["steps"][0]["receivers"] = ["first", "pager", "chat", "anna", "anna-call"]
    return {
        **given,
        "public": {"port": 0, "url": PUBLIC_URL},
        "private": {"port": 0, "access_token": TOKEN},
        "storage": {"path": str(folder / "roomwatch.db")},
    }


@pytest.fixture
async def paged(start: Start, tmp_path: Path) -> AsyncIterator[Paged]:
    async with people() as them:
        running = await start(**settings_of(them, tmp_path))
        group = await opened(running)
        await until(lambda: them.told("trigger") and len(them.others) == 4)
        config = tmp_path / "config.toml"
        config.write_text(f'[storage]\npath = "{tmp_path / "roomwatch.db"}"\n')
        yield Paged(running, them, group, config)


async def by_pagerduty(paged: Paged, event: str = "incident.acknowledged", at: str = "2026-11-21T12:00:00Z") -> None:
    data = {"incident_key": paged.group.receivers["pager"]}
    agent = {"type": "user_reference", "summary": "Ann"}
    body = json.dumps({"event": {"event_type": event, "occurred_at": at, "agent": agent, "data": data}}).encode()
    signature = f"v1={hmac.digest(SECRET.encode(), body, 'sha256').hex()}"
    assert await paged.post("/callbacks/receivers/pager", body, **{"X-PagerDuty-Signature": signature}) == 200


async def by_closing_it_at_pagerduty(paged: Paged) -> None:
    await by_pagerduty(paged, "incident.resolved")


async def by_button_in_slack(paged: Paged) -> None:
    action = {"action_id": "acknowledge", "value": paged.group.incident, "action_ts": str(time.time())}
    payload = {"type": "block_actions", "user": {"id": "U1", "name": "Ann"}, "actions": [action]}
    body, now = urlencode({"payload": json.dumps(payload)}).encode(), str(int(time.time()))
    signature = f"v0={hmac.digest(SECRET.encode(), f'v0:{now}:'.encode() + body, 'sha256').hex()}"
    headers = {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": now}
    assert await paged.post("/callbacks/receivers/chat", body, **headers) == 200


async def by_text_message(paged: Paged) -> None:
    found = re.search(r"Reply (ACK \d{4})$", paged.sent("Messages.json")["Body"])
    assert found
    form = {"From": TO, "To": SENDER, "Body": found[1]}
    assert await paged.sign_and_post(f"{PUBLIC_URL}/callbacks/replies", form) == 200


async def by_text_message_without_a_code(paged: Paged) -> None:
    form = {"From": TO, "To": SENDER, "Body": "ok"}
    assert await paged.sign_and_post(f"{PUBLIC_URL}/callbacks/replies", form) == 200


async def by_digit_during_a_call(paged: Paged) -> None:
    [gather] = ET.fromstring(paged.sent("Calls.json")["Twiml"])
    assert await paged.sign_and_post(gather.get("action") or "", {"Digits": "1", "To": TO}) == 200


async def by_link(paged: Paged) -> None:
    link = urlsplit(paged.them.messages[0]["links"]["acknowledge"])
    form = {name: values[0] for name, values in parse_qs(link.query).items()}
    async with paged.running.http.get(f"{paged.running.public}{link.path}", params=form) as page:
        assert page.status == 200
    assert the_group(paged.running).acknowledged_by == ""  # looking at it is not pressing the button
    async with paged.running.http.post(f"{paged.running.public}{link.path}", data={**form, "by": "Ann"}) as page:
        assert page.status == 200


async def by_api(paged: Paged) -> None:
    url = f"{paged.running.private}/api/v1/incidents/{paged.group.incident}/acknowledge"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with paged.running.http.post(url, json={"by": "Ann"}, headers=headers) as answer:
        assert (answer.status, (await answer.json())["acknowledged_by"]) == (200, "Ann")


async def by_command(paged: Paged) -> None:
    arguments = ["acknowledge", paged.group.incident, "--by", "Ann", "--config", str(paged.config)]
    assert await asyncio.to_thread(main, arguments) == OK


def owed_tomorrow(paged: Paged) -> list[str]:
    """Return who would be told something a day later, if nothing happens meanwhile."""
    evaluation, later = paged.running.daemon.evaluation, paged.running.daemon.clock.now_s() + 86_400
    grouped = evaluation.groups.judge(evaluation.engine.judge([], later), later)
    return [told.receiver for told in grouped.judgement.notifications]


WAYS: list[tuple[Callable[[Paged], Awaitable[None]], str, str]] = [
    (by_pagerduty, "Ann", "acknowledged by Ann in PagerDuty"),
    (by_closing_it_at_pagerduty, "Ann", "closed in PagerDuty by Ann"),
    (by_button_in_slack, "Ann", "acknowledged by Ann in Slack"),
    (by_text_message, "anna", "acknowledged by anna by text message"),
    (by_text_message_without_a_code, "anna", "acknowledged by anna by text message"),
    (by_digit_during_a_call, "anna", "acknowledged by anna during a call"),
    (by_link, "Ann", "acknowledged by Ann through a link"),
    (by_api, "Ann", "acknowledged by Ann through the API"),
    (by_command, "Ann", "acknowledged by Ann on the command line"),
]


@pytest.mark.parametrize(("say", "by", "how"), WAYS, ids=[say.__name__ for say, *_ in WAYS])
async def test_every_way_of_acknowledging_stops_the_escalation(paged: Paged, say: Any, by: str, how: str) -> None:
    await say(paged)
    await until(lambda: paged.them.told("acknowledge") == ["first"])
    assert paged.them.messages[-1]["reason"] == how
    assert paged.them.messages[-1]["acknowledged_by"] == by
    group = the_group(paged.running)
    assert (group.acknowledged_by, group.steps_taken) == (by, 1)
    assert owed_tomorrow(paged) == []


async def test_if_nobody_says_anything_the_last_is_told_and_everybody_again(paged: Paged) -> None:
    assert "last" in owed_tomorrow(paged)


@pytest.mark.parametrize("say", [say for say, *_ in WAYS], ids=[say.__name__ for say, *_ in WAYS])
async def test_saying_it_twice_says_it_once(paged: Paged, say: Any) -> None:
    await say(paged)
    if say is not by_link:  # which sees whether it is acknowledged
        await say(paged)
    await tell(paged.running, 4)
    await until(lambda: paged.them.told("resolve"))
    assert paged.them.told("acknowledge") == ["first"]
    assert paged.running.daemon.evaluation.groups.open_incidents() == ()


async def test_what_is_given_back_at_the_pager_is_nobodys_again(paged: Paged) -> None:
    await by_pagerduty(paged)
    assert the_group(paged.running).acknowledged_by == "Ann"
    await by_pagerduty(paged, "incident.unacknowledged", "2026-11-21T12:05:00Z")
    group = the_group(paged.running)
    assert (group.acknowledged_by, group.acknowledged_via) == ("", "")
    assert group.next_step_at is not None


async def test_an_old_word_that_is_repeated_late_does_not_undo_a_newer_one(paged: Paged) -> None:
    await by_pagerduty(paged, at="2026-11-21T12:00:00Z")
    await by_pagerduty(paged, "incident.unacknowledged", "2026-11-21T12:05:00Z")
    await by_pagerduty(paged, at="2026-11-21T12:00:00Z")
    assert the_group(paged.running).acknowledged_by == ""


async def test_after_a_reload_the_receivers_there_are_then_are_believed(paged: Paged, tmp_path: Path) -> None:
    given = settings_of(paged.them, tmp_path)
    given["receivers"]["pager"]["webhook_secret"] = "another-s3cret"
    given["receivers"]["anna"]["to"] = given["receivers"]["anna-call"]["to"] = "+447700900999"
    await paged.running.daemon.reload(build(settings(**given)))
    with pytest.raises(AssertionError):
        await by_pagerduty(paged)
    form = {"From": TO, "To": SENDER, "Body": "ok"}
    assert await paged.sign_and_post(f"{PUBLIC_URL}/callbacks/replies", form) == 204
    assert the_group(paged.running).acknowledged_by == ""
    await paged.sign_and_post(f"{PUBLIC_URL}/callbacks/replies", {**form, "From": "+447700900999"})
    assert the_group(paged.running).acknowledged_by == "anna"
