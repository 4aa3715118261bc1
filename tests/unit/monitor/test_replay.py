"""How is a replay told, what is missing in it, and how does the record become events again?"""

import json
from dataclasses import replace
from io import StringIO

import msgspec
import pytest

from alerts.engine import Look
from alerts.group_book import Policy
from alerts.inhibition import Inhibitors
from alerts.model import Alert, Kind, Reason, Severity, State, Transition
from alerts.routing import Route
from collectors.events import RecordingsListed, RoomLooked
from collectors.observations import Connection, TelemetryBatch
from monitor.entities import Room
from monitor.live import Live
from monitor.replay.coverage import unplayable, unseen
from monitor.replay.judging import Found
from monitor.replay.progress import Progress, pace_text, progress_text
from monitor.replay.reckoning import Reckoning
from monitor.replay.retelling import Forgotten, step_of, steps_of_record
from monitor.replay.telling import Said, Telling
from monitor.replay.wording import Replayed, as_json, as_text
from monitor.store.ports import Happened, OnRecord, Place
from monitor.store.rows import happenings_of
from tests.alert_builders import START, make_alert, make_plan, make_rule
from tests.builders import ALICE, NOW_MS, ROOM, batch, connection

HOUR_MS = 3_600_000
FIRED = Said(
    START,
    "trigger",
    "Bad",
    Severity.WARNING,
    Kind.PARTICIPANT,
    "RM1/PA1",
    "alice has level 1.",
    "held: level <= 1",
    ("ops",),
)


def replayed(*said: Said, **given: object) -> Replayed:
    reckoning = Reckoning()
    reckoning.add(Found([], said))
    given = {"not_replayed": [], "partly_replayed": [], "notes": [], **given}
    sums, turns = reckoning.sums([make_rule()], [make_alert()]), [_transition(make_alert())]
    return Replayed(NOW_MS, NOW_MS + HOUR_MS, turns, said, sums, **given)


# --- how it is told ---------------------------------------------------------------------------------------


def test_a_person_reads_what_when_of_whom_why_and_to_whom() -> None:
    assert list(as_text(replayed(FIRED))) == [
        "2025-11-21T01:53:20Z  fired     warning   Bad  RM1/PA1",
        "  alice has level 1.",
        "  held: level <= 1; to ops",
        "",
        "From 2025-11-21T01:53:20Z to 2025-11-21T02:53:20Z these rules would have said:",
        "  Bad  0 episodes  of 0 people  1 page  1 firing at the end",
    ]


def test_a_word_that_nobody_would_have_heard_says_so() -> None:
    unheard = msgspec.structs.replace(FIRED, receivers=(), why_nobody="no route matched, and there is no fallback")
    assert "  held: level <= 1; to nobody (no route matched, and there is no fallback)" in as_text(replayed(unheard))


def test_what_is_missing_is_never_left_out() -> None:
    gaps = list(unplayable([make_rule()], is_one_room=False))
    assert gaps == []
    account = replace(make_rule(), name="Costs", over=Kind.ACCOUNT)
    (gap,) = unplayable([account], is_one_room=True)
    lines = list(as_text(replayed(not_replayed=[gap], partly_replayed=[gap], notes=["a note"])))
    assert lines[-5:] == [
        "Not replayed:",
        "  Costs: it is about a whole account, and only one room is looked at",
        "Replayed in part:",
        "  Costs: it is about a whole account, and only one room is looked at",
        "Note: a note",
    ]


def test_a_program_reads_the_same() -> None:
    document = json.loads(as_json(replayed(FIRED)))
    assert (document["from"], document["said"][0]["at"]) == ("2025-11-21T01:53:20Z", "2025-11-21T01:53:20Z")
    assert document["said"][0]["receivers"] == ["ops"]
    assert [(each["at"], each["after"], each["reason"]) for each in document["transitions"]] == [
        ("2025-11-21T01:53:20Z", "firing", "held")
    ]
    assert document["rules"] == [
        {"rule": "Bad", "over": "participant", "episodes": 0, "subjects": 0, "pages": 1, "firing": 1}
    ]
    assert document["not_replayed"] == document["partly_replayed"] == document["notes"] == []


@pytest.mark.parametrize(
    ("happened", "judged", "has_samples", "rules"),
    [
        ((), (), False, ["Bad", "Composed", "Canary", "Acme"]),
        (("composition-failed", "canary"), (Kind.TENANT,), True, []),
        (("composition", "canary"), (Kind.TENANT,), False, ["Bad", "Acme"]),
        (("composition", "canary"), (Kind.REGION,), True, ["Acme"]),
    ],
)
def test_a_rule_that_had_nothing_to_see_is_named(
    happened: tuple[str, ...], judged: tuple[Kind, ...], has_samples: bool, rules: list[str]
) -> None:
    rule = make_rule()
    asked = [
        rule,
        replace(rule, name="Composed", over=Kind.COMPOSITION),
        replace(rule, name="Canary", over=Kind.ACCOUNT, raise_when=replace(rule.raise_when, value="canary_failed")),
        replace(rule, name="Crowded", over=Kind.ROOM),
        replace(rule, name="Acme", over=Kind.TENANT),
    ]
    assert [gap.rule for gap in unseen(asked, happened, judged, has_samples=has_samples)] == rules


@pytest.mark.parametrize("over", [Kind.SOURCE, Kind.DAEMON, Kind.SLO])
def test_what_is_not_on_record_is_named_with_what_is_missing(over: Kind) -> None:
    (gap,) = unplayable([replace(make_rule(), over=over)], is_one_room=False)
    assert "record" in gap.why or "samples" in gap.why


def test_every_rule_over_calls_can_be_replayed() -> None:
    overs = set(Kind) - {Kind.SOURCE, Kind.DAEMON, Kind.SLO}
    assert not list(unplayable([replace(make_rule(), over=over) for over in overs], is_one_room=False))
    left_out = unplayable([replace(make_rule(), name=over, over=over) for over in overs], is_one_room=True)
    assert {gap.rule for gap in left_out} == {Kind.ACCOUNT, Kind.REGION, Kind.TENANT}


# --- who would have been told -----------------------------------------------------------------------------


def test_receivers_of_one_word_are_told_together() -> None:
    alert = make_alert(severity=Severity.CRITICAL, groups=())
    telling = Telling(Policy(Route(make_plan("chat", "pager", group_wait_s=0.0)), Inhibitors()))
    (said,) = telling.tell(Look((alert,), (_transition(alert),)), START).said
    assert (said.what, said.receivers, said.summary) == ("trigger", ("chat", "pager"), "alice is cut off.")


def test_what_waits_for_others_is_said_when_it_has_waited() -> None:
    alert = make_alert(groups=())
    telling = Telling(Policy(Route(make_plan("chat")), Inhibitors()))
    assert telling.tell(Look((alert,), (_transition(alert),)), START).said == []
    assert telling.next_at_s() == START + 10
    assert [said.what for said in telling.tell(Look(), START + 10).said] == ["trigger"]


def test_an_episode_without_a_route_is_a_word_to_nobody() -> None:
    alert = make_alert(groups=())
    (said,) = Telling(Policy(Route(None), Inhibitors())).tell(Look((alert,), (_transition(alert),)), START).said
    assert (said.receivers, said.why_nobody) == ((), "no route is for it that has a receiver")


def _transition(alert: Alert) -> Transition:
    return Transition(alert.fingerprint, alert.rule, alert.entity, State.PENDING, State.FIRING, START, Reason.HELD)


# --- how the record becomes events ------------------------------------------------------------------------


def test_what_a_browser_told_by_its_own_clock_happens_by_ours() -> None:
    told = batch(connection("reconnecting", at_ms=NOW_MS + 5_000, code=53405), clock_offset_ms=5_000)
    (happening,) = happenings_of(told, Place(ROOM, ALICE))
    at_ms, again = step_of(Happened(ROOM, happening))
    assert isinstance(again, TelemetryBatch)
    assert at_ms == again.received_at_ms == NOW_MS
    (seen,) = again.observations
    assert isinstance(seen, Connection)
    assert (seen.at_ms, seen.code, again.room_sid, again.participant_sid) == (NOW_MS, 53405, ROOM, ALICE)


def test_who_is_known_by_name_only_is_so_again() -> None:
    told = batch(connection("connected"), room_sid=None, room_name="class", reporter=None, identity="alice")
    (happening,) = happenings_of(told, Place("name:class", "identity:alice"))
    again = step_of(Happened("name:class", happening)).what
    assert isinstance(again, TelemetryBatch)
    assert (again.room_sid, again.room_name, again.participant_sid, again.identity) == (None, "class", None, "alice")


def test_a_room_of_which_nobody_heard_any_more_is_forgotten_as_it_was() -> None:
    room = Room(key="name:class", name="class", heard_at_ms=NOW_MS, is_live=False)
    (step,) = steps_of_record(OnRecord(room, 0), HOUR_MS)
    assert step == (NOW_MS + HOUR_MS, Forgotten("name:class", None, "class"))


def test_what_polls_only_confirmed_is_taken_from_the_record_of_the_room() -> None:
    room = Room(key=ROOM, sid=ROOM, empty_since_ms=NOW_MS, recordings_asked_ms=NOW_MS + 1)
    looked, listed = steps_of_record(OnRecord(room, 3), HOUR_MS)
    assert isinstance(looked.what, RoomLooked)
    assert isinstance(listed.what, RecordingsListed)
    assert listed.what.recordings == 3
    Live().apply(looked.what)  # of a room that nobody knows it says nothing


# --- how far it is ----------------------------------------------------------------------------------------


def test_progress_says_how_far_it_is_and_how_long_it_takes() -> None:
    assert progress_text("replaying", 250, (0, 1_000), 5.0) == "replaying: 0.0 of 0.0 hours, 25%, 15 s left"
    assert progress_text("reading", HOUR_MS, (HOUR_MS, 3 * HOUR_MS), 5.0) == "reading: 0.0 of 2.0 hours, 0%"
    assert pace_text((0, 604_800_000), 60.48) == "replayed in 60.5 s, 10,000 times as fast as it happened"


def test_progress_is_said_now_and_then_and_leaves_an_empty_line() -> None:
    stream, clock = StringIO(), iter([0.0, 0.1, 0.3, 0.4])
    progress = Progress(stream, (0, 100), lambda: next(clock))
    for at_ms in (10, 50, 60):
        progress.tell("replaying", at_ms)
    assert stream.getvalue().count("\r") == 1
    progress.end()
    assert stream.getvalue().endswith(f"\r{'':<78}\r")
