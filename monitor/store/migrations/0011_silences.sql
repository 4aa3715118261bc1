-- What somebody asked not to be told of, until when, and why; what is over stays as history.
CREATE TABLE silences (
    id TEXT PRIMARY KEY,
    ends_at_s REAL NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX silences_ends ON silences (ends_at_s, id);
