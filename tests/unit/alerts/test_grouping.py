"""One group at one moment: what is said of it, to whom, and when it is looked at again."""

from dataclasses import replace

import pytest

from alerts.grouping import (
    MOST_LISTED,
    UNMUTED,
    Seen,
    acknowledged,
    closed,
    handed_on,
    hastened,
    look,
    notifications,
    unacknowledged,
)
from alerts.model import Group, NotificationKind, Severity, State, Step
from tests.alert_builders import START, make_alert, make_plan

TRIGGER, UPDATE, REPEAT, RESOLVE = (NotificationKind(each) for each in ("trigger", "update", "repeat", "resolve"))


def alert(name="f1-1", **changes):
    return make_alert(fingerprint=name, entity=name, **changes)


def seen(*alerts, ended=(), **changes):
    firing = {each.fingerprint: each for each in alerts}
    begun = {name: f"{name} began" for name in firing}
    over = tuple((replace(each, state=State.INACTIVE), f"{each.fingerprint} ended") for each in ended)
    return Seen(**{"firing": firing, "ended": over, "begun": begun, **changes})


def group(**changes):
    return Group("g1-1", {"alertname": "Bad"}, make_plan(**changes), "here")


class Story:
    """A group and its life, told by looks; the time goes on."""

    def __init__(self, **plan):
        self.at = START
        self.group = group(**plan)
        self.said = []
        self.is_over = False
        self.next_at = None

    def look(self, *alerts, after=0.0, **changes):
        return self.take(look(self.group, seen(*alerts, **changes), self._later(after)))

    def do(self, what, *alerts, after=0.0, **arguments):
        now = self._later(after)
        return self.take(what(self.group, seen(*alerts), now, **arguments))

    def take(self, found):
        self.group, self.is_over = found.group, found.is_over
        self.next_at = None if found.look_again_at is None else found.look_again_at - START
        words = [(word.kind, *word.receivers) for word in found.words]
        self.said += words
        self.words = found.words
        return words

    def _later(self, seconds):
        self.at += seconds
        return self.at


ONE, TWO, THREE = alert("f1-1"), alert("f1-2"), alert("f1-3")


def opened(*alerts, **plan):
    story = Story(**plan)
    story.look(*alerts)
    story.look(*alerts, after=story.group.plan.group_wait_s)
    return story


# --- the first word ---


def test_a_group_waits_for_others_before_anyone_is_told():
    story = Story()
    assert story.look(ONE) == []
    assert story.next_at == 10
    assert story.look(ONE, TWO, after=9.9) == []
    assert story.look(ONE, TWO, after=0.1) == [(TRIGGER, "ops")]
    [word] = story.words
    assert (word.incident.firing_count, word.reason) == (2, "f1-1 began")


@pytest.mark.promise("P18")
def test_without_a_wait_the_first_word_is_said_at_once():
    assert Story(group_wait_s=0).look(ONE) == [(TRIGGER, "ops")]


def test_what_begins_and_ends_while_the_group_waits_is_never_mentioned():
    story = Story()
    story.look(ONE)
    assert story.look(ended=[ONE], after=5) == []
    assert story.is_over


def test_an_incident_counts_all_of_its_alerts_and_names_the_worst_first():
    many = [alert(f"f1-{number:02}", severity=Severity.WARNING) for number in range(30)]
    [word] = opened(*many, alert("f1-bad", severity=Severity.CRITICAL)).words
    assert (word.incident.firing_count, word.incident.unlisted_count) == (31, 31 - MOST_LISTED)
    assert word.incident.firing[0].fingerprint == "f1-bad"
    assert word.incident.severity is Severity.CRITICAL


def test_an_alert_that_nobody_is_to_hear_of_makes_no_incident():
    story = Story(group_wait_s=0)
    assert story.look(ONE, muted={"f1-1": "silenced"}) == []
    assert not story.is_over
    assert story.look(ended=[ONE]) == []
    assert story.is_over


@pytest.mark.promise("P21")
def test_what_is_no_longer_muted_is_told_after_the_wait():
    story = Story()
    story.look(ONE, muted={"f1-1": "inhibited"})
    assert story.look(ONE, after=100, begun={}) == []
    assert story.look(ONE, after=10, begun={}) == [(TRIGGER, "ops")]
    assert story.words[0].reason == UNMUTED


# --- updates ---


def test_news_of_an_open_incident_waits_for_the_interval():
    story = opened(ONE)
    assert story.look(ONE, TWO, after=5) == []
    assert story.look(ONE, TWO, after=54) == []
    assert story.look(ONE, TWO, after=1) == [(UPDATE, "ops")]
    assert story.words[0].reason == "1 more fire; f1-2 began"
    assert story.words[0].incident.firing_count == 2


def test_nothing_new_makes_no_update():
    story = opened(ONE, TWO)
    assert story.look(ONE, TWO, after=600) == []


def test_that_some_have_ended_is_news_too():
    story = opened(ONE, TWO)
    assert story.look(TWO, ended=[ONE], after=1) == []
    assert story.look(TWO, after=59) == [(UPDATE, "ops")]
    [word] = story.words
    assert [each.fingerprint for each in word.incident.resolved] == ["f1-1"]
    assert (word.incident.firing_count, word.incident.resolved_count, word.reason) == (1, 1, "1 ended")


def test_a_worse_alert_than_any_before_does_not_wait_for_the_interval():
    story = opened(alert("f1-1", severity=Severity.WARNING))
    worse = alert("f1-2", severity=Severity.CRITICAL)
    story.look(alert("f1-1", severity=Severity.WARNING), worse, after=1)
    assert story.look(alert("f1-1", severity=Severity.WARNING), worse, after=10) == [(UPDATE, "ops")]


def test_one_that_ends_and_begins_again_between_two_words_is_not_mentioned():
    story = opened(ONE, TWO)
    story.look(TWO, ended=[ONE], after=1)
    story.look(ONE, TWO, after=1)
    assert story.look(ONE, TWO, after=100) == []


def test_what_is_behind_it_is_told_once_when_it_becomes_known():
    story = opened(ONE)
    assert story.look(ONE, cause="alice's uplink.", after=45) == []
    assert story.look(ONE, cause="alice's uplink.", after=15) == [(UPDATE, "ops")]
    assert (story.words[0].reason, story.words[0].incident.cause) == (
        "it is known what is behind it",
        "alice's uplink.",
    )
    assert story.look(ONE, cause="bob's uplink.", after=600) == []


# --- repeats ---


@pytest.mark.promise("P27")
def test_an_incident_that_goes_on_is_repeated_to_the_second():
    story = opened(ONE, repeat_interval_s=3600)
    assert story.next_at == 10 + 3600
    assert story.look(ONE, after=3599.9) == []
    assert story.look(ONE, after=0.1) == [(REPEAT, "ops")]
    assert story.look(ONE, after=3600) == [(REPEAT, "ops")]


# --- the end ---


@pytest.mark.promise("P19")
def test_that_it_is_over_waits_for_the_resolve_wait_and_not_for_the_interval():
    story = opened(ONE, group_interval_s=3600)
    assert story.look(ended=[ONE], after=1) == []
    assert story.look(after=9) == []
    assert story.look(after=1) == [(RESOLVE, "ops")]
    assert story.is_over
    [word] = story.words
    assert (word.incident.ended_at, word.reason, word.incident.resolved_count) == (START + 21, "f1-1 ended", 1)


def test_what_begins_again_before_the_end_was_told_goes_on_as_if_nothing_had_been():
    story = opened(ONE)
    story.look(ended=[ONE], after=1)
    assert story.look(ONE, after=5) == []
    assert story.look(ONE, after=1000) == []
    assert story.look(ended=[ONE], after=1) == []
    assert story.look(after=10) == [(RESOLVE, "ops")]


def test_the_end_is_told_though_all_of_it_is_silenced():
    story = opened(ONE)
    assert story.look(ONE, muted={"f1-1": "silenced"}, after=1) == []
    story.look(ended=[ONE], after=100)
    assert story.look(after=10) == [(RESOLVE, "ops")]


def test_a_silence_stops_updates_repeats_and_steps():
    story = opened(ONE, steps=(Step(0, ("ops",)), Step(60, ("boss",))), repeat_interval_s=600)
    assert story.look(ONE, muted={"f1-1": "silenced"}, after=10_000) == []


def test_a_silence_for_one_leaves_the_others_audible():
    story = opened(ONE)
    story.look(ONE, TWO, muted={"f1-1": "silenced"}, after=1)
    assert story.look(ONE, TWO, muted={"f1-1": "silenced"}, after=60) == [(UPDATE, "ops")]
    assert story.words[0].incident.firing_count == 2, "what they were told of still fires"


# --- steps ---

LADDER = (Step(0, ("ops",)), Step(300, ("ops", "lead")), Step(900, ("boss",)))


@pytest.mark.promise("P36")
def test_who_is_further_up_is_told_when_nobody_acknowledges():
    story = opened(ONE, steps=LADDER)
    assert story.next_at == 10 + 300
    assert story.look(ONE, after=299) == []
    assert story.look(ONE, after=1) == [(TRIGGER, "lead")]
    assert story.words[0].reason == "nobody acknowledged it within 5 min"
    assert story.look(ONE, after=600) == [(TRIGGER, "boss")]
    story.look(ended=[ONE], after=1)
    assert story.look(after=10) == [(RESOLVE, "ops", "lead", "boss")]


@pytest.mark.promise("P36")
def test_acknowledging_stops_steps_and_repeats_and_not_the_end():
    story = opened(ONE, steps=LADDER)
    assert story.do(acknowledged, ONE, after=10, by="ann") == [(NotificationKind.ACKNOWLEDGE, "ops")]
    assert story.words[0].incident.acknowledged_by == "ann"
    assert story.look(ONE, after=100_000) == []
    story.look(ended=[ONE])
    assert story.look(after=10) == [(RESOLVE, "ops")]


def test_whoever_acknowledged_still_hears_of_others():
    story = opened(ONE)
    story.do(acknowledged, ONE, by="ann")
    story.look(ONE, TWO, after=1)
    assert story.look(ONE, TWO, after=60) == [(UPDATE, "ops")]


def test_an_incident_that_is_nobodys_again_goes_on_up_after_the_pause_that_was_planned():
    story = opened(ONE, steps=LADDER)
    story.do(acknowledged, ONE, after=10, by="ann")
    story.do(unacknowledged_, ONE, after=1000)
    assert story.look(ONE, after=299) == []
    assert story.look(ONE, after=1) == [(TRIGGER, "lead")]


def unacknowledged_(group, _seen, now):
    return unacknowledged(group, now)


def hastened_(group, _seen, now):
    return hastened(group, now)


@pytest.mark.promise("P35")
def test_a_receiver_who_was_not_reached_brings_the_next_step_forward():
    story = opened(ONE, steps=LADDER)
    story.do(hastened_, ONE, after=5)
    assert story.look(ONE) == [(TRIGGER, "lead")]
    story.do(hastened_, ONE, after=5)
    assert story.look(ONE) == [(TRIGGER, "boss")]
    story.do(hastened_, ONE, after=5)
    assert story.look(ONE) == []


def test_no_step_is_taken_while_it_is_nearly_over():
    story = opened(ONE, steps=LADDER, resolve_wait_s=600)
    story.look(ended=[ONE], after=290)
    assert story.look(after=20) == []


@pytest.mark.promise("P13")
def test_somebody_else_is_told_of_what_a_receiver_could_not_be_told_and_hears_its_end():
    story = opened(ONE)
    assert story.do(handed_on, ONE, after=1, failed="ops", to="mail") == [(TRIGGER, "mail")]
    assert story.words[0].reason == "ops could not be told"
    assert story.do(handed_on, ONE, after=1, failed="ops", to="mail") == []
    story.look(ended=[ONE])
    assert story.look(after=10) == [(RESOLVE, "ops", "mail")]


@pytest.mark.promise("P7")
def test_a_group_that_is_closed_tells_whoever_knew_of_it():
    story = opened(ONE, TWO)
    assert story.do(closed, ONE, TWO, reason="the receiver was removed") == [(RESOLVE, "ops")]
    assert story.is_over
    assert story.words[0].incident.resolved_count == 2


# --- what is owed ---


def test_all_that_a_receiver_is_told_of_an_incident_has_one_key_and_each_word_an_id():
    story = opened(ONE)
    owed = [*notifications(story.words[0], START)]
    story.look(ONE, TWO, after=1)
    for after in (60, 60):
        story.look(ONE, TWO, alert(f"f1-{after}{len(owed)}"), after=after)
        owed += [told for word in story.words for told in notifications(word, START)]
    story.look(ended=[ONE, TWO])
    story.look(after=10)
    owed += notifications(story.words[0], START)
    assert len({told.dedup_key for told in owed}) == 1
    assert len({told.id for told in owed}) == len(owed) == 4
    assert len({told.lane for told in owed}) == 1


def test_the_same_look_owes_the_same_words_again():
    story = Story(group_wait_s=0)
    found = [look(story.group, seen(ONE), START) for _ in range(2)]
    assert notifications(found[0].words[0], START) == notifications(found[1].words[0], START)


def test_two_receivers_and_two_daemons_have_keys_of_their_own():
    def keys(**changes):
        found = look(replace(group(group_wait_s=0, steps=(Step(0, ("a", "b")),)), **changes), seen(ONE), START)
        return set(found.words[0].receivers.values())

    assert len(keys() | keys(instance="there") | keys(key="g1-2")) == 6


def unreached_(group, _seen, now):
    return hastened(group, now, "ops")


@pytest.mark.promise("P35")
def test_whoever_is_told_sooner_hears_who_was_not_reached():
    story = opened(ONE, steps=LADDER)
    story.do(unreached_, ONE, after=5)
    assert story.look(ONE) == [(TRIGGER, "lead")]
    assert story.words[0].reason == "ops was not reached"
    assert story.look(ONE, after=600) == [(TRIGGER, "boss")]
    assert story.words[0].reason == "nobody acknowledged it within 15 min"


@pytest.mark.promise("P35")
def test_that_somebody_was_not_reached_is_no_news_once_others_have_been_told():
    story = opened(ONE, steps=LADDER)
    for _ in range(3):
        story.do(unreached_, ONE, after=5)
        story.look(ONE)
    assert story.group.steps_taken == 2


@pytest.mark.promise("P36")
def test_everybody_hears_by_which_way_it_was_acknowledged():
    story = opened(ONE)
    story.do(acknowledged, ONE, by="ann", how="acknowledged by ann via Slack")
    assert story.words[0].reason == "acknowledged by ann via Slack"


def test_every_word_of_an_incident_has_its_links():
    story = opened(ONE)
    links = {"page": "https://watch.example.com/"}
    assert [told.links for told in notifications(story.words[0], START, links)] == [links]
