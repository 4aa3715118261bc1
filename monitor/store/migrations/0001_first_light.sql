-- Times are integers in milliseconds or reals in seconds since the epoch; the name says which.

-- Everything that was accepted, as it came, in order: one row a post, never one a sample.
CREATE TABLE ingest_log (
    id             INTEGER PRIMARY KEY,
    received_at_ms INTEGER NOT NULL,
    room           TEXT    NOT NULL,           -- the room's SID, or name:NAME where a client knows no SID
    participant    TEXT    NOT NULL,           -- the participant's SID, or identity:IDENTITY
    has_samples    INTEGER NOT NULL,
    body           BLOB    NOT NULL            -- the event, as JSON
);
CREATE INDEX samples_by_room ON ingest_log (room, received_at_ms) WHERE has_samples;

-- Keys of what was accepted, so that a repeat can be told from news.
CREATE TABLE ingest_seen (
    key            TEXT    PRIMARY KEY,
    received_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX seen_by_age ON ingest_seen (received_at_ms);

-- What happened, as rows: connections, tracks, callbacks, changes that polls saw.
CREATE TABLE events (
    id          INTEGER PRIMARY KEY,
    at_ms       INTEGER NOT NULL,
    room        TEXT    NOT NULL,
    participant TEXT    NOT NULL DEFAULT '',
    kind        TEXT    NOT NULL,
    source      TEXT    NOT NULL,              -- telemetry, callback or poll
    body        BLOB    NOT NULL
);
CREATE INDEX events_by_room ON events (room, at_ms);
CREATE INDEX events_by_age ON events (at_ms);

-- The picture as it was at the last checkpoint; `over_at_ms` is NULL while a thing lives, then it is history.
CREATE TABLE rooms (
    key           TEXT    PRIMARY KEY,
    room_sid      TEXT,
    room_name     TEXT,
    account_sid   TEXT,
    status        TEXT    NOT NULL,
    created_at_ms INTEGER,
    over_at_ms    INTEGER,
    body          BLOB    NOT NULL
) WITHOUT ROWID;
CREATE INDEX rooms_by_end ON rooms (over_at_ms);

CREATE TABLE participants (
    key             TEXT    PRIMARY KEY,
    room_key        TEXT    NOT NULL,
    participant_sid TEXT,
    identity        TEXT,
    joined_at_ms    INTEGER,
    over_at_ms      INTEGER,
    body            BLOB    NOT NULL
) WITHOUT ROWID;
CREATE INDEX participants_by_end ON participants (over_at_ms);
CREATE INDEX participants_by_identity ON participants (identity);

CREATE TABLE compositions (
    composition_sid TEXT    PRIMARY KEY,
    room_sid        TEXT,
    status          TEXT    NOT NULL,
    created_at_ms   INTEGER,
    over_at_ms      INTEGER,
    body            BLOB    NOT NULL
) WITHOUT ROWID;
CREATE INDEX compositions_by_end ON compositions (over_at_ms);

-- How far into the log the saved picture reaches.
CREATE TABLE checkpoint (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    through INTEGER NOT NULL
);
INSERT INTO checkpoint (one, through) VALUES (1, 0);

CREATE TABLE alerts (
    fingerprint TEXT PRIMARY KEY,
    body        BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE transitions (
    id          INTEGER PRIMARY KEY,
    fingerprint TEXT    NOT NULL,
    rule        TEXT    NOT NULL,
    entity      TEXT    NOT NULL,
    before      TEXT    NOT NULL,
    after       TEXT    NOT NULL,
    at_s        REAL    NOT NULL,
    body        BLOB    NOT NULL,
    alert       BLOB    NOT NULL
);
CREATE INDEX transitions_by_time ON transitions (at_s);

CREATE TABLE outbox (
    seq          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    lane         TEXT    NOT NULL,
    receiver     TEXT    NOT NULL,
    state        TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_at_s    REAL    NOT NULL,
    created_at_s REAL    NOT NULL,
    settled_at_s REAL,
    last_error   TEXT    NOT NULL DEFAULT '',
    body         BLOB    NOT NULL
);
CREATE INDEX outbox_waiting ON outbox (lane, seq) WHERE state = 'waiting';
CREATE INDEX outbox_by_age ON outbox (created_at_s);

CREATE TABLE login_sessions (
    token_hash   TEXT PRIMARY KEY,
    expires_at_s REAL NOT NULL
) WITHOUT ROWID;
