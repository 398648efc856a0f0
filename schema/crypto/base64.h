/* Base64 (RFC 4648), with padding. Any thread. */
#ifndef SCHEMA_CRYPTO_BASE64_H
#define SCHEMA_CRYPTO_BASE64_H

#include "schema/base/buf.h"

void base64_encode(struct buf *out, struct span bytes);
/* Appends the bytes that the text stands for; no white space. False: it is not base64. */
MUST_USE bool base64_decode(struct buf *out, struct span text);

#endif
