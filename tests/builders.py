"""One line says what matters in a test; everything else has a value that does not."""

import json
import time
from typing import Any

import jwt

from collectors.events import (
    CompositionSeen,
    CompositionStatus,
    ParticipantSeen,
    ParticipantStatus,
    RecordingSeen,
    RecordingStatus,
    RoomSeen,
    RoomStatus,
    Source,
)
from collectors.observations import Connection, ConnectionState, NetworkQuality, Observation, TelemetryBatch

ROOM = "RM" + "a" * 32
ALICE = "PA" + "a" * 32
BOB = "PA" + "b" * 32
CAROL = "PA" + "c" * 32
COMPOSITION = "CJ" + "a" * 32
RECORDING = "RT" + "a" * 32
ACCOUNT = "AC" + "a" * 32
API_KEY = "SK" + "a" * 32
API_SECRET = "s" * 32
AUTH_TOKEN = "t" * 32
INGEST_KEY = "an-ingest-key-of-tests"
NOW_MS = 1_763_690_000_000


def batch(
    *observations: Observation, reporter: str | None = ALICE, at_ms: int = NOW_MS, **given: Any
) -> TelemetryBatch:
    given = {"room_sid": ROOM, "identity": None, **given}
    return TelemetryBatch(received_at_ms=at_ms, observations=observations, participant_sid=reporter, **given)


def level(value: int | None, *, at_ms: int = NOW_MS, of: str | None = None) -> NetworkQuality:
    return NetworkQuality(at_ms=at_ms, level=value, subject=of)


def connection(state: str, *, at_ms: int = NOW_MS, code: int | None = None) -> Connection:
    return Connection(at_ms=at_ms, state=ConnectionState(state), code=code)


def room(status: str = "in-progress", *, at_ms: int = NOW_MS, sid: str = ROOM, **given: Any) -> RoomSeen:
    given = {"source": Source.POLL, **given}
    return RoomSeen(seen_at_ms=at_ms, room_sid=sid, status=RoomStatus(status), **given)


def participant(sid: str, status: str = "connected", *, at_ms: int = NOW_MS, **given: Any) -> ParticipantSeen:
    given = {"source": Source.POLL, "room_sid": ROOM, **given}
    return ParticipantSeen(seen_at_ms=at_ms, participant_sid=sid, status=ParticipantStatus(status), **given)


def composition(status: str = "enqueued", *, at_ms: int = NOW_MS, **given: Any) -> CompositionSeen:
    given = {"room_sid": ROOM, **given}
    return CompositionSeen(at_ms, Source.POLL, COMPOSITION, CompositionStatus(status), **given)


def recording(status: str = "processing", *, at_ms: int = NOW_MS, sid: str = RECORDING, **given: Any) -> RecordingSeen:
    given = {"room_sid": ROOM, "source": Source.POLL, **given}
    return RecordingSeen(seen_at_ms=at_ms, recording_sid=sid, status=RecordingStatus(status), **given)


def post(*events: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Return the body of a telemetry post, as a browser writes it."""
    who = {"room_sid": ROOM, "room_name": "acme:class:1", "participant_sid": ALICE, "identity": "alice"}
    body = {"v": 1, **who, "events": list(events), **given}
    return {key: value for key, value in body.items() if value is not None}


def quality(value: Any = 4, **given: Any) -> dict[str, Any]:
    return {"type": "network_quality", "at": int(time.time() * 1000), "level": value, **given}


def media_series(at: list[int], **columns: Any) -> dict[str, Any]:
    """Return several media samples, as columns."""
    return {"type": "media_stats_series", "at": at, **columns}


def packed(body: Any) -> bytes:
    return json.dumps(body).encode()


def access_token(*, secret: str = API_SECRET, header: dict[str, str] | None = None, **given: Any) -> str:
    """Return a participant's access token, such as Twilio's helper libraries make."""
    claims = {
        "jti": f"{API_KEY}-1",
        "iss": API_KEY,
        "sub": ACCOUNT,
        "exp": int(time.time()) + 3600,
        "grants": {"identity": "alice", "video": {"room": "acme:class:1"}},
        **given,
    }
    return jwt.encode(claims, secret, algorithm="HS256", headers={"cty": "twilio-fpa;v=1", **(header or {})})
