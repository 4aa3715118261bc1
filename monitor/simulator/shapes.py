"""What do Twilio's resources look like in JSON?  One function per resource; every field, in the documented type."""

from datetime import UTC, datetime
from typing import Any

from monitor.simulator import cast
from monitor.simulator.callbacks import codec_of, container_of, offset_ms
from monitor.simulator.entities import Composition, CompositionHook, Participant, Recording, Room, Track
from monitor.simulator.telemetry import SDK

Json = dict[str, Any]
LAYOUT = {"grid": {"video_sources": ["*"], "video_sources_excluded": [], "reuse": "show_oldest", "z_pos": 0}}


def iso_s(at: float | None) -> str | None:
    """Return `at` as resources write it: UTC, whole seconds."""
    return None if at is None else datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shapes:
    """Resources as seen at one base URL, in one account."""

    def __init__(self, base_url: str, account_sid: str, callback_url: str | None) -> None:
        self._video = f"{base_url}/v1"
        self._insights = f"{base_url}/v1/Video"
        self._account_sid = account_sid
        self._callback_url = callback_url

    def room(self, room: Room) -> Json:
        """Return a room."""
        url = f"{self._video}/Rooms/{room.sid}"
        subresources = ("participants", "recordings", "transcriptions", "recording_rules")
        return {
            "sid": room.sid,
            "status": room.status,
            "date_created": iso_s(room.created_at),
            "date_updated": iso_s(room.updated_at),
            "account_sid": self._account_sid,
            "enable_turn": True,
            "unique_name": room.name,
            **self._callback(room.status_callback),
            "end_time": iso_s(room.ended_at),
            "duration": None if room.ended_at is None else round(room.ended_at - room.created_at),
            "type": "group",
            "max_participants": room.max_participants,
            "max_participant_duration": room.max_participant_duration_s,
            "max_concurrent_published_tracks": 170,
            "record_participants_on_connect": room.recorded,
            "video_codecs": ["VP8"],
            "media_region": room.media_region,
            "audio_only": False,
            "empty_room_timeout": room.empty_timeout_min,
            "unused_room_timeout": room.unused_timeout_min,
            "large_room": False,
            "url": url,
            "links": {name: f"{url}/{_camel(name)}" for name in subresources},
        }

    def participant(self, participant: Participant) -> Json:
        """Return a participant."""
        url = self._participant_url(participant)
        left_at = participant.left_at
        subresources = ("published_tracks", "subscribed_tracks", "subscribe_rules", "anonymize")
        return {
            "sid": participant.sid,
            "room_sid": participant.room.sid,
            "account_sid": self._account_sid,
            "status": participant.status,
            "identity": participant.identity,
            "date_created": iso_s(participant.joined_at),
            "date_updated": iso_s(participant.updated_at),
            "start_time": iso_s(participant.joined_at),
            "end_time": iso_s(left_at),
            "duration": None if left_at is None else round(left_at - participant.joined_at),
            "url": url,
            "links": {name: f"{url}/{_camel(name)}" for name in subresources},
        }

    def published_track(self, track: Track) -> Json:
        """Return a track of the participant who publishes it."""
        participant = track.participant
        return {
            "sid": track.sid,
            "participant_sid": participant.sid,
            "room_sid": participant.room.sid,
            "name": track.name,
            "date_created": iso_s(track.published_at),
            "date_updated": iso_s(track.updated_at),
            "enabled": track.enabled,
            "kind": track.kind,
            "url": f"{self._participant_url(participant)}/PublishedTracks/{track.sid}",
        }

    def subscribed_track(self, track: Track, subscriber: Participant) -> Json:
        """Return a track as `subscriber` receives it."""
        return self.published_track(track) | {
            "participant_sid": subscriber.sid,
            "publisher_sid": track.participant.sid,
            "date_created": iso_s(max(track.published_at, subscriber.joined_at)),
            "url": f"{self._participant_url(subscriber)}/SubscribedTracks/{track.sid}",
        }

    def recording(self, recording: Recording) -> Json:
        """Return a recording of the account."""
        url = f"{self._video}/Recordings/{recording.sid}"
        return self._recording(recording, url) | self._callback(recording.room.status_callback)

    def room_recording(self, recording: Recording) -> Json:
        """Return a recording as a part of its room."""
        url = f"{self._video}/Rooms/{recording.room.sid}/Recordings/{recording.sid}"
        return self._recording(recording, url) | {"room_sid": recording.room.sid}

    def composition(self, composition: Composition) -> Json:
        """Return a composition: neither why it failed nor how far it has come is told here."""
        url = f"{self._video}/Compositions/{composition.sid}"
        return {
            "account_sid": self._account_sid,
            "status": str(composition.status),
            "date_created": iso_s(composition.created_at),
            "date_completed": iso_s(composition.completed_at),
            "date_deleted": iso_s(composition.deleted_at),
            "sid": composition.sid,
            "room_sid": composition.room.sid,
            **_film(composition),
            "bitrate": 0,
            "size": composition.size_bytes,
            "duration": composition.duration_s,
            "media_external_location": None,
            **self._callback(composition.status_callback),
            "url": url,
            "links": {"media": f"{url}/Media"},
        }

    def hook(self, hook: CompositionHook) -> Json:
        """Return a composition hook."""
        return {
            "account_sid": self._account_sid,
            "friendly_name": hook.friendly_name,
            "enabled": hook.enabled,
            "date_created": iso_s(hook.created_at),
            "date_updated": None,
            "sid": hook.sid,
            **_film(hook),
            **self._callback(hook.status_callback),
            "url": f"{self._video}/CompositionHooks/{hook.sid}",
        }

    # --- the Log Analyzer, which has words of its own ------------------------------------------------

    def room_summary(self, room: Room) -> Json:
        """Return the Log Analyzer's summary of an ended room."""
        stays = list(room.participants.values())
        url = f"{self._insights}/Rooms/{room.sid}"
        return {
            "account_sid": self._account_sid,
            "room_sid": room.sid,
            "room_name": room.name,
            "create_time": iso_s(room.created_at),
            "end_time": iso_s(room.ended_at),
            "room_type": "group",
            "room_status": "completed",
            **self._callback(room.status_callback),
            "created_method": "api",
            "end_reason": room.end_reason,
            "max_participants": room.max_participants,
            "unique_participants": len(stays),
            "unique_participant_identities": len({stay.identity for stay in stays}),
            "concurrent_participants": room.most_at_once,
            "max_concurrent_participants": room.max_participants,
            "codecs": ["VP8", "opus"],
            "media_region": room.media_region,
            "duration_sec": round((room.ended_at or room.created_at) - room.created_at),
            "total_participant_duration_sec": sum(_stay_s(stay) for stay in stays),
            "total_recording_duration_sec": sum(recording.duration_s for recording in room.recordings.values()),
            "processing_state": "complete",
            "recording_enabled": room.recorded,
            "edge_location": cast.EDGES[room.media_region],
            "url": url,
            "links": {"participants": f"{url}/Participants"},
        }

    def participant_summary(self, participant: Participant) -> Json:
        """Return the Log Analyzer's summary of one stay in an ended room."""
        code, room = participant.error_code, participant.room
        return {
            "participant_sid": participant.sid,
            "participant_identity": participant.identity,
            "join_time": iso_s(participant.joined_at),
            "leave_time": iso_s(participant.left_at),
            "duration_sec": _stay_s(participant),
            "account_sid": self._account_sid,
            "room_sid": room.sid,
            "status": "completed",
            "codecs": ["VP8", "opus"],
            "end_reason": participant.end_reason,
            "error_code": code,
            "error_code_url": None if code is None else f"https://www.twilio.com/docs/errors/{code}",
            "media_region": room.media_region,
            "properties": {},
            "edge_location": cast.EDGES[room.media_region],
            "publisher_info": {
                "name": SDK["name"],
                "sdk_version": SDK["version"],
                "browser": participant.device.browser,
            },
            "url": f"{self._insights}/Rooms/{room.sid}/Participants/{participant.sid}",
        }

    # --- what several have in common -----------------------------------------------------------------

    def _recording(self, recording: Recording, url: str) -> Json:
        track = recording.track
        is_done = recording.completed_at is not None
        return {
            "account_sid": self._account_sid,
            "status": recording.status,
            "date_created": iso_s(recording.created_at),
            "sid": recording.sid,
            "source_sid": track.sid,
            "size": recording.size_bytes if is_done else None,
            "url": url,
            "type": track.kind,
            "duration": recording.duration_s if is_done else None,
            "container_format": container_of(track.kind),
            "codec": codec_of(track.kind),
            "grouping_sids": {"room_sid": recording.room.sid, "participant_sid": track.participant.sid},
            "track_name": track.name,
            "offset": offset_ms(recording),
            "media_external_location": None,
            "links": {"media": f"{url}/Media"},
        }

    def _callback(self, status_callback: str | None) -> Json:
        return {"status_callback": status_callback or self._callback_url, "status_callback_method": "POST"}

    def _participant_url(self, participant: Participant) -> str:
        return f"{self._video}/Rooms/{participant.room.sid}/Participants/{participant.sid}"


def _film(wish: Composition | CompositionHook) -> Json:
    return {
        "audio_sources": ["*"],
        "audio_sources_excluded": [],
        "video_layout": LAYOUT,
        "resolution": wish.resolution,
        "trim": True,
        "format": wish.format,
    }


def _stay_s(participant: Participant) -> int:
    return round((participant.left_at or participant.joined_at) - participant.joined_at)


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
