"""What Prometheus gets from a daemon that runs, in the format that it asks for."""

import pytest


@pytest.mark.parametrize("scrape", ["text/plain", "application/openmetrics-text; version=1.0.0"])
async def test_what_the_configuration_names_is_counted_from_zero(start, scrape):
    pager = {"kind": "webhook", "url": "http://127.0.0.1:9/"}
    running = await start(receivers={"pager": pager})
    async with running.http.get(f"{running.private}/metrics", headers={"Accept": scrape}) as answer:
        lines = (await answer.text()).splitlines()
    assert 'roomwatch_notifications_total{receiver="pager"} 0.0' in lines
    assert 'roomwatch_notifications_failed_total{reason="rejected",receiver="pager"} 0.0' in lines
    assert 'roomwatch_alert_transitions_total{reason="held",rule="RoomQualityDegraded"} 0.0' in lines
