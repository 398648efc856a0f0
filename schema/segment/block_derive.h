/* What the columns of an event block say of its events without their lines being made: times and
 * identities. Where the columns do not say what the writer knows (schema/segment/block_pack.h
 * compares), it stands in the line of the event's arrival. One thread. */
#ifndef SCHEMA_SEGMENT_BLOCK_DERIVE_H
#define SCHEMA_SEGMENT_BLOCK_DERIVE_H

#include "schema/segment/segment.h"

/* The column of a path by its spelled key; *out_column NULL when the block has none. *out_slots:
 * value k is of event slots[k], NULL: of event k. */
MUST_USE enum status block_derive_column(const struct block_columns *columns, struct span path,
                                         const struct columnar_column **out_column,
                                         const uint16_t **out_slots, struct err *err);

#define BLOCK_DERIVE_TIME_NONE INT64_MIN
#define BLOCK_DERIVE_HASH_NONE UINT32_MAX

/* The times that a path at the top tells, BLOCK_DERIVE_TIME_NONE where it tells none. In lines that
 * were kept whole they are not looked for. */
MUST_USE enum status block_derive_times(const struct block_columns *columns, const char *path,
                                        int64_t out_times_us[BLOCK_EVENTS_MAX], struct err *err);
/* event_identity_hash by the event's first `uid`, BLOCK_DERIVE_HASH_NONE when it has none. */
MUST_USE enum status block_derive_identities(const struct block_columns *columns,
                                             uint32_t out_hashes[BLOCK_EVENTS_MAX],
                                             struct err *err);
/* What arrivals have at BLOCK_PACK_RECEIVED, ..._TIME and ..._IDENTITY
 * (schema/segment/block_pack.h), in lines that were kept whole, too. ERR_CORRUPT: it is not what it
 * should be. */
MUST_USE enum status block_derive_noted_times(const struct block_columns *columns, const char *path,
                                              int64_t out_times_us[BLOCK_EVENTS_MAX],
                                              struct err *err);
MUST_USE enum status block_derive_noted_hashes(const struct block_columns *columns,
                                               const char *path,
                                               uint32_t out_hashes[BLOCK_EVENTS_MAX],
                                               struct err *err);

#endif
