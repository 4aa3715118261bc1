"""What an Alertmanager is sent, and when."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alertmanager import (
    BATCH_ALERTS,
    BATCH_BYTES,
    RESOLVED_FOR_S,
    Origin,
    Sent,
    batches,
    due,
    rendered,
    shown,
)
from alerts.model import State
from tests.alert_builders import START, make_alert

HERE = Origin("roomwatch", "https://rw.example.com", refresh_s=60.0)
NOW = START + 30

FIRING = make_alert()


def ended(at, alert=FIRING):
    return replace(alert, state=State.INACTIVE, since=at)


def test_an_alert_that_fires_is_sent_with_an_end_four_repeats_ahead():
    told = rendered(FIRING, HERE, NOW)
    assert (told["startsAt"], told["endsAt"]) == ("2025-11-21T01:53:20.000Z", "2025-11-21T01:57:50.000Z")
    assert told["generatorURL"] == "https://rw.example.com"


def test_an_alert_that_is_over_is_sent_with_the_end_that_it_had():
    told = rendered(ended(START + 10), HERE, NOW)
    assert (told["startsAt"], told["endsAt"]) == ("2025-11-21T01:53:20.000Z", "2025-11-21T01:53:30.000Z")
    assert told["labels"] == rendered(FIRING, HERE, NOW)["labels"]


def test_an_alert_never_ends_before_it_began():
    told = rendered(ended(START - 5), HERE, NOW)
    assert told["startsAt"] == told["endsAt"]


def test_labels_tell_one_alert_from_another():
    assert rendered(FIRING, HERE, NOW)["labels"] == {
        "alertname": "Bad",
        "severity": "critical",
        "kind": "participant",
        "entity": "PA1",
        "instance": "roomwatch",
        "room_name": "class",
    }


def test_no_label_of_a_rule_hides_which_alert_it_is():
    labels = {"entity": "none", "alertname": "none", "alert-name": "other", "instance": "none"}
    told = rendered(make_alert(labels=labels), HERE, NOW)["labels"]
    assert (told["entity"], told["alertname"], told["instance"], told["alert_name"]) == (
        "PA1",
        "Bad",
        "roomwatch",
        "other",
    )


def test_annotations_are_the_texts_and_the_details_that_are_known():
    assert rendered(FIRING, HERE, NOW)["annotations"] == {
        "summary": "alice is cut off.",
        "description": "Level 0 of 5.",
        "runbook_url": "docs/x.md#bad",
        "identity": "alice",
        "level": "0",
    }


NAMES = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
TEXTS = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.just("🔥" * 9999), max_size=9)


@given(labels=TEXTS, annotations=TEXTS, entity=st.text(min_size=1))
def test_whatever_an_alert_says_alertmanager_can_read_it(labels, annotations, entity):
    alert = make_alert(labels=labels, annotations=annotations, details=annotations, entity=entity)
    [(_, body)] = batches([alert], HERE, NOW)
    [told] = json.loads(body)
    for name, text in {**told["labels"], **told["annotations"]}.items():
        assert NAMES.fullmatch(name)
        assert text
        assert "\n" not in text


@pytest.mark.promise("P17")
def test_no_post_is_larger_than_its_bounds_and_every_alert_is_in_one():
    long = {f"text_{number}": "🔥" * 5000 for number in range(40)}
    alerts = [make_alert(fingerprint=f"f1-{number}", annotations=long) for number in range(20)]
    posts = list(batches(alerts, HERE, NOW))
    assert max(len(body) for _, body in posts) <= BATCH_BYTES + 2
    assert [alert for batch, _ in posts for alert in batch] == alerts
    assert [len(json.loads(body)) for _, body in posts] == [len(batch) for batch, _ in posts]


def test_no_post_has_more_alerts_than_its_bound():
    alerts = [make_alert(fingerprint=f"f1-{number}") for number in range(2 * BATCH_ALERTS + 1)]
    assert [len(batch) for batch, _ in batches(alerts, HERE, NOW)] == [BATCH_ALERTS, BATCH_ALERTS, 1]


def test_nothing_to_send_is_no_post():
    assert list(batches([], HERE, NOW)) == []


# --- what is shown ---


def test_what_is_pending_is_not_shown():
    assert shown([make_alert(state=State.PENDING)], [], NOW) == {}


def test_what_has_ended_is_shown_for_a_quarter_of_an_hour():
    over = ended(START)
    assert list(shown([], [over], START + RESOLVED_FOR_S).values()) == [over]
    assert shown([], [over], START + RESOLVED_FOR_S + 1) == {}


def test_what_fires_again_is_not_shown_as_ended():
    again = make_alert(episode="e1-0001", fired_at=START + 20)
    assert list(shown([again], [ended(START + 10)], NOW).values()) == [again]


def test_of_several_ends_the_last_is_shown():
    first, last = ended(START + 1), ended(START + 9)
    assert list(shown([], [last, first], NOW).values()) == [last]
    assert list(shown([], [first, last], NOW).values()) == [last]


# --- what is due ---


@pytest.mark.parametrize(
    ("sent", "is_due"),
    [
        ({}, True),
        ({"f1-0000": Sent(NOW - 59, FIRING)}, False),
        ({"f1-0000": Sent(NOW - 60, FIRING)}, True),
        ({"f1-0000": Sent(NOW - 1, ended(START))}, True),
        ({"f1-0000": Sent(NOW - 1, make_alert(episode="e1-9999"))}, True),
        ({"f1-0000": Sent(NOW - 1, make_alert(details={"level": 1.0}))}, False),
    ],
    ids=["new", "just sent", "sent a repeat ago", "ended and back", "another episode", "other details"],
)
def test_an_alert_is_sent_when_it_is_news_and_once_a_repeat(sent, is_due):
    assert list(due({"f1-0000": FIRING}, sent, NOW, 60.0)) == ([FIRING] if is_due else [])


def test_an_alert_that_gets_other_labels_ends_under_those_before():
    named = make_alert(labels={"room_name": "class of 3b"})
    over, fires = due({"f1-0000": named}, {"f1-0000": Sent(NOW - 1, FIRING)}, NOW, 60.0)
    assert (over, fires) == (ended(NOW), named)
    [ended_later] = due({"f1-0000": ended(NOW, named)}, {"f1-0000": Sent(NOW - 1, named)}, NOW, 60.0)
    assert ended_later == ended(NOW, named)
