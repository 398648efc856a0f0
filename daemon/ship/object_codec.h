/* NDJSON packed into pieces that can be put end to end: zstd frames, gzip members, or the bytes as
 * they are. The same bytes give the same piece again, as long as the libraries are the same; what
 * other versions give holds the same (object_unpack.h). */
#ifndef DAEMON_SHIP_OBJECT_CODEC_H
#define DAEMON_SHIP_OBJECT_CODEC_H

#include "schema/archive/ledger.h"

enum object_codec { OBJECT_CODEC_ZSTD, OBJECT_CODEC_GZIP, OBJECT_CODEC_NONE };

static inline enum object_codec object_codec_of(enum ledger_codec codec)
{
    return codec == LEDGER_GZIP ? OBJECT_CODEC_GZIP : OBJECT_CODEC_ZSTD;
}

enum { OBJECT_CODEC_LIBRARY_BYTES = sizeof((struct ledger_sent *)0)->library };

struct object_codec_stream; /* one thread */

MUST_USE enum status object_codec_stream_new(enum object_codec codec,
                                             struct object_codec_stream **out_packer,
                                             struct err *err);
/* NULL is fine. */
void object_codec_stream_free(struct object_codec_stream *packer);

/* Appends one piece. zstd: level 3, its size and a checksum in it. gzip: libdeflate level 5, no
 * name, no time. */
MUST_USE enum status object_codec_stream_add(struct object_codec_stream *packer, struct span ndjson,
                                             struct buf *out, struct err *err);

/* What packs, and its version: "zstd 1.5.4", "libdeflate 1.14"; "" for none. */
const char *object_codec_library(enum object_codec codec, char out[OBJECT_CODEC_LIBRARY_BYTES]);

/* "ndjson.zst", "ndjson.gz" and "ndjson" */
const char *object_codec_extension(enum object_codec codec);
const char *object_codec_content_type(enum object_codec codec);

#endif
