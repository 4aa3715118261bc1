"""TLS on both listeners, over real sockets: renewed, half written, slow, and with certificates of clients."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from alerts.model import Kind, Reading
from monitor.blindness import DAEMON
from monitor.doctor.findings import Verdict
from monitor.doctor.process import Here, check_process
from tests.authority import Authority
from tests.builders import INGEST_KEY, packed, post, quality
from tests.conftest import Running, Start
from tests.raw_http import HEALTHY, telemetry

KEY = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
SHOWN_BY = "prometheus.example.com"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def spoken(port: int, client: ssl.SSLContext, request: bytes) -> bytes:
    """Return the first line of an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
    writer.write(request)
    line = await reader.readuntil(b"\r\n")
    writer.transport.abort()
    return line


async def certificate(port: int, client: ssl.SSLContext) -> bytes:
    """Return the certificate that a listener shows."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return shown


async def status(running: Running, client: ssl.SSLContext, path: str = "/api/v1/session") -> tuple[int, Any]:
    address = running.private.replace("http:", "https:") + path
    async with running.http.get(address, ssl=client, headers={"X-Forwarded-For": "192.0.2.1"}) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("is_fast", [True, False], ids=["front", "aiohttp"])
async def test_telemetry_and_everything_else_come_by_tls_too(
    start: Start, authority: Authority, *, is_fast: bool
) -> None:
    running = await start(public={"port": 0, "fast_ingest": is_fast, "tls": authority.settings()})
    address = running.public.replace("http:", "https:")
    for _ in range(2):  # the second on the same connection, after aiohttp has had it
        body = packed(post(quality(4)))
        async with running.http.post(
            f"{address}/v1/telemetry", data=body, headers=KEY, ssl=authority.client()
        ) as answer:
            assert answer.status == 202
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        async with running.http.get(f"{address}/-/healthy", ssl=authority.client()) as answer:
            assert answer.status == 200


async def test_who_speaks_no_tls_is_not_served(start: Start, authority: Authority) -> None:
    running = await start(public={"port": 0, "tls": authority.settings()})
    with pytest.raises(aiohttp.ClientError):
        await running.http.get(f"{running.public}/-/healthy")


async def test_what_is_older_than_the_oldest_version_is_refused(start: Start, authority: Authority) -> None:
    running = await start(private={"port": 0, "tls": authority.settings(min_version="1.3")})
    old = authority.client()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert running.daemon.doors.private is not None
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await spoken(running.daemon.doors.private.port, old, HEALTHY)
    assert b"200" in await spoken(running.daemon.doors.private.port, authority.client(), HEALTHY)


async def test_a_certificate_that_was_renewed_is_shown_without_a_restart(start: Start, authority: Authority) -> None:
    running = await start(public={"port": 0, "tls": authority.settings()})
    assert running.daemon.doors.public is not None
    port, client = running.daemon.doors.public.port, authority.client()
    before = await certificate(port, client)
    renewed = ssl.PEM_cert_to_DER_cert(authority.renew().decode())
    await running.daemon.doors.look_at_files()
    assert before != await certificate(port, client) == renewed


async def test_rules_are_shown_for_how_long_certificates_last(start: Start, authority: Authority) -> None:
    authority.renew(datetime.now(UTC) + timedelta(days=2))
    running = await start(public={"port": 0, "tls": authority.settings()})
    rounds, doors = running.daemon.rounds, running.daemon.doors

    async def seen() -> Reading:
        await rounds.go()
        reading = rounds.readers[Kind.DAEMON](DAEMON.key, 0.0)
        assert reading is not None
        return reading

    reading = await seen()
    left_s = reading.values["certificate_left_s"]
    assert left_s is not None
    assert 0 < left_s <= 2 * 86_400
    assert reading.details["certificate_listener"] == "public"
    (finding,) = [each for each in check_process(running.daemon.config, Here(None, {})) if "certificate" in each.what]
    assert (finding.verdict, finding.what) == (Verdict.FAIL, "certificate (public)")
    assert "days" in finding.found

    authority.renew(datetime.now(UTC) + timedelta(days=90))
    await doors.look_at_files()
    left_s = (await seen()).values["certificate_left_s"]
    assert left_s is not None
    assert left_s > 89 * 86_400


async def test_where_no_listener_has_a_certificate_there_is_none_to_last(start: Start) -> None:
    running = await start()
    await running.daemon.rounds.go()
    reading = running.daemon.rounds.readers[Kind.DAEMON](DAEMON.key, 0.0)
    assert reading is not None
    assert (reading.values["certificate_left_s"], reading.details["certificate_days"]) == (None, None)


async def test_half_a_renewal_changes_nothing_and_is_said_once(
    start: Start, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start(private={"port": 0, "tls": authority.settings()})
    assert running.daemon.doors.private is not None
    port, client = running.daemon.doors.private.port, authority.client()
    before, key = await certificate(port, client), authority.key_file.read_bytes()
    authority.renew()
    new_key = authority.key_file.read_bytes()
    authority.key_file.write_bytes(key)
    for _ in range(3):
        await running.daemon.doors.look_at_files()
    assert await certificate(port, client) == before
    said = [each for each in caplog.messages if "what it had stays in force" in each]
    assert len(said) == 1
    assert running.daemon.metrics.values["roomwatch_web_files_last_read_successful"][("private",)] == 0
    authority.key_file.write_bytes(new_key)
    await running.daemon.doors.look_at_files()
    assert await certificate(port, client) != before
    assert running.daemon.metrics.values["roomwatch_web_files_last_read_successful"][("private",)] == 1


async def test_who_never_ends_a_handshake_keeps_nobody_waiting_and_is_sent_away(
    start: Start, authority: Authority
) -> None:
    limits = {"handshake_s": 2}
    running = await start(public={"port": 0, "max_connections": 5, "tls": authority.settings(), "limits": limits})
    assert running.daemon.doors.public is not None
    port = running.daemon.doors.public.port
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
    assert b"202" in await spoken(port, authority.client(), telemetry())
    assert all([await reader.read() == b"" for reader, _ in silent])
    counted = running.daemon.metrics.values["roomwatch_http_limited_total"]
    assert counted[("public", "handshake")] == 20
    for _, writer in silent:
        writer.close()


async def test_a_stop_does_not_wait_for_handshakes(start: Start, authority: Authority) -> None:
    running = await start(public={"port": 0, "limits": {"handshake_s": 600}, "tls": authority.settings()})
    assert running.daemon.doors.public is not None
    _, writer = await asyncio.open_connection("127.0.0.1", running.daemon.doors.public.port)
    async with asyncio.timeout(60):
        await running.stop()
    writer.close()


# --- certificates of clients ---


def asking(authority: Authority, **given: Any) -> dict[str, Any]:
    tls = authority.settings(client_ca_file=str(authority.ca_file), **{"client_auth": "verify_if_given", **given})
    return {"port": 0, "tls": tls, "certificate_roles": {SHOWN_BY: "viewer"}}


async def test_a_certificate_stands_for_somebody_with_a_role(start: Start, authority: Authority) -> None:
    running = await start(private=asking(authority))
    code, session = await status(running, authority.client(SHOWN_BY))
    assert (code, session["name"], session["role"], session["way"]) == (200, SHOWN_BY, "viewer", "certificate")


async def test_a_certificate_without_a_role_and_no_certificate_open_nothing(start: Start, authority: Authority) -> None:
    running = await start(private=asking(authority))
    for name in ("other.example.com", None):
        assert (await status(running, authority.client(name)))[0] == 401


async def test_who_shows_none_is_not_let_in_where_one_is_required(start: Start, authority: Authority) -> None:
    running = await start(private=asking(authority, client_auth="require"))
    assert (await status(running, authority.client(SHOWN_BY)))[0] == 200
    with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
        await status(running, authority.client())


async def test_a_certificate_of_another_authority_is_none(start: Start, authority: Authority, tmp_path: Path) -> None:
    running = await start(private=asking(authority))
    (tmp_path / "other").mkdir()
    client = Authority(tmp_path / "other").client(SHOWN_BY)
    client.load_verify_locations(str(authority.ca_file))
    with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
        await status(running, client)


async def test_only_names_that_are_allowed_come_in(start: Start, authority: Authority) -> None:
    running = await start(private=asking(authority, client_sans=[SHOWN_BY]))
    assert (await status(running, authority.client(SHOWN_BY)))[0] == 200
    with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
        await status(running, authority.client("other.example.com"))
    assert running.daemon.metrics.values["roomwatch_http_limited_total"][("private", "certificate")] >= 1
