"""Whose microphone or camera could not be had, why, and what can be done about it?"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from collectors.device_errors import device_of, explained
from collectors.observations import Device
from monitor.story.identifying import entry_id
from monitor.story.material import Material, Told, entry
from monitor.story.people import People
from monitor.story.shapes import Entry
from monitor.story.witnessed import Witnessed, witnessed

_device = msgspec.json.Decoder(Device)


def told(material: Material) -> Iterator[Entry]:
    """Tell of each microphone and camera that a browser would not give."""
    people = material.people
    yield from (_failed(each, people) for each in witnessed("device", _device, material.happenings, people))


def _failed(told: Witnessed[Device], people: People) -> Entry:
    seen, why = told.seen, explained(told.seen.error)
    what = f"{people.name_of(told.teller)}'s {device_of(seen.kind)} could not be had"
    by_name = f" ({seen.error})" if seen.error else ""
    failed = entry(told.at_ms, "device", "telemetry", f"{what}: {why.meaning}{by_name}.", Told(key=told.teller))
    return replace(
        failed,
        id=entry_id(failed.id, seen.kind, seen.error),
        code_name=seen.error,
        code_words=why.meaning,
        remedy=why.remedy,
    )
