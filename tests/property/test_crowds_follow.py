"""Whatever happens in the rooms, the counts that follow it are those that counting everything anew would give."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from collectors.events import Event
from monitor.crowds import Crowd, Share
from monitor.entities import Ref
from monitor.live import Live
from monitor.naming import Naming
from tests.builders import NOW_MS, batch, connection, level, participant, room

ROOMS = [f"RM{number:032}" for number in range(3)]
PEOPLE = [f"PA{number:032}" for number in range(4)]
NAMING = Naming(tenants=["acme", "globex"])


@st.composite
def events(draw: st.DrawFn) -> Event:
    at_ms, sid, who = NOW_MS + draw(st.integers(0, 50)), draw(st.sampled_from(ROOMS)), draw(st.sampled_from(PEOPLE))
    name = draw(st.sampled_from([None, "acme:class:1", "globex:class:2", "nobody"]))
    match draw(st.sampled_from(["level", "other", "room", "participant", "leave", "end"])):
        case "level":
            told = level(draw(st.one_of(st.none(), st.integers(0, 5))), at_ms=at_ms)
            return batch(told, reporter=who, room_sid=sid, room_name=name, at_ms=at_ms)
        case "other":
            told = level(draw(st.integers(0, 5)), at_ms=at_ms, of=draw(st.sampled_from(PEOPLE)))
            return batch(told, reporter=who, room_sid=sid, at_ms=at_ms)
        case "room":
            region = draw(st.sampled_from([None, "de1", "us1"]))
            return room(sid=sid, room_name=name, media_region=region, at_ms=at_ms)
        case "participant":
            status = draw(st.sampled_from(["connected", "disconnected"]))
            return participant(who, status, room_sid=sid, at_ms=at_ms)
        case "leave":
            return batch(connection("disconnected", at_ms=at_ms), reporter=who, room_sid=sid, at_ms=at_ms)
        case _:
            return room("completed", sid=sid, ended_at_ms=at_ms, at_ms=at_ms)


def counted_anew(live: Live) -> dict[Ref, Crowd]:
    crowds: defaultdict[Ref, Crowd] = defaultdict(Crowd)
    for each in live.rooms.values():
        refs = [Ref("region", each.media_region)] if each.media_region else []
        tenant = live.crowds.tenant_of(each.name)
        refs += [Ref("tenant", tenant)] if tenant else []
        for ref in refs:
            crowds[ref].count(Share.of([person.level for person in each.participants.values()]), 1)
    return dict(crowds)


@given(st.lists(events(), max_size=40))
def test_counts_that_follow_are_counts_anew(happened: list[Event]) -> None:
    live = Live(naming=NAMING)
    before: dict[Ref, Crowd] = {}
    for event in happened:
        changed = {change.ref for change in live.apply(event)}
        after = counted_anew(live)
        assert {ref: live.crowds.of(ref) for ref in live.crowds.refs()} == after
        assert {ref for ref in {*before, *after} if before.get(ref) != after.get(ref)} <= changed
        before = after
