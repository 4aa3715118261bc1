"""Which inputs are there not of a call, what cannot be told without them, and how does one get them?

An empty picture is not a good call.  Whatever is not known has a reason, and as a rule somebody can do something about
it: that is said here, of the call as a whole or of one who was in it.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from msgspec import Struct

from monitor.evidence.thresholds import HEARD_S
from monitor.store.ports import Call, Happening
from monitor.story.people import People, Person
from monitor.story.shapes import Missing

_BROWSER, _TELEMETRY, _CALLS = "docs/browser.md", "docs/telemetry.md", "docs/calls.md#what-may-be-missing"
_TWILIOS = frozenset({"poll", "callback", "stream"})


class Inputs(Struct, frozen=True):
    """All that came in of a whole call.

    Before `kept_since_ms` samples have been dropped; `now_ms` is what time it is.  `lacking` says what may be missing
    here that is on record: then nothing is known of who sent nothing.
    """

    call: Call
    people: People
    happenings: Sequence[Happening]
    kept_since_ms: int
    now_ms: int
    lacking: str = ""


def missing_of(inputs: Inputs) -> list[Missing]:
    """Return what is missing: of the call first, then of each who was in it."""
    parts = (_of_room(inputs), _of_callbacks(inputs), _of_compositions(inputs), _of_people(inputs))
    return list(chain.from_iterable(parts))


# --- the call ---------------------------------------------------------------------------------------------


def _of_room(inputs: Inputs) -> Iterator[Missing]:
    if not _is_told(inputs):
        yield Missing(
            "room",
            "Only browsers told of this room: nothing came from Twilio, so who was in it and when is what they said.",
            "Configure the account that the room belongs to, and compare the room names that the page sends"
            " with those in Twilio's console.",
            _CALLS,
        )


def _is_told(inputs: Inputs) -> bool:
    room = inputs.call.room
    is_known = room.account_sid is not None or any(each.is_told for each in room.people())
    return is_known or any(each.source in _TWILIOS for each in inputs.happenings)


def _of_callbacks(inputs: Inputs) -> Iterator[Missing]:
    if _is_told(inputs) and not any(each.source == "callback" for each in inputs.happenings):
        yield Missing(
            "callbacks",
            "No status callback came for this room: joins, leaves and tracks are as polls found them, some seconds"
            " late, and what came and went between two polls is not there.",
            "Set the status callback of the room, or of all rooms of the account, to the address that"
            " `roomwatch doctor` tells.",
            _CALLS,
        )


def _of_compositions(inputs: Inputs) -> Iterator[Missing]:
    told = any(each.source == "callback" and each.kind.startswith("composition") for each in inputs.happenings)
    if any(not each.is_expected for each in inputs.call.compositions) and not told:
        yield Missing(
            "composition_callbacks",
            "No callback told of the compositions of this room: their progress and why one failed is not known.",
            "Give each composition, or the composition hook, the address that `roomwatch doctor` tells as its"
            " status callback.",
            _CALLS,
        )


# --- those who were in it ---------------------------------------------------------------------------------


def _of_people(inputs: Inputs) -> Iterator[Missing]:
    if inputs.lacking:  # whoever seems to be silent may only be out of reach
        return
    people = [each for each in inputs.people if _is_to_be_heard(each, inputs)]
    silent = [each for each in people if each.line is None]
    if silent and _are_samples_dropped(inputs):
        yield Missing(
            "telemetry",
            "What was measured in this call has been dropped: it is older than samples are kept.",
            "Keep samples for longer: `raw_days` in `[storage]`.",
            "docs/history.md",
        )
    elif silent and len(silent) == len(people):
        yield Missing(
            "telemetry",
            "Nothing is known of how anybody fared: no browser telemetry came from this room.",
            "Add the browser SDK to the page that joins the call, with an address that browsers reach.",
            _BROWSER,
        )
    else:
        yield from (_nothing_heard(each) for each in silent)
    for each in people:
        yield from _of_person(each, inputs)


def _is_to_be_heard(person: Person, inputs: Inputs) -> bool:
    """Whether somebody was there for long enough to be missed."""
    if person.record is None or person.joined_at_ms is None:
        return person.line is not None
    over_ms = person.left_at_ms or min(inputs.call.room.ended_at_ms or inputs.now_ms, inputs.now_ms)
    return over_ms - person.joined_at_ms >= HEARD_S * 1000


def _are_samples_dropped(inputs: Inputs) -> bool:
    ended_ms = inputs.call.room.ended_at_ms
    return ended_ms is not None and ended_ms < inputs.kept_since_ms


def _nothing_heard(person: Person) -> Missing:
    return Missing(
        "telemetry",
        f"Nothing is known of how {person.name} fared: no telemetry came from there. What is shown is what others saw.",
        "Add the browser SDK to the page that joins the call; if it is there, see in the browser's console whether its"
        " posts are refused.",
        _BROWSER,
        person.key,
    )


def _of_person(person: Person, inputs: Inputs) -> Iterator[Missing]:
    if person.line is not None:
        yield from _of_client(person)
        if (person.record is None or not person.record.is_told) and _is_told(inputs):
            yield Missing(
                "participants",
                f"Twilio told of nobody called {person.name} in this room: what was measured cannot be held against"
                " what Twilio says.",
                "Send the participant's SID, or the identity that is in the access token.",
                _TELEMETRY,
                person.key,
            )
    if person.record is not None and person.record.dropped_events:
        yield Missing(
            "telemetry",
            f"{person.name}'s client had to throw away {person.record.dropped_events} observations that it could not"
            " send in time.",
            "As a rule that was the network, and is a finding by itself; if it is everybody, look at the"
            " refusals on the page of sources.",
            _BROWSER,
            person.key,
        )


def _of_client(person: Person) -> Iterator[Missing]:
    if person.line is None:
        return
    samples = person.line.samples
    if not len(samples.at_ms):
        yield Missing(
            "media_stats",
            f"{person.name}'s client sends levels, and no round trips, losses or frame rates.",
            "Send media statistics: the browser SDK reads them from `room.getStats()`, which twilio-video.js has"
            " from 1.2 on; other clients read their SDK's own.",
            _TELEMETRY,
            person.key,
        )
    if not person.are_own(samples).any():
        yield Missing(
            "levels",
            f"Twilio's network quality level of {person.name} is not known from there.",
            "Join with `networkQuality: {local: 1, remote: 1}`; in peer-to-peer rooms, and where somebody sends"
            " and receives nothing, Twilio tells no level.",
            _BROWSER,
            person.key,
        )
