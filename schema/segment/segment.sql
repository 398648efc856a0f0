-- A segment: the events of one UTC day. schema/segment/segment.h says what the parts mean,
-- schema/block/column.h how vectors and columns are encoded.

CREATE TABLE segment (
    day_us     INTEGER NOT NULL,  -- start of the day
    created_us INTEGER NOT NULL
) STRICT;

-- For each archive that fed this segment, the highest inbox id that is in it.
CREATE TABLE inbox_high (
    archive_id TEXT PRIMARY KEY,
    inbox_id   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE block (
    id          INTEGER PRIMARY KEY,  -- from 1
    events      INTEGER NOT NULL CHECK (events BETWEEN 1 AND 4096),
    time_min_us INTEGER NOT NULL,
    time_max_us INTEGER NOT NULL,
    raw_bytes   INTEGER NOT NULL,     -- of the NDJSON
    stored_bytes INTEGER NOT NULL,    -- of block_data
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),  -- of the NDJSON
    text_fields BLOB NOT NULL,        -- ids of the fields kept as text, delta varints
    partial     INTEGER NOT NULL,     -- 1: vector 4 is there
    whole_lines INTEGER NOT NULL,     -- events that were not cut
    not_same    INTEGER NOT NULL      -- 1: lines did not come back from columns, and are kept whole
) STRICT;

-- Columnar blocks (schema/columnar/columnar.h). id: 2 * block is the events, 2 * block + 1 is how each
-- of them came (schema/segment/block_pack.h).
CREATE TABLE block_data (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- What each of these adds to the vocabulary of the segment, by the same ids; no row when it adds
-- nothing. All blocks need it, so it is kept twice: where one is damaged the other is read.
CREATE TABLE vocabulary (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

CREATE TABLE vocabulary_copy (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- Kinds: 4 partial events, 5 inner newlines, and more in segment_internal.h
-- A plain rowid table: its pages take three vectors where an index page would spill each one.
CREATE TABLE vector (
    id    INTEGER PRIMARY KEY,  -- kind * 2^32 + block
    data  BLOB NOT NULL
) STRICT;

CREATE TABLE field (
    id              INTEGER PRIMARY KEY,  -- from 0
    name            TEXT NOT NULL UNIQUE,
    cells           INTEGER NOT NULL,     -- values seen in all events
    distinct_values INTEGER NOT NULL,     -- of them in the dictionary
    is_text         INTEGER NOT NULL,     -- 1: from now on kept as text
    has_numbers     INTEGER NOT NULL      -- 1: kept as numbers in some block
) STRICT;

-- The dictionary: each distinct value of the fields that repeat.
CREATE TABLE value (
    id    INTEGER PRIMARY KEY,  -- from 0
    field INTEGER NOT NULL,
    text  TEXT NOT NULL
) STRICT;

-- Values of the dictionary that are UUIDs, and not in `value`: runs of consecutive ids of one field.
CREATE TABLE value_uuid (
    first INTEGER PRIMARY KEY,  -- value id
    field INTEGER NOT NULL,
    data  BLOB NOT NULL         -- 16 bytes each
) STRICT;

CREATE TABLE field_column (
    field INTEGER NOT NULL,
    block INTEGER NOT NULL,
    data  BLOB NOT NULL,
    PRIMARY KEY (field, block)
) STRICT, WITHOUT ROWID;

-- What proves a block (schema/segment/block_proof.h).
CREATE TABLE proof (
    block        INTEGER PRIMARY KEY,
    arrivals_sha256 BLOB NOT NULL CHECK (length(arrivals_sha256) = 32),  -- of the arrivals' lines
    stored_sha256   BLOB NOT NULL CHECK (length(stored_sha256) = 32),    -- of all that the block has
    line_sums    BLOB NOT NULL,     -- schema/block/line_checksum.h
    value_from   INTEGER NOT NULL,  -- values that are new in the dictionary with this block:
    value_to     INTEGER NOT NULL,  -- from this one on, up to and without that one
    chain        BLOB NOT NULL CHECK (length(chain) = 32)  -- schema/segment/hash_chain.h
) STRICT;

-- Words of text (schema/segment/block_words.h); rowid = block.
CREATE VIRTUAL TABLE text_word USING fts5(words, content = '', detail = none, columnsize = 0, tokenize = 'stele words');
-- Terms of the dictionary; rowid = value id + 1.
CREATE VIRTUAL TABLE value_term USING fts5(terms, content = '', detail = none, columnsize = 0, tokenize = 'stele');
