"""Schemathesis asks the demo whatever its own document allows, and much that it does not."""

import http.cookiejar
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.demos import Demo
from tests.e2e.servers import ON_CLUSTER
from tests.e2e.tools import HANGS_AFTER_S

pytestmark = pytest.mark.e2e

ASKS_FOR_S = 45
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
#: Methods that are tried though the document does not know them.  A balancer that is nginx answers TRACE itself.
UNEXPECTED = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "QUERY", *([] if ON_CLUSTER else ["TRACE"])]


class Session:
    """Somebody who is logged in."""

    def __init__(self, demo: Demo) -> None:
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self._url = demo.private
        with self._opener.open(demo.one_time_address(), timeout=HANGS_AFTER_S):
            pass
        (self.cookie,) = [f"{each.name}={each.value}" for each in jar]

    def get(self, path: str) -> Any:
        with self._opener.open(self._url + path, timeout=HANGS_AFTER_S) as answer:
            return json.load(answer)

    def until(self, path: str, found: Callable[[Any], Any], within_s: float = HANGS_AFTER_S) -> Any:
        """Return what is found in an answer, once there is something to be found."""
        end = time.monotonic() + within_s
        while not (it := found(self.get(path))):
            assert time.monotonic() < end, f"expected something at {path} within {within_s} s"
            time.sleep(0.5)
        return it


def of_real_things(document: Any, **known: list[str]) -> Any:
    """Return the document with parameters of which one in a few names something that there really is."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if names := known.get(parameter["name"]):
                    parameter["schema"] = {"anyOf": [{"enum": names}, parameter["schema"]]}
    return document


def test_no_question_is_answered_with_an_error_of_ours_or_with_what_the_document_does_not_tell(
    own_demo: Demo, tmp_path: Path
) -> None:
    somebody = Session(own_demo)
    rooms = somebody.until("/api/v1/live", lambda live: [room for room in live["rooms"] if room["participants"]])
    people = [person for room in rooms for person in room["participants"]]
    incidents = somebody.get("/api/v1/incidents")["incidents"]
    notifications = somebody.get("/api/v1/notifications")["notifications"]
    document = of_real_things(
        somebody.get("/api/v1/openapi.json"),
        room=[name for room in rooms for name in (room["room_sid"], room["room_name"]) if name],
        participant=[name for each in people for name in (each["participant_sid"], each["identity"]) if name],
        id=[each["id"] for each in (*incidents, *notifications)],
        name=["terminal"],
    )
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    config = tmp_path / "schemathesis.toml"
    config.write_text(f"[phases.coverage]\nunexpected-methods = {json.dumps(UNEXPECTED)}\n", encoding="utf-8")
    asked = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", str(file), "--url", own_demo.private),
            *("--exclude-path", "/logout"),  # or everything after it would be 401
            *("--exclude-path", "/api/v1/rooms/{room}/stream"),  # has no end as long as its call has none
            *("--phases", "coverage,fuzzing,stateful"),
            *("--header", f"Cookie: {somebody.cookie}", "--checks", ",".join(CHECKS)),
            *("--max-time", str(ASKS_FOR_S), "--seed", "1", "--workers", "1", "--continue-on-failure"),
            *("--suppress-health-check", "all", "--generation-database", "none", "--no-color", "--warnings", "off"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=ASKS_FOR_S * 4,
        check=False,
    )
    assert somebody.get("/api/v1/session")["way"] == "session", "expected to have been logged in all the time"
    assert asked.returncode == 0, asked.stdout[-20_000:] + asked.stderr[-2_000:] + own_demo.said()
