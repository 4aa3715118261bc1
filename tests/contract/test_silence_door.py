"""What may be asked about silences at the private door, and what the answers look like."""

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from monitor.http.openapi import document
from tests.alert_builders import make_alert
from tests.asking import TOKEN
from tests.conftest import Running, Start

HOUR_MS, NEVER = 3_600_000, 4e9
ASKED = {"matchers": ['room_name=~"cl.*"', "severity!=info"], "author": "ana", "reason": "a test", "lasts": "2h"}


@pytest.fixture
async def daemon(start: Start) -> Running:
    return await start(private={"port": 0, "access_token": TOKEN})


async def ask(running: Running, method: str, path: str = "", **given: Any) -> tuple[int, Any]:
    """Return the status and the body of an answer."""
    headers = {"Authorization": f"Bearer {TOKEN}", **given.pop("headers", {})}
    url = f"{running.private}/api/v1/silences{path}"
    async with running.http.request(method, url, headers=headers, **given) as response:
        return response.status, await response.json()


def check(said: Any, name: str) -> None:
    """Hold an answer to the document of the API."""
    described = document()
    schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    Draft202012Validator(schema).validate(said)


def firing(daemon: Running, *rooms: str) -> None:
    for room in rooms:
        alert = make_alert(fingerprint=f"f1-{room}", entity=room, labels={"room_name": room})
        daemon.daemon.evaluation.engine.adopt([alert], {(alert.kind, room): NEVER})


@pytest.mark.promise("P28")
async def test_a_silence_is_made_listed_shown_and_ended(daemon: Running) -> None:
    status, made = await ask(daemon, "POST", json=ASKED)
    assert status == 201
    check(made, "SilenceView")
    assert (made["state"], made["author"], made["reason"], made["ended_by"]) == ("active", "ana", "a test", "")
    assert made["ends_at_ms"] - made["starts_at_ms"] == 2 * HOUR_MS
    assert made["matchers"] == ['room_name=~"cl.*"', 'severity!="info"']
    assert daemon.daemon.alerting.silences.silencing({"room_name": "class"}, daemon.daemon.clock.now_s())

    assert await ask(daemon, "GET", f"/{made['id']}") == (200, made)
    status, listed = await ask(daemon, "GET")
    check(listed, "SilencesView")
    assert (status, listed["silences"]) == (200, [made])

    status, ended = await ask(daemon, "DELETE", f"/{made['id']}", params={"by": "ben"})
    assert (status, ended["state"], ended["ended_by"]) == (200, "expired", "ben")
    assert await ask(daemon, "GET") == (200, {"silences": [], "next": None})
    assert await ask(daemon, "GET", "?expired=true") == (200, {"silences": [ended], "next": None})
    assert daemon.daemon.alerting.silences.silencing({"room_name": "class"}, daemon.daemon.clock.now_s()) is None


async def test_a_silence_of_later_is_pending(daemon: Running) -> None:
    now_ms = daemon.daemon.clock.now_ms()
    span = {"starts_at_ms": now_ms + HOUR_MS, "ends_at_ms": now_ms + 2 * HOUR_MS, "lasts": ""}
    status, made = await ask(daemon, "POST", json=ASKED | span)
    assert (status, made["state"]) == (201, "pending")
    assert (made["starts_at_ms"], made["ends_at_ms"]) == (span["starts_at_ms"], span["ends_at_ms"])


@pytest.mark.promise("P28")
async def test_a_preview_counts_what_would_be_silenced_and_silences_nothing(daemon: Running) -> None:
    firing(daemon, "class", "clinic", "lobby")
    status, seen = await ask(daemon, "POST", "/preview", json={"matchers": 'room_name=~"cl.*"'})
    check(seen, "PreviewView")
    assert (status, seen["count"]) == (200, 2)
    assert {alert["entity"] for alert in seen["alerts"]} == {"class", "clinic"}
    assert await ask(daemon, "GET") == (200, {"silences": [], "next": None})


async def test_a_silence_says_how_much_of_what_fires_it_mutes(daemon: Running) -> None:
    firing(daemon, "class", "clinic", "lobby")
    _, made = await ask(daemon, "POST", json=ASKED | {"matchers": 'room_name=~"cl.*"'})
    assert made["mutes"] == 2
    _, listed = await ask(daemon, "GET")
    assert [each["mutes"] for each in listed["silences"]] == [2]
    _, ended = await ask(daemon, "DELETE", f"/{made['id']}", params={"by": "ben"})
    assert ended["mutes"] is None


async def test_a_preview_of_very_many_shows_a_hundred(daemon: Running) -> None:
    firing(daemon, *(f"class-{number}" for number in range(150)))
    _, seen = await ask(daemon, "POST", "/preview", json={"matchers": ["severity=critical"]})
    assert (seen["count"], len(seen["alerts"])) == (150, 100)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"matchers": []}, "matchers: expected 1 to 20 matchers, got 0"),
        ({"matchers": ["a=b", "c"]}, "matchers[1]: expected a matcher such as severity=\"critical\", got 'c'"),
        ({"matchers": "c"}, "matchers: expected a matcher"),
        ({"matchers": 'a=~"(x+)+"'}, "matchers: a: expected no repetition of what"),
        ({"matchers": ['a=~".*"']}, "matchers: expected at least one matcher that asks for a label"),
        ({"author": " "}, "author: expected 1 to 100 characters, got none"),
        ({"reason": 7}, "body: Expected `str`, got `int` - at `$.reason`"),
        ({"lasts": "2 hours"}, "lasts: expected a duration"),
        ({"lasts": "9" * 5000 + "d"}, "body: Expected `str` of length <= 50 - at `$.lasts`"),
        ({"lasts": ""}, "ends_at_ms: expected either ends_at_ms or lasts"),
        ({"ends_at_ms": 1}, "ends_at_ms: expected either ends_at_ms or lasts"),
        ({"ends_at_ms": 1, "lasts": ""}, "ends_at_ms: expected an end after the beginning"),
        ({"ends_at_ms": 10**3000, "lasts": ""}, "body: Expected `int` <= 9007199254740992 - at `$.ends_at_ms`"),
        ({"ends_at_ms": 2**53, "lasts": ""}, "ends_at_ms: expected no more than 366 days"),
        ({"starts_at_ms": -1}, "body: Expected `int` >= 0 - at `$.starts_at_ms`"),
        ({"starts_at_ms": 0}, "ends_at_ms: expected an end in the future"),
        ({"colour": "red"}, "body: Object contains unknown field `colour`"),
    ],
)
async def test_a_body_at_fault_is_told_where_and_what_was_expected(daemon: Running, changes: Any, error: str) -> None:
    status, said = await ask(daemon, "POST", json=ASKED | changes)
    assert status == 400
    assert said["error"].startswith(error)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"data": b"{"}, 400),
        ({"data": b"\xff"}, 400),
        ({"data": b" " * 70_000}, 413),
        ({"json": ASKED, "headers": {"Content-Type": "text/plain"}}, 415),
        ({"data": b"", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 415),
    ],
)
async def test_what_is_no_json_or_too_much_is_refused(daemon: Running, given: Any, status: int) -> None:
    given = {"headers": {"Content-Type": "application/json"}, **given}
    assert (await ask(daemon, "POST", **given))[0] == status


async def test_what_is_not_on_record_is_not_found(daemon: Running) -> None:
    for method, path in (("GET", "/s1-nowhere"), ("DELETE", "/s1-nowhere?by=ben")):
        status, said = await ask(daemon, method, path)
        assert (status, said["error"]) == (404, "id: expected a silence on record, got 's1-nowhere'")


async def test_who_does_not_say_who_they_are_is_whoever_is_logged_in(daemon: Running) -> None:
    asked = {key: value for key, value in ASKED.items() if key != "author"}
    _, made = await ask(daemon, "POST", json=asked)
    assert made["author"] == "admin"
    _, ended = await ask(daemon, "DELETE", f"/{made['id']}")
    assert (ended["state"], ended["ended_by"]) == ("expired", "admin")


async def test_who_ends_a_silence_says_no_more_than_fits(daemon: Running) -> None:
    _, made = await ask(daemon, "POST", json=ASKED)
    status, said = await ask(daemon, "DELETE", f"/{made['id']}", params={"by": " "})
    assert (status, said["error"]) == (400, "by: expected 1 to 100 characters, got none")
    assert (await ask(daemon, "GET", f"/{made['id']}"))[1]["state"] == "active"


async def test_expired_is_true_or_false(daemon: Running) -> None:
    assert (await ask(daemon, "GET", "?expired=maybe"))[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", ""), ("POST", "/preview"), ("GET", "/s1-0"), ("DELETE", "/s1-0")],
)
async def test_without_a_login_nothing_is_shown_and_nothing_is_done(daemon: Running, method: str, path: str) -> None:
    nobody = {"Authorization": "Bearer nonsense"}
    assert (await ask(daemon, method, path, json=ASKED, headers=nobody))[0] == 401


@pytest.mark.promise("P28")
async def test_a_silence_outlives_the_daemon(start: Start, tmp_path) -> None:
    given = {"private": {"port": 0, "access_token": TOKEN}, "storage": {"path": str(tmp_path / "roomwatch.db")}}
    first = await start(**given)
    _, made = await ask(first, "POST", json=ASKED)
    await first.stop()
    second = await start(**given)
    assert await ask(second, "GET") == (200, {"silences": [made], "next": None})


def test_the_document_tells_of_every_method() -> None:
    paths = document()["paths"]
    assert set(paths["/api/v1/silences"]) == {"get", "post"}
    assert set(paths["/api/v1/silences/{id}"]) == {"get", "delete"}
    assert "requestBody" in paths["/api/v1/silences"]["post"]
    answers = {"201", "400", "401", "403", "408", "413", "415", "429", "503"}
    assert set(paths["/api/v1/silences"]["post"]["responses"]) == answers
