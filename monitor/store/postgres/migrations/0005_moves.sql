-- What was copied from the file of one daemon, and how far its history has been carried since.
CREATE TABLE moves (
    one         integer PRIMARY KEY CHECK (one = 1),
    id          text COLLATE "C" NOT NULL,      -- of this copy: what is put down is known again by it
    source      text COLLATE "C" NOT NULL,      -- how far the file had come, to know it again
    copied_at   timestamptz NOT NULL,
    log_id      bigint NOT NULL,                -- the last number of its log
    last_chunk  bigint NOT NULL,                -- segments up to this number are chunks of the file,
    last_rollup bigint NOT NULL,                -- and so many more are parts of its rollups
    chunks_from bigint NOT NULL,                -- those from here on have been carried
    finished_at timestamptz                     -- NULL: there is history to be carried still
);
