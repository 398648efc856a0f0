-- A segment, version 3: what proves a block (schema/segment/block_proof.h). Blocks of before have none.
CREATE TABLE proof (
    block        INTEGER PRIMARY KEY,
    frame_sha256 BLOB NOT NULL CHECK (length(frame_sha256) = 32),  -- of the zstd frame
    index_sha256 BLOB NOT NULL CHECK (length(index_sha256) = 32),  -- of all else that the block has
    line_sums    BLOB NOT NULL,     -- schema/block/line_checksum.h
    value_from   INTEGER NOT NULL,  -- values that are new in the dictionary with this block:
    value_to     INTEGER NOT NULL,  -- from this one on, up to and without that one
    chain        BLOB NOT NULL CHECK (length(chain) = 32)  -- schema/segment/hash_chain.h
) STRICT;
