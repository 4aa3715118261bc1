"""Does every call that was recorded become a recording that somebody can watch, and in time?"""

from dashboards.grafana import links
from dashboards.grafana.board import Board
from dashboards.grafana.layout import Row
from dashboards.grafana.panels import BAD, GOOD, NONE_IS_GOOD, WARNING, Json, bars, heatmap, stat, timeseries
from dashboards.grafana.promql import grown, quantile, rate

_PAGE = links.to_page("/media", "Compositions and recordings")
_MADE = 'roomwatch_callbacks_total{event=~"composition-.+"}'
_RECORDED = 'roomwatch_callbacks_total{event=~"recording-.+"}'
_READ = 'resource=~"compositions|composition_hooks|recordings"'


def _of_trouble(trouble: str, description: str) -> Json:
    return stat(
        trouble.capitalize(),
        f'sum(roomwatch_troubled_compositions{{trouble="{trouble}"}})',
        description,
        steps=NONE_IS_GOOD,
        links=[_PAGE],
    )


_STATUS = Row(
    "Status",
    [
        _of_trouble("stuck", "Compositions that take longer than their room lets one expect; see CompositionStuck."),
        _of_trouble("missing", "A hook should have made them, and nobody has seen them; see CompositionMissing."),
        _of_trouble("failed", "Twilio gave up on them; its reason is on the page. See CompositionFailed."),
        _of_trouble("empty", "They are finished and have nothing in them; see CompositionEmpty."),
        stat(
            "Recordings in trouble",
            "sum(roomwatch_troubled_recordings)",
            "Tracks whose recording failed or has nothing in it. What was not recorded cannot be composed.",
            steps=NONE_IS_GOOD,
            links=[_PAGE],
        ),
        stat(
            "Late or lost, of those due",
            f"sum({grown('roomwatch_bad_compositions_total')}) "
            f"/ (sum({grown('roomwatch_judged_compositions_total')}) > 0)",
            "Share of the compositions that came to an end, or should have, in the time shown, and were late, failed "
            "or empty. It is what the objective on compositions counts.",
            unit="percentunit",
            decimals=1,
            steps=((0.01, WARNING), (0.05, BAD)),
            nothing="none was due",
            links=[_PAGE],
        ),
    ],
)

_COMPOSITIONS = Row(
    "Compositions",
    [
        timeseries(
            "Compositions that somebody waits for",
            {"{{status}}": "sum by (status) (roomwatch_open_compositions)"},
            "Many enqueued and few in processing: Twilio is behind; nothing but waiting helps. Failed ones stay for "
            "as long as they are remembered.",
            is_stacked=True,
            colours={"failed": BAD, "processing": GOOD, "enqueued": WARNING},
            links=[_PAGE],
        ),
        timeseries(
            "The longest waiting one",
            {
                "{{status}}": (
                    "max by (status) (time() - (roomwatch_open_composition_oldest_timestamp_seconds > 0)) "
                    "or max by (status) (roomwatch_open_composition_oldest_timestamp_seconds == 0)"
                )
            },
            "How long the oldest composition has been in a state; zero where none waits. A line that climbs for an "
            "hour is a composition that will not come.",
            unit="s",
            links=[_PAGE],
        ),
        timeseries(
            "Compositions in trouble",
            {"{{trouble}}": "sum by (trouble) (roomwatch_troubled_compositions)"},
            "Since when, and of which sort. One sort at once and many: a setting was changed; one at a time: a call.",
            is_stacked=True,
            links=[_PAGE],
        ),
        timeseries(
            "Time until a composition is there",
            {
                "95th percentile": quantile(0.95, "roomwatch_composition_duration_seconds"),
                "median": quantile(0.5, "roomwatch_composition_duration_seconds"),
            },
            "From its creation, or the end of its room. Longer than it was last week: Twilio is slow, or rooms last "
            "longer. Without compositions in the time shown there is no line.",
            unit="s",
            links=[_PAGE],
        ),
        heatmap(
            "Time until a composition is there, all of them",
            "roomwatch_composition_duration_seconds",
            "A second band far above the first is a queue at Twilio.",
            unit="s",
            links=[_PAGE],
        ),
        timeseries(
            "Compositions due, and late",
            {
                "due": f"sum({rate('roomwatch_judged_compositions_total')}) * 3600",
                "late, failed or empty": f"sum({rate('roomwatch_bad_compositions_total')}) * 3600",
            },
            "Compositions an hour. None due while rooms end: are hooks enabled?",
            colours={"due": GOOD, "late, failed or empty": BAD},
            links=[_PAGE],
        ),
    ],
)

_RECORDINGS = Row(
    "Recordings",
    [
        timeseries(
            "Recordings that are being captured",
            {"captured": "sum(roomwatch_open_recordings)"},
            "One for each track. None while people are in rooms that should be recorded: is recording switched on?",
            links=[_PAGE],
        ),
        timeseries(
            "The oldest that is being captured",
            {
                "oldest": (
                    "max(time() - (roomwatch_open_recording_oldest_timestamp_seconds > 0)) "
                    "or max(roomwatch_open_recording_oldest_timestamp_seconds == 0)"
                )
            },
            "Longer than the longest call: its room was never ended, or nobody told that it was.",
            unit="s",
            links=[_PAGE],
        ),
        timeseries(
            "Recordings in trouble, over time",
            {"{{trouble}}": "sum by (trouble) (roomwatch_troubled_recordings)"},
            "Failed ones, and those with nothing in them; see RecordingFailed and RecordingEmpty.",
            is_stacked=True,
            links=[_PAGE],
        ),
    ],
)

_SOURCES = Row(
    "How we know",
    [
        timeseries(
            "Callbacks about compositions",
            {"{{event}}": f"sum by (event) ({rate(_MADE)}) * 60"},
            "A minute. Enqueued but never started: Twilio is behind. None at all: see callbacks under 'Twilio API'.",
            links=[links.to_dashboard(links.TWILIO, "Twilio API")],
        ),
        timeseries(
            "Callbacks about recordings",
            {"{{event}}": f"sum by (event) ({rate(_RECORDED)}) * 60"},
            "A minute. Started without completed for long: rooms that do not end.",
            links=[links.to_dashboard(links.TWILIO, "Twilio API")],
        ),
        bars(
            "How old what polls told is",
            {
                "{{account}} {{resource}}": (
                    f"max by (account, resource) (time() - (roomwatch_twilio_last_success_timestamp_seconds{{{_READ}}} "
                    "> 0))"
                )
            },
            "Compositions and hooks are also asked for. Older than a few minutes: see 'Twilio API'.",
            unit="s",
            links=[links.to_dashboard(links.TWILIO, "Twilio API")],
        ),
    ],
    is_collapsed=True,
)

BOARD = Board(
    links.MEDIA,
    "Compositions and recordings",
    "Does every call that was recorded become a recording that somebody can watch, and in time?",
    [_STATUS, _COMPOSITIONS, _RECORDINGS, _SOURCES],
)
