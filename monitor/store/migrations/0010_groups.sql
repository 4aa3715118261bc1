-- Groups of alerts that there are, and what has become of incidents.
CREATE TABLE groups (
    key  TEXT PRIMARY KEY,
    body BLOB NOT NULL
) WITHOUT ROWID;

-- Each as it stood when something was last said of it.
CREATE TABLE incidents (
    id          TEXT PRIMARY KEY,
    opened_at_s REAL NOT NULL,
    closed_at_s REAL,
    said_at_s   REAL NOT NULL,
    body        BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX incidents_by_time ON incidents (opened_at_s);
CREATE INDEX incidents_by_end ON incidents (closed_at_s) WHERE closed_at_s IS NOT NULL;
CREATE INDEX incidents_named ON incidents (said_at_s)
    WHERE closed_at_s IS NOT NULL AND instr(body, CAST('"identity":"' AS BLOB));

-- Why somebody was not told of an alert, or no longer.
CREATE TABLE notes (
    id          INTEGER PRIMARY KEY,
    at_s        REAL NOT NULL,
    fingerprint TEXT NOT NULL,
    group_key   TEXT NOT NULL,
    text        TEXT NOT NULL
);
CREATE INDEX notes_by_alert ON notes (fingerprint, at_s);
CREATE INDEX notes_by_age ON notes (at_s);

CREATE INDEX transitions_by_alert ON transitions (fingerprint, at_s);

-- What fires already was told to whom `receivers` lists.  Each such alert is a group from now on, under the keys that its
-- receivers know it by, so that they hear of its end.
INSERT INTO groups (key, body)
SELECT 'g0-' || fingerprint, CAST(json_object(
    'key', 'g0-' || fingerprint,
    'labels', json_object('alertname', json_extract(body, '$.rule')),
    'plan', json_object(
        'route', 'before groups',
        'steps', json_array(json_object('after_s', 0.0, 'receivers', json_extract(body, '$.receivers'))),
        'group_by', json_array('...')),
    'incident', json_extract(body, '$.episode'),
    'opened_at', json_extract(body, '$.fired_at'),
    'severity', json_extract(body, '$.severity'),
    'receivers', json((
        SELECT json_group_object(receiver, substr(lane, length(receiver) + 2)) FROM outbox
        WHERE id LIKE '%-trigger' AND json_extract(outbox.body, '$.incident.firing[0].episode')
            = json_extract(alerts.body, '$.episode'))),
    'told', json_array(fingerprint),
    'said_at', json_extract(body, '$.fired_at'),
    'words', 1,
    'steps_taken', 1
) AS BLOB)
FROM (SELECT fingerprint, CAST(body AS TEXT) AS body FROM alerts) AS alerts
WHERE json_extract(body, '$.state') = 'firing' AND json_array_length(body, '$.receivers') > 0;

UPDATE alerts SET body = CAST(json_remove(json_set(
        CAST(body AS TEXT), '$.groups',
        CASE WHEN 'g0-' || fingerprint IN (SELECT key FROM groups) THEN json_array('g0-' || fingerprint)
             ELSE json_array() END), '$.receivers') AS BLOB);
