"""What is told of an alert afterwards, from what was written down when it happened."""

from dataclasses import replace

import pytest

from alerts.delivery import AttemptMade
from alerts.engine import Engine
from alerts.explaining import OnRecord, Today, explain
from alerts.fingerprint import fingerprint
from alerts.group_book import Policy
from alerts.groups import Groups
from alerts.hindsight import Told
from alerts.inhibition import Inhibitors
from alerts.lives import Change
from alerts.matchers import from_mapping
from alerts.model import Severity, Step
from alerts.receipts import Receipt
from alerts.routing import Route
from alerts.silences import build_silence
from alerts.word_story import Said, ordinal
from tests.alert_builders import START, make_plan, make_reading, make_rule

RULE = make_rule(severity=Severity.CRITICAL)
ON_CALL = make_plan("pager", route="critical", steps=(Step(0.0, ("pager",)), Step(600.0, ("boss",))))
ROUTES = Route(
    make_plan("mail", route="every alert"),
    routes=(
        Route(make_plan("chat", route="info"), from_mapping({"severity": "info"})),
        Route(ON_CALL, from_mapping({"severity": "critical"})),
    ),
)
TODAY = Today(RULE, ROUTES, ("pager", "boss", "chat", "mail", "spare"))
WORKS = build_silence(
    from_mapping({"severity": "critical"}),
    starts_at=START,
    ends_at=START + 60,
    author="ann",
    reason="works",
    now=START,
)


class Past:
    """Lives through levels, a moment each, and keeps on record what came of it."""

    def __init__(self, root=ROUTES, silences=()):
        self._engine = Engine([RULE])
        self._groups = Groups(Policy(root, Inhibitors()))
        self._groups.use_silences(silences)
        self._judged = []
        self._silences = tuple(silences)

    def see(self, at, level=None, **changes):
        now = START + at
        found = self._engine.judge([make_reading(level, **changes)], now)
        grouped = self._groups.judge(found, now)
        self._engine.adopt(grouped.judgement.alerts, found.deadlines)
        self._groups.adopt(grouped)
        self._judged.append(grouped.judgement)
        return self

    def record(self, **changes):
        states = [{alert.fingerprint: alert for alert in each.alerts} for each in self._judged]
        record = OnRecord(
            changes=tuple(
                Change(transition, alerts[transition.fingerprint])
                for each, alerts in zip(self._judged, states, strict=True)
                for transition in each.transitions
            ),
            now=next(iter(self._engine.alerts), None),
            notes=tuple(note for each in self._judged for note in each.notes),
            incidents=tuple({i.id: i for each in self._judged for i in each.incidents}.values()),
            said=tuple(Said(n, "waiting", next_at=n.created_at) for each in self._judged for n in each.notifications),
            groups=(),
            silences=self._silences,
        )
        return replace(record, **changes)


def told(explanation):
    return [(round(each.at - START), each.text) for each in explanation.story]


@pytest.fixture
def fired():
    return Past().see(0, 1).see(10, 1).see(20, 1)


@pytest.mark.promise("P31")
def test_the_story_of_a_page_is_told_from_its_beginning(fired):
    record = fired.record()
    (page,) = record.said
    failed = AttemptMade(START + 21, 0.5, "unavailable", "503 Service Unavailable", "answered 503 Service Unavailable")
    made = AttemptMade(START + 23, 0.4, "delivered", "202 Accepted")
    arrived = Receipt("", "delivered", is_final=True, succeeded=True, at=START + 30)
    delivered = Said(page.notification, "delivered", ((1, failed), (2, made)), receipts=(arrived,))
    explanation = explain(replace(record, said=(delivered,)), TODAY, START + 60)
    assert explanation.answer == (
        "it was firing at 2025-11-21 01:54:20 UTC, since 2025-11-21 01:53:30 UTC",
        "because held: level <= 1 for 10 s; it was 1",
    )
    incident = page.notification.incident.id
    assert told(explanation) == [
        (0, "pending: level <= 1; it was 1"),
        (10, "firing: level <= 1 for 10 s; it was 1"),
        (10, "put into group alertname=Bad, room_name=class of route critical"),
        (20, f"incident {incident} begins"),
        (20, "pager is to be told: trigger (held: level <= 1 for 10 s)"),
        (21, "pager: trigger not taken at the 1st attempt, 0.5 s: answered 503 Service Unavailable"),
        (23, "pager: trigger delivered at the 2nd attempt, 0.4 s, answered 202 Accepted"),
        (30, "pager: trigger receipt: delivered"),
    ]


@pytest.mark.promise("P31")
def test_who_was_not_asked_is_told_why(fired):
    assert explain(fired.record(), TODAY, START + 60).not_asked == (
        "boss: not asked: route critical tells it after 10 min, unless it is acknowledged or over by then",
        "chat: not asked: severity is critical, not info",
        "mail: not asked: critical took the alert before it came to it",
        "spare: not asked: no route leads to it",
    )


@pytest.mark.promise("P31")
def test_what_was_held_back_is_told_with_whoever_wanted_it():
    record = Past(silences=[WORKS]).see(0, 1).see(10, 1).record()
    explanation = explain(record, TODAY, START + 30)
    assert (10, f"held back: silenced by ann: works ({WORKS.id}) until 2025-11-21 01:54:20 UTC") in told(explanation)
    assert "pager: not asked: route critical is for it, but nothing was said of the alert" in explanation.not_asked


@pytest.mark.promise("P31")
def test_an_alert_that_no_route_is_for_says_so():
    record = Past(Route(None)).see(0, 1).see(10, 1).record()
    explanation = explain(record, replace(TODAY, root=Route(None)), START + 30)
    assert (10, "told to nobody: no route is for it that has a receiver") in told(explanation)


@pytest.mark.promise("P31")
def test_a_flicker_is_told_as_what_it_was():
    explanation = explain(Past().see(0, 1).see(5, 3).record(course=(Told(START + 5, 3.0),)), TODAY, START + 60)
    assert explanation.answer == (
        "it did not fire at 2025-11-21 01:54:20 UTC",
        "level was 3, as told at 2025-11-21 01:53:25 UTC",
        "level <= 1 did not hold, and never had since 2025-11-21 01:53:25 UTC",
        "the last time it began was at 2025-11-21 01:53:20 UTC, and it did not hold for long enough",
    )
    assert told(explanation)[-1] == (5, "forgotten before anybody was told: flickered: level <= 1 for less than 10 s")


@pytest.mark.promise("P31")
def test_before_it_had_held_for_long_enough_it_was_pending(fired):
    assert explain(fired.record(), TODAY, START + 4).answer == (
        "it was pending at 2025-11-21 01:53:24 UTC, since 2025-11-21 01:53:20 UTC",
        "it had held for 4 s; it fires after 10 s",
    )


@pytest.mark.promise("P31")
def test_what_never_began_is_told_from_what_was_measured():
    course = (Told(START, 4.0), Told(START + 60, 1.0), Told(START + 64, 5.0))
    assert explain(OnRecord(course=course), TODAY, START + 100).answer == (
        "it did not fire at 2025-11-21 01:55:00 UTC",
        "level was 5, as told at 2025-11-21 01:54:24 UTC",
        "level <= 1 did not hold; it last had until 2025-11-21 01:54:24 UTC, for 4 s; it has to for 10 s",
    )


@pytest.mark.promise("P31")
@pytest.mark.parametrize(
    ("course", "said"),
    [
        (None, "what level was is on record of no time, only when level <= 1 began"),
        ((), "nothing is on record of level at that time or before"),
        ((Told(START + 99, 1.0),), "nothing is on record of level at that time or before"),
    ],
)
def test_what_is_not_on_record_is_said_not_to_be(course, said):
    assert explain(OnRecord(course=course), TODAY, START).answer == ("it did not fire at 2025-11-21 01:53:20 UTC", said)


def test_an_alert_of_a_rule_that_is_gone_is_told_still(fired):
    gone = replace(TODAY, rule=None)
    assert explain(fired.record(), gone, START + 60).answer[0].startswith("it was firing")
    assert explain(OnRecord(), gone, START).answer[1] == "no rule of that name is configured now"


def test_the_life_that_is_told_is_the_one_at_the_time():
    past = Past().see(0, 1).see(10, 1).see(20, 5).see(40, 5).see(100, 1).see(110, 1)
    assert told(explain(past.record(), TODAY, START + 15))[0][0] == 0
    assert told(explain(past.record(), TODAY, START + 105))[0][0] == 100
    assert (40, "over: cleared: level >= 3 for 20 s") in told(explain(past.record(), TODAY, START + 15))
    assert explain(past.record(), TODAY, START - 1).story == ()


def test_one_of_many_joins_an_incident_that_is_known():
    past = Past().see(0, 1).see(10, 1).see(20, 1).see(30, 1, entity="PA2").see(40, 1, entity="PA2")
    second = fingerprint("Bad", "PA2")
    changes = tuple(each for each in past.record().changes if each.alert.fingerprint == second)
    record = past.record(changes=changes, now=None)
    joined = [text for _, text in told(explain(record, TODAY, START + 50)) if text.startswith("joins")]
    assert joined == [f"joins incident {record.incidents[0].id}, of which people know since 2025-11-21 01:53:40 UTC"]


@pytest.mark.parametrize(
    ("number", "words"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st")]
)
def test_ordinals_end_as_they_are_said(number, words):
    assert ordinal(number) == words
