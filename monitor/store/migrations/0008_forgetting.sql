-- Who it was and from where is forgotten while the rest of a row stays: each index holds exactly what is still to be.
CREATE INDEX rooms_unsealed ON rooms (over_at_ms) WHERE over_at_ms IS NOT NULL AND NOT sealed;
CREATE INDEX participants_named ON participants (over_at_ms) WHERE over_at_ms IS NOT NULL AND identity IS NOT NULL;
CREATE INDEX participants_placed ON participants (over_at_ms)
    WHERE over_at_ms IS NOT NULL AND instr(body, CAST('"network_address":"' AS BLOB));
CREATE INDEX series_named ON series (to_ms) WHERE identity IS NOT NULL;
CREATE INDEX series_placed ON series (to_ms) WHERE instr(client, CAST('"address":"' AS BLOB));
CREATE INDEX recordings_named ON recordings (over_at_ms)
    WHERE over_at_ms IS NOT NULL AND instr(body, CAST('"identity":"' AS BLOB));
CREATE INDEX events_named ON events (at_ms)
    WHERE instr(body, CAST('"identity":"' AS BLOB)) OR substr(participant, 1, 9) = 'identity:';
CREATE INDEX transitions_named ON transitions (at_s) WHERE instr(alert, CAST('"identity":"' AS BLOB));
CREATE INDEX outbox_named ON outbox (created_at_s)
    WHERE state <> 'waiting' AND instr(body, CAST('"identity":"' AS BLOB));
