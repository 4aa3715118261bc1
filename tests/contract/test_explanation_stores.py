"""One suite, every store: what is asked of it to explain an alert, and to know how receivers fare."""

from dataclasses import replace
from typing import Any

from alerts.delivery import AttemptMade, Fate, Settled, Settlement
from alerts.model import Incident, Judgement, Note, NotificationKind, Reason, Severity, State, Transition
from monitor.store.ports import IncidentsWanted, OutboxSearch, Standing, Store
from tests.alert_builders import START, make_alert, make_incident, make_notification, make_reading, make_rule
from tests.judging import Judge

ON_POSTGRES = True
RULE = make_rule()
KINDS_AND_TIMES = ((NotificationKind.TRIGGER, 0), (NotificationKind.UPDATE, 10), (NotificationKind.REPEAT, 60))


async def lived(store: Store, *looks: tuple[float, float], entity: str = "PA1") -> Judge:
    judge = Judge([RULE])
    for at, level in looks:
        await store.alerts.record(judge.look(make_reading(level, entity=entity), at=START + at))
    return judge


async def test_the_changes_of_an_alert_come_oldest_first_each_with_the_alert_as_it_was(store: Store) -> None:
    judge = await lived(store, (0, 1), (10, 1), (20, 5), (40, 5))
    await lived(store, (0, 1), entity="PA2")
    (fingerprint,) = {each.fingerprint for each in judge.look(make_reading(1), at=START + 50).alerts}
    found = await store.alerts.changes_of(fingerprint, START + 100, 10)
    assert [(each.transition.at - START, each.transition.after) for each in found] == [
        (0, "pending"),
        (10, "firing"),
        (40, "inactive"),
    ]
    assert [bool(each.alert.groups) for each in found] == [False, True, True]
    assert await store.alerts.changes_of(fingerprint, START + 40, 1) == found[1:2]
    assert await store.alerts.changes_of("f1-nowhere", START + 40, 1) == []


def incident(name: str, group: str, began: float, ended: float | None = None) -> Incident:
    told = make_incident(make_alert(), ended_at=None if ended is None else START + ended)
    return replace(told, id=name, group=group, started_at=START + began)


async def test_the_incidents_of_groups_are_those_that_went_on_in_a_time(store: Store) -> None:
    before, over, on, other, later = (
        incident("i1-a", "g1-a", 0, 10),
        incident("i1-b", "g1-a", 20, 30),
        incident("i1-c", "g1-b", 25),
        incident("i1-d", "g1-c", 25),
        incident("i1-e", "g1-a", 60),
    )
    await store.alerts.record(Judgement(incidents=(later, before, on, other, over), notes=(), at=START, over=("x",)))
    found = await store.incidents.incidents_of({"g1-a", "g1-b"}, START + 30, START + 60)
    assert [each.id for each in found] == ["i1-b", "i1-c"]


async def test_incidents_are_found_by_how_bad_they_are_by_rule_and_by_whether_they_are_over(store: Store) -> None:
    bad, mild = make_alert(rule="Bad"), make_alert(rule="Mild", severity=Severity.WARNING)
    over = replace(make_incident(bad, ended_at=START + 9), id="i1-a", started_at=START)
    both = replace(make_incident(mild), id="i1-b", started_at=START + 1, firing=(mild, bad), severity=Severity.WARNING)
    await store.alerts.record(Judgement(incidents=(over, both), at=START, over=("x",)))

    async def found(**wanted: Any) -> list[str]:
        return [each.id for each in await store.incidents.incidents(IncidentsWanted(**wanted))]

    assert await found() == ["i1-b", "i1-a"]
    assert await found(is_over_only=True) == ["i1-a"]
    assert await found(is_open_only=True) == ["i1-b"]
    assert await found(severity="warning") == ["i1-b"]
    assert await found(rule="Bad") == ["i1-b", "i1-a"]
    assert await found(rule="Mild", severity="critical") == []


async def test_incidents_are_found_whatever_is_in_the_names_of_what_they_are_about(store: Store) -> None:
    odd = make_alert(rule="Bad", entity="name:\0", labels={"room_name": '\0\ue000"severity":'})
    told = make_incident(odd)
    note = Note(START, odd.fingerprint, told.group, "\0 was told")
    transition = Transition(odd.fingerprint, "Bad", odd.entity, State.PENDING, State.FIRING, START, Reason.HELD)
    await store.alerts.record(
        Judgement((odd,), (transition,), incidents=(told,), notes=(note,), at=START, over=("\0",))
    )
    for wanted in (IncidentsWanted(rule="Bad"), IncidentsWanted(severity="critical")):
        assert await store.incidents.incidents(wanted) == [told]
    for wanted in (IncidentsWanted(rule="\0"), IncidentsWanted(severity="\0")):
        assert await store.incidents.incidents(wanted) == []
    assert await store.incidents.notes(odd.fingerprint, START, START + 1, 10) == [note]
    ((change, alert),) = await store.alerts.changes_of(odd.fingerprint, START + 1, 10)
    assert (change, alert) == (transition, odd)
    assert await store.incidents.incident("\0") is None


async def test_how_it_goes_with_a_receiver_is_told_from_its_attempts(store: Store) -> None:
    told, refused, waits = (make_notification(entity=name, receiver="desk", at=START) for name in ("A", "B", "C"))
    other = make_notification(entity="A", receiver="other", at=START - 9)
    await store.alerts.record(Judgement(notifications=(told, refused, waits, other)))
    assert await store.alerts.standing("desk") == Standing(3, START)
    await store.alerts.settle(
        [
            Settled(told.id, Settlement(Fate.DELIVERED, 1, START + 5), AttemptMade(START + 5, 0.1, "delivered")),
            Settled(refused.id, Settlement(Fate.DEAD, 1, START + 3), AttemptMade(START + 3, 0.1, "rejected", "", "no")),
        ]
    )
    assert await store.alerts.standing("desk") == Standing(1, START, START + 5, START + 3, "no", dead=1)
    assert await store.alerts.standing("nobody") == Standing()


async def test_what_was_said_in_a_lane_is_dropped_and_what_waits_is_not(store: Store) -> None:
    old, waits, new = (make_notification(kind=kind, at=START + at) for kind, at in KINDS_AND_TIMES)
    other = make_notification(entity="B", at=START)
    await store.alerts.record(Judgement(notifications=(old, waits, new, other)))
    delivered = [Settled(each.id, Settlement(Fate.DELIVERED, 1, START)) for each in (old, new, other)]
    await store.alerts.settle(delivered)
    assert await store.alerts.drop_said(old.lane, START + 50) == 1
    found = await store.alerts.notifications(OutboxSearch())
    assert {each.notification.id for each in found} == {waits.id, new.id, other.id}
