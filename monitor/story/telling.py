"""What happened in a call, as one dated list in plain words?"""

from collections.abc import Iterator, Sequence

from monitor.story import comings, devices, elsewhere, tracks
from monitor.story.material import Material
from monitor.story.missing import Inputs, missing_of
from monitor.story.shapes import Entry, StoryView


def story_of(material: Material, inputs: Inputs, limit: int) -> StoryView:
    """Return what happened, oldest first, of which at most so much is shown, and what is missing."""
    room, entries = material.room, entries_of(material)
    return StoryView(
        room_sid=room.sid,
        room_name=room.name,
        account_sid=room.account_sid,
        status=room.status.value,
        media_region=room.media_region,
        created_at_ms=room.created_at_ms,
        ended_at_ms=room.ended_at_ms,
        from_ms=material.span_ms[0],
        to_ms=material.span_ms[1],
        entries=entries[:limit],
        is_cut=len(entries) > limit,
        missing=missing_of(inputs),
        lacking=inputs.lacking,
    )


def entries_of(material: Material) -> Sequence[Entry]:
    """Return what happened between the two moments of the material, or went on then."""
    from_ms, to_ms = material.span_ms
    found = [each for each in _told(material) if each.at_ms < to_ms and (each.until_ms or each.at_ms) >= from_ms]
    return sorted({each.id: each for each in found}.values(), key=lambda each: (each.at_ms, each.kind, each.id))


def _told(material: Material) -> Iterator[Entry]:
    yield from comings.told(material)
    yield from tracks.told(material)
    yield from devices.told(material)
    yield from elsewhere.told(material)
