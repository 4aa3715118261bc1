"""When is all well, and what is a beat worth?"""

from dataclasses import replace

import pytest

from alerts.audit import Facts, Limits, audit
from alerts.delivery import Delivered, TryAgain
from alerts.heartbeat import Heartbeat, beat, lane
from alerts.notifiers.base import Attempt
from tests.alert_builders import START

LIMITS = Limits(evaluation_late_s=60, outbox_late_s=120, pipeline_late_s=60, polling_silent_s=300)
WELL = Facts(evaluator_silent_s=5, polls_silent_s={"a": 10, "b": 999})
OURS = Heartbeat("https://hc.example.com/s3cret-check", "POST", fresh_for_s=60)


@pytest.mark.promise("P34")
@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        (WELL, None),
        (Facts(), None),
        (replace(WELL, evaluator_silent_s=61), "rules have not been looked at for 1.02 min"),
        (replace(WELL, overdue=("pager", "chat")), "nobody tells pager, chat what has been due for more than 2 min"),
        (replace(WELL, events_wait_s=90), "events wait, and none has been stored for 1.5 min"),
        (
            replace(WELL, polls_silent_s={"a": 400, "b": 999}),
            "Twilio has answered no poll of any account for 6.67 min",
        ),
    ],
)
def test_each_part_of_the_house_is_asked_for(facts, complaint):
    assert audit(facts, LIMITS) == (() if complaint is None else (complaint,))


def test_everything_that_is_wrong_is_said():
    assert len(audit(Facts(999, ("pager",), 999, {"a": 999}), LIMITS)) == 4


def test_polls_need_not_matter():
    assert audit(Facts(polls_silent_s={"a": 1e9}), replace(LIMITS, polling_silent_s=0)) == ()


@pytest.mark.promise("P34")
def test_a_beat_is_worth_its_minute_only():
    word = beat("test", START)
    assert OURS.render(word, Attempt(START + 60)).url == OURS.url
    assert OURS.render(word, Attempt(START + 61)) is None


def test_without_an_address_nothing_is_sent():
    assert Heartbeat("", "POST", 60).render(beat("test", START), Attempt(START)) is None


def test_all_beats_of_a_daemon_go_in_one_lane_and_each_is_a_word_of_its_own():
    first, second = beat("test", START), beat("test", START + 60)
    assert first.lane == second.lane == lane("test") != lane("other")
    assert first.id != second.id


@pytest.mark.parametrize(("status", "is_taken"), [(200, True), (404, False), (500, False)])
def test_no_beat_is_ever_given_up(status, is_taken):
    outcome = OURS.judge(status, {}, b"")
    assert isinstance(outcome, Delivered if is_taken else TryAgain)


@pytest.mark.promise("P38")
def test_the_address_is_a_secret_and_is_not_shown():
    complaint = OURS.complaint(("a", "b"))
    assert (complaint.url, complaint.body) == (f"{OURS.url}/fail", b"a\nb")
    assert "s3cret" not in f"{OURS!r} {complaint!r}"
