"""Alertmanagers of several tempers, and whether each is shown what there is."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from alerts.alertmanager import Origin
from alerts.delivery import Delivered, Rejected, TryAgain
from alerts.mirror import Mirror
from alerts.model import State
from alerts.transport import Transport
from tests.alert_builders import make_alert

REFRESH_S = 4.0  # a failed member is tried again after a second at most


@dataclass
class FakeAlertmanager:
    """A member of a cluster: what it was posted, and how it answers."""

    url: str = ""
    status: int = 200
    hangs: bool = False
    posts: list[list[dict]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    async def take(self, request):
        self.posts.append(await request.json())
        self.at.append(time.monotonic())
        self.authorizations.append(request.headers.get("Authorization"))
        if self.hangs:
            await asyncio.sleep(60)
        return web.Response(status=self.status)

    def entities(self):
        return [[alert["labels"]["entity"] for alert in post] for post in self.posts]


@asynccontextmanager
async def served():
    member, app = FakeAlertmanager(), web.Application()
    app.router.add_post("/prefix/api/v2/alerts", member.take)
    async with TestServer(app) as server:
        member.url = str(server.make_url("/prefix/"))
        yield member


@dataclass
class House:
    """What there is to show, and what came of showing it."""

    firing: list = field(default_factory=list)
    resolved: list = field(default_factory=list)
    is_unreadable: bool = False
    results: list = field(default_factory=list)

    async def ended(self, _since):
        if self.is_unreadable:
            raise OSError
        return self.resolved

    def end(self, alert):
        self.firing.remove(alert)
        self.resolved.append(replace(alert, state=State.INACTIVE, since=time.time()))

    @asynccontextmanager
    async def mirrored(self, *members, refresh_s=REFRESH_S, **options):
        urls = [member.url for member in members]
        async with Transport(timeout_s=5.0) as transport:
            mirror = Mirror(
                urls,
                lambda: self.firing,
                self.ended,
                transport,
                time.time,
                lambda member, outcome: self.results.append((member, outcome)),
                origin=Origin("test", refresh_s=refresh_s),
                **options,
            )
            running = asyncio.create_task(mirror.run())
            try:
                yield mirror
            finally:
                running.cancel()
                await asyncio.wait([running])


@pytest.fixture
async def member():
    async with served() as member:
        yield member


@pytest.fixture
async def other():
    async with served() as member:
        yield member


@pytest.fixture
def house():
    return House(firing=[make_alert(fired_at=time.time())])


async def until(condition, within_s=30.0):
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


async def test_every_member_is_shown_everything_at_the_start(house, member, other):
    async with house.mirrored(member, other):
        await until(lambda: member.posts and other.posts)
    assert member.entities() == other.entities() == [["PA1"]]


async def test_what_fires_is_repeated_though_nothing_changes(house, member):
    async with house.mirrored(member, refresh_s=1.2):
        await until(lambda: len(member.posts) == 3)
    gaps = [later - earlier for earlier, later in zip(member.at, member.at[1:], strict=False)]
    assert all(gap > 0.6 for gap in gaps), gaps
    assert member.posts[2][0]["endsAt"] > member.posts[0][0]["endsAt"]


async def test_of_a_change_only_what_changed_is_sent_and_at_once(house, member):
    async with house.mirrored(member) as mirror:
        await until(lambda: member.posts)
        second = make_alert(entity="PA2", fingerprint="f1-PA2", fired_at=time.time())
        house.firing.append(second)
        mirror.wake()
        await until(lambda: len(member.posts) == 2)
        house.end(second)
        mirror.wake()
        await until(lambda: len(member.posts) == 3)
    assert member.entities() == [["PA1"], ["PA2"], ["PA2"]]
    assert member.posts[2][0]["endsAt"] < member.posts[1][0]["endsAt"]


async def test_what_has_ended_is_repeated_too(house, member):
    house.end(house.firing[0])
    async with house.mirrored(member, refresh_s=1.0):
        await until(lambda: len(member.posts) == 2)
    assert member.posts[0] == member.posts[1]


@pytest.mark.promise("P15")
async def test_a_member_that_hangs_delays_no_other(house, member, other):
    other.hangs = True
    async with house.mirrored(member, other, refresh_s=1.0):
        await until(lambda: len(member.posts) == 3)
    assert len(other.posts) == 1


async def test_a_member_that_failed_is_told_sooner_than_the_next_repeat(house, member):
    member.status = 503
    async with house.mirrored(member, refresh_s=60.0):
        await until(lambda: len(member.posts) == 2)
        member.status = 200
        await until(lambda: len(member.posts) == 3)
        await asyncio.sleep(0.2)
    assert len(member.posts) == 3
    names = {name for name, _ in house.results}
    assert [type(outcome) for _, outcome in house.results] == [TryAgain, TryAgain, Delivered]
    assert names == {member.url.removesuffix("/prefix/")}


@pytest.mark.promise("P40")
async def test_a_post_that_a_member_objects_to_holds_up_no_other(house, member):
    member.status = 400
    house.firing = [make_alert(fingerprint=f"f1-{number}", entity=f"PA{number}") for number in range(65)]
    async with house.mirrored(member):
        await until(lambda: len(member.posts) == 2)
    assert [len(post) for post in member.posts] == [64, 1]
    assert all(isinstance(outcome, Rejected) for _, outcome in house.results)


async def test_trouble_is_logged_once_and_so_is_its_end_without_the_address(house, member, caplog):
    caplog.set_level("INFO", logger="alerts.mirror")
    member.status = 500
    async with house.mirrored(member, refresh_s=1.0):
        await until(lambda: len(member.posts) == 3)
        member.status = 200
        await until(lambda: len(caplog.records) == 2)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "is not up to date: answered 500" in caplog.text
    assert "prefix" not in caplog.text


async def test_what_fires_is_shown_though_what_has_ended_cannot_be_read(house, member):
    house.is_unreadable = True
    async with house.mirrored(member):
        await until(lambda: member.posts)
    assert member.entities() == [["PA1"]]


@pytest.mark.promise("P38")
async def test_a_member_is_let_in_by_what_was_configured_and_that_is_shown_nowhere(house, member, caplog):
    member.status = 401
    async with house.mirrored(member, headers={"Authorization": "Bearer s3cret"}) as mirror:
        await until(lambda: house.results)
        assert "s3cret" not in f"{mirror.members} {house.results} {caplog.text}"
    assert member.authorizations == ["Bearer s3cret"]


async def test_where_there_is_no_alertmanager_there_is_nothing_to_do(house):
    async with house.mirrored() as mirror:
        mirror.wake()
        assert mirror.members == []
