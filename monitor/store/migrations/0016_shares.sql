-- Links that show one call to whoever holds them, until they expire; of their tokens only the hashes are here.
CREATE TABLE shares (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    room TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;

CREATE INDEX shares_by_room ON shares (room);
CREATE INDEX shares_by_end ON shares (expires_at_ms);
