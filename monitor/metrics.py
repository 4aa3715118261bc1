"""Which metrics are there, and how is one counted?

Every family of the exposition is one row of `FAMILIES`: its name, kind, help, labels, and the label values that exist
from the start, so that a counter is zero before it is one.  Counting is a dictionary addition, done beside the work
it counts; what can be read off the live picture is not counted but looked up when Prometheus asks
(`monitor.exposition`).  No label ever holds a SID, a name or an identity.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from alerts.acknowledgement import API, COMMAND, LINK, SMS, VOICE
from collectors import callbacks, event_streams
from collectors.events import CanarySeen, Event
from collectors.observations import (
    SINGLES,
    MediaStats,
    MediaStatsSeries,
    NetworkQuality,
    NetworkQualitySeries,
    Observation,
    TelemetryBatch,
)
from monitor.canary_steps import FIRST_STEP, LAST_STEP, STEPS
from monitor.store.keeping import CLASSES

Labels = tuple[str, ...]
Observe = Callable[[float], None]

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
_NOTED_AT_ONCE = 256  # few enough to be still at hand for the processor
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_DELAY = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_RTT = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.4, 0.6, 1.0, 2.0)
_JITTER = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25)
_LOSS = (0.0, 0.001, 0.005, 0.01, 0.03, 0.05, 0.08, 0.15, 0.3)
_BATCH = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
_DIRECTIONS = ("up", "down")
_CODES = ("202", "400", "401", "403", "408", "413", "415", "429", "503")
RETRIES = ("throttled", "server", "timeout", "network")  # why a request to Twilio is sent again
FAILURES = ("rejected", "unavailable", "unknown")  # why an attempt to notify did not deliver
RECEIPTS = ("status", "reply", "digit", "event")
WAYS = (SMS, VOICE, LINK, API, COMMAND, "PagerDuty", "Slack")  # by which people say that they look after an incident
LEVELS = ("0", "1", "2", "3", "4", "5", "idle", "unknown")

FAMILIES: Mapping[str, Family] = {
    # the calls
    "roomwatch_config_last_reload_successful": Family(
        "gauge", "Whether the configuration was right when it was last read: 1 or 0."
    ),
    "roomwatch_config_last_reload_success_timestamp_seconds": Family(
        "gauge", "When the configuration in use was read, since the epoch."
    ),
    "roomwatch_live_rooms": Family("gauge", "Rooms believed to be in progress."),
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
    "roomwatch_participant_rtt_seconds": Family(
        "histogram", "Round-trip times in media samples.", buckets=_RTT, unit=_MS
    ),
    "roomwatch_participant_jitter_seconds": Family(
        "histogram", "Jitter in media samples.", ("direction",), (_DIRECTIONS,), _JITTER, _MS
    ),
    "roomwatch_participant_loss_ratio": Family(
        "histogram", "Packet loss in media samples.", ("direction",), (_DIRECTIONS,), _LOSS
    ),
    "roomwatch_open_compositions": Family(
        "gauge", "Compositions that are not finished, and those that failed lately.", ("status",),
        (("enqueued", "processing", "failed"),),
    ),
    # what comes in
    "roomwatch_telemetry_posts_total": Family("counter", "Telemetry posts by answer.", ("code",), (_CODES,)),
    "roomwatch_telemetry_events_total": Family(
        "counter", "Telemetry events accepted.", ("event",), (tuple(SINGLES),)
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
        (("pending", "firing"), ("critical", "warning", "info")),
    ),
    "roomwatch_blind": Family(
        "gauge", "Whether nothing is told by whoever should tell, so that alerts stand still.", ("by",),
        (("twilio", "browsers"),),
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
    "roomwatch_pipeline_commits_total": Family("counter", "Transactions of the pipeline."),
    "roomwatch_pipeline_commit_failures_total": Family("counter", "Transactions of the pipeline that failed."),
    "roomwatch_pipeline_commit_duration_seconds": Family("histogram", "Time of a pipeline commit.", buckets=_SECONDS),
    "roomwatch_pipeline_commit_events": Family("histogram", "Events stored by one commit.", buckets=_BATCH),
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
    "roomwatch_store_free_bytes": Family("gauge", "What of the database file waits for further rows."),
    "roomwatch_store_full": Family("gauge", "Whether the disk is full, and telemetry is refused for that."),
    "roomwatch_build_info": Family("gauge", "Always 1; says which build this is.", ("version", "python")),
}  # fmt: skip


class Histogram:
    """Counts by bucket; the last one has no upper bound.

    What comes by the thousand is noted first and counted later, many at once, which costs a fraction: `note` is the
    `append` of a list.  Whoever notes must see to it that `count_noted` is called now and then.
    """

    __slots__ = ("_counts", "_noted", "_noted_bounds", "_total", "_unit", "bounds", "note")

    def __init__(self, bounds: tuple[float, ...], unit: float = 1.0) -> None:
        self.bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0
        self._unit = unit  # what a noted 1 is worth
        self._noted_bounds = tuple(round(bound / unit, 6) for bound in bounds)
        self._noted: list[float] = []
        self.note = self._noted.append

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self._total += value

    def note_all(self, values: Sequence[float | None]) -> None:
        """Note several values, of which some may be unknown."""
        self._noted += [value for value in values if value is not None]

    def count_noted(self) -> None:
        """Count what was noted."""
        noted = self._noted
        noted.sort()
        below = 0
        for bucket, bound in enumerate(self._noted_bounds):
            upto = bisect_right(noted, bound)
            self._counts[bucket] += upto - below
            below = upto
        self._counts[-1] += len(noted) - below
        self._total += sum(noted) * self._unit
        noted.clear()

    @property
    def counts(self) -> Sequence[int]:
        """Return how many values fell into each bucket."""
        self.count_noted()
        return self._counts

    @property
    def total(self) -> float:
        """Return the sum of all values."""
        self.count_noted()
        return self._total


class Metrics:
    """What has been counted since the process started."""

    def __init__(self) -> None:
        self.values: dict[str, dict[Labels, float]] = {}
        self.histograms: dict[str, dict[Labels, Histogram]] = {}
        for name, family in FAMILIES.items():
            known = list(product(*family.known)) if len(family.known) == len(family.labels) else []
            if family.kind == "histogram":
                self.histograms[name] = {labels: Histogram(family.buckets, family.unit) for labels in known}
            else:
                self.values[name] = defaultdict(float, dict.fromkeys(known, 0.0))
        self._rtt = self.histograms["roomwatch_participant_rtt_seconds"][()]
        self._up, self._down = (self._of_direction(direction) for direction in _DIRECTIONS)
        self._note_rtt = self._rtt.note
        self._note_up_jitter, self._note_up_loss = (histogram.note for histogram in self._up)
        self._note_down_jitter, self._note_down_loss = (histogram.note for histogram in self._down)
        self._noted_samples = 0
        self._seen = self.values["roomwatch_telemetry_events_total"]
        self._last_telemetry = self.values["roomwatch_telemetry_last_timestamp_seconds"]

    def expect(self, name: str, *known: Iterable[str]) -> None:
        """Show a counter's series from now on, for values that only the configuration knows, label by label.

        The first page that fails would otherwise go unseen: Prometheus sees no increase where a series begins at 1.
        """
        for labels in product(*known):
            self.values[name].setdefault(labels, 0.0)

    def add(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a counter."""
        self.values[name][labels] += by

    def set(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self.values[name][labels] = value

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
        for (
            seen
        ) in batch.observations:  # by their type, the most frequent first: this is done for every sample there is
            if type(seen) is MediaStats:
                media += 1
                self._note_media(seen)
            elif type(seen) is NetworkQuality:
                levels += 1
            elif type(seen) is MediaStatsSeries:
                media += len(seen.at_ms)
                self._note_series(seen)
            elif type(seen) is NetworkQualitySeries:
                levels += len(seen.at_ms)
            else:
                self._seen[_LABEL[type(seen)]] += 1
        self._seen[_LEVELS] += levels
        if media:
            self._seen[_MEDIA] += media
            self._noted_samples += media
            if self._noted_samples >= _NOTED_AT_ONCE:
                self._count_noted()

    def _count_canary(self, event: CanarySeen) -> None:
        if event.step == FIRST_STEP:  # well or not, every run tells of it once
            self.add("roomwatch_canary_runs_total")
        if event.seconds is None:
            self.add("roomwatch_canary_failures_total", event.step)
            return
        self.set("roomwatch_canary_step_duration_seconds", event.seconds, event.step)
        if event.step == LAST_STEP:
            self.set("roomwatch_canary_last_success_timestamp_seconds", event.seen_at_ms / 1000)

    def _of_direction(self, direction: str) -> tuple[Histogram, Histogram]:
        jitter = self.histograms["roomwatch_participant_jitter_seconds"]
        loss = self.histograms["roomwatch_participant_loss_ratio"]
        return jitter[(direction,)], loss[(direction,)]

    def _note_media(self, stats: MediaStats) -> None:
        if stats.rtt_ms is not None:
            self._note_rtt(stats.rtt_ms)
        if (up := stats.up) is not None:
            if up.jitter_ms is not None:
                self._note_up_jitter(up.jitter_ms)
            if up.loss_ratio is not None:
                self._note_up_loss(up.loss_ratio)
        if (down := stats.down) is not None:
            if down.jitter_ms is not None:
                self._note_down_jitter(down.jitter_ms)
            if down.loss_ratio is not None:
                self._note_down_loss(down.loss_ratio)

    def _note_series(self, series: MediaStatsSeries) -> None:
        self._rtt.note_all(series.rtt_ms)
        for direction, (jitter, loss) in ((series.up, self._up), (series.down, self._down)):
            if direction is not None:
                jitter.note_all(direction.jitter_ms)
                loss.note_all(direction.loss_ratio)

    def _count_noted(self) -> None:
        self._noted_samples = 0
        for histogram in (self._rtt, *self._up, *self._down):
            histogram.count_noted()


_LABEL: Mapping[type[Observation], Labels] = {kind: (name,) for name, kind in SINGLES.items()}
_LEVELS, _MEDIA = _LABEL[NetworkQuality], _LABEL[MediaStats]
