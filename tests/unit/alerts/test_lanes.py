from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery import Fate
from alerts.lanes import needless, rank
from alerts.model import NotificationKind, Owed, Severity, Waiting
from tests.alert_builders import START, make_alert, make_notification

TRIGGER, UPDATE, REPEAT = NotificationKind.TRIGGER, NotificationKind.UPDATE, NotificationKind.REPEAT
ACKNOWLEDGE, RESOLVE = NotificationKind.ACKNOWLEDGE, NotificationKind.RESOLVE


def lane(head, *behind, **known):
    return Owed(make_notification(head), behind=tuple(Waiting(f"w{n}", kind) for n, kind in enumerate(behind)), **known)


def unsaid(owed):
    """Return the fate of each word that need not be said, the head's under the name `head`."""
    fates = {each.notification_id: each.settlement.fate for each in needless(owed, START)}
    return {"head" if key == owed.notification.id else key: fate for key, fate in fates.items()}


@pytest.mark.promise("P5")
def test_what_was_over_before_anybody_heard_of_it_is_not_said_at_all():
    assert unsaid(lane(TRIGGER, RESOLVE)) == {"head": Fate.CANCELLED, "w0": Fate.CANCELLED}
    assert set(unsaid(lane(TRIGGER, UPDATE, ACKNOWLEDGE, RESOLVE)).values()) == {Fate.CANCELLED}


@pytest.mark.promise("P5")
def test_of_what_may_have_been_heard_only_the_end_is_said():
    assert unsaid(lane(TRIGGER, UPDATE, RESOLVE, maybe_heard=True)) == {"head": Fate.SUPERSEDED, "w0": Fate.SUPERSEDED}


def test_an_update_of_what_is_known_gives_way_to_the_end():
    assert unsaid(lane(UPDATE, RESOLVE, is_known=True)) == {"head": Fate.SUPERSEDED}


def test_the_end_of_what_a_receiver_never_accepted_is_not_said():
    assert unsaid(lane(RESOLVE)) == {"head": Fate.CANCELLED}
    assert unsaid(lane(RESOLVE, is_known=True)) == {}
    assert unsaid(lane(ACKNOWLEDGE)) == {"head": Fate.CANCELLED}


def test_the_last_word_on_how_it_stands_is_enough():
    assert unsaid(lane(UPDATE, UPDATE, REPEAT)) == {"head": Fate.SUPERSEDED, "w0": Fate.SUPERSEDED}
    assert unsaid(lane(TRIGGER, UPDATE, UPDATE)) == {"w0": Fate.SUPERSEDED}


def test_an_acknowledgement_overtakes_nothing_and_is_overtaken_by_the_end_only():
    assert unsaid(lane(UPDATE, ACKNOWLEDGE, is_known=True)) == {}
    assert unsaid(lane(TRIGGER, ACKNOWLEDGE)) == {}
    assert unsaid(lane(ACKNOWLEDGE, UPDATE, is_known=True)) == {}
    assert unsaid(lane(ACKNOWLEDGE, RESOLVE, is_known=True)) == {"head": Fate.SUPERSEDED}


def test_a_word_that_tries_a_receiver_out_is_always_said():
    owed = lane(TRIGGER, RESOLVE)
    assert needless(replace(owed, notification=replace(owed.notification, is_test=True)), START) == ()


@given(st.sampled_from(NotificationKind), st.lists(st.sampled_from(NotificationKind), max_size=6), st.booleans())
def test_somebody_who_may_know_of_an_incident_hears_of_its_end_or_how_it_stands(head, behind, is_known):
    owed = lane(head, *behind, is_known=is_known)
    kinds = {"head": head, **{f"w{n}": kind for n, kind in enumerate(behind)}}
    said = [kind for key, kind in kinds.items() if key not in unsaid(owed)]
    if is_known:
        assert said
        assert (RESOLVE in said) == (RESOLVE in kinds.values())
    states = [kind for kind in said if kind in (UPDATE, REPEAT)]
    assert RESOLVE in kinds.values() or len(states) <= 1


@pytest.mark.promise("P14")
def test_who_has_to_get_up_is_told_first_then_who_may_lie_down_again():
    def of(kind, severity):
        return rank(make_notification(kind, alert=make_alert(severity=severity)))

    order = [
        of(TRIGGER, Severity.CRITICAL),
        of(RESOLVE, Severity.CRITICAL),
        of(TRIGGER, Severity.WARNING),
        of(TRIGGER, Severity.INFO),
        of(REPEAT, Severity.CRITICAL),
    ]
    assert order == sorted(set(order))
    assert of(RESOLVE, Severity.INFO) == of(RESOLVE, Severity.CRITICAL) == of(ACKNOWLEDGE, Severity.WARNING)
    assert of(UPDATE, Severity.WARNING) == of(TRIGGER, Severity.WARNING)
