-- The log has one row for all that was made durable together: one write, and nothing of it in order but its end.
CREATE TABLE new_log (
    id             INTEGER PRIMARY KEY,        -- of its last event; those before it are numbered without a gap
    events         INTEGER NOT NULL,           -- how many there are
    received_at_ms INTEGER NOT NULL,
    body           BLOB    NOT NULL            -- the events, as one JSON array
);
INSERT INTO new_log SELECT id, 1, received_at_ms, CAST('[' || CAST(body AS TEXT) || ']' AS BLOB) FROM ingest_log;
DROP TABLE ingest_log;
ALTER TABLE new_log RENAME TO ingest_log;
CREATE INDEX log_by_time ON ingest_log (received_at_ms);

-- Which posts of a session were stored, as far as the saved picture reaches: what came since is in the log.
CREATE TABLE telemetry_sessions (
    session     TEXT    PRIMARY KEY,
    ranges      TEXT    NOT NULL,              -- a JSON array: from one number up to before the next, and so on
    heard_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- Posts had a key of their own each, t:SESSION:SEQ.
INSERT INTO telemetry_sessions
SELECT session, '[' || group_concat(seq || ',' || (seq + 1)) || ']', max(received_at_ms)
FROM (
    SELECT substr(head, 3, length(head) - 3) AS session, CAST(substr(key, length(head) + 1) AS INTEGER) AS seq,
        received_at_ms
    FROM (SELECT key, rtrim(key, '0123456789') AS head, received_at_ms FROM ingest_seen WHERE key LIKE 't:%')
    ORDER BY session, seq
)
GROUP BY session;
DELETE FROM ingest_seen WHERE key LIKE 't:%';

-- What lives is saved again and again, and is over never or once: only what is over is found by its end.
DROP INDEX rooms_by_end;
CREATE INDEX rooms_by_end ON rooms (over_at_ms) WHERE over_at_ms IS NOT NULL;
DROP INDEX participants_by_end;
CREATE INDEX participants_by_end ON participants (over_at_ms) WHERE over_at_ms IS NOT NULL;
