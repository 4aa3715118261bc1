"""What became of tracks in a call, who saw whose picture switched off, and who spoke?"""

from collections import Counter
from collections.abc import Iterator

import msgspec

from collectors.events import TrackSeen
from collectors.observations import Speaker, Track
from monitor.store.ports import Happening
from monitor.story.material import Material, Told, entry
from monitor.story.people import People
from monitor.story.shapes import Entry
from monitor.story.witnessed import Witnessed, witnessed

_ON_AGAIN = ("switched_on", "unsubscribed")
_OFF = "switched_off"
_ORDINARY = ("subscribed", "unsubscribed", "switched_on")  # what everybody tells of everybody

_track, _speaker = msgspec.json.Decoder(Track), msgspec.json.Decoder(Speaker)
_decode_seen = msgspec.json.Decoder(TrackSeen).decode


def told(material: Material) -> Iterator[Entry]:
    """Tell of tracks and of speakers."""
    people = material.people
    tracks = [*witnessed("track", _track, material.happenings, people)]
    yield from _switched_off(tracks, people)
    yield from (_of_browser(each, people) for each in tracks if each.seen.state not in (_OFF, *_ORDINARY))
    yield from _of_twilio(material)
    yield from _speakers([*witnessed("speaker", _speaker, material.happenings, people)], people)


# --- tracks -----------------------------------------------------------------------------------------------


def _switched_off(tracks: list[Witnessed[Track]], people: People) -> Iterator[Entry]:
    """Tell of each picture that was switched off for somebody, until it was on again."""
    off: dict[tuple[str, str | None], Witnessed[Track]] = {}
    for each in tracks:
        which = each.teller, each.seen.track_sid
        if each.seen.state == _OFF:
            off.setdefault(which, each)
        elif each.seen.state in _ON_AGAIN and (since := off.pop(which, None)) is not None:
            yield _darkness(since, each.at_ms, people)
    yield from (_darkness(since, None, people) for since in off.values())


def _darkness(since: Witnessed[Track], until_ms: int | None, people: People) -> Entry:
    seen, whose = since.seen, people.key_of(since.seen.subject, since.at_ms)
    what = seen.kind or "picture"
    of_whom = f"{people.name_of(whose)}'s {what}" if whose else f"A {what}"
    said = Told(until_ms=until_ms, key=since.teller, sid=seen.track_sid)
    words = f"{of_whom} was switched off for {people.name_of(since.teller)}."
    return entry(since.at_ms, "switched_off", "telemetry", words, said)


def _of_browser(told: Witnessed[Track], people: People) -> Entry:
    seen, about = told.seen, people.key_of(told.seen.subject, told.at_ms) or told.teller
    state, what = seen.state.replace("_", " "), seen.kind or "a track"
    told_by = None if about == told.teller else told.teller
    by_whom = f" (told by {people.name_of(told_by)})" if told_by else ""
    said = Told(key=about, told_by=told_by, sid=seen.track_sid, code=seen.code)
    return entry(told.at_ms, "track", "telemetry", f"{people.name_of(about)}: {what} {state}{by_whom}.", said)


def _of_twilio(material: Material) -> Iterator[Entry]:
    """Tell of tracks as Twilio does: each once, though a callback, a poll and a stream may tell of it."""
    known: set[tuple[str | None, str]] = set()
    for each in material.happenings:
        if each.source != "telemetry" and _is_track(each):
            seen = _decode_seen(each.body)
            if (seen.track_sid, seen.state) not in known or seen.track_sid is None:
                known.add((seen.track_sid, seen.state))
                yield _seen_entry(each, seen, material.people)


def _is_track(happening: Happening) -> bool:
    return happening.kind.startswith(("track-", "track.")) and b'"event":"track"' in happening.body


def _seen_entry(happening: Happening, seen: TrackSeen, people: People) -> Entry:
    key = people.key_of(happening.participant, happening.at_ms)
    whose = f"{people.name_of(key)}: " if key else ""
    said = Told(key=key, sid=seen.track_sid)
    return entry(happening.at_ms, "track", happening.source, f"{whose}{seen.kind or 'a track'} {seen.state}.", said)


# --- speakers ---------------------------------------------------------------------------------------------


def _speakers(told: list[Witnessed[Speaker]], people: People) -> Iterator[Entry]:
    """Tell who spoke, by most of those who tell of it."""
    for (at_ms, key), until_ms in _with_ends([*_changes(told, people)]):
        if key is not None:
            words = f"{people.name_of(key)} spoke."
            yield entry(at_ms, "speaker", "telemetry", words, Told(until_ms=until_ms, key=key))


def _changes(told: list[Witnessed[Speaker]], people: People) -> Iterator[tuple[int, str | None]]:
    heard: dict[str, str | None] = {}
    now: str | None = None
    for each in told:
        heard[each.teller] = people.key_of(each.seen.subject, each.at_ms)
        speaker = _most(heard, now)
        if speaker != now:
            now = speaker
            yield each.at_ms, now


def _most(heard: dict[str, str | None], now: str | None) -> str | None:
    """Return whom most hear; of several, whoever speaks already goes on."""
    votes = Counter(heard.values())
    return max(votes, key=lambda speaker: (votes[speaker], speaker == now))


def _with_ends(changes: list[tuple[int, str | None]]) -> Iterator[tuple[tuple[int, str | None], int | None]]:
    ends = [at_ms for at_ms, _ in changes[1:]]
    yield from zip(changes, [*ends, None], strict=False)
