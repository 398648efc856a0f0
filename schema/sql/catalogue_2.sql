-- The catalogue, version 2: seals, holds, deletions.

-- Signed statements of what the archive holds, in order and without a gap (schema/seal.h).
CREATE TABLE seal (
    number    INTEGER PRIMARY KEY CHECK (number >= 1),
    made_us   INTEGER NOT NULL,
    packed    BLOB NOT NULL,     -- the text that is signed, a zstd frame
    sha256    BLOB NOT NULL CHECK (length(sha256) = 32),     -- of the text
    signature BLOB NOT NULL CHECK (length(signature) = 64),  -- Ed25519, of the text
    put_us    INTEGER NOT NULL DEFAULT 0  -- when it was put beside the target; 0: not yet
) STRICT;
CREATE INDEX seal_to_put ON seal (number) WHERE put_us = 0;
CREATE TRIGGER seal_is_final BEFORE UPDATE OF number, made_us, packed, sha256, signature ON seal
BEGIN
    SELECT RAISE(ABORT, 'a seal is never changed');
END;
CREATE TRIGGER seal_stays BEFORE DELETE ON seal
BEGIN
    SELECT RAISE(ABORT, 'a seal stays');
END;

-- How far each day is sealed.
CREATE TABLE seal_day (
    day_us INTEGER PRIMARY KEY,
    block  INTEGER NOT NULL,  -- the last one in a seal
    chain  BLOB NOT NULL CHECK (length(chain) = 32)  -- up to there
) STRICT;

-- The seal that tells of an object's being shipped; 0: none yet.
ALTER TABLE object ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
CREATE INDEX object_to_seal ON object (id) WHERE state = 1 AND seal = 0;

-- What must not be deleted, and who said so. A row stays after its release.
CREATE TABLE hold (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL CHECK (kind IN ('range', 'session', 'user')),
    from_us      INTEGER,           -- event time, inclusive; NULL: open
    to_us        INTEGER,           -- exclusive; NULL: open
    subject      TEXT NOT NULL,     -- session id or user; empty for a range
    why          TEXT NOT NULL CHECK (why <> ''),
    who          TEXT NOT NULL,     -- the login that made it
    made_us      INTEGER NOT NULL,
    released_us  INTEGER,           -- NULL: in force
    released_by  TEXT,
    released_why TEXT
) STRICT;
CREATE TRIGGER hold_is_final BEFORE UPDATE OF id, kind, from_us, to_us, subject, why, who, made_us
    ON hold
BEGIN
    SELECT RAISE(ABORT, 'a hold is released, not changed');
END;
CREATE TRIGGER hold_stays BEFORE DELETE ON hold
BEGIN
    SELECT RAISE(ABORT, 'a hold is released, not deleted');
END;

-- Days that were deleted. A row is made before the file goes.
CREATE TABLE deletion (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    day_us     INTEGER NOT NULL,
    deleted_us INTEGER NOT NULL,
    why        TEXT NOT NULL,     -- 'age', 'size', 'asked'
    who        TEXT NOT NULL,     -- steled, or the login
    forced     INTEGER NOT NULL CHECK (forced IN (0, 1)),  -- 1: with what was not shipped
    events     INTEGER NOT NULL,
    unshipped  INTEGER NOT NULL,  -- of them
    blocks     INTEGER NOT NULL,
    last_block INTEGER NOT NULL,  -- its number; what comes of the day later is numbered behind it
    raw_bytes  INTEGER NOT NULL,
    file_bytes INTEGER NOT NULL,
    chain      BLOB NOT NULL,     -- of all its blocks (schema/segment/hash_chain.h); empty when it could not be read
    seal       INTEGER NOT NULL DEFAULT 0,  -- the seal that tells of it; 0: none yet
    done       INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))  -- 1: the file is gone
) STRICT;
CREATE INDEX deletion_day ON deletion (day_us, last_block);
CREATE INDEX deletion_undone ON deletion (id) WHERE done = 0;
CREATE TRIGGER deletion_is_final BEFORE UPDATE OF
    day_us, deleted_us, why, who, forced, events, unshipped, blocks, last_block, raw_bytes,
    file_bytes, chain ON deletion
BEGIN
    SELECT RAISE(ABORT, 'what was deleted is never rewritten');
END;
CREATE TRIGGER deletion_stays BEFORE DELETE ON deletion
BEGIN
    SELECT RAISE(ABORT, 'the record of a deletion stays');
END;
