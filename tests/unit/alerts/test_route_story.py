from alerts.matchers import from_mapping
from alerts.model import Step
from alerts.route_story import Moment, lines_of, try_routes
from alerts.routing import Route
from alerts.silences import build_silence
from alerts.time_windows import TimeWindows, build_time_window
from tests.alert_builders import START, make_plan

CRITICAL = {"alertname": "Bad", "severity": "critical", "room_name": "class"}
ON_CALL = make_plan(route="critical", steps=(Step(0.0, ("pager",)), Step(600.0, ("boss", "chat"))))
TREE = Route(
    make_plan("mail", route="every alert"),
    routes=(
        Route(make_plan("chat", route="info"), from_mapping({"severity": "info"})),
        Route(ON_CALL, from_mapping({"severity": "critical"})),
    ),
)
NIGHT = TimeWindows((build_time_window(times=["00:00-06:00"]),))  # START is at 01:53 UTC


def told(labels, tree=TREE, **when):
    test = try_routes(labels, tree, Moment(START, **{"windows": {}, **when}) if when else None)
    return list(lines_of(test, labels))


def test_the_whole_walk_is_told_with_its_reasons():
    assert told(CRITICAL) == [
        "asked, from the top:",
        "  every alert: yes: it is for every alert, but a route below it took it",
        '    severity="info": no: severity is critical, not info',
        '    severity="critical": yes: every label agrees',
        "taken by critical",
        '  in one group with those that share alertname="Bad", room_name="class"',
        "  after 10 s: pager",
        "  after 10.2 min: boss, chat, unless somebody acknowledged",
        "  changes at most every 1 min, a repeat after 4 h",
        "  that it is over: 10 s after the last alert ended",
        "told: pager, boss, chat",
    ]


def test_a_label_that_is_not_there_groups_those_without_it():
    assert '  in one group with those that share alertname="Bad" and no room_name' in told({"alertname": "Bad"})
    alone = Route(make_plan("mail", group_by=("...",)))
    assert "  in one group with those that share everything: each alert is by itself" in told({}, alone)
    assert "  in one group with those that share this route" in told({}, Route(make_plan("mail", group_by=())))


def test_nobody_is_told_where_no_route_has_a_receiver():
    assert told(CRITICAL, Route(None))[-1] == "told: nobody"


def test_a_time_window_holds_back_until_it_ends():
    quiet = Route(make_plan("mail", mute_during=("nights",)))
    assert told({}, quiet, windows={"nights": NIGHT})[-2:] == [
        "  held back at that time: muted during nights until 2025-11-21 06:00:00 UTC",
        "told: nobody",
    ]
    assert told({}, quiet)[-1] == "told: mail"


def test_a_silence_holds_back_with_its_author_and_its_end():
    silence = build_silence(
        from_mapping({"severity": "critical"}),
        starts_at=START - 60,
        ends_at=START + 3600,
        author="ann",
        reason="works",
        now=START - 60,
    )
    said = told(CRITICAL, silence=silence)
    assert f"  held back at that time: silenced by ann: works ({silence.id}) until 2025-11-21 02:53:20 UTC" in said
    assert said[-1] == "told: nobody"
