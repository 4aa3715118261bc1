-- Who measured something, a row a day: of what is told more than once, what the highest segment told counts.
CREATE TABLE IF NOT EXISTS series $on_cluster (
    day Int32 COMMENT 'since 1970-01-01, as the partitions of all tables are',
    room String CODEC(ZSTD(1)),
    participant String CODEC(ZSTD(1)),
    from_ms SimpleAggregateFunction(min, Int64),
    to_ms SimpleAggregateFunction(max, Int64),
    room_name SimpleAggregateFunction(max, Tuple(UInt64, String)) COMMENT 'the segment that told it, and what',
    identity SimpleAggregateFunction(max, Tuple(UInt64, String)),
    account_sid SimpleAggregateFunction(max, Tuple(UInt64, String)),
    sdk SimpleAggregateFunction(max, Tuple(UInt64, String)),
    sdk_version SimpleAggregateFunction(max, Tuple(UInt64, String)),
    name SimpleAggregateFunction(max, Tuple(UInt64, String)),
    version SimpleAggregateFunction(max, Tuple(UInt64, String)),
    browser SimpleAggregateFunction(max, Tuple(UInt64, String)),
    os SimpleAggregateFunction(max, Tuple(UInt64, String)),
    network SimpleAggregateFunction(max, Tuple(UInt64, String)),
    address SimpleAggregateFunction(max, Tuple(UInt64, String))
)
ENGINE = $aggregating PARTITION BY day ORDER BY (room, participant)
SETTINGS $durable;

-- Media samples, in whole steps of each field and one more, so that zero is "not known"; the names without `steps_` are
-- for people.  A row is known by its segment and its number there: one that is put down twice becomes one.
CREATE TABLE IF NOT EXISTS media $on_cluster (
    room String CODEC(ZSTD(1)),
    participant String CODEC(ZSTD(1)),
    at_ms Int64 CODEC(Delta, ZSTD(1)),
    segment UInt64 CODEC(Delta, ZSTD(1)),
    n UInt32 CODEC(Delta, ZSTD(1)),
    steps_interval_ms Int64 CODEC(T64, ZSTD(1)),
    steps_rtt_ms Int64 CODEC(T64, ZSTD(1)),
    steps_up_loss_ratio Int64 CODEC(T64, ZSTD(1)),
    steps_up_jitter_ms Int64 CODEC(T64, ZSTD(1)),
    steps_up_bitrate_bps Int64 CODEC(T64, ZSTD(1)),
    steps_up_fps Int64 CODEC(T64, ZSTD(1)),
    steps_up_width Int64 CODEC(T64, ZSTD(1)),
    steps_up_height Int64 CODEC(T64, ZSTD(1)),
    steps_up_freezes Int64 CODEC(T64, ZSTD(1)),
    up_limited_by LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    steps_down_loss_ratio Int64 CODEC(T64, ZSTD(1)),
    steps_down_jitter_ms Int64 CODEC(T64, ZSTD(1)),
    steps_down_bitrate_bps Int64 CODEC(T64, ZSTD(1)),
    steps_down_fps Int64 CODEC(T64, ZSTD(1)),
    steps_down_width Int64 CODEC(T64, ZSTD(1)),
    steps_down_height Int64 CODEC(T64, ZSTD(1)),
    steps_down_freezes Int64 CODEC(T64, ZSTD(1)),
    down_limited_by LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(at_ms, 'UTC'),
    rtt_ms Nullable(Float64) ALIAS if(steps_rtt_ms = 0, NULL, (steps_rtt_ms - 1) / 10),
    up_loss_ratio Nullable(Float64) ALIAS if(steps_up_loss_ratio = 0, NULL, (steps_up_loss_ratio - 1) / 10000),
    up_jitter_ms Nullable(Float64) ALIAS if(steps_up_jitter_ms = 0, NULL, (steps_up_jitter_ms - 1) / 10),
    up_bitrate_bps Nullable(Float64) ALIAS if(steps_up_bitrate_bps = 0, NULL, (steps_up_bitrate_bps - 1) * 100),
    down_loss_ratio Nullable(Float64) ALIAS if(steps_down_loss_ratio = 0, NULL, (steps_down_loss_ratio - 1) / 10000),
    down_jitter_ms Nullable(Float64) ALIAS if(steps_down_jitter_ms = 0, NULL, (steps_down_jitter_ms - 1) / 10),
    down_bitrate_bps Nullable(Float64) ALIAS if(steps_down_bitrate_bps = 0, NULL, (steps_down_bitrate_bps - 1) * 100)
)
ENGINE = $replacing PARTITION BY intDiv(at_ms, 86400000) ORDER BY (room, participant, at_ms, segment, n)
SETTINGS $durable;

CREATE TABLE IF NOT EXISTS levels $on_cluster (
    room String CODEC(ZSTD(1)),
    participant String CODEC(ZSTD(1)),
    at_ms Int64 CODEC(Delta, ZSTD(1)),
    segment UInt64 CODEC(Delta, ZSTD(1)),
    n UInt32 CODEC(Delta, ZSTD(1)),
    steps_level Int64 CODEC(T64, ZSTD(1)),
    subject Nullable(String) CODEC(ZSTD(1)),
    stats String CODEC(ZSTD(3)) COMMENT 'the object of the SDK as it came, as JSON; empty: there was none',
    at DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(at_ms, 'UTC'),
    level Nullable(Int64) ALIAS if(steps_level = 0, NULL, steps_level - 1)
)
ENGINE = $replacing PARTITION BY intDiv(at_ms, 86400000) ORDER BY (room, participant, at_ms, segment, n)
SETTINGS $durable;
