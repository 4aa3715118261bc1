-- Who logged in, as what, and what ties that to the token it began with.  Sessions from before do not say: they end.
DROP TABLE login_sessions;
CREATE TABLE login_sessions (
    token_hash   TEXT PRIMARY KEY,
    expires_at_s REAL NOT NULL,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    proof        TEXT NOT NULL
) WITHOUT ROWID;
