"""Which metrics are of the calls and alerts, and which of the process that is asked?

On one machine that does not matter.  Of several replicas each has the same picture, so that what is read off it is the
same everywhere, and would be counted once for each of them: `/metrics/fleet` has it, and is scraped once.  What is
counted as the picture changes begins anew with each replica; it is shown by one of them, whoever decides who is told.
Everything else belongs to the process, and adds up.

Pure.
"""

from collections.abc import Collection

from monitor.metrics import FAMILIES

#: What is read off the picture and what is stored.
OF_ALL = frozenset(
    f"roomwatch_{name}"
    for name in (
        *("live_rooms", "known_rooms", "degraded_rooms", "live_participants"),
        *("tenant_live_rooms", "tenant_live_participants", "kind_live_rooms", "kind_live_participants"),
        *("region_live_rooms", "region_live_participants", "reconnecting_participants", "heard_participants"),
        *("telemetry_coverage_ratio", "worst_room_degraded_ratio", "worst_room_degraded_participants"),
        *("open_compositions", "open_composition_oldest_timestamp_seconds", "open_recordings"),
        *("open_recording_oldest_timestamp_seconds", "troubled_rooms", "troubled_compositions", "troubled_recordings"),
        *("telemetry_last_timestamp_seconds", "callbacks_last_timestamp_seconds", "callbacks_trusted"),
        *("twilio_up", "twilio_last_success_timestamp_seconds", "twilio_stale_after_seconds", "account_trouble"),
        *("concurrency_ratio", "unsettled_rooms", "usage_day_cost", "usage_month_cost_forecast"),
        *("slo_objective_ratio", "slo_burn_rate", "slo_budget_remaining_ratio"),
        *("alerts", "firing_alerts", "open_incidents", "unacknowledged_incidents"),
        *("incident_oldest_timestamp_seconds", "silences"),
        *("outbox_waiting", "outbox_oldest_timestamp_seconds", "outbox_dead", "store_database_bytes"),
        "log_unsettled_timestamp_seconds",
    )
)

#: What is counted as the picture changes, and what only whoever decides who is told knows.
OF_WHO_DECIDES = frozenset(
    f"roomwatch_{name}"
    for name in (
        *("composition_duration_seconds", "callbacks_missed_total"),
        *("join_failures_total", "disconnects_total", "reconnects_total"),
        *("judged_call_seconds_total", "bad_call_seconds_total", "unknown_call_seconds_total"),
        *("tenant_judged_call_seconds_total", "tenant_bad_call_seconds_total"),
        *("region_judged_call_seconds_total", "region_bad_call_seconds_total"),
        *("join_attempts_total", "failed_join_attempts_total"),
        *("judged_compositions_total", "bad_compositions_total"),
        *("muted_alerts", "evaluation_timestamp_seconds"),
    )
)


def of_one_replica(*, decides: bool) -> Collection[str]:
    """Return the families of a process that shares the picture with others."""
    return FAMILIES.keys() - OF_ALL - (frozenset() if decides else OF_WHO_DECIDES)
