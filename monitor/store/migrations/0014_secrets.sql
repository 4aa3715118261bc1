-- What this daemon made up once and has to remember, such as what it signs links with: whoever can read this file can
-- do what they allow.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
