/* UUIDs (RFC 4122) as 36 characters and a NUL. Any thread. */
#ifndef SCHEMA_CRYPTO_UUID_H
#define SCHEMA_CRYPTO_UUID_H

#include "schema/base/span.h"

/* 36 characters in the form of a UUID, of any version. */
bool uuid_is_valid(struct span text);
/* Version 4. */
void uuid_random(char out[37]);
/* Version 5: of a name in a namespace. */
void uuid_v5(const unsigned char namespace_uuid[16], struct span name, char out[37]);

#endif
