"""Does a daemon that knows people by pseudonyms leave their names nowhere?"""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from monitor.app import Daemon
from tests.builders import ACCOUNT, ALICE, AUTH_TOKEN, BOB, INGEST_KEY, ROOM, access_token, packed, post, quality
from tests.conftest import Running, Start
from tests.files import unpacked, written

NAME, OTHER_NAME = "alice.liddell@example.com", "dr.dodgson@example.com"
KEY = "a secret of more than thirty-two characters"
CALLBACKS = "http://watch.example.com/callbacks/twilio"


async def telemetry(running: Running, body: dict[str, Any], token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    async with running.http.post(f"{running.public}/v1/telemetry", data=packed(body), headers=headers) as response:
        assert response.status == 202, await response.text()


async def callback(running: Running, event: str, **given: str) -> None:
    form = {
        "AccountSid": ACCOUNT,
        "RoomSid": ROOM,
        "RoomName": "acme:class:1",
        "StatusCallbackEvent": event,
        "Timestamp": "2026-11-21T10:00:00.000Z",
        **given,
    }
    signature = RequestValidator(AUTH_TOKEN).compute_signature(CALLBACKS, form)
    async with running.http.post(
        f"{running.public}/callbacks/twilio", data=form, headers={"X-Twilio-Signature": signature}
    ) as response:
        assert response.status == 204, await response.text()


def life(folder: Path) -> dict[str, Any]:
    return {
        "storage": {"path": str(folder / "roomwatch.db"), "checkpoint_every_s": 0.05},
        "privacy": {"identities": "pseudonym", "pseudonym_key": KEY},
    }


def pseudonyms(daemon: Daemon) -> dict[str | None, str | None]:
    return {each.sid: each.identity for each in daemon.live.participants()}


async def test_no_name_is_in_the_files_though_browsers_and_twilio_named_everybody(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="monitor")
    running = await start(**life(tmp_path))
    token = access_token(grants={"identity": NAME, "video": {}})
    lost = {"type": "connection", "at": quality()["at"], "state": "reconnecting", "code": 53405}
    await telemetry(running, post(quality(1), lost, identity=NAME, session="s", seq=1), token)
    await telemetry(running, post(quality(1, colour="red"), identity=NAME, session="s", seq=2), token)
    await telemetry(running, post(quality(1), identity=None, session="s", seq=3), token)
    await telemetry(running, post(quality(1), participant_sid=None, identity=OTHER_NAME), INGEST_KEY)
    for who, name in ((ALICE, NAME), (BOB, OTHER_NAME)):
        about = {"ParticipantSid": who, "ParticipantIdentity": name}
        await callback(running, "participant-connected", **about)
        await callback(running, "track-added", TrackSid="MT" + "a" * 32, TrackKind="video", **about)
        await callback(running, "recording-failed", RecordingSid="RT" + "a" * 32, Type="video", **about)
    before = pseudonyms(running.daemon)
    assert set(before) == {ALICE, BOB}
    assert before[ALICE] != before[BOB]
    assert all(name is not None and name.startswith("p-") for name in before.values())
    async with running.http.get(f"{running.private}/metrics") as response:
        metrics = await response.read()
    files = written(tmp_path)
    await running.stop()
    second = await start(**life(tmp_path))
    assert pseudonyms(second.daemon) == before
    for name in (NAME, OTHER_NAME):
        for where in (files, written(tmp_path), metrics, caplog.text.encode()):
            assert name.encode() not in where
            assert json.dumps(name).encode() not in where
    assert (before[ALICE] or "").encode() in files
    assert (before[ALICE] or "").encode() in b"".join(unpacked(written(tmp_path))), "rooms are packed with their people"


async def test_without_pseudonyms_a_name_is_where_support_will_look_for_it(start: Start, tmp_path: Path) -> None:
    running = await start(storage={"path": str(tmp_path / "roomwatch.db")})
    await telemetry(running, post(quality(1), identity=NAME), INGEST_KEY)
    assert NAME.encode() in written(tmp_path)
