/* NDJSON packed into pieces that can be put end to end: zstd frames, gzip members, or the bytes as
 * they are. The same bytes give the same piece again, as long as the libraries are the same. */
#ifndef DAEMON_SHIP_OBJECT_CODEC_H
#define DAEMON_SHIP_OBJECT_CODEC_H

#include "schema/base/buf.h"

enum pack_codec { PACK_ZSTD, PACK_GZIP, PACK_NONE };

struct packer; /* one thread */

MUST_USE enum status packer_new(enum pack_codec codec, struct packer **out_packer, struct err *err);
/* NULL is fine. */
void packer_free(struct packer *packer);

/* Appends one piece. zstd: level 3, its size and a checksum in it, as blocks are stored. gzip:
 * libdeflate level 5, no name, no time. */
MUST_USE enum status packer_add(struct packer *packer, struct span ndjson, struct buf *out,
                                struct err *err);

/* "ndjson.zst", "ndjson.gz" and "ndjson" */
const char *pack_extension(enum pack_codec codec);
const char *pack_content_type(enum pack_codec codec);

#endif
