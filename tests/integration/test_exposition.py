"""What Prometheus gets from a daemon that runs, in the format that it asks for."""

import asyncio
import time
from logging import getLogger
from math import isnan

import pytest
from prometheus_client.parser import text_string_to_metric_families

from alerts.matchers import parse_matcher
from tests.builders import ACCOUNT, INGEST_KEY, ROOM, packed, post, quality
from tests.conftest import Running
from tests.paged import ladder, opened, people, tell, until

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.mark.parametrize("scrape", ["text/plain", "application/openmetrics-text; version=1.0.0"])
async def test_what_the_configuration_names_is_counted_from_zero(start, scrape):
    pager = {"kind": "webhook", "url": "http://127.0.0.1:9/"}
    running = await start(receivers={"pager": pager}, alertmanager={"urls": ["http://127.0.0.1:9/am"]})
    async with running.http.get(f"{running.private}/metrics", headers={"Accept": scrape}) as answer:
        lines = (await answer.text()).splitlines()
    assert 'roomwatch_notifications_total{receiver="pager"} 0.0' in lines
    assert 'roomwatch_notifications_failed_total{reason="rejected",receiver="pager"} 0.0' in lines
    assert 'roomwatch_alertmanager_posts_total{member="http://127.0.0.1:9"} 0.0' in lines
    assert 'roomwatch_alertmanager_posts_failed_total{member="http://127.0.0.1:9",reason="unavailable"} 0.0' in lines
    assert 'roomwatch_alertmanager_last_success_timestamp_seconds{member="http://127.0.0.1:9"} 0.0' in lines
    assert 'roomwatch_alert_transitions_total{reason="held",rule="RoomQualityDegraded"} 0.0' in lines
    assert 'roomwatch_twilio_throttled_total{account="ACaa…aaaa"} 0.0' in lines
    assert 'roomwatch_twilio_retries_total{account="ACaa…aaaa",reason="timeout"} 0.0' in lines


async def test_a_room_is_counted_for_its_tenant(start):
    running = await start(names={"tenants": ["acme"]})
    sent = packed(post(quality(1), room_name="acme:class:1"))
    headers = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
    async with running.http.post(f"{running.public}/v1/telemetry", data=sent, headers=headers) as answer:
        assert answer.status == 202
    async with running.http.get(f"{running.private}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    assert 'roomwatch_tenant_live_participants{level="1",tenant="acme"} 1.0' in lines


async def test_where_an_alert_is_becomes_no_label_of_a_metric(start):
    running = await start(rules=[{"name": "Any", "over": "participant", "raise": "level <= 5", "clear": "level > 5"}])
    sent = packed(post(quality(1), room_name="acme:class:1"))
    headers = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
    async with running.http.post(f"{running.public}/v1/telemetry", data=sent, headers=headers) as answer:
        assert answer.status == 202
    async with asyncio.timeout(30):
        while not (alerts := [a for a in running.daemon.evaluation.engine.alerts if a.rule == "Any"]):
            await asyncio.sleep(0.02)
    labels = {"room": ROOM, "room_name": "acme:class:1", "account": ACCOUNT}
    assert alerts[0].labels == labels
    async with running.http.get(f"{running.private}/metrics") as answer:
        page = await answer.text()
    assert not any(value in page for value in labels.values())


async def values(running: Running, name: str) -> dict[str, float]:
    """Return the series of a metric as a scrape shows them, by their labels."""
    async with running.http.get(f"{running.private}/metrics") as answer:
        page = await answer.text()
    samples = [each for family in text_string_to_metric_families(page) for each in family.samples]
    return {",".join(each.labels.values()): each.value for each in samples if each.name == f"roomwatch_{name}"}


async def test_an_incident_is_counted_as_it_opens_is_looked_after_and_ends(start):
    async with people() as them:
        running = await start(**ladder(("0s", "first"), receivers=them.receivers("first")))
        group = await opened(running)
        assert (await values(running, "open_incidents"))["critical"] == 1
        assert (await values(running, "unacknowledged_incidents"))["critical"] == 1
        assert (await values(running, "incident_oldest_timestamp_seconds"))[""] == group.opened_at
        assert (await values(running, "firing_alerts"))["ParticipantQualityDegraded"] == 1
        groups = running.daemon.evaluation.groups
        assert await running.daemon.evaluation.do(lambda now_s: groups.acknowledge(group.incident, "anna", now_s))
        assert (await values(running, "unacknowledged_incidents"))["critical"] == 0
        assert (await values(running, "incident_oldest_timestamp_seconds"))[""] == 0
        await tell(running, 4)
        await until(lambda: not running.daemon.evaluation.groups.open_incidents())
    assert (await values(running, "open_incidents"))["critical"] == 0
    assert (await values(running, "incidents_total"))["critical"] == 1
    assert (await values(running, "incident_acknowledgement_delay_seconds_count"))[""] == 1
    assert (await values(running, "incident_duration_seconds_count"))[""] == 1


async def test_silences_and_those_whom_they_mute_are_counted(start):
    async with people() as them:
        running = await start(**ladder(("0s", "first"), receivers=them.receivers("first")))
        silences, now_s = running.daemon.alerting.silences, running.daemon.clock.now_s()
        everything = [parse_matcher('alertname=~".+"')]
        await silences.add(everything, starts_at=None, ends_at=now_s + 600, author="anna", reason="work")
        await silences.add(everything, starts_at=now_s + 60, ends_at=now_s + 600, author="anna", reason="more work")
        await tell(running, 1)
        await until(running.daemon.evaluation.groups.mutes)
    assert await values(running, "silences") == {"active": 1, "pending": 1}
    assert await values(running, "muted_alerts") == {"silence": 1, "inhibition": 0, "time_window": 0}


async def test_a_line_that_somebody_may_want_to_read_is_counted(running):
    before = await values(running, "log_lines_total")
    getLogger("monitor.app").warning("the house is on fire")
    getLogger("alerts.dispatcher").error("and so is the garden")
    after = await values(running, "log_lines_total")
    assert after["error"] == before["error"] + 1
    assert after["warning"] > before["warning"]  # that Twilio cannot be reached may have been said meanwhile


async def test_what_the_first_scrape_took_is_known_to_the_second(running):
    (first,), (second,) = [(await values(running, "exposition_duration_seconds")).values() for _ in range(2)]
    assert isnan(first)
    assert 0 < second < 10


async def test_whoever_wants_no_sid_in_prometheus_switches_exemplars_off(start):
    sample = {"type": "media_stats", "at": int(time.time() * 1000), "rtt_ms": 61}
    headers = {"Authorization": f"Bearer {INGEST_KEY}", "Content-Type": "application/json"}
    shown = []
    for exemplars in (True, False):
        running = await start(metrics={"exemplars": exemplars})
        async with running.http.post(
            f"{running.public}/v1/telemetry", data=packed(post(sample)), headers=headers
        ) as answer:
            assert answer.status == 202
        async with running.http.get(f"{running.private}/metrics", headers={"Accept": OPENMETRICS}) as answer:
            shown.append(f'room_sid="{ROOM}"' in await answer.text())
    assert shown == [True, False]
