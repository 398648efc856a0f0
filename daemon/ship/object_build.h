/* The bytes of an object: a run of blocks of one segment as NDJSON, each block packed by itself and
 * put behind the one before (a valid .zst or .gz file). Every block is compared with its digest
 * before it goes out. The same run holds the same at any time, by which an object is known
 * (ledger_content); the packed bytes are the same as long as the library is. */
#ifndef DAEMON_SHIP_OBJECT_BUILD_H
#define DAEMON_SHIP_OBJECT_BUILD_H

#include "daemon/ship/parcel.h"
#include "schema/segment/segment.h"

struct object {
    struct buf packed;
    struct digest packed_sha256;
    int64_t first_block;
    int64_t last_block;
    struct ledger_content content;
};
void object_fini(struct object *object);

/* What is to be built: the blocks from first_block to last_block as far as they fit into
 * bytes_max, packed, but one in any case. */
struct object_range {
    enum ledger_codec codec;
    int64_t first_block;
    int64_t last_block;
    int64_t bytes_max;
};

/* What so much NDJSON comes to when it is packed, about, for plans: a sixth. Events come to between
 * a third (much text) and a tenth. */
static inline int64_t object_estimate(int64_t raw_bytes)
{
    return raw_bytes / 6;
}

/* Zeroed struct object to begin with; may be used again. ERR_CORRUPT: a block is damaged, named in
 * the text. ERR_NOT_FOUND: the segment has no such block. */
MUST_USE enum status object_build(struct segment *segment, const struct object_range *range,
                                  struct object *object, struct err *err);

/* The same of the day's file below the archive's directory. */
MUST_USE enum status object_build_day(const char *archive_dir, int64_t day_us,
                                      const struct object_range *range, struct object *object,
                                      struct err *err);
/* What the ledger's row plans. ERR_CORRUPT: its blocks hold something else now. ERR_NOT_FOUND: not
 * all of them are there. */
MUST_USE enum status object_build_row(const char *archive_dir, const struct ledger_object *row,
                                      struct object *object, struct err *err);

/* dt=2026-11-23/3f9c1a2b-20261123-000001-000012-49152-0123456789abcdef.ndjson.zst: the day as a
 * Hive partition, the first 8 digits of the archive's id, the day, first and last block, the number
 * of events, and the first 16 digits of the SHA-256 of the NDJSON. */
MUST_USE enum status object_key(const char *archive_id, int64_t day_us, enum ledger_codec codec,
                                const struct object *object, char *out, size_t out_bytes,
                                struct err *err);

/* What is sent for the row: what was built for it. */
struct parcel object_parcel(const struct object *object, const struct ledger_object *row);

#endif
