/* Zstandard, whole buffers at a time (RFC 8878). The one place with zstd.h. */
#ifndef SCHEMA_BLOCK_CODEC_H
#define SCHEMA_BLOCK_CODEC_H

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

/* Appends as much of the frame's content as can be had, at most max_bytes: of a damaged one what
 * stands before the damage. *out_complete: it is all there, checksum and all, and nothing is behind
 * it. ERR_NOMEM. */
MUST_USE enum status codec_unpack_prefix(struct codec *codec, struct span frame, size_t max_bytes,
                                         struct buf *out, bool *out_complete, struct err *err);

/* Bytes of the first frame of `bytes`, packed; 0: it is none, or cut short. */
size_t codec_frame_bytes(struct span bytes);

#endif
