"""For whom are calls bad, since when, and in which way?"""

from dashboards.grafana import links, variables
from dashboards.grafana.board import Board
from dashboards.grafana.layout import Row
from dashboards.grafana.panels import BAD, GOOD, NONE_IS_BEST, WARNING, bars, heatmap, stat, timeseries
from dashboards.grafana.promql import mean, quantile, rate
from dashboards.grafana.queries import BAD_MINUTES_SHARE, DEGRADED_SHARE, LEVELS, OF_LEVELS

_LIVE = links.to_page("/", "Live calls, worst first")
_CALLS = links.to_page(f"/rooms?{links.SHOWN}", "Calls that began in this time")

_STATUS = Row(
    "Status",
    [
        stat(
            "Live rooms",
            "sum(roomwatch_live_rooms)",
            "Rooms believed to be in progress.",
            links=[_LIVE],
        ),
        stat(
            "People in calls",
            "sum(roomwatch_live_participants)",
            "Everybody who is connected to a live room.",
            links=[_LIVE],
        ),
        stat(
            "In trouble",
            DEGRADED_SHARE,
            "Share of the people whose level is known that have 1 or 0. From a fifth on, look for what they share.",
            unit="percentunit",
            decimals=0,
            steps=((0.05, WARNING), (0.2, BAD)),
            nothing="nobody known",
            links=[_LIVE],
        ),
        stat(
            "Bad minutes",
            BAD_MINUTES_SHARE,
            "Share of the judged minutes of people that were bad, over the time shown.",
            unit="percentunit",
            decimals=1,
            steps=((0.01, WARNING), (0.05, BAD)),
            nothing="no minutes yet",
            links=[_CALLS],
        ),
        stat(
            "Heard",
            "min(roomwatch_telemetry_coverage_ratio)",
            "Share of the people whose own browser reports. Low: what is shown is of the others only; is telemetry "
            "refused, or does an application not send any?",
            unit="percentunit",
            decimals=0,
            steps=((0.5, WARNING), (0.8, GOOD)),
            base=BAD,
            nothing="nobody there",
            links=[links.to_page("/blind-spots", "Blind spots")],
        ),
        stat(
            "Rooms in trouble",
            {"{{trouble}}": "sum by (trouble) (roomwatch_troubled_rooms)"},
            "Rooms that outlive their time or are nearly full. An overdue room costs money; end it.",
            steps=NONE_IS_BEST,
            links=[_LIVE],
        ),
    ],
)

_WHO = Row(
    "Who",
    [
        timeseries(
            "People in calls by network quality",
            OF_LEVELS,
            "Twilio's level of everybody in a live room, the worst at the bottom. Compare its rise with the marks: a "
            "start of the daemon leaves everybody unknown for some seconds.",
            is_stacked=True,
            colours=LEVELS,
            links=[_LIVE, _CALLS],
            width=12,
        ),
        bars(
            "The ten worst rooms",
            {"{{rank}}": "sort_desc(max by (rank) (roomwatch_worst_room_degraded_ratio) >= 0)"},
            "Share of people in trouble, by rank: which rooms these are is on the page of live calls, in this order. "
            "One bad room is its own story; ten are the network's.",
            unit="percentunit",
            steps=((0.2, WARNING), (0.5, BAD)),
            most=1,
            nothing="no room with a known level",
            links=[_LIVE],
            width=6,
        ),
        timeseries(
            "Minutes by how they were",
            {
                "good": (
                    f"sum({rate('roomwatch_judged_call_seconds_total')}) "
                    f"- sum({rate('roomwatch_bad_call_seconds_total')})"
                ),
                "bad": f"sum({rate('roomwatch_bad_call_seconds_total')})",
                "unknown": f"sum({rate('roomwatch_unknown_call_seconds_total')})",
            },
            "How many people at a time had good, bad or unknown minutes; minutes are judged soon after they went by. "
            "Much that is unknown: telemetry says too little.",
            is_stacked=True,
            colours={"good": GOOD, "bad": BAD, "unknown": "gray"},
            links=[_CALLS],
            width=6,
        ),
    ],
)

_HOW = Row(
    "In which way",
    [
        timeseries(
            "Round trips",
            {
                "95th percentile": quantile(0.95, "roomwatch_participant_rtt_seconds"),
                "median": quantile(0.5, "roomwatch_participant_rtt_seconds"),
            },
            "Above 0.25 s people talk over one another. The points are single samples: one click on such a point "
            "leads to the call.",
            unit="s",
            has_exemplars=True,
            steps=((0.25, WARNING),),
            links=[_CALLS],
        ),
        timeseries(
            "Jitter",
            {
                "{{direction}}, 95th percentile": quantile(0.95, "roomwatch_participant_jitter_seconds", "direction"),
            },
            "Above 0.03 s sound begins to break up. Up only: their own uplink or wireless network; down as well: "
            "something nearer to the server.",
            unit="s",
            has_exemplars=True,
            steps=((0.03, WARNING),),
            links=[_CALLS],
        ),
        timeseries(
            "Packet loss",
            {
                "{{direction}}, 95th percentile": quantile(0.95, "roomwatch_participant_loss_ratio", "direction"),
                "{{direction}}, mean": mean("roomwatch_participant_loss_ratio", "direction"),
            },
            "Above 3 % it is seen and heard. A high percentile with a low mean: a few people; both high: many.",
            unit="percentunit",
            has_exemplars=True,
            steps=((0.03, WARNING),),
            links=[_CALLS],
        ),
        timeseries(
            "Score",
            {
                "{{direction}}, median": quantile(0.5, "roomwatch_participant_score", "direction"),
                "{{direction}}, worst twentieth": quantile(0.05, "roomwatch_participant_score", "direction"),
            },
            "From 1 to 4.5, as people would rate it; below 3.5 a minute is not good. A few samples of each are scored.",
            unit="none",
            most=5,
            has_exemplars=True,
            links=[_CALLS],
        ),
        heatmap(
            "Round trips, all of them",
            "roomwatch_participant_rtt_seconds",
            "Two bands mean two groups of people, such as two regions or a relay; a smear upwards means congestion.",
            unit="s",
            has_exemplars=True,
            links=[_CALLS],
        ),
        timeseries(
            "Twilio's error codes",
            {
                "could not join: {{code}}": f"topk(5, sum by (code) ({rate('roomwatch_join_failures_total')}) * 60)",
                "disconnected: {{code}}": f"topk(5, sum by (code) ({rate('roomwatch_disconnects_total')}) * 60)",
                "reconnected: {{code}}": f"topk(5, sum by (code) ({rate('roomwatch_reconnects_total')}) * 60)",
            },
            "People a minute, the five most frequent of each. What a code means and what to do is in "
            "docs/error-codes.md; none: Twilio told no code.",
            links=[_CALLS],
        ),
    ],
)

_WHERE = Row(
    "Where: media regions",
    [
        timeseries(
            "People in trouble by media region",
            {
                "{{media_region}}": (
                    'sum by (media_region) (roomwatch_region_live_participants{level=~"0|1"}) '
                    '/ (sum by (media_region) (roomwatch_region_live_participants{level!="unknown"}) > 0)'
                )
            },
            "One region alone: Twilio's or the way to it; see status.twilio.com. All of them: it is not the region.",
            unit="percentunit",
            most=1,
            links=[_CALLS],
            width=12,
        ),
        timeseries(
            "Live rooms by media region",
            {"{{media_region}}": "sum by (media_region) (roomwatch_region_live_rooms)"},
            "Where calls are; those not listed in [metrics] are together as other.",
            is_stacked=True,
            width=12,
        ),
    ],
    is_collapsed=True,
)

_WHOSE = Row(
    "Whose: tenants listed in [names]",
    [
        timeseries(
            "People in trouble by tenant",
            {
                "{{tenant}}": (
                    'topk(10, sum by (tenant) (roomwatch_tenant_live_participants{tenant=~"$tenant",level=~"0|1"}) '
                    '/ (sum by (tenant) (roomwatch_tenant_live_participants{tenant=~"$tenant",level!="unknown"}) > 0))'
                )
            },
            "One tenant alone: their network or their release. Tell them before they call.",
            unit="percentunit",
            most=1,
            links=[_CALLS],
            width=12,
        ),
        timeseries(
            "Live rooms by tenant",
            {"{{tenant}}": 'topk(10, sum by (tenant) (roomwatch_tenant_live_rooms{tenant=~"$tenant"}))'},
            "The ten with most rooms; a sudden drop of one is their outage or ours.",
            is_stacked=True,
            links=[_CALLS],
            width=12,
        ),
    ],
    is_collapsed=True,
)

_PROMISED = Row(
    "Error budgets",
    [
        timeseries(
            "How fast error budgets burn, over an hour",
            {"{{slo}} {{scope}}": 'topk(10, max by (slo, scope) (roomwatch_slo_burn_rate{window="1h"}))'},
            "The ten that burn fastest, and whose they are. At 14.4 somebody is paged.",
            unit="none",
            steps=((14.4, BAD),),
            width=12,
        ),
        bars(
            "Error budget left, by whose it is",
            {"{{slo}} {{scope}}": "bottomk(10, min by (slo, scope) (roomwatch_slo_budget_remaining_ratio))"},
            "The ten who have least left of their 30 days.",
            unit="percentunit",
            steps=((0.25, WARNING), (0.5, GOOD)),
            base=BAD,
            most=1,
            width=12,
        ),
    ],
    is_collapsed=True,
)

BOARD = Board(
    links.QUALITY,
    "Rooms and quality",
    "For whom are calls bad, since when, and in which way?",
    [_STATUS, _WHO, _HOW, _WHERE, _WHOSE, _PROMISED],
    [variables.of_chosen("tenant", "Tenant", "roomwatch_tenant_live_rooms")],
)
