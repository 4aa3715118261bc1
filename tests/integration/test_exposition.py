"""What Prometheus gets from a daemon that runs, in the format that it asks for."""

import asyncio

import pytest

from tests.builders import ACCOUNT, INGEST_KEY, ROOM, packed, post, quality


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
    async with asyncio.timeout(5):
        while not (alerts := [a for a in running.daemon.evaluation.engine.alerts if a.rule == "Any"]):
            await asyncio.sleep(0.02)
    labels = {"room": ROOM, "room_name": "acme:class:1", "account": ACCOUNT}
    assert alerts[0].labels == labels
    async with running.http.get(f"{running.private}/metrics") as answer:
        page = await answer.text()
    assert not any(value in page for value in labels.values())
