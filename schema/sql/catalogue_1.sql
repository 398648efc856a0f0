-- The catalogue of an archive (archive.db), version 1.

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

-- What is no event: kept, counted, listed, never shipped.
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
    raw_bytes    INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
    state        INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1)), -- planned, shipped
    planned_us   INTEGER NOT NULL,
    shipped_us   INTEGER NOT NULL DEFAULT 0,
    tries        INTEGER NOT NULL DEFAULT 0,
    next_try_us  INTEGER NOT NULL DEFAULT 0,
    last_error   TEXT NOT NULL DEFAULT '',
    UNIQUE (target, day_us, first_block),
    UNIQUE (target, key)
) STRICT;
CREATE INDEX object_pending ON object (id) WHERE state = 0;
CREATE INDEX object_day ON object (day_us, first_block);

-- What was planned is never changed, and what was shipped never becomes unshipped.
CREATE TRIGGER object_plan_is_final BEFORE UPDATE OF
    target, day_us, first_block, last_block, codec, key, events, raw_bytes, bytes, sha256 ON object
BEGIN
    SELECT RAISE(ABORT, 'a planned object is never changed');
END;
CREATE TRIGGER object_shipped_is_final BEFORE UPDATE OF state ON object WHEN OLD.state = 1
BEGIN
    SELECT RAISE(ABORT, 'a shipped object stays shipped');
END;
CREATE TRIGGER object_stays BEFORE DELETE ON object
BEGIN
    SELECT RAISE(ABORT, 'the ledger forgets nothing');
END;
