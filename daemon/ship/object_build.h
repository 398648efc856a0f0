/* The bytes of an object: a run of blocks of one segment as NDJSON, compressed. The same run gives
 * the same bytes again:
 *   zstd  the stored frames end to end, copied (a valid .zst file);
 *   gzip  one member for each block, libdeflate level 5, no name, no time (a valid .gz file).
 * Every block is unpacked and its digest compared before it goes out. */
#ifndef DAEMON_SHIP_OBJECT_BUILD_H
#define DAEMON_SHIP_OBJECT_BUILD_H

#include "daemon/ship/target/target.h"
#include "schema/archive/ledger.h"
#include "schema/segment/segment.h"

struct object {
    struct buf bytes;
    struct digest sha256; /* of bytes */
    int64_t first_block;
    int64_t last_block;
    int64_t events;
    int64_t raw_bytes;
};
void object_fini(struct object *object);

/* What is to be built: the blocks from first_block to last_block as far as they fit into
 * bytes_max, but one in any case. */
struct object_range {
    enum ledger_codec codec;
    int64_t first_block;
    int64_t last_block;
    int64_t bytes_max;
};

/* Zeroed struct object to begin with; may be used again. ERR_CORRUPT: a block is damaged, named in
 * the text. ERR_NOT_FOUND: the segment has no such block. */
MUST_USE enum status object_build(struct segment *segment, const struct object_range *range,
                                  struct object *object, struct err *err);

/* The same of the day's file below the archive's directory. */
MUST_USE enum status object_build_day(const char *archive_dir, int64_t day_us,
                                      const struct object_range *range, struct object *object,
                                      struct err *err);
/* The bytes that the ledger's row plans, as the blocks give them now. */
MUST_USE enum status object_build_row(const char *archive_dir, const struct ledger_object *row,
                                      struct object *object, struct err *err);

/* dt=2026-11-23/3f9c1a2b-20261123-000001-000012-0123456789abcdef.ndjson.zst: the day as a Hive
 * partition, the first 8 digits of the archive's id, the day, first and last block, and the first
 * 16 digits of the SHA-256 of the object's bytes. */
MUST_USE enum status object_key(const char *archive_id, int64_t day_us, enum ledger_codec codec,
                                const struct object *object, char *out, size_t out_bytes,
                                struct err *err);

/* What is put for the row: the bytes that were built for it. */
struct target_object object_put(const struct object *object, const struct ledger_object *row);

#endif
