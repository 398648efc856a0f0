/* A block: up to 4,096 events of one day, and what is known of it without unpacking it. */
#ifndef SCHEMA_BLOCK_BLOCK_H
#define SCHEMA_BLOCK_BLOCK_H

#include "schema/crypto/digest.h"

enum { BLOCK_EVENTS_MAX = 4096, BLOCK_RAW_BYTES_MAX = 4 * 1024 * 1024 };

struct block_info {
    int64_t id;     /* in its file */
    int64_t day_us; /* start of its day */
    int64_t number; /* in its day, for good: what the ledger, seals and users call it */
    uint32_t n_events;
    int64_t time_min_us;
    int64_t time_max_us;
    int64_t raw_bytes;    /* with the newlines */
    int64_t stored_bytes; /* of its columns */
    struct digest sha256; /* of the unpacked NDJSON */
    uint32_t whole_lines; /* events that were not cut */
    bool not_same;        /* its lines did not come back from columns, and so are kept whole */
};

#endif
