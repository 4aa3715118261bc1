"""Is what a bundle tells about one call, and about nothing else?

Who imports a bundle of somebody else's wants that call in the database and no word on any other.
"""

from collections.abc import Iterator

from monitor.bundle.layout import Record, sample_files


def strange(record: Record) -> Iterator[str]:
    """Yield what does not belong to the call, or could not be kept as it is."""
    room = record.room
    if not room.key.startswith(("RM", "name:")):
        yield f"room.key: expected RM… or name:…, got {room.key[:60]!r}"
    if any(person.room_key != room.key for person in room.people()):
        yield "people: expected those of this room, got others"
    if any(each.room_sid != room.sid for each in record.media):
        yield "recordings, compositions: expected those of this room, got others"
    yield from _strange_alerts(record)
    yield from _strange_series(record)


def _strange_alerts(record: Record) -> Iterator[str]:
    about = (record.room.key, *(each.sid for each in record.compositions))
    for change in record.alerts:
        entity = change.transition.entity
        if not any(entity == each or entity.startswith(f"{each}/") for each in about):
            yield f"alerts: expected those about this call, got one about {entity[:60]!r}"
        if change.alert.fingerprint != change.transition.fingerprint:
            yield "alerts: expected each with the alert that changed, got another"


def _strange_series(record: Record) -> Iterator[str]:
    told = [each.series for each in record.measured]
    if any(series.room != record.room.history_key for series in told):
        yield "measured: expected who was in this room, got others"
    if not all(series.participant.startswith(("PA", "identity:")) for series in told):
        yield "measured: expected participants by SID or as identity:…, got others"
    if len({series.participant for series in told}) != len(told):
        yield "measured: expected each participant once, got one twice"
    for number, measured in enumerate(record.measured, start=1):
        if (measured.media_file, measured.levels_file) != sample_files(number):
            yield f"measured: expected {sample_files(number)[0]}, got {measured.media_file[:60]!r}"
