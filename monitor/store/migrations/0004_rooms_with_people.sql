-- A room is saved with its people in it; only who has left has a row of their own.  Such a record is long, and kept packed.
UPDATE rooms
SET body = json_set(
        CAST(body AS TEXT),
        '$.participants',
        json((
            SELECT json_group_object(json_extract(person, '$.key'), json(person))
            FROM (SELECT CAST(body AS TEXT) AS person FROM participants WHERE room_key = rooms.key AND over_at_ms IS NULL)
        )),
        '$.left',
        json((
            SELECT json_group_object(coalesce(json_extract(person, '$.sid'), json_extract(person, '$.key')), json(person))
            FROM (
                SELECT CAST(body AS TEXT) AS person FROM participants
                WHERE room_key = rooms.key AND over_at_ms IS NOT NULL ORDER BY over_at_ms, key
            )
        ))
    )
WHERE over_at_ms IS NULL OR NOT sealed;
UPDATE rooms SET body = pack(CAST(body AS BLOB));
DELETE FROM participants WHERE over_at_ms IS NULL;
