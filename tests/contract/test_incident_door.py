"""What may be asked about incidents at the private door, and what the answers look like."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from monitor.http.openapi import document
from tests.asking import TOKEN
from tests.conftest import Running, Start
from tests.paged import People, ladder, opened, people, tell, until


@pytest.fixture
async def them() -> AsyncIterator[People]:
    async with people() as listening:
        yield listening


@pytest.fixture
async def daemon(start: Start, them: People) -> Running:
    given = ladder(("0s", "first"), ("5m", "second"), receivers=them.receivers("first", "second"))
    return await start(**given, private={"port": 0, "access_token": TOKEN})


async def ask(running: Running, method: str, path: str = "", **given: Any) -> tuple[int, Any]:
    """Return the status and the body of an answer."""
    headers = {"Authorization": f"Bearer {TOKEN}", **given.pop("headers", {})}
    url = f"{running.private}/api/v1/incidents{path}"
    async with running.http.request(method, url, headers=headers, **given) as response:
        return response.status, await response.json()


def check(said: Any, name: str) -> None:
    """Hold an answer to the document of the API."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    Draft202012Validator(schema).validate(said)


@pytest.mark.promise("P30")
async def test_an_open_incident_is_shown_with_all_that_was_said_of_it(daemon: Running, them: People) -> None:
    group = await opened(daemon)
    await until(lambda: them.told("trigger"))
    status, page = await ask(daemon, "GET")
    check(page, "IncidentsPage")
    [shown] = page["incidents"]
    assert (status, shown["id"], shown["is_open"], page["next"]) == (200, group.incident, True, None)
    assert (shown["summary"], shown["firing_count"]) == ("alice is badly connected.", 1)
    assert (shown["escalation"]["receivers"], shown["escalation"]["steps_taken"]) == (["first"], 1)

    status, life = await ask(daemon, "GET", f"/{group.incident}")
    check(life, "IncidentLife")
    assert (status, life["incident"]) == (200, shown)
    [said] = life["notifications"]
    assert (said["notification"]["receiver"], said["notification"]["kind"]) == ("first", "trigger")
    [alert] = life["alerts"]
    assert life["route"] == "every alert / every alert"
    assert (alert["labels"]["alertname"], alert["details"]["identity"]) == ("ParticipantQualityDegraded", "alice")
    assert (alert["participant_sid"], alert["muted"]) == (alert["entity"].partition("/")[2], "")
    assert "acknowledge?" not in str(life), "a link that acknowledges is shown to whoever was told, and to nobody else"


@pytest.mark.promise("P36")
async def test_an_incident_is_acknowledged_given_back_and_over(daemon: Running, them: People) -> None:
    one = f"/{(await opened(daemon)).incident}"
    status, taken = await ask(daemon, "POST", f"{one}/acknowledge", json={"by": " Ann "})
    check(taken, "IncidentView")
    assert (status, taken["acknowledged_by"], taken["acknowledged_via"]) == (200, "Ann", "api")
    assert taken["escalation"]["next_step_at_ms"] is None
    assert await ask(daemon, "POST", f"{one}/acknowledge", json={"by": "Ann"}) == (200, taken)

    status, given_back = await ask(daemon, "POST", f"{one}/unacknowledge", json={"by": "Ann"})
    assert (status, given_back["acknowledged_by"], given_back["acknowledged_at_ms"]) == (200, "", None)
    assert given_back["escalation"]["next_step_at_ms"] is not None

    await tell(daemon, 4)
    await until(lambda: them.told("resolve"))
    _, life = await ask(daemon, "GET", one)
    assert (life["incident"]["is_open"], life["incident"]["escalation"]) == (False, None)
    assert await ask(daemon, "GET", "?open=true") == (200, {"incidents": [], "next": None})
    for deed in ("acknowledge", "unacknowledge"):
        status, refused = await ask(daemon, "POST", f"{one}/{deed}", json={"by": "Ann"})
        assert (status, refused["error"]) == (
            409,
            f"id: expected an incident that is open, got {one[1:]}, which is over",
        )


async def test_a_note_goes_along_with_an_acknowledgement_to_whoever_was_told(daemon: Running, them: People) -> None:
    group = await opened(daemon)
    await until(lambda: them.told("trigger"))
    await ask(daemon, "POST", f"/{group.incident}/acknowledge", json={"by": "Ann", "note": "their Wi-Fi,\n see chat"})
    await until(lambda: them.told("acknowledge"))
    assert them.messages[-1]["reason"] == "acknowledged by Ann through the API: their Wi-Fi, see chat"


async def test_an_incident_that_is_over_is_found_by_that_and_says_which_route_it_was(
    daemon: Running, them: People
) -> None:
    one = (await opened(daemon)).incident
    assert (await ask(daemon, "GET", "?state=over"))[1]["incidents"] == []
    await tell(daemon, 4)
    await until(lambda: them.told("resolve"))
    _, page = await ask(daemon, "GET", "?state=over&severity=critical&rule=ParticipantQualityDegraded")
    assert [each["id"] for each in page["incidents"]] == [one]
    _, life = await ask(daemon, "GET", f"/{one}")
    assert life["route"] == "every alert / every alert"
    for other in ("?state=open", "?severity=info", "?rule=RoomZombie"):
        assert (await ask(daemon, "GET", other))[1]["incidents"] == []


async def test_incidents_come_in_pages_the_latest_first(daemon: Running, them: People) -> None:
    first = (await opened(daemon)).incident
    await tell(daemon, 4)
    await until(lambda: them.told("resolve"))
    second = (await opened(daemon)).incident
    _, page = await ask(daemon, "GET", "", params={"limit": 1})
    assert [each["id"] for each in page["incidents"]] == [second]
    _, rest = await ask(daemon, "GET", "", params={"after": page["next"]})
    assert ([each["id"] for each in rest["incidents"]], rest["next"]) == ([first], None)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("?state=shut", "state: expected one of open, over, got 'shut'"),
        ("?severity=dreadful", "severity: expected one of critical, warning, info"),
        ("?open=perhaps", "open: expected true or false"),
        ("?limit=0", "limit: expected a whole number"),
        ("?from=soon", "from: expected milliseconds"),
        ("?after=x", "after: expected the `next` of a page"),
        ("?after=nan/i1-1", "after: expected the `next` of a page"),
    ],
)
async def test_a_question_that_cannot_be_read_is_told_why(daemon: Running, query: str, error: str) -> None:
    status, said = await ask(daemon, "GET", query)
    assert (status, said["error"].startswith(error)) == (400, True)


@pytest.mark.parametrize("body", [{"by": ""}, {"by": "  "}, {"by": "x" * 101}, {"by": "Ann", "via": "telepathy"}])
async def test_who_does_not_say_who_they_are_acknowledges_nothing(daemon: Running, body: dict[str, str]) -> None:
    group = await opened(daemon)
    for deed in ("acknowledge", "unacknowledge"):
        assert (await ask(daemon, "POST", f"/{group.incident}/{deed}", json=body))[0] == 400
    plain = {"data": b'{"by": "Ann"}', "headers": {"Content-Type": "text/plain"}}
    assert (await ask(daemon, "POST", f"/{group.incident}/acknowledge", **plain))[0] == 415


async def test_what_is_not_on_record_is_answered_404(daemon: Running) -> None:
    assert (await ask(daemon, "GET", "/i1-nowhere"))[0] == 404
    assert (await ask(daemon, "POST", "/i1-nowhere/acknowledge", json={"by": "Ann"}))[0] == 404


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/i1-0"), ("POST", "/i1-0/acknowledge"), ("POST", "/i1-0/unacknowledge")]
)
async def test_without_a_login_nothing_is_shown_and_nothing_is_done(daemon: Running, method: str, path: str) -> None:
    nobody = {"Authorization": "Bearer nonsense"}
    assert (await ask(daemon, method, path, json={"by": "Ann"}, headers=nobody))[0] == 401
