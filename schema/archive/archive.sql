-- The catalogue of an archive: archive.db.

CREATE TABLE archive (
    id         TEXT NOT NULL,     -- UUID, made once
    created_us INTEGER NOT NULL
) STRICT;

-- Where requests came from; few and repeated. Bounded by the program.
CREATE TABLE source (
    id             INTEGER PRIMARY KEY,
    via            TEXT NOT NULL,    -- mtls, tls, http, import
    peer           TEXT NOT NULL,    -- address without port, or file
    certificate    TEXT NOT NULL,    -- SHA-256 in hex, or empty
    tag            TEXT NOT NULL,    -- as Fluentd makes it of the path
    session_stream INTEGER NOT NULL CHECK (session_stream IN (0, 1)),
    UNIQUE (via, peer, certificate, tag, session_stream)
) STRICT;

-- Requests as they came, until the indexer has them in segments. Ids are never used again:
-- segments remember the highest they hold.
CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    received_us INTEGER NOT NULL,
    source      INTEGER NOT NULL,
    body        BLOB NOT NULL
) STRICT;

-- Records that are not events: kept, counted, listed, never shipped.
CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    received_us INTEGER NOT NULL,
    source      INTEGER NOT NULL REFERENCES source (id),
    fault       TEXT NOT NULL,
    position    INTEGER NOT NULL,   -- byte of the request or line of the file
    body        BLOB NOT NULL
) STRICT;

CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The ledger: runs of consecutive blocks of one segment, as one object at one target.
CREATE TABLE object (
    id           INTEGER PRIMARY KEY,
    target       TEXT NOT NULL,     -- canonical URL
    day_us       INTEGER NOT NULL,  -- the segment
    first_block  INTEGER NOT NULL,
    last_block   INTEGER NOT NULL CHECK (last_block >= first_block),
    codec        INTEGER NOT NULL,  -- 0 zstd, 1 gzip
    key          TEXT NOT NULL,
    events       INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,  -- of the NDJSON, not packed: by this and its digest
    sha256       BLOB NOT NULL CHECK (length(sha256) = 32), -- the object is known
    state        INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1)), -- planned, shipped
    sent_bytes   INTEGER NOT NULL DEFAULT 0, -- packed, as it is at the target
    sent_sha256  BLOB NOT NULL DEFAULT x'',
    sent_by      TEXT NOT NULL DEFAULT '',   -- 'zstd 1.5.4'; empty: it was found there
    planned_us   INTEGER NOT NULL,
    shipped_us   INTEGER NOT NULL DEFAULT 0,
    tries        INTEGER NOT NULL DEFAULT 0,
    next_try_us  INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT NOT NULL DEFAULT '',
    seal         INTEGER NOT NULL DEFAULT 0, -- the seal that records it as shipped; 0: none yet
    CHECK (state = 0 OR length(sent_sha256) = 32),
    UNIQUE (target, day_us, first_block),
    UNIQUE (target, key)
) STRICT;
CREATE INDEX object_pending ON object (id) WHERE state = 0;
CREATE INDEX object_to_seal ON object (id) WHERE state = 1 AND seal = 0;
CREATE INDEX object_day ON object (day_us, first_block);

-- What was planned is never changed, and what was shipped never becomes unshipped. How it is
-- packed is noted when it is marked as shipped.
CREATE TRIGGER object_plan_is_final BEFORE UPDATE OF
    target, day_us, first_block, last_block, codec, key, events, bytes, sha256 ON object
BEGIN
    SELECT RAISE(ABORT, 'a planned object is never changed');
END;
CREATE TRIGGER object_shipped_is_final BEFORE UPDATE OF
    state, sent_bytes, sent_sha256, sent_by ON object WHEN OLD.state = 1
BEGIN
    SELECT RAISE(ABORT, 'a shipped object stays shipped');
END;
CREATE TRIGGER object_stays BEFORE DELETE ON object
BEGIN
    SELECT RAISE(ABORT, 'the ledger forgets nothing');
END;

-- Signed statements of what the archive holds, in order and without a gap (schema/seal/seal_store.h).
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
    last_block INTEGER NOT NULL,  -- its number; later blocks of the day are numbered after it
    raw_bytes  INTEGER NOT NULL,
    file_bytes INTEGER NOT NULL,
    chain      BLOB NOT NULL,     -- of all its blocks; empty when it could not be read
    seal       INTEGER NOT NULL DEFAULT 0,  -- the seal that records it; 0: none yet
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
