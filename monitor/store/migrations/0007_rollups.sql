-- What an hour's samples add up to (monitor.history.rollups).  Rows of the same scope, key and hour are parts of one.
CREATE TABLE rollups (
    id        INTEGER PRIMARY KEY,             -- those past checkpoint.last_rollup are not true yet
    scope     TEXT    NOT NULL,                -- room, account, sdk, browser, network or tenant
    key       TEXT    NOT NULL,                -- which of them
    from_ms   INTEGER NOT NULL,                -- when the hour begins
    samples   INTEGER NOT NULL,
    is_merged INTEGER NOT NULL DEFAULT 0,      -- the hour is over, and its parts have been put together
    body      BLOB    NOT NULL,
    sketches  BLOB    NOT NULL
);
CREATE INDEX rollups_by_key ON rollups (scope, key, from_ms);
CREATE INDEX rollups_by_time ON rollups (scope, from_ms, key);
CREATE INDEX rollups_by_age ON rollups (from_ms);
CREATE INDEX rollups_to_merge ON rollups (from_ms) WHERE NOT is_merged;

-- Set where `settled` and `last_chunk` are: that is when rollups are true.
ALTER TABLE checkpoint ADD COLUMN last_rollup INTEGER NOT NULL DEFAULT 0;
-- Of what was measured before, the samples may be gone: it cannot be added up anew.
ALTER TABLE checkpoint ADD COLUMN raw_since_ms INTEGER NOT NULL DEFAULT 0;
