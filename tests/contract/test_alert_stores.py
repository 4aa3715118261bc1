"""One suite, every store: alert states, and the outbox."""

from dataclasses import replace as replaced
from typing import Any

import pytest

from alerts.delivery import AttemptMade, Fate, Settled, Settlement
from alerts.model import Judgement, Kind, Notification, NotificationKind, Reading, Reason, Severity, State
from monitor.store.ports import OutboxSearch, Store
from tests.alert_builders import make_alert, make_notification
from tests.builders import ALICE, ROOM
from tests.judging import Judge, fired

ON_POSTGRES = True
TRIGGER, UPDATE, REPEAT = NotificationKind.TRIGGER, NotificationKind.UPDATE, NotificationKind.REPEAT
RESOLVE = NotificationKind.RESOLVE


def ended(judge: Judge, entity: str = f"{ROOM}/{ALICE}", *, at: float = 200.0) -> Judgement:
    return judge.look(Reading(Kind.PARTICIPANT, entity, gone="room_ended"), at=at)


def delivered(at: float) -> Settlement:
    return Settlement(Fate.DELIVERED, 1, at)


async def settle(store: Store, notification_id: str, settlement: Settlement) -> None:
    await store.alerts.settle([Settled(notification_id, settlement)])


async def test_a_judgement_is_found_again_whole(store: Store) -> None:
    made, _ = fired()
    await store.alerts.record(made)
    (alert,) = await store.alerts.load_alerts()
    assert (alert, alert.state) == (made.alerts[0], State.FIRING)
    (owed,) = await store.alerts.due(100.0, 10)
    assert (owed.notification, owed.attempts) == (made.notifications[0], 0)


async def test_an_alert_that_ended_is_forgotten_and_its_episode_remembered(store: Store) -> None:
    made, engine = fired()
    await store.alerts.record(made)
    await store.alerts.record(ended(engine))
    assert list(await store.alerts.load_alerts()) == []
    (episode,) = await store.alerts.ended(150.0, 10)
    assert (episode.transition.detail, episode.alert.details["identity"]) == ("room_ended", "alice")
    assert list(await store.alerts.ended(201.0, 10)) == []


async def test_an_alert_that_ended_and_may_come_back_is_kept_and_let_go_in_its_time(store: Store) -> None:
    made, _ = fired()
    over = replaced(made.alerts[0], state=State.INACTIVE, remember_until=500.0)
    await store.alerts.record(Judgement((over,)))
    assert list(await store.alerts.load_alerts()) == [over]
    await store.alerts.record(Judgement((replaced(over, remember_until=None),)))
    assert list(await store.alerts.load_alerts()) == []


async def test_an_episode_that_only_flaps_has_not_ended(store: Store) -> None:
    made, _ = fired()
    flaps = replaced(made.transitions[0], before=State.FIRING, at=150.0, reason=Reason.FLAPPING)
    await store.alerts.record(Judgement(made.alerts, (flaps,)))
    assert list(await store.alerts.ended(100.0, 10)) == []


async def test_a_resolve_waits_for_its_trigger(store: Store) -> None:
    made, engine = fired()
    await store.alerts.record(made)
    await store.alerts.record(ended(engine))
    (head,) = await store.alerts.due(1e9, 10)
    assert head.notification.kind is NotificationKind.TRIGGER
    await settle(store, head.notification.id, delivered(201))
    (head,) = await store.alerts.due(1e9, 10)
    assert head.notification.kind is NotificationKind.RESOLVE
    await settle(store, head.notification.id, delivered(202))
    assert list(await store.alerts.due(1e9, 10)) == []


async def test_a_retry_waits_until_its_time_and_remembers_why(store: Store) -> None:
    made, _ = fired()
    await store.alerts.record(made)
    await settle(store, made.notifications[0].id, Settlement(Fate.RETRY, 3, 110, 130.0, "answered 500"))
    assert list(await store.alerts.due(129.9, 10)) == []
    assert await store.alerts.next_due_at(110) == 130.0
    assert await store.alerts.next_due_at(130.0) is None
    (owed,) = await store.alerts.due(130.0, 10)
    assert (owed.attempts, owed.last_error) == (3, "answered 500")


async def test_a_busy_receiver_is_skipped_and_hides_nobody(store: Store) -> None:
    made, _ = fired()
    other = fired("RM/other")[0]
    theirs = tuple(Notification(**{**_fields(n), "receiver": "chat", "id": "theirs"}) for n in other.notifications)
    await store.alerts.record(made)
    await store.alerts.record(Judgement(other.alerts, other.transitions, notifications=theirs))
    assert [owed.notification.receiver for owed in await store.alerts.due(1e9, 1, skip={"pager"})] == ["chat"]
    assert len(await store.alerts.due(1e9, 1)) == 2


async def test_the_outbox_counts_what_waits_and_what_was_given_up(store: Store) -> None:
    assert tuple(await store.alerts.outbox_counts()) == (0, 0, None)
    made, engine = fired()
    await store.alerts.record(made)
    await store.alerts.record(ended(engine))
    assert tuple(await store.alerts.outbox_counts()) == (2, 0, 100.0)
    await settle(store, made.notifications[0].id, Settlement(Fate.DEAD, 1, 210, None, "answered 400"))
    assert tuple(await store.alerts.outbox_counts()) == (1, 1, 200.0)


async def test_recording_the_same_judgement_again_owes_nothing_twice(store: Store) -> None:
    made, _ = fired()
    await store.alerts.record(made)
    await settle(store, made.notifications[0].id, delivered(101))
    await store.alerts.record(made)
    assert list(await store.alerts.due(1e9, 10)) == []


def _fields(notification: Notification) -> dict[str, object]:
    return {name: getattr(notification, name) for name in Notification.__slots__}


# --- the outbox ---


async def owe(store: Store, *notifications: Notification) -> None:
    await store.alerts.record(Judgement(notifications=notifications))


def word(kind: NotificationKind = TRIGGER, entity: str = "PA1", **changes: Any) -> Notification:
    return make_notification(kind, entity=entity, at=100.0, **changes)


async def due(store: Store, **more: Any) -> list[str]:
    return [owed.notification.id for owed in await store.alerts.due(1e9, 100, **more)]


async def test_the_most_urgent_heads_come_first_and_of_those_the_oldest(store: Store) -> None:
    calm, warning, later, critical = (
        word(RESOLVE, "PA1"),
        word(entity="PA2", alert=make_alert(severity=Severity.WARNING, fingerprint="f1-2")),
        word(RESOLVE, "PA3"),
        word(entity="PA4"),
    )
    await owe(store, warning, calm, later, critical)
    assert await due(store) == [critical.id, calm.id, later.id, warning.id]
    assert [each.notification.id for each in await store.alerts.due(1e9, 2)] == [critical.id, calm.id]


async def test_a_head_brings_along_what_waits_behind_it(store: Store) -> None:
    await owe(store, word(), word(UPDATE), word(RESOLVE), word(entity="PA2"))
    head, other = await store.alerts.due(1e9, 10)
    assert [(each.id, each.kind) for each in head.behind] == [(word(kind).id, kind) for kind in (UPDATE, RESOLVE)]
    assert (other.behind, head.is_known) == ((), False)


async def test_it_is_known_of_a_lane_whether_the_receiver_may_know_and_what_it_calls_it(store: Store) -> None:
    words = [word(), word(UPDATE), word(REPEAT), word(RESOLVE)]
    await owe(store, *words)
    await store.alerts.begin({words[0].id: "here"}, 100)
    await settle(store, words[0].id, Settlement(Fate.DEAD, 1, 101, last_error="answered 400"))
    (owed,) = await store.alerts.due(1e9, 10)
    assert (owed.notification, owed.is_known, owed.target) == (words[1], False, "")
    await store.alerts.begin({words[1].id: "there"}, 102)
    await settle(store, words[1].id, Settlement(Fate.DELIVERED, 1, 102, reference="ts-1"))
    await settle(store, words[2].id, Settlement(Fate.SUPERSEDED, 0, 102))
    (owed,) = await store.alerts.due(1e9, 10)
    assert (owed.notification, owed.is_known, owed.target, owed.reference) == (words[3], True, "there", "ts-1")


async def test_a_word_that_outlived_those_before_it_is_about_something_known(store: Store) -> None:
    await owe(store, word(RESOLVE))
    (owed,) = await store.alerts.due(1e9, 10)
    assert owed.is_known


@pytest.mark.promise("P2")
async def test_an_attempt_that_was_begun_and_not_settled_may_have_been_heard(store: Store) -> None:
    await owe(store, word(), word(entity="PA2"))
    await store.alerts.begin({word().id: "here"}, 100.0)
    assert await due(store) == [word(entity="PA2").id], "one attempt at a time"
    assert await store.alerts.recover(107.0) == 1
    assert await store.alerts.recover(108.0) == 0
    owed, other = await store.alerts.due(1e9, 10)
    assert (owed.maybe_heard, owed.attempts, owed.target) == (True, 0, "here"), "and it was not the receiver who failed"
    assert (other.maybe_heard, other.attempts) == (False, 0)
    entry = await store.alerts.notification(word().id)
    assert entry is not None
    ((number, made),) = await store.alerts.attempts(entry.seq)
    assert (number, made.outcome, made.at, made.duration_s) == (1, "unknown", 107.0, 7.0)


async def test_an_attempt_is_granted_once_and_only_at_what_waits(store: Store) -> None:
    await owe(store, word(), word(entity="PA2"))
    await settle(store, word(entity="PA2").id, delivered(100))
    both = {word().id: "here", word(entity="PA2").id: "here", "of nobody": "here"}
    assert list(await store.alerts.begin(both, 101)) == [word().id]
    assert list(await store.alerts.begin(both, 102)) == []
    await settle(store, word().id, Settlement(Fate.RETRY, 1, 103, 103, "answered 503"))
    assert list(await store.alerts.begin(both, 104)) == [word().id]


async def test_what_this_sender_attempts_is_not_taken_over_from_it(store: Store) -> None:
    await owe(store, word())
    await store.alerts.begin({word().id: "here"}, 100)
    assert await store.alerts.take_over(1e9) == 0
    assert await due(store) == []


async def test_what_receivers_answer_is_kept_as_it_came(store: Store) -> None:
    odd = "\0a\ue000\U0001f4a5\n'"
    await owe(store, word(), word(UPDATE))
    await store.alerts.begin({word().id: odd}, 100)
    became = Settlement(Fate.DELIVERED, 1, 101, reference=odd)
    await store.alerts.settle([Settled(word().id, became, AttemptMade(101, 0.5, "delivered", odd, odd))])
    (owed,) = await store.alerts.due(1e9, 10)
    assert (owed.reference, owed.target) == (odd, odd)
    entry = await store.alerts.notification(word().id)
    assert entry is not None
    assert await store.alerts.attempts(entry.seq) == [(1, AttemptMade(101, 0.5, "delivered", odd, odd))]
    await settle(store, word(UPDATE).id, Settlement(Fate.DEAD, 1, 102, last_error=odd))
    assert await store.alerts.replay(103, ids=[odd]) == 0
    assert await store.alerts.notification(odd) is None
    (owed,) = await store.alerts.not_fallen_back(10)
    assert owed.last_error == odd


async def test_what_waits_no_longer_is_settled_only_once(store: Store) -> None:
    await owe(store, word())
    await settle(store, word().id, delivered(101))
    await settle(store, word().id, Settlement(Fate.DEAD, 2, 102, last_error="answered 400"))
    entry = await store.alerts.notification(word().id)
    assert entry is not None
    assert (entry.state, entry.settled_at_s) == ("delivered", 101)


@pytest.mark.promise("P30")
async def test_of_very_many_attempts_the_first_and_the_last_are_kept(store: Store) -> None:
    await owe(store, word())
    for number in range(1, 41):
        made = AttemptMade(100.0 + number, 0.5, "unavailable", "503 Service Unavailable", f"failure {number}")
        became = Settlement(Fate.RETRY, number, made.at, made.at, made.error)
        await store.alerts.settle([Settled(word().id, became, made)])
    entry = await store.alerts.notification(word().id)
    assert entry is not None
    kept = await store.alerts.attempts(entry.seq)
    assert [number for number, _ in kept] == [*range(1, 6), *range(21, 41)]
    assert kept[-1][1] == AttemptMade(140.0, 0.5, "unavailable", "503 Service Unavailable", "failure 40")
    assert await store.alerts.attempted_since(138.5) == [("ops", 139.0), ("ops", 140.0)]


async def test_what_has_waited_too_long_is_found_by_its_receiver(store: Store) -> None:
    await owe(store, word(), word(entity="PA2", receiver="chat"))
    found = await store.alerts.overdue("ops", 100.5, 10)
    assert [each.notification.id for each in found] == [word().id]
    assert list(await store.alerts.overdue("ops", 100.0, 10)) == []


async def test_receivers_of_other_days_are_remembered(store: Store) -> None:
    assert await store.alerts.targets({"pager": "p1", "chat": "c1"}) == {"pager": "p1", "chat": "c1"}
    assert await store.alerts.targets({"pager": "p2"}) == {"pager": "p2", "chat": "c1"}


@pytest.mark.promise("P13")
async def test_a_death_is_told_until_somebody_has_taken_it(store: Store) -> None:
    await owe(store, word(), word(entity="PA2"))
    dead = Settlement(Fate.DEAD, 1, 101, last_error="answered 404", payload_hash="abcd")
    await settle(store, word().id, dead)
    for _ in range(2):
        (owed,) = await store.alerts.not_fallen_back(10)
        assert (owed.notification, owed.last_error) == (word(), "answered 404")
    await store.alerts.fell_back(word().id)
    assert list(await store.alerts.not_fallen_back(10)) == []
    entry = await store.alerts.notification(word().id)
    assert entry is not None
    assert (entry.state, entry.last_error, entry.payload_hash) == ("dead", "answered 404", "abcd")


@pytest.mark.promise("P13")
async def test_what_is_replayed_is_owed_as_if_from_now_on(store: Store) -> None:
    await owe(store, word(), word(entity="PA2", receiver="chat"))
    dead = Settlement(Fate.DEAD, 3, 101, last_error="answered 404")
    for each in (word(), word(entity="PA2", receiver="chat")):
        await settle(store, each.id, dead)
    assert await store.alerts.replay(500.0, ids=["of nobody"]) == 0
    assert await store.alerts.replay(500.0, receiver="chat") == 1
    assert await store.alerts.replay(500.0, ids=[word().id], receiver="ops") == 1
    assert await store.alerts.replay(500.0) == 0
    first, _ = await store.alerts.due(500.0, 10)
    assert (first.attempts, first.since, first.next_at) == (3, 500.0, 500.0)
    assert list(await store.alerts.overdue("ops", 499.0, 10)) == []


@pytest.mark.promise("P13")
async def test_what_a_later_word_made_pointless_is_not_replayed(store: Store) -> None:
    for entity, fate in (("PA1", Fate.DELIVERED), ("PA2", Fate.CANCELLED), ("PA3", Fate.DEAD)):
        await owe(store, word(entity=entity), word(RESOLVE, entity))
        await settle(store, word(entity=entity).id, Settlement(Fate.DEAD, 1, 101, last_error="answered 404"))
        await settle(store, word(RESOLVE, entity).id, Settlement(fate, 1, 102))
    assert await store.alerts.replay(500.0) == 2
    assert await due(store) == [word(entity="PA3").id]


@pytest.mark.promise("P4")
async def test_what_a_later_word_on_its_way_may_make_pointless_is_not_replayed(store: Store) -> None:
    await owe(store, word(), word(RESOLVE))
    await settle(store, word().id, Settlement(Fate.DEAD, 1, 101, last_error="answered 404", maybe_heard=True))
    await store.alerts.begin({word(RESOLVE).id: "here"}, 102)
    assert await store.alerts.replay(103) == 0
    await settle(store, word(RESOLVE).id, Settlement(Fate.RETRY, 1, 104, 105, "answered 503"))
    assert await store.alerts.replay(105) == 1


@pytest.mark.promise("P30")
async def test_notifications_are_found_by_incident_receiver_and_state_the_latest_first(store: Store) -> None:
    words = [word(entity=f"PA{number}", receiver=receiver) for number in range(3) for receiver in ("ops", "chat")]
    await owe(store, *words)
    await settle(store, words[0].id, delivered(101))

    async def found(**search: Any) -> list[Notification]:
        return [each.notification for each in await store.alerts.notifications(OutboxSearch(**search))]

    assert await found() == words[::-1]
    assert await found(incident=words[0].incident.id) == [words[1], words[0]]
    assert await found(receiver="ops", state="waiting") == [words[4], words[2]]
    assert await found(from_s=words[0].created_at + 1) == await found(to_s=words[0].created_at) == []
    assert await found(from_s=words[0].created_at, to_s=words[0].created_at + 1) == words[::-1]
    first = await store.alerts.notifications(OutboxSearch(limit=4))
    assert await found(before_seq=first[-1].seq) == [words[1], words[0]]
    assert await store.alerts.notification("of nobody") is None
