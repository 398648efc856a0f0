-- What a copy has beside a segment's tables (schema/copy/copy_case.h). No row of these three
-- counts into the digests of the content; that they are there does.

-- One row: what was copied, by whom and why.
CREATE TABLE copy_case (
    format      TEXT NOT NULL,     -- stele-copy-1
    made_us     INTEGER NOT NULL,
    who         TEXT NOT NULL,     -- login@host
    why         TEXT NOT NULL CHECK (why <> ''),
    archive_id  TEXT NOT NULL,     -- empty: made of a file that names none
    archive_dir TEXT NOT NULL,
    from_us     INTEGER,           -- event time, inclusive; NULL: open
    to_us       INTEGER,           -- exclusive; NULL: open
    query       TEXT NOT NULL,     -- as it was written; empty: everything
    session     TEXT NOT NULL,     -- --session; empty: not given
    events      INTEGER NOT NULL,
    raw_bytes   INTEGER NOT NULL,  -- of the events, with a newline each
    first_us    INTEGER NOT NULL,  -- event time
    last_us     INTEGER NOT NULL,
    blocks      INTEGER NOT NULL,
    chain       TEXT NOT NULL,     -- schema/block/hash_chain.h over all blocks, hex
    content     TEXT NOT NULL,     -- SHA-256 over copy_table, hex
    program     TEXT NOT NULL
) STRICT;

-- Every other table as it was when the copy was made (schema/copy/copy_content.h).
CREATE TABLE copy_table (
    name   TEXT PRIMARY KEY,
    rows   INTEGER NOT NULL,
    sha256 TEXT NOT NULL           -- hex
) STRICT, WITHOUT ROWID;

-- The header as JSON, and its Ed25519 signature with the archive's key; no row: not signed.
CREATE TABLE copy_seal (
    text      BLOB NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    key_id    TEXT NOT NULL
) STRICT;
