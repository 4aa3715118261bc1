"""One incident, told up a ladder by a real daemon over a real file: restarts, links, receipts, and its end."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from twilio.request_validator import RequestValidator
from yarl import URL

from tests.asking import TOKEN, ask
from tests.builders import ACCOUNT, AUTH_TOKEN
from tests.conftest import Running, Start
from tests.paged import People, ladder, opened, people, tell, the_group, until
from tests.twilio_forms import SENDER, TO

PUBLIC_URL = "https://watch.example.com"


@pytest.fixture
async def them() -> AsyncIterator[People]:
    async with people() as listening:
        yield listening


def lasting(folder: Path, **given: object) -> dict[str, object]:
    private = {"port": 0, "access_token": TOKEN, "url": "https://roomwatch.example.com"}
    storage = {"path": str(folder / "roomwatch.db")}
    return {"storage": storage, "private": private, "public": {"port": 0, "url": PUBLIC_URL}, **given}


async def follow(running: Running, link: str) -> str:
    """Open a link, press its button, and return what the page said."""
    form = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    async with running.http.post(f"{running.public}{urlsplit(link).path}", data=form) as page:
        assert page.status == 200
        return await page.text()


@pytest.mark.promise("P36")
async def test_an_incident_climbs_over_a_restart_until_a_link_stops_it(
    start: Start, them: People, tmp_path: Path
) -> None:
    steps = [("0s", "first"), ("1s", "second"), ("3s", "third")]
    given = lasting(tmp_path, **ladder(*steps, receivers=them.receivers("first", "second", "third")))
    running = await start(**given)
    await opened(running)
    await until(lambda: them.told("trigger") == ["first"])
    await running.stop()
    running = await start(**given)
    await until(lambda: them.told("trigger") == ["first", "second"])
    assert them.messages[-1]["reason"] == "nobody acknowledged it within 1 s"

    first, second = (message["links"] for message in them.messages)
    assert first == second, "one link, also after a restart"
    assert re.fullmatch(r"https://roomwatch.example.com/rooms/RM\w{32}\?at=\d+&participant=PA\w{32}", first["page"])
    said = await follow(running, first["acknowledge"])
    assert "Acknowledged by somebody" in said
    await until(lambda: sorted(them.told("acknowledge")) == ["first", "second"])

    await running.stop()
    running = await start(**given)
    assert (the_group(running).acknowledged_by, the_group(running).acknowledged_via) == ("somebody", "link")
    later = the_group(running).opened_at + 60
    evaluation = running.daemon.evaluation
    assert not evaluation.groups.judge(evaluation.engine.judge([], later), later).judgement.notifications

    await tell(running, 4)
    await until(lambda: sorted(them.told("resolve")) == ["first", "second"])
    assert them.told("trigger") == ["first", "second"]
    form = {name: values[0] for name, values in parse_qs(urlsplit(first["acknowledge"]).query).items()}
    async with running.http.get(f"{running.public}/acknowledge", params=form) as page:
        assert page.status == 410, "a link is good for as long as its incident is open"


@pytest.mark.promise("P35")
@pytest.mark.promise("P30")
async def test_a_message_that_reached_nobody_tells_the_next_at_once_and_is_shown(
    start: Start, them: People, tmp_path: Path
) -> None:
    anna = {"kind": "twilio_sms", "account_sid": ACCOUNT, "auth_token": AUTH_TOKEN, "to": TO, "sender": SENDER}
    receivers = {"anna": {**anna, "base_url": them.url}, **them.receivers("second", "third")}
    steps = [("0s", "anna"), ("5m", "second"), ("10m", "third")]
    running = await start(**lasting(tmp_path, **ladder(*steps, receivers=receivers)))
    group = await opened(running)
    await until(lambda: them.others)
    sent = {name: values[0] for name, values in parse_qs(them.others[0][1].decode()).items()}
    for _ in range(2):
        assert await undelivered(running, sent["StatusCallback"]) == 204
        await until(lambda: them.told("trigger"))
    assert them.told("trigger") == ["second"]
    assert them.messages[0]["reason"] == "anna was not reached"
    assert the_group(running).steps_taken == 2, "who was told twice that anna was not reached tells the third no sooner"

    status, life = await ask(running, f"/incidents/{group.incident}")
    assert status == 200
    told = {said["notification"]["receiver"]: said for said in life["notifications"]}
    assert [attempt["outcome"] for attempt in told["anna"]["attempts"]] == ["delivered"]
    [receipt] = told["anna"]["receipts"]
    assert (receipt["status"], receipt["is_final"], receipt["succeeded"]) == ("undelivered", True, False)
    assert life["incident"]["escalation"]["receivers"] == ["anna", "second"]
    assert life["alerts"][0]["summary"] == "alice is badly connected."


async def undelivered(running: Running, address: str) -> int:
    """Report as Twilio does that a message was not delivered, and return the answer."""
    asked = address.partition("#")[0]
    form = {"AccountSid": ACCOUNT, "MessageSid": "SM" + "a" * 32, "MessageStatus": "undelivered", "ErrorCode": "30003"}
    signature = RequestValidator(AUTH_TOKEN).compute_signature(asked, form)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    parts = urlsplit(asked)
    url = URL(f"{running.public}{parts.path}?{parts.query}", encoded=True)
    async with running.http.post(url, data=urlencode(form), headers=headers) as answer:
        return answer.status
