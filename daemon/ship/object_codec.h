/* NDJSON packed into pieces that can be put end to end: zstd frames, gzip members, or the bytes as
 * they are. The same bytes give the same piece again, as long as the libraries are the same. */
#ifndef DAEMON_SHIP_OBJECT_CODEC_H
#define DAEMON_SHIP_OBJECT_CODEC_H

#include "schema/base/buf.h"

enum object_codec { OBJECT_CODEC_ZSTD, OBJECT_CODEC_GZIP, OBJECT_CODEC_NONE };

struct object_codec_stream; /* one thread */

MUST_USE enum status object_codec_stream_new(enum object_codec codec,
                                             struct object_codec_stream **out_packer,
                                             struct err *err);
/* NULL is fine. */
void object_codec_stream_free(struct object_codec_stream *packer);

/* Appends one piece. zstd: level 3, its size and a checksum in it, as blocks are stored. gzip:
 * libdeflate level 5, no name, no time. */
MUST_USE enum status object_codec_stream_add(struct object_codec_stream *packer, struct span ndjson,
                                             struct buf *out, struct err *err);

/* "ndjson.zst", "ndjson.gz" and "ndjson" */
const char *object_codec_extension(enum object_codec codec);
const char *object_codec_content_type(enum object_codec codec);

#endif
