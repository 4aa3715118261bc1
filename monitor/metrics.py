"""Which metrics are there, and how is one counted?

Every family of the exposition is one row of `FAMILIES`: its name, kind, help, labels, and the label values that exist
from the start, so that a counter is zero before it is one.  Counting is a dictionary addition, done beside the work
it counts; what can be read off the live picture is not counted but looked up when Prometheus asks
(`monitor.exposition`).  No label ever holds a SID, a name or an identity.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from alerts.acknowledgement import API, COMMAND, LINK, SMS, VOICE
from alerts.muting import MUTED_BY
from collectors import callbacks, event_streams
from collectors.device_errors import Reason, reason_of
from collectors.events import CanarySeen, Event
from collectors.observations import (
    SINGLES,
    Device,
    MediaStats,
    MediaStatsSeries,
    NetworkQuality,
    NetworkQualitySeries,
    Observation,
    TelemetryBatch,
)
from monitor.canary_steps import FIRST_STEP, LAST_STEP, STEPS
from monitor.chores import CHORES
from monitor.headcount import LEVELS
from monitor.histograms import Histogram
from monitor.sample_counts import SCORED_EVERY, SampleCounts, Way
from monitor.stalls.judgement import Cause
from monitor.store.keeping import CLASSES

Labels = tuple[str, ...]

ROOM_TROUBLES = ("overdue", "crowded")
COMPOSITION_TROUBLES = ("stuck", "missing", "failed", "empty")
RECORDING_TROUBLES = ("failed", "empty")


class Family(NamedTuple):
    """One metric family; `known` lists, label by label, the values that are exported from the start."""

    kind: str  # counter, gauge or histogram
    help: str
    labels: tuple[str, ...] = ()
    known: tuple[Sequence[str], ...] = ()
    buckets: tuple[float, ...] = ()
    unit: float = 1.0  # what a noted 1 is worth in the unit of the buckets


_MS = 0.001
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LATE = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
_DELAY = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_RTT = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.4, 0.6, 1.0, 2.0)
_JITTER = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25)
_LOSS = (0.0, 0.001, 0.005, 0.01, 0.03, 0.05, 0.08, 0.15, 0.3)
_BATCH = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
_SCORE = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.2)  # of which 3.5 parts good minutes from others
_COMPOSING = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0)
_ACKNOWLEDGING = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0)
_INCIDENT = (60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0)
_DIRECTIONS = ("up", "down")
_WAY = ("jitter_seconds", "loss_ratio", "score")  # what is counted of each direction
_SAMPLED = ("roomwatch_participant_rtt_seconds", *(f"roomwatch_participant_{name}" for name in _WAY))
_CODES = ("202", "400", "401", "403", "408", "413", "415", "429", "503")
RETRIES = ("throttled", "server", "timeout", "network")  # why a request to Twilio is sent again
FAILURES = ("rejected", "unavailable", "unknown")  # why an attempt to notify did not deliver
RECEIPTS = ("status", "reply", "digit", "event")
WAYS = (SMS, VOICE, LINK, API, COMMAND, "PagerDuty", "Slack")  # by which people say that they look after an incident
SEVERITIES = ("critical", "warning", "info")
_LISTENERS = ("public", "private")
LIMITS = (  # of a listener, that somebody may reach
    *("connections", "address", "memory", "handshake", "certificate"),
    *("head_bytes", "headers", "head_time", "body_bytes", "body_time", "reading_time"),
)
WORST_ROOMS = 10
RANKS = tuple(str(rank) for rank in range(1, WORST_ROOMS + 1))

FAMILIES: Mapping[str, Family] = {
    # the calls
    "roomwatch_config_last_reload_successful": Family(
        "gauge", "Whether the configuration was right when it was last read: 1 or 0."
    ),
    "roomwatch_config_last_reload_success_timestamp_seconds": Family(
        "gauge", "When the configuration in use was read, since the epoch."
    ),
    "roomwatch_config_hash": Family(
        "gauge", "The beginning of a hash of the configuration file in use, as a number; 0: there is no file."
    ),
    "roomwatch_http_connections": Family(
        "gauge", "Connections that are open.", ("listener",), (_LISTENERS,)
    ),
    "roomwatch_http_connections_capacity": Family(
        "gauge", "Connections that may be open.", ("listener",), (_LISTENERS,)
    ),
    "roomwatch_http_limited_total": Family(
        "counter", "Connections turned away or ended, and requests refused, by the limit that they reached.",
        ("listener", "reason"), (_LISTENERS, LIMITS),
    ),
    "roomwatch_http_wrong_credentials_total": Family(
        "counter", "Wrong tokens and passwords, by how they were given.", ("way",), (("basic", "bearer", "form"),)
    ),
    "roomwatch_http_credentials_not_compared_total": Family(
        "counter", "Tokens and passwords that were not compared, since too many from their address were wrong."
    ),
    "roomwatch_web_files_last_read_successful": Family(
        "gauge", "Whether certificates and web configuration fitted together when they were last read: 1 or 0.",
        ("listener",), (_LISTENERS,),
    ),
    "roomwatch_tls_not_after_timestamp_seconds": Family(
        "gauge", "When the certificate of a listener ends, since the epoch; NaN: it has none.",
        ("listener",), (_LISTENERS,),
    ),
    "roomwatch_live_rooms": Family("gauge", "Rooms believed to be in progress."),
    "roomwatch_known_rooms": Family("gauge", "Live rooms in which the level of somebody is known."),
    "roomwatch_degraded_rooms": Family("gauge", "Live rooms in which the level of somebody is 1 or 0."),
    "roomwatch_live_participants": Family(
        "gauge", "Participants in live rooms by network quality level; idle: nothing flows.", ("level",), (LEVELS,)
    ),
    "roomwatch_tenant_live_rooms": Family("gauge", "Live rooms of the tenants listed in [names].", ("tenant",)),
    "roomwatch_tenant_live_participants": Family(
        "gauge", "Participants in live rooms of the tenants listed in [names].", ("tenant", "level")
    ),
    "roomwatch_kind_live_rooms": Family("gauge", "Live rooms of the kinds listed in [names].", ("resource_kind",)),
    "roomwatch_kind_live_participants": Family(
        "gauge", "Participants in live rooms of the kinds listed in [names].", ("resource_kind", "level")
    ),
    "roomwatch_reconnecting_participants": Family("gauge", "Participants that are reconnecting."),
    "roomwatch_heard_participants": Family(
        "gauge", "Participants in live rooms whose own browser told something within the last minute."
    ),
    "roomwatch_telemetry_coverage_ratio": Family(
        "gauge", "Share of the participants in live rooms that are heard; NaN: nobody is there."
    ),
    "roomwatch_worst_room_degraded_ratio": Family(
        "gauge", "Share of the people of known level in the worst rooms whose level is 1 or 0; NaN: no such room.",
        ("rank",), (RANKS,),
    ),
    "roomwatch_worst_room_degraded_participants": Family(
        "gauge", "Participants in the worst rooms whose level is 1 or 0; NaN: no such room.", ("rank",), (RANKS,)
    ),
    "roomwatch_region_live_rooms": Family(
        "gauge", "Live rooms of the media regions listed in [metrics].", ("media_region",)
    ),
    "roomwatch_region_live_participants": Family(
        "gauge", "Participants in live rooms of the media regions listed in [metrics].", ("media_region", "level")
    ),
    "roomwatch_participant_rtt_seconds": Family(
        "histogram", "Round-trip times in media samples.", buckets=_RTT, unit=_MS
    ),
    "roomwatch_participant_jitter_seconds": Family(
        "histogram", "Jitter in media samples.", ("direction",), (_DIRECTIONS,), _JITTER, _MS
    ),
    "roomwatch_participant_loss_ratio": Family(
        "histogram", "Packet loss in media samples.", ("direction",), (_DIRECTIONS,), _LOSS
    ),
    "roomwatch_participant_score": Family(
        "histogram", f"Scores from 1 to 4.5 of one in {SCORED_EVERY} media samples.", ("direction",), (_DIRECTIONS,),
        _SCORE,
    ),
    "roomwatch_open_compositions": Family(
        "gauge", "Compositions that are not finished, and those that failed lately.", ("status",),
        (("enqueued", "processing", "failed"),),
    ),
    "roomwatch_open_composition_oldest_timestamp_seconds": Family(
        "gauge", "Since when the longest waiting composition in a state has waited; 0: none does.", ("status",),
        (("enqueued", "processing"),),
    ),
    "roomwatch_composition_duration_seconds": Family(
        "histogram", "Time until a composition was completed, from its creation or the end of its room.",
        buckets=_COMPOSING,
    ),
    # what comes in
    "roomwatch_telemetry_posts_total": Family("counter", "Telemetry posts by answer.", ("code",), (_CODES,)),
    "roomwatch_telemetry_events_total": Family(
        "counter", "Telemetry events accepted.", ("event",), (tuple(SINGLES),)
    ),
    "roomwatch_device_failures_total": Family(
        "counter", "Microphones and cameras that a browser would not give, by why.", ("reason",), (tuple(Reason),)
    ),
    "roomwatch_telemetry_events_refused_total": Family("counter", "Telemetry events refused as malformed."),
    "roomwatch_telemetry_events_ignored_total": Family("counter", "Telemetry events of a type not known here."),
    "roomwatch_telemetry_fields_ignored_total": Family(
        "counter", "Fields not known here that were left out of accepted telemetry."
    ),
    "roomwatch_telemetry_repeats_total": Family("counter", "Telemetry posts that had been stored before."),
    "roomwatch_telemetry_late_posts_total": Family(
        "counter", "Telemetry posts that told of the past only, which the live picture does not show."
    ),
    "roomwatch_telemetry_wrong_clock_posts_total": Family(
        "counter", "Telemetry posts of clients whose clock is wrong, which was corrected."
    ),
    "roomwatch_telemetry_last_timestamp_seconds": Family("gauge", "When telemetry was last accepted; 0: never."),
    "roomwatch_callbacks_total": Family(
        "counter", "Callbacks and stream events taken, also repeats.", ("event",),
        ((*callbacks.EVENT_NAMES, *event_streams.EVENT_NAMES),),
    ),
    "roomwatch_callbacks_refused_total": Family(
        "counter", "Callbacks and deliveries of events refused.", ("reason",), (("signature", "malformed", "behind"),)
    ),
    "roomwatch_callbacks_repeats_total": Family("counter", "Callbacks and stream events that had been stored before."),
    "roomwatch_callbacks_last_timestamp_seconds": Family(
        "gauge", "When a callback or stream event of an account was last taken; 0: never.", ("account",)
    ),
    "roomwatch_callbacks_trusted": Family(
        "gauge", "Whether callbacks have told nearly everything lately, so that less has to be asked.", ("account",)
    ),
    "roomwatch_callback_delay_seconds": Family(
        "histogram", "Time from what a status callback tells of until it was taken.", buckets=_DELAY
    ),
    "roomwatch_receipts_total": Family(
        "counter", "What services told of pages: status, replies, digits pressed, events.", ("about",), (RECEIPTS,)
    ),
    "roomwatch_receipts_refused_total": Family(
        "counter", "What was told of pages and refused.", ("reason",), (("signature", "malformed", "store"),)
    ),
    "roomwatch_acknowledgements_total": Family(
        "counter", "What was said of incidents: that somebody looks after one, or no longer does.", ("via",), (WAYS,)
    ),
    "roomwatch_acknowledgements_missed_total": Family(
        "counter", "What was said of incidents that are not open, or of which nobody knows.", ("via",), (WAYS,)
    ),
    # what is asked
    "roomwatch_twilio_requests_total": Family(
        "counter", "Requests to Twilio by answer.", ("account", "resource", "code")
    ),
    "roomwatch_twilio_retries_total": Family(
        "counter", "Requests to Twilio that were sent again, by what had gone wrong.", ("account", "reason")
    ),
    "roomwatch_twilio_throttled_total": Family("counter", "Answers 429 from Twilio.", ("account",)),
    "roomwatch_twilio_throttled_seconds_total": Family(
        "counter", "Time that Twilio asked us to wait in answers 429.", ("account",)
    ),
    "roomwatch_twilio_key_changes_total": Family(
        "counter", "Times that another API key than before opened the account.", ("account",)
    ),
    "roomwatch_twilio_clock_offset_seconds": Family(
        "gauge", "How far Twilio's clock, which shows whole seconds, was ahead of ours at the last answer.",
        ("account",),
    ),
    "roomwatch_twilio_request_duration_seconds": Family("histogram", "Time to Twilio's answer.", buckets=_SECONDS),
    "roomwatch_twilio_up": Family(
        "gauge", "Whether the last poll of a resource worked.", ("account", "resource")
    ),
    "roomwatch_twilio_last_success_timestamp_seconds": Family(
        "gauge", "When a poll of a resource last worked; 0: never.", ("account", "resource")
    ),
    "roomwatch_twilio_stale_after_seconds": Family(
        "gauge", "Without a success for so long, what is known of a resource is old.", ("account", "resource")
    ),
    "roomwatch_twilio_budget_remaining_requests": Family("gauge", "Requests that may be made at once.", ("account",)),
    "roomwatch_twilio_budget_capacity_requests": Family(
        "gauge", "Requests that may be made at once when none has been made for a while.", ("account",)
    ),
    "roomwatch_twilio_rate_limit_requests_per_second": Family(
        "gauge", "Requests that may be made in the long run; fewer for a while after a 429.", ("account",)
    ),
    "roomwatch_twilio_concurrency_limit": Family("gauge", "Requests that may be under way at once.", ("account",)),
    "roomwatch_twilio_waiting_requests": Family("gauge", "Requests that wait for the budget.", ("account",)),
    "roomwatch_twilio_breaker_open": Family(
        "gauge", "Whether Twilio is left alone for a while, as it did not answer.", ("account",)
    ),
    # what a canary run found
    "roomwatch_canary_runs_total": Family("counter", "Canary runs begun."),
    "roomwatch_canary_failures_total": Family("counter", "Steps of canary runs that failed.", ("step",), (STEPS,)),
    "roomwatch_canary_step_duration_seconds": Family(
        "gauge", "Time that a step took when a canary run last did it well.", ("step",)
    ),
    "roomwatch_canary_last_success_timestamp_seconds": Family(
        "gauge", "When a canary run last went well from end to end; 0: never."
    ),
    # what goes wrong at Twilio
    "roomwatch_account_trouble": Family(
        "gauge", "Whether an account has a trouble with Twilio.", ("account", "trouble")
    ),
    "roomwatch_callbacks_missed_total": Family(
        "counter", "Rooms that began or ended, as polls found, and no callback told.", ("account",)
    ),
    "roomwatch_join_failures_total": Family(
        "counter", "People who could not join a room, by Twilio's error code.", ("account", "code")
    ),
    "roomwatch_disconnects_total": Family(
        "counter", "People who lost the connection to a room, by Twilio's error code.", ("account", "code")
    ),
    "roomwatch_reconnects_total": Family(
        "counter", "Times that people had to reconnect to a room, by Twilio's error code.", ("account", "code")
    ),
    "roomwatch_concurrency_ratio": Family(
        "gauge", "Live rooms or participants, whichever is nearer, over what the account may have.", ("account",)
    ),
    "roomwatch_unsettled_rooms": Family("gauge", "Rooms that are over and not yet known in full.", ("account",)),
    "roomwatch_troubled_rooms": Family(
        "gauge", "Live rooms that outlive their time, or are nearly full.", ("trouble",), (ROOM_TROUBLES,)
    ),
    "roomwatch_troubled_compositions": Family(
        "gauge", "Compositions that are stuck or missing, failed, or have nothing in them.", ("trouble",),
        (COMPOSITION_TROUBLES,),
    ),
    "roomwatch_open_recordings": Family("gauge", "Recordings that are being captured."),
    "roomwatch_open_recording_oldest_timestamp_seconds": Family(
        "gauge", "When the oldest recording that is being captured began; 0: none is."
    ),
    "roomwatch_troubled_recordings": Family(
        "gauge", "Recordings that failed lately, or have nothing in them.", ("trouble",), (RECORDING_TROUBLES,)
    ),
    "roomwatch_usage_day_cost": Family(
        "gauge", "What Video cost today, UTC, as far as Twilio has counted.", ("account", "currency")
    ),
    "roomwatch_usage_month_cost_forecast": Family(
        "gauge", "What Video will have cost by the end of the month, if it goes on so.", ("account", "currency")
    ),
    # what is promised
    "roomwatch_judged_call_seconds_total": Family(
        "counter", "Time of people in calls of which it is known whether it was good, counted by the minute."
    ),
    "roomwatch_bad_call_seconds_total": Family("counter", "Time of people in calls that was bad."),
    "roomwatch_unknown_call_seconds_total": Family(
        "counter", "Time of people in calls who report, of which too little is known to say whether it was good."
    ),
    "roomwatch_tenant_judged_call_seconds_total": Family(
        "counter", "The judged time of the tenants listed in [names].", ("tenant",)
    ),
    "roomwatch_tenant_bad_call_seconds_total": Family(
        "counter", "The bad time of the tenants listed in [names].", ("tenant",)
    ),
    "roomwatch_region_judged_call_seconds_total": Family(
        "counter", "The judged time of the media regions listed in [metrics].", ("media_region",)
    ),
    "roomwatch_region_bad_call_seconds_total": Family(
        "counter", "The bad time of the media regions listed in [metrics].", ("media_region",)
    ),
    "roomwatch_join_attempts_total": Family("counter", "Times that somebody joined a room, or tried to."),
    "roomwatch_failed_join_attempts_total": Family("counter", "Times that somebody could not join a room."),
    "roomwatch_judged_compositions_total": Family("counter", "Compositions that are finished, or should be."),
    "roomwatch_bad_compositions_total": Family("counter", "Compositions that were late, failed, or are empty."),
    "roomwatch_slo_objective_ratio": Family("gauge", "The share that is to end well.", ("slo",)),
    "roomwatch_slo_burn_rate": Family(
        "gauge", "How many times as fast as allowed an error budget was spent within a window.",
        ("slo", "scope", "window"),
    ),
    "roomwatch_slo_budget_remaining_ratio": Family(
        "gauge", "What is left of an error budget of 30 days; below 0: it is overdrawn.", ("slo", "scope")
    ),
    # what is concluded
    "roomwatch_alerts": Family(
        "gauge", "Alerts by state and severity.", ("state", "severity"),
        (("pending", "firing"), SEVERITIES),
    ),
    "roomwatch_firing_alerts": Family("gauge", "Alerts that fire, by rule.", ("rule",)),
    "roomwatch_muted_alerts": Family(
        "gauge", "Alerts that fire and of which nobody is told, by what mutes them.", ("by",), (MUTED_BY,)
    ),
    "roomwatch_open_incidents": Family("gauge", "Incidents that are open.", ("severity",), (SEVERITIES,)),
    "roomwatch_unacknowledged_incidents": Family(
        "gauge", "Open incidents that nobody looks after.", ("severity",), (SEVERITIES,)
    ),
    "roomwatch_incident_oldest_timestamp_seconds": Family(
        "gauge", "When the open incident that nobody looks after for longest began; 0: there is none."
    ),
    "roomwatch_incidents_total": Family("counter", "Incidents that were opened.", ("severity",), (SEVERITIES,)),
    "roomwatch_incident_acknowledgement_delay_seconds": Family(
        "histogram", "Time from the beginning of an incident until somebody first looked after it.",
        buckets=_ACKNOWLEDGING,
    ),
    "roomwatch_incident_duration_seconds": Family(
        "histogram", "Time from the beginning of an incident to its end.", buckets=_INCIDENT
    ),
    "roomwatch_silences": Family(
        "gauge", "Silences that are not over: active, or pending until they begin.", ("state",),
        (("active", "pending"),),
    ),
    "roomwatch_blind": Family(
        "gauge", "Whether nothing is told by whoever should tell, so that alerts stand still.", ("by",),
        (("twilio", "browsers", "log"),),
    ),
    "roomwatch_alert_transitions_total": Family("counter", "Changes of alert state by rule.", ("rule", "reason")),
    "roomwatch_notifications_total": Family("counter", "Attempts to notify.", ("receiver",)),
    "roomwatch_notifications_failed_total": Family(
        "counter", "Attempts to notify that did not deliver.", ("receiver", "reason")
    ),
    "roomwatch_notification_duration_seconds": Family("histogram", "Time to a receiver's answer.", buckets=_SECONDS),
    "roomwatch_alertmanager_posts_total": Family("counter", "Posts of alerts to an Alertmanager.", ("member",)),
    "roomwatch_alertmanager_posts_failed_total": Family(
        "counter", "Posts of alerts that an Alertmanager did not take.", ("member", "reason")
    ),
    "roomwatch_alertmanager_last_success_timestamp_seconds": Family(
        "gauge", "When an Alertmanager last took a post of alerts; 0: never.", ("member",)
    ),
    "roomwatch_heartbeat_last_success_timestamp_seconds": Family(
        "gauge", "When whoever watches from outside last took a heartbeat; 0: never."
    ),
    "roomwatch_heartbeat_failures_total": Family(
        "counter", "Heartbeats that were not owed, or not taken for long.", ("reason",)
    ),
    "roomwatch_notification_delay_seconds": Family(
        "histogram", "Time from the decision to notify until a receiver accepted it.", buckets=_DELAY
    ),
    "roomwatch_notifications_dead_total": Family("counter", "Notifications given up.", ("receiver",)),
    "roomwatch_receiver_circuit_open": Family(
        "gauge", "Whether a receiver has not answered for so long that only one attempt at a time goes.", ("receiver",)
    ),
    "roomwatch_outbox_waiting": Family("gauge", "Notifications not yet delivered."),
    "roomwatch_outbox_oldest_timestamp_seconds": Family(
        "gauge", "When the oldest waiting notification was owed; 0: none."
    ),
    "roomwatch_outbox_dead": Family("gauge", "Notifications given up."),
    # the house itself
    "roomwatch_pipeline_queue_events": Family("gauge", "Events waiting to be stored."),
    "roomwatch_pipeline_queue_capacity_events": Family("gauge", "Events that may wait before posts are refused."),
    "roomwatch_pipeline_queue_oldest_timestamp_seconds": Family(
        "gauge", "Since when events wait without any being stored; 0: none waits."
    ),
    "roomwatch_pipeline_commits_total": Family("counter", "Transactions of the pipeline."),
    "roomwatch_pipeline_commit_failures_total": Family("counter", "Transactions of the pipeline that failed."),
    "roomwatch_pipeline_commit_duration_seconds": Family("histogram", "Time of a pipeline commit.", buckets=_SECONDS),
    "roomwatch_pipeline_commit_events": Family("histogram", "Events stored by one commit.", buckets=_BATCH),
    "roomwatch_log_followed_events_total": Family(
        "counter", "Events of the log of a cluster that the live picture was made of here."
    ),
    "roomwatch_log_behind_seconds": Family(
        "gauge", "Since when the live picture is not known to have all that is in the log of a cluster; 0 without one."
    ),
    "roomwatch_log_unsettled_timestamp_seconds": Family(
        "gauge", "When the oldest of the log of a cluster was received that is not in ClickHouse yet; 0: none is."
    ),
    "roomwatch_duty_held": Family("gauge", "Whether this process has a duty that only one may have.", ("duty",)),
    "roomwatch_duty_changes_total": Family(
        "counter", "How often this process began a duty that only one may have, or ended it.", ("duty",)
    ),
    "roomwatch_store_settled_samples_total": Family("counter", "Samples packed by participant."),
    "roomwatch_store_dropped_rows_total": Family(
        "counter", "Rows dropped for their age, or that forgot who it was or from where.", ("class",), (CLASSES,)
    ),
    "roomwatch_store_retention_timestamp_seconds": Family(
        "gauge", "When what is too old of a class was last dropped; 0: never.", ("class",), (CLASSES,)
    ),
    "roomwatch_checkpoint_timestamp_seconds": Family("gauge", "When the live picture was last saved; 0: never."),
    "roomwatch_store_database_bytes": Family("gauge", "Size of the database file."),
    "roomwatch_store_wal_bytes": Family("gauge", "Size of the write-ahead log."),
    "roomwatch_store_wal_restart_timestamp_seconds": Family(
        "gauge", "When the write-ahead log was last seen to begin anew, all of it being in the database; 0: not yet."
    ),
    "roomwatch_store_waiting_writes": Family("gauge", "Transactions that wait for the one that is written."),
    "roomwatch_store_write_timestamp_seconds": Family(
        "gauge", "Since when the transaction under way is written; 0: none is."
    ),
    "roomwatch_store_free_bytes": Family("gauge", "What of the database file waits for further rows."),
    "roomwatch_store_damages_total": Family(
        "counter", "Times that a damaged page of the database was met, by whoever read, wrote or looked for it."
    ),
    "roomwatch_store_full": Family("gauge", "Whether the disk is full, and telemetry is refused for that."),
    "roomwatch_store_disk_free_bytes": Family(
        "gauge", "What is free on the disk of the database; NaN: it is in memory."
    ),
    "roomwatch_event_loop_lag_seconds": Family(
        "gauge", "How late the event loop was at worst in the last seconds; NaN: that was not tried yet."
    ),
    "roomwatch_event_loop_delay_seconds": Family(
        "histogram", "How late the event loop was, each time it came round; tried twenty times a second.",
        buckets=_LATE,
    ),
    "roomwatch_event_loop_stalls_total": Family(
        "counter", "Times that the event loop did not come round for 0.2 seconds, by what kept it.", ("cause",),
        (tuple(Cause),),
    ),
    "roomwatch_gc_pause_seconds": Family("histogram", "Time of a garbage collection.", buckets=_LATE),
    "roomwatch_event_loop_tasks": Family("gauge", "Tasks of the event loop that are under way."),
    "roomwatch_exposition_duration_seconds": Family(
        "gauge", "Time that it took to make the page before this one; NaN: there was none."
    ),
    "roomwatch_threads": Family("gauge", "Threads of the process."),
    "roomwatch_memory_limit_bytes": Family(
        "gauge", "Memory that the process may have, by the groups that it runs in; NaN: as much as there is."
    ),
    "roomwatch_call_streams": Family("gauge", "People who look at a call while it goes on."),
    "roomwatch_call_streams_capacity": Family("gauge", "People who may look at calls while they go on."),
    "roomwatch_chore_last_success_timestamp_seconds": Family(
        "gauge", "When a chore was last done; 0: not since the start, or it is not wanted.", ("chore",), (CHORES,)
    ),
    "roomwatch_chore_duration_seconds": Family(
        "gauge", "Time that a chore took last; NaN: it was not tried yet, or is not wanted.", ("chore",)
    ),
    "roomwatch_chore_failures_total": Family(
        "counter", "Times that a chore could not be done.", ("chore",), (CHORES,)
    ),
    "roomwatch_chore_interval_seconds": Family("gauge", "How often a chore is to be done.", ("chore",)),
    "roomwatch_evaluation_timestamp_seconds": Family(
        "gauge", "When rules were last looked at; every few seconds, though nothing happens. 0: not yet."
    ),
    "roomwatch_dispatch_timestamp_seconds": Family(
        "gauge", "When the outbox was last looked at; every minute, though nothing is owed. 0: not yet."
    ),
    "roomwatch_log_lines_total": Family(
        "counter", "Lines in the log that somebody may want to read.", ("severity",), (("warning", "error"),)
    ),
    "roomwatch_log_lines_held_total": Family(
        "counter",
        "Lines among them that were not written, since the same had been said before.",
        ("severity",),
        (("warning", "error"),),
    ),
    "roomwatch_build_info": Family("gauge", "Always 1; says which build this is.", ("version", "revision", "python")),
}  # fmt: skip


class Metrics:
    """What has been counted since the process started.

    Args:
        shows_exemplars: whether histograms of media samples may show single ones, with whose they were.
    """

    def __init__(self, *, shows_exemplars: bool = True) -> None:
        self.values: dict[str, dict[Labels, float]] = {}
        self.histograms: dict[str, dict[Labels, Histogram]] = {}
        for name, family in FAMILIES.items():
            known = list(product(*family.known)) if len(family.known) == len(family.labels) else []
            if family.kind == "histogram":
                self.histograms[name] = {labels: Histogram(family.buckets, family.unit) for labels in known}
            else:
                self.values[name] = defaultdict(float, dict.fromkeys(known, 0.0))
        rtt = self.histograms["roomwatch_participant_rtt_seconds"][()]
        ways = {direction: self._way(direction) for direction in _DIRECTIONS}
        self._samples = SampleCounts(rtt, ways, shows_exemplars=shows_exemplars)
        self._note_media = self._samples.note
        self._seen = self.values["roomwatch_telemetry_events_total"]
        self._last_telemetry = self.values["roomwatch_telemetry_last_timestamp_seconds"]

    def expect(self, name: str, *known: Iterable[str]) -> None:
        """Show the series of a counter, or of a gauge that is counted, from now on, label by label.

        They are for values that only the configuration knows.  The first page that fails would otherwise go unseen:
        Prometheus sees no increase where a series begins at 1.
        """
        for labels in product(*known):
            self.values[name].setdefault(labels, 0.0)

    def add(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a counter."""
        self.values[name][labels] += by

    def set(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self.values[name][labels] = value

    def set_counts(self, name: str, seen: Iterable[Labels]) -> None:
        """Set a gauge to how often each value was seen of those that are shown already, and of no other."""
        counts = Counter(seen)
        for labels in self.values[name]:
            self.values[name][labels] = counts[labels]

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Count a value in a histogram."""
        self.histograms[name][labels].observe(value)

    def total(self, name: str) -> float:
        """Return the sum of a family over its labels."""
        return sum(self.values[name].values())

    def count_event(self, event: Event) -> None:
        """Count an accepted event, and the numbers that it carries."""
        if type(event) is TelemetryBatch:
            self._count_telemetry(event)
        elif type(event) is CanarySeen:
            self._count_canary(event)

    def _count_telemetry(self, batch: TelemetryBatch) -> None:
        self._last_telemetry[()] = batch.received_at_ms / 1000
        media = levels = 0
        # By their type, the most frequent first: this is done for every sample there is.
        for seen in batch.observations:
            if type(seen) is MediaStats:
                media += 1
                self._note_media(seen)
            elif type(seen) is NetworkQuality:
                levels += 1
            elif type(seen) is MediaStatsSeries:
                media += len(seen.at_ms)
                self._samples.note_series(batch, seen)
            elif type(seen) is NetworkQualitySeries:
                levels += len(seen.at_ms)
            else:
                self._seen[_LABEL[type(seen)]] += 1
                if type(seen) is Device:
                    self.add("roomwatch_device_failures_total", reason_of(seen.error))
        self._seen[_LEVELS] += levels
        if media:
            self._seen[_MEDIA] += media
            self._samples.come_from(batch)

    def _count_canary(self, event: CanarySeen) -> None:
        if event.step == FIRST_STEP:  # well or not, every run tells of it once
            self.add("roomwatch_canary_runs_total")
        if event.seconds is None:
            self.add("roomwatch_canary_failures_total", event.step)
            return
        self.set("roomwatch_canary_step_duration_seconds", event.seconds, event.step)
        if event.step == LAST_STEP:
            self.set("roomwatch_canary_last_success_timestamp_seconds", event.seen_at_ms / 1000)

    def count_samples(self, since_ms: int = 0) -> None:
        """Count the media samples that have been noted: whoever reads their histograms calls this first.

        Args:
            since_ms: from when on samples are shown as exemplars.
        """
        self._samples.count()
        for name in _SAMPLED:
            for histogram in self.histograms[name].values():
                histogram.forget_exemplars(since_ms)

    def _way(self, direction: str) -> Way:
        jitter, loss, score = (self.histograms[f"roomwatch_participant_{name}"][(direction,)] for name in _WAY)
        return Way(jitter, loss, score)


_LABEL: Mapping[type[Observation], Labels] = {kind: (name,) for name, kind in SINGLES.items()}
_LEVELS, _MEDIA = _LABEL[NetworkQuality], _LABEL[MediaStats]
