/* A hash of bytes for tables and filters, not for security. Any thread. */
#ifndef SCHEMA_BASE_HASH64_H
#define SCHEMA_BASE_HASH64_H

#include <stdint.h>

#include "schema/base/span.h"

/* Part of the file format where seed 0 is used (hashes of identities in blocks): never change it.
 */
uint64_t hash64(struct span bytes, uint64_t seed);

/* Another hash, faster for some kilobytes. Part of the file format (checksums of pages, with their
 * numbers as seeds): never change it. */
uint64_t hash64_page(struct span bytes, uint64_t seed);

#endif
