-- What was counted in each minute of each key of each scope: a room, an account, those with one browser.  Sums are of whole
-- steps of a field.  A row of the scope '' bears the number of a segment as its key: it and the rows of that segment
-- became visible together, on this day.
CREATE TABLE IF NOT EXISTS minutes $on_cluster (
    scope LowCardinality(String),
    key String CODEC(ZSTD(1)),
    at_ms Int64 CODEC(Delta, ZSTD(1)) COMMENT 'when the minute began',
    samples SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    level_0 SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    level_1 SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    level_2 SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    level_3 SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    level_4 SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    level_5 SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    level_unknown SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    freezes SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    rtt_ms_sum SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    rtt_ms_count SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    up_jitter_ms_sum SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    up_jitter_ms_count SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    down_jitter_ms_sum SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    down_jitter_ms_count SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    up_loss_ratio_sum SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    up_loss_ratio_count SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    down_loss_ratio_sum SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    down_loss_ratio_count SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1))
)
ENGINE = $aggregating PARTITION BY intDiv(at_ms, 86400000) ORDER BY (scope, key, at_ms)
SETTINGS $durable;

-- How many values of each metric fell into which bin of a sketch, by hour; and the numbers of segments, as above.
CREATE TABLE IF NOT EXISTS sketches $on_cluster (
    scope LowCardinality(String),
    key String CODEC(ZSTD(1)),
    at_ms Int64 CODEC(Delta, ZSTD(1)) COMMENT 'when the hour began',
    rtt_ms SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)) CODEC(ZSTD(1)),
    up_jitter_ms SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)) CODEC(ZSTD(1)),
    down_jitter_ms SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)) CODEC(ZSTD(1)),
    up_loss_ratio SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)) CODEC(ZSTD(1)),
    down_loss_ratio SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)) CODEC(ZSTD(1)),
    up_bitrate_bps SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)) CODEC(ZSTD(1)),
    down_bitrate_bps SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)) CODEC(ZSTD(1))
)
ENGINE = $aggregating PARTITION BY intDiv(at_ms, 86400000) ORDER BY (scope, key, at_ms)
SETTINGS $durable;

-- Who was there in an hour, as a hash; a bit for each minute.  To tell it twice changes nothing.
CREATE TABLE IF NOT EXISTS people $on_cluster (
    scope LowCardinality(String),
    key String CODEC(ZSTD(1)),
    at_ms Int64 CODEC(Delta, ZSTD(1)) COMMENT 'when the hour began',
    person UInt64 CODEC(Delta, ZSTD(1)),
    heard SimpleAggregateFunction(groupBitOr, UInt64) CODEC(ZSTD(1)),
    bad SimpleAggregateFunction(groupBitOr, UInt64) CODEC(ZSTD(1)),
    ends_well SimpleAggregateFunction(groupBitOr, UInt64) CODEC(ZSTD(1)),
    ends_badly SimpleAggregateFunction(groupBitOr, UInt64) CODEC(ZSTD(1))
)
ENGINE = $aggregating PARTITION BY intDiv(at_ms, 86400000) ORDER BY (scope, key, at_ms, person)
SETTINGS $durable;

-- Since when samples are kept whole.
CREATE TABLE IF NOT EXISTS bounds $on_cluster (
    name LowCardinality(String),
    at_ms SimpleAggregateFunction(max, Int64)
)
ENGINE = $aggregating ORDER BY name
SETTINGS $durable;

-- Where a day is made anew before it takes the place of the old one.
CREATE TABLE IF NOT EXISTS minutes_rebuilt $on_cluster AS minutes
ENGINE = $aggregating PARTITION BY intDiv(at_ms, 86400000) ORDER BY (scope, key, at_ms)
SETTINGS $repeatable;

CREATE TABLE IF NOT EXISTS sketches_rebuilt $on_cluster AS sketches
ENGINE = $aggregating PARTITION BY intDiv(at_ms, 86400000) ORDER BY (scope, key, at_ms)
SETTINGS $repeatable;

CREATE TABLE IF NOT EXISTS people_rebuilt $on_cluster AS people
ENGINE = $aggregating PARTITION BY intDiv(at_ms, 86400000) ORDER BY (scope, key, at_ms, person)
SETTINGS $repeatable;
