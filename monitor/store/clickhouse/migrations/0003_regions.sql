-- Where somebody's signaling entered Twilio's cloud, as their client told it, and where their room's media was handled.
ALTER TABLE series $on_cluster
    ADD COLUMN IF NOT EXISTS edge SimpleAggregateFunction(max, Tuple(UInt64, String)),
    ADD COLUMN IF NOT EXISTS media_region SimpleAggregateFunction(max, Tuple(UInt64, String));
