"""What does Twilio say in a status callback?  The parameters of every event, as documented, and nothing else."""

from datetime import UTC, datetime

from monitor.simulator.entities import UNTOLD, Composition, CompositionHook, Happening, Participant, Recording, Track

Form = dict[str, str]


def callback_form(happening: Happening, account_sid: str) -> Form | None:
    """Return the form that tells of `happening`, or None where Twilio stays silent."""
    if happening.event in UNTOLD:
        return None
    form = {
        "AccountSid": account_sid,
        "RoomSid": happening.room.sid,
        "StatusCallbackEvent": happening.event,
        "Timestamp": iso_ms(happening.at),
    }
    if happening.event.startswith("composition"):
        return form | _about_composition(happening)
    if happening.recording is not None:
        return form | _about_call(happening) | _about_recording(happening, happening.recording)
    return form | _about_call(happening) | _about_room(happening)


def callback_target(happening: Happening) -> str | None:
    """Return the StatusCallback URL that was given for what `happening` is about, None where none was given."""
    if happening.composition is not None:
        return happening.composition.status_callback
    if happening.hook is not None:
        return happening.hook.status_callback
    return happening.room.status_callback


def iso_ms(at: float) -> str:
    """Return `at` as callbacks write it: UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _about_call(happening: Happening) -> Form:
    room = happening.room
    is_over = room.ended_at is not None and room.ended_at <= happening.at and happening.participant is None
    return {"RoomName": room.name, "RoomStatus": "completed" if is_over else "in-progress", "RoomType": "group"}


def _about_room(happening: Happening) -> Form:
    form = {"SequenceNumber": str(happening.sequence)}
    if happening.event == "room-ended":
        form["RoomDuration"] = str(round(happening.at - happening.room.created_at))
    if happening.participant is not None:
        form |= _about_participant(happening, happening.participant)
    if happening.track is not None:
        form |= _about_track(happening.track)
    return form


def _about_participant(happening: Happening, participant: Participant) -> Form:
    form = {"ParticipantSid": participant.sid, "ParticipantIdentity": participant.identity}
    if happening.event == "participant-disconnected":
        duration_s = round(happening.at - participant.joined_at)
        return form | {"ParticipantStatus": "disconnected", "ParticipantDuration": str(duration_s)}
    return form | {"ParticipantStatus": "connected"}


def _about_track(track: Track) -> Form:
    return {"TrackSid": track.sid, "TrackKind": track.kind}


def _about_recording(happening: Happening, recording: Recording) -> Form:
    track = recording.track
    form = {
        "RecordingSid": recording.sid,
        "RecordingUri": f"/v1/Recordings/{recording.sid}",
        "SourceSid": track.sid,
        "ParticipantSid": track.participant.sid,
        "ParticipantIdentity": track.participant.identity,
        "TrackName": track.name,
        "Type": track.kind,
        "Container": container_of(track.kind),
        "Codec": codec_of(track.kind),
        "OffsetFromTwilioVideoEpoch": str(offset_ms(recording)),
    }
    if happening.event == "recording-completed":
        form["MediaUri"] = f"/v1/Recordings/{recording.sid}/Media"
        form |= {"Duration": str(recording.duration_s), "Size": str(recording.size_bytes)}
    if happening.failed_operation is not None:
        form["FailedOperation"] = happening.failed_operation
    return form


def _about_composition(happening: Happening) -> Form:
    form: Form = {}
    if happening.composition is not None:
        sid = happening.composition.sid
        form |= {"CompositionSid": sid, "CompositionUri": f"/v1/Compositions/{sid}"}
    if happening.hook is not None and happening.event in ("composition-enqueued", "composition-hook-failed"):
        form |= _about_hook(happening.hook)
    if happening.event == "composition-available" and happening.composition is not None:
        form |= _about_film(happening.composition)
    if happening.percent_done is not None and happening.seconds_remaining is not None:
        form["PercentageDone"] = f"{happening.percent_done:.0f}"
        form["SecondsRemaining"] = f"{happening.seconds_remaining:.1f}"
    if happening.failed_operation is not None:
        form |= {"FailedOperation": happening.failed_operation, "ErrorMessage": happening.error_message or ""}
    return form


def _about_hook(hook: CompositionHook) -> Form:
    return {"HookSid": hook.sid, "HookUri": f"/v1/CompositionHooks/{hook.sid}", "HookFriendlyName": hook.friendly_name}


def _about_film(composition: Composition) -> Form:
    return {
        "MediaUri": f"/v1/Compositions/{composition.sid}/Media",
        "Duration": str(composition.duration_s),
        "Size": str(composition.size_bytes),
    }


def container_of(kind: str) -> str:
    """Return the container in which a track of `kind` is recorded."""
    return "mka" if kind == "audio" else "mkv"


def codec_of(kind: str) -> str:
    """Return the codec of a track of `kind`."""
    return "OPUS" if kind == "audio" else "VP8"


def offset_ms(recording: Recording) -> int:
    """Return how long after its room's beginning a recording began."""
    return round((recording.created_at - recording.room.created_at) * 1000)
