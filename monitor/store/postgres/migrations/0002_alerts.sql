-- Several replicas send what is owed: whose an attempt is, and until when, by the clock of this server.
ALTER TABLE outbox ADD COLUMN begun_by text NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN claimed_until_s double precision;

-- The last number given.  Whoever adds to the outbox holds this row until it is committed, so that of one lane no later
-- word can be seen before an earlier one can.
ALTER TABLE outbox ALTER COLUMN seq DROP IDENTITY;
CREATE TABLE outbox_head (
    one      integer PRIMARY KEY CHECK (one = 1),
    last_seq bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO outbox_head (one, last_seq) SELECT 1, coalesce(max(seq), 0) FROM outbox;
