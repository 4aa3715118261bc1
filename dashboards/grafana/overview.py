"""Is anything wrong, and where do I look?  The first page of the SRE, from which all others are one link away."""

from dashboards.grafana import links
from dashboards.grafana.board import Board
from dashboards.grafana.layout import Row
from dashboards.grafana.panels import (
    BAD,
    GOOD,
    NONE_IS_BEST,
    NONE_IS_GOOD,
    WARNING,
    YES_IS_BAD,
    YES_IS_GOOD,
    bars,
    stat,
    timeseries,
)
from dashboards.grafana.promql import grown, rate
from dashboards.grafana.queries import BAD_MINUTES_SHARE, BUDGET_LEFT, DEGRADED_SHARE, LEVELS, OF_LEVELS

_BEGAN_TO_FIRE = 'roomwatch_alert_transitions_total{reason="held"}'

_STATUS = Row(
    "Status",
    [
        stat(
            "Roomwatch answers",
            "min(up)",
            "Whether every chosen daemon could be scraped. NO: nobody watches the calls; see RoomwatchDown.",
            unit="none",
            words=YES_IS_GOOD,
            links=[links.to_dashboard(links.ITSELF, "Roomwatch itself")],
        ),
        stat(
            "Blind",
            "max(roomwatch_blind)",
            "YES: Twilio or the browsers tell nothing, so alerts stand still and what is shown is old. See which of "
            "the two under 'Roomwatch itself', and the runbook MonitorBlind.",
            unit="none",
            words=YES_IS_BAD,
            links=[links.to_dashboard(links.ITSELF, "Roomwatch itself")],
        ),
        stat(
            "Incidents nobody looks after",
            "sum(roomwatch_unacknowledged_incidents)",
            "Open incidents without anybody's name on them. Open the incidents and put yours on the one you take.",
            steps=NONE_IS_GOOD,
            links=[links.to_page("/incidents", "Incidents")],
        ),
        stat(
            "Alerts that fire",
            {
                "critical": 'sum(roomwatch_alerts{state="firing",severity="critical"})',
                "others": 'sum(roomwatch_alerts{state="firing",severity!="critical"})',
            },
            "Alerts on calls, compositions, accounts and the daemon itself. Begin with the critical ones.",
            steps=NONE_IS_BEST,
            links=[links.to_page("/incidents", "Incidents")],
        ),
        stat(
            "Bad minutes",
            BAD_MINUTES_SHARE,
            "Share of the minutes of people in calls that were bad, over the time shown. If it is high, see since when "
            "and for whom under 'Rooms and quality'.",
            unit="percentunit",
            decimals=1,
            steps=((0.01, WARNING), (0.05, BAD)),
            nothing="no minutes yet",
            links=[links.to_dashboard(links.QUALITY, "Rooms and quality")],
        ),
        stat(
            "Compositions in trouble",
            "sum(roomwatch_troubled_compositions)",
            "Compositions that are stuck, missing, failed or empty. See which and why on the page of media.",
            steps=NONE_IS_GOOD,
            links=[
                links.to_page("/media", "Compositions and recordings"),
                links.to_dashboard(links.MEDIA, "Compositions and recordings, over time"),
            ],
        ),
    ],
)

_CALLS = Row(
    "Calls",
    [
        timeseries(
            "People in calls by network quality",
            OF_LEVELS,
            "Twilio's level of everybody in a live room: 5 is best, 0 is broken, idle sends and receives nothing. "
            "Red that grows: open the calls of that time, worst first.",
            is_stacked=True,
            colours=LEVELS,
            links=[
                links.to_page("/", "Live calls, worst first"),
                links.to_dashboard(links.QUALITY, "Rooms and quality"),
            ],
            width=12,
        ),
        timeseries(
            "Share of people in trouble",
            {"of those whose level is known": DEGRADED_SHARE},
            "How many of the people whose level is known have 1 or 0. Above a fifth it is no longer a matter of "
            "single people: look for what they have in common, a media region, a tenant, a network.",
            unit="percentunit",
            most=1,
            steps=((0.2, BAD),),
            links=[links.to_dashboard(links.QUALITY, "Rooms and quality")],
            width=6,
        ),
        timeseries(
            "Live rooms",
            {
                "all": "sum(roomwatch_live_rooms)",
                "with somebody in trouble": "sum(roomwatch_degraded_rooms)",
            },
            "Rooms in progress, and those in which somebody has level 1 or 0. A drop to zero with people at work: see "
            "whether Twilio can be asked.",
            colours={"with somebody in trouble": BAD, "all": GOOD},
            links=[links.to_page("/", "Live calls")],
            width=6,
        ),
        timeseries(
            "Joining and staying",
            {
                "could not join": f"sum({rate('roomwatch_join_failures_total')}) * 60",
                "lost the connection": f"sum({rate('roomwatch_disconnects_total')}) * 60",
                "had to reconnect": f"sum({rate('roomwatch_reconnects_total')}) * 60",
            },
            "People a minute. What Twilio's error codes say about it is under 'Rooms and quality'.",
            links=[links.to_dashboard(links.QUALITY, "Rooms and quality")],
        ),
        bars(
            "Error budget left",
            {"{{slo}}": BUDGET_LEFT},
            "What is left of each objective's error budget of 30 days, of whoever has least. Below a quarter: spend "
            "no more of it on purpose. Nothing is shown before there was something to judge.",
            unit="percentunit",
            steps=((0.25, WARNING), (0.5, GOOD)),
            base=BAD,
            most=1,
        ),
        timeseries(
            "How fast error budgets burn",
            {"{{slo}}": 'max by (slo) (roomwatch_slo_burn_rate{window="1h"})'},
            "At 1 a budget lasts for just its 30 days; at 14.4 it is gone in two, and somebody is paged. Look at the "
            "other windows, and whose budget it is, under 'Rooms and quality'.",
            unit="none",
            steps=((14.4, BAD),),
            links=[links.to_dashboard(links.QUALITY, "Rooms and quality")],
        ),
    ],
)

_TOLD = Row(
    "What was concluded and told",
    [
        timeseries(
            "Alerts that fire, by rule",
            {"{{rule}}": "topk(10, sum by (rule) (roomwatch_firing_alerts))"},
            "The ten rules with most alerts. Many of one rule: its runbook; some of many: begin with the critical.",
            is_stacked=True,
            links=[links.to_page("/incidents", "Incidents")],
            width=12,
        ),
        timeseries(
            "Told, and not",
            {
                "attempts": f"sum({rate('roomwatch_notifications_total')}) * 60",
                "failed": f"sum({rate('roomwatch_notifications_failed_total')}) * 60",
                "given up": f"sum({rate('roomwatch_notifications_dead_total')}) * 60",
            },
            "Notifications a minute. What failed is tried again; what was given up reached nobody: replay it from the "
            "dead letters.",
            colours={"attempts": GOOD, "failed": WARNING, "given up": BAD},
            links=[links.to_page("/notifications", "Notifications and dead letters")],
            width=6,
        ),
        timeseries(
            "Not told on purpose",
            {"{{by}}": "sum by (by) (roomwatch_muted_alerts)"},
            "Firing alerts of which nobody is told, by what mutes them. Much for long: is a silence too broad?",
            is_stacked=True,
            links=[links.to_page("/silences", "Silences")],
            width=6,
        ),
    ],
)

_DETAIL = Row(
    "In the time shown",
    [
        stat(
            "Alerts that began to fire",
            f"sum({grown(_BEGAN_TO_FIRE)})",
            "How busy this time was. Set the time to a shift, a day or a month.",
            decimals=0,
            width=6,
        ),
        stat(
            "Incidents opened",
            f"sum({grown('roomwatch_incidents_total')})",
            "Alerts that belong together are one incident, and one page.",
            decimals=0,
            links=[links.to_page("/incidents", "Incidents")],
            width=6,
        ),
        stat(
            "Notifications given up",
            f"sum({grown('roomwatch_notifications_dead_total')})",
            "Somebody was not told what they should have been. Replay from the dead letters.",
            decimals=0,
            steps=NONE_IS_GOOD,
            links=[links.to_page("/notifications", "Notifications and dead letters")],
            width=6,
        ),
        stat(
            "Time in calls",
            f"sum({grown('roomwatch_judged_call_seconds_total')})",
            "Of all people together, as far as it is known whether it was good.",
            unit="s",
            width=6,
        ),
    ],
    is_collapsed=True,
)

BOARD = Board(
    links.OVERVIEW,
    "Overview",
    "Is anything wrong, and where do I look?",
    [_STATUS, _CALLS, _TOLD, _DETAIL],
)
