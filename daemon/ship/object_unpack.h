/* What a packed object holds, found out as its bytes come: their NDJSON is digested and counted,
 * not kept. zstd frames and gzip members of any version, level and number are read, with windows of
 * up to 128 MiB, which bounds the memory. One thread. */
#ifndef DAEMON_SHIP_OBJECT_UNPACK_H
#define DAEMON_SHIP_OBJECT_UNPACK_H

#include "daemon/ship/object_codec.h"

struct object_unpack;

/* bytes_max: of NDJSON; what holds more is not read to its end. */
MUST_USE enum status object_unpack_new(enum object_codec codec, int64_t bytes_max,
                                       struct object_unpack **out_unpack, struct err *err);
/* NULL is fine. */
void object_unpack_free(struct object_unpack *unpack);

/* The next bytes. ERR_CORRUPT: damaged, packed otherwise, or over bytes_max; it stays so. */
MUST_USE enum status object_unpack_add(struct object_unpack *unpack, struct span packed,
                                       struct err *err);

/* There are no more. ERR_CORRUPT: they are cut short, or what was wrong with them before. */
MUST_USE enum status object_unpack_finish(struct object_unpack *unpack,
                                          struct ledger_content *out_content, struct err *err);

#endif
