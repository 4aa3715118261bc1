-- What error budgets count (monitor.slo), in steps of a minute and of an hour.  By time first: old steps go together.
CREATE TABLE slo_steps (
    width_s   INTEGER NOT NULL,
    at_s      INTEGER NOT NULL,                -- when the step began
    objective TEXT    NOT NULL,
    whose     TEXT    NOT NULL,                -- an account, a region, a tenant, or all
    good      INTEGER NOT NULL,
    bad       INTEGER NOT NULL,
    PRIMARY KEY (width_s, at_s, objective, whose)
) WITHOUT ROWID;

-- How many were given up lately is asked every few seconds.
CREATE INDEX outbox_dead_by_time ON outbox (settled_at_s) WHERE state = 'dead';
