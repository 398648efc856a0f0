/* Zstandard, whole buffers at a time (RFC 8878). The one place with zstd.h. */
#ifndef SCHEMA_CODEC_H
#define SCHEMA_CODEC_H

#include "schema/base/buf.h"

struct codec; /* contexts that are used again and again; one thread */

/* NULL when memory is out. */
struct codec *codec_new(void);
void codec_free(struct codec *codec);

/* Appends one frame (content size in it, checksum if asked for) to out. */
MUST_USE enum status codec_pack(struct codec *codec, struct span bytes, int level, bool checksum,
                                struct buf *out, struct err *err);

/* Appends the content of one frame. ERR_CORRUPT when it is none, is cut, does not match its
 * checksum, does not say its size, or says more than max_bytes. */
MUST_USE enum status codec_unpack(struct codec *codec, struct span frame, size_t max_bytes,
                                  struct buf *out, struct err *err);

#endif
