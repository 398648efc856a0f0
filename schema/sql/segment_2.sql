-- A segment, version 2. Blocks of version 1 stay as they are and are read as before; new blocks have
-- other bytes: columns are told by others, endpoints are address and port (schema/block/column.h),
-- identities lie in planes (schema/segment/segment_internal.h).

-- Values of the dictionary that are UUIDs, and not in `value`: runs of consecutive ids of one field.
CREATE TABLE value_uuid (
    first INTEGER PRIMARY KEY,  -- value id
    field INTEGER NOT NULL,
    data  BLOB NOT NULL         -- 16 bytes each
) STRICT;
