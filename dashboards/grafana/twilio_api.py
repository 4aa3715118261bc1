"""Can Twilio be asked, does it tell us of itself, and what does it cost?"""

from dashboards.grafana import links, variables
from dashboards.grafana.board import Board
from dashboards.grafana.layout import Row
from dashboards.grafana.panels import (
    BAD,
    GOOD,
    NONE_IS_GOOD,
    WARNING,
    YES_IS_BAD,
    YES_IS_GOOD,
    bars,
    heatmap,
    stat,
    states,
    timeseries,
)
from dashboards.grafana.promql import quantile, rate

_SOURCES = links.to_page("/sources", "Sources and budgets")
_MINE = 'account=~"$account"'
_REQUESTS = f"roomwatch_twilio_requests_total{{{_MINE}}}"
_THROTTLED = f"roomwatch_twilio_throttled_total{{{_MINE}}}"
_MISSED = f"roomwatch_callbacks_missed_total{{{_MINE}}}"
_READ = f"roomwatch_twilio_last_success_timestamp_seconds{{{_MINE}}}"
_STALE_AFTER = f"roomwatch_twilio_stale_after_seconds{{{_MINE}}}"

_STATUS = Row(
    "Status",
    [
        stat(
            "All can be read",
            f"min(roomwatch_twilio_up{{{_MINE}}})",
            "NO: the last poll of something failed. See which below, and the runbook RoomwatchTwilioPollFailing.",
            unit="none",
            words=YES_IS_GOOD,
            links=[_SOURCES],
        ),
        stat(
            "Left alone",
            f"max(roomwatch_twilio_breaker_open{{{_MINE}}})",
            "YES: Twilio did not answer several times, and is tried again after a pause. See status.twilio.com.",
            unit="none",
            words=YES_IS_BAD,
            links=[_SOURCES],
        ),
        stat(
            "Troubles of accounts",
            f"sum(roomwatch_account_trouble{{{_MINE}}})",
            "A key that opens nothing, throttling, no answer, silent callbacks. Which it is stands below.",
            steps=NONE_IS_GOOD,
            links=[_SOURCES],
        ),
        stat(
            "Throttled",
            f"sum({rate(_THROTTLED)}) / (sum({rate(_REQUESTS)}) > 0)",
            "Share of our requests that Twilio answers with 429. The limit is the account's: your own applications "
            "may suffer, too. Lower requests_per_s; see RoomwatchTwilioThrottled.",
            unit="percentunit",
            decimals=1,
            steps=((0.01, WARNING), (0.05, BAD)),
            nothing="none was made",
            links=[_SOURCES],
        ),
        stat(
            "Callbacks trusted",
            f"min(roomwatch_callbacks_trusted{{{_MINE}}})",
            "NO: callbacks do not tell nearly everything, or have not proven it yet, so more is asked for. If it "
            "stays: is the callback's address set, and reachable from outside?",
            unit="none",
            words={0: ("not yet", WARNING), 1: ("yes", GOOD)},
            links=[_SOURCES],
        ),
        stat(
            "Near its limits",
            f"max(roomwatch_concurrency_ratio{{{_MINE}}})",
            "Rooms or participants at once, over what the account may have. From 0.8 on ask Twilio for more in time.",
            unit="percentunit",
            decimals=0,
            steps=((0.8, WARNING), (0.95, BAD)),
            links=[_SOURCES],
        ),
    ],
)

_ASKED = Row(
    "What is asked",
    [
        timeseries(
            "Requests by answer",
            {"{{code}}": f"topk(10, sum by (code) ({rate(_REQUESTS)}))"},
            "A second. 401 or 403: the key; 429: too many; 5xx, timeout and network: Twilio or the way to it.",
            unit="reqps",
            is_stacked=True,
            links=[_SOURCES],
        ),
        timeseries(
            "Requests by what they ask for",
            {"{{resource}}": f"topk(10, sum by (resource) ({rate(_REQUESTS)}))"},
            "Where the budget goes. Many for participants: callbacks do not tell of them, or are not trusted.",
            unit="reqps",
            is_stacked=True,
            links=[_SOURCES],
        ),
        timeseries(
            "Budget",
            {
                "{{account}}: may be made at once": (
                    f"min by (account) (roomwatch_twilio_budget_remaining_requests{{{_MINE}}})"
                ),
                "{{account}}: of so many": f"max by (account) (roomwatch_twilio_budget_capacity_requests{{{_MINE}}})",
                "{{account}}: wait": f"sum by (account) (roomwatch_twilio_waiting_requests{{{_MINE}}})",
            },
            "Near zero with requests waiting: what is known grows old. Raise requests_per_s if Twilio's limit allows, "
            "or lengthen the intervals in [polling].",
            links=[_SOURCES],
        ),
        heatmap(
            "Time to Twilio's answer",
            "roomwatch_twilio_request_duration_seconds",
            "All accounts together. A cloud that climbs before errors come is Twilio's trouble.",
            unit="s",
            links=[_SOURCES],
        ),
        timeseries(
            "Time to Twilio's answer, in numbers",
            {
                "95th percentile": quantile(0.95, "roomwatch_twilio_request_duration_seconds"),
                "median": quantile(0.5, "roomwatch_twilio_request_duration_seconds"),
            },
            "Above a second for minutes: see status.twilio.com.",
            unit="s",
            links=[_SOURCES],
        ),
        timeseries(
            "Allowed rate",
            {
                "{{account}}: allowed": (
                    f"min by (account) (roomwatch_twilio_rate_limit_requests_per_second{{{_MINE}}})"
                ),
                "{{account}}: made": f"sum by (account) ({rate(_REQUESTS)})",
            },
            "A step down of what is allowed follows a 429, and is taken back slowly. Made and allowed alike for long: "
            "the budget is used up.",
            unit="reqps",
            links=[_SOURCES],
        ),
    ],
)

_KNOWN = Row(
    "What is known",
    [
        states(
            "Could be read",
            {"{{account}} {{resource}}": f"min by (account, resource) (roomwatch_twilio_up{{{_MINE}}})"},
            "Red: polls of it failed then. One resource: a right that the key lacks; all: key, network, Twilio.",
            YES_IS_GOOD,
            links=[_SOURCES],
        ),
        bars(
            "How old it is, over how old it may be",
            {
                "{{account}} {{resource}}": (
                    f"topk(20, max by (account, resource) ((time() - ({_READ} > 0)) / {_STALE_AFTER}))"
                )
            },
            "Above 1 what is shown of it is old, and alerts on it wait. Nothing is shown of what was never read.",
            unit="percentunit",
            steps=((0.8, WARNING), (1, BAD)),
            most=1.5,
            nothing="nothing was read yet",
            links=[_SOURCES],
            width=12,
        ),
        states(
            "Troubles of accounts, over time",
            {"{{account}} {{trouble}}": f"max by (account, trouble) (roomwatch_account_trouble{{{_MINE}}})"},
            "On auth_lost: change the key; throttled: ask less; unreachable: the way there; callbacks_silent: their "
            "address.",
            YES_IS_BAD,
            links=[_SOURCES],
        ),
        timeseries(
            "Told by callbacks, and not",
            {
                "taken": f"sum({rate('roomwatch_callbacks_total')}) * 60",
                "refused": f"sum({rate('roomwatch_callbacks_refused_total')}) * 60",
                "found by asking only": f"sum({rate(_MISSED)}) * 60",
            },
            "A minute. Refused: the auth token or the address does not match (RoomwatchCallbacksRefused); found by "
            "asking only: Twilio's callbacks get lost on their way.",
            colours={"taken": GOOD, "refused": BAD, "found by asking only": WARNING},
            links=[_SOURCES],
            width=12,
        ),
    ],
)

_COSTS = Row(
    "Costs, clock and keys",
    [
        stat(
            "Cost by the end of the month",
            {
                "{{account}} {{currency}}": (
                    f"max by (account, currency) (roomwatch_usage_month_cost_forecast{{{_MINE}}})"
                )
            },
            "If it goes on so, in the currency that Twilio bills. Above your plan: see which rooms last too long.",
            unit="none",
            decimals=2,
            width=6,
        ),
        stat(
            "Twilio's clock ahead of ours",
            {"{{account}}": f"max by (account) (roomwatch_twilio_clock_offset_seconds{{{_MINE}}})"},
            "Twilio shows whole seconds, so up to one is nothing. More: put this machine's clock right.",
            unit="s",
            decimals=1,
            width=6,
        ),
        stat(
            "Rooms not yet known in full",
            f"sum(roomwatch_unsettled_rooms{{{_MINE}}})",
            "They are over, and Twilio is still asked who was in them. Growing: the budget is too small.",
            links=[_SOURCES],
            width=6,
        ),
        stat(
            "Canary's last full round",
            "max(roomwatch_canary_last_success_timestamp_seconds > 0) * 1000",
            "When a room was last made, looked at and ended for a test. Long ago: see CanaryFailed. Nothing is shown "
            "where [canary] is not enabled.",
            unit="dateTimeFromNow",
            nothing="not enabled",
            width=6,
        ),
    ],
    is_collapsed=True,
)

BOARD = Board(
    links.TWILIO,
    "Twilio API",
    "Can Twilio be asked, does it tell us of itself, and what does it cost?",
    [_STATUS, _ASKED, _KNOWN, _COSTS],
    [variables.of_chosen("account", "Account", "roomwatch_twilio_up")],
)
