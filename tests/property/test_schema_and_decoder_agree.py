"""What the schema takes is what the decoder takes whole, apart from what no schema can say."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from collectors.base import Malformed
from collectors.observations import OBSERVATIONS
from collectors.telemetry import MAX_EVENTS, Decoded, decode
from collectors.telemetry_schema import document
from tests.builders import ALICE, BOB, NOW_MS, ROOM, media_series, packed, post, quality

POST = Draft202012Validator(document())
Json = Any


# --- good posts -------------------------------------------------------------------------------------------


def some(**fields: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    """Return objects with any of these fields, each of which may be null as well."""
    return st.fixed_dictionaries({}, optional={name: st.none() | values for name, values in fields.items()})


def columns(length: int, **fields: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    """Return objects with any of these columns, of a length or empty."""
    return st.fixed_dictionaries(
        {},
        optional={
            name: st.just([]) | st.lists(st.none() | values, min_size=length, max_size=length)
            for name, values in fields.items()
        },
    )


moments = st.integers(10**12, 4_102_444_800_000)
sids = st.sampled_from([ALICE, BOB, "x" * 34])  # of whom it is about is not looked at closely
words = st.text(max_size=64)
counts = st.integers(0, 10**12)
amounts = st.floats(0, 1e12).filter(lambda value: not value.is_integer()) | counts
ratios = st.floats(0, 1, exclude_min=True, exclude_max=True) | st.sampled_from([0, 1])
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.just(0.5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
levels = st.integers(-1, 5)
states = st.sampled_from(["connected", "reconnecting", "reconnected", "disconnected"])
codes = st.integers(-(10**6), 10**6)
direction: dict[str, st.SearchStrategy[Json]] = {
    "loss_ratio": ratios,
    **dict.fromkeys(("jitter_ms", "bitrate_bps", "fps"), amounts),
    **dict.fromkeys(("width", "height", "freezes"), counts),
    "limited_by": words,
}


def merged(*parts: st.SearchStrategy[dict[str, Json]]) -> st.SearchStrategy[dict[str, Json]]:
    return st.tuples(*parts).map(lambda found: {name: value for part in found for name, value in part.items()})


def event(kind: str, must: dict[str, st.SearchStrategy[Json]] | None = None, /, **may: Any) -> Any:
    return merged(st.fixed_dictionaries({"type": st.just(kind), "at": moments, **(must or {})}), some(**may))


def series(kind: str, rows: dict[str, st.SearchStrategy[Json]], parts: tuple[str, ...] = ()) -> Any:
    def of(at: list[int]) -> Any:
        inner = {part: columns(len(at), **direction) for part in parts}
        return merged(st.just({"type": kind, "at": at}), columns(len(at), **rows), some(**inner))

    return st.lists(moments, max_size=3).flatmap(of)


EVENTS = {
    "network_quality": event("network_quality", level=levels, subject=sids, stats=anything),
    "media_stats": event(
        "media_stats", interval_ms=counts, rtt_ms=amounts, up=some(**direction), down=some(**direction)
    ),
    "connection": event("connection", {"state": states}, code=codes, subject=sids),
    "track": event("track", {"state": words}, track_sid=words, kind=words, subject=sids, code=codes),
    "device": event("device", error=words, kind=words),
    "speaker": event("speaker", subject=sids),
    "feedback": event("feedback", rating=st.integers(1, 5), text=st.text(max_size=50)),
    "preflight": event("preflight", report=anything),
    "network_quality_series": series("network_quality_series", {"level": levels, "subject": sids, "stats": anything}),
    "media_stats_series": series("media_stats_series", {"interval_ms": counts, "rtt_ms": amounts}, ("up", "down")),
}
reporters = st.sampled_from(
    [
        {"room_sid": ROOM, "participant_sid": ALICE},
        {"room_name": "acme:class:1", "identity": "alice"},
        {"room_sid": ROOM, "room_name": None, "participant_sid": None, "identity": "alice"},
    ]
)
posts = merged(
    st.fixed_dictionaries({"v": st.just(1), "events": st.lists(st.one_of(*EVENTS.values()), max_size=3)}),
    reporters,
    some(
        session=st.text(min_size=1, max_size=64),
        seq=counts,
        sent_at=moments,
        sdk=some(name=words, version=words),
        client=some(name=words, version=words, browser=words, os=words, network=words),
        dropped=counts,
    ),
)

# --- nearly good posts ------------------------------------------------------------------------------------

Place = tuple[Any, Any]  # a container, and a key or an index in it


def places(value: Json) -> Iterator[Place]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


edges = st.sampled_from(
    [
        *(None, True, "", "3", [], {}, [None], {"at": 1}, -2, -1, 0, 1, 2, 5, 6, 0.5, -0.5, 1.5),
        *(10**12 - 1, 10**12, NOW_MS, NOW_MS // 1000, NOW_MS + 0.5, 4_102_444_800_001),
        *(ALICE, ROOM, ALICE.upper(), ROOM + "\n", "x" * 33, "x" * 34, "x" * 64, "x" * 65, "x" * 128, "x" * 129),
        *(*OBSERVATIONS, "teleport", "connected", "CONNECTED"),
    ]
)


@st.composite
def nearly_good(draw: st.DrawFn) -> Json:
    """Return a post in which up to two things were replaced, removed or added."""
    body = copy.deepcopy(draw(posts))
    for _ in range(draw(st.integers(0, 2))):
        container, key = draw(st.sampled_from(list(places(body))))
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                container[key] = draw(edges)
            case "remove":
                del container[key]
            case "add" if isinstance(container, dict):
                container[draw(st.sampled_from(["type", "at", "level", "up", "colour", "room_sid"]))] = draw(edges)
    return body


# --- what no schema can say -------------------------------------------------------------------------------


def rows(each: Json) -> int:
    is_series = isinstance(each, dict) and str(each.get("type")).endswith("_series")
    return len(each["at"]) if is_series and isinstance(each.get("at"), list) else 1


def has_uneven_columns(body: Json) -> bool:
    events = body.get("events")
    seen = [
        each
        for each in (events if isinstance(events, list) else ())
        if isinstance(each, dict) and each.get("type") in ("network_quality_series", "media_stats_series")
    ]
    return any(
        isinstance(column, list) and column and len(column) != rows(each)
        for each in seen
        for part in (each, each.get("up"), each.get("down"))
        if isinstance(part, dict)
        for column in part.values()
    )


def has_too_many_rows(body: Json) -> bool:
    return sum(map(rows, body["events"])) > MAX_EVENTS


def has_whole_numbers_with_a_point(body: Json) -> bool:
    return any(isinstance(where[key], float) and where[key].is_integer() for where, key in places(body))


def understood(body: Json) -> Decoded | None:
    """Return what the decoder makes of a post, or None where it refuses it or anything in it."""
    try:
        found = decode(packed(body), NOW_MS)
    except Malformed:
        return None
    return None if found.refusals else found


@given(posts)
@settings(max_examples=2 * settings.default.max_examples)
def test_a_good_post_is_good_to_both_and_holds_nothing_unknown(body: Json) -> None:
    POST.validate(body)
    found = understood(body)
    assert found is not None
    assert found.is_exact


@given(nearly_good())
@settings(max_examples=5 * settings.default.max_examples)
def test_the_schema_takes_what_the_decoder_takes_whole(body: Json) -> None:
    assume(not has_uneven_columns(body))
    assert POST.is_valid(body) == (understood(body) is not None)


@pytest.mark.parametrize(
    ("body", "is_beyond"),
    [
        (post(media_series([NOW_MS], rtt_ms=[1, 2])), has_uneven_columns),
        (post(quality(), media_series([NOW_MS] * MAX_EVENTS)), has_too_many_rows),
        (post(quality(3.0)), has_whole_numbers_with_a_point),
    ],
)
def test_these_the_decoder_alone_refuses(body: Json, is_beyond: Any) -> None:
    assert is_beyond(body)
    assert POST.is_valid(body)
    assert understood(body) is None


def test_every_type_of_event_is_tried() -> None:
    assert set(EVENTS) == set(OBSERVATIONS)
