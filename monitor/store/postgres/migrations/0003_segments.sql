-- Samples are moved from the log to where they are kept a segment at a time: the events after one id and up to another,
-- which are never others once it is sealed.
CREATE TABLE segments (
    number        bigint PRIMARY KEY,
    after_id      bigint NOT NULL,
    through_id    bigint NOT NULL,
    settled_at    timestamptz,                  -- NULL: the log tells what is in it
    claimed_by    text COLLATE "C" NOT NULL DEFAULT '',
    claimed_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);
CREATE INDEX segments_unsettled ON segments (number) WHERE settled_at IS NULL;

-- The last number given, and how far the log is sealed; no number comes again, also when all segments are gone.  Up to
-- `dropped` rows of settled segments may be gone from the log.  Whoever seals holds this row until it is committed.
CREATE TABLE segment_head (
    one         integer PRIMARY KEY CHECK (one = 1),
    last_number bigint NOT NULL,
    sealed      bigint NOT NULL,
    dropped     bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO segment_head (one, last_number, sealed, dropped) SELECT 1, 0, settled, settled FROM checkpoint;
