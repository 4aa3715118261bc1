-- Who changed what, or wanted to.  A row is written before the change, and its status is added once, when it is known.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    role TEXT NOT NULL,
    way TEXT NOT NULL,
    place TEXT NOT NULL,
    did TEXT NOT NULL,
    status INTEGER,
    request_id TEXT NOT NULL
);

CREATE INDEX audit_by_time ON audit (at_ms);
CREATE INDEX audit_by_who ON audit (who, id);

-- What was written stays as it is, but for the name of somebody who is erased.
CREATE TRIGGER audit_stays BEFORE UPDATE OF id, at_ms, role, way, place, did, request_id ON audit
BEGIN
    SELECT RAISE(ABORT, 'what is in the audit log is not changed');
END;

CREATE TRIGGER audit_status_stays BEFORE UPDATE OF status ON audit WHEN OLD.status IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'what is in the audit log is not changed');
END;
