-- A segment: the events of a UTC day, or of a run of days. schema/segment/segment.h says what the parts mean,
-- schema/columnar/columnar.h how columns are encoded.

CREATE TABLE segment (
    day_us     INTEGER NOT NULL,  -- start of the first day that it was made for
    created_us INTEGER NOT NULL,
    merged     INTEGER NOT NULL CHECK (merged IN (0, 1))  -- 1: of a run of days
) STRICT;

-- For each archive that fed this segment, the highest inbox id that is in it.
CREATE TABLE inbox_high (
    archive_id TEXT PRIMARY KEY,
    inbox_id   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE block (
    id          INTEGER PRIMARY KEY,  -- of the file, from 1
    day_us      INTEGER NOT NULL,     -- start of the day of all of its events
    number      INTEGER NOT NULL,     -- in its day: what the ledger, seals and holds call it
    events      INTEGER NOT NULL CHECK (events BETWEEN 1 AND 4096),
    time_min_us INTEGER NOT NULL,
    time_max_us INTEGER NOT NULL,
    raw_bytes   INTEGER NOT NULL,     -- of the NDJSON
    stored_bytes INTEGER NOT NULL,    -- of block_data
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),  -- of the NDJSON
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

-- Where newlines were inside of events, which are spaces in their lines: varint differences of
-- positions in the NDJSON. No row: there were none.
CREATE TABLE newlines (
    block INTEGER PRIMARY KEY,
    data  BLOB NOT NULL
) STRICT;

-- What of its events an indicator can name (schema/segment/segment_observable.h).
CREATE TABLE observables (
    block INTEGER PRIMARY KEY,
    data  BLOB NOT NULL
) STRICT;

-- What proves a block (schema/segment/block_proof.h).
CREATE TABLE proof (
    block        INTEGER PRIMARY KEY,
    arrivals_sha256 BLOB NOT NULL CHECK (length(arrivals_sha256) = 32),  -- of arrivals' lines and newlines
    stored_sha256   BLOB NOT NULL CHECK (length(stored_sha256) = 32),    -- of all that the block has
    line_sums    BLOB NOT NULL,     -- schema/block/line_checksum.h
    chain        BLOB NOT NULL CHECK (length(chain) = 32)  -- schema/block/hash_chain.h
) STRICT;

-- Words of text (schema/segment/block_words.h); rowid = block.
CREATE VIRTUAL TABLE text_word USING fts5(words, content = '', detail = none, columnsize = 0, tokenize = 'stele words');
