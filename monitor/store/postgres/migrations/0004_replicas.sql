-- Which replicas there are: each says so again and again, and is gone once it has not for a while.
CREATE TABLE replicas (
    name  text COLLATE "C" PRIMARY KEY,
    until timestamptz NOT NULL
) WITH (fillfactor = 50);
