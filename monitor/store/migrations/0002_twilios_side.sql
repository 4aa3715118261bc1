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
