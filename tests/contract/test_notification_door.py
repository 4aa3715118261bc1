"""What was told and what was given up, asked at the private door of a real daemon."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from jsonschema_rs import Draft202012Validator

from alerts.model import Judgement, Notification, NotificationKind
from monitor.cli import main
from monitor.commands.options import OK
from tests.alert_builders import make_notification
from tests.asking import TOKEN, ask
from tests.conftest import Running, Start, settings
from tests.daemon_process import free_port, write_config
from tests.dispatching import until


class Desk:
    """Who is told; it refuses until it is put right."""

    def __init__(self) -> None:
        self.status = 404
        self.heard: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append(request.headers["webhook-id"])
        return web.Response(status=self.status)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def daemon(start: Start, desk: Desk, tmp_path: Path) -> Any:
    app = web.Application()
    app.router.add_post("/s3cret", desk.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/s3cret"
    given = {
        "private": {"port": free_port(), "access_token": TOKEN},
        "storage": {"path": str(tmp_path / "roomwatch.db")},
        "receivers": {"desk": {"kind": "webhook", "url": url}},
        "accounts": [],
    }
    write_config(tmp_path / "config.toml", settings(**given))
    yield await start(**given)
    await runner.cleanup()


def word(daemon: Running, entity: str = "PA1", **changes: Any) -> Notification:
    now_s = daemon.daemon.clock.now_s()
    links = {"acknowledge": "http://here/a-s3cret-token"}
    return make_notification(entity=entity, receiver="desk", at=now_s, links=links, **changes)


async def told(daemon: Running, *words: Notification) -> None:
    """Have words owed, and wait until none waits."""
    await daemon.daemon.store.alerts.record(Judgement(notifications=words))
    daemon.daemon.alerting.dispatcher.wake()
    await settled(daemon)


async def settled(daemon: Running) -> None:
    async def waiting() -> int:
        return (await daemon.daemon.store.alerts.outbox_counts()).waiting

    counts = [await waiting()]
    while counts[-1]:
        counts.append(await waiting())


@pytest.mark.promise("P30", "P38")
async def test_the_life_of_a_notification_is_one_question(daemon: Running, desk: Desk) -> None:
    page = word(daemon)
    await told(daemon, page)
    status, life = await ask(daemon, f"/notifications/{page.id}")
    assert status == 200
    assert life["notification"]["state"] == "dead"
    assert life["notification"]["summary"] == "alice is cut off."
    (attempt,) = life["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["status"]) == (1, "rejected", "404 Not Found")
    assert life["receipts"] == []
    assert "s3cret" not in str(life)


async def test_notifications_are_found_by_when_they_were_owed(daemon: Running, desk: Desk) -> None:
    desk.status = 200
    page = word(daemon)
    await told(daemon, page)
    owed_ms = round(page.created_at * 1000)
    for span, found in (({"to": owed_ms - 1}, []), ({"from": owed_ms - 1, "to": owed_ms + 1}, [page.id])):
        _, said = await ask(daemon, "/notifications", **span)
        assert [each["id"] for each in said["notifications"]] == found


async def test_notifications_come_in_pages(daemon: Running, desk: Desk) -> None:
    desk.status = 200
    words = [word(daemon, f"PA{number}") for number in range(5)]
    await told(daemon, *words)
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        _, page = await ask(daemon, "/notifications", limit=2, state="delivered", **after)
        seen += [each["id"] for each in page["notifications"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == [each.id for each in reversed(words)]
    _, page = await ask(daemon, "/notifications", incident=words[0].incident.id)
    assert [each["id"] for each in page["notifications"]] == [words[0].id]


@pytest.mark.promise("P13")
async def test_dead_letters_are_told_again_once_the_receiver_is_put_right(daemon: Running, desk: Desk) -> None:
    page = word(daemon)
    await told(daemon, page)
    _, dead = await ask(daemon, "/dead-letters")
    assert [(each["id"], each["last_error"]) for each in dead["notifications"]] == [(page.id, "answered 404 Not Found")]
    desk.status = 200
    assert await replay(daemon, {"receiver": "desk"}) == (200, {"replayed": 1})
    await settled(daemon)
    assert desk.heard == [page.id, page.id]
    assert (await ask(daemon, "/dead-letters"))[1]["notifications"] == []
    assert await replay(daemon, {"ids": [page.id]}) == (200, {"replayed": 0})


async def replay(daemon: Running, body: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    url = f"{daemon.private}/api/v1/dead-letters/replay"
    async with daemon.http.post(url, data=msgspec.json.encode(body), headers=headers) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("body", [{}, [], {"ids": "one"}, {"receiver": ""}, {"all": True}, {"ids": ["x"] * 1001}])
async def test_who_does_not_say_what_is_to_be_replayed_is_told_how(daemon: Running, body: Any) -> None:
    status, said = await replay(daemon, body)
    assert (status, "xpected" in said["error"] or "unknown field" in said["error"]) == (400, True)


@pytest.mark.parametrize("query", ["state=lost", "limit=0", "limit=501", "after=yesterday", "after=" + "9" * 400])
async def test_a_question_that_makes_no_sense_is_answered_with_what_would(daemon: Running, query: str) -> None:
    status, said = await ask(daemon, f"/notifications?{query}")
    assert (status, "expected" in said["error"]) == (400, True)


async def test_a_notification_that_is_not_there_is_not_found(daemon: Running) -> None:
    assert (await ask(daemon, "/notifications/rw2-0"))[0] == 404


async def test_what_is_answered_has_the_shape_that_the_api_describes(daemon: Running) -> None:
    page = word(daemon)
    await told(daemon, page, word(daemon, "PA2"))
    _, document = await ask(daemon, "/openapi.json")
    for path, asked in (
        ("/notifications", "/notifications"),
        ("/dead-letters", "/dead-letters"),
        ("/notifications/{id}", f"/notifications/{page.id}"),
    ):
        content = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate((await ask(daemon, asked))[1])
    body = document["paths"]["/api/v1/dead-letters/replay"]["post"]["requestBody"]["content"]["application/json"]
    Draft202012Validator({**body["schema"], "components": document["components"]}).validate({"receiver": "desk"})


async def test_what_died_is_counted_and_an_open_circuit_shown(daemon: Running) -> None:
    await told(daemon, word(daemon))
    await until(lambda: daemon.daemon.metrics.total("roomwatch_notifications_dead_total") == 1)
    async with daemon.http.get(f"{daemon.private}/metrics") as answer:
        page = await answer.text()
    assert 'roomwatch_notifications_dead_total{receiver="desk"} 1.0' in page
    assert 'roomwatch_receiver_circuit_open{receiver="desk"} 0.0' in page


async def test_the_command_shows_what_is_dead_and_asks_the_daemon_to_say_it_again(
    daemon: Running, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = word(daemon)
    await told(daemon, page)
    config = str(tmp_path / "config.toml")
    assert await asyncio.to_thread(main, ["dead-letters", "--config", config]) == OK
    said = capsys.readouterr().out
    assert page.id in said
    assert "answered 404 Not Found" in said
    desk.status = 200
    assert await asyncio.to_thread(main, ["dead-letters", "--replay", "--config", config]) == OK
    assert "1 of 1 are owed again" in capsys.readouterr().out
    await settled(daemon)
    assert desk.heard == [page.id, page.id]


async def test_without_a_daemon_the_command_changes_the_database(
    daemon: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, end = word(daemon), word(daemon, kind=NotificationKind.RESOLVE)
    await told(daemon, page)
    await told(daemon, end)
    await daemon.stop()
    config = str(tmp_path / "config.toml")
    assert await asyncio.to_thread(main, ["dead-letters", "--replay", "--config", config]) == OK
    assert "0 of 1 are owed again; the others are pointless" in capsys.readouterr().out
