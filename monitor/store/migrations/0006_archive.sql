-- Calls are looked for by what people have at hand: a SID, a name, a time.
CREATE INDEX rooms_by_sid ON rooms (room_sid) WHERE room_sid <> key;  -- as a rule it is the key
CREATE INDEX rooms_by_name ON rooms (room_name, created_at_ms) WHERE room_name IS NOT NULL;
CREATE INDEX rooms_by_start ON rooms (created_at_ms) WHERE created_at_ms IS NOT NULL;
CREATE INDEX participants_by_sid ON participants (participant_sid) WHERE participant_sid IS NOT NULL;
CREATE INDEX compositions_by_room ON compositions (room_sid) WHERE room_sid IS NOT NULL;
CREATE INDEX transitions_by_entity ON transitions (entity, at_s);
