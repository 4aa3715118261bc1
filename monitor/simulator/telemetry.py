"""What does a participant's browser report?

A reporter is the SDK in one browser: it hears what happens in its room, looks at its link and at those it sees, and
words it all as telemetry version 1.  It neither posts nor knows the time; `report(now)` returns the next body.

As in the real SDK a level is reported only when it changed, a reporter on a bad link sees the others worse than they
are, and losing the media connection (53405) puts its own level, and all it sees, to 0.
"""

from typing import Any

from monitor.simulator.device import decoded, encoded
from monitor.simulator.entities import Device, Happening, Newcomer, Participant, Room, Track
from monitor.simulator.link import (
    AUDIO_BPS,
    Path,
    level_stats,
    link_at,
    link_level,
    received,
    seen_level,
    sent,
    way_of,
)
from monitor.simulator.sids import hex_digits

MEDIA_LOST = 53405
MAX_PENDING = 200  # events a browser keeps for its next post; the oldest make room
SDK = {"name": "twilio-video.js", "version": "2.36.0"}
CONNECTION_STATES = {
    "participant-connected": "connected",
    "participant-reconnecting": "reconnecting",
    "participant-reconnected": "reconnected",
    "participant-disconnected": "disconnected",
}
OWN_TRACK_STATES = {"track-added": "published", "track-removed": "unpublished"}
SEEN_TRACK_STATES = {"track-added": "subscribed", "track-removed": "unsubscribed"}
MUTE_STATES = {"track-enabled": "enabled", "track-disabled": "disabled"}
SWITCH_OFF_BELOW_BPS = 400_000.0  # Twilio switches videos off when the downlink cannot carry them

Event = dict[str, Any]


class Reporter:
    """The telemetry session of one participant; it measures media from `since` on, by default from the joining."""

    def __init__(self, participant: Participant, since: float | None = None) -> None:
        self.participant = participant
        self.is_urgent = False  # something happened that a browser would not keep to itself for seconds
        self._session = _as_uuid(hex_digits("session", participant.sid))
        self._seq = 0
        self._pending: list[Event] = []
        self._levels: dict[str, int] = {}
        self._switched_off: set[str] = set()
        self._stats_at = participant.joined_at if since is None else since

    def hear(self, happening: Happening) -> None:
        """Note what a browser in this room would notice of `happening`."""
        if happening.event in CONNECTION_STATES:
            self._note_connection(happening)
        elif happening.event == "speaker-changed":
            speaker = happening.participant.sid if happening.participant else None
            self._note("speaker", happening.at, subject=speaker)
        elif happening.track is not None and happening.recording is None:
            self._note_track(happening, happening.track)
        elif happening.event == "link-changed":
            self._note_levels(happening.at)
            self._note_switches(happening.at)

    def report(self, now: float) -> dict[str, Any] | None:
        """Return the body of the next post, None where there is nothing to say."""
        if self.participant.is_here:
            self._note_levels(now)
            self._note_media(now)
        events, self._pending, self.is_urgent = self._pending, [], False
        if not events:
            return None
        self._seq += 1
        return self._envelope(now) | {"events": events}

    def forget(self) -> None:
        """Drop what was noted: the browser keeps silent."""
        self._pending, self.is_urgent = [], False

    # --- noting --------------------------------------------------------------------------------------

    def _note(self, kind: str, at: float, /, **what: Any) -> None:
        self._pending.append({"type": kind, "at": _ms(at), **what})
        del self._pending[:-MAX_PENDING]

    def _note_connection(self, happening: Happening) -> None:
        who = happening.participant
        if who is None:
            return
        what: Event = {"state": CONNECTION_STATES[happening.event]}
        if happening.code is not None:
            what["code"] = happening.code
        if who is not self.participant:
            what["subject"] = who.sid
        self._note("connection", happening.at, **what)
        self.is_urgent |= who is self.participant
        if not who.is_here:
            self._levels.pop(who.sid, None)
        if self.participant.is_here:
            self._note_levels(happening.at)

    def _note_track(self, happening: Happening, track: Track) -> None:
        is_own = track.participant is self.participant
        states = OWN_TRACK_STATES if is_own else SEEN_TRACK_STATES
        state = MUTE_STATES.get(happening.event) or states[happening.event]
        subject = {} if is_own else {"subject": track.participant.sid}
        self._note("track", happening.at, state=state, track_sid=track.sid, kind=track.kind, **subject)

    def _note_levels(self, at: float) -> None:
        own = self._own_level(at)
        self._note_level(at, self.participant, own, own_level=True)
        for other in self._others():
            self._note_level(at, other, self._seen_level(other, own, at), own_level=False)

    def _note_level(self, at: float, who: Participant, level: int, *, own_level: bool) -> None:
        if self._levels.get(who.sid) == level:
            return
        self._levels[who.sid] = level
        if not own_level:
            self._note("network_quality", at, subject=who.sid, level=level, stats=None)
            return
        stats = level_stats(link_at(who.link, who.trouble, who.phase, at)) if level else None
        self._note("network_quality", at, subject=who.sid, level=level, stats=stats)
        self.is_urgent = True

    def _note_media(self, at: float) -> None:
        interval_s, self._stats_at = at - self._stats_at, at
        me = self.participant
        if me.reconnecting_code == MEDIA_LOST or interval_s <= 0:
            return
        link = link_at(me.link, me.trouble, me.phase, at)
        offers = [_offered(other, at) for other in self._others() if other.tracks]
        videos = sum(other.sends_video for other in self._others())
        self._note(
            "media_stats",
            at,
            interval_ms=round(interval_s * 1000),
            rtt_ms=round(max(link.up.rtt_ms, link.down.rtt_ms), 1),
            up=encoded(sent(link.up, video=me.sends_video), me.strain) if me.tracks else None,
            down=self._received(link.down, offers, videos, interval_s) if offers else None,
        )

    def _received(self, path: Path, offers: list[tuple[Path, float]], videos: int, interval_s: float) -> Event:
        offered_bps = sum(bps for _, bps in offers)
        stats = received(path, offered_bps, videos, interval_s, way_of(offers))
        return decoded(stats, self.participant.strain, interval_s)

    def _note_switches(self, at: float) -> None:
        """Note the videos that the media server switches off, or on again, because of this browser's downlink."""
        me = self.participant
        too_narrow = link_at(me.link, me.trouble, me.phase, at).down.bandwidth_bps < SWITCH_OFF_BELOW_BPS
        for other in self._others():
            for track in other.tracks.values():
                if track.kind == "video" and (track.sid in self._switched_off) is not too_narrow:
                    self._switched_off ^= {track.sid}
                    state = "switched_off" if too_narrow else "switched_on"
                    self._note("track", at, state=state, track_sid=track.sid, kind="video", subject=other.sid)

    # --- looking -------------------------------------------------------------------------------------

    def _others(self) -> list[Participant]:
        return [other for other in self.participant.room.present if other is not self.participant]

    def _own_level(self, at: float) -> int:
        me = self.participant
        return 0 if me.reconnecting_code == MEDIA_LOST else link_level(link_at(me.link, me.trouble, me.phase, at))

    def _seen_level(self, other: Participant, own: int, at: float) -> int:
        if self.participant.reconnecting_code == MEDIA_LOST:
            return 0
        if other.reconnecting_code is not None:
            return 1  # a lost remote seldom reaches 0: the server takes long to notice
        return seen_level(link_level(link_at(other.link, other.trouble, other.phase, at)), own)

    def _envelope(self, now: float) -> dict[str, Any]:
        me = self.participant
        return {
            "v": 1,
            "session": self._session,
            "seq": self._seq,
            "sent_at": _ms(now),
            "room_sid": me.room.sid,
            "room_name": me.room.name,
            "participant_sid": me.sid,
            "identity": me.identity,
            "sdk": SDK,
            "client": {**_client(me.device), "edge": me.room.media_region},  # everybody lives near their media
        }


def join_failure(room: Room, newcomer: Newcomer, code: int, at: float) -> dict[str, Any]:
    """Return what the browser of somebody posts who could not join: it knows the room by name only, and has no SID."""
    digits = hex_digits("join failure", room.sid, newcomer.identity, at)
    return {
        "v": 1,
        "session": _as_uuid(digits),
        "seq": 1,
        "sent_at": _ms(at),
        "room_name": room.name,
        "identity": newcomer.identity,
        "sdk": SDK,
        "client": _client(newcomer.device),
        "events": [{"type": "connection", "at": _ms(at), "state": "disconnected", "code": code}],
    }


def _client(device: Device) -> dict[str, str]:
    return {
        "name": "roomwatch.js",
        "version": "0.1.0",
        "browser": device.browser,
        "os": device.os,
        "network": device.network,
    }


def _offered(other: Participant, at: float) -> tuple[Path, float]:
    """Return the uplink over which somebody sends, and how much."""
    path = link_at(other.link, other.trouble, other.phase, at).up
    if not other.sends_video:
        return path, AUDIO_BPS
    return path, float(encoded(sent(path, video=True), other.strain)["bitrate_bps"])


def _as_uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _ms(at: float) -> int:
    return int(at * 1000)
