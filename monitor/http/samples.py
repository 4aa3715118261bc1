"""What were the last minutes of one participant like?  The answer of `/api/v1/live/samples`, as columns."""

from msgspec import Struct

from monitor.live import Live


class SamplesView(Struct, frozen=True):
    """The last media samples of somebody in a live room, oldest first; every column is as long as `at`."""

    room_sid: str | None
    room_name: str | None
    participant_sid: str | None
    identity: str | None
    at: list[int]
    rtt_ms: list[float | None]
    jitter_ms: list[float | None]  # the worse of both directions
    loss_ratio: list[float | None]  # the worse of both directions
    bitrate_up_bps: list[float | None]
    bitrate_down_bps: list[float | None]
    fps: list[float | None]  # of what is sent


def samples_view(live: Live, room: str, participant: str) -> SamplesView | None:
    """Return the samples of a participant, by SID or identity, in a live room, by SID or name; None: there is none."""
    where = live.calls.of_sid(room) or live.calls.of_name(room)
    who = (where.find(participant, None) or where.find(None, participant)) if where is not None else None
    if where is None or who is None:
        return None
    samples = live.rings.samples(who)
    return SamplesView(
        room_sid=where.sid,
        room_name=where.name,
        participant_sid=who.sid,
        identity=who.identity,
        at=[each.at_ms - who.clock_offset_ms for each in samples],  # by our clock
        rtt_ms=[each.rtt_ms for each in samples],
        jitter_ms=[each.jitter_ms for each in samples],
        loss_ratio=[each.loss_ratio for each in samples],
        bitrate_up_bps=[each.up_bps for each in samples],
        bitrate_down_bps=[each.down_bps for each in samples],
        fps=[each.fps for each in samples],
    )
