"""Bad calls of which it is known why they were bad.

`incident(kind, seed)` stages a call with the simulator's own links, devices and browsers, lets something go wrong, and
returns what was heard of it together with the truth.  Only causes are put in: what a lossy uplink does to the loss that
others see, or to anybody's level, follows from the simulator.  How bad something is varies without steps, and begins at
what a person would just call bad.

What is heard is as imperfect as it is in life: samples are counted from packets and so scatter, lines have gusts, posts
get lost, clocks are off, browsers leave fields out, applications do not ask for levels, people say nothing at all.

None of the numbers here is taken from the verdict, which must not know them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import exp, log
from random import Random
from typing import Any

import orjson

from collectors.observations import Connection, MediaStats, NetworkQuality, Track, unrolled
from collectors.telemetry import decode
from monitor.clock_offset import ClockOffsets
from monitor.evidence.surroundings import surroundings_of
from monitor.evidence.witnesses import Evidence, Surroundings, Witness
from monitor.simulator import cast
from monitor.simulator.device import Strain
from monitor.simulator.entities import Device, Happening, Participant, Room
from monitor.simulator.entities import Track as Published
from monitor.simulator.link import Impairment, Trouble
from monitor.simulator.sids import hex_digits
from monitor.simulator.telemetry import Reporter
from monitor.verdict import Cause

T0 = 1_763_690_000.0
Event = dict[str, Any]
Span = tuple[float, float]


@dataclass
class Affliction:
    """What is wrong with somebody, and in which spans of the call, in seconds since its beginning."""

    spans: Sequence[Span]
    trouble: Trouble | None = None
    strain: Strain | None = None
    code: int | None = None  # of a connection that is lost

    def is_on(self, elapsed_s: float) -> bool:
        return any(begin <= elapsed_s < end for begin, end in self.spans)


@dataclass
class Person:
    """Somebody in a call, and how much is heard of them."""

    participant: Participant
    address: str
    edge: str
    clock_off_ms: int
    lost_posts_ratio: float
    missing: set[str]
    is_silent: bool = False
    rewrites: Event = field(default_factory=dict)  # fields of `up` that say something else
    afflictions: list[Affliction] = field(default_factory=list)


@dataclass
class Call:
    """A room on the stage."""

    room: Room
    people: list[Person]
    length_s: float
    beat_s: float
    local_levels: bool
    remote_levels: bool
    level_parts: bool


@dataclass(frozen=True)
class Incident:
    """What was heard of a call, and whose fault it was."""

    kind: str
    seed: int
    evidence: Evidence
    cause: Cause
    whom: str | None


# --- the stage ---------------------------------------------------------------------------------------------


def stage(rng: Random, size: int, *, region: str = "us1", length_s: float = 0.0, beat_s: float = 0.0) -> Call:
    """Return a call in which nothing is wrong yet."""
    digits = hex_digits("incident", rng.random())
    room = Room("RM" + digits, f"acme:class:{digits[:6]}", T0, T0, media_region=region)
    people = [_person(rng, room) for _ in range(size)]
    has_levels = rng.random() < 0.8
    return Call(
        room,
        people,
        length_s or rng.uniform(120.0, 300.0),
        beat_s or (5.0 if size <= 3 else 10.0),
        local_levels=has_levels,
        remote_levels=has_levels and rng.random() < 0.6,
        level_parts=rng.random() < 0.5,
    )


def _person(rng: Random, room: Room) -> Person:
    device = cast.device(rng)
    sid = "PA" + hex_digits(room.sid, rng.random())
    link = cast.link(rng, device.network)
    participant = Participant(sid, cast.identity(rng, room), room, T0, T0, device, link, phase=rng.uniform(0.0, 6.28))
    room.participants[sid] = participant
    for kind in ("audio", "video"):
        track_sid = "MT" + hex_digits(sid, kind)
        participant.tracks[track_sid] = Published(track_sid, kind, kind, participant, T0, T0)
    return Person(
        participant,
        address=f"203.{rng.randrange(256)}.{rng.randrange(256)}.0/24",
        edge=rng.choice(("ashburn", "dublin", "frankfurt", "singapore")),
        clock_off_ms=0 if rng.random() < 0.6 else round(rng.gauss(0, 60_000)),
        lost_posts_ratio=rng.choice((0.0, 0.0, 0.03, 0.1)),
        missing=_left_out(rng, device),
    )


def _left_out(rng: Random, device: Device) -> set[str]:
    """Return the fields that a browser leaves out."""
    missing = set()
    if device.browser.startswith("Firefox"):
        missing |= {"limited_by"}
    if device.browser.startswith("Safari"):
        missing |= {"freezes"} | ({"limited_by"} if rng.random() < 0.5 else set())
    if rng.random() < 0.1:
        missing |= {rng.choice(("rtt_ms", "jitter_ms", "fps", "width"))}
    return missing


def quiet(call: Call, rng: Random) -> None:
    """Let everybody have a gust now and then, as every wireless line has."""
    for person in call.people:
        for _ in range(int(rng.random() < 0.3)):
            begin = rng.uniform(0, call.length_s - 10)
            gust = Trouble(
                up=Impairment(loss_ratio=rng.uniform(0, 0.2)), down=Impairment(loss_ratio=rng.uniform(0, 0.2))
            )
            person.afflictions.append(Affliction([(begin, begin + rng.uniform(1, 6))], gust))


# --- what goes wrong ---------------------------------------------------------------------------------------


def graded(rng: Random, mild: float, severe: float) -> float:
    """Return something between mild and severe: as often between 4 % and 8 % as between 8 % and 16 %."""
    return exp(rng.uniform(log(mild), log(severe)))


def impairment(rng: Random) -> Impairment:
    """Return what a person would call a bad line: it loses, or it is narrow, or it is uneven."""
    kind = rng.choice(("lossy", "lossy", "lossy", "narrow", "uneven"))
    if kind == "lossy":
        return Impairment(graded(rng, 0.04, 0.35), rng.uniform(0, 60), rng.uniform(0, 150), graded(rng, 2e5, 2e6))
    if kind == "narrow":
        return Impairment(rng.uniform(0, 0.02), rng.uniform(0, 40), rng.uniform(0, 150), graded(rng, 4e4, 2.2e5))
    return Impairment(rng.uniform(0, 0.03), graded(rng, 70, 300), rng.uniform(0, 150))


def lossy(rng: Random, mild: float) -> Impairment:
    """Return a line that loses."""
    return Impairment(graded(rng, mild, 0.4), rng.uniform(0, 60), rng.uniform(0, 150))


def spans(rng: Random, call: Call) -> list[Span]:
    """Return when a trouble is on: without a break, or coming and going."""
    lasts_s = min(call.length_s, graded(rng, 60, 300))
    begin = rng.uniform(0, call.length_s - lasts_s)
    if rng.random() < 0.6:
        return [(begin, begin + lasts_s)]
    middle, gap_s = begin + lasts_s * rng.uniform(0.3, 0.7), rng.uniform(3, 15)
    return [(begin, middle - gap_s / 2), (middle + gap_s / 2, begin + lasts_s)]


def afflict(person: Person, when: Sequence[Span], **what: Any) -> None:
    """Let something be wrong with somebody."""
    person.afflictions.insert(0, Affliction(when, **what))


def strain(rng: Random) -> Strain:
    """Return a computer that is too slow: of 24 frames it gets 2 to 12 done."""
    return Strain(rng.uniform(0.1, 0.5))


# --- what is heard of it -----------------------------------------------------------------------------------


def heard(call: Call, rng: Random) -> tuple[Witness, ...]:
    """Return what the people of a call said of it."""
    reporters = {person.participant.sid: Reporter(person.participant) for person in call.people}
    events: dict[str, list[Any]] = {sid: [] for sid in reporters}
    offsets = ClockOffsets(tolerance_ms=2000)
    beats = {sid: rng.uniform(0, call.beat_s * 0.9) for sid in reporters}
    elapsed_s = call.beat_s
    while elapsed_s < call.length_s:
        _strike(call, elapsed_s, reporters)
        for person in call.people:
            sid = person.participant.sid
            body = reporters[sid].report(T0 + elapsed_s + beats[sid])
            if body is not None and not person.is_silent and rng.random() >= person.lost_posts_ratio:
                events[sid] += _posted(call, person, body, rng, offsets)
        elapsed_s += call.beat_s
    return tuple(_witness(person, events[person.participant.sid]) for person in call.people)


def _strike(call: Call, elapsed_s: float, reporters: dict[str, Reporter]) -> None:
    """Put everybody into the state of this moment, and let the browsers notice."""
    before = [person.participant.trouble for person in call.people]
    for person in call.people:
        on = next((each for each in person.afflictions if each.is_on(elapsed_s)), None)
        who = person.participant
        who.trouble, who.strain = (on.trouble, on.strain) if on else (None, None)
        code = on.code if on else None
        if who.reconnecting_code != code:
            who.reconnecting_code, who.status = code, "connected" if code is None else "reconnecting"
            event = "participant-reconnected" if code is None else "participant-reconnecting"
            _tell(call, reporters, Happening(T0 + elapsed_s, event, call.room, participant=who, code=code))
    if before != [person.participant.trouble for person in call.people]:
        _tell(call, reporters, Happening(T0 + elapsed_s, "link-changed", call.room))


def _tell(call: Call, reporters: dict[str, Reporter], happening: Happening) -> None:
    for reporter in reporters.values():
        reporter.hear(happening)


def _posted(call: Call, person: Person, body: Event, rng: Random, offsets: ClockOffsets) -> list[Any]:
    """Return the observations of a post, by our clock as far as that is known."""
    received_at_ms = body["sent_at"] + round(rng.expovariate(1 / 120)) + 20
    body["sent_at"] += person.clock_off_ms
    body["events"] = [each for each in body["events"] if _is_told(call, person, each)]
    for each in body["events"]:
        each["at"] += person.clock_off_ms
        if each["type"] == "media_stats":
            _blur(each, person, rng)
        elif each["type"] == "network_quality" and not call.level_parts:
            each["stats"] = None
    batch = decode(orjson.dumps(body), received_at_ms).batch
    ahead_ms = offsets.offset_ms(batch.session, batch.sent_at_ms, received_at_ms) or 0
    return [_by_our_clock(each, ahead_ms) for each in unrolled(batch.observations)]


def _is_told(call: Call, person: Person, event: Event) -> bool:
    if event["type"] != "network_quality":
        return True
    return call.local_levels if event["subject"] == person.participant.sid else call.remote_levels


def _blur(event: Event, person: Person, rng: Random) -> None:
    """Let numbers scatter as measured ones do, and leave out what the browser does not tell."""
    event["rtt_ms"] *= rng.lognormvariate(0, 0.15)
    for name in ("up", "down"):
        direction = event[name]
        if direction is None:
            continue
        direction["bitrate_bps"] *= rng.lognormvariate(0, 0.1)
        direction["jitter_ms"] *= rng.lognormvariate(0, 0.2)
        packets = max(20.0, event["interval_ms"] / 20 + direction["bitrate_bps"] * event["interval_ms"] / 8e6 / 1.1)
        ratio = direction["loss_ratio"]
        scatter = 1.5 * (ratio * (1 - ratio) / packets) ** 0.5  # losses come in bursts
        direction["loss_ratio"] = min(1.0, max(0.0, rng.gauss(ratio, scatter)))
        if "fps" in direction:
            direction["fps"] = max(0.0, direction["fps"] + rng.gauss(0, 0.7))
        for missing in person.missing & direction.keys():
            del direction[missing]
    if event["up"] is not None:
        event["up"].update(person.rewrites)
        for missing in person.missing:
            event["up"].pop(missing.removeprefix("up."), None) if missing.startswith("up.") else None
    if "rtt_ms" in person.missing:
        del event["rtt_ms"]


def _by_our_clock(seen: Any, ahead_ms: int) -> Any:
    kind = type(seen)
    return kind(**{name: getattr(seen, name) for name in seen.__struct_fields__} | {"at_ms": seen.at_ms - ahead_ms})


def _witness(person: Person, events: Sequence[Any]) -> Witness:
    who = person.participant
    device = who.device
    return Witness(
        key=who.sid,
        sid=who.sid,
        identity=who.identity,
        browser=device.browser,
        os=device.os,
        network=device.network,
        address=person.address,
        edge=person.edge,
        media=tuple(each for each in events if isinstance(each, MediaStats)),
        levels=tuple(each for each in events if isinstance(each, NetworkQuality)),
        connections=tuple(each for each in events if isinstance(each, Connection)),
        tracks=tuple(each for each in events if isinstance(each, Track)),
    )


def evidence(call: Call, rng: Random, around: Surroundings | None = None) -> Evidence:
    """Return all there is to go by of a call."""
    return Evidence(
        from_ms=int(T0 * 1000),
        to_ms=int((T0 + call.length_s) * 1000),
        witnesses=heard(call, rng),
        room=call.room.sid,
        media_region=call.room.media_region,
        surroundings=around or Surroundings(),
    )


# --- the other rooms ---------------------------------------------------------------------------------------


def elsewhere(rng: Random, *, regions: Sequence[str], length_s: float = 130.0) -> list[Call]:
    """Return other rooms, in which nothing is wrong yet."""
    return [stage(rng, rng.randint(2, 3), region=region, length_s=length_s, beat_s=10.0) for region in regions]


def around(calls: Sequence[Call], rng: Random, *, unreachable: bool = False) -> Surroundings:
    """Return what went on in the other rooms."""
    return surroundings_of((evidence(call, rng) for call in calls), is_twilio_unreachable=unreachable)


@cache
def usual(number: int) -> Surroundings:
    """Return what goes on elsewhere on an ordinary day; now and then somebody has a bad line of their own."""
    rng = Random(f"usual {number}")
    calls = elsewhere(rng, regions=["us1"] * rng.randint(1, 4) + ["de1"] * rng.randint(0, 3))
    for call in calls:
        quiet(call, rng)
    if rng.random() < 0.4:
        afflict(calls[0].people[0], [(0, 120)], trouble=Trouble(down=lossy(rng, 0.04)))
    return around(calls, rng)


def any_day(rng: Random) -> Surroundings:
    """Return an ordinary day elsewhere, or that nothing is known of elsewhere."""
    return Surroundings() if rng.random() < 0.2 else usual(rng.randrange(8))


# --- whose fault it was ------------------------------------------------------------------------------------

Staged = tuple[Evidence, Cause, str | None]


def _call(rng: Random, smallest: int = 2, largest: int = 12) -> Call:
    """Return an ordinary call: small ones are more frequent than large ones."""
    call = stage(rng, round(graded(rng, smallest, largest)))
    quiet(call, rng)
    if len(call.people) >= 4 and rng.random() < 0.5:
        call.people[-1].is_silent = True
    return call


def _one(rng: Random, cause: Cause, **what: Any) -> Staged:
    call = _call(rng)
    victim = call.people[0]
    victim.missing -= {"jitter_ms", "fps"}
    afflict(victim, spans(rng, call), **what)
    return evidence(call, rng, any_day(rng)), cause, victim.participant.sid


def uplink(rng: Random) -> Staged:
    return _one(rng, Cause.UPLINK, trouble=Trouble(up=impairment(rng)))


def downlink(rng: Random) -> Staged:
    return _one(rng, Cause.DOWNLINK, trouble=Trouble(down=impairment(rng)))


def link(rng: Random) -> Staged:
    """Both directions lose, the way is long, the connection breaks; or nothing is heard but what others see."""
    draw = rng.random()
    if draw < 0.4:
        return _one(rng, Cause.LINK, trouble=Trouble(up=lossy(rng, 0.04), down=lossy(rng, 0.04)))
    if draw < 0.6:
        slow = Impairment(rtt_ms=graded(rng, 420, 1500))
        return _one(rng, Cause.LINK, trouble=Trouble(slow, slow))
    call = _call(rng, 4, 8)
    victim = call.people[0]
    if draw < 0.8:
        begin = rng.uniform(10, 40)
        times = [(begin + 35 * number, begin + 35 * number + rng.uniform(8, 20)) for number in range(3)]
        afflict(victim, times, code=rng.choice((53001, 53405)))
    else:
        call.local_levels = call.remote_levels = victim.is_silent = True
        afflict(victim, spans(rng, call), trouble=Trouble(down=lossy(rng, 0.1)))
    return evidence(call, rng, any_day(rng)), Cause.LINK, victim.participant.sid


def device(rng: Random) -> Staged:
    return _one(rng, Cause.DEVICE, strain=strain(rng))


def publisher(rng: Random) -> Staged:
    """Somebody's uplink is bad, who says nothing, or whose browser does not measure it."""
    call = _call(rng, 3, 6)
    for person in call.people:
        person.is_silent = False
    victim = call.people[0]
    if rng.random() < 0.7:
        victim.is_silent = True
    else:
        victim.missing |= {"up.loss_ratio", "up.jitter_ms", "up.limited_by"}
        call.level_parts = False
    call.local_levels = call.remote_levels = rng.random() < 0.7
    afflict(victim, spans(rng, call), trouble=Trouble(up=Impairment(graded(rng, 0.06, 0.4))))
    return evidence(call, rng, usual(rng.randrange(8))), Cause.PUBLISHER, victim.participant.sid


def _crowd(rng: Random, mark: Callable[[Call], None], *, regions: Sequence[str]) -> Staged:
    """Stage a room and others, and let `mark` put into trouble whom it concerns."""
    calls = elsewhere(rng, regions=regions)
    call = stage(rng, rng.randint(2, 7), length_s=rng.uniform(130, 250))
    for each in (call, *calls):
        mark(each)
    return evidence(call, rng, around(calls, rng)), Cause.NOT_KNOWN, None


def _both_ways(rng: Random) -> Trouble:
    """Return what is wrong with a place on the way: what comes, what goes, or both."""
    return rng.choice(
        (
            Trouble(up=lossy(rng, 0.05), down=lossy(rng, 0.05)),
            Trouble(up=lossy(rng, 0.05)),
            Trouble(down=lossy(rng, 0.05)),
        )
    )


def region(rng: Random) -> Staged:
    trouble = _both_ways(rng)

    def mark(call: Call) -> None:
        for person in call.people:
            if call.room.media_region == "us1" and rng.random() < 0.92:
                afflict(person, [(10, 125)], trouble=trouble)

    regions = ["us1"] * rng.randint(3, 5) + ["de1"] * rng.randint(2, 4)
    return _crowd(rng, mark, regions=regions)[0], Cause.REGION, "us1"


def edge(rng: Random) -> Staged:
    trouble = _both_ways(rng)
    is_first = True

    def mark(call: Call) -> None:
        nonlocal is_first
        for number, person in enumerate(call.people):
            person.edge = "dublin" if (is_first and number == 0) or rng.random() < 0.5 else "ashburn"
            if person.edge == "dublin" and (number == 0 or rng.random() < 0.95):
                afflict(person, [(10, 125)], trouble=trouble)
        is_first = False

    return _crowd(rng, mark, regions=["us1"] * rng.randint(6, 8))[0], Cause.EDGE, "dublin"


def network(rng: Random) -> Staged:
    """People of one office, in several rooms; in each of them are others as well."""
    trouble, office = _both_ways(rng), "198.51.100.0/24"
    calls = 0

    def mark(call: Call) -> None:
        nonlocal calls
        calls += 1
        if calls <= 4:
            call.people[0].address = office
            afflict(call.people[0], [(10, 125)], trouble=trouble)

    return _crowd(rng, mark, regions=["us1"] * rng.randint(5, 7))[0], Cause.NETWORK, office


def browser(rng: Random) -> Staged:
    """A new version of a browser that gets few frames done, everywhere."""
    new, slow = Device("Chrome 157", "Windows 11", "ethernet"), strain(rng)
    limit = rng.choice(("cpu", "none", None))
    is_first = True

    def mark(call: Call) -> None:
        nonlocal is_first
        for number, person in enumerate(call.people):
            if (is_first and number == 0) or rng.random() < 0.4:
                person.participant.device, person.missing = new, set() if limit else {"limited_by"}
                person.rewrites = {"limited_by": limit} if limit == "none" else {}
                afflict(person, [(0, 400)], strain=slow)
        is_first = False

    return _crowd(rng, mark, regions=["us1"] * 4 + ["de1"] * 4)[0], Cause.BROWSER, "Chrome 157"


def twilio(rng: Random) -> Staged:
    """People of all regions lose their connection at once, or are told that Twilio's servers are busy."""
    begin, code = rng.uniform(30, 90), rng.choice((53001, 53405, 53006))

    def mark(call: Call) -> None:
        for number, person in enumerate(call.people):
            if number < 2 or rng.random() < 0.8:
                when = begin + rng.uniform(0, 4)
                afflict(person, [(when, when + rng.uniform(11, 30))], code=code)

    calls = elsewhere(rng, regions=["us1"] * 3 + ["de1"] * 2 + ["sg1"] * 2)
    call = stage(rng, rng.randint(2, 7), length_s=rng.uniform(130, 250))
    for each in (call, *calls):
        mark(each)
    return evidence(call, rng, around(calls, rng, unreachable=rng.random() < 0.5)), Cause.TWILIO, None


def nothing(rng: Random) -> Staged:
    """Ordinary calls: a little loss, a computer that works hard, pictures that the application has switched off."""
    call = _call(rng)
    for person in call.people:
        if rng.random() < 0.3:
            afflict(person, [(0, 400)], trouble=Trouble(up=Impairment(rng.uniform(0, 0.01), rng.uniform(0, 10))))
        elif rng.random() < 0.2:
            afflict(person, spans(rng, call), strain=Strain(rng.uniform(0.8, 1.0)))
        if rng.random() < 0.1:
            next(each for each in person.participant.tracks.values() if each.kind == "video").enabled = False
    return evidence(call, rng, any_day(rng)), Cause.NOTHING, None


# --- what nobody can know ----------------------------------------------------------------------------------


def _silent_partner(rng: Random) -> Evidence:
    """Two people, one of them silent, no levels: what is lost may be lost on either side."""
    call = stage(rng, 2)
    call.local_levels = call.remote_levels = False
    call.people[1].is_silent = True
    if rng.random() < 0.5:
        afflict(call.people[0], spans(rng, call), trouble=Trouble(down=lossy(rng, 0.05)))
    else:
        afflict(call.people[1], spans(rng, call), trouble=Trouble(up=lossy(rng, 0.05)))
    return evidence(call, rng, any_day(rng))


def _two_silent(rng: Random) -> Evidence:
    """Everybody misses something of what one of two silent people sends, and no levels tell which of them."""
    call = stage(rng, rng.randint(4, 6))
    call.local_levels = call.remote_levels = False
    for person in call.people[:2]:
        person.is_silent = True
    afflict(call.people[0], spans(rng, call), trouble=Trouble(up=lossy(rng, 0.15)))
    return evidence(call, rng, any_day(rng))


def _hardly_heard(rng: Random) -> Evidence:
    """Nearly all posts were lost: nobody tells more than a few seconds of a call that was bad."""
    call = stage(rng, rng.randint(2, 6), length_s=rng.uniform(130, 250))
    for person in call.people:
        person.is_silent = True
    afflict(call.people[0], spans(rng, call), trouble=Trouble(up=impairment(rng), down=impairment(rng)))
    call.people[0].is_silent = False
    told = evidence(call, rng, any_day(rng))
    first, *rest = told.witnesses
    begin = rng.randrange(max(1, len(first.media) - 2))
    scrap = Witness(first.key, first.sid, first.identity, media=first.media[begin : begin + 2])
    return Evidence(told.from_ms, told.to_ms, (scrap, *rest), told.room, told.media_region, told.surroundings)


def _whole_room(rng: Random, *, is_office: bool) -> Evidence:
    """Everybody in the room is bad, and nobody is heard elsewhere: a region, a media server, an office, a fluke?"""
    call = stage(rng, rng.randint(2, 7))
    when, trouble = spans(rng, call), _both_ways(rng)
    for person in call.people:
        person.address = "198.51.100.0/24" if is_office else person.address
        afflict(person, when, trouble=trouble)
    return evidence(call, rng)


def _lonely_storm(rng: Random) -> Evidence:
    """Everybody loses the connection at once, and nobody is heard elsewhere."""
    call = stage(rng, rng.randint(3, 6))
    begin, code = rng.uniform(30, 90), rng.choice((53001, 53405))
    for person in call.people:
        afflict(person, [(begin + rng.uniform(0, 4), begin + rng.uniform(38, 60))], code=code)
    return evidence(call, rng)


def _slides(rng: Random) -> Evidence:
    """Somebody sends five frames a second, and nothing says why: a slow computer, or slides."""
    call = stage(rng, rng.randint(2, 6))
    call.people[0].missing = {"limited_by", "freezes"}
    call.people[0].rewrites = {"fps": rng.uniform(2, 8), "width": 1280, "height": 720}
    return evidence(call, rng, any_day(rng))


def _half_a_region(rng: Random) -> Evidence:
    """Somebody is bad, and so are many of the region, but by far not all: the region, or an accident?"""
    calls = elsewhere(rng, regions=["us1"] * 4 + ["de1"])
    crowd = [person for call in calls if call.room.media_region == "us1" for person in call.people]
    for person in rng.sample(crowd, round(len(crowd) * rng.uniform(0.36, 0.5))):
        afflict(person, [(10, 125)], trouble=Trouble(up=lossy(rng, 0.06), down=lossy(rng, 0.06)))
    call = stage(rng, rng.randint(4, 7))
    afflict(call.people[0], spans(rng, call), trouble=Trouble(up=lossy(rng, 0.06), down=lossy(rng, 0.06)))
    return evidence(call, rng, around(calls, rng))


AMBIGUOUS: Sequence[Callable[[Random], Evidence]] = (
    _silent_partner,
    _two_silent,
    _hardly_heard,
    lambda rng: _whole_room(rng, is_office=False),
    lambda rng: _whole_room(rng, is_office=True),
    _lonely_storm,
    _slides,
    _half_a_region,
)


def ambiguous(rng: Random) -> Staged:
    return rng.choice(AMBIGUOUS)(rng), Cause.NOT_KNOWN, None


KINDS: dict[str, tuple[Callable[[Random], Staged], int]] = {  # how it is staged, and how many of 300 are of the kind
    "uplink": (uplink, 35),
    "downlink": (downlink, 35),
    "link": (link, 25),
    "device": (device, 25),
    "publisher": (publisher, 20),
    "region": (region, 20),
    "edge": (edge, 10),
    "network": (network, 15),
    "browser": (browser, 10),
    "twilio": (twilio, 15),
    "nothing": (nothing, 45),
    "ambiguous": (ambiguous, 45),
}


def incident(kind: str, seed: int) -> Incident:
    """Return one incident; the same seed makes the same."""
    return Incident(kind, seed, *KINDS[kind][0](Random(f"{kind} {seed}")))


def incidents(first_seed: int, scale: float = 1.0) -> list[Incident]:
    """Return incidents of all kinds, 300 of them at a scale of 1."""
    return [
        incident(kind, first_seed + number)
        for kind, (_, count) in KINDS.items()
        for number in range(max(1, round(count * scale)))
    ]
