"""What does somebody have to know who opens a bundle and has never heard of Roomwatch?"""

from monitor.bundle.layout import Manifest

_TEXT = """\
Evidence of one video call
==========================

This file was made by Roomwatch {version}, which watches Twilio Video calls, at {exported_at}.
It holds all that was on record of the call in room

    {room}
    from {created_at} to {ended_at}

{privacy}

What is what
------------

manifest.json      what this is, how much of each thing there is, and the SHA-256 of every other file
call.json          the room and everybody who was in it, recordings, compositions, changes of alerts with the alerts as
                   they were then, and, as "measured", who measured something and in which files that is
happenings.jsonl   what happened, oldest first, a line each: who came and went, connections, tracks, callbacks,
                   feedback; "source" says who told, "body" how it was told
happenings-by-name.jsonl
                   the same of those who told of a room of this name while the call went on, and knew no SID of it:
                   such as whoever could not join
samples/NNNN.media.csv
                   what one participant's browser measured of its own media, a line each sample.  "up" is what it
                   sent, "down" what it received, over the interval that ended at that moment.  _ratio is from 0 to 1,
                   _bps bits a second, _ms milliseconds, _px pixels; fps is frames a second; freezes are counted
samples/NNNN.levels.csv
                   Twilio's network quality levels as that participant saw them, 0 (lost) to 5 (best); with a
                   subject_sid it is the level of somebody else

All times are UTC.  Numbers named ..._ms in JSON are milliseconds, since 1970 where they are moments.  What is empty,
null or left out is not known; it is never zero.  A text in double quotes in a CSV cell is JSON.

What to do with it
------------------

    roomwatch import THIS_FILE --config FILE     into a database of Roomwatch, to be looked at in its pages
    sha256sum call.json                          is it as it was written? compare with manifest.json

With DuckDB, once unpacked:

    SELECT participant, avg(rtt_ms), max(down_freezes) FROM 'samples/*.media.csv' GROUP BY participant;
"""

_PLAIN = """\
It holds names and network addresses of people and what they said of the call.  Handle it like the database that it
came from: give it to nobody who should not know, and delete it when it has served."""

_REDACTED = """\
It is redacted: names of people and rooms are pseudonyms that were made for this file alone, so they compare with no
other; addresses, free text of feedback and reports of browsers are left out.  SIDs are as Twilio made them: whoever
has access to the Twilio account can look up whom they mean."""


def explained(manifest: Manifest) -> str:
    """Return the text for people."""
    return _TEXT.format(
        version=manifest.roomwatch_version,
        exported_at=manifest.exported_at,
        room=" ".join(each for each in (manifest.room_sid, manifest.room_name) if each),
        created_at=manifest.created_at or "a time that nobody told",
        ended_at=manifest.ended_at or "(it still went on, or nobody told)",
        privacy=_REDACTED if manifest.is_redacted else _PLAIN,
    )
