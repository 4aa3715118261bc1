-- The outbox tells what is said of an incident, not of an alert; in which order; and what became of each attempt.

CREATE TABLE deliveries (
    seq          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    lane         TEXT    NOT NULL,
    receiver     TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    incident     TEXT    NOT NULL,
    rank         INTEGER NOT NULL,                 -- the lower goes first
    state        TEXT    NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'delivered', 'dead', 'cancelled', 'superseded')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_at_s    REAL    NOT NULL,
    created_at_s REAL    NOT NULL,
    since_s      REAL,                             -- when it was replayed
    begun_at_s   REAL,                             -- an attempt is on its way
    settled_at_s REAL,
    maybe_heard  INTEGER NOT NULL DEFAULT 0,
    target       TEXT    NOT NULL DEFAULT '',      -- where the last attempt went
    reference    TEXT    NOT NULL DEFAULT '',      -- what the receiver calls it
    payload_hash TEXT    NOT NULL DEFAULT '',
    fallen_back  INTEGER NOT NULL DEFAULT 0,       -- somebody else was told that it is dead
    last_error   TEXT    NOT NULL DEFAULT '',
    body         BLOB    NOT NULL
);

-- What was owed by an earlier version is owed still: each alert becomes an incident of its own, named by its episode.
-- `->` keeps numbers as they were written, where a number of SQLite's would be rounded to 15 digits.
INSERT INTO deliveries (seq, id, lane, receiver, kind, incident, rank, state, attempts, next_at_s, created_at_s,
                        settled_at_s, fallen_back, last_error, body)
SELECT seq, id, lane, receiver, COALESCE(told ->> '$.kind', ''),
       COALESCE(told ->> '$.incident.id', told ->> '$.alert.episode', ''),
       CASE WHEN told ->> '$.kind' = 'resolve' THEN 1 ELSE
           CASE COALESCE(told ->> '$.incident.severity', told ->> '$.alert.severity')
               WHEN 'critical' THEN 0 WHEN 'warning' THEN 2 ELSE 3 END END,
       state, attempts, next_at_s, created_at_s, settled_at_s, state = 'dead', last_error,
       CASE WHEN told -> '$.alert' IS NULL THEN body ELSE CAST(json_object(
           'id', id,
           'receiver', receiver,
           'kind', told ->> '$.kind',
           'dedup_key', told ->> '$.dedup_key',
           'incident', json_object(
               'id', told ->> '$.alert.episode',
               'group', told ->> '$.alert.fingerprint',
               'severity', told ->> '$.alert.severity',
               'started_at', json(told -> '$.started_at'),
               'ended_at', json(COALESCE(told -> '$.ended_at', 'null')),
               'labels', json_object(),
               'firing', json(iif(told ->> '$.kind' = 'resolve', '[]', '[' || (told -> '$.alert') || ']')),
               'resolved', json(iif(told ->> '$.kind' = 'resolve', '[' || (told -> '$.alert') || ']', '[]')),
               'firing_count', iif(told ->> '$.kind' = 'resolve', 0, 1),
               'resolved_count', iif(told ->> '$.kind' = 'resolve', 1, 0)),
           'created_at', json(told -> '$.created_at'),
           'reason', COALESCE(told ->> '$.reason', '')) AS BLOB) END
FROM (SELECT *, iif(json_valid(CAST(body AS TEXT)), CAST(body AS TEXT), '{}') AS told FROM outbox) ORDER BY seq;

DROP TABLE outbox;
ALTER TABLE deliveries RENAME TO outbox;

CREATE INDEX outbox_by_lane ON outbox (lane, seq);
CREATE INDEX outbox_by_urgency ON outbox (receiver, rank, seq, next_at_s) WHERE state = 'waiting';
CREATE INDEX outbox_by_next_attempt ON outbox (receiver, next_at_s) WHERE state = 'waiting';
CREATE INDEX outbox_waiting_by_age ON outbox (created_at_s) WHERE state = 'waiting';
CREATE INDEX outbox_begun ON outbox (seq) WHERE begun_at_s IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (seq) WHERE state = 'dead';
CREATE INDEX outbox_not_fallen_back ON outbox (seq) WHERE state = 'dead' AND NOT fallen_back;
CREATE INDEX outbox_by_incident ON outbox (incident, seq);
CREATE INDEX outbox_by_age ON outbox (created_at_s);
CREATE INDEX outbox_named ON outbox (created_at_s)
    WHERE state <> 'waiting' AND instr(body, CAST('"identity":"' AS BLOB));

-- The first attempts at a notification, and the last ones.
CREATE TABLE attempts (
    outbox_seq INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    at_s       REAL    NOT NULL,                   -- when it ended
    duration_s REAL    NOT NULL,
    outcome    TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    error      TEXT    NOT NULL,
    PRIMARY KEY (outbox_seq, number)
) WITHOUT ROWID;
CREATE INDEX attempts_by_time ON attempts (at_s);
CREATE TRIGGER outbox_forgets_attempts AFTER DELETE ON outbox BEGIN
    DELETE FROM attempts WHERE outbox_seq = OLD.seq;
END;

-- Where each receiver is or was, so that one that has another name now is found by what was opened under the old one.
CREATE TABLE receivers (
    name   TEXT PRIMARY KEY,
    target TEXT NOT NULL
) WITHOUT ROWID;
