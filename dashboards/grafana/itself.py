"""Does Roomwatch itself do its work: take in, store, decide, tell?"""

from dashboards.grafana import links
from dashboards.grafana.board import Board
from dashboards.grafana.layout import Row
from dashboards.grafana.panels import (
    BAD,
    GOOD,
    WARNING,
    YES_IS_BAD,
    YES_IS_GOOD,
    stat,
    states,
    timeseries,
)
from dashboards.grafana.promql import quantile, rate

_SOURCES = links.to_page("/sources", "Sources and budgets")
_TOLD = links.to_page("/notifications", "Notifications and dead letters")
_SETTINGS = links.to_page("/settings", "Settings")

_STATUS = Row(
    "Status",
    [
        stat(
            "Answers",
            {"{{instance}}": "up"},
            "NO: it is down, or Prometheus cannot reach it; see RoomwatchDown.",
            unit="none",
            words=YES_IS_GOOD,
        ),
        stat(
            "Version",
            {"{{version}}": "roomwatch_build_info"},
            "Which build runs. Two at once outside an upgrade: one was forgotten.",
            unit="none",
            words={1: ("runs", GOOD)},
            links=[_SETTINGS],
        ),
        stat(
            "Started",
            "max(process_start_time_seconds) * 1000",
            "Again and again within minutes: see RoomwatchRestarting and the last lines of the log.",
            unit="dateTimeFromNow",
        ),
        stat(
            "Configuration in use",
            "min(roomwatch_config_last_reload_successful)",
            "OLD: the file was refused when it was last read, and the one before is in use. "
            "`roomwatch check-config` says why.",
            unit="none",
            words={0: ("OLD", BAD), 1: ("as the file", GOOD)},
            links=[_SETTINGS],
        ),
        stat(
            "Outbox",
            {"wait": "sum(roomwatch_outbox_waiting)", "given up": "sum(roomwatch_outbox_dead)"},
            "Notifications that are owed, and those given up, which stay on record. Waiting for minutes: see "
            "RoomwatchOutboxStuck.",
            links=[_TOLD],
        ),
        stat(
            "Disk full",
            "max(roomwatch_store_full)",
            "YES: telemetry is refused, alerts live on a reserve. Make room; see RoomwatchStoreFull.",
            unit="none",
            words=YES_IS_BAD,
        ),
    ],
)

_TAKES_IN = Row(
    "Takes in",
    [
        timeseries(
            "Telemetry posts by answer",
            {"{{code}}": f"sum by (code) ({rate('roomwatch_telemetry_posts_total')}) > 0"},
            "A second. 401 and 403: tokens or origins; 429: one client too often; 503: the queue is full.",
            unit="reqps",
            is_stacked=True,
            colours={"202": GOOD, "503": BAD},
            links=[links.to_page("/blind-spots", "Blind spots")],
        ),
        timeseries(
            "Silence of the browsers",
            {"{{instance}}": "time() - (roomwatch_telemetry_last_timestamp_seconds > 0)"},
            "Since the last accepted post. Minutes while people are in calls: RoomwatchTelemetryStopped.",
            unit="s",
            steps=((300, BAD),),
            links=[links.to_page("/blind-spots", "Blind spots")],
        ),
        timeseries(
            "Callbacks: delay",
            {
                "95th percentile": quantile(0.95, "roomwatch_callback_delay_seconds"),
                "median": quantile(0.5, "roomwatch_callback_delay_seconds"),
            },
            "From what a callback tells of until it was taken. Long: Twilio is late, or this machine's clock is wrong.",
            unit="s",
            links=[links.to_dashboard(links.TWILIO, "Twilio API")],
        ),
    ],
)

_STORES = Row(
    "Stores",
    [
        timeseries(
            "Queue",
            {"{{instance}}": "roomwatch_pipeline_queue_events / roomwatch_pipeline_queue_capacity_events"},
            "How full the queue between doors and disk is. Above a half: the disk is slow, or more comes in than one "
            "process can take; see RoomwatchPipelineBehind.",
            unit="percentunit",
            most=1,
            steps=((0.5, BAD),),
        ),
        timeseries(
            "Time of a commit",
            {
                "95th percentile": quantile(0.95, "roomwatch_pipeline_commit_duration_seconds"),
                "median": quantile(0.5, "roomwatch_pipeline_commit_duration_seconds"),
            },
            "Milliseconds are usual. Tenths of a second for minutes: see RoomwatchDatabaseSlow.",
            unit="s",
            steps=((0.5, BAD),),
        ),
        timeseries(
            "Bytes on disk",
            {
                "database": "sum(roomwatch_store_database_bytes)",
                "of it unused": "sum(roomwatch_store_free_bytes)",
                "write-ahead log": "sum(roomwatch_store_wal_bytes)",
                "free on the disk": "min(roomwatch_store_disk_free_bytes >= 0)",
            },
            "If the database's line will meet the free one's within days, keep less by storage.raw_days, or make the "
            "disk larger; see RoomwatchDiskWillFill.",
            unit="bytes",
        ),
        timeseries(
            "Events stored",
            {
                "telemetry": f"sum({rate('roomwatch_telemetry_events_total')})",
                "samples settled": f"sum({rate('roomwatch_store_settled_samples_total')})",
                "commits that failed": f"sum({rate('roomwatch_pipeline_commit_failures_total')})",
            },
            "A second. Commits that fail: RoomwatchCommitFailing, at once.",
            unit="ops",
            colours={"commits that failed": BAD},
        ),
        timeseries(
            "Since it was last done",
            {
                "picture saved": "time() - min(roomwatch_checkpoint_timestamp_seconds > 0)",
                "too old dropped: {{class}}": (
                    "time() - min by (class) (roomwatch_store_retention_timestamp_seconds > 0)"
                ),
            },
            "The picture is saved every half minute, or more seldom if it is large; what is too old is looked for "
            "every hour. Much longer: see the log.",
            unit="s",
        ),
        timeseries(
            "Lines in the log",
            {"{{severity}}": f"sum by (severity) ({rate('roomwatch_log_lines_total')}) * 60"},
            "A minute, of warnings and errors. A step: read the log of that time.",
            colours={"error": BAD, "warning": WARNING},
        ),
    ],
)

_RUNS = Row(
    "Runs",
    [
        timeseries(
            "How late the loop is",
            {"{{instance}}": "roomwatch_event_loop_lag_seconds >= 0"},
            "Whatever the daemon does is late by so much, pages as well. Above half a second: RoomwatchEventLoopLag.",
            unit="s",
            steps=((0.5, BAD),),
        ),
        timeseries(
            "Processor",
            {"{{instance}}": rate("process_cpu_seconds_total")},
            "Of one core; the daemon uses little more than one. Near 1 all the time: see how much comes in.",
            unit="percentunit",
            steps=((0.9, WARNING),),
        ),
        timeseries(
            "Memory",
            {"{{instance}}": "process_resident_memory_bytes", "limit": "min(roomwatch_memory_limit_bytes > 0)"},
            "Follows the number of people in calls. Growing without them: keep the numbers, restart, and report it. "
            "Near its limit: RoomwatchMemoryNearLimit.",
            unit="bytes",
        ),
    ],
)

_TELLS = Row(
    "Tells",
    [
        timeseries(
            "From the decision to the receiver",
            {
                "95th percentile": quantile(0.95, "roomwatch_notification_delay_seconds"),
                "median": quantile(0.5, "roomwatch_notification_delay_seconds"),
            },
            "Time until a receiver accepted what it is told. Without notifications there is no line.",
            unit="s",
            links=[_TOLD],
        ),
        timeseries(
            "Attempts that failed",
            {
                "{{receiver}}: {{reason}}": (
                    f"topk(10, sum by (receiver, reason) ({rate('roomwatch_notifications_failed_total')}) * 60)"
                )
            },
            "A minute. rejected: its address or key is wrong, and trying again is hopeless. Others are tried again.",
            links=[_TOLD],
        ),
        states(
            "Receivers left alone",
            {"{{receiver}}": "max by (receiver) (roomwatch_receiver_circuit_open)"},
            "Red: it has not answered for so long that only one attempt at a time goes. `roomwatch receivers test` "
            "tells whether it works again.",
            YES_IS_BAD,
            links=[_TOLD],
            width=8,
        ),
    ],
    is_collapsed=True,
)

_OWN_WORK = Row(
    "Own work",
    [
        timeseries(
            "Stalls",
            {"{{cause}}": f"sum by (cause) ({rate('roomwatch_event_loop_stalls_total')}) * 60"},
            "A minute, of 0.2 seconds or longer. blocked, native: the log says where in the code; see "
            "RoomwatchEventLoopStalls. frozen: the machine had no processor for it.",
            colours={"blocked": BAD, "native": BAD, "frozen": WARNING},
        ),
        timeseries(
            "How late, each time",
            {
                "99th percentile": quantile(0.99, "roomwatch_event_loop_delay_seconds"),
                "collecting garbage, 99th percentile": quantile(0.99, "roomwatch_gc_pause_seconds"),
            },
            "Of the event loop, twenty times a second, and how long a garbage collection keeps it.",
            unit="s",
            steps=((0.2, BAD),),
        ),
        timeseries(
            "Files and connections",
            {
                "open files": "max(process_open_fds / process_max_fds)",
                "connections": "max(roomwatch_http_connections / (roomwatch_http_connections_capacity > 0))",
                "people who look at calls": "max(roomwatch_call_streams / (roomwatch_call_streams_capacity > 0))",
            },
            "Of those that there may be. Near 1 nobody is let in; see RoomwatchOpenFilesNearLimit.",
            unit="percentunit",
            most=1,
            steps=((0.85, BAD),),
        ),
        timeseries(
            "Rules and outbox: since they were looked at",
            {
                "rules": "time() - min(roomwatch_evaluation_timestamp_seconds > 0)",
                "outbox": "time() - min(roomwatch_dispatch_timestamp_seconds > 0)",
            },
            "Seconds, and a minute. Minutes: nobody is told; see RoomwatchEvaluatorStuck, RoomwatchDispatcherStuck.",
            unit="s",
            steps=((120, BAD),),
        ),
        timeseries(
            "Chores: since they were done, in their intervals",
            {
                "{{chore}}": (
                    "max by (chore) ((time() - (roomwatch_chore_last_success_timestamp_seconds > 0))"
                    " / (roomwatch_chore_interval_seconds > 0))"
                )
            },
            "About 1 at most. Above 3 for long: RoomwatchChoreOverdue.",
            steps=((3, WARNING),),
        ),
        timeseries(
            "Write under way",
            {
                "it runs": (
                    "max(time() - (roomwatch_store_write_timestamp_seconds > 0)) "
                    "or max(roomwatch_store_write_timestamp_seconds == 0)"
                ),
                "log since it began anew": "max(time() - (roomwatch_store_wal_restart_timestamp_seconds > 0))",
            },
            "How long the transaction under way has been running, 0 while none is, and how long the write-ahead log "
            "has not begun anew; see WriteStuck and RoomwatchWriteAheadLogStuck.",
            unit="s",
        ),
    ],
    is_collapsed=True,
)

BOARD = Board(
    links.ITSELF,
    "Roomwatch itself",
    "Does Roomwatch itself do its work: take in, store, decide, tell?",
    [_STATUS, _TAKES_IN, _STORES, _RUNS, _TELLS, _OWN_WORK],
)
