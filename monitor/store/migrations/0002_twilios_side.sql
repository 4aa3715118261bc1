-- Recordings and accounts join the picture; ended rooms keep their participants at hand until they are sealed.
ALTER TABLE rooms ADD COLUMN sealed INTEGER NOT NULL DEFAULT 1;
CREATE INDEX participants_by_room ON participants (room_key);

CREATE TABLE recordings (
    recording_sid TEXT    PRIMARY KEY,
    room_sid      TEXT,
    status        TEXT    NOT NULL,
    created_at_ms INTEGER,
    over_at_ms    INTEGER,
    body          BLOB    NOT NULL
) WITHOUT ROWID;
CREATE INDEX recordings_by_end ON recordings (over_at_ms);
CREATE INDEX recordings_by_room ON recordings (room_sid);

CREATE TABLE accounts (
    account_sid TEXT PRIMARY KEY,
    body        BLOB NOT NULL
) WITHOUT ROWID;

-- Who had left a room was a moment for each; now it is the whole record, which the participants' own rows hold.
UPDATE rooms SET body = CAST(json_remove(CAST(body AS TEXT), '$.left') AS BLOB);

-- Recordings have Twilio's own statuses; only what is still to be replayed will be read again.
UPDATE ingest_log
SET body = CAST(json_set(
        json_remove(CAST(body AS TEXT), '$.state'),
        '$.status',
        replace(json_extract(CAST(body AS TEXT), '$.state'), 'started', 'processing')
    ) AS BLOB)
WHERE id > (SELECT through FROM checkpoint) AND json_extract(CAST(body AS TEXT), '$.event') = 'recording';
