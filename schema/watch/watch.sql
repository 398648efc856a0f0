-- What is watched and what was found: watch.db.

CREATE TABLE state (
    generation INTEGER NOT NULL  -- grows with every change of a list
) STRICT;
INSERT INTO state VALUES (1);

-- A removed list whose hits are kept stays as a row without bytes.
CREATE TABLE list (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    source     TEXT NOT NULL,              -- the file it was read from
    packed     BLOB NOT NULL,              -- its bytes as given, a zstd frame
    bytes      INTEGER NOT NULL,           -- unpacked
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    indicators INTEGER NOT NULL,
    added_us   INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    removed_us INTEGER NOT NULL DEFAULT 0,
    -- While old events are still to be hunted for what the list has and `base` has not: the list
    -- before it (NULL: none), and the days that are done, which are those from caught_us on.
    base       BLOB,
    caught_us  INTEGER                     -- NULL: nothing is left to do
) STRICT;
CREATE UNIQUE INDEX list_name ON list (name) WHERE removed_us = 0;

-- For each day, the last block that every list was matched with when it came.
CREATE TABLE day (
    day_us    INTEGER PRIMARY KEY,
    block     INTEGER NOT NULL,
    newest_us INTEGER NOT NULL  -- time of the newest event up to there
) STRICT;

-- An indicator that was seen. Two spellings of the same one are the same.
CREATE TABLE sighting (
    id       INTEGER PRIMARY KEY,
    list     INTEGER NOT NULL REFERENCES list (id),
    kind     TEXT NOT NULL,
    bits     INTEGER NOT NULL,  -- of a range; -2: exactly that domain; else -1
    normal   BLOB NOT NULL,
    text     TEXT NOT NULL,     -- as the list has it
    hits     INTEGER NOT NULL,
    first_us INTEGER NOT NULL,  -- of the events
    last_us  INTEGER NOT NULL,
    UNIQUE (list, kind, bits, normal)
) STRICT;

-- Ids are never used again: others have been given them.
CREATE TABLE hit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    sighting INTEGER NOT NULL REFERENCES sighting (id),
    identity BLOB NOT NULL,     -- of the event: schema/watch/watch_db.h
    field    TEXT NOT NULL,
    value    TEXT NOT NULL,
    decoded  INTEGER NOT NULL CHECK (decoded IN (0, 1)),
    uid      TEXT NOT NULL,
    time_us  INTEGER NOT NULL,
    seen_us  INTEGER NOT NULL,  -- when it was found
    event    BLOB NOT NULL,     -- its bytes
    UNIQUE (sighting, identity)
) STRICT;
CREATE INDEX hit_time ON hit (time_us);

-- Hits that go somewhere. A row is made with its hit and ends in state 1 or 2.
CREATE TABLE delivery (
    hit        INTEGER NOT NULL REFERENCES hit (id),
    target     INTEGER NOT NULL,            -- 0 webhook, 1 syslog
    state      INTEGER NOT NULL DEFAULT 0,  -- 0 waits, 1 done, 2 given up
    tries      INTEGER NOT NULL DEFAULT 0,
    next_us    INTEGER NOT NULL DEFAULT 0,  -- not before
    last_error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (hit, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_waiting ON delivery (target, hit) WHERE state = 0;
