"""How did everybody in a call fare, on one axis of time?"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from collectors.observations import Connection, ConnectionState
from monitor.entities import Room
from monitor.history.grids import (
    Grid,
    Laid,
    Values,
    aggregate_of,
    grid_over,
    laid,
    usual_interval_ms,
    worst_levels,
)
from monitor.history.samples import MEDIA_FIELDS, PLACE_OF, Samples, Times
from monitor.store.ports import Happening, Line
from monitor.story.people import People, Person
from monitor.story.shapes import LanesView, LaneView, Span, Status
from monitor.story.spans import Stretch, spans_of, steps_of

COLUMNS = tuple(name for name in PLACE_OF if name != "interval_ms")  # which the grid tells
MOST_EVERY_MS = 60_000  # who samples still more seldom must not make the steps of all others longer

_DIGITS = {"loss_ratio": 4, "bitrate_bps": -2, "width": 0, "height": 0, "freezes": 0}
_DIGITS_OF_OTHERS, _SCORE_DIGITS = 1, 2
_WORDS = frozenset(field.name for field in MEDIA_FIELDS if field.is_word)
_OF_ALL = {"level": "worst", "score": "worst", "idle": "all"}

NOTHING = Samples(np.empty(0, np.int64), np.empty((0, len(MEDIA_FIELDS))), np.empty(0, np.int64), np.empty((0, 2)))

_decode_connection = msgspec.json.Decoder(Connection).decode


class Standing(Struct, frozen=True):
    """Somebody, what they told of their connection, and how they stood while they were in the room."""

    person: Person
    connections: Sequence[Connection]
    spans: Sequence[Span]

    @property
    def samples(self) -> Samples:
        """Return what they measured."""
        return self.person.line.samples if self.person.line else NOTHING


def grid_for(lines: Iterable[Line], span_ms: Stretch, points: int) -> Grid:
    """Return the grid on which the samples of a call are to be compared."""
    intervals = [every_ms for line in lines if (every_ms := usual_interval_ms(line.samples)) is not None]
    if not intervals:
        return grid_over(*span_ms, points)
    return grid_over(*span_ms, points, min(int(np.median(intervals)), MOST_EVERY_MS))


def lanes_view(
    room: Room,
    people: People,
    happenings: Iterable[Happening],
    grid: Grid,
    span_ms: Stretch,
    columns: Collection[str] = COLUMNS,
    give_way: Callable[[], None] = lambda: None,
) -> LanesView:
    """Return a lane for everybody who was there.

    Args:
        room: the room, as it is on record.
        people: who was in it, and what they measured; levels from before the grid begins count, too, since they hold.
        happenings: what happened, of which connections count.
        grid: the steps.
        span_ms: from when to when anything can be known: a call that goes on ends now.
        columns: which of `COLUMNS` are wanted.
        give_way: called between one lane and the next.
    """

    def lane(standing: Standing) -> LaneView:
        give_way()
        return _lane(standing, seen.get(standing.person.key), grid, span_ms, columns)

    standings = standings_of(people, happenings, span_ms)
    seen = _seen_levels(standings, grid)
    return LanesView(
        room_sid=room.sid,
        room_name=room.name,
        from_ms=grid.from_ms,
        step_ms=grid.step_ms,
        steps=grid.steps,
        aggregates=_OF_ALL | {name: aggregate_of(name) for name in columns},
        lacking="",
        lanes=[lane(each) for each in standings],
    )


def standings_of(people: People, happenings: Iterable[Happening], span_ms: Stretch) -> list[Standing]:
    """Return how everybody stood who was there."""
    told, standings = _connections(people, happenings), []
    for person in people:
        connections = told.get(person.key, ())
        there = _presence_ms(person, connections, span_ms)
        if there is not None:
            samples = person.line.samples if person.line else NOTHING
            standings.append(Standing(person, connections, spans_of(there, samples, connections)))
    return standings


def _connections(people: People, happenings: Iterable[Happening]) -> Mapping[str, list[Connection]]:
    """Return what each told of their own connection, by our clock."""
    told: dict[str, list[Connection]] = {}
    for each in happenings:
        if each.kind == "connection" and each.source == "telemetry":
            seen, key = _decode_connection(each.body), people.key_of(each.participant, each.at_ms)
            if key is not None and people.key_of(seen.subject) in (None, key):
                told.setdefault(key, []).append(replace(seen, at_ms=each.at_ms))
    return told


def _presence_ms(person: Person, connections: Sequence[Connection], span_ms: Stretch) -> Stretch | None:
    """Return from when to when somebody was in the room, as far as it is asked for; None: not at all then.

    Who is not on record was there for as long as anything was told.
    """
    told = [*_told_at_ms(person, connections)]
    from_ms = person.joined_at_ms or min(told, default=span_ms[0])
    to_ms = person.left_at_ms or (span_ms[1] if person.record else max(told, default=span_ms[0]) + 1)
    there = max(from_ms, span_ms[0]), min(to_ms, span_ms[1])
    return there if there[0] < there[1] else None


def _told_at_ms(person: Person, connections: Sequence[Connection]) -> Iterator[int]:
    yield from (each.at_ms for each in connections)
    if person.line is not None and person.line.samples.count:
        yield from person.line.samples.span_ms


def _lane(standing: Standing, seen: Values | None, grid: Grid, span_ms: Stretch, columns: Collection[str]) -> LaneView:
    person, samples = standing.person, standing.samples
    told = laid(samples, grid)
    return LaneView(
        key=person.key,
        participant_sid=person.sid,
        identity=person.identity,
        joined_at_ms=person.joined_at_ms,
        left_at_ms=person.left_at_ms,
        client=person.client,
        samples=len(samples.within(*span_ms).at_ms),
        every_ms=usual_interval_ms(samples),
        level=[None if each is None else int(each) for each in _listed(_levels(standing, seen, grid), 0)],
        score=_listed(told.score, _SCORE_DIGITS),
        idle=[None if each is None else bool(each) for each in _listed(told.idle, 0)],
        columns={name: column for name in columns if (column := _column(told, name)) is not None},
        spans=standing.spans,
    )


# --- levels -----------------------------------------------------------------------------------------------


def _levels(standing: Standing, seen: Values | None, grid: Grid) -> Values:
    """Return the levels that somebody was told and, where there are none, the best that others saw."""
    own = _own_levels(standing, grid)
    if seen is None:
        return own
    return np.where(np.isnan(own) & steps_of(standing.spans, grid), seen, own)


def _own_levels(standing: Standing, grid: Grid) -> Values:
    samples, person = standing.samples, standing.person
    is_own = person.are_own(samples)
    words = _with_stale_zeros_ended(samples.level_at_ms[is_own], _known(samples.levels[is_own, 0]), standing)
    return _while_heard(worst_levels(*words, grid), standing, grid)


def _with_stale_zeros_ended(at_ms: Times, levels: Values, standing: Standing) -> tuple[Times, Values]:
    """End a 0 that is left over when the connection is back: it means nothing until the next level."""
    ends_ms = [each.at_ms for each in standing.connections if each.state is ConnectionState.RECONNECTED]
    before = np.searchsorted(at_ms, ends_ms, side="right") - 1
    stale_ms = [end for end, place in zip(ends_ms, before.tolist(), strict=True) if place >= 0 and levels[place] == 0]
    places = np.searchsorted(at_ms, stale_ms, side="right")
    return np.insert(at_ms, places, stale_ms), np.insert(levels, places, np.nan)


def _seen_levels(standings: Sequence[Standing], grid: Grid) -> Mapping[str, Values]:
    """Return, for each who was seen by others, the best level that any of them saw."""
    keys = {each.person.sid: each.person.key for each in standings if each.person.sid}
    seen: dict[str, Values] = {}
    for each in standings:
        for subject, levels in _seen_by(each, grid):
            if (key := keys.get(subject)) is not None and key != each.person.key:
                seen[key] = levels if key not in seen else np.fmax(seen[key], levels)
    return seen


def _seen_by(standing: Standing, grid: Grid) -> Iterator[tuple[str, Values]]:
    samples = standing.samples
    for number, subject in enumerate(samples.words):
        is_about = samples.levels[:, 1] == number
        if is_about.any():
            levels = worst_levels(samples.level_at_ms[is_about], _known(samples.levels[is_about, 0]), grid)
            yield subject, _while_heard(levels, standing, grid)


def _while_heard(levels: Values, standing: Standing, grid: Grid) -> Values:
    """Return levels for as long as their teller was heard: who is gone takes no level back."""
    heard = steps_of((each for each in standing.spans if each.status is not Status.SILENT), grid)
    return np.where(heard, levels, np.nan)


def _known(levels: Values) -> Values:
    return np.where(levels < 0, np.nan, levels)


# --- as lists ---------------------------------------------------------------------------------------------


def _column(told: Laid, name: str) -> Sequence[float | str | None] | None:
    values = told.media[:, PLACE_OF[name]]
    if np.isnan(values).all():
        return None
    if name in _WORDS:
        return [None if number != number else told.words[int(number)] for number in values.tolist()]  # noqa: PLR0124  # NaN
    return _listed(values, _DIGITS.get(name.rpartition(".")[2], _DIGITS_OF_OTHERS))


def _listed(values: NDArray[np.float64], digits: int) -> list[float | None]:
    """Return numbers with so many digits, whole ones without any, and None for what is not known."""
    rounded = np.round(values, digits)
    is_known = ~np.isnan(rounded)
    is_whole = is_known & (rounded == np.rint(rounded))
    listed: NDArray[np.object_] = rounded.astype(object)
    listed[is_whole] = rounded[is_whole].astype(np.int64).astype(object)
    listed[~is_known] = None
    found: list[float | None] = listed.tolist()
    return found
