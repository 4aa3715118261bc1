"""What the doctor finds: a real Twilio client, a simulated Twilio, and a daemon that is really called back."""

import asyncio
import os
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from monitor.config import Config, build
from monitor.doctor.examination import examine
from monitor.doctor.findings import Finding, Verdict, report
from monitor.doctor.process import Here, check_process
from monitor.doctor.reach import check_reach
from monitor.doctor.storage import check_storage
from monitor.http.server import Listener
from monitor.settings import Account
from monitor.simulator.account import SimulatedAccount
from monitor.simulator.scenarios import SCENARIOS
from monitor.simulator.simulator import Simulator
from monitor.store.database import Database
from monitor.store.inspection import inspect
from monitor.store.sqlite import SqliteStore
from tests.builders import batch, level
from tests.conftest import Start

OK, WARN, FAIL = Verdict
Simulate = Callable[..., Awaitable[Simulator]]


@pytest.fixture
async def simulate() -> AsyncIterator[Simulate]:
    started: list[Simulator] = []

    async def begin(scenario: str = "healthy", **given: Any) -> Simulator:
        started.append(Simulator(SCENARIOS[scenario], **{"rooms": 2, "participants_per_room": 1, **given}))
        await started[-1].start()
        return started[-1]

    yield begin
    for simulator in started:
        await simulator.stop()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def account_of(simulated: SimulatedAccount, base_url: str, **given: Any) -> dict[str, Any]:
    account = {
        "account_sid": simulated.account_sid,
        "api_key": simulated.api_key,
        "api_secret": simulated.api_secret,
        "auth_token": simulated.auth_token,
        "base_url": base_url,
    }
    return {**account, **given}


def configured(account: dict[str, Any], port: int) -> Config:
    public = {"port": port, "url": f"http://127.0.0.1:{port}"}
    storage = {"path": ":memory:"}
    return build({"public": public, "storage": storage, "accounts": [account], "polling": {"timeout_s": 2}})


def about(findings: list[Finding], what: str) -> Finding:
    (finding,) = [finding for finding in findings if finding.what == what]
    return finding


async def test_where_all_is_well_nothing_is_found_but_that(simulate: Simulate, start: Start) -> None:
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    simulator = await simulate(callback_url=f"{here}/callbacks/twilio#rc=5&rp=all")
    account = account_of(simulator.account, simulator.base_url)
    running = await start(public={"port": port, "url": here}, accounts=[account])
    async with asyncio.timeout(30):
        while len(simulator.world.live_rooms) < 2:  # they open one after the other
            await asyncio.sleep(0.02)
    findings = await examine(configured(account, port))
    assert {finding.verdict for finding in findings} == {OK}, report(findings)
    sid = account["account_sid"]
    assert {finding.about for finding in findings} == {"storage", f"{sid[:4]}…{sid[-4:]}"}
    assert about(findings, "rooms' callbacks").found == "2 live rooms call back here, with retries"
    assert running.daemon.metrics.values["roomwatch_callbacks_total"][("other",)] == 1
    assert running.daemon.metrics.values["roomwatch_callbacks_refused_total"][("signature",)] == 1


async def test_no_secret_is_in_the_report(simulate: Simulate) -> None:
    simulator = await simulate()
    said = report(await examine(configured(account_of(simulator.account, simulator.base_url), free_port())))
    for secret in (simulator.account.api_secret, simulator.account.auth_token, simulator.account.api_key):
        assert secret not in said


async def test_a_key_that_is_refused_is_said_once_and_not_once_a_resource(simulate: Simulate) -> None:
    simulator = await simulate()
    account = account_of(simulator.account, simulator.base_url, api_secret="x" * 32)
    findings = await examine(configured(account, free_port()))
    assert about(findings, "credentials").verdict is FAIL
    assert not [finding for finding in findings if finding.what.startswith("reading")]


async def test_a_daemon_with_another_auth_token_refuses_and_that_is_said(simulate: Simulate, start: Start) -> None:
    simulator, port = await simulate(), free_port()
    account = account_of(simulator.account, simulator.base_url)
    other = {**account, "auth_token": "another" * 5}
    await start(public={"port": port, "url": f"http://127.0.0.1:{port}"}, accounts=[other])
    finding = about(await examine(configured(account, port)), "callback")
    assert finding.verdict is FAIL
    assert "same public.url and auth_token" in finding.remedy


async def test_where_no_daemon_runs_that_is_said_and_forgeries_are_not_tried(simulate: Simulate) -> None:
    simulator = await simulate()
    findings = await examine(configured(account_of(simulator.account, simulator.base_url), free_port()))
    assert "nobody answers" in about(findings, "callback").found
    assert not [finding for finding in findings if finding.what == "forged callback"]


async def test_nobody_at_twilios_address_is_one_failure(simulate: Simulate) -> None:
    account = account_of(SimulatedAccount.for_seed(1), "http://127.0.0.1:9")
    findings = await examine(configured(account, free_port()))
    assert "could not be asked" in about(findings, "credentials").found


async def test_throttling_is_noticed(simulate: Simulate) -> None:
    simulator = await simulate("throttled")
    account = account_of(simulator.account, simulator.base_url, requests_per_s=50, burst_requests=50)
    assert about(await examine(configured(account, free_port())), "throttling").verdict is WARN


async def test_without_accounts_only_the_storage_is_examined() -> None:
    findings = await examine(build({"storage": {"path": ":memory:"}}))
    assert [(finding.verdict, finding.about) for finding in findings] == [(OK, "storage"), (WARN, "roomwatch")]


# --- a Twilio that answers as it is told ---


@pytest.fixture
async def twilio() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    doors: list[Listener] = []

    async def serve(answer: Callable[[web.Request], web.Response]) -> str:
        async def handle(request: web.Request) -> web.Response:
            return answer(request)

        doors.append(await Listener.open("127.0.0.1", 0, [web.route("*", "/{path:.*}", handle)]))
        return f"http://127.0.0.1:{doors[-1].port}"

    yield serve
    for door in doors:
        await door.close()


def empty_list(key: str, **headers: str) -> web.Response:
    return web.json_response({key: [], "meta": {"key": key, "next_page_url": None}}, headers=headers)


@pytest.mark.parametrize(("date", "verdict"), [("Mon, 01 Jan 2024 00:00:00 GMT", FAIL), ("yesterday", WARN)])
async def test_the_clock_is_compared_with_twilios(twilio, date: str, verdict: Verdict) -> None:
    base_url = await twilio(lambda _: empty_list("rooms", Date=date))
    findings = await examine(configured(account_of(SimulatedAccount.for_seed(1), base_url), free_port()))
    assert about(findings, "clock").verdict is verdict


async def test_a_restricted_key_is_warned_of_with_what_is_missing(twilio) -> None:
    def answer(request: web.Request) -> web.Response:
        if "Recordings" in request.path or "Usage" in request.path:
            return web.json_response({"code": 20403}, status=403)
        return empty_list("compositions" if request.path.endswith("Compositions") else "rooms")

    findings = await examine(configured(account_of(SimulatedAccount.for_seed(1), await twilio(answer)), free_port()))
    assert "no alerts on failed recordings" in about(findings, "reading recordings").found
    assert "no figures of usage and cost" in about(findings, "reading usage records").found
    assert about(findings, "reading compositions").verdict is OK


class Rotating(Account):
    """An account whose next key is configured already."""

    next_api_key: str | None = None
    next_api_secret: SecretStr | None = None


async def test_the_next_key_is_tried_before_the_rotation_needs_it(simulate: Simulate) -> None:
    simulator = await simulate()
    given = account_of(simulator.account, simulator.base_url)
    rotating = Rotating(**given, next_api_key="SK" + "b" * 32, next_api_secret=SecretStr("not known there"))
    config = replace(configured(given, free_port()), accounts=(rotating,))
    findings = await examine(config)
    assert about(findings, "credentials").verdict is OK
    assert about(findings, "next credentials").verdict is FAIL


# --- the database ---


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def storage(database: Path, **given: Any) -> list[Finding]:
    """Return what is found of the storage alone."""
    return await check_storage(build({"storage": {"path": str(database), **given}}))


async def test_a_database_that_is_well_is_looked_at_without_a_trace(tmp_path: Path) -> None:
    database = tmp_path / "roomwatch.db"
    await (await SqliteStore.open(database)).close()
    before = contents(tmp_path)
    findings = await storage(database, reserve_bytes=0)
    assert {finding.verdict for finding in findings} <= {OK, WARN}, report(findings)  # the disk here may be small
    assert "no daemon has it" in about(findings, "database").found
    assert about(findings, "integrity").verdict is OK
    assert contents(tmp_path) == before


async def test_the_doctor_looks_on_while_a_daemon_writes(tmp_path: Path, start: Start) -> None:
    database = tmp_path / "roomwatch.db"
    running = await start(storage={"path": str(database), "reserve_bytes": 0})
    await running.daemon.pipeline.offer(batch(level(3)))
    findings = await storage(database)
    assert f"process {os.getpid()} has it" in about(findings, "database").found
    assert about(findings, "saved picture").found.startswith("lacks the last 1 rows of the log")


async def test_a_database_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    findings = await storage(tmp_path / "later" / "roomwatch.db")
    assert "the daemon creates it" in about(findings, "database").found
    assert contents(tmp_path) == {}


async def test_an_older_schema_stays_as_it_is_and_a_newer_one_fails(tmp_path: Path) -> None:
    database = tmp_path / "roomwatch.db"
    await (await SqliteStore.open(database)).close()
    for version, verdict in ((1, OK), (99, FAIL)):
        with closing(sqlite3.connect(database)) as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        assert about(await storage(database), "schema").verdict is verdict
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


async def test_what_is_wrong_with_the_file_is_said(tmp_path: Path) -> None:
    database = tmp_path / "roomwatch.db"
    await (await SqliteStore.open(database)).close()
    database.chmod(0o644)
    assert about(await storage(database), "permissions").verdict is WARN
    whole = database.read_bytes()
    damaged = slice(32_768, len(whole) // 2)  # neither the first pages nor the last, which hold the schema
    database.write_bytes(whole[: damaged.start] + bytes(damaged.stop - damaged.start) + whole[damaged.stop :])
    assert about(await storage(database), "integrity").verdict is FAIL
    database.write_text("something else entirely" * 1000)
    assert about(await storage(database), "database").verdict is FAIL


async def test_a_check_that_would_take_too_long_is_broken_off(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "roomwatch.db")
    rows = [(f"{number:032x}", 0.0, "", "", "") for number in range(200_000)]
    await database.write(
        lambda writer: writer.executemany("INSERT INTO login_sessions VALUES (?, ?, ?, ?, ?)", rows).rowcount
    )
    await database.close()
    assert inspect(database.path, patience_s=0.002).faults is None
    assert inspect(database.path, patience_s=60).faults == []


# --- where pages are to go ---


async def test_at_receivers_it_is_knocked_and_nobody_is_told_anything() -> None:
    asked: list[str] = []

    async def note(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=200)

    door = await Listener.open("127.0.0.1", 0, [web.route("*", "/{path:.*}", note)])
    here, nowhere = f"http://127.0.0.1:{door.port}", f"http://127.0.0.1:{free_port()}"
    receivers = {
        "pager": {"kind": "webhook", "url": f"{here}/pager"},
        "chat": {"kind": "webhook", "url": f"{here}/chat"},
        "gone": {"kind": "webhook", "url": f"{nowhere}/secret-path"},
        "lost": {"kind": "smtp", "host": "mail.invalid", "sender": "a@example.com", "to": ["b@example.com"]},
        "log": {"kind": "log"},
    }
    alertmanager = {"urls": [f"{here}/am", nowhere]}
    findings = await check_reach(build({"receivers": receivers, "alertmanager": alertmanager}))
    await door.close()
    assert asked == ["/am/-/ready"]
    assert {finding.what: finding.verdict for finding in findings} == {
        "pager, chat": OK,
        "gone": FAIL,
        "lost": FAIL,
        here: OK,
        nowhere: FAIL,
    }
    assert "secret-path" not in report(findings)


async def test_the_machine_is_looked_at_where_the_doctor_was_called(tmp_path: Path) -> None:
    config = build({"storage": {"path": ":memory:"}})
    findings = check_process(config, Here(None, {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000"}))
    assert [finding.what for finding in findings] == ["user", "files", "file descriptors", "watchdog"]
    assert about(findings, "watchdog").found == "systemd wants to hear from it within 60 s"
