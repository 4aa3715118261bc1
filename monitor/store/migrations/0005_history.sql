-- What one participant measured in one room: who that was, and what its client said of itself.
CREATE TABLE series (
    id          INTEGER PRIMARY KEY,
    room        TEXT    NOT NULL,              -- the room's SID, or name:NAME where nobody ever learnt it
    participant TEXT    NOT NULL,              -- the participant's SID, or identity:IDENTITY
    room_name   TEXT,
    identity    TEXT,
    account_sid TEXT,
    from_ms     INTEGER NOT NULL,              -- no sample is older, and none is newer than `to_ms`
    to_ms       INTEGER NOT NULL,
    client      BLOB    NOT NULL,              -- JSON: its SDK, its browser, its network
    UNIQUE (room, participant)
);
CREATE INDEX series_by_participant ON series (participant);
CREATE INDEX series_by_identity ON series (identity, from_ms) WHERE identity IS NOT NULL;
CREATE INDEX series_by_name ON series (room_name, from_ms) WHERE room_name IS NOT NULL;
CREATE INDEX series_by_end ON series (to_ms);

-- Its samples, as columns, packed (monitor.history.chunks).
CREATE TABLE chunks (
    id      INTEGER PRIMARY KEY,               -- those past checkpoint.last_chunk are not true yet
    series  INTEGER NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms   INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    body    BLOB    NOT NULL
);
CREATE INDEX chunks_by_series ON chunks (series);

-- How far the log has become chunks.  Both are set in one transaction: that is when samples move.
ALTER TABLE checkpoint ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE checkpoint ADD COLUMN last_chunk INTEGER NOT NULL DEFAULT 0;
-- The chunks of series that ended before have been put together, and those of series that ended before have been dropped.
ALTER TABLE checkpoint ADD COLUMN merged_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE checkpoint ADD COLUMN dropped_ms INTEGER NOT NULL DEFAULT 0;
