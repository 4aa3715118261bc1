"""Does the store learn why somebody had no microphone or camera, or was not let in?

Twilio's own SDK asks a real Chromium for the devices, and gets the browser's own error; the application passes it on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.builders import access_token
from tests.e2e.browser_calls import CHROMIUM, Stage, staged, until
from tests.e2e.tools import tool

pytestmark = pytest.mark.e2e

FAKE_CAMERA, ALLOWED = "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"

#: An application that could not connect, and says so.
COULD_NOT_JOIN = """async ({url, token, ...options}) => {
  const watcher = roomwatch.watch({name: "acme:class:1", identity: "alice"}, {url, token, flushMs: 100});
  const given = {iceServers: [], insights: false, audio: false, ...options};
  try { await Twilio.Video.connect("no token", given) } catch (error) { watcher.failed(error, "video") }
  watcher.stop();
}"""


@contextmanager
def without(flag: str, chromium: Browser, folder: Path) -> Iterator[Stage]:
    """Start a daemon, a site, and a browser like the others but for a flag."""
    args = [each for each in CHROMIUM if each != flag]
    other = chromium.browser_type.launch(executable_path=tool("chromium"), args=args)
    with other as browser, staged(folder, browser) as stage:
        yield stage


def could_not_join(stage: Stage, page: Page, **options: Any) -> dict[str, Any]:
    """Let somebody fail to join; return the post that tells of it."""
    page.evaluate(COULD_NOT_JOIN, {"url": stage.watch.url, "token": access_token(), **options})
    (post,) = until(stage.watch.posts, "a post")
    return dict(post)


def test_a_person_without_a_camera_is_told_of_by_name_and_room(chromium: Browser, tmp_path: Path) -> None:
    with without(FAKE_CAMERA, chromium, tmp_path) as stage:
        post = could_not_join(stage, stage.open(), video=True)
        assert (post["room_name"], post["identity"]) == ("acme:class:1", "alice")
        assert not {"room_sid", "participant_sid"} & set(post)
        assert stage.watch.told("device") == [{"error": "NotFoundError", "kind": "video"}]


def test_a_camera_that_is_not_allowed_is_told_of_as_the_browser_names_it(chromium: Browser, tmp_path: Path) -> None:
    with without(ALLOWED, chromium, tmp_path) as stage:
        page = stage.open()
        page.context.grant_permissions([])  # which refuses whatever is not among them
        could_not_join(stage, page, video=True)
        assert stage.watch.told("device") == [{"error": "NotAllowedError", "kind": "video"}]


def test_a_camera_that_is_gone_is_told_of_during_the_call_and_the_call_goes_on(stage: Stage) -> None:
    page = stage.enter()
    page.evaluate(
        """Twilio.Video.createLocalVideoTrack({deviceId: {exact: "gone"}}).catch((error) => watcher.failed(error))"""
    )
    until(lambda: stage.watch.told("device"), "a failure")
    assert stage.watch.told("device") == [{"error": "OverconstrainedError"}]
    page.evaluate("watcher.feedback({text: 'still here'})")
    until(stage.watch.texts, "feedback")
    assert stage.watch.told("connection") == [{"state": "connected"}]


def test_a_room_that_is_full_is_told_of_by_twilios_code(stage: Stage) -> None:
    page = stage.open()
    page.evaluate("server.connected = async () => ({type: 'error', code: 53105, message: 'as told'})")
    could_not_join(stage, page, tracks=[])
    assert stage.watch.told("connection") == [{"state": "disconnected", "code": 53105}]
