-- What became of notifications after they were accepted, as services tell it: each word once, however often it is told.
CREATE TABLE receipts (
    notification TEXT NOT NULL,
    reference TEXT NOT NULL,
    status TEXT NOT NULL,
    at_s REAL NOT NULL,
    is_final INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (notification, reference, status)
) WITHOUT ROWID;
CREATE INDEX receipts_by_time ON receipts (at_s);
